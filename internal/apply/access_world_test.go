package apply_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/grant"
	"github.com/bcn-bot/bcn/internal/local/aws"
)

// hello is the sample app in production.
func hello() bcn.Heritage {
	return bcn.Heritage{App: "hello", Env: "production", Name: "hello", District: "default"}
}

// base deploys the sample's base stack, which has the task of grants.
func (w *world) base(t *testing.T) grant.AccessTask {
	t.Helper()
	p := w.rendered(t, "production", "v2", w.endpoint(t))[0]
	if status := w.run(t, w.propose(t, "bcn-2-1", p)); status != "CREATE_COMPLETE" {
		w.explain(t, p.Name)
		t.Fatal(status)
	}
	offer, err := w.AccessTask(t.Context(), w.target, hello())
	if err != nil {
		t.Fatal(err)
	}
	return offer
}

// start starts a task of a grant's own and waits until it can be entered.
func (w *world) start(t *testing.T, name string, until time.Time) grant.Task {
	t.Helper()
	offer := w.base(t)
	task, err := w.StartTask(t.Context(), w.target, grant.TaskStart{
		TaskDefinition: offer.TaskDefinition, Container: offer.Container, Until: until, Name: name, Owner: owner,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.await(t, task.ARN, func(g grant.Task) bool { return g.Ready })
}

// await polls a task until it is as wanted.
func (w *world) await(t *testing.T, arn string, ok func(grant.Task) bool) grant.Task {
	t.Helper()
	return poll(t, func() (grant.Task, error) { return w.Task(t.Context(), w.target, arn, "") }, ok)
}

// poll asks until the answer is as wanted.
func poll[T any](t *testing.T, ask func() (T, error), ok func(T) bool) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := backoff.Retry(ctx, func() (T, error) {
		got, err := ask()
		if err != nil {
			return got, backoff.Permanent(err)
		}
		if !ok(got) {
			return got, errors.New("not yet")
		}
		return got, nil
	}, backoff.WithBackOff(backoff.NewConstantBackOff(5*time.Millisecond)))
	if err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	return got
}

// onNode is what a grant of the sample's machine opens.
func onNode() access.Target {
	return access.Target{
		Kind: access.Instance, District: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion,
		Node: aws.SampleNode, Session: 10 * time.Minute,
	}
}

// asked is a mint of a grant's nth pick-up.
func asked(t *testing.T, target access.Target, end time.Time, n int) grant.Mint {
	t.Helper()
	policy, err := access.Policy(target, end)
	if err != nil {
		t.Fatal(err)
	}
	return grant.Mint{Role: target.RoleARN(), Policy: policy, Session: access.SessionName(1042, n), Identity: "dana", Seconds: 900}
}

// engineer is somebody who holds the credentials of a grant.
func (w *world) engineer(c grant.Credentials) awsx.Engineer {
	return awsx.NewEngineer(awsx.Handed{
		AccessKeyID: c.AccessKeyID.Reveal(), SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
		Region: aws.DefaultRegion, Endpoint: w.aws.URL(),
	})
}

// shell opens a session on the sample's machine under a grant.
func (w *world) shell(t *testing.T) string {
	t.Helper()
	c, err := w.Mint(t.Context(), w.target, asked(t, onNode(), time.Now().Add(10*time.Minute), 1))
	if err != nil {
		t.Fatal(err)
	}
	opened, err := w.engineer(c).StartSession(t.Context(), aws.SampleNode, onNode().Document(), "grant 1042")
	if err != nil {
		t.Fatal(err)
	}
	return opened.SessionID
}

// lastCall is the newest call of an action.
func (w *world) lastCall(t *testing.T, action string) aws.CallRecord {
	t.Helper()
	list := w.aws.Calls()
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Action == action {
			return list[i]
		}
	}
	t.Fatalf("nobody called %s", action)
	return aws.CallRecord{}
}
