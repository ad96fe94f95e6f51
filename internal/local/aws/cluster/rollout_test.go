package cluster_test

import (
	"strings"
	"testing"
	"time"
)

func TestRollout(t *testing.T) {
	t.Parallel()

	t.Run("a new service is not complete at once, and then steady", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, attrs := w.create(serviceType, "Web", serviceProps(w.definition("v1"), nil))
		if !strings.HasPrefix(attrs["Name"], "hello-Web-") || !strings.HasSuffix(arn, attrs["Name"]) {
			t.Fatalf("name %q of %s", attrs["Name"], arn)
		}
		if s := w.describe(arn); primary(s)["rolloutState"] != "IN_PROGRESS" || s["runningCount"] != 0 {
			t.Fatalf("at once: %v", s)
		}
		w.steady(arn)
		s := w.describe(arn)
		if primary(s)["rolloutState"] != "COMPLETED" || s["runningCount"] != 2 || s["pendingCount"] != 0 {
			t.Fatalf("in the end: %v", s)
		}
		for _, want := range []string{"has started 2 tasks", "deployment completed.", "has reached a steady state."} {
			if !strings.Contains(messages(s), want) {
				t.Errorf("no event %q in\n%s", want, messages(s))
			}
		}
	})

	t.Run("an update replaces the tasks and drains the old deployment", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		v1, v2 := w.definition("v1"), w.definition("v2")
		arn, _ := w.create(serviceType, "Web", serviceProps(v1, nil))
		w.steady(arn)
		old := primary(w.describe(arn))["id"]
		w.update(arn, serviceProps(v2, nil))
		s := w.describe(arn)
		if d := as[[]any](s["deployments"]); len(d) != 2 || item(d, 1)["id"] != old || item(d, 1)["status"] != "ACTIVE" {
			t.Fatalf("deployments: %v", d)
		}
		if took := w.steady(arn); took < 10*time.Second {
			t.Errorf("took only %s", took)
		}
		s = w.describe(arn)
		if len(as[[]any](s["deployments"])) != 1 || primary(s)["taskDefinition"] != v2 {
			t.Fatalf("in the end: %v", s["deployments"])
		}
		for _, task := range w.stoppedTasks(text(s, "serviceName")) {
			want := "Scaling activity initiated by (deployment " + text(primary(s), "id") + ")"
			if task["stoppedReason"] != want || task["stopCode"] != "ServiceSchedulerInitiated" {
				t.Errorf("stopped because %v (%v)", task["stoppedReason"], task["stopCode"])
			}
		}
	})
}

func TestFailedRollout(t *testing.T) {
	t.Parallel()

	t.Run("the circuit breaker without rollback fails the stack and keeps the old tasks", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		v1, bad := w.definition("v1"), w.definition("crash")
		arn, _ := w.create(serviceType, "Web", serviceProps(v1, nil))
		w.steady(arn)
		w.update(arn, serviceProps(bad, nil))
		var failure error
		w.wait(20*time.Minute, func() bool {
			_, failure = w.ready(serviceType, arn)
			return failure != nil
		})
		if !strings.Contains(failure.Error(), "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.") {
			t.Fatalf("reason: %v", failure)
		}
		s := w.describe(arn)
		p := primary(s)
		if p["rolloutState"] != "FAILED" || p["failedTasks"] != 3 || s["runningCount"] != 2 {
			t.Fatalf("after it tripped: %v", s)
		}
		if p["rolloutStateReason"] != "ECS deployment circuit breaker: tasks failed to start." {
			t.Errorf("reason: %v", p["rolloutStateReason"])
		}
		task := w.stoppedTasks(text(s, "serviceName"))[0]
		k := item(as[[]any](task["containers"]), 0)
		if task["stopCode"] != "EssentialContainerExited" || k["exitCode"] != 3 || task["stoppedReason"] != "Essential container in task exited" {
			t.Errorf("stopped task: %v", task)
		}
		w.update(arn, serviceProps(v1, nil)) // CloudFormation's rollback
		w.steady(arn)
		if s := w.describe(arn); primary(s)["taskDefinition"] != v1 || s["runningCount"] != 2 {
			t.Fatalf("after the rollback: %v", s)
		}
	})
}
