package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/pagerduty"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// glass is what somebody did without approval: it was asked for by a command
// with a reason of its own.
func (w *world) glass(user, command string) request {
	w.t.Helper()
	reason := fmt.Sprintf("reason-%d.", reasons.Add(1))
	if said := w.slash(user, deploys, command+" --break-glass --reason "+reason); said != "" {
		w.t.Fatalf("/bcn %s: %s", command, said)
	}
	card := w.card(deploys, reason)
	return request{w, idOf(w.t, card), card}
}

// direct waits for a direct message to somebody.
func (w *world) direct(user string, words ...string) localslack.Message {
	w.t.Helper()
	return w.wait(func(m localslack.Message) bool {
		return m.Channel == strings.Replace(user, "U", "D", 1) && m.FromBot() && all(shown(m), words)
	}, user+" gets a direct message: "+strings.Join(words, ", "))
}

// entries counts entries of the audit log about a change.
func (r request) entries(kind, actor string) int {
	r.w.t.Helper()
	return ask[int](r.w.t, r.w, `select count(*) from audit_entry where change = $1 and kind = $2 and actor = $3`, int64(r.id), kind, actor)
}

// Promise 2, where a rule lets somebody go without the quorum: at once, in the
// open, seldom, and looked at by somebody else.
func breaksGlass(t *testing.T, w *world) {
	t.Run("it goes at once; who was skipped and the security channel are told, and another acknowledges it", func(t *testing.T) {
		w := w.in(t)
		r := w.glass("U0DEV", "restart hello production web")
		r.says("succeeded", "Break-glass", "leads", "skipped (break-glass): leads")
		told := w.direct("U0LEAD", "without your approval", r.id.String(), "acknowledge it by")
		w.card("C0SEC", "without the approval of leads", r.id.String())
		w.inThread(r.card, "without the approval of leads")
		w.inThread(r.card, "was restarted", "It went without approval")
		if r.entries("break_glass", "U0DEV") != 1 || r.ran() == 0 {
			t.Errorf("%d entries, %d executions", r.entries("break_glass", "U0DEV"), r.ran())
		}
		r.press("U0DEV", "acknowledge")
		w.told("U0DEV", "somebody else has to acknowledge it")
		r.press("U0DEV2", "acknowledge")
		w.told("U0DEV2", "may not decide")
		w.press("U0LEAD", told, "acknowledge")
		r.says("acknowledged it")
		w.card("C0SEC", "<@U0LEAD> acknowledged", r.id.String())
		w.direct("U0LEAD", "without your approval", r.id.String(), "<@U0LEAD> acknowledged it")
		w.slash("U0ADMIN", deploys, "acknowledge "+r.id.String())
		w.told("U0ADMIN", "was acknowledged already by")
		if n := r.entries("break_glass.acknowledged", "U0LEAD"); n != 1 {
			t.Errorf("%d acknowledgements are written down", n)
		}
		w.slash("U0DEV", deploys, "releases hello production")
		w.told("U0DEV", "It went without approval")
	})
	t.Run("it waits while bcn is halted, and does not go when the rule was taken away meanwhile", func(t *testing.T) {
		w := w.in(t)
		w.halt(true)
		r := w.glass("U0DEV", "restart hello production")
		r.state(bcn.ChangeQueued)
		if err := w.slack.SetGroup("S0DEVELOPERS", "U0DEV2"); err != nil {
			t.Fatal(err)
		}
		w.nothingRuns(r, "may not use")
		if err := w.slack.SetGroup("S0DEVELOPERS", "U0DEV", "U0DEV2", "U0YUKI"); err != nil {
			t.Fatal(err)
		}
		if n := ask[int](t, w, `select count(*) from follow_up where change = $1`, int64(r.id)); n != 0 {
			t.Error("there is a follow-up of what never ran")
		}
		r.press("U0DEV2", "plan_again")
		again := w.card(deploys, "waits for approval", "v2", "<@U0DEV2>")
		w.press("U0DEV2", again, "cancel")
	})
	t.Run("nobody does it without a reason, by a rule that does not give it, or by the clock", func(t *testing.T) {
		w := w.in(t)
		w.refuses("U0DEV", "deploy hello production v1 --break-glass", "needs a reason")
		w.refuses("U0ONCALL", "restart hello production --break-glass --reason x", "may use `--break-glass`", "developers")
		w.refuses("U0DEV", "schedule add @daily -- deploy hello production v1 --break-glass --reason x", "Only a person who acts now")
	})
	t.Run("access taken so is short, and its report goes to who was skipped", func(t *testing.T) {
		w := w.in(t)
		w.refuses("U0ONCALL", "access hello production for 30m --break-glass --reason x", "10")
		r := w.glass("U0ONCALL", "access hello production for 5m")
		g := grantCard{r}
		g.granted()
		w.direct("U0LEAD", "without your approval", r.id.String())
		r.says("Break-glass", "leads")
		g.at("U0ONCALL").open()
		w.ends("U0ONCALL", g.number())
		g.is(bcn.GrantEnded)
		w.pass(6 * time.Minute)
		w.comes("the report is told", `select exists (select 1 from outbox where change = $1 and key = 'report:U0LEAD')`, int64(r.id))
		w.direct("U0LEAD", r.id.String(), "taken without your approval")
	})
}

// What nobody looked at is listed, and told again and again.
func remindsOfGlass(t *testing.T, w *world) {
	t.Helper()
	w.slash("U0LEAD", deploys, "approvals")
	w.told("U0LEAD", "nobody has acknowledged it yet: 1")
	w.pass(13 * time.Hour)
	w.card("C0SEC", "Nobody has acknowledged", "yet")
	w.pass(12 * time.Hour)
	w.card("C0SEC", "*Overdue*")
}

// Who is on call now asks nobody; it is asked when it is asked for, and once
// more before anything runs.
func onCallAsksNobody(t *testing.T, w *world) {
	on := func() { w.pager.SetSchedule(devSchedule, pagerduty.Shift{Email: "olu@example.com"}) }
	off := func() { w.pager.SetSchedule(devSchedule, pagerduty.Shift{Email: "lee@example.com"}) }
	restart := func(w *world) request {
		w.t.Helper()
		reason := fmt.Sprintf("reason-%d.", reasons.Add(1))
		if said := w.slash("U0ONCALL", deploys, "restart hello production web --reason "+reason); said != "" {
			w.t.Fatal(said)
		}
		card := w.card(deploys, reason)
		return request{w, idOf(w.t, card), card}
	}
	t.Run("who is on call now asks nobody", func(t *testing.T) {
		w := w.in(t)
		on()
		r := restart(w)
		r.says("succeeded", "on call now", "PagerDuty "+devSchedule)
		if n := ask[int](t, w, `select count(*) from audit_entry where change = $1 and body like '%"oncall":"PagerDuty%'`, int64(r.id)); n != 1 {
			t.Errorf("%d entries say so", n)
		}
	})
	t.Run("where PagerDuty does not answer approval is asked for", func(t *testing.T) {
		w := w.in(t)
		on()
		w.pager.SetFault(pagerduty.Fault{Status: 503})
		r := restart(w)
		r.says("waits for approval", "could not be checked")
		w.pager.SetFault(pagerduty.Fault{})
		r.press("U0ONCALL", "cancel")
		r.says("closed")
	})
	t.Run("whose turn ends before it runs does not run it", func(t *testing.T) {
		w := w.in(t)
		on()
		w.halt(true)
		r := restart(w)
		r.state(bcn.ChangeQueued)
		off()
		w.nothingRuns(r, "who is on call")
	})
}
