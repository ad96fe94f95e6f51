package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/apply"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// gated is the sample's file with a before_deploy in production.
func (w *world) gated(command string) string {
	w.t.Helper()
	return strings.Replace(w.manifest(), "    name: hello\n", "    name: hello\n    run_env: { vars: { ONE_OFF: \"yes\" } }\n    before_deploy: "+command+"\n", 1)
}

// offers is what one-off tasks of hello would be started from.
func (w *world) offers(a *App) deploy.TaskDefinition {
	w.t.Helper()
	d, err := a.store.District(w.t.Context(), "default")
	if err != nil {
		w.t.Fatal(err)
	}
	got, err := apply.Oneoffs{Apply: a.apply}.Definition(w.t.Context(), a.deploy.SystemTarget(d), bcn.Heritage{Name: "hello"})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

// started counts the tasks that were started for the change: the names of the
// calls that were taken.
func (r request) started() int {
	names := map[string]bool{}
	for _, c := range r.w.aws.Calls() {
		name := fmt.Sprint(c.Params["clientToken"])
		if c.Action == "RunTask" && c.ErrorCode == "" && strings.HasPrefix(name, fmt.Sprintf("bcn-%d-", int64(r.id))) {
			names[name] = true
		}
	}
	return len(names)
}

// A deploy's before_deploy gates its rollout; run runs a command once; logs
// shows what was written.
func TestOneOffTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.fromGitHub("v1")

	t.Run("a migration that ends well runs once, with the new image, before any service changes", func(t *testing.T) {
		w := w.in(t)
		w.commit(w.gated(`sh -c "echo migrated 3 tables; exit 0"`))
		r := w.waiting("v2")
		r.says("migrated 3 tables", "runs in a task of the new image")
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		r.says("ended with exit code 0")
		w.inThread(r.card, "before_deploy", "ended with exit code 0", "migrated 3 tables")
		w.runs(t, a, "v2")
		if n := r.started(); n != 1 {
			t.Errorf("%d tasks were started", n)
		}
		order := ask[bool](t, w, `select (select ended_at from oneoff where change = $1) <
			(select min(at) from stack_event where change = $1 and stack = 'hello')`, int64(r.id))
		if !order {
			t.Error("the services changed before the migration had ended")
		}
	})
	t.Run("a migration that fails changes no service: the base goes back, the thread has its last lines", func(t *testing.T) {
		w := w.in(t)
		before := w.offers(a)
		w.commit(w.gated(`sh -c "echo relation users is missing; exit 1"`))
		was := ask[string](t, w, `select tag from release where outcome = 'succeeded' order by number desc limit 1`)
		r := w.waiting(w.other())
		r.press("U0LEAD", "approve")
		r.says("rolled back after", "exit code 1", "no service was changed")
		w.inThread(r.card, "ended with exit code 1", "relation users is missing")
		if got := r.code(); got != bcn.CodeOneoffFailed {
			t.Errorf("it ended with %s", got)
		}
		w.runs(t, a, was)
		if now := w.offers(a); now.Digest != before.Digest {
			t.Errorf("the base has %s, not %s as before", now.Digest, before.Digest)
		}
		if r.ran() != 2 || r.started() != 1 { // the base, and the base again
			t.Errorf("%d change sets were executed, %d tasks started", r.ran(), r.started())
		}
	})
	t.Run("cancelling stops the migration, and the base goes back", func(t *testing.T) {
		w := w.in(t)
		w.commit(w.gated(`sh -c "sleep 3000; exit 0"`))
		was := ask[string](t, w, `select tag from release where outcome = 'succeeded' order by number desc limit 1`)
		r := w.waiting(w.other())
		r.press("U0LEAD", "approve")
		r.says("runs since")
		r.press("U0DEV", "cancel")
		r.says("rolled back after", "stopped: it was cancelled")
		w.runs(t, a, was)
		if r.ran() != 2 { // the base, and the base again
			t.Errorf("%d change sets were executed", r.ran())
		}
	})
	t.Run("a row that was changed past bcn opens no gate", func(t *testing.T) {
		w := w.in(t)
		w.commit(w.gated(`sh -c "sleep 3000; exit 0"`))
		was := ask[string](t, w, `select tag from release where outcome = 'succeeded' order by number desc limit 1`)
		r := w.waiting(w.other())
		r.press("U0LEAD", "approve")
		r.says("runs since")
		w.between(r, `update oneoff set ended_at = bcn_now(), exit_code = 0 from idle where change = idle.id`)
		r.says("rolled back after")
		w.called(t, func(c localaws.CallRecord) bool {
			return c.Action == "StopTask" && c.ErrorCode == "" && strings.Contains(fmt.Sprint(c.Params), "its record was changed")
		})
		if got := r.code(); got != bcn.CodeTampered {
			t.Errorf("it ended with %s", got)
		}
		w.runs(t, a, was)
	})
	w.commit(w.gated(`sh -c "exit 0"`))
	w.waiting(w.other()).runsThrough()
	t.Run("run: the last release's image and environment, exit code and last lines in the thread", func(t *testing.T) {
		w := w.in(t)
		r := w.administrate(`run hello production --memory 1024 -- sh -c "echo counted 7; exit 3"`, "counted 7", "release", "at most 1 h")
		r.state(bcn.ChangeFailed)
		r.says("exit code 3")
		w.inThread(r.card, "ended with exit code 3", "counted 7")
		if r.started() != 1 {
			t.Errorf("%d tasks were started", r.started())
		}
		for _, c := range w.aws.Calls() {
			if c.Action == "RunTask" && strings.HasPrefix(fmt.Sprint(c.Params["clientToken"]), fmt.Sprintf("bcn-%d-", int64(r.id))) &&
				(!strings.Contains(fmt.Sprint(c.Params), "ONE_OFF") || !strings.Contains(fmt.Sprint(c.Params), "1024")) {
				t.Errorf("it was started with %v", c.Params)
			}
		}
	})
	t.Run("run: asks for the approval that the rules want, and ends well", func(t *testing.T) {
		w := w.in(t)
		said := w.slash("U0DEV", deploys, "run hello production -- true")
		if said != "" {
			t.Fatal(said)
		}
		card := w.card(deploys, "wants to run a command", "waits for approval")
		r := request{w, idOf(t, card), card}
		r.press("U0LEAD", "approve")
		r.says("succeeded after", "exit code 0")
	})
	t.Run("run: cancelling stops the task", func(t *testing.T) {
		w := w.in(t)
		r := w.administrate("run hello production -- sh -c \"sleep 3000; exit 0\"", "runs since")
		r.press("U0ADMIN", "cancel")
		r.says("cancelled after", "stopped: it was cancelled")
	})
	t.Run("run: a task that somebody else started by the name is not taken for bcn's", func(t *testing.T) {
		w := w.in(t)
		r := w.administrate("run hello production -- sleep 3000", "runs since")
		order, target := w.orderOf(a, r, "sleep", "3000")
		tasks := apply.Oneoffs{Apply: a.apply}
		ours, err := tasks.Find(t.Context(), target, order)
		if err != nil {
			t.Fatalf("bcn's own is not found: %v", err)
		}
		for name, change := range map[string]func(*deploy.TaskOrder){
			"another command":   func(o *deploy.TaskOrder) { o.Command = []string{"true"} },
			"another container": func(o *deploy.TaskOrder) { o.Container = "sidecar" },
			"another revision":  func(o *deploy.TaskOrder) { o.Definition += "0" },
			"another name":      func(o *deploy.TaskOrder) { o.Name = fmt.Sprintf("bcn-%d-1-0123456789abcdef", int64(r.id)) },
		} {
			o := order
			change(&o)
			if got, err := tasks.Find(t.Context(), target, o); !errors.Is(err, deploy.ErrNone) {
				t.Errorf("%s: %s is found for %s: %v", name, got, ours, err)
			}
		}
		w.between(r, `update oneoff set nonce = '0123456789abcdef', definition = 'arn:aws:ecs:us-east-1:123456789012:task-definition/other:1' from idle where change = idle.id`)
		r.ends(bcn.ChangeFailed, bcn.CodeTampered)
		r.says("its task was stopped", ours)
		w.called(t, func(c localaws.CallRecord) bool {
			return c.Action == "StopTask" && c.ErrorCode == "" && strings.Contains(fmt.Sprint(c.Params), ours)
		})
	})
	t.Run("run: one that takes too long is stopped", func(t *testing.T) {
		w := w.in(t)
		r := w.administrate("run hello production --timeout 1m -- sh -c \"sleep 3000; exit 0\"", "runs since", "at most 1 min")
		w.forged(t, r, func(o *bcn.Oneoff) { older(o, 2*time.Minute) })
		r.state(bcn.ChangeFailed)
		r.says("had not ended")
	})
	t.Run("run: what AWS no longer knows is left to a person, who may run it again", func(t *testing.T) {
		w := w.in(t)
		r := w.administrate("run hello production -- sleep 8", "runs since")
		w.forged(t, r, func(o *bcn.Oneoff) {
			o.Task = strings.Replace(o.Task, "task/default/", "task/default/f", 1)[:len(o.Task)]
			older(o, 10*time.Minute)
		})
		r.says("AWS cannot say")
		r.press("U0ADMIN", "replay")
		r.says("succeeded after")
		if r.started() != 2 {
			t.Errorf("%d tasks were started", r.started())
		}
	})
	t.Run("a scheduled task of the file runs by AWS's clock: its failure is announced, the list has it, and one can be started now", func(t *testing.T) {
		w := w.in(t)
		w.commit(strings.Replace(w.manifest(), "    name: hello\n", "    name: hello\n    scheduled_tasks:\n"+
			`      - { name: report, schedule: rate(1 hour), command: sh -c "echo no orders; exit 4" }`+"\n", 1))
		w.waiting(w.other()).runsThrough()
		w.wait(func(m localslack.Message) bool {
			return m.Channel == "C0DEPLOY" && all(shown(m), []string{"scheduled task", "report", "exit code 4", "no orders"})
		}, "the announcement of a failed run")
		w.slash("U0DEV", deploys, "schedule list")
		w.told("U0DEV", "hello/report", "rate(1 hour)", "exit code 4")
		r := w.administrate("schedule run hello/report", "as the scheduled task")
		r.ends(bcn.ChangeFailed, bcn.CodeOneoffFailed)
		w.inThread(r.card, "exit code 4", "no orders")
	})
	t.Run("logs: the newest lines, those that contain a text, and what to try where there are none", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, `logs hello production --grep "counted 7"`)
		got := w.told("U0DEV", "with", "counted 7", "Refresh")
		if strings.Contains(shown(got), "migrated 3 tables") {
			t.Errorf("lines without the text are shown: %s", shown(got))
		}
		w.slash("U0DEV", deploys, "logs hello production web --grep no-such-words")
		w.told("U0DEV", "wrote nothing", "no-such-words", "--since 2h")
		w.slash("U0DEV", deploys, "logs hello production nobody")
		w.told("U0DEV", "service", "nobody", "worker")
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
	w.noSecrets(t)
}

// Promise 4: whatever dies around the start of a task, it runs once.
func TestKilledAroundAMigrationItRunsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, stop := w.bot()
	w.fromGitHub("v1")
	stop()
	w.commit(w.gated(`sh -c "echo migrated; exit 0"`))
	for _, p := range []killPoint{
		{name: "after the task is written down and before it is asked for", point: "after the commit of the one-off asked"},
		{name: "after the task was started and before we know", point: "after RunTask"},
		{name: "before its end is written down", point: "before the commit of the one-off ended"},
	} {
		t.Run(p.name, func(t *testing.T) {
			c := &crash{world: w.in(t)}
			c.alone(t)
			dead, _ := c.doom(t, p.point, 1)
			c.connected()
			r := c.waiting(c.other())
			r.press("U0LEAD", "approve")
			select {
			case <-dead:
			case <-time.After(patience):
				t.Fatalf("the bot was never at the point %q\n%s", p.point, c.log)
			}
			c.timePasses(t)
			_, stop := c.bot()
			defer stop()
			r.state(bcn.ChangeSucceeded)
			c.inThread(r.card, "ended with exit code 0", "migrated")
			if n := r.started(); n != 1 {
				t.Errorf("%d tasks were started", n)
			}
		})
	}
}

// A failure is named by its cause, and a rollout that cannot succeed is ended
// at once.
func TestFailuresNameTheirCause(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.fromGitHub("v1")
	// Tasks exit before they are called unhealthy.
	w.commit(strings.Replace(w.manifest(), "health_check_path: /healthz", "health_check_path: /healthz\n            unhealthy_threshold_count: 10", 1))
	deploys := func(tag string, b cluster.Behaviour) request {
		w.t.Helper()
		w.aws.Cluster().PutImage("hello", tag, cluster.Image{Behaviour: b})
		r := w.waiting(tag)
		r.press("U0LEAD", "approve")
		return r
	}
	// ECS would give up at three failures: the third does not come, so that it is
	// bcn that gives up, however slow this machine is.
	crash := cluster.Exits(7, time.Second, "no such table")
	crash.Start, crash.Stalls = time.Minute, 2 // it answers no health check before
	before := 0                                // operations that were stopped
	for _, c := range []struct {
		name, tag string
		does      cluster.Behaviour
		says      []string // in the thread
	}{
		{"an image that cannot be pulled", "gone", cluster.Behaviour{PullError: "manifest unknown", PullTime: time.Second, Stalls: 2}, []string{"failed", "CannotPullContainerError", "manifest unknown"}},
		{"first tasks that exit", "crash", crash, []string{"failed", "exit code 7", "no such table"}},
	} {
		t.Run(c.name+": the rollout is stopped early and rolled back", func(t *testing.T) {
			w := w.in(t)
			r := deploys(c.tag, c.does)
			w.inThread(r.card, "cannot run", "stopped and rolled back now")
			w.inThread(r.card, c.says...)
			r.ends(bcn.ChangeRolledBack, bcn.CodeStackFailed)
			if n := ask[int](t, w, `select count(*) from stack_event where change = $1 and reason like '%Circuit Breaker%'`, int64(r.id)); n > 0 {
				t.Errorf("ECS gave up by itself: %d events", n)
			}
			cancels := 0
			for _, c := range w.aws.Calls() {
				if c.Action == "CancelUpdateStack" && strings.Contains(fmt.Sprint(c.Params["StackName"]), "/hello/") {
					cancels++
				}
			}
			if cancels <= before {
				t.Error("nobody stopped the stack's operation")
			}
			before = cancels
			w.runs(t, a, "v1")
		})
	}
	t.Run("a failed health check is named with its path and status", func(t *testing.T) {
		w := w.in(t)
		w.commit(strings.Replace(w.manifest(), "service_type: web", "service_type: web\n    health_check_grace_period: 600", 1)) // ECS waits long
		r := deploys("sick", cluster.NeverHealthy(503))
		w.inThread(r.card, "fails its health check", "/healthz", "503")
		r.press("U0DEV", "cancel")
		r.ends(bcn.ChangeRolledBack, bcn.CodeCancelled)
		w.runs(t, a, "v1")
	})
}

// runsThrough lets a waiting change run to its end.
func (r request) runsThrough() {
	r.w.t.Helper()
	r.press("U0LEAD", "approve")
	r.state(bcn.ChangeSucceeded)
}

// older lets a task that ECS has taken be asked for and taken earlier.
func older(o *bcn.Oneoff, by time.Duration) {
	o.AskedAt = o.AskedAt.Add(-by)
	at := o.TakenAt.Add(-by)
	o.TakenAt = &at
}

// orderOf is what bcn asks ECS for, to run the command of a change.
func (w *world) orderOf(a *App, r request, command ...string) (deploy.TaskOrder, bcn.Target) {
	w.t.Helper()
	o, err := w.open().Oneoff(w.t.Context(), r.id)
	if err != nil {
		w.t.Fatal(err)
	}
	d, err := a.store.District(w.t.Context(), "default")
	if err != nil {
		w.t.Fatal(err)
	}
	return deploy.TaskOrder{
		Definition: o.Definition, Container: o.Container, Command: command, Memory: 512, Name: o.Name(r.id), Owner: "test",
	}, a.deploy.SystemTarget(d)
}

// between changes rows of a change past bcn, by a statement that reads from idle,
// while none of its steps runs: a step writes the row that it read at its start,
// and so would undo what was changed meanwhile.
func (w *world) between(r request, statement string) {
	w.t.Helper()
	w.until("no step runs", `with idle as (
			select id from change where id = $1 and (lease_until is null or lease_until < bcn_now()) for update
		), changed as (`+statement+` returning true)
		select exists (select from changed)`, int64(r.id))
}

// forged writes a one-off's row as bcn itself would, with its seal: time passes
// that nobody can wait for.
func (w *world) forged(t *testing.T, r request, change func(*bcn.Oneoff)) {
	t.Helper()
	s := w.open()
	for tick := newTick(t); ; tick() {
		c, ok, err := s.Claim(t.Context(), r.id)
		if err != nil {
			t.Fatal(err)
		}
		if !ok || c.Oneoff == nil {
			continue
		}
		o := *c.Oneoff
		change(&o)
		_, err = s.Apply(t.Context(), deploy.Move{From: c, Step: c.Change.Step, Phase: c.Phase, Oneoff: &o, Quiet: true})
		if errors.Is(err, deploy.ErrMoved) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		w.sql(t, `update change set lease_until = null where id = $1`, int64(r.id))
		return
	}
}
