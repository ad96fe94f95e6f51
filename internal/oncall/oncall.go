package oncall

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/fresh"
)

// Slack reads user groups. internal/slackbot implements it.
type Slack interface {
	// GroupMembers answers the Slack user ids of a user group, by a read that
	// began at notBefore or later.
	GroupMembers(ctx context.Context, group string, notBefore time.Time) ([]string, error)
}

// Schedules reads schedules.
type Schedules interface {
	// Primary answers the e-mail addresses of who is on call now at the first
	// level of a schedule.
	Primary(ctx context.Context, schedule string) ([]string, error)
}

// Options say who can be asked.
type Options struct {
	Slack     Slack
	PagerDuty Schedules // nil: it cannot be asked
	People    []config.Person
	Now       func() time.Time // default time.Now
}

// Oncall answers who is on call. It is safe for concurrent use.
type Oncall struct {
	slack   Slack
	emails  map[string]string // by Slack user id, in lower case
	primary *fresh.Reads[string, []string]
}

// New makes an Oncall; it asks nobody.
func New(o Options) *Oncall {
	c := &Oncall{slack: o.Slack, emails: map[string]string{}}
	for _, p := range o.People {
		if p.Slack != "" && p.Email != "" {
			c.emails[p.Slack] = strings.ToLower(p.Email)
		}
	}
	if o.PagerDuty != nil {
		c.primary = fresh.New(fresh.Options{Timeout: Patience, Now: o.Now}, o.PagerDuty.Primary)
	}
	return c
}

// OnCall says whether a Slack user is on call now, by a read that began at
// notBefore or later, which concurrent callers share. The error is
// could_not_check.
func (c *Oncall) OnCall(ctx context.Context, user string, o config.Oncall, notBefore time.Time) (bool, error) {
	if user == "" {
		return false, nil
	}
	if o.PagerDuty == "" {
		members, err := c.slack.GroupMembers(ctx, o.SlackUsergroup, notBefore)
		if err != nil {
			return false, couldNotCheck(o, err)
		}
		return slices.Contains(members, user), nil
	}
	if c.primary == nil {
		return false, couldNotCheck(o, nil)
	}
	email := c.emails[user]
	if email == "" { // nobody there is known to be this person
		return false, nil
	}
	on, err := c.primary.Get(ctx, o.PagerDuty, notBefore)
	if err != nil {
		return false, couldNotCheck(o, err)
	}
	return slices.ContainsFunc(on, func(e string) bool { return strings.EqualFold(e, email) }), nil
}

func couldNotCheck(o config.Oncall, cause error) error {
	return bcn.E(bcn.CodeCouldNotCheck, "what", o.String()).Wrap(cause)
}
