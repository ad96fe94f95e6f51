package authz_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

var everything = config.Rule{Allow: list(authz.Everyone), To: list("*")}

// Rules that give everything to everyone give nothing to these.
func TestRefusedPeople(t *testing.T) {
	t.Parallel()
	member := bcn.Profile{User: "U0DEV", Team: home, Name: "dana"}
	with := func(change func(*bcn.Profile)) bcn.Profile { p := member; change(&p); return p }
	for _, c := range []struct {
		name  string
		actor bcn.Actor
		is    bcn.Profile
		why   string // "": let through
	}{
		{"a member is let through", person("U0DEV"), member, ""},
		{"a deactivated user", person("U0DEV"), with(func(p *bcn.Profile) { p.Deleted = true }), "deactivated"},
		{"a guest", person("U0DEV"), with(func(p *bcn.Profile) { p.Restricted = true }), "guest"},
		{"a person of another company in a shared channel", person("U0DEV"), with(func(p *bcn.Profile) { p.Stranger = true }), "external"},
		{"a bot", person("U0DEV"), with(func(p *bcn.Profile) { p.Bot = true }), "bot"},
		{"a deactivated bot guest from outside is deactivated first", person("U0DEV"), with(func(p *bcn.Profile) { p.Deleted, p.Bot, p.Stranger, p.Restricted = true, true, true, true }), "deactivated"},
		{"a user of another workspace", person("U0DEV"), with(func(p *bcn.Profile) { p.Team = "T0OTHER" }), "foreign"},
		{"an envelope of another workspace", bcn.Actor{Kind: bcn.Person, User: "U0DEV", Team: "T0OTHER"}, member, "foreign"},
		{"an envelope without a workspace", bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, member, "foreign"},
		{"an organisation, where bcn is in none", person("U0DEV"), with(func(p *bcn.Profile) { p.Team, p.Enterprise = grid, grid }), "foreign"},
		{"an answer about somebody else", person("U0DEV"), with(func(p *bcn.Profile) { p.User = "U0ADMIN" }), "foreign"},
		{"nobody", bcn.Actor{Kind: bcn.Person, Team: home}, with(func(p *bcn.Profile) { p.User = "" }), "foreign"},
		{"bcn itself does not ask", bcn.Actor{Kind: bcn.System, User: "U0DEV", Team: home}, member, "foreign"},
		{"the command line does not ask", bcn.Actor{Kind: bcn.Local, User: "U0DEV", Team: home}, member, "foreign"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := staff()
			p.profiles = map[string]bcn.Profile{"U0DEV": c.is, "": c.is}
			a := p.authorizer(everything)
			_, judged := a.Judge(context.Background(), c.actor, authz.Ask{Verb: "status", Reads: true})
			_, asked := a.Person(context.Background(), c.actor)
			_, eligible := a.Eligible(context.Background(), c.actor, list("leads"))
			for _, err := range []error{judged, asked, eligible} {
				if got := why(err); got != c.why {
					t.Errorf("refused because %q (%v), want %q", got, err, c.why)
				}
			}
			if c.why != "" && len(p.asked) > 0 {
				t.Errorf("the teams of somebody who is refused were read: %v", p.asked)
			}
		})
	}
}

func why(err error) string {
	var e *bcn.Error
	if errors.As(err, &e) && e.Code == bcn.CodeRefusedPerson {
		return e.Params["why"]
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// On Enterprise Grid an envelope or a profile may carry the organisation's id
// in the workspace's place.
func TestEnterpriseGrid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, envelope, team, enterprise, why string
	}{
		{"a member of the workspace", home, home, grid, ""},
		{"an envelope of the organisation", grid, home, grid, ""},
		{"a profile of the organisation", home, grid, grid, ""},
		{"another workspace of the organisation", "T0OTHER", "T0OTHER", grid, "foreign"},
		{"a profile of another workspace of the organisation", home, "T0OTHER", grid, "foreign"},
		{"another organisation", "E0OTHER", "E0OTHER", "E0OTHER", "foreign"},
		{"another organisation that says it is ours", grid, grid, "E0OTHER", "foreign"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := staff()
			p.profiles = map[string]bcn.Profile{"U0DEV": {User: "U0DEV", Team: c.team, Enterprise: c.enterprise}}
			a := authz.New(authz.Options{People: p, Teams: p, Workspace: authz.Workspace{Team: home, Enterprise: grid}})
			_, err := a.Person(context.Background(), bcn.Actor{Kind: bcn.Person, User: "U0DEV", Team: c.envelope})
			if got := why(err); got != c.why {
				t.Errorf("refused because %q, want %q", got, c.why)
			}
		})
	}
}

// What cannot be read is never a yes.
func TestFailsClosed(t *testing.T) {
	t.Parallel()
	could := bcn.E(bcn.CodeCouldNotCheck, "what", "team leads")
	foreign := errors.New("connection reset")
	ctx := context.Background()
	for _, cause := range []error{could, foreign} {
		t.Run("people: "+cause.Error(), func(t *testing.T) {
			t.Parallel()
			p := staff()
			p.failsWho = cause
			a := p.authorizer(everything)
			if v, err := a.Judge(ctx, person("U0ADMIN"), authz.Ask{Verb: "status", Reads: true}); !errors.Is(err, cause) || len(v.Rule.Allow) > 0 {
				t.Errorf("judged: %+v, %v", v.Rule, err)
			}
			if teams, err := a.Eligible(ctx, person("U0LEAD"), list("leads")); !errors.Is(err, cause) || teams != nil {
				t.Errorf("eligible: %v, %v", teams, err)
			}
		})
		t.Run("teams: "+cause.Error(), func(t *testing.T) {
			t.Parallel()
			p := staff()
			p.fails = cause
			// A later rule would give it to everyone: it must not be reached, since
			// nobody knows whether the first one matches.
			a := p.authorizer(config.Rule{Allow: list("developers"), To: list("deploy"), Approve: &config.Approve{By: list("leads"), Count: 1}}, everything)
			if v, err := a.Judge(ctx, person("U0DEV"), authz.Ask{Verb: "deploy"}); !errors.Is(err, cause) || len(v.Rule.Allow) > 0 {
				t.Errorf("judged: %+v, %v", v.Rule, err)
			}
			if teams, err := a.Eligible(ctx, person("U0LEAD"), list("leads")); !errors.Is(err, cause) || len(teams) > 0 {
				t.Errorf("eligible: %v, %v", teams, err)
			}
			if teams, rules, err := a.Given(ctx, person("U0LEAD")); !errors.Is(err, cause) || len(teams)+len(rules) > 0 {
				t.Errorf("given: %v, %v, %v", teams, rules, err)
			}
		})
	}
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	devs := config.Rule{Allow: list("developers"), To: list("*")}
	for _, c := range []struct {
		name string
		ask  func(a *authz.Authorizer) error
		want time.Time
	}{
		{"what changes something is read afresh", func(a *authz.Authorizer) error {
			_, err := a.Judge(ctx, person("U0DEV"), authz.Ask{Verb: "deploy"})
			return err
		}, now},
		{"what only reads may be answered from memory", func(a *authz.Authorizer) error {
			_, err := a.Judge(ctx, person("U0DEV"), authz.Ask{Verb: "status", Reads: true})
			return err
		}, time.Time{}},
		{"questions of one moment share what was read since", func(a *authz.Authorizer) error {
			_, err := a.Judge(ctx, person("U0DEV"), authz.Ask{Verb: "deploy", Since: now.Add(-time.Second)})
			return err
		}, now.Add(-time.Second)},
		{"a decision is read afresh", func(a *authz.Authorizer) error {
			_, err := a.Eligible(ctx, person("U0DEV"), list("developers"))
			return err
		}, now},
		{"a person is read afresh", func(a *authz.Authorizer) error {
			_, err := a.Person(ctx, person("U0DEV"))
			return err
		}, now},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := staff()
			if err := c.ask(p.authorizer(devs)); err != nil {
				t.Fatal(err)
			}
			for _, at := range append(p.fresh, p.freshWho...) {
				if !at.Equal(c.want) {
					t.Errorf("read not before %s, want %s", at, c.want)
				}
			}
			if len(p.freshWho) == 0 {
				t.Error("nobody asked who it is")
			}
		})
	}
}

// A group that could not matter is never read: each costs a call.
func TestOnlyTeamsThatCouldMatterAreRead(t *testing.T) {
	t.Parallel()
	rules := []config.Rule{
		{Allow: list("admins"), To: list("halt")},
		{Allow: list("security"), To: list("deploy"), On: list("staging")},
		{Allow: list("leads"), To: list("deploy"), On: list("production"), Destructive: yes()},
		{Allow: list("developers"), To: list("deploy"), On: list("production")},
		{Allow: list("oncall"), To: list("deploy")},
	}
	for _, c := range []struct {
		name, who string
		ask       authz.Ask
		want      string
	}{
		{"the rest of the rule is looked at first", "U0DEV", authz.Ask{Verb: "deploy", Env: "production", DestructiveNotKnown: true}, "[[developers]]"},
		{"nothing is read behind the rule that matched", "U0DEV", authz.Ask{Verb: "deploy", Env: "production"}, "[[developers]]"},
		{"all that could match are read before a refusal", "U0NONE", authz.Ask{Verb: "deploy", Env: "production", Destructive: true}, "[[leads] [developers] [oncall]]"},
		{"a verb of no rule reads nothing", "U0ADMIN", authz.Ask{Verb: "resume"}, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := staff()
			_, err := p.authorizer(rules...).Judge(context.Background(), person(c.who), c.ask)
			if got := fmt.Sprint(p.asked); got != c.want {
				t.Errorf("read %s, want %s (%v)", got, c.want, err)
			}
		})
	}
	t.Run("everyone needs no team", func(t *testing.T) {
		t.Parallel()
		p := staff()
		if _, err := p.authorizer(everything).Judge(context.Background(), person("U0NONE"), authz.Ask{Verb: "deploy"}); err != nil || len(p.asked) > 0 {
			t.Errorf("read %v, %v", p.asked, err)
		}
	})
}

func TestEligible(t *testing.T) {
	t.Parallel()
	p := staff()
	got, err := p.authorizer().Eligible(context.Background(), person("U0LEAD"), list("leads", "security"))
	if err != nil || fmt.Sprint(got) != "[leads]" {
		t.Errorf("eligible for %v, %v", got, err)
	}
	if fmt.Sprint(p.asked) != "[[leads security]]" {
		t.Errorf("read %v", p.asked)
	}
}

func TestGiven(t *testing.T) {
	t.Parallel()
	rules := []config.Rule{
		{Allow: list("admins"), To: list("*")},
		{Allow: list("developers", "oncall"), To: list("deploy"), Approve: &config.Approve{By: list("leads"), Count: 1}},
		{Allow: list("*"), To: list("read")},
	}
	for who, want := range map[string]string{
		"U0ADMIN": "[admins] * read", "U0DEV": "[developers] deploy read", "U0LEAD": "[developers leads] deploy read", "U0NONE": "[] read",
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			p := staff()
			teams, given, err := p.authorizer(rules...).Given(context.Background(), person(who))
			got := fmt.Sprint(teams)
			for _, r := range given {
				got += " " + r.To[0]
			}
			if err != nil || got != want {
				t.Errorf("got %s, %v; want %s", got, err, want)
			}
			if fmt.Sprint(p.asked) != "[[admins developers leads oncall]]" {
				t.Errorf("read %v: each team once, and never everyone", p.asked)
			}
		})
	}
}
