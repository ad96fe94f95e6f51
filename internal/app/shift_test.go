package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
)

// shiftedWeb is the sample's file with a web service whose traffic is shifted.
func (w *world) shiftedWeb(deployment string) string {
	w.t.Helper()
	out := strings.Replace(w.manifest(), "      - <<: *web\n", "      - <<: *web\n        deployment: "+deployment+"\n", 1)
	if out == w.manifest() {
		w.t.Fatal("the sample has no web service")
	}
	return out
}

// weights are what the rule of web sends to its two target groups, as the load
// balancer has it.
func (w *world) weights(a *App) string {
	w.t.Helper()
	d, err := a.store.District(w.t.Context(), "default")
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := a.apply.Shifted(w.t.Context(), a.deploy.SystemTarget(d), "hello")
	if err != nil {
		w.t.Fatal(err)
	}
	live := all["webHTTPRulemain"].Weights
	return fmt.Sprintf("%d/%d", live["webTargetGroupmain"], live["webSecondTargetGroupmain"])
}

// Traffic is shifted by hand and taken back, over the wire.
func TestShiftingTraffic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.fromGitHub("v1")
	const byHand = "{ strategy: blue_green, pause: 600, bake_time: 1, alarms: [errors] }"

	t.Run("green waits without traffic until somebody who may shifts it", func(t *testing.T) {
		w := w.in(t)
		w.commit(w.shiftedWeb(byHand))
		w.aws.Cluster().PutAlarm(localaws.DefaultRegion, "errors", false)
		first := w.dana("deploy hello production v1", "waits for approval") // from rolling to two target groups
		first.press("U0LEAD", "approve")
		first.says("green is healthy, no traffic yet", "Shift now", "Go back")
		if got := w.weights(a); got != "100/0" {
			t.Errorf("before anybody said so: %s", got)
		}
		w.slash("U0ONCALL", deploys, "shift "+first.id.String())
		w.told("U0ONCALL", "deploy", "whoami")
		w.inThread(first.card, "green is healthy", "shift "+first.id.String()[1:], "cancel")
		w.slash("U0DEV", deploys, "status hello production")
		w.told("U0DEV", "0 % on the new version", "`errors` is OK", "healthy")
		first.press("U0DEV", "shift")
		first.ends(bcn.ChangeSucceeded, "")
		w.inThread(first.card, "<@U0DEV> shifts the traffic of `web`")
		if got := w.weights(a); got != "0/100" {
			t.Errorf("after it: %s", got)
		}
		w.slash("U0DEV", deploys, "shift "+first.id.String())
		w.told("U0DEV", "waits for somebody")
		if n := ask[int64](t, w, `select count(*) from audit_entry where kind = 'change.shift' and change = $1`, int64(first.id)); n != 1 {
			t.Errorf("%d entries in the log", n)
		}
	})
	t.Run("going back leaves the traffic with the tasks that run, also where the rule changes", func(t *testing.T) {
		w := w.in(t)
		w.commit(strings.Replace(w.shiftedWeb(byHand), "rule_priority: 200", "rule_priority: 201", 1))
		r := w.administrate("deploy hello production v2", "ECS has shifted its traffic since") // the template says 100/0
		r.says("green is healthy, no traffic yet")
		r.press("U0ADMIN", "cancel")
		r.ends(bcn.ChangeRolledBack, bcn.CodeCancelled) // that it is on its way back is told where there is time to
		for _, m := range w.slack.Messages(deploys) {   // what was called back has not failed
			if m.Thread == r.card.TS && strings.Contains(shown(m), "❌") {
				t.Errorf("it says %s", shown(m))
			}
		}
		if got := w.weights(a); got != "0/100" {
			t.Errorf("after it: %s", got)
		}
		w.runs(t, a, "v1")
		w.slash("U0ADMIN", deploys, "drift hello production")
		w.told("U0ADMIN", "nothing was changed outside") // weights are ECS's
	})
	t.Run("a repair of something else leaves the traffic where it is", func(t *testing.T) {
		w := w.in(t)
		w.retain(t, 7)
		r := w.administrate("drift repair hello production", "RetentionInDays")
		r.ends(bcn.ChangeSucceeded, "")
		if got := w.weights(a); got != "0/100" {
			t.Errorf("after it: %s", got)
		}
		if said := shown(r.says("succeeded")); strings.Contains(said, "Weight") {
			t.Errorf("it says %s", said)
		}
	})
	t.Run("an alarm takes the traffic back", func(t *testing.T) {
		w := w.in(t)
		w.commit(w.shiftedWeb("{ strategy: canary, canary_percent: 20, canary_bake: 600, bake_time: 0, alarms: [errors] }"))
		r := w.administrate("deploy hello production v2")
		r.says("20 % of the traffic", "Go back")
		w.aws.Cluster().PutAlarm(localaws.DefaultRegion, "errors", true)
		r.ends(bcn.ChangeRolledBack, bcn.CodeStackFailed)
		w.inThread(r.card, "Alarm was triggered") // on the way back it is told too, where there is time to
		w.aws.Cluster().PutAlarm(localaws.DefaultRegion, "errors", false)
		if got := w.weights(a); got != "0/100" {
			t.Errorf("in the end: %s", got)
		}
	})
}
