package app

import (
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// stoppingRules arm a StopTask of a live task outside bcn.
var stoppingRules = strings.Replace(accessRules, "max: 30m,", "max: 30m, stop_task: true,", 1)

// lateRules let the clock begin with the first use.
var lateRules = strings.Replace(accessRules, "max: 30m,", "max: 30m, open_within: 5m, session: 10m,", 1)

const liveWeb = "hello production web --live for 5m"

// stopped says whether the task has stopped, as far as AWS lets anybody see.
func (w *world) stopped(a *App, arn string) bool {
	w.t.Helper()
	for tick := newTick(w.t); ; tick() {
		task, err := a.apply.Task(w.t.Context(), w.target(a), arn, "")
		if bcn.CodeOf(err) == bcn.CodeUnavailable {
			continue
		}
		if err != nil {
			w.t.Fatal(err)
		}
		return task.Status != "RUNNING"
	}
}

func TestAccessToARunningTask(t *testing.T) {
	t.Parallel()
	w, a := accessWorld(t, accessRules)
	var secrets []string
	t.Run("bcn opens its sessions, knows them by their ids, and ends them alone", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0ONCALL", liveWeb).approved()
		at := g.at("U0ONCALL")
		first, second := at.open().Stream.SessionID, at.open().Stream.SessionID
		secrets = append(secrets, at.secrets()...)
		row := g.row(a)
		theirs, err := w.admin().Enter(t.Context(), "default", row.Task, "web", "/bin/sh")
		if err != nil {
			t.Fatal(err)
		}
		w.comes("the stranger is seen", `select sessions @> jsonb_build_array(jsonb_build_object('id', $2::text, 'stranger', true))
			from access_grant where id = $1`, int64(g.id), theirs.SessionID)
		w.aws.Sessions().LieAboutTermination(1)
		w.pass(5 * time.Minute)
		row = g.over(a, bcn.WhyTime)
		if len(row.Sessions) != 3 || !row.Sessions[0].ByBot || !row.Sessions[1].ByBot {
			t.Errorf("it knows %+v", row.Sessions)
		}
		if w.active(a, first) || w.active(a, second) || !w.active(a, theirs.SessionID) || w.stopped(a, row.Task) {
			t.Errorf("open: %v, %v, the stranger's %v; stopped: %v", w.active(a, first), w.active(a, second),
				w.active(a, theirs.SessionID), w.stopped(a, row.Task))
		}
		g.says("2 sessions closed", "verified")
	})
	t.Run("two grants on one task end their own sessions", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0ONCALL", liveWeb).approved()
		at := g.at("U0ONCALL")
		id := at.open().Stream.SessionID
		x := g.extended("U0ONCALL", "5m")
		more := x.at("U0ONCALL")
		next := more.open().Stream.SessionID
		secrets = append(secrets, append(at.secrets(), more.secrets()...)...)
		w.pass(5 * time.Minute)
		g.over(a, bcn.WhyTime)
		if w.active(a, id) || !w.active(a, next) {
			t.Errorf("open: the old %v, the new %v", w.active(a, id), w.active(a, next))
		}
		w.ends("U0ONCALL", x.number())
		x.over(a, bcn.WhyDone)
		if w.active(a, next) {
			t.Error("the new session is open")
		}
	})
	clean(t, w, secrets...)
	noErrors(t, w)
}

func TestARunningTaskIsStoppedFromOutside(t *testing.T) {
	t.Parallel()
	w, a := accessWorld(t, stoppingRules)
	t.Run("a minute after the end, and not before the end of what extends it", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0ONCALL", liveWeb).approved()
		at := g.at("U0ONCALL")
		at.open()
		x := g.extended("U0ONCALL", "5m")
		more := x.at("U0ONCALL")
		id := more.open().Stream.SessionID
		task := x.row(a).Task
		if task != g.row(a).Task {
			t.Fatal("another task was entered")
		}
		w.pass(5 * time.Minute)
		g.over(a, bcn.WhyTime)
		w.pass(2 * time.Minute)
		w.looks(x.id, 2)
		if w.stopped(a, task) || !w.active(a, id) || x.row(a).State != bcn.GrantLive {
			t.Fatalf("the old one's end stopped the task: %s", x.row(a).State)
		}
		w.pass(3*time.Minute + time.Second)
		x.over(a, bcn.WhyTime)
		if w.stopped(a, task) {
			t.Error("it was stopped at once")
		}
		w.pass(time.Minute)
		for tick := newTick(t); !w.stopped(a, task); {
			tick()
		}
		clean(t, w, append(at.secrets(), more.secrets()...)...)
	})
	noErrors(t, w)
}

func TestTheClockOfAccessBeginsWithTheFirstUse(t *testing.T) {
	t.Parallel()
	w, a := accessWorld(t, lateRules)
	var secrets []string
	t.Run("a task is started when it is opened, and its time counts from then", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0ONCALL", "hello production").approved()
		g.says("first use")
		w.pass(4 * time.Minute)
		w.looks(g.id, 2)
		if row := g.row(a); row.EndsAt != nil || row.Task != "" || row.State != bcn.GrantApproved {
			t.Errorf("%s, until %v, task %q", row.State, row.EndsAt, row.Task)
		}
		before := w.now()
		at := g.at("U0ONCALL")
		at.open()
		row := g.row(a)
		if row.StartsAt.Before(before) || row.EndsAt.Sub(*row.StartsAt) < 10*time.Minute-time.Second || row.EndsAt.Sub(*row.StartsAt) > 10*time.Minute {
			t.Errorf("from %s to %s", row.StartsAt, row.EndsAt)
		}
		g.w.comes("its task runs", `select ready from access_grant where id = $1`, int64(g.id))
		id := at.shell()
		secrets = append(secrets, at.secrets()...)
		w.pass(9 * time.Minute)
		w.looks(g.id, 2)
		if g.row(a).State != bcn.GrantLive || !w.active(a, id) {
			t.Errorf("after nine minutes it is %s", g.row(a).State)
		}
		w.pass(time.Minute)
		g.over(a, bcn.WhyTime)
		if n := w.tasks(g.row(a)); n != 1 {
			t.Errorf("%d tasks were started", n)
		}
	})
	t.Run("what nobody opens expires, and nothing was made", func(t *testing.T) {
		w := w.in(t)
		tasks := w.count("RunTask")
		g := w.access("U0ONCALL", "hello production").approved()
		w.pass(5 * time.Minute)
		g.is(bcn.GrantExpired)
		g.state(bcn.ChangeSucceeded)
		if n := w.count("RunTask"); n != tasks {
			t.Errorf("%d tasks were started", n-tasks)
		}
		g.says("expired")
		g.at("U0ONCALL").refused("over")
	})
	t.Run("a running task that goes before the first use is gone", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0ONCALL", "hello production web --live").approved()
		task := g.row(a).Task
		if err := a.apply.StopTask(t.Context(), w.target(a), task, "by hand"); err != nil {
			t.Fatal(err)
		}
		g.is(bcn.GrantCancelled)
		if row := g.row(a); row.Why != bcn.WhyGone {
			t.Errorf("ended because %s", row.Why)
		}
		g.at("U0ONCALL").refused("over")
	})
	clean(t, w, secrets...)
	noErrors(t, w)
}

// count counts the calls that went well.
func (w *world) count(action string) int {
	n := 0
	for _, c := range w.aws.Calls() {
		if c.Action == action && c.ErrorCode == "" {
			n++
		}
	}
	return n
}
