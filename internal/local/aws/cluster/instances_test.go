package cluster_test

import (
	"strings"
	"testing"
	"time"
)

// onMachines is the sample's service on container instances, each task of
// which wants 256 units and 512 MiB.
func onMachines(w *world, n float64) string {
	w.t.Helper()
	arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), m{"LaunchType": "EC2", "DesiredCount": n}))
	return arn
}

func TestTasksOnMachines(t *testing.T) {
	t.Parallel()

	t.Run("wait until there are some", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn := onMachines(w, 2)
		w.advance(time.Minute)
		if s := messages(w.describe(arn)); strings.Count(s, "No Container Instances were found in your cluster.") != 1 {
			t.Fatal(s)
		}
		w.PutInstances(account, region, "main", 2048, 3900, "i-1", "i-2")
		w.steady(arn)
		on := map[any]bool{}
		for _, task := range list(w.call("ecs", "ListTasks", m{"cluster": "main", "launchType": "EC2"}), "taskArns") {
			d := w.task(task)
			if d["platformVersion"] != nil || d["launchType"] != "EC2" {
				t.Error(d)
			}
			on[d["containerInstanceArn"]] = true
		}
		if len(on) != 2 {
			t.Errorf("two tasks on %v", on)
		}
	})

	t.Run("find no more room than there is", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.PutInstances(account, region, "main", 2048, 1100, "i-1")
		arn := onMachines(w, 3)
		w.advance(5 * time.Minute)
		s := w.describe(arn)
		if s["runningCount"] != 2 || !strings.Contains(messages(s), "The closest matching (container-instance i-1) has insufficient memory available.") {
			t.Fatal(s["runningCount"], messages(s))
		}
		w.definition("v1")
		out := w.call("ecs", "RunTask", w.oneOff(m{"launchType": "EC2"}))
		if f := list(out, "failures"); len(list(out, "tasks")) != 0 || len(f) != 1 || item(f, 0)["reason"] != "RESOURCE:MEMORY" {
			t.Fatal(out)
		}
	})

	t.Run("end with their machine and start elsewhere", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.PutInstances(account, region, "main", 2048, 3900, "i-1")
		arn := onMachines(w, 1)
		w.steady(arn)
		w.PutInstances(account, region, "main", 2048, 3900, "i-2")
		w.DropInstances("i-1")
		w.advance(5 * time.Minute)
		if s := w.describe(arn); s["runningCount"] != 1 {
			t.Fatal(messages(s))
		}
		gone := w.stoppedTasks(text(w.describe(arn), "serviceName"))
		if len(gone) != 1 || !strings.Contains(text(gone[0], "stoppedReason"), "i-1") {
			t.Fatal(gone)
		}
	})
}

func TestMachines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.PutInstances(account, region, "main", 2048, 3900, "i-1", "i-2")
	arn := onMachines(w, 2)
	w.steady(arn)
	arns := list(w.call("ecs", "ListContainerInstances", m{"cluster": "main"}), "containerInstanceArns")
	if len(arns) != 2 {
		t.Fatal(arns)
	}
	one := item(list(w.call("ecs", "DescribeContainerInstances", m{"cluster": "main", "containerInstances": arns}), "containerInstances"), 0)
	if one["ec2InstanceId"] != "i-1" || one["runningTasksCount"] != 1 || item(list(one, "remainingResources"), 1)["integerValue"] != 3900-512 {
		t.Fatal(one)
	}
	w.call("ecs", "UpdateContainerInstancesState", m{"cluster": "main", "containerInstances": arns[:1], "status": "DRAINING"})
	w.advance(5 * time.Minute)
	two := item(list(w.call("ecs", "DescribeContainerInstances", m{"cluster": "main", "containerInstances": arns[1:]}), "containerInstances"), 0)
	if two["runningTasksCount"] != 2 {
		t.Fatal("the services of a machine that drains move on", two)
	}
	c := item(list(w.call("ecs", "DescribeClusters", m{"clusters": l{"main"}}), "clusters"), 0)
	if c["registeredContainerInstancesCount"] != 2 {
		t.Fatal(c)
	}
	w.refused("InvalidParameterException", "status", "ecs", "UpdateContainerInstancesState", m{"cluster": "main", "containerInstances": arns, "status": "GONE"})
	out := w.call("ecs", "DescribeContainerInstances", m{"cluster": "main", "containerInstances": l{"none"}})
	if f := list(out, "failures"); len(f) != 1 || item(f, 0)["reason"] != "MISSING" {
		t.Fatal(out)
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group, _ := w.create("AWS::Logs::LogGroup", "Logs", m{"LogGroupName": "/bcn/main/hello"})
	p := definitionProps("v1")
	web := item(list(p, "ContainerDefinitions"), 0)
	web["Environment"] = l{m{"Name": "A", "Value": "file"}, m{"Name": "B", "Value": "file"}}
	web["LogConfiguration"] = m{"LogDriver": "awslogs", "Options": m{"awslogs-group": group, "awslogs-region": region, "awslogs-stream-prefix": "web"}}
	w.create("AWS::ECS::TaskDefinition", "Web", p)
	in := w.oneOff(m{"overrides": m{"cpu": "512", "memory": "1024", "containerOverrides": l{m{
		"name": "web", "command": l{"printenv"}, "memory": 1024.0, "environment": l{m{"name": "B", "value": "run"}, m{"name": "C", "value": "run"}},
	}}}})
	arn := text(item(list(w.call("ecs", "RunTask", in), "tasks"), 0), "taskArn")
	w.wait(time.Minute, func() bool { return w.task(arn)["lastStatus"] == "STOPPED" })
	if d := w.task(arn); d["cpu"] != "512" || d["memory"] != "1024" {
		t.Errorf("size: %v", d)
	}
	var lines []string
	for _, e := range list(w.call("logs", "FilterLogEvents", m{"logGroupName": group}), "events") {
		lines = append(lines, text(as[m](e), "message"))
	}
	if got := strings.Join(lines, " "); got != "A=file B=run C=run" {
		t.Error(got)
	}
	for text, over := range map[string]m{
		"No Fargate configuration exists": {"cpu": "512", "memory": "512"},
		"larger than the task":            {"containerOverrides": l{m{"name": "web", "memory": 2048.0}}},
	} {
		w.refused("InvalidParameterException", text, "ecs", "RunTask", w.oneOff(m{"overrides": over}))
	}
}
