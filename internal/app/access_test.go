package app

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
)

func TestAskingForAccess(t *testing.T) {
	t.Parallel()
	w, a := accessWorld(t, accessRules)
	for _, c := range []struct {
		name, user, what string
		words            []string
	}{
		{"an unknown app is refused", "U0ONCALL", "nope production --reason x", []string{"nope"}},
		{"an unknown environment is refused", "U0ONCALL", "hello nowhere --reason x", []string{"nowhere"}},
		{"who has no rule is told who may", "U0DEV", "hello production --reason x", []string{"oncall"}},
		{"longer than the rule gives is refused with what it gives", "U0ONCALL", "hello production for 31m --reason x", []string{"at most", "30"}},
		{"a minute is the shortest", "U0ONCALL", "hello production for 59s --reason x", []string{"1 min"}},
		{"no access without a reason", "U0ONCALL", "hello production for 5m", []string{"eason"}},
		{"a reason of spaces is none", "U0ONCALL", "hello production for 5m --reason \u00a0", []string{"eason"}},
		{"a service needs --live", "U0ONCALL", "hello production web --reason x", []string{"--live"}},
		{"a database that bot.yaml does not name is refused", "U0ONCALL", "--district default --port other --reason x", []string{"other"}},
		{"a rule for everything does not give a port", "U0ADMIN", "--district default --port ledger --reason x", []string{"oncall"}},
		{"a rule for tasks does not give nodes", "U0DEV", "--district default --instance " + localaws.SampleNode + " --reason x", []string{"oncall"}},
		{"an unknown district is refused", "U0ONCALL", "--district elsewhere --instance " + localaws.SampleNode + " --reason x", []string{"elsewhere"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := ask[int](t, w, `select count(*) from change`)
			w.in(t).refuses(c.user, "access "+c.what, c.words...)
			if after := ask[int](t, w, `select count(*) from change`); after != before {
				t.Errorf("%d changes were stored", after-before)
			}
		})
	}
	w.aws.Sessions().PutNode(sessions.Node{ID: "mi-0123456789abcdef0", Region: localaws.DefaultRegion, Offline: true})
	for _, c := range []struct {
		name, user, what string
		code             bcn.Code
	}{
		{"an app without a release has nothing to enter", "U0DEV", "hello staging", bcn.CodeNoRelease},
		{"a service without exec cannot be entered", "U0ONCALL", "hello production worker --live", bcn.CodeNoTask},
		{"a service that is not there cannot be entered", "U0ONCALL", "hello production nope --live", bcn.CodeNoTask},
		{"a task that is not there cannot be entered", "U0ONCALL", "hello production --live --task 0123456789abcdef0123456789abcdef", bcn.CodeNoTask},
		{"a node that is not there cannot be entered", "U0ONCALL", "--district default --instance i-0fedcba9876543210", bcn.CodeUnknownName},
		{"a node that is offline cannot be entered", "U0ONCALL", "--district default --instance mi-0123456789abcdef0", bcn.CodeNodeOffline},
		{"a port whose document was not applied cannot be forwarded", "U0ONCALL", "--district default --port ledger", bcn.CodeDistrictInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := w.in(t).access(c.user, c.what)
			g.state(bcn.ChangeClosed)
			if got := g.code(); got != c.code {
				t.Errorf("closed because of %s, want %s", got, c.code)
			}
		})
	}
	t.Run("two minutes are two minutes, from the approval on", func(t *testing.T) {
		g := w.in(t).access("U0ONCALL", "hello production for 2m")
		g.says("2 min")
		row := g.approved().row(a)
		if got := row.EndsAt.Sub(*row.StartsAt); got > 2*time.Minute || got < 2*time.Minute-time.Second {
			t.Errorf("it lasts %s", got)
		}
	})
	t.Run("where the rule asks nobody it is open at once", func(t *testing.T) {
		w := w.in(t)
		w.ask("staging", "v1", "succeeded")
		g := w.access("U0DEV", "hello staging for 1m")
		g.granted()
		c := g.at("U0DEV")
		c.open()
		c.shell()
		w.pass(time.Minute)
		g.over(a, bcn.WhyTime)
	})
	noErrors(t, w)
}

// noErrors says that nothing went wrong that only an operator could mend, and
// that the audit log is whole.
func noErrors(t *testing.T, w *world) {
	t.Helper()
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}
