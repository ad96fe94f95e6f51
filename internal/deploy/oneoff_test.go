package deploy_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// theirTasks is an ECS that has the tasks which a test gives it.
type theirTasks struct {
	deploy.Tasks
	there   string // ARN of what was started; empty: nothing
	state   deploy.TaskState
	stopped []string
}

func (e *theirTasks) Find(context.Context, bcn.Target, deploy.TaskOrder) (string, error) {
	if e.there == "" {
		return "", deploy.ErrNone
	}
	return e.there, nil
}

func (e *theirTasks) Look(context.Context, bcn.Target, string) (deploy.TaskState, error) {
	return e.state, nil
}

func (e *theirTasks) Stop(_ context.Context, _ bcn.Target, arn, reason string) error {
	e.stopped = append(e.stopped, arn+" "+reason)
	return nil
}

func (e *theirTasks) Tail(context.Context, bcn.Target, string, int) ([]string, error) {
	return nil, nil
}

// noServices is a fleet without any.
type noServices struct{ deploy.Fleet }

func (noServices) Rollouts(context.Context, bcn.Target, string) ([]deploy.Rollout, error) {
	return nil, nil
}

// oneoff stores a change whose one-off task was asked for, in a state.
func (w *world) oneoff(kind bcn.Kind, state bcn.ChangeState, o bcn.Oneoff, timeout time.Duration) bcn.ID {
	w.t.Helper()
	ctx := context.Background()
	wish := wishDeploy()
	wish.Kind = kind
	c, err := w.store.New(ctx, deploy.Origin{}, bcn.Change{
		Kind: kind, App: "hello", Env: "production", Heritage: "hello", District: "default", Subject: "oneoff", Requester: person("U0ADMIN"), Channel: "C0DEPLOYS",
	}, wish, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	p := bcn.Plan{
		App: "hello", Env: "production", Heritage: "hello", District: bcn.District{Name: "default"},
		Oneoff: &bcn.OneoffPlan{Command: []string{"rake", "db:migrate"}, Timeout: timeout},
		Stacks: []bcn.StackPlan{{Name: "heritage-hello"}, {Name: "hello", ChangeSet: "bcn-1-2"}},
	}
	if kind == bcn.KindRun {
		p.Stacks = nil
	}
	b, err := json.Marshal(p)
	if err != nil {
		w.t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	claimed, ok, err := w.store.Claim(ctx, c.ID)
	if err != nil || !ok {
		w.t.Fatal(ok, err)
	}
	if _, err := w.store.Apply(ctx, deploy.Move{From: claimed, Event: bcn.EventPlanned, Plan: &deploy.StoredPlan{Bytes: b, Hash: hex.EncodeToString(sum[:])}, Details: &p}); err != nil {
		w.t.Fatal(err)
	}
	move := func(apply func(c deploy.Claimed) error) {
		w.t.Helper()
		claimed, ok, err := w.store.Claim(ctx, c.ID)
		if err != nil || !ok {
			w.t.Fatal(ok, err)
		}
		if err := apply(claimed); err != nil {
			w.t.Fatal(err)
		}
	}
	move(func(c deploy.Claimed) error {
		_, err := w.store.Apply(ctx, deploy.Move{From: c, Event: bcn.EventQueue, Audit: map[string]any{"gated": false}})
		return err
	})
	move(func(c deploy.Claimed) error {
		_, err := w.store.Start(ctx, deploy.Move{From: c, Event: bcn.EventStart, Audit: map[string]any{"hash": c.Plan.Hash}}, func(bcn.Change) []deploy.Note { return nil })
		return err
	})
	w.rewrite(c.ID, func(deploy.Claimed) bcn.Oneoff { return o })
	if state == bcn.ChangeCancelling {
		if _, err := w.store.Interrupt(ctx, deploy.Origin{}, "U0ADMIN", c.ID, bcn.EventCancel, bcn.CodeCancelled, map[string]string{"by": "U0ADMIN"}, nil); err != nil {
			w.t.Fatal(err)
		}
	}
	return c.ID
}

// rewrite writes a one-off's row with its seal: time passes that nobody can
// wait for.
func (w *world) rewrite(id bcn.ID, change func(c deploy.Claimed) bcn.Oneoff) {
	w.t.Helper()
	c, ok, err := w.store.Claim(context.Background(), id)
	if err != nil || !ok {
		w.t.Fatal(ok, err)
	}
	o := change(c)
	if _, err := w.store.Apply(context.Background(), deploy.Move{From: c, Step: 1, Oneoff: &o, Quiet: true}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) step(id bcn.ID) bcn.Oneoff {
	w.t.Helper()
	if _, err := w.Tick(context.Background(), id); err != nil {
		w.t.Fatal(err)
	}
	o, err := w.store.Oneoff(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func TestCancellingAOneoffThatIsNotThere(t *testing.T) {
	t.Parallel()
	asked := bcn.NewOneoff(1, time.Now().Add(-time.Minute))
	asked.Definition, asked.Container = "arn:aws:ecs:us-east-1:123456789012:task-definition/hello-oneoff:3", "oneoff"
	start := func(t *testing.T) (*world, *theirTasks, bcn.ID) {
		w, ecs := newWorld(t).settled(), &theirTasks{}
		w.Tasks, w.Fleet, w.ExternalID = ecs, noServices{}, func(string) string { return "" }
		id := w.oneoff(bcn.KindRun, bcn.ChangeCancelling, asked, time.Hour)
		return w, ecs, id
	}
	t.Run("waits as long as the overtaken step may take, and ECS to list what it took", func(t *testing.T) {
		t.Parallel()
		w, ecs, id := start(t)
		first := w.step(id)
		if first.CancelAt == nil || w.change(id).State != bcn.ChangeCancelling {
			t.Fatalf("%+v, %s", first, w.change(id).State)
		}
		if again := w.step(id); !again.CancelAt.Equal(*first.CancelAt) {
			t.Errorf("it counts anew: %s, then %s", first.CancelAt, again.CancelAt)
		}
		w.rewrite(id, func(c deploy.Claimed) bcn.Oneoff {
			at := c.Oneoff.CancelAt.Add(-6 * time.Minute)
			c.Oneoff.CancelAt = &at
			return *c.Oneoff
		})
		w.step(id)
		if got := w.change(id); got.State != bcn.ChangeCancelled || len(ecs.stopped) != 0 {
			t.Errorf("%s, stopped %v", got.State, ecs.stopped)
		}
	})
	t.Run("stops what shows up meanwhile, and is cancelled once it has stopped", func(t *testing.T) {
		t.Parallel()
		w, ecs, id := start(t)
		w.step(id)
		ecs.there = "arn:aws:ecs:us-east-1:123456789012:task/default/late"
		o := w.step(id)
		if len(ecs.stopped) != 1 || !strings.HasPrefix(ecs.stopped[0], ecs.there+" bcn: run was cancelled") || o.Why != bcn.CodeCancelled || o.Task != ecs.there {
			t.Fatalf("stopped %v, %+v", ecs.stopped, o)
		}
		ecs.state = deploy.TaskState{Stopped: true, Reason: "bcn: run was cancelled"}
		w.step(id)
		w.step(id)
		if got := w.change(id); got.State != bcn.ChangeCancelled {
			t.Errorf("it is %s", got.State)
		}
	})
}

func TestAMigrationThatTakesTooLongIsStopped(t *testing.T) {
	t.Parallel()
	w, ecs := newWorld(t).settled(), &theirTasks{}
	w.Tasks, w.Fleet, w.ExternalID = ecs, noServices{}, func(string) string { return "" }
	o := bcn.NewOneoff(1, time.Now().Add(-9*time.Minute))
	o.Task = "arn:aws:ecs:us-east-1:123456789012:task/default/slow"
	id := w.oneoff(bcn.KindDeploy, bcn.ChangeApplying, o, 10*time.Minute)
	if got := w.step(id); got.Why != "" || len(ecs.stopped) != 0 {
		t.Fatalf("a minute before its time: %+v, stopped %v", got, ecs.stopped)
	}
	w.rewrite(id, func(c deploy.Claimed) bcn.Oneoff {
		c.Oneoff.AskedAt = c.Oneoff.AskedAt.Add(-2 * time.Minute)
		return *c.Oneoff
	})
	if got := w.step(id); got.Why != bcn.CodeOneoffTimedOut || len(ecs.stopped) != 1 || !strings.Contains(ecs.stopped[0], "before_deploy took longer than 10m0s") {
		t.Fatalf("%+v, stopped %v", got, ecs.stopped)
	}
	w.step(id)
	if len(ecs.stopped) != 1 {
		t.Errorf("it is stopped again: %v", ecs.stopped)
	}
	ecs.state = deploy.TaskState{Stopped: true}
	if got := w.step(id); !got.Ended() || got.Passed() || got.Why != bcn.CodeOneoffTimedOut {
		t.Errorf("%+v", got)
	}
}
