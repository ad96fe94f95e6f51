package app

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
)

// What was changed outside, over the wire: it is told with who did it, put back
// after an approval, accepted until it changes, and announced once by the watch.
func TestDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config += "drift: { watch: every 6h }\n"
	a, _ := w.bot()
	w.fromGitHub("v1")
	first := w.latest(a)

	t.Run("whoever asks is told at once that it takes its time, and then what is there", func(t *testing.T) {
		w := w.in(t)
		before := len(w.slack.Ephemerals("U0ONCALL"))
		w.slash("U0ONCALL", deploys, "drift hello production")
		w.told("U0ONCALL", "nothing was changed outside")
		said := w.slack.Ephemerals("U0ONCALL")[before:]
		if len(said) != 2 || !strings.Contains(shown(said[0]), "Looking at") {
			t.Errorf("%+v", said)
		}
	})
	t.Run("there is nothing to repair where nothing was changed", func(t *testing.T) {
		w := w.in(t)
		w.administrate("drift repair hello production").ends(bcn.ChangeClosed, bcn.CodeNoChange)
	})
	t.Run("the stack of an endpoint is repaired alike", func(t *testing.T) {
		w := w.in(t)
		w.administrate("drift repair --endpoint main").ends(bcn.ChangeClosed, bcn.CodeNoChange)
		w.called(t, func(c localaws.CallRecord) bool {
			return c.Action == "CreateChangeSet" && c.Params["StackName"] == "endpoint-main" && c.Params["DeploymentMode"] == "REVERT_DRIFT"
		})
	})
	t.Run("a repair waits for approval, and puts back what was changed", func(t *testing.T) {
		w := w.in(t)
		w.retain(t, 7)
		w.slash("U0LEAD", deploys, "drift hello production")
		w.told("U0LEAD", "1 resource was changed outside", "RetentionInDays", "→ `7`", "PutRetentionPolicy", "by ")
		r := w.dana("drift repair hello production", "waits for approval", "put back: heritage-hello/", "RetentionInDays")
		plan, _ := r.plan(a)
		if !plan.Stacks[0].Repair || r.ran() != 0 || w.retention(t) != 7 {
			t.Errorf("the plan is %+v, %d executions", plan.Stacks[0], r.ran())
		}
		r.press("U0LEAD", "approve")
		r.ends(bcn.ChangeSucceeded, "")
		w.inThread(r.card, "was repaired")
		if n := w.retention(t); n == 7 {
			t.Errorf("logs are kept for %d days", n)
		}
		w.slash("U0ADMIN", deploys, "drift hello production")
		w.told("U0ADMIN", "nothing was changed outside")
		if now := w.latest(a); now.Kind != bcn.KindRepair || now.Digest != first.Digest {
			t.Errorf("it was recorded as %+v", now)
		}
	})
	t.Run("a repair that was approved does not undo what came later", func(t *testing.T) {
		w := w.in(t)
		w.retain(t, 7)
		r := w.dana("drift repair hello production", "waits for approval")
		w.administrate("deploy hello production v2").ends(bcn.ChangeSucceeded, "")
		if r.ran() != 0 {
			t.Errorf("%d executions", r.ran())
		}
		r.ends(bcn.ChangeClosed, bcn.CodeSuperseded)
	})
	t.Run("what is accepted is not told again until it changes", func(t *testing.T) {
		w := w.in(t)
		w.retain(t, 14)
		mark := w.mark(t)
		w.refuses("U0LEAD", "drift accept hello production "+mark, "may not")
		w.slash("U0ADMIN", deploys, "drift accept hello production "+mark)
		w.told("U0ADMIN", "is accepted as it is")
		w.slash("U0DEV", deploys, "drift hello production")
		w.told("U0DEV", "nothing else was changed outside", "accepted by <@U0ADMIN>")
		w.retain(t, 30)
		if again := w.mark(t); again == mark {
			t.Errorf("another difference has the mark %s too", mark)
		}
		w.slash("U0ADMIN", deploys, "drift accept hello production "+mark)
		w.told("U0ADMIN", "did not find this difference")
	})
	t.Run("the watch announces what is new, once", func(t *testing.T) {
		w := w.in(t)
		if !ask[bool](t, w, `select spec = 'every 6h' and wake_at is not null from schedule where name = $1`, ownDrift) {
			t.Error("no schedule of the watch")
		}
		w.watched(t, a)
		w.card(a.o.Config.Slack.Channels.Announce, "was changed outside of bcn", "→ `30`")
		w.watched(t, a)
		if n := strings.Count(w.everything(), "changed outside of bcn"); n != 1 {
			t.Errorf("announced %d times", n)
		}
		w.retain(t, 60)
		w.watched(t, a)
		w.card(a.o.Config.Slack.Channels.Announce, "was changed outside of bcn", "→ `60`")
	})
	t.Run("the watch looks when its time comes, and has its next", func(t *testing.T) {
		w := w.in(t)
		w.retain(t, 90)
		came := w.everyMinute(t, ownDrift)
		w.card(a.o.Config.Slack.Channels.Announce, "was changed outside of bcn", "→ `90`")
		if !ask[bool](t, w, `select next_at > $2 from schedule where name = $1`, ownDrift, came) {
			t.Error("it has no next time")
		}
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// everyMinute has a schedule come now, and each minute after: time passes that
// nobody can wait for. It answers the minute.
func (w *world) everyMinute(t *testing.T, name string) (minute time.Time) {
	t.Helper()
	s := w.open()
	sch, err := s.ScheduleByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChangeSchedule(t.Context(), deploy.Origin{}, "U0ADMIN", "edit", sch.ID, func(in bcn.Schedule, now time.Time) (bcn.Schedule, error) {
		minute = now.Truncate(time.Minute)
		in.Spec, in.NextAt, in.WakeAt = "* * * * *", &minute, &now
		return in, nil
	}); err != nil {
		t.Fatal(err)
	}
	return minute
}

// markOf finds the mark in the value of an Accept button.
var markOf = regexp.MustCompile(`drift accept hello production ([0-9a-f]{12})`)

// mark looks for drift, and answers the mark of what was found.
func (w *world) mark(t *testing.T) string {
	t.Helper()
	before := len(w.slack.Ephemerals("U0ADMIN"))
	w.slash("U0ADMIN", deploys, "drift hello production")
	if err := w.slack.WaitFor(w.deadline(), func() bool { return len(w.slack.Ephemerals("U0ADMIN")) > before+1 }); err != nil {
		t.Fatal(err)
	}
	m := w.slack.Ephemerals("U0ADMIN")[before+1]
	for _, b := range m.Buttons() {
		if found := markOf.FindStringSubmatch(b.Value); found != nil {
			return found[1]
		}
	}
	t.Fatalf("no mark in %s: %+v", shown(m), m.Buttons())
	return ""
}

// watched has the watch's schedule run, and waits until all was looked at.
func (w *world) watched(t *testing.T, a *App) {
	t.Helper()
	_, said, err := runner{a}.RunAs(t.Context(), bcn.Actor{Kind: bcn.System}, deploy.Origin{}, ownDrift)
	if said || err != nil {
		t.Fatal(said, err)
	}
	w.until("all was looked at", `select not exists (select 1 from drift_look) and not exists (select 1 from district_drift_look)`)
}

// retain keeps the app's logs for a number of days, as somebody would in the
// console.
func (w *world) retain(t *testing.T, days int) {
	t.Helper()
	if _, err := w.aws.Do(t.Context(), "logs", "PutRetentionPolicy", map[string]any{"logGroupName": w.logGroup(t), "retentionInDays": days}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) retention(t *testing.T) int {
	t.Helper()
	out, err := w.aws.Do(t.Context(), "logs", "DescribeLogGroups", map[string]any{"logGroupNamePrefix": w.logGroup(t)})
	if err != nil {
		t.Fatal(err)
	}
	groups, _ := out["logGroups"].([]any)
	if len(groups) == 0 {
		t.Fatalf("no log group: %v", out)
	}
	g, _ := groups[0].(map[string]any)
	var days int
	if _, err := fmt.Sscan(fmt.Sprint(g["retentionInDays"]), &days); err != nil {
		t.Fatalf("%v: %v", g, err)
	}
	return days
}

// logGroup is the name of the app's log group.
func (w *world) logGroup(t *testing.T) string {
	t.Helper()
	list, err := w.aws.Do(t.Context(), "cloudformation", "DescribeStackResources", map[string]any{"StackName": "heritage-hello"})
	if err != nil {
		t.Fatal(err)
	}
	resources, _ := list["StackResources"].([]any)
	for _, one := range resources {
		if r, _ := one.(map[string]any); r["ResourceType"] == "AWS::Logs::LogGroup" {
			return fmt.Sprint(r["PhysicalResourceId"])
		}
	}
	t.Fatalf("no log group in %v", list)
	return ""
}
