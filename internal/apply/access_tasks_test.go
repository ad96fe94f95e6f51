package apply_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/apply"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/grant"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/render"
)

func TestABaseStackOffersATaskForGrants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.AccessTask(t.Context(), w.target, hello())
	wantCode(t, err, bcn.CodeNoAccessTask)
	offer := w.base(t)
	if offer.Container != render.AccessContainer || !strings.Contains(offer.TaskDefinition, ":task-definition/") || !strings.HasPrefix(offer.Digest, "sha256:") {
		t.Errorf("%+v", offer)
	}
	// A stack of before there were grants has no output for them.
	old := groups(t, "heritage-old", 1, 7)
	if status := w.run(t, w.propose(t, "bcn-3-1", old)); status != "CREATE_COMPLETE" {
		t.Fatal(status)
	}
	_, err = w.AccessTask(t.Context(), w.target, bcn.Heritage{App: "old", Env: "production", Name: "old"})
	wantCode(t, err, bcn.CodeNoAccessTask)
}

func TestATaskOfAGrantsOwnIsStartedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	end := time.Now().Add(10 * time.Minute)
	g := w.start(t, "bcn-g1042", end)
	if !g.Exec || g.Status != "RUNNING" || g.Container != render.AccessContainer || g.Runtime == "" || g.Started.IsZero() ||
		g.Service != "" || !strings.HasPrefix(g.Digest, "sha256:") {
		t.Errorf("%+v", g)
	}
	offer, err := w.AccessTask(t.Context(), w.target, hello())
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.StartTask(t.Context(), w.target, grant.TaskStart{
		TaskDefinition: offer.TaskDefinition, Container: offer.Container, Until: end, Name: "bcn-g1042", Owner: owner,
	})
	if err != nil || again.ARN != g.ARN {
		t.Errorf("a second task: %+v, %v", again, err)
	}
	found, err := w.FindTask(t.Context(), w.target, "bcn-g1042")
	if err != nil || !cmp.Equal(found, g) {
		t.Errorf("found %+v, %v", found, err)
	}
	if _, err := w.FindTask(t.Context(), w.target, "bcn-g1043"); !errors.Is(err, deploy.ErrNone) {
		t.Error(err)
	}
	asked := w.lastCall(t, "RunTask").Params
	for _, want := range []string{
		render.HoldUntil(end), "enableExecuteCommand:true", "clientToken:bcn-g1042", "startedBy:bcn-g1042", "assignPublicIp:DISABLED",
		"subnet-0a11ce00000000001", "sg-0a11ce00000000001", "key:bcn:installation value:" + owner, "key:bcn:grant value:bcn-g1042",
	} {
		if got := fmt.Sprint(asked); !strings.Contains(got, want) {
			t.Errorf("asked for %s, which has no %s", got, want)
		}
	}
}

func TestAGrantsOwnTaskIsStoppedAndStillFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.start(t, "bcn-g1042", time.Now().Add(10*time.Minute))
	for range 2 { // the second time it is stopped already
		if err := w.StopTask(t.Context(), w.target, g.ARN, "bcn: grant 1042 is over"); err != nil {
			t.Fatal(err)
		}
	}
	stopped := w.await(t, g.ARN, func(g grant.Task) bool { return g.Status == "STOPPED" })
	if stopped.Ready || !strings.Contains(stopped.Reason, "grant 1042 is over") {
		t.Errorf("%+v", stopped)
	}
	found, err := w.FindTask(t.Context(), w.target, "bcn-g1042")
	if err != nil || found.ARN != g.ARN || found.Status != "STOPPED" {
		t.Errorf("found %+v, %v", found, err)
	}
	w.aws.Faults().Fail("ecs", "DescribeTaskDefinition", "ClientException", 400, -1)
	forgetful := apply.New(w.client, apply.Options{})
	if g, err := forgetful.Task(t.Context(), w.target, g.ARN, render.AccessContainer); err != nil || g.Status != "STOPPED" || g.Digest == "" {
		t.Errorf("without its definition: %+v, %v", g, err)
	}
	w.aws.Faults().Clear()
	none := g.ARN[:len(g.ARN)-4] + "ffff"
	if _, err := w.Task(t.Context(), w.target, none, ""); !errors.Is(err, deploy.ErrNone) {
		t.Error(err)
	}
	if err := w.StopTask(t.Context(), w.target, none, ""); err != nil {
		t.Errorf("a task that is gone: %v", err)
	}
}

func TestAGrantsOwnTaskEndsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	offer := w.base(t)
	end := time.Now().Add(2 * time.Second)
	g, err := w.StartTask(t.Context(), w.target, grant.TaskStart{
		TaskDefinition: offer.TaskDefinition, Container: offer.Container, Until: end, Name: "bcn-g1042", Owner: owner,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.await(t, g.ARN, func(g grant.Task) bool { return g.Status == "STOPPED" })
	if time.Now().Before(end.Truncate(time.Second)) {
		t.Error("it ended before its time")
	}
}

func TestTheRunningTasksOfServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if list, err := w.Tasks(t.Context(), w.target, hello()); err != nil || len(list) != 0 {
		t.Errorf("of nothing: %v %v", list, err)
	}
	plan, status := w.deploy(t, "2", "v2", w.endpoint(t))
	if status != "CREATE_COMPLETE" {
		w.explain(t, plan.StackID)
		t.Fatal(status)
	}
	ready := func(list []grant.Task) bool {
		return slices.ContainsFunc(list, func(g grant.Task) bool { return g.Service == "web" && g.Ready })
	}
	list := poll(t, func() ([]grant.Task, error) { return w.Tasks(t.Context(), w.target, hello()) }, ready)
	exec := map[string]bool{}
	for i, g := range list {
		exec[g.Service] = g.Exec
		if g.Container != g.Service || g.Status != "RUNNING" || g.Ready != g.Exec || !strings.HasPrefix(g.Digest, "sha256:") {
			t.Errorf("%+v", g)
		}
		if again, err := w.Task(t.Context(), w.target, g.ARN, ""); err != nil || again.Service != g.Service || again.Container != g.Container {
			t.Errorf("by itself: %+v, %v", again, err)
		}
		if i > 0 && g.Started.After(list[i-1].Started) {
			t.Error("not the newest first")
		}
	}
	if want := map[string]bool{"web": true, "worker": false}; !cmp.Equal(exec, want) {
		t.Errorf("ECS Exec: %v", exec)
	}
}

func TestBcnEntersATaskForSomebody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.start(t, "bcn-g1042", time.Now().Add(10*time.Minute))
	for command, want := range map[string]string{"": "/bin/sh", "rails c": "rails c"} {
		s, err := w.Enter(t.Context(), w.target, g.ARN, g.Container, command)
		if err != nil {
			t.Fatal(err)
		}
		id := g.ARN[strings.LastIndex(g.ARN, "/")+1:]
		if s.Target != "ecs:default_"+id+"_"+g.Runtime || s.Token.Reveal() == "" || !strings.Contains(s.URL, s.SessionID) {
			t.Errorf("%+v", s)
		}
		if strings.Contains(fmt.Sprintf("%+v %#v", s, s), s.Token.Reveal()) {
			t.Error("the token is printed")
		}
		if got := w.lastCall(t, "ExecuteCommand"); got.Params["command"] != want || got.SourceIdentity != "dana" {
			t.Errorf("%+v", got)
		}
		open, err := w.Sessions(t.Context(), w.target, s.Target)
		if err != nil || !slices.ContainsFunc(open.Sessions, func(o grant.Session) bool { return o.ID == s.SessionID }) {
			t.Errorf("%+v, %v", open, err)
		}
	}
	_, err := w.Enter(t.Context(), w.target, g.ARN, "sidecar", "")
	wantCode(t, err, bcn.CodeNoTask)
	w.aws.Faults().Fail("ecs", "ExecuteCommand", "TargetNotConnectedException", 400, 1)
	_, err = w.Enter(t.Context(), w.target, g.ARN, g.Container, "")
	wantCode(t, err, bcn.CodeUnavailable)
}

func TestAStopIsArmedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.start(t, "bcn-g1042", time.Now().Add(10*time.Minute))
	at := time.Now().Add(5 * time.Minute)
	for range 2 {
		if err := w.Arm(t.Context(), w.target, "bcn_g1042-stop", g.ARN, at); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, w.Arm(t.Context(), w.target, "bcn_g1042-stop", g.ARN, at.Add(time.Minute)), bcn.CodeAWSRefused)
	wantCode(t, w.Arm(t.Context(), w.target, "nightly", g.ARN, at), bcn.CodeAccessDenied)
	for range 2 {
		if err := w.Disarm(t.Context(), w.target, "bcn_g1042-stop"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Arm(t.Context(), w.target, "bcn_g1042-stop", g.ARN, time.Now().Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	stopped := w.await(t, g.ARN, func(g grant.Task) bool { return g.Status == "STOPPED" })
	if !strings.Contains(stopped.Reason, "bcn_g1042-stop") {
		t.Errorf("%+v", stopped)
	}
	if by := w.lastCall(t, "StopTask"); by.RoleARN != "arn:aws:iam::"+aws.DefaultAccount+":role/bcn-default-scheduler" || by.ErrorCode != "" {
		t.Errorf("stopped by %+v", by)
	}
	if err := w.aws.Sessions().ScheduleFailure(aws.DefaultRegion, "bcn_g1042-stop"); err != nil {
		t.Error(err)
	}
}
