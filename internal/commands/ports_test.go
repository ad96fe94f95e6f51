package commands_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// world is a small installation as plain data, behind all the ports.
type world struct {
	heritages []bcn.Heritage
	districts []bcn.District
	endpoints []bcn.Endpoint
	releases  map[string][]bcn.Release
	changes   []bcn.Change
	pending   []bcn.Request
	parked    []deploy.Parked
	followUps []bcn.FollowUp
	halt      deploy.Halt
	rollouts  map[string][]deploy.Rollout
	liveErr   error
	behind    bcn.ID // what a new change waits for
	short     bool   // one approval does not suffice
	blind     map[string]bool
	grants    []deploy.GrantView
	sealed    string // what a pick-up answers
	openErr   error
	schedules []commands.ScheduleView
	draft     commands.ScheduleView
	gated     []string // who must approve what is scheduled
	figures   []commands.DigestLine
	variables deploy.Variables
	origin    deploy.Origin // of the last change that was asked for
	rails     rails
	drifts    deploy.DriftReport
	holds     []deploy.HoldView
	held      *bcn.Hold // what a new change waits behind
	log       []bcn.AuditEntry
	calls     []string
}

var (
	_ commands.Changes = (*world)(nil)
	_ commands.Access  = (*grants)(nil)
	_ commands.Reads   = (*reads)(nil)
	_ commands.Live    = (*world)(nil)
	_ commands.Who     = (*world)(nil)
	_ commands.Links   = (*world)(nil)
)

func (w *world) called(format string, args ...any) {
	w.calls = append(w.calls, fmt.Sprintf(format, args...))
}

func (w *world) Ask(_ context.Context, o deploy.Origin, a bcn.Actor, wish deploy.Wish) (deploy.Asked, error) {
	w.origin = o
	line := fmt.Sprintf("Ask %s %s", a.User, wish.Kind)
	for _, s := range []string{wish.App, wish.Env, wish.Tag} {
		if s != "" {
			line += " " + s
		}
	}
	switch {
	case wish.District != nil:
		line += fmt.Sprintf(" %+v", *wish.District)
	case wish.Endpoint != nil:
		line += fmt.Sprintf(" %+v", *wish.Endpoint)
	case wish.Secret != nil:
		line += fmt.Sprintf(" %+v", *wish.Secret)
	case wish.Confirm != "":
		line += " confirm=" + wish.Confirm
	case wish.Run != nil:
		line += fmt.Sprintf(" %+v", *wish.Run)
	case wish.Access != nil:
		line += fmt.Sprintf(" %+v", *wish.Access)
	case wish.Heritage != nil:
		line += fmt.Sprintf(" district=%s source=%s channel=%s", wish.Heritage.District, wish.Heritage.Source, wish.Heritage.Channel)
	}
	line += operation(wish)
	if wish.BreakGlass {
		line += " break-glass"
	}
	if wish.Reason != "" {
		line += fmt.Sprintf(" reason=%q", wish.Reason)
	}
	w.called("%s", line)
	return deploy.Asked{ID: 1042, Behind: w.behind, Held: w.behindHold()}, nil
}

func (w *world) Decide(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID, v bcn.Verdict, reason string) (deploy.Decided, error) {
	i := slices.IndexFunc(w.pending, func(r bcn.Request) bool { return r.ID == id })
	if i < 0 {
		return deploy.Decided{}, bcn.E(bcn.CodeUnknownID, "id", id.String())
	}
	if w.pending[i].Requester == a.User {
		return deploy.Decided{}, bcn.E(bcn.CodeOwnRequest, "who", "leads", "id", id.String())
	}
	w.called("Decide %s %s %s %q", a.User, id, v, reason)
	return deploy.Decided{Request: w.pending[i], Complete: !w.short}, nil
}

func (w *world) MayDecide(_ context.Context, a bcn.Actor, id bcn.ID, v bcn.Verdict) error {
	i := slices.IndexFunc(w.pending, func(r bcn.Request) bool { return r.ID == id })
	switch {
	case i < 0:
		return bcn.E(bcn.CodeUnknownID, "id", id.String())
	case w.pending[i].Requester == a.User:
		return bcn.E(bcn.CodeOwnRequest, "who", "leads", "id", id.String())
	}
	w.called("MayDecide %s %s %s", a.User, id, v)
	return nil
}

func (w *world) Acknowledge(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID, note string) error {
	for _, f := range w.followUps {
		switch {
		case f.ID == id && f.Person == a.User:
			return bcn.E(bcn.CodeOwnFollowUp, "id", id.String(), "who", "admins, leads")
		case f.ID == id:
			w.called("Acknowledge %s %s %q", a.User, id, note)
			return nil
		}
	}
	return bcn.E(bcn.CodeNoFollowUp, "id", id.String())
}

func (w *world) Cancel(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) error {
	w.called("Cancel %s %s", a.User, id)
	return nil
}

func (w *world) PlanAgain(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) (deploy.Asked, error) {
	w.called("PlanAgain %s %s", a.User, id)
	return deploy.Asked{ID: 1043, Behind: w.behind}, nil
}

// operation is what a rollback, restart, promotion, scale or env is about.
func operation(w deploy.Wish) string {
	switch w.Kind {
	case bcn.KindRollback:
		return fmt.Sprintf(" to release %d", w.Release)
	case bcn.KindRestart:
		return fmt.Sprintf(" service=%q", w.Service)
	case bcn.KindPromote:
		return " from " + w.From
	case bcn.KindScale:
		return fmt.Sprintf(" %s=%d", w.Service, w.Count)
	case bcn.KindEnv:
		return fmt.Sprintf(" set=%v unset=%v", w.Set, w.Unset)
	default:
		return ""
	}
}

func (w *world) Undo(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) (deploy.Asked, error) {
	w.called("Undo %s %s", a.User, id)
	return deploy.Asked{ID: 1043, Behind: w.behind}, nil
}

func (w *world) Variables(_ context.Context, app, env string) (deploy.Variables, error) {
	w.called("Variables %s %s", app, env)
	return w.variables, nil
}

func (w *world) ReplayCommand(_ context.Context, _ deploy.Origin, a bcn.Actor, mark string) error {
	w.called("ReplayCommand %s %s", a.User, mark)
	return nil
}

func (w *world) Replay(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) error {
	w.called("Replay %s %s", a.User, id)
	return nil
}

func (w *world) SetHalt(_ context.Context, _ deploy.Origin, a bcn.Actor, on bool, reason string) error {
	w.called("SetHalt %s %v %q", a.User, on, reason)
	return nil
}

// Allow refuses those who are blind; the others may read everything.
func (w *world) Judge(ctx context.Context, a bcn.Actor, verb, app, env, district string) ([]string, error) {
	return w.gated, w.Allow(ctx, a, verb, app, env, district)
}

func (w *world) Plan(ctx context.Context, a bcn.Actor, verb, app, env, district, _ string) ([]string, error) {
	return w.gated, w.Allow(ctx, a, verb, app, env, district)
}

func (w *world) Allow(_ context.Context, a bcn.Actor, verb, app, _, _ string) error {
	rule, _ := commands.RuleOf(verb)
	if rule == "" {
		return fmt.Errorf("a verb without a rule was asked for: %q", verb)
	}
	if w.blind[a.User] && verb != "whoami" || w.blind[app] {
		return bcn.E(bcn.CodeNotAllowed, "verb", verb, "who", "developers, leads")
	}
	return nil
}

func (w *world) Whoami(_ context.Context, a bcn.Actor) (commands.Whoami, error) {
	if w.blind[a.User] {
		return commands.Whoami{User: a.User}, nil
	}
	yes, no := true, false
	return commands.Whoami{
		User: a.User, GitHub: "dana", Email: "dana@example.com", Teams: []string{"developers"},
		Rules: []commands.RuleView{
			{
				Verbs: []string{"promote"}, Approvers: []string{"leads", "security"}, Count: 2, Outside: true, Within: time.Hour,
				Groups: []bcn.Need{{Teams: []string{"leads"}, Count: 1}, {Teams: []string{"security"}, Count: 1}},
			},
			{Verbs: []string{"help", "whoami"}},
			{Verbs: []string{"deploy", "run"}, On: []string{"staging"}},
			{Verbs: []string{"deploy"}, On: []string{"production"}, Apps: []string{"*"}, Approvers: []string{"leads"}, Count: 2, Within: time.Hour},
			{Verbs: []string{"access"}, Districts: []string{"main"}, Max: 30 * time.Minute, Approvers: []string{"leads"}, Count: 1},
			{Verbs: []string{"access:live"}, On: []string{"production"}, OpenWithin: 10 * time.Minute, Session: time.Hour, ByBot: true, StopTask: true, Approvers: []string{"leads"}, Count: 1, Within: time.Hour},
			{
				Verbs: []string{"deploy", "scale"}, On: []string{"live"}, Approvers: []string{"leads"}, Count: 1,
				Terms: commands.RuleTerms{
					Destructive: &no, IAM: &yes, Reason: true, Wants: "a ticket such as OPS-12 <!here>", Ticket: []string{"To Do", "In Progress"}, Mine: true,
					Hours: []commands.Hours{
						{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 9 * 60, To: 17*60 + 30, Zone: "Asia/Tokyo"},
						{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, From: 22 * 60, To: 6 * 60, Zone: "UTC"},
					},
					Limit: commands.Often{Count: 5, Per: time.Hour}, Scan: bcn.SeverityHigh, Oncall: "PagerDuty PI7DH85", Escalate: []string{"admins"},
					Glass: commands.Often{Count: 2, Per: 24 * time.Hour}, GlassMax: 10 * time.Minute, Least: 1, Most: 6,
				},
			},
			{Verbs: []string{"lock"}, Terms: commands.RuleTerms{Destructive: &yes, IAM: &no, Reason: true, Hours: []commands.Hours{{Days: []time.Weekday{6, 0}, To: 24 * 60, Zone: "Asia/Tokyo"}}}},
			{Verbs: []string{"*"}},
		},
	}, nil
}

func (w *world) Card(_ context.Context, id bcn.ID) (string, bool) {
	return "https://acme.example/archives/C0DEPLOY/p" + strings.TrimPrefix(id.String(), "#"), id < 2000
}

func (w *world) Rollouts(_ context.Context, h bcn.Heritage) ([]deploy.Rollout, error) {
	return w.rollouts[h.Name], w.liveErr
}

func (w *world) Stacks(_ context.Context, h bcn.Heritage) ([]deploy.StackStatus, error) {
	if len(w.rollouts[h.Name]) == 0 || w.liveErr != nil {
		return nil, w.liveErr
	}
	return []deploy.StackStatus{{Stack: h.BaseStack(), Status: "CREATE_COMPLETE"}, {Stack: h.ServicesStack(), Status: "UPDATE_COMPLETE"}}, nil
}

// reads is the world's other half: some of its methods are named as fields are.
type reads struct{ w *world }

func (r *reads) Heritages(context.Context) ([]bcn.Heritage, error)     { return r.w.heritages, nil }
func (r *reads) Districts(context.Context) ([]bcn.District, error)     { return r.w.districts, nil }
func (r *reads) Endpoints(context.Context) ([]bcn.Endpoint, error)     { return r.w.endpoints, nil }
func (r *reads) Open(context.Context) ([]bcn.Change, error)            { return r.w.changes, nil }
func (r *reads) Pending(context.Context) ([]bcn.Request, error)        { return r.w.pending, nil }
func (r *reads) Parked(context.Context) ([]deploy.Parked, error)       { return r.w.parked, nil }
func (r *reads) OpenFollowUps(context.Context) ([]bcn.FollowUp, error) { return r.w.followUps, nil }
func (r *reads) Halt(context.Context) (deploy.Halt, error)             { return r.w.halt, nil }

func (r *reads) Releases(_ context.Context, heritage string, limit int) ([]bcn.Release, error) {
	list := r.w.releases[heritage]
	return list[:min(len(list), limit)], nil
}

func (r *reads) Change(_ context.Context, id bcn.ID) (bcn.Change, error) {
	for _, c := range r.w.changes {
		if c.ID == id {
			return c, nil
		}
	}
	return bcn.Change{}, bcn.E(bcn.CodeUnknownID, "id", id.String())
}

// grants is the part of the world that is about access.
type grants struct{ w *world }

func (g *grants) Open(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID, key string, bind bool) (deploy.Opened, error) {
	if g.w.openErr != nil {
		return deploy.Opened{}, g.w.openErr
	}
	g.w.called("Open %s %s %s bind=%v", a.User, id, key, bind)
	end := start.Add(10 * time.Minute)
	return deploy.Opened{Grant: bcn.Grant{ID: id, EndsAt: &end}, Fingerprint: "0123-4567-89ab-cdef-0123", Sealed: g.w.sealed}, nil
}

func (g *grants) End(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) (bcn.ID, error) {
	g.w.called("End %s %d", a.User, id)
	return max(id, 1050), nil
}

func (g *grants) Vouch(context.Context, deploy.Origin, bcn.Actor, bcn.ID) error { return nil }

func (g *grants) Extend(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID, by time.Duration) (deploy.Asked, error) {
	g.w.called("Extend %s %s %s", a.User, id, by)
	return deploy.Asked{ID: 1055, Behind: g.w.behind}, nil
}

func (g *grants) List(context.Context) ([]deploy.GrantView, error) { return g.w.grants, nil }

// recipient is a key of a requester's machine.
const recipient = "age1ckspx3k2wgnhxqehfy6zc7ks3sl2curqmtawpt02hsp506eq9afs9qlg0e"

// someGrants are one of each kind, in several states.
func someGrants() []deploy.GrantView {
	olu, end := bcn.Actor{Kind: bcn.Person, User: "U0ONCALL"}, start.Add(7*time.Minute+5*time.Second)
	dana := bcn.Actor{Kind: bcn.Person, User: "U0DEV"}
	view := func(id bcn.ID, kind bcn.Kind, by bcn.Actor, state bcn.GrantState, p bcn.AccessPlan) deploy.GrantView {
		c := bcn.Change{ID: id, Kind: kind, District: "main", Requester: by, State: bcn.ChangeApplying, Reason: "no <!here> orders"}
		if kind == bcn.KindAccess || kind == bcn.KindAccessLive {
			c.App, c.Env = "hello", "production"
		}
		v := deploy.GrantView{Change: c, Plan: bcn.Plan{Kind: kind, Access: &p}}
		v.Grant = bcn.Grant{ID: id, State: state, Person: by.User}
		if state == "" {
			v.Change.State = bcn.ChangeWaiting
		}
		return v
	}
	live := view(1050, bcn.KindAccess, dana, bcn.GrantLive, bcn.AccessPlan{Command: "rails c", Seconds: 600})
	live.Grant.EndsAt = &end
	live.Grant.Sessions = []bcn.GrantSession{{ID: "a", Started: start}, {ID: "b", Started: start, Closed: &end}, {ID: "c", Stranger: true}}
	closing := view(1052, bcn.KindAccessInstance, olu, bcn.GrantEnding, bcn.AccessPlan{Node: "i-0123456789abcdef0", NodeName: "web-1", Seconds: 600})
	closing.Grant.EndsAt = &start
	unplanned := view(1054, bcn.KindAccessLive, dana, "", bcn.AccessPlan{})
	unplanned.Plan.Access, unplanned.Change.State = nil, bcn.ChangePlanning
	return []deploy.GrantView{
		live,
		view(1051, bcn.KindAccessLive, dana, bcn.GrantApproved, bcn.AccessPlan{Service: "web", Task: "arn:aws:ecs:eu-west-1:123456789012:task/main/0123456789abcdef0123456789abcdef", Seconds: 600, Extends: 1049}),
		closing,
		view(1053, bcn.KindAccessPort, dana, "", bcn.AccessPlan{Database: "orders-db", Node: "i-0123456789abcdef0", Host: "orders.internal", Port: 5432}),
		unplanned,
	}
}

// start is the moment at which the conversations take place.
var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// sample is the world that the conversations take place in.
func sample() *world {
	at := start.Add(-48 * time.Hour)
	release := func(n int64, tag string, outcome bcn.ChangeState, by string, approvers ...string) bcn.Release {
		begun := at.Add(time.Duration(n) * time.Hour)
		return bcn.Release{
			Heritage: "hello", Number: n, Change: bcn.ID(1030 + n), Kind: bcn.KindDeploy, Tag: tag, Digest: fmt.Sprintf("sha256:%064x", n*0x1234567), By: by, Approvers: approvers,
			Outcome: outcome, StartedAt: begun, EndedAt: begun.Add(125 * time.Second),
		}
	}
	dana := bcn.Actor{Kind: bcn.Person, User: "U0DEV", Name: "dana"}
	return &world{
		heritages: []bcn.Heritage{
			{App: "hello", Env: "staging", Name: "hello-staging", District: "main", Source: "dir:examples/hello"},
			{App: "hello", Env: "production", Name: "hello", District: "main", Source: "github:acme/hello@main", Channel: "C0HELLO", CreatedAt: at},
			{App: "shop", Env: "production", Name: "shop", District: "main", Source: "github:acme/shop"},
		},
		districts: []bcn.District{{
			Name: "main", Region: "eu-west-1", Account: "123456789012", Cluster: "main", VPC: "vpc-1", CIDR: "10.0.0.0/16",
			Role: "arn:aws:iam::123456789012:role/bcn-main", CFNRole: "arn:aws:iam::123456789012:role/bcn-main-cfn",
			Subnets: []string{"subnet-1", "subnet-2"}, SecurityGroups: []string{"sg-1"}, Bucket: "acme-bcn-main",
			Environments: []string{"production", "staging"}, CreatedAt: at,
		}},
		endpoints: []bcn.Endpoint{{Name: "web", District: "main", Public: true, Environments: []string{"production"}, DNSName: "web-1.elb.example.com"}},
		releases: map[string][]bcn.Release{"hello": {
			release(3, "broken", bcn.ChangeRolledBack, "U0DEV", "U0LEAD"),
			release(2, "v1", bcn.ChangeSucceeded, "U0DEV", "U0LEAD"),
			release(1, "v0", bcn.ChangeSucceeded, "U0ADMIN"),
		}},
		changes: []bcn.Change{
			{ID: 1040, Kind: bcn.KindDeploy, App: "hello", Env: "production", District: "main", Tag: "v2", State: bcn.ChangeWaiting, Requester: dana, Reason: "fixes <!channel> *the* cart", CreatedAt: start},
			{ID: 1039, Kind: bcn.KindDeploy, App: "shop", Env: "production", District: "main", Tag: "v9", State: bcn.ChangeBlocked, Requester: dana, CreatedAt: start},
		},
		pending: []bcn.Request{{
			ID: 1040, State: bcn.RequestPending, Requester: "U0DEV", Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 2}},
			ExpiresAt: start.Add(time.Hour), Decisions: []bcn.Decision{{Person: "U0LEAD", Verdict: bcn.Approve, Teams: []string{"leads"}}},
		}},
		parked: []deploy.Parked{{
			Change: bcn.Change{ID: 1039, Kind: bcn.KindDeploy, App: "shop", Env: "production", Tag: "v9", State: bcn.ChangeBlocked, Requester: dana, CreatedAt: start},
			Code:   bcn.CodeUnknownOutcome, Params: map[string]string{"what": "RunTask"},
		}, {
			Code: bcn.CodeParked, Params: map[string]string{"what": "due"}, Tick: &deploy.ParkedTick{ID: 1055, Schedule: "nightly", At: start},
		}, {
			Code:    bcn.CodeParked,
			Command: &deploy.ParkedCommand{Mark: "command-1a2b3c4d", Request: chat.Request{User: "U0DEV", Text: "deploy hello production v2"}, At: start},
		}, {
			Code: bcn.CodeParked, Command: &deploy.ParkedCommand{Mark: "command-ffffffff", Request: chat.Request{User: "U0DEV"}, At: start, Forgotten: true},
		}},
		rollouts: map[string][]deploy.Rollout{"hello": {
			{Service: "web", Desired: 2, Running: 2, Healthy: 2, Targets: 2, State: "COMPLETED", Steady: true},
			{Service: "worker", Desired: 2, Running: 1, Pending: 1, State: "IN_PROGRESS"},
			{Service: "mail", Desired: 1, State: "FAILED", Reason: "tasks failed to start"},
		}},
		grants: someGrants(), sealed: "bcn-sealed-1." + strings.Repeat("abcdefghij", 299),
		schedules: someSchedules(),
		figures: []commands.DigestLine{
			{App: "hello", Env: "production", Deploys: 4, Failed: 1, Lead: 25 * time.Minute, Restore: 3 * time.Hour},
			{App: "hello", Env: "staging", Deploys: 1, Lead: 95 * time.Second},
			{App: "shop", Env: "production", Deploys: 2, Failed: 2},
		},
		blind: map[string]bool{"U0STRANGER": true},
	}
}
