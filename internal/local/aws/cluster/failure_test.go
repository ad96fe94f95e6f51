package cluster_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// tripped runs a new service of a family until the circuit breaker trips, and
// answers the service and its first stopped task.
func (w *world) tripped(props m) (service, task m) {
	w.t.Helper()
	arn, _ := w.create(serviceType, "Web", props)
	w.wait(time.Hour, func() bool { _, err := w.ready(serviceType, arn); return err != nil })
	service = w.describe(arn)
	return service, w.stoppedTasks(text(service, "serviceName"))[0]
}

func TestTaskFailures(t *testing.T) {
	t.Parallel()
	secret := func(from string) m {
		p := definitionProps("v1")
		item(list(p, "ContainerDefinitions"), 0)["Secrets"] = l{m{"Name": "DB", "ValueFrom": from}}
		return p
	}
	logged := func() m {
		p := definitionProps("v1")
		item(list(p, "ContainerDefinitions"), 0)["LogConfiguration"] = m{"LogDriver": "awslogs", "Options": m{
			"awslogs-group": "nowhere", "awslogs-region": region, "awslogs-stream-prefix": "hello",
		}}
		return p
	}
	checked := func() m {
		p := definitionProps("sick")
		item(list(p, "ContainerDefinitions"), 0)["HealthCheck"] = m{"Command": l{"CMD-SHELL", "true"}, "Interval": 10.0, "Retries": 2.0}
		return p
	}
	for name, x := range map[string]struct {
		definition m
		prepare    func(w *world)
		code       string
		reason     []string
	}{
		"an image that cannot be pulled":   {definitionProps("unpullable"), nil, "TaskFailedToStart", []string{"CannotPullContainerError: no space left"}},
		"a tag that is not":                {definitionProps("nope"), nil, "TaskFailedToStart", []string{"CannotPullContainerError: pull image manifest has been retried", host + "hello:nope: not found"}},
		"a program that exits":             {definitionProps("crash"), nil, "EssentialContainerExited", []string{"Essential container in task exited"}},
		"a failing container check":        {checked(), nil, "ServiceSchedulerInitiated", []string{"Task failed container health checks"}},
		"a parameter that is not":          {secret("/hello/db"), func(w *world) { w.missing["/hello/db"] = true }, "TaskFailedToStart", []string{"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm", "invalid ssm parameters: /hello/db"}},
		"a parameter that may not be read": {secret("/hello/db"), func(w *world) { w.denied["role:ssm:GetParameters"] = true }, "TaskFailedToStart", []string{"AccessDeniedException", "is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:" + region + ":" + account + ":parameter/hello/db"}},
		"a parameter by its ARN":           {secret("arn:aws:ssm:" + region + ":" + account + ":parameter/hello/db"), func(w *world) { w.missing["/hello/db"] = true }, "TaskFailedToStart", []string{"invalid ssm parameters"}},
		"a secret that is not": {secret("arn:aws:secretsmanager:" + region + ":" + account + ":secret:db-AbCdEf:password::"), func(w *world) {
			w.missing["arn:aws:secretsmanager:"+region+":"+account+":secret:db-AbCdEf"] = true
		}, "TaskFailedToStart", []string{"unable to retrieve secret from asm", "ResourceNotFoundException"}},
		"a registry that may not be read": {definitionProps("v1"), func(w *world) { w.denied["role:ecr:GetAuthorizationToken"] = true }, "TaskFailedToStart", []string{"unable to retrieve ecr registry auth", "ecr:GetAuthorizationToken"}},
		"a log group that is not":         {logged(), nil, "TaskFailedToStart", []string{"ResourceInitializationError: failed to validate logger args", "The specified log group does not exist."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if x.prepare != nil {
				x.prepare(w)
			}
			id, _ := w.create("AWS::ECS::TaskDefinition", "Web", x.definition)
			service, task := w.tripped(serviceProps(id, nil))
			if task["stopCode"] != x.code {
				t.Errorf("stop code %v", task["stopCode"])
			}
			for _, want := range x.reason {
				if !strings.Contains(text(task, "stoppedReason"), want) {
					t.Errorf("reason %q lacks %q", task["stoppedReason"], want)
				}
			}
			if !strings.Contains(messages(service), "deployment failed: tasks failed to start.") {
				t.Errorf("events:\n%s", messages(service))
			}
		})
	}
}

func TestStartsThatFail(t *testing.T) {
	t.Parallel()

	t.Run("a role that ECS may not assume starts no task and says so", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.distrust = true
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), nil))
		w.advance(10 * time.Second)
		if s := messages(w.describe(arn)); !strings.Contains(s, "ECS was unable to assume the role '"+role+"task'") {
			t.Fatalf("events:\n%s", s)
		}
	})

	t.Run("a failure that was ordered happens once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.FailNextTask("hello-web", "ResourceInitializationError: ordered")
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), nil))
		w.steady(arn)
		tasks := w.stoppedTasks(text(w.describe(arn), "serviceName"))
		if len(tasks) != 1 || tasks[0]["stoppedReason"] != "ResourceInitializationError: ordered" {
			t.Fatal(tasks)
		}
	})
}

func breaker(enable, rollback bool) m {
	return m{"DeploymentConfiguration": m{"DeploymentCircuitBreaker": m{"Enable": enable, "Rollback": rollback}}}
}

func TestCircuitBreaker(t *testing.T) {
	t.Parallel()
	t.Run("with rollback returns to the last complete deployment, and the stack fails", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		v1, bad := w.definition("v1"), w.definition("crash")
		arn, _ := w.create(serviceType, "Web", serviceProps(v1, breaker(true, true)))
		w.steady(arn)
		first := text(primary(w.describe(arn)), "id")
		w.update(arn, serviceProps(bad, breaker(true, true)))
		w.wait(20*time.Minute, func() bool { _, err := w.ready(serviceType, arn); return err != nil })
		s := w.describe(arn)
		p := primary(s)
		if p["id"] != first || p["rolloutStateReason"] != "ECS deployment circuit breaker: rolling back to deploymentId "+first+"." {
			t.Fatalf("primary: %v", p)
		}
		if item(list(s, "deployments"), 1)["rolloutState"] != "FAILED" || !strings.Contains(messages(s), "rolling back to deployment "+first) {
			t.Fatalf("service: %v", s)
		}
		w.wait(time.Minute, func() bool { return primary(w.describe(arn))["rolloutState"] == "COMPLETED" })
		deployments := list(w.call("ecs", "ListServiceDeployments", m{"cluster": "main", "service": arn}), "serviceDeployments")
		if item(deployments, 0)["status"] != "ROLLBACK_SUCCESSFUL" || item(deployments, 1)["status"] != "SUCCESSFUL" {
			t.Fatalf("deployments: %v", deployments)
		}
		w.update(arn, serviceProps(v1, breaker(true, true)))
		w.steady(arn)
	})

	t.Run("without a complete deployment there is nothing to return to", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		service, _ := w.tripped(serviceProps(w.definition("crash"), breaker(true, true)))
		if primary(service)["rolloutState"] != "FAILED" {
			t.Fatal(service)
		}
	})
}

func TestCircuitBreakerLimits(t *testing.T) {
	t.Parallel()

	t.Run("switched off the service never stabilises and is throttled", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("crash"), breaker(false, false)))
		for range 36 {
			w.advance(5 * time.Minute)
			if ok, err := w.ready(serviceType, arn); ok || err != nil {
				t.Fatalf("ready %v, %v", ok, err)
			}
		}
		s := w.describe(arn)
		failed := count(primary(s), "failedTasks")
		if primary(s)["rolloutState"] != "IN_PROGRESS" || failed < 10 || failed > 120 {
			t.Fatalf("after three hours: %v", primary(s))
		}
		if !strings.Contains(messages(s), "is unable to consistently start tasks successfully") {
			t.Fatalf("events:\n%s", messages(s))
		}
	})

	t.Run("its threshold is half of the desired count, at least 3", func(t *testing.T) {
		t.Parallel()
		for desired, want := range map[float64]int{1: 3, 2: 3, 7: 4, 20: 10, 500: 200} {
			w := newWorld(t)
			props := serviceProps(w.definition("v1"), m{"DesiredCount": desired})
			arn, _ := w.create(serviceType, "Web", props)
			arns := list(w.call("ecs", "ListServiceDeployments", m{"cluster": "main", "service": arn}), "serviceDeployments")
			d := w.call("ecs", "DescribeServiceDeployments", m{"serviceDeploymentArns": l{item(arns, 0)["serviceDeploymentArn"]}})
			got := node(item(list(d, "serviceDeployments"), 0), "deploymentCircuitBreaker")
			if got["threshold"] != want || got["status"] != "MONITORING" {
				t.Errorf("desired %v: %v", desired, got)
			}
		}
	})

	t.Run("its threshold and its way of counting can be chosen", func(t *testing.T) {
		t.Parallel()
		for name, x := range map[string]struct {
			threshold any
			want      int
		}{
			"two":                 {m{"Type": "COUNT", "Value": 2.0}, 2},
			"each of four":        {m{"Type": "UNBOUNDED_PERCENT", "Value": 100.0}, 4},
			"a tenth, at least 3": {m{"Type": "BOUNDED_PERCENT", "Value": 10.0}, 3},
		} {
			w := newWorld(t)
			service, _ := w.tripped(serviceProps(w.definition("crash"), m{"DesiredCount": 4.0, "DeploymentConfiguration": m{
				"DeploymentCircuitBreaker": m{"Enable": true, "Rollback": false, "ResetOnHealthyTask": false, "ThresholdConfiguration": x.threshold},
			}}))
			if got := count(primary(service), "failedTasks"); got < x.want || got > 4 {
				t.Errorf("%s: tripped after %d", name, got)
			}
		}
	})

	t.Run("counts in a row: a good task sets it to zero and does not end it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), nil))
		fail := func() { w.FailNextTask("hello-web", "ResourceInitializationError: ordered") }
		failed := func(n int) func() bool {
			return func() bool { return count(primary(w.describe(arn)), "failedTasks") == n }
		}
		fail()
		w.wait(time.Minute, failed(1))
		fail()
		w.wait(time.Minute, failed(2))
		w.wait(time.Minute, failed(0)) // the other task of the first two is good
		for range 3 {
			fail()
		}
		w.wait(20*time.Minute, func() bool { _, err := w.ready(serviceType, arn); return err != nil })
		if s := w.describe(arn); primary(s)["rolloutState"] != "FAILED" || s["runningCount"] != 1 {
			t.Fatal(s)
		}
	})

	t.Run("does not trip for a program that crashes once it was good", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.PutImage("hello", "late", cluster.Image{Behaviour: cluster.CrashAfter(2*time.Minute, 139)})
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("late"), nil))
		w.steady(arn)
		w.advance(10 * time.Minute)
		s := w.describe(arn)
		if primary(s)["rolloutState"] != "COMPLETED" || !strings.Contains(messages(s), "has started 1 tasks") && !strings.Contains(messages(s), "has started 2 tasks") {
			t.Fatal(s)
		}
		if n := len(w.stoppedTasks(text(s, "serviceName"))); n < 4 {
			t.Fatalf("%d tasks stopped in ten minutes", n)
		}
	})
}

func TestSlowStart(t *testing.T) {
	t.Parallel()
	grace := func(e endpoint, seconds float64) m {
		return m{
			"LoadBalancers":                 l{m{"TargetGroupArn": e.group, "ContainerName": "web", "ContainerPort": 3000.0}},
			"HealthCheckGracePeriodSeconds": seconds,
		}
	}
	t.Run("within the grace period is waited for", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		w.PutImage("hello", "slow", cluster.Image{Behaviour: cluster.SlowStart(time.Minute)})
		w.advance(2 * time.Minute)
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("slow"), grace(e, 120)))
		if took := w.steady(arn); took < time.Minute {
			t.Fatalf("steady after %s", took)
		}
		if n := len(w.stoppedTasks(text(w.describe(arn), "serviceName"))); n != 0 {
			t.Fatalf("%d tasks stopped", n)
		}
	})
	t.Run("beyond it the tasks are stopped", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		w.PutImage("hello", "slow", cluster.Image{Behaviour: cluster.SlowStart(time.Minute)})
		w.advance(2 * time.Minute)
		_, task := w.tripped(serviceProps(w.definition("slow"), grace(e, 0)))
		if !strings.HasPrefix(text(task, "stoppedReason"), "Task failed ELB health checks in (target-group ") {
			t.Fatal(task)
		}
	})
}
