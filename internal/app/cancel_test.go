package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// A cancel ends as DESIGN.md section 5 says, in each state.
func TestCancelInEachState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.setUp("/bcn deploy hello production v1")
	w.aws.Cluster().PutImage("hello", "slow", cluster.Image{Behaviour: cluster.SlowStart(20 * time.Second)})

	t.Run("planning: closed, its change sets are deleted", func(t *testing.T) {
		w := w.in(t)
		w.aws.Faults().Delay("cloudformation", "CreateChangeSet", 500*time.Millisecond, 1)
		r := w.ask("production", w.other(), "being planned")
		w.called(t, func(c localaws.CallRecord) bool {
			return c.Action == "DescribeStacks" && c.SessionName == "bcn-"+r.id.String()[1:]
		})
		r.press("U0DEV", "cancel")
		r.says("closed")
		// The planner that was overtaken is at its call still; what it makes is reaped.
		w.called(t, func(c localaws.CallRecord) bool {
			return c.Action == "CreateChangeSet" && paramOf(c, "ChangeSetName") == "bcn-"+r.id.String()[1:]+"-1"
		})
		for tick := newTick(t); len(w.changeSets(t, a, r)) > 0; tick() {
			if _, err := a.deploy.Reap(t.Context(), a.apply); err != nil {
				t.Fatal(err)
			}
		}
		w.nothingLeft(t, a, r)
	})
	t.Run("waiting: closed, its change sets are deleted", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		r.press("U0DEV", "cancel")
		r.says("closed")
		w.nothingLeft(t, a, r)
	})
	t.Run("queued: closed, its change sets are deleted", func(t *testing.T) {
		w := w.in(t)
		w.halt(true)
		r := w.waiting(w.other())
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeQueued)
		r.says("halted by")
		r.press("U0DEV", "cancel")
		r.says("closed")
		w.halt(false)
		w.nothingLeft(t, a, r)
	})
	t.Run("waiting for its turn: closed, and what runs goes on", func(t *testing.T) {
		w := w.in(t)
		first := w.waiting(w.other())
		first.press("U0LEAD", "approve")
		first.state(bcn.ChangeApplying)
		behind := w.ask("production", "v1", "waits for its turn")
		behind.press("U0DEV", "cancel")
		behind.says("closed")
		first.state(bcn.ChangeSucceeded)
		w.nothingLeft(t, a, behind)
	})
	t.Run("applying an update: CloudFormation is stopped, and it is followed until it is rolled back", func(t *testing.T) {
		w := w.in(t)
		before := ask[string](t, w, `select tag from release where outcome = 'succeeded' and heritage = 'hello' order by number desc limit 1`)
		r := w.waiting("slow")
		r.press("U0LEAD", "approve")
		w.until("the services are being updated", `select exists (select 1 from stack_event where change = $1
			and type = 'AWS::ECS::Service' and status = 'UPDATE_IN_PROGRESS')`, int64(r.id))
		r.press("U0DEV", "cancel")
		r.says("rolled back after")
		w.inThread(r.card, "rolled back")
		w.runs(t, a, before)
	})
	t.Run("applying a creation: the stack is deleted, and what is left is listed", func(t *testing.T) {
		w := w.in(t)
		r := w.ask("staging", "slow", "running")
		w.until("the services are being created", `select exists (select 1 from stack_event where change = $1
			and type = 'AWS::ECS::Service' and status = 'CREATE_IN_PROGRESS')`, int64(r.id))
		r.press("U0DEV", "cancel")
		r.says("cancelled after")
		w.inThread(r.card, "Left behind", "heritage-hello-staging")
		status, err := a.apply.Statuses(t.Context(), r.target(a), []string{"hello-staging"})
		if err != nil || len(status) != 1 || status[0].Status != "DELETE_COMPLETE" {
			t.Errorf("the stack is %v, %v", status, err)
		}
	})
	t.Run("a creation that fails lists what it left", func(t *testing.T) {
		w := w.in(t)
		r := w.ask("staging", "broken")
		r.says("rolled back after")
		w.inThread(r.card, "Left behind", "heritage-hello-staging")
	})
	t.Run("verifying: too late, and it goes on", func(t *testing.T) {
		w := w.in(t)
		tag := w.other()
		r := w.waiting(tag)
		w.aws.Faults().Fail("ecs", "ListServices", "ServiceUnavailable", 503, -1)
		w.aws.Faults().Fail("ecs", "DescribeServices", "ServiceUnavailable", 503, -1)
		held := r.says("waits for approval")
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeVerifying)
		w.press("U0DEV", held, "cancel")
		w.told("U0DEV", "too late")
		if state := ask[string](t, w, `select state from change where id = $1`, int64(r.id)); state != string(bcn.ChangeVerifying) {
			t.Errorf("it is %s, and nobody could read what runs", state)
		}
		w.aws.Faults().Clear()
		r.state(bcn.ChangeSucceeded)
		w.runs(t, a, tag)
	})
	t.Run("ended: too late", func(t *testing.T) {
		w := w.in(t)
		id := ask[int](t, w, `select max(id) from change where state = 'succeeded'`)
		w.slash("U0DEV", deploys, "cancel "+bcn.ID(id).String())
		w.told("U0DEV", "too late")
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
}

// nothingLeft looks in AWS for change sets of a change that ended.
func (w *world) nothingLeft(t *testing.T, a *App, r request) {
	t.Helper()
	w.until("it is cleaned", `select not leftover from change where id = $1`, int64(r.id))
	if names := w.changeSets(t, a, r); len(names) > 0 {
		t.Errorf("left in AWS: %v", names)
	}
	if r.ran() != 0 {
		t.Errorf("%d of its change sets were executed", r.ran())
	}
}

// changeSets lists those of a change that are in AWS.
func (w *world) changeSets(t *testing.T, a *App, r request) (out []string) {
	t.Helper()
	for _, stack := range []string{"hello", "heritage-hello"} {
		names, err := a.apply.ChangeSets(t.Context(), r.target(a), stack)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasPrefix(name, "bcn-"+r.id.String()[1:]+"-") {
				out = append(out, name)
			}
		}
	}
	return out
}

// called waits for a call to AWS.
func (w *world) called(t *testing.T, match func(localaws.CallRecord) bool) {
	t.Helper()
	for tick := newTick(t); !slices.ContainsFunc(w.aws.Calls(), match); {
		tick()
	}
}

// runs says what the services of hello really run.
func (w *world) runs(t *testing.T, a *App, tag string) {
	t.Helper()
	digest := ask[string](t, w, `select digest from release where tag = $1 and outcome = 'succeeded' limit 1`, tag)
	d, err := a.store.District(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	running, err := a.apply.Rollouts(t.Context(), a.deploy.SystemTarget(d), "hello")
	if err != nil || len(running) != 2 {
		t.Fatal(running, err)
	}
	for _, s := range running {
		if s.Digest != digest {
			t.Errorf("%s runs %s, not %s", s.Service, s.Digest, tag)
		}
	}
}

// Halt: nothing new starts, what runs goes on, every card shows it, and resume
// lets it go on.
func TestHalt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.setUp("/bcn deploy hello production v1")
	waits := w.waiting("v2")
	running := w.ask("staging", "v1", "running")
	w.halt(true)
	waits.says("halted by", "<@U0ADMIN>")
	running.says("succeeded after")

	waits.press("U0LEAD", "approve")
	waits.says("halted by", "about to start")
	w.slash("U0DEV", deploys, "resume")
	w.told("U0DEV", "may not")
	next := w.ask("staging", "v2", "halted by", "about to start")
	next.state(bcn.ChangeQueued)
	waits.state(bcn.ChangeQueued)
	if waits.ran() != 0 || next.ran() != 0 {
		t.Error("something was started")
	}
	w.halt(false)
	waits.state(bcn.ChangeSucceeded)
	next.state(bcn.ChangeSucceeded)
	if n := ask[int](t, w, `select count(*) from audit_entry where kind in ('halt', 'resume')`); n != 2 {
		t.Errorf("%d entries in the audit log", n)
	}
}
