package grant

import (
	"context"
	"log/slog"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Changes are the use cases of the change behind a grant. *deploy.Service
// implements it.
type Changes interface {
	Ask(ctx context.Context, o deploy.Origin, actor bcn.Actor, w deploy.Wish) (deploy.Asked, error)
	Cancel(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error
	// Verdict reads the rules for a change whose plan is known.
	Verdict(ctx context.Context, c bcn.Change, p bcn.Plan) (authz.Verdict, error)
	// StillApproved asks again what was true at the decision.
	StillApproved(ctx context.Context, c deploy.Claimed, p bcn.Plan) error
	// Target is where and in whose name a change calls AWS.
	Target(c bcn.Change, d bcn.District) bcn.Target
	// Refuse writes a refusal down and answers it.
	Refuse(ctx context.Context, actor bcn.Actor, id bcn.ID, what string, cause error) error
}

// Port is a database whose port may be forwarded.
type Port struct {
	Host    string
	Port    int
	Through string // the managed node that forwards
}

// Options is what a Service needs.
type Options struct {
	Store   Store
	AWS     AWS
	Changes Changes
	Authz   *authz.Authorizer
	Speaker deploy.Speaker
	Log     *slog.Logger

	Installation string
	// Port answers a database of a district.
	Port func(district, name string) (Port, bool)
	Key  string // ARN of the KMS key of sessions; empty: none
	// LogGroup is where sessions on nodes are logged; empty: roles.SessionLogGroup.
	LogGroup string
	// Administrators is the team whose members may end any grant.
	Administrators string

	Poll   time.Duration // between two looks at what starts or closes; default 1 s
	Watch  time.Duration // between two looks at a live grant; default 20 s
	Settle time.Duration // how late a session may come into a list; default 15 s
	Page   time.Duration // how long closing may take before the security channel is paged; default 30 s
}

// Service is the engine of grants.
type Service struct{ Options }

var _ deploy.Access = (*Service)(nil)

// New makes a Service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for at, def := range map[*time.Duration]time.Duration{
		&o.Poll: time.Second, &o.Watch: 20 * time.Second, &o.Settle: access.Sweeps(time.Time{})[1].Sub(time.Time{}), &o.Page: 30 * time.Second,
	} {
		if *at == 0 {
			*at = def
		}
	}
	if o.Port == nil {
		o.Port = func(string, string) (Port, bool) { return Port{}, false }
	}
	return &Service{o}
}

// system is where bcn calls AWS in its own name: nobody asked for an end.
func (s *Service) system(c bcn.Change, d bcn.District) bcn.Target {
	t := s.Changes.Target(c, d)
	t.Identity = bcn.SystemIdentity
	return t
}

// target is the one thing that a grant opens, as its policy names it. task is
// the ARN of the task that is entered; session is how long one on a node lasts.
func target(p bcn.Plan, kind bcn.Kind, task string) access.Target {
	a := p.Access
	t := access.Target{
		Kind: access.Kind(kind), District: p.District.Name, Account: p.District.Account, Region: p.District.Region, Key: a.Key,
	}
	switch kind {
	case bcn.KindAccessInstance:
		t.Node, t.Session = a.Node, time.Duration(a.Session)*time.Second
	case bcn.KindAccessPort:
		t.Node, t.Database = a.Node, a.Database
	default:
		t.Cluster, t.Task, t.Container = p.District.Cluster, taskID(task), a.Container
	}
	return t
}
