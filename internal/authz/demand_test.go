package authz_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// office is open on the Saturday of now from 09:00 to 11:00 UTC: now it is 10:00.
func office() []config.Window {
	return []config.Window{{Days: [7]bool{time.Saturday: true}, From: 9 * 60, To: 11 * 60, Zone: time.UTC}}
}

func TestHoursAreJudgedAtUse(t *testing.T) {
	t.Parallel()
	rule := config.Rule{Allow: list("developers"), To: list("*"), When: office()}
	for _, c := range []struct {
		name string
		ask  authz.Ask
		now  time.Time
		want bcn.Code
	}{
		{"in them it is allowed", authz.Ask{Verb: "deploy"}, now, ""},
		{"outside of them it is not", authz.Ask{Verb: "deploy"}, now.Add(time.Hour), bcn.CodeOutsideHours},
		{"what is to be done in them may be asked before", authz.Ask{Verb: "deploy", At: now}, now.Add(-2 * time.Hour), ""},
		{"what is to be done outside of them may not", authz.Ask{Verb: "deploy", At: now.Add(2 * time.Hour)}, now, bcn.CodeOutsideHours},
		{"what was to be done before is done now", authz.Ask{Verb: "deploy", At: now}, now.Add(time.Hour), bcn.CodeOutsideHours},
		{"what was begun goes on", authz.Ask{Verb: "deploy", AnyTime: true}, now.Add(time.Hour), ""},
		{"the emergency brake works at any hour", authz.Ask{Verb: "halt"}, now.Add(time.Hour), ""},
		{"so does a cancel", authz.Ask{Verb: "cancel"}, now.Add(time.Hour), ""},
		{"and a lock", authz.Ask{Verb: "lock"}, now.Add(time.Hour), ""},
		{"and a freeze", authz.Ask{Verb: "freeze"}, now.Add(time.Hour), ""},
		{"what goes on again has hours", authz.Ask{Verb: "resume"}, now.Add(time.Hour), bcn.CodeOutsideHours},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := staff()
			a := authz.New(authz.Options{
				Rules: []config.Rule{rule}, People: p, Teams: p, Workspace: authz.Workspace{Team: home},
				Now: func() time.Time { return c.now },
			})
			v, err := a.Judge(context.Background(), person("U0DEV"), c.ask)
			if bcn.CodeOf(err) != c.want || len(v.Demands) != 1 {
				t.Errorf("%v, %+v", err, v.Demands)
			}
		})
	}
	t.Run("a refusal says when it opens", func(t *testing.T) {
		t.Parallel()
		err := authz.Demand{Rule: 3, When: office()}.Open(now.Add(time.Hour))
		if want := bcn.E(bcn.CodeOutsideHours, "rule", "rules[3]", "opens", "2026-11-28T09:00:00Z"); err.Error() != want.Error() {
			t.Errorf("%v, want %v", err, want)
		}
	})
}

func TestApproversFromOutside(t *testing.T) {
	t.Parallel()
	a := staff().authorizer(
		config.Rule{Allow: list("developers", "leads", "oncall"), To: list("deploy"), Approve: &config.Approve{By: list("leads"), Outside: true, Escalate: list("admins")}},
		config.Rule{Allow: list("developers"), To: list("restart"), Approve: &config.Approve{By: list("leads"), Count: 1}},
	)
	for _, c := range []struct {
		user, verb string
		outside    []string
	}{
		{"U0DEV", "deploy", list("developers")},
		{"U0LEAD", "deploy", list("developers", "leads")}, // each of them let him in
		{"U0DEV", "restart", nil},
	} {
		t.Run(c.user+" "+c.verb, func(t *testing.T) {
			t.Parallel()
			v, err := a.Judge(context.Background(), person(c.user), authz.Ask{Verb: c.verb})
			if err != nil || !slices.Equal(v.Outside, c.outside) {
				t.Errorf("%v, %v", v.Outside, err)
			}
		})
	}
	t.Run("by each account of a person", func(t *testing.T) {
		t.Parallel()
		p := staff()
		p.teams["U0DEV2"], p.profiles = list("leads"), map[string]bcn.Profile{"U0DEV2": {User: "U0DEV2", Team: home, Email: "dana@example.com"}}
		a := authz.New(authz.Options{
			Rules:  []config.Rule{{Allow: list("developers", "leads"), To: list("deploy"), Approve: &config.Approve{By: list("oncall"), Outside: true}}},
			People: p, Teams: p, Workspace: authz.Workspace{Team: home}, Now: func() time.Time { return now },
			Persons: []config.Person{{Slack: "U0DEV", Email: "dana@example.com"}},
		})
		v, err := a.Judge(context.Background(), person("U0DEV2"), authz.Ask{Verb: "deploy"})
		if err != nil || !slices.Equal(v.Outside, list("developers", "leads")) {
			t.Errorf("who asks: %v, %v", v.Outside, err)
		}
		voter, err := a.OutsideVoter(context.Background(), person("U0DEV2"), list("leads", "oncall", "developers"), list("developers"))
		if err != nil || !slices.Equal(voter.Teams, list("developers", "leads")) {
			t.Errorf("who decides: %v, %v", voter.Teams, err)
		}
		p.fails = bcn.E(bcn.CodeCouldNotCheck)
		if _, err := a.OutsideVoter(context.Background(), person("U0DEV2"), nil, list("developers")); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("unreadable: %v", err)
		}
	})
	t.Run("another account gives no right", func(t *testing.T) {
		t.Parallel()
		p := staff()
		p.profiles = map[string]bcn.Profile{"U0DEV2": {User: "U0DEV2", Team: home, Email: "dana@example.com"}}
		a := authz.New(authz.Options{
			Rules:  []config.Rule{{Allow: list("developers"), To: list("deploy")}},
			People: p, Teams: p, Workspace: authz.Workspace{Team: home}, Now: func() time.Time { return now },
			Persons: []config.Person{{Slack: "U0DEV", Email: "dana@example.com"}},
		})
		if _, err := a.Judge(context.Background(), person("U0DEV2"), authz.Ask{Verb: "deploy"}); bcn.CodeOf(err) != bcn.CodeNotAllowed {
			t.Errorf("deploys: %v", err)
		}
		if teams, err := a.Eligible(context.Background(), person("U0DEV2"), list("developers")); err != nil || len(teams) > 0 {
			t.Errorf("decides for %v, %v", teams, err)
		}
	})
	t.Run("who stands in is said too", func(t *testing.T) {
		t.Parallel()
		v, err := a.Judge(context.Background(), person("U0DEV"), authz.Ask{Verb: "deploy"})
		if err != nil || !slices.Equal(v.Escalate, list("admins")) {
			t.Errorf("%v, %v", v.Escalate, err)
		}
	})
}

func TestPlansThatChangeRoles(t *testing.T) {
	t.Parallel()
	a := staff().authorizer(
		config.Rule{Allow: list("developers"), To: list("deploy"), Destructive: yes(), IAM: yes(), Approve: &config.Approve{By: list("both")}},
		config.Rule{Allow: list("developers"), To: list("deploy"), IAM: yes(), Approve: &config.Approve{By: list("security")}},
		config.Rule{Allow: list("developers"), To: list("deploy"), Destructive: yes(), Approve: &config.Approve{By: list("leads")}},
		config.Rule{Allow: list("developers"), To: list("deploy")},
	)
	for _, c := range []struct {
		name string
		ask  authz.Ask
		rule int
	}{
		{"while there is no plan neither counts", authz.Ask{DestructiveNotKnown: true, IAM: true, Destructive: true}, 3},
		{"one that changes neither", authz.Ask{}, 3},
		{"one that changes roles", authz.Ask{IAM: true}, 1},
		{"one that removes something", authz.Ask{Destructive: true}, 2},
		{"one that does both", authz.Ask{IAM: true, Destructive: true}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.ask.Verb = "deploy"
			v, err := a.Judge(context.Background(), person("U0DEV"), c.ask)
			if err != nil || v.Index != c.rule {
				t.Errorf("rule %d, %v", v.Index, err)
			}
		})
	}
}

func TestStricterKeepsWhatEitherDemands(t *testing.T) {
	t.Parallel()
	wants := func(rule int) authz.Demand {
		return authz.Demand{Rule: rule, Reason: config.RuleReason{Required: true, Pattern: "^OPS"}}
	}
	gated := func(outside, escalate []string, d ...authz.Demand) authz.Verdict {
		return authz.Verdict{Needs: []bcn.Need{{Teams: list("leads"), Count: 1}}, Outside: outside, Escalate: escalate, Demands: d}
	}
	for _, c := range []struct {
		name              string
		a, b              authz.Verdict
		outside, escalate []string
		demands           int
	}{
		{"nobody of either's outsiders counts", gated(list("a"), nil), gated(list("b"), nil), list("a", "b"), nil, 0},
		{"who stands in does so by both", gated(nil, list("x", "y")), gated(nil, list("y", "z")), nil, list("y"), 0},
		{"by the only one that is gated", gated(nil, list("x")), authz.Verdict{}, nil, list("x"), 0},
		{"demands of two rules are two", gated(nil, nil, wants(1)), gated(nil, nil, wants(2)), nil, nil, 2},
		{"of one rule they are one", gated(nil, nil, wants(1)), gated(nil, nil, wants(1)), nil, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, v := range []authz.Verdict{authz.Stricter(c.a, c.b), authz.Stricter(c.b, c.a)} {
				if !slices.Equal(v.Outside, c.outside) || !slices.Equal(v.Escalate, c.escalate) || len(v.Demands) != c.demands {
					t.Errorf("%v %v %v", v.Outside, v.Escalate, v.Demands)
				}
				if c.demands > 0 && bcn.CodeOf(v.Fits("because")) != bcn.CodeReasonWanted {
					t.Error("any reason will do")
				}
			}
		})
	}
	t.Run("approvers of another rule keep who is outside", func(t *testing.T) {
		t.Parallel()
		by := authz.Verdict{Rule: config.Rule{Approve: &config.Approve{Outside: true}}, Needs: []bcn.Need{{Teams: list("leads"), Count: 1}}}
		if v := (authz.Verdict{In: list("developers")}).ApprovedBy(by); !slices.Equal(v.Outside, list("developers")) || !v.Gated() {
			t.Errorf("%+v", v)
		}
	})
}
