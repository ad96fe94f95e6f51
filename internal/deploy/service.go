package deploy

import (
	"context"
	"log/slog"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/render"
)

// Channels checks that bcn can post where a card belongs: channel_not_posted.
type Channels interface {
	CanPost(ctx context.Context, channel string) error
}

// Refusals writes refused decisions down.
type Refusals interface {
	Refused(ctx context.Context, actor string, change bcn.ID, what string, cause error) error
}

// Options is what the use cases need.
type Options struct {
	Store      Store
	Refusals   Refusals
	Authz      *authz.Authorizer
	Channels   Channels
	Speaker    Speaker
	Sources    Sources
	Images     Images
	Scans      Scans
	References References
	Rules      Rules
	Stacks     Stacks
	Fleet      Fleet
	Traffic    Traffic
	Tasks      Tasks
	Secrets    Secrets
	Districts  Districts
	Tickets    Tickets // nil: what needs one is refused
	Access     Access  // may be set after New
	Members    Members
	Guardrails *guard.Set // default: bcn's own
	Log        *slog.Logger

	Installation string
	ExternalID   func(district string) string
	Tags         map[string]string        // of bot.yaml
	Grants       []render.Grant           // of bot.yaml
	FileSystems  []render.FileSystemGrant // of bot.yaml
	Approvals    string                   // channel of the cards; empty: the command's
	Announce     string                   // channel of the announcements; a heritage may have its own

	Renew      time.Duration // between two renewals of a lease; default 5 s, a third of the lease
	Poll       time.Duration // between two looks at a running change; default 1 s
	VerifyFor  time.Duration // how long services may take to be steady once their stack is complete; default 10 min
	ParkAfter  int           // failed steps in a row; default 20
	ReviewTime time.Duration // how long a change set may take to be made; default 50 s
}

// Service holds the use cases of a change and the steps of its job.
type Service struct{ Options }

// New makes a Service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	setDefault(&o.Poll, time.Second)
	setDefault(&o.Renew, 5*time.Second)
	setDefault(&o.VerifyFor, 10*time.Minute)
	setDefault(&o.ReviewTime, 50*time.Second)
	if o.Guardrails == nil {
		o.Guardrails = guard.Builtin()
	}
	if o.ParkAfter == 0 {
		o.ParkAfter = 20
	}
	return &Service{o}
}

func setDefault(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}

// Target is where and in whose name a change calls AWS.
func (s *Service) Target(c bcn.Change, d bcn.District) bcn.Target {
	return bcn.Target{District: d, ExternalID: s.ExternalID(d.Name), Session: "bcn-" + c.ID.String()[1:], Identity: identity(c.Requester)}
}

// SystemTarget is for reads that nobody asked for.
func (s *Service) SystemTarget(d bcn.District) bcn.Target {
	return bcn.Target{District: d, ExternalID: s.ExternalID(d.Name), Session: "bcn-follow", Identity: bcn.SystemIdentity}
}

// identity makes a SourceIdentity of an actor: 2 to 64 characters of
// [\w+=,.@-] (STS, AssumeRole).
func identity(a bcn.Actor) string {
	if a.Kind != bcn.Person {
		return bcn.SystemIdentity
	}
	name := a.User
	if a.Name != "" {
		name = a.Name + "." + a.User
	}
	var out []byte
	for _, b := range []byte(name) {
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '.' || b == '-' || b == '_' {
			out = append(out, b)
		}
	}
	if len(out) < 2 {
		return bcn.SystemIdentity
	}
	return string(out[max(0, len(out)-64):])
}

// who names an actor in the audit log and in params.
func who(a bcn.Actor) string {
	switch a.Kind {
	case bcn.Person:
		return a.User
	case bcn.Local:
		return "command line"
	default:
		return bcn.SystemIdentity
	}
}
