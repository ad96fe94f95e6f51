package authz_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

func TestRules(t *testing.T) {
	t.Parallel()
	leads := &config.Approve{By: list("leads"), Count: 1, Within: time.Hour}
	deploy := authz.Ask{Verb: "deploy", App: "hello", Env: "production", District: "default"}
	unknown := deploy
	unknown.DestructiveNotKnown = true
	removes := deploy
	removes.Destructive = true
	status := authz.Ask{Verb: "status", App: "hello", Env: "production", Reads: true}
	halt := authz.Ask{Verb: "halt"}
	port := authz.Ask{Verb: "access:port", District: "default"}
	reading := authz.Ask{Verb: "access:port", District: "default", Reads: true}
	live := authz.Ask{Verb: "access:live", App: "hello", Env: "production"}
	devs := func(r config.Rule) config.Rule {
		r.Allow = list("developers")
		if r.To == nil {
			r.To = list("deploy")
		}
		return r
	}
	const refused = -1
	for _, c := range []struct {
		name  string
		rules []config.Rule
		who   string
		ask   authz.Ask
		want  int    // index of the rule
		may   string // when refused: who may
	}{
		{"without rules nobody may anything", nil, "U0ADMIN", deploy, refused, ""},
		{"a rule gives its verb to its team", []config.Rule{devs(config.Rule{})}, "U0DEV", deploy, 0, ""},
		{"who is in no team is told who may", []config.Rule{devs(config.Rule{}), {Allow: list("admins", "developers"), To: list("*")}}, "U0NONE", deploy, refused, "admins, developers"},
		{"teams of rules about something else are not named", []config.Rule{devs(config.Rule{}), {Allow: list("admins"), To: list("halt")}}, "U0NONE", deploy, refused, "developers"},
		{"the first rule that matches wins", []config.Rule{devs(config.Rule{Approve: leads}), devs(config.Rule{})}, "U0DEV", deploy, 0, ""},
		{"a rule for other teams is passed over", []config.Rule{{Allow: list("admins"), To: list("deploy")}, devs(config.Rule{Approve: leads})}, "U0DEV", deploy, 1, ""},
		{"one of several teams is enough", []config.Rule{{Allow: list("admins", "leads"), To: list("deploy")}}, "U0LEAD", deploy, 0, ""},
		{"everyone is everyone", []config.Rule{{Allow: list("*"), To: list("status")}}, "U0NONE", status, 0, ""},
		{"every verb is every verb", []config.Rule{{Allow: list("admins"), To: list("*")}}, "U0ADMIN", halt, 0, ""},
		{"every verb is also access to a live task", []config.Rule{{Allow: list("admins"), To: list("*")}}, "U0ADMIN", live, 0, ""},
		{"access to tasks of one's own is no access to a live one", []config.Rule{devs(config.Rule{To: list("access")})}, "U0DEV", live, refused, ""},
		{"every verb is not the port of a database, and does not say who may", []config.Rule{{Allow: list("admins"), To: list("*")}}, "U0ADMIN", port, refused, "none"},
		{"the port of a database is given by its name", []config.Rule{{Allow: list("admins"), To: list("*")}, devs(config.Rule{To: list("*", "access:port")})}, "U0DEV", port, 1, ""},
		{"the port of a database is not given by other access", []config.Rule{devs(config.Rule{To: list("access", "access:live", "access:instance")})}, "U0DEV", port, refused, ""},
		{"the port of a database is not read", []config.Rule{{Allow: list("*"), To: list("read")}}, "U0DEV", reading, refused, ""},
		{"another verb is not given", []config.Rule{devs(config.Rule{To: list("plan", "restart")})}, "U0DEV", deploy, refused, ""},
		{"read is every verb that reads", []config.Rule{{Allow: list("*"), To: list("read")}}, "U0NONE", status, 0, ""},
		{"read is no verb that changes", []config.Rule{{Allow: list("*"), To: list("read")}}, "U0ADMIN", deploy, refused, ""},
		{"the environment must be named", []config.Rule{devs(config.Rule{On: list("staging")})}, "U0DEV", deploy, refused, ""},
		{"the environment is named", []config.Rule{devs(config.Rule{On: list("staging", "production")})}, "U0DEV", deploy, 0, ""},
		{"an environment is not named by its beginning", []config.Rule{devs(config.Rule{On: list("prod")})}, "U0DEV", deploy, refused, ""},
		{"every environment", []config.Rule{devs(config.Rule{On: list("*")})}, "U0DEV", deploy, 0, ""},
		{"what is not about an environment is not given by a rule for one", []config.Rule{{Allow: list("admins"), To: list("*"), On: list("production")}}, "U0ADMIN", halt, refused, "none"},
		{"every environment includes none", []config.Rule{{Allow: list("admins"), To: list("*"), On: list("*")}}, "U0ADMIN", halt, 0, ""},
		{"the app must be named", []config.Rule{devs(config.Rule{Apps: list("other")})}, "U0DEV", deploy, refused, ""},
		{"the app is named", []config.Rule{devs(config.Rule{Apps: list("hello")})}, "U0DEV", deploy, 0, ""},
		{"the district must be named", []config.Rule{devs(config.Rule{Districts: list("tokyo")})}, "U0DEV", deploy, refused, ""},
		{"the district is named", []config.Rule{devs(config.Rule{Districts: list("tokyo", "default")})}, "U0DEV", deploy, 0, ""},
		{"all matchers must match", []config.Rule{devs(config.Rule{On: list("production"), Apps: list("hello"), Districts: list("tokyo")})}, "U0DEV", deploy, refused, ""},
		{"destructive plans only", []config.Rule{devs(config.Rule{Destructive: yes()}), devs(config.Rule{Approve: leads})}, "U0DEV", removes, 0, ""},
		{"a plan that removes nothing is not destructive", []config.Rule{devs(config.Rule{Destructive: yes()}), devs(config.Rule{Approve: leads})}, "U0DEV", deploy, 1, ""},
		{"harmless plans only", []config.Rule{devs(config.Rule{Destructive: no()}), devs(config.Rule{Approve: leads})}, "U0DEV", deploy, 0, ""},
		{"a destructive plan is not harmless", []config.Rule{devs(config.Rule{Destructive: no()}), devs(config.Rule{Approve: leads})}, "U0DEV", removes, 1, ""},
		{"without a plan a rule for destructive ones does not match", []config.Rule{devs(config.Rule{Destructive: yes()}), devs(config.Rule{})}, "U0DEV", unknown, 1, ""},
		{"without a plan a rule for harmless ones does not match", []config.Rule{devs(config.Rule{Destructive: no()}), devs(config.Rule{})}, "U0DEV", unknown, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := staff().authorizer(c.rules...).Judge(context.Background(), person(c.who), c.ask)
			if c.want != refused {
				if err != nil || v.Index != c.want {
					t.Fatalf("rule %d, %v; want rule %d", v.Index, err, c.want)
				}
				if v.Profile.User != c.who {
					t.Fatalf("the profile is %q's", v.Profile.User)
				}
				return
			}
			var e *bcn.Error
			if !errors.As(err, &e) || e.Code != bcn.CodeNotAllowed || e.Params["verb"] != c.ask.Verb {
				t.Fatalf("rule %d, %v; want a refusal", v.Index, err)
			}
			if c.may != "" && c.may != "none" && e.Params["who"] != c.may {
				t.Fatalf("who may: %q, want %q", e.Params["who"], c.may)
			}
			if c.may == "none" && e.Params["who"] != "" {
				t.Fatalf("who may: %q, want nobody", e.Params["who"])
			}
			if v.Gated() || len(v.Rule.Allow) > 0 {
				t.Fatalf("a refusal carries a rule: %+v", v.Rule)
			}
		})
	}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	a := staff().authorizer(
		config.Rule{Allow: list("developers"), To: list("deploy"), On: list("production"), Approve: &config.Approve{By: list("leads"), Count: 2, Within: time.Minute}},
		config.Rule{Allow: list("developers"), To: list("deploy"), On: list("staging"), Approve: &config.Approve{By: list("leads"), Within: time.Hour}},
		config.Rule{Allow: list("developers"), To: list("deploy")},
	)
	for env, want := range map[string]authz.Verdict{
		"production": {Needs: []bcn.Need{{Teams: list("leads"), Count: 2}}, Within: time.Minute},
		"staging":    {Needs: []bcn.Need{{Teams: list("leads"), Count: 1}}, Within: time.Hour},
		"test":       {},
	} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			v, err := a.Judge(context.Background(), person("U0DEV"), authz.Ask{Verb: "deploy", Env: env})
			if err != nil || fmt.Sprint(v.Needs) != fmt.Sprint(want.Needs) || v.Within != want.Within || v.Gated() != (len(want.Needs) > 0) {
				t.Fatalf("needs %v within %s, %v; want %v within %s", v.Needs, v.Within, err, want.Needs, want.Within)
			}
		})
	}
}

func TestStricter(t *testing.T) {
	t.Parallel()
	gated := func(within time.Duration, needs ...bcn.Need) authz.Verdict {
		return authz.Verdict{Needs: needs, Within: within}
	}
	leads := bcn.Need{Teams: list("leads"), Count: 1}
	twoLeads := bcn.Need{Teams: list("leads"), Count: 2}
	security := bcn.Need{Teams: list("security"), Count: 1}
	either := bcn.Need{Teams: list("leads", "security"), Count: 1}
	rehti := bcn.Need{Teams: list("security", "leads"), Count: 3}
	for _, c := range []struct {
		name       string
		a, b, want authz.Verdict
	}{
		{"neither asks anybody", gated(0), gated(0), gated(0)},
		{"the command's approval stands", gated(time.Hour, leads), gated(0), gated(time.Hour, leads)},
		{"the plan's approval stands", gated(0), gated(time.Hour, leads), gated(time.Hour, leads)},
		{"the larger number of the same team counts", gated(time.Hour, leads), gated(time.Hour, twoLeads), gated(time.Hour, twoLeads)},
		{"in either order", gated(time.Hour, twoLeads), gated(time.Hour, leads), gated(time.Hour, twoLeads)},
		{"different teams must both approve", gated(time.Hour, leads), gated(time.Hour, security), gated(time.Hour, security, leads)},
		{"the shorter time counts", gated(time.Minute, leads), gated(time.Hour, leads), gated(time.Minute, leads)},
		{"the order of teams does not matter", gated(time.Hour, either), gated(time.Hour, rehti), gated(time.Hour, rehti)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := authz.Stricter(c.a, c.b)
			if fmt.Sprint(got.Needs) != fmt.Sprint(c.want.Needs) || got.Within != c.want.Within {
				t.Fatalf("needs %v within %s, want %v within %s", got.Needs, got.Within, c.want.Needs, c.want.Within)
			}
		})
	}
	t.Run("the verdicts that are joined do not change", func(t *testing.T) {
		t.Parallel()
		a, b := gated(time.Hour, twoLeads), gated(time.Hour, leads)
		authz.Stricter(a, b)
		if a.Needs[0].Count != 2 || b.Needs[0].Count != 1 {
			t.Fatalf("%v %v", a, b)
		}
	})
}

// Whatever the rules are, who is in none of their teams may do nothing, and
// who may do something is in a team of the rule that says so.
func TestNoRuleGivesToOutsiders(t *testing.T) {
	t.Parallel()
	teams := list("developers", "leads", "admins", "security")
	some := func(t *rapid.T, label string, of ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 3, rapid.ID[string]).Draw(t, label)
	}
	rapid.Check(t, func(t *rapid.T) {
		var rules []config.Rule
		for range rapid.IntRange(0, 6).Draw(t, "rules") {
			r := config.Rule{
				Allow: some(t, "allow", teams...), To: some(t, "to", "deploy", "halt", "access:port", "read", "*"),
				On: some(t, "on", "production", "staging", "*"), Apps: some(t, "apps", "hello", "*"), Districts: some(t, "districts", "default", "*"),
			}
			switch rapid.IntRange(0, 3).Draw(t, "more") {
			case 1:
				r.Destructive = yes()
			case 2:
				r.Destructive = no()
			case 3:
				r.Approve = &config.Approve{By: list("leads"), Count: 1, Within: time.Hour}
			}
			rules = append(rules, r)
		}
		ask := authz.Ask{
			Verb: rapid.SampledFrom(list("deploy", "halt", "status", "access:port", "*", "read", "")).Draw(t, "verb"),
			Env:  rapid.SampledFrom(list("production", "", "*")).Draw(t, "env"), App: rapid.SampledFrom(list("hello", "")).Draw(t, "app"),
			District: rapid.SampledFrom(list("default", "")).Draw(t, "district"), Reads: rapid.Bool().Draw(t, "reads"),
			Destructive: rapid.Bool().Draw(t, "destructive"), DestructiveNotKnown: rapid.Bool().Draw(t, "unknown"),
		}
		p := staff()
		p.teams["U0SOME"] = some(t, "teams", teams...)
		a := p.authorizer(rules...)
		if v, err := a.Judge(context.Background(), person("U0NONE"), ask); err == nil {
			t.Fatalf("a person without teams may %+v by %+v", ask, v.Rule)
		}
		v, err := a.Judge(context.Background(), person("U0SOME"), ask)
		if err == nil && !slices.ContainsFunc(v.Rule.Allow, func(team string) bool { return slices.Contains(p.teams["U0SOME"], team) }) {
			t.Fatalf("%v may %+v by %+v", p.teams["U0SOME"], ask, v.Rule)
		}
		if err == nil && ask.Verb == authz.Port && !slices.Contains(v.Rule.To, authz.Port) {
			t.Fatalf("a port is given by a rule that does not name it: %+v", v.Rule)
		}
		if err == nil && v.Rule.Destructive != nil && ask.DestructiveNotKnown {
			t.Fatalf("a rule about plans matched without one: %+v", v.Rule)
		}
	})
}
