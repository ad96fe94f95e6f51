package authz_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/config"
)

// onCall is a source of who is on call.
type onCall struct {
	on    map[string]bool
	fails error
	asked []time.Time
}

func (o *onCall) OnCall(_ context.Context, user string, _ config.Oncall, notBefore time.Time) (bool, error) {
	o.asked = append(o.asked, notBefore)
	return o.on[user], o.fails
}

func TestWhoIsOnCallNeedsNoApproval(t *testing.T) {
	t.Parallel()
	source := config.Oncall{PagerDuty: "PI7DH85"}
	gated := config.Rule{Allow: list("developers"), To: list("deploy"), Approve: &config.Approve{By: list("leads"), Count: 1, Within: time.Hour, Oncall: &source}}
	plain := gated
	plain.Approve = &config.Approve{By: list("leads"), Count: 1, Within: time.Hour}
	deploy := authz.Ask{Verb: "deploy"}
	for _, c := range []struct {
		name   string
		rule   config.Rule
		ask    authz.Ask
		source onCall
		gated  bool
		want   *authz.OncallVerdict
	}{
		{"who is on call", gated, deploy, onCall{on: map[string]bool{"U0DEV": true}}, false, &authz.OncallVerdict{Source: source, On: true}},
		{"not who is not", gated, deploy, onCall{on: map[string]bool{"U0LEAD": true}}, true, &authz.OncallVerdict{Source: source}},
		{"not when it does not answer, whatever it says", gated, deploy, onCall{on: map[string]bool{"U0DEV": true}, fails: errors.New("down")}, true, &authz.OncallVerdict{Source: source, Unknown: true}},
		{"not what a schedule or a token asks for", gated, authz.Ask{Verb: "deploy", Unattended: true}, onCall{on: map[string]bool{"U0DEV": true}}, true, nil},
		{"not by a rule that does not say so", plain, deploy, onCall{on: map[string]bool{"U0DEV": true}}, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := staff()
			a := authz.New(authz.Options{Rules: []config.Rule{c.rule}, People: p, Teams: p, Oncall: &c.source, Workspace: authz.Workspace{Team: home}, Now: func() time.Time { return now }})
			v, err := a.Judge(t.Context(), person("U0DEV"), c.ask)
			if err != nil || v.Gated() != c.gated {
				t.Fatalf("gated: %v, %v", v.Gated(), err)
			}
			if (v.Oncall == nil) != (c.want == nil) || v.Oncall != nil && *v.Oncall != *c.want {
				t.Errorf("%+v, want %+v", v.Oncall, c.want)
			}
			for _, at := range c.source.asked {
				if !at.Equal(now) {
					t.Errorf("read not before %s: that is not now", at)
				}
			}
		})
	}
	t.Run("it is not asked about somebody whom the rule does not allow", func(t *testing.T) {
		t.Parallel()
		p, source := staff(), &onCall{on: map[string]bool{"U0NONE": true}}
		a := authz.New(authz.Options{Rules: []config.Rule{gated}, People: p, Teams: p, Oncall: source, Workspace: authz.Workspace{Team: home}})
		if _, err := a.Judge(t.Context(), person("U0NONE"), deploy); err == nil || len(source.asked) > 0 {
			t.Errorf("%v, asked %d times", err, len(source.asked))
		}
	})
	t.Run("on call for the command is not on call for what the plan does", func(t *testing.T) {
		t.Parallel()
		known := plain
		known.Destructive = yes()
		p, source := staff(), &onCall{on: map[string]bool{"U0DEV": true}}
		a := authz.New(authz.Options{Rules: []config.Rule{known, gated}, People: p, Teams: p, Oncall: source, Workspace: authz.Workspace{Team: home}})
		command, err := a.Judge(t.Context(), person("U0DEV"), authz.Ask{Verb: "deploy", DestructiveNotKnown: true})
		if err != nil {
			t.Fatal(err)
		}
		plan, err := a.Judge(t.Context(), person("U0DEV"), authz.Ask{Verb: "deploy", Destructive: true})
		if err != nil {
			t.Fatal(err)
		}
		if command.Gated() || !plan.Gated() || !authz.Stricter(command, plan).Gated() {
			t.Errorf("command %v, plan %v", command.Gated(), plan.Gated())
		}
	})
}

func TestTheStricterRuleSaysWhoMayBreakTheGlass(t *testing.T) {
	t.Parallel()
	needs := staff().authorizer(config.Rule{Allow: list("developers"), To: list("deploy"), Approve: &config.Approve{By: list("leads")}}).Approvers(authz.Ask{Verb: "deploy"}).Needs
	verdict := func(gated bool, g *config.BreakGlass) authz.Verdict {
		v := authz.Verdict{BreakGlass: g}
		if gated {
			v.Needs = needs
		}
		return v
	}
	short := &config.BreakGlass{Max: 5 * time.Minute, Limit: 3, Per: time.Hour}
	rare := &config.BreakGlass{Max: 10 * time.Minute, Limit: 1, Per: 24 * time.Hour}
	for _, c := range []struct {
		name string
		a, b authz.Verdict
		want *config.BreakGlass
	}{
		{"both give it: the smaller figures", verdict(true, short), verdict(true, rare), &config.BreakGlass{Max: 5 * time.Minute, Limit: 1, Per: 24 * time.Hour}},
		{"the one that wants approval does not", verdict(false, short), verdict(true, nil), nil},
		{"whichever it is", verdict(true, nil), verdict(true, rare), nil},
		{"the other one wants none", verdict(false, nil), verdict(true, rare), rare},
		{"nobody gives it", verdict(false, nil), verdict(false, nil), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, got := range []*config.BreakGlass{authz.Stricter(c.a, c.b).BreakGlass, authz.Stricter(c.b, c.a).BreakGlass} {
				if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
					t.Errorf("%+v, want %+v", got, c.want)
				}
			}
		})
	}
}

func TestAccessWithoutApprovalIsShortAndBeginsAtOnce(t *testing.T) {
	t.Parallel()
	glass := &config.BreakGlass{Max: 15 * time.Minute}
	for _, c := range []struct {
		name string
		v    authz.Verdict
		want time.Duration
	}{
		{"fifteen minutes of an hour", authz.Verdict{Max: time.Hour, BreakGlass: glass}, 15 * time.Minute},
		{"where the rule has no limit", authz.Verdict{BreakGlass: glass}, 15 * time.Minute},
		{"never longer than the rule", authz.Verdict{Max: 5 * time.Minute, BreakGlass: glass}, 5 * time.Minute},
		{"nor than a session by it", authz.Verdict{Access: config.RuleAccess{OpenWithin: time.Hour, Session: 2 * time.Minute}, BreakGlass: glass}, 2 * time.Minute},
		{"who may not is not shortened", authz.Verdict{Max: time.Hour}, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := c.v.Glass()
			if got.Longest() != c.want || got.BreakGlass != nil && got.Access.OpenWithin != 0 {
				t.Errorf("%s, opens within %s; want %s", got.Longest(), got.Access.OpenWithin, c.want)
			}
		})
	}
}

func TestWhoMayBreakTheGlass(t *testing.T) {
	t.Parallel()
	a := staff().authorizer(
		config.Rule{Allow: list("developers"), To: list("deploy"), On: list("staging"), BreakGlass: &config.BreakGlass{}},
		config.Rule{Allow: list("oncall", "admins"), To: list("*"), On: list("production"), BreakGlass: &config.BreakGlass{}},
		config.Rule{Allow: list("leads"), To: list("deploy"), On: list("production")},
	)
	if got := a.MayBreak(authz.Ask{Verb: "deploy", Env: "production"}); got != "admins, oncall" {
		t.Errorf("%q", got)
	}
}
