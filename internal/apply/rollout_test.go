package apply_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/render"
)

// endpoint makes the sample's load balancer and answers it.
func (w *world) endpoint(t *testing.T) map[string]bcn.Endpoint {
	t.Helper()
	e := bcn.Endpoint{Name: "main", District: "default", Public: true, Environments: []string{"production", "staging"}}
	p, err := render.Endpoint(render.EndpointInput{Endpoint: e, District: w.target.District, Installation: owner})
	if err != nil {
		t.Fatal(err)
	}
	if status := w.run(t, w.propose(t, "bcn-1-1", p)); status != "CREATE_COMPLETE" {
		w.explain(t, p.Name)
		t.Fatal(status)
	}
	outputs, err := w.Outputs(t.Context(), w.target, p.Name)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]bcn.Endpoint{"main": render.FillEndpoint(e, outputs)}
}

// explain writes the failures of a stack to the test's log.
func (w *world) explain(t *testing.T, stack string) {
	t.Helper()
	events, err := w.Events(t.Context(), w.target, stack, time.Time{}, "")
	if err != nil {
		t.Log(err)
	}
	for _, e := range events {
		if e.Reason != "" {
			t.Logf("%s %s %s: %s", e.LogicalID, e.Type, e.Status, e.Reason)
		}
	}
}

// deploy runs both stacks of the sample app and answers the services' plan and
// status.
func (w *world) deploy(t *testing.T, change, tag string, endpoints map[string]bcn.Endpoint) (bcn.StackPlan, string) {
	t.Helper()
	list := w.rendered(t, "production", tag, endpoints)
	if base := w.propose(t, "bcn-"+change+"-1", list[0]); base.ChangeSet != "" {
		if status := w.run(t, base); !strings.HasSuffix(status, "_COMPLETE") || strings.Contains(status, "ROLLBACK") {
			w.explain(t, base.StackID)
			t.Fatal(status)
		}
	}
	plan := w.propose(t, "bcn-"+change+"-2", list[1])
	return plan, w.run(t, plan)
}

func TestTheSampleRollsOutWithTheRolesThatIAMPrints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	endpoints := w.endpoint(t)
	first, status := w.deploy(t, "2", "v1", endpoints)
	if status != "CREATE_COMPLETE" {
		w.explain(t, first.StackID)
		t.Fatal(status)
	}
	second, status := w.deploy(t, "3", "v2", endpoints)
	if status != "UPDATE_COMPLETE" {
		w.explain(t, second.StackID)
		t.Fatal(status)
	}
	rollouts, err := w.Rollouts(t.Context(), w.target, second.Name)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]deploy.Rollout{}
	for _, r := range rollouts {
		found[r.Service] = r
	}
	web, worker := found["web"], found["worker"]
	if len(rollouts) != 2 || !web.Steady || !worker.Steady || web.State != "COMPLETED" {
		t.Fatalf("%+v", rollouts)
	}
	digest := string(second.Template)
	if !strings.HasPrefix(web.Digest, "sha256:") || !strings.Contains(digest, web.Digest) {
		t.Errorf("digest %q", web.Digest)
	}
	if web.Healthy < 1 || web.Targets != web.Healthy || worker.Targets != 0 {
		t.Errorf("targets: web %d of %d, worker %d", web.Healthy, web.Targets, worker.Targets)
	}
	if !strings.HasPrefix(web.ECSName, "hello-") || web.TaskDefinition == "" || web.Running != web.Desired {
		t.Errorf("%+v", web)
	}
	again := w.propose(t, "bcn-4-2", w.rendered(t, "production", "v2", endpoints)[1])
	if again.ChangeSet != "" {
		t.Errorf("the same again changes %+v", again.Changes)
	}
}

func TestABrokenImageIsRolledBackAndItsTasksTellWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	endpoints := w.endpoint(t)
	if _, status := w.deploy(t, "2", "v1", endpoints); status != "CREATE_COMPLETE" {
		t.Fatal(status)
	}
	since := time.Now().Add(-time.Second)
	plan, status := w.deploy(t, "3", "broken", endpoints)
	if status != "UPDATE_ROLLBACK_COMPLETE" {
		t.Fatal(status)
	}
	events, err := w.Events(t.Context(), w.target, plan.StackID, since, "")
	if err != nil {
		t.Fatal(err)
	}
	failed := false
	for _, e := range events {
		failed = failed || e.Status == "UPDATE_FAILED" && e.Type == "AWS::ECS::Service" && e.Reason != ""
	}
	if !failed {
		t.Errorf("no failing service among %d events", len(events))
	}
	w.wantStopped(t, plan.Name, since)
}

func (w *world) wantStopped(t *testing.T, stack string, since time.Time) {
	t.Helper()
	stopped, err := w.StoppedTasks(t.Context(), w.target, stack, "", since, 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(stopped) == 0 || len(stopped) > 5 {
		t.Fatalf("%d tasks", len(stopped))
	}
	logs := false
	for i, s := range stopped {
		if s.Service != "web" && s.Service != "worker" || strings.HasPrefix(s.Reason, "Scaling activity") || s.Reason == "" {
			t.Errorf("%+v", s)
		}
		if i > 0 && s.At.After(stopped[i-1].At) {
			t.Error("not the newest first")
		}
		logs = logs || strings.Contains(strings.Join(s.Logs, "\n"), "Connection refused")
	}
	if !logs {
		t.Errorf("no log lines in %+v", stopped)
	}
	none, err := w.StoppedTasks(t.Context(), w.target, stack, "", time.Now().Add(time.Hour), 5)
	if err != nil || len(none) != 0 {
		t.Errorf("after all: %v %v", none, err)
	}
}

func TestAFailedCreationIsFollowedToItsDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	since := time.Now().Add(-time.Second)
	endpoints := w.endpoint(t)
	plan, status := w.deploy(t, "2", "broken", endpoints)
	if status != "DELETE_COMPLETE" && status != "ROLLBACK_COMPLETE" {
		w.explain(t, plan.StackID)
		t.Fatal(status)
	}
	w.wantStopped(t, plan.Name, since)
	if others, err := w.StoppedTasks(t.Context(), w.target, "hell", "", since, 5); err != nil || len(others) > 0 {
		t.Errorf("of another heritage: %v %v", others, err)
	}
	if status == "DELETE_COMPLETE" {
		again := w.propose(t, "bcn-3-2", w.rendered(t, "production", "v1", endpoints)[1])
		if !again.Create {
			t.Errorf("%+v", again)
		}
	}
	events, err := w.Events(t.Context(), w.target, plan.StackID, since, "")
	if err != nil || len(events) == 0 {
		t.Errorf("events of a deleted stack: %d %v", len(events), err)
	}
}

func TestAStackThatIsNotThereHasNoRollouts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if list, err := w.Rollouts(t.Context(), w.target, "none"); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	if list, err := w.StoppedTasks(t.Context(), w.target, "none", "", time.Time{}, 5); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	if _, err := w.Outputs(t.Context(), w.target, "none"); err == nil {
		t.Error("outputs of nothing")
	}
}
