package slackbot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Profile answers what Slack says of a user, by a users.info that began at
// notBefore or later; the zero time allows an answer of up to 60 s of age.
// Concurrent callers share one read. A user that Slack does not know is
// refused_person; where Slack cannot be asked within 2 s the error is
// could_not_check.
func (a *API) Profile(ctx context.Context, user string, notBefore time.Time) (bcn.Profile, error) {
	p, err := a.people.Get(ctx, user, notBefore)
	if err != nil {
		if slices.Contains([]string{"user_not_found", "user_not_visible"}, reason(err)) {
			return p, bcn.E(bcn.CodeRefusedPerson, "why", "foreign").Wrap(err)
		}
		return p, couldNotCheck("Slack", err)
	}
	return p, nil
}

// Locale answers the locale last read for a user, such as ja-JP, without
// asking Slack; "" where none is known yet.
func (a *API) Locale(user string) string {
	p, _ := a.people.Peek(user)
	return p.Locale
}

func (a *API) readProfile(ctx context.Context, user string) (p bcn.Profile, err error) {
	err = a.limits.call(ctx, "users.info", "", patience, func(ctx context.Context) error {
		u, err := a.web.GetUserInfoContext(ctx, user)
		if err != nil {
			return err
		}
		p = profile(u)
		return nil
	})
	if err != nil {
		return p, fmt.Errorf("users.info %s: %w", user, err)
	}
	return p, nil
}

func profile(u *slack.User) bcn.Profile {
	p := bcn.Profile{
		User: u.ID, Team: u.TeamID, Enterprise: u.Enterprise.EnterpriseID,
		Name: u.Name, RealName: u.RealName, Locale: u.Locale, TZ: u.TZ,
		Deleted:    u.Deleted,
		Restricted: u.IsRestricted || u.IsUltraRestricted,
		Stranger:   u.IsStranger,
		Bot:        u.IsBot || u.IsWorkflowBot || u.IsConnectorBot || u.ID == "USLACKBOT",
		Email:      u.Profile.Email,
		Status:     strings.Trim(u.Profile.StatusEmoji, ":"),
	}
	if u.Profile.StatusExpiration > 0 { // seconds; 0: it stays (docs.slack.dev, "users.profile.set")
		p.StatusUntil = time.Unix(int64(u.Profile.StatusExpiration), 0)
	}
	return p
}

// GroupMembers answers the user ids of a Slack user group, as fresh as
// Profile. A group that is not there, or disabled, is could_not_check: a team
// that names it would otherwise be silently empty.
func (a *API) GroupMembers(ctx context.Context, group string, notBefore time.Time) ([]string, error) {
	members, err := a.groups.Get(ctx, group, notBefore)
	if err != nil {
		return nil, couldNotCheck("Slack user group "+group, err)
	}
	return members, nil
}

func (a *API) readGroup(ctx context.Context, group string) (members []string, err error) {
	err = a.limits.call(ctx, "usergroups.users.list", "", patience, func(ctx context.Context) error {
		members, err = a.web.GetUserGroupMembersContext(ctx, group)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("usergroups.users.list %s: %w", group, err)
	}
	return members, nil
}

// couldNotCheck says that somebody's rights could not be read: nothing is
// decided, and the person may try again.
func couldNotCheck(what string, cause error) error {
	return bcn.E(bcn.CodeCouldNotCheck, "what", what).Wrap(cause)
}
