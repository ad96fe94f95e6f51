package authz_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

func TestAVerdictHasTheTermsOfItsRule(t *testing.T) {
	t.Parallel()
	terms := config.RuleAccess{OpenWithin: 10 * time.Minute, Session: 20 * time.Minute, ByBot: true, StopTask: true}
	a := staff().authorizer(
		config.Rule{Allow: list("developers"), To: list("access:live"), Max: 30 * time.Minute, Access: terms},
		config.Rule{Allow: list("developers"), To: list("access"), Max: 15 * time.Minute},
		config.Rule{Allow: list("developers"), To: list("*")},
	)
	for _, c := range []struct {
		verb         string
		max, longest time.Duration
		access       config.RuleAccess
	}{
		{"access:live", 30 * time.Minute, 20 * time.Minute, terms},
		{"access", 15 * time.Minute, 15 * time.Minute, config.RuleAccess{}},
		{"access:instance", 0, time.Hour, config.RuleAccess{}},
	} {
		t.Run(c.verb, func(t *testing.T) {
			t.Parallel()
			v, err := a.Judge(context.Background(), person("U0DEV"), authz.Ask{Verb: c.verb})
			if err != nil || v.Max != c.max || v.Access != c.access || v.Longest() != c.longest {
				t.Errorf("max %s, longest %s, %+v, %v", v.Max, v.Longest(), v.Access, err)
			}
		})
	}
}

func TestStricterAccess(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	of := func(most time.Duration, a config.RuleAccess) authz.Verdict {
		return authz.Verdict{Max: most, Access: a}
	}
	for _, c := range []struct {
		name       string
		a, b, want authz.Verdict
	}{
		{"nothing and nothing", of(0, config.RuleAccess{}), of(0, config.RuleAccess{}), of(0, config.RuleAccess{})},
		{"the only limit counts", of(30*m, config.RuleAccess{}), of(0, config.RuleAccess{}), of(30*m, config.RuleAccess{})},
		{"the shorter limit counts", of(30*m, config.RuleAccess{}), of(20*m, config.RuleAccess{}), of(20*m, config.RuleAccess{})},
		{
			"the shorter window and the shorter session count",
			of(0, config.RuleAccess{OpenWithin: 10 * m, Session: 60 * m}), of(0, config.RuleAccess{OpenWithin: 20 * m, Session: 30 * m}),
			of(0, config.RuleAccess{OpenWithin: 10 * m, Session: 30 * m}),
		},
		{
			"the only session counts",
			of(0, config.RuleAccess{OpenWithin: 10 * m}), of(0, config.RuleAccess{OpenWithin: 20 * m, Session: 30 * m}),
			of(0, config.RuleAccess{OpenWithin: 10 * m, Session: 30 * m}),
		},
		{
			"a clock that starts at the approval counts, and the session's length with it",
			of(60*m, config.RuleAccess{}), of(0, config.RuleAccess{OpenWithin: 20 * m, Session: 30 * m}),
			of(30*m, config.RuleAccess{}),
		},
		{"bcn calls if either says so", of(0, config.RuleAccess{ByBot: true}), of(0, config.RuleAccess{}), of(0, config.RuleAccess{ByBot: true})},
		{"the stop is armed if either says so", of(0, config.RuleAccess{}), of(0, config.RuleAccess{StopTask: true}), of(0, config.RuleAccess{StopTask: true})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, got := range []authz.Verdict{authz.Stricter(c.a, c.b), authz.Stricter(c.b, c.a)} {
				if got.Max != c.want.Max || got.Access != c.want.Access {
					t.Errorf("max %s, %+v; want %s, %+v", got.Max, got.Access, c.want.Max, c.want.Access)
				}
			}
		})
	}
}

// verdicts are those that a valid bot.yaml can lead to.
func verdicts() *rapid.Generator[authz.Verdict] {
	return rapid.Custom(func(t *rapid.T) authz.Verdict {
		some := func(label string, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * time.Minute
		}
		v := authz.Verdict{Max: some("max", 60)}
		v.Access = config.RuleAccess{
			OpenWithin: some("window", 24*60),
			ByBot:      rapid.Bool().Draw(t, "by bot"), StopTask: rapid.Bool().Draw(t, "stop"),
		}
		if v.Access.OpenWithin > 0 {
			v.Access.Session = some("session", 60)
		}
		if rapid.Bool().Draw(t, "gated") {
			v.Needs, v.Within = []bcn.Need{{Teams: list("leads"), Count: 1}}, some("within", 600)
		}
		return v
	})
}

// Whatever two verdicts are joined, in whatever order, the outcome gives
// nobody more time than either, and leaves out nothing that either demands.
func TestStricterAccessIsNeverWider(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := verdicts().Draw(t, "a"), verdicts().Draw(t, "b")
		got, turned := authz.Stricter(a, b), authz.Stricter(b, a)
		if got.Max != turned.Max || got.Access != turned.Access {
			t.Fatalf("the order counts: %+v and %+v", got, turned)
		}
		for _, v := range []authz.Verdict{a, b} {
			if got.Longest() > v.Longest() || got.Access.OpenWithin > v.Access.OpenWithin {
				t.Fatalf("%+v is wider than %+v", got, v)
			}
			if v.Access.ByBot && !got.Access.ByBot || v.Access.StopTask && !got.Access.StopTask {
				t.Fatalf("%+v leaves out what %+v demands", got, v)
			}
			if v.Gated() && !got.Gated() {
				t.Fatalf("%+v asks nobody, %+v did", got, v)
			}
		}
		if got.Longest() != min(a.Longest(), b.Longest()) {
			t.Fatalf("%s is shorter than either", got.Longest())
		}
		if same := authz.Stricter(a, a); same.Max != a.Max || same.Access != a.Access {
			t.Fatalf("joined with itself %+v became %+v", a, same)
		}
		if again := authz.Stricter(got, a); again.Max != got.Max || again.Access != got.Access {
			t.Fatalf("%+v joined once more became %+v", got, again)
		}
	})
}

func TestApproversFromOutsideOfBothTeams(t *testing.T) {
	t.Parallel()
	both := authz.Stricter(authz.Verdict{In: list("developers")}, authz.Verdict{In: list("operators")})
	by := authz.Verdict{Needs: []bcn.Need{{Teams: list("leads"), Count: 1}}, Rule: config.Rule{Approve: &config.Approve{By: list("leads"), Outside: true}}}
	if got := both.ApprovedBy(by).Outside; len(got) != 2 {
		t.Errorf("outside of %v: both rules let the requester in", got)
	}
}
