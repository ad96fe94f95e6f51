package authz

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// Everyone is the matcher that matches all; of verbs, all but Port.
const Everyone = "*"

// Port is the verb of access to a database's port. What goes through a port
// cannot be logged, so that a rule gives it only by its name.
const Port = "access:port"

// Read stands for all verbs that change nothing.
const Read = "read"

// People reads what Slack says of a user; notBefore zero allows a cached
// answer of at most a minute. An unreachable Slack is could_not_check.
type People interface {
	Profile(ctx context.Context, user string, notBefore time.Time) (bcn.Profile, error)
}

// Teams answers in which of the named teams a user is for a matter; an
// unreachable directory is could_not_check, never "no".
type Teams interface {
	TeamsOf(ctx context.Context, user string, among []string, of bcn.Matter, notBefore time.Time) ([]string, error)
}

// Workspace is where bcn is installed; users of another one are foreign.
type Workspace struct{ Team, Enterprise string }

// Options is what an Authorizer needs.
type Options struct {
	Rules     []config.Rule
	People    People
	Teams     Teams
	Oncall    Oncall // nil: nobody is on call
	Persons   []config.Person
	Links     Links // nil: nobody linked an account
	Workspace Workspace
	Now       func() time.Time
}

// Authorizer answers who may do what.
type Authorizer struct {
	o      Options
	matter bcn.Matter // see About
}

// New makes an Authorizer.
func New(o Options) *Authorizer {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Authorizer{o: o}
}

// About answers an Authorizer by which people are in teams for a matter: Voter,
// RecentVoter, Eligible, Recently and Given know of none without it. Judge and
// Explain go by what they are asked.
func (a *Authorizer) About(m bcn.Matter) *Authorizer { return &Authorizer{o: a.o, matter: m} }

// Now is the moment by which reads are called fresh.
func (a *Authorizer) Now() time.Time { return a.o.Now() }

// Ask is what somebody wants to do. Empty fields are not about one.
type Ask struct {
	Verb                string
	App, Env, District  string
	Reads               bool // the verb changes nothing
	Destructive         bool // the plan replaces or removes something
	IAM                 bool // the plan changes roles or policies
	DestructiveNotKnown bool // there is no plan yet: neither is known
	// At is when it is to be done, by which the hours of a rule are judged; zero:
	// now. AnyTime leaves them out: what was begun in time goes on.
	At         time.Time
	AnyTime    bool
	Unattended bool // nobody acts now: a schedule's time has come, or a token asks
	// Since: reads that began then or later count, so that several questions of
	// one moment share them; zero: those that begin when it is asked.
	Since time.Time
}

// matter is what the ask is about.
func (a Ask) matter() bcn.Matter { return bcn.Matter{District: a.District, App: a.App, Env: a.Env} }

// Verdict is what the rules say to it.
type Verdict struct {
	Rule   config.Rule
	Index  int        // of the rule in bot.yaml
	Needs  []bcn.Need // empty: nobody must approve
	Within time.Duration
	// In are the teams of allow that let the actor in, and those of them in which
	// another account of the same person is; Outside those of them whose members
	// do not count as approvers; Escalate may approve as well once it is escalated
	// to them.
	In, Outside, Escalate []string
	// Demands are what the rules want besides: one of each rule that wants some.
	Demands []Demand
	Max     time.Duration     // of access; 0: not limited by the rule
	Access  config.RuleAccess // how access begins and ends
	Counts  config.RuleCounts // how many tasks scale may set
	Profile bcn.Profile
	// Destructive: the rule says destructive: true, so that it was written for
	// plans that replace or remove something.
	Destructive bool
	BreakGlass  *config.BreakGlass // nil: nobody goes without the approval
	Oncall      *OncallVerdict     // nil: the rule does not ask who is on call
}

// Gated says whether somebody must approve.
func (v Verdict) Gated() bool { return len(v.Needs) > 0 }

// Judge reads who the actor is and answers the first rule that matches, or
// not_allowed with the teams that may. It reads afresh: only answers that were
// asked for after it was called, or since the ask's moment, count.
func (a *Authorizer) Judge(ctx context.Context, actor bcn.Actor, ask Ask) (Verdict, error) {
	notBefore := ask.Since
	switch {
	case ask.Reads:
		notBefore = time.Time{}
	case notBefore.IsZero():
		notBefore = a.o.Now()
	}
	profile, err := a.person(ctx, actor, notBefore)
	if err != nil {
		return Verdict{}, err
	}
	v, err := a.match(ctx, profile, ask, notBefore)
	v.Profile = profile
	return v, err
}

// Person reads who an actor is, afresh, and refuses deactivated users, guests,
// external users, bots and users of other workspaces.
func (a *Authorizer) Person(ctx context.Context, actor bcn.Actor) (bcn.Profile, error) {
	return a.person(ctx, actor, a.o.Now())
}

func (a *Authorizer) person(ctx context.Context, actor bcn.Actor, notBefore time.Time) (bcn.Profile, error) {
	if actor.Kind != bcn.Person || actor.User == "" {
		return bcn.Profile{}, bcn.E(bcn.CodeRefusedPerson, "why", "foreign")
	}
	p, err := a.o.People.Profile(ctx, actor.User, notBefore)
	if err != nil {
		return p, err
	}
	if why := a.refusal(actor, p); why != "" {
		return p, bcn.E(bcn.CodeRefusedPerson, "why", why)
	}
	known, err := a.identify(ctx, p)
	if err != nil {
		return p, err
	}
	if known.persons > 1 {
		return p, bcn.E(bcn.CodeRefusedPerson, "why", "two_people")
	}
	p.Accounts = known.accounts
	return p, nil
}

// refusal says why a person is refused whatever the rules say, or "".
func (a *Authorizer) refusal(actor bcn.Actor, p bcn.Profile) string {
	switch {
	case p.User != actor.User:
		return "foreign"
	case p.Deleted:
		return "deactivated"
	case p.Bot:
		return "bot"
	case p.Stranger:
		return "external"
	case p.Restricted:
		return "guest"
	case !a.home(p.Team, p.Enterprise), !a.home(actor.Team, p.Enterprise):
		return "foreign"
	default:
		return ""
	}
}

// home compares with the workspace; on Enterprise Grid the envelope may carry
// the organisation's id in the team's place.
func (a *Authorizer) home(team, enterprise string) bool {
	w := a.o.Workspace
	return team == w.Team || (w.Enterprise != "" && enterprise == w.Enterprise && (team == w.Enterprise || team == w.Team))
}

// match walks the rules in order; a team is read only where the rest matches.
func (a *Authorizer) match(ctx context.Context, p bcn.Profile, ask Ask, notBefore time.Time) (Verdict, error) {
	var could []string
	user := p.User
	for i, r := range a.o.Rules {
		if !applies(r, ask) {
			continue
		}
		var in []string
		if !slices.Contains(r.Allow, Everyone) {
			could = append(could, r.Allow...)
			var err error
			in, err = a.o.Teams.TeamsOf(ctx, user, r.Allow, ask.matter(), notBefore)
			if err != nil {
				return Verdict{}, err
			}
			if len(in) == 0 {
				continue
			}
		}
		v := Verdict{Rule: r, Index: i, Max: r.Max, Access: r.Access, Destructive: r.Destructive != nil && *r.Destructive, Counts: r.Counts, BreakGlass: r.BreakGlass}
		v.In = in
		if r.Approve != nil && r.Approve.Outside {
			also, err := a.elsewhere(ctx, p.User, p.Accounts, r.Allow, ask.matter(), notBefore)
			if err != nil {
				return Verdict{}, err
			}
			v.In = either(in, also)
		}
		if r.Approve != nil {
			v.approvedBy(*r.Approve)
		}
		a.oncall(ctx, user, ask, &v, notBefore)
		err := a.demand(&v, ask)
		return v, err
	}
	return Verdict{}, bcn.E(bcn.CodeNotAllowed, "verb", ask.Verb, "who", names(could))
}

// applies says whether a rule is about what is asked, whoever asks. A matcher
// that is left out matches all.
func applies(r config.Rule, ask Ask) bool { return mismatch(r, ask) == "" }

// says compares what a rule says of plans with what the plan is; while there is
// none, a rule that says something of it is about nothing.
func says(rule *bool, plan bool, ask Ask) bool {
	return rule == nil || !ask.DestructiveNotKnown && *rule == plan
}

// gives says whether a rule names the verb of what is asked.
func gives(to []string, ask Ask) bool {
	if ask.Verb == Port {
		return slices.Contains(to, Port)
	}
	return matches(to, ask.Verb) || (ask.Reads && slices.Contains(to, Read))
}

func matches(list []string, s string) bool {
	return slices.Contains(list, Everyone) || slices.Contains(list, s)
}

// matchesOr is matches for a matcher that may be left out. A verb that is not
// about an environment is not matched by a rule that names some.
func matchesOr(list []string, s string) bool { return len(list) == 0 || matches(list, s) }

func names(teams []string) string {
	teams = slices.Compact(slices.Sorted(slices.Values(teams)))
	return strings.Join(teams, ", ")
}

// Eligible reads afresh who the actor is and in which of the needs' teams.
func (a *Authorizer) Eligible(ctx context.Context, actor bcn.Actor, teams []string) ([]string, error) {
	v, err := a.Voter(ctx, actor, teams)
	return v.Teams, err
}

// Given answers the rules that give the actor something, in order, and the
// actor's teams, for whoami.
func (a *Authorizer) Given(ctx context.Context, actor bcn.Actor) (teams []string, rules []config.Rule, err error) {
	notBefore := a.o.Now()
	var all []string
	for _, r := range a.o.Rules {
		all = append(all, r.Allow...)
		if r.Approve != nil {
			all = append(all, r.Approve.By...)
		}
	}
	all = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(all))), func(t string) bool { return t == Everyone })
	if teams, err = a.o.Teams.TeamsOf(ctx, actor.User, all, a.matter, notBefore); err != nil {
		return nil, nil, err
	}
	for _, r := range a.o.Rules {
		if slices.ContainsFunc(r.Allow, func(t string) bool { return t == Everyone || slices.Contains(teams, t) }) {
			rules = append(rules, r)
		}
	}
	return teams, rules, nil
}
