package cluster_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// registration is a valid RegisterTaskDefinition with a change to it or its container.
func registration(change func(spec, web m)) m {
	spec := m{
		"family": "hello-web", "networkMode": "awsvpc", "requiresCompatibilities": l{"FARGATE"}, "cpu": "256", "memory": "512",
		"executionRoleArn":     role + "execution",
		"containerDefinitions": l{m{"name": "web", "image": "nginx", "portMappings": l{m{"containerPort": 80.0}}}},
	}
	change(spec, item(list(spec, "containerDefinitions"), 0))
	return spec
}

func TestTaskDefinitions(t *testing.T) {
	t.Parallel()

	t.Run("are registered as numbered revisions", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for want := 1; want <= 2; want++ {
			d := node(w.call("ecs", "RegisterTaskDefinition", registration(func(_, _ m) {})), "taskDefinition")
			if d["revision"] != want || d["status"] != "ACTIVE" {
				t.Fatal(d)
			}
		}
		d := node(w.call("ecs", "DescribeTaskDefinition", m{"taskDefinition": "hello-web"}), "taskDefinition")
		port := item(list(item(list(d, "containerDefinitions"), 0), "portMappings"), 0)
		if d["revision"] != 2 || port["hostPort"] != 80 || port["protocol"] != "tcp" {
			t.Fatal(d)
		}
		w.call("ecs", "DeregisterTaskDefinition", m{"taskDefinition": "hello-web:2"})
		if arns := list(w.call("ecs", "ListTaskDefinitions", m{"familyPrefix": "hello-web"}), "taskDefinitionArns"); len(arns) != 1 {
			t.Fatal(arns)
		}
		if d := node(w.call("ecs", "DescribeTaskDefinition", m{"taskDefinition": "hello-web"}), "taskDefinition"); d["revision"] != 1 {
			t.Fatal(d)
		}
		d = node(w.call("ecs", "DescribeTaskDefinition", m{"taskDefinition": "hello-web:2"}), "taskDefinition")
		if d["status"] != "INACTIVE" {
			t.Fatal(d)
		}
		if d := node(w.call("ecs", "RegisterTaskDefinition", registration(func(_, _ m) {})), "taskDefinition"); d["revision"] != 3 {
			t.Fatal("a revision was used again")
		}
	})
}

func TestTaskDefinitionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		change func(spec, web m)
		text   string
	}{
		"a pair that Fargate does not have": {func(s, _ m) { s["memory"] = "4096" }, "No Fargate configuration exists for given values"},
		"no memory":                         {func(s, _ m) { delete(s, "memory") }, "defined at the task level"},
		"bridge networking":                 {func(s, _ m) { s["networkMode"] = "bridge" }, "Fargate only supports network mode"},
		"awslogs without an execution role": {func(s, c m) {
			delete(s, "executionRoleArn")
			c["logConfiguration"] = m{"logDriver": "awslogs", "options": m{"awslogs-group": "g", "awslogs-region": region, "awslogs-stream-prefix": "p"}}
		}, "execution role"},
		"awslogs without a prefix": {func(_, c m) {
			c["logConfiguration"] = m{"logDriver": "awslogs", "options": m{"awslogs-group": "g", "awslogs-region": region}}
		}, "awslogs-stream-prefix"},
		"a privileged container": {func(_, c m) { c["privileged"] = true }, "privileged"},
		"no image":               {func(_, c m) { delete(c, "image") }, "image should not be null"},
		"no containers":          {func(s, _ m) { s["containerDefinitions"] = l{} }, "cannot be empty"},
		"two of one name":        {func(s, c m) { s["containerDefinitions"] = l{c, c} }, "unique"},
		"no essential container": {func(_, c m) { c["essential"] = false }, "essential"},
		"another host port":      {func(_, c m) { c["portMappings"] = l{m{"containerPort": 80.0, "hostPort": 81.0}} }, "must match"},
		"a secret over a variable": {func(_, c m) {
			c["environment"] = l{m{"name": "A", "value": "1"}}
			c["secrets"] = l{m{"name": "A", "valueFrom": "/a"}}
		}, "secret name must be unique"},
		"a role that is no ARN": {func(s, _ m) { s["taskRoleArn"] = "task" }, "Role is not valid"},
		"a family with a dot":   {func(s, _ m) { s["family"] = "a.b" }, "Family"},
	} {
		t.Run("with "+name+" are refused", func(t *testing.T) {
			t.Parallel()
			newWorld(t).refused("ClientException", x.text, "ecs", "RegisterTaskDefinition", registration(x.change))
		})
	}

	t.Run("need iam:PassRole for their roles, to ECS tasks", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.denied["iam:PassRole"] = true
		w.refused("AccessDeniedException", "iam:PassRole on resource: "+role+"execution", "ecs", "RegisterTaskDefinition", registration(func(_, _ m) {}))
		if got := w.keys["iam:PassRole"]["iam:PassedToService"]; len(got) != 1 || got[0] != "ecs-tasks.amazonaws.com" {
			t.Fatal(got)
		}
	})
}

func TestFargateSizes(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		cpu, memory string
		ok          bool
	}{
		{"256", "512", true},
		{"256", "1024", true},
		{"256", "1536", false},
		{"256", "2048", true},
		{"256", "4096", false},
		{"512", "512", false},
		{"512", "1024", true},
		{"512", "3072", true},
		{"512", "5120", false},
		{"1024", "2048", true},
		{"1024", "9216", false},
		{"2048", "16384", true},
		{"2048", "2048", false},
		{"4096", "30720", true},
		{"8192", "20480", true},
		{"8192", "18432", false},
		{"16384", "122880", true},
		{"128", "512", false},
		{"0.25 vCPU", "0.5 GB", true},
		{"1 vCPU", "2GB", true},
		{"many", "2GB", false},
	} {
		t.Run(x.cpu+" with "+x.memory, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := definitionProps("v1")
			p["Cpu"], p["Memory"] = x.cpu, x.memory
			_, _, err := w.Providers()["AWS::ECS::TaskDefinition"].Create(context.Background(), w.request("Web", p))
			if (err == nil) != x.ok {
				t.Fatal(err)
			}
		})
	}
}

func (w *world) oneOff(more m) m {
	in := m{
		"cluster": "main", "taskDefinition": "hello-web", "launchType": "FARGATE", "startedBy": "bcn-7",
		"networkConfiguration": m{"awsvpcConfiguration": m{"subnets": l{"subnet-a"}, "securityGroups": l{"sg-task"}}},
	}
	for k, v := range more {
		in[k] = v
	}
	return in
}

func (w *world) task(arn any) m {
	w.t.Helper()
	return item(list(w.call("ecs", "DescribeTasks", m{"cluster": "main", "tasks": l{arn}, "include": l{"TAGS"}}), "tasks"), 0)
}

func override(words ...any) m {
	return m{"overrides": m{"containerOverrides": l{m{"name": "web", "command": words}}}}
}

func TestOneOffTasks(t *testing.T) {
	t.Parallel()
	t.Run("go through their states and can be seen for an hour", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.definition("v1")
		arn := item(list(w.call("ecs", "RunTask", w.oneOff(override("sh", "-c", "exit 4"))), "tasks"), 0)["taskArn"]
		var states []string
		w.wait(5*time.Minute, func() bool {
			s := text(w.task(arn), "lastStatus")
			if len(states) == 0 || states[len(states)-1] != s {
				states = append(states, s)
			}
			return s == "STOPPED"
		})
		if got := strings.Join(states, " "); got != "PROVISIONING PENDING ACTIVATING RUNNING DEPROVISIONING STOPPED" &&
			got != "PROVISIONING PENDING ACTIVATING RUNNING STOPPING DEPROVISIONING STOPPED" {
			t.Fatal(got)
		}
		task := w.task(arn)
		if task["stopCode"] != "EssentialContainerExited" || item(list(task, "containers"), 0)["exitCode"] != 4 || task["startedBy"] != "bcn-7" {
			t.Fatal(task)
		}
		w.advance(59 * time.Minute)
		if arns := list(w.call("ecs", "ListTasks", m{"cluster": "main", "startedBy": "bcn-7", "desiredStatus": "STOPPED"}), "taskArns"); len(arns) != 1 {
			t.Fatal(arns)
		}
		w.advance(2 * time.Minute)
		out := w.call("ecs", "DescribeTasks", m{"cluster": "main", "tasks": l{arn}})
		if f := list(out, "failures"); len(f) != 1 || item(f, 0)["reason"] != "MISSING" {
			t.Fatal(out)
		}
	})

	t.Run("with a known client token start once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.definition("v1")
		in := w.oneOff(m{"clientToken": "k1", "count": 2.0})
		first, again := list(w.call("ecs", "RunTask", in), "tasks"), list(w.call("ecs", "RunTask", in), "tasks")
		if len(first) != 2 || item(first, 0)["taskArn"] != item(again, 0)["taskArn"] {
			t.Fatal(first, again)
		}
		if arns := list(w.call("ecs", "ListTasks", m{"cluster": "main"}), "taskArns"); len(arns) != 2 {
			t.Fatal(arns)
		}
		w.refused("ConflictException", "clientToken", "ecs", "RunTask", w.oneOff(m{"clientToken": "k1", "startedBy": "other"}))
	})
}

func TestOneOffTasksOfPeople(t *testing.T) {
	t.Parallel()

	t.Run("are stopped by a person, with the reason", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.definition("v1")
		arn := item(list(w.call("ecs", "RunTask", w.oneOff(override("sleep", "600"))), "tasks"), 0)["taskArn"]
		w.wait(time.Minute, func() bool { return w.task(arn)["lastStatus"] == "RUNNING" })
		w.call("ecs", "StopTask", m{"cluster": "main", "task": arn, "reason": "cancelled by dana"})
		w.wait(time.Minute, func() bool { return w.task(arn)["lastStatus"] == "STOPPED" })
		task := w.task(arn)
		if task["stopCode"] != "UserInitiated" || task["stoppedReason"] != "cancelled by dana" || item(list(task, "containers"), 0)["exitCode"] != 137 {
			t.Fatal(task)
		}
	})

	t.Run("carry tags, and need ecs:TagResource for them", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.definition("v1")
		in := w.oneOff(m{"tags": l{m{"key": "change", "value": "7"}}})
		arn := item(list(w.call("ecs", "RunTask", in), "tasks"), 0)["taskArn"]
		if tags := list(w.task(arn), "tags"); len(tags) != 1 || item(tags, 0)["value"] != "7" {
			t.Fatal(tags)
		}
		if got := w.keys["ecs:TagResource"]["ecs:CreateAction"]; len(got) != 1 || got[0] != "RunTask" {
			t.Fatal(got)
		}
		w.denied["ecs:TagResource"] = true
		w.refused("AccessDeniedException", "ecs:TagResource", "ecs", "RunTask", in)
	})
}

func TestOneOffTasksAreRefused(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		in         m
		code, text string
	}{
		"without a network":           {m{"networkConfiguration": nil}, "InvalidParameterException", "Network Configuration must be provided"},
		"without a launch type":       {m{"launchType": nil}, "InvalidParameterException", "No Container Instances"},
		"in a cluster that is not":    {m{"cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."},
		"of a definition that is not": {m{"taskDefinition": "hello-web:9"}, "ClientException", "TaskDefinition not found."},
		"for an unknown container":    {m{"overrides": m{"containerOverrides": l{m{"name": "db"}}}}, "InvalidParameterException", "db is not a container"},
		"eleven at once":              {m{"count": 11.0}, "InvalidParameterException", "between 1 and 10"},
		"in an unknown subnet":        {m{"networkConfiguration": m{"awsvpcConfiguration": m{"subnets": l{"net-9"}}}}, "InvalidParameterException", "InvalidSubnetID.NotFound"},
		"in an unknown group":         {m{"networkConfiguration": m{"awsvpcConfiguration": m{"subnets": l{"subnet-a"}, "securityGroups": l{"grp"}}}}, "InvalidParameterException", "InvalidGroup.NotFound"},
		"with a startedBy of others":  {m{"startedBy": "dana@acme"}, "InvalidParameterException", "startedBy"},
		"with a long startedBy":       {m{"startedBy": strings.Repeat("a", 129)}, "InvalidParameterException", "startedBy"},
		"with a long token":           {m{"clientToken": strings.Repeat("a", 65)}, "InvalidParameterException", "clientToken"},
		"with a token with a space":   {m{"clientToken": "a b"}, "InvalidParameterException", "clientToken"},
		"with a service's tags":       {m{"propagateTags": "SERVICE"}, "InvalidParameterException", "SERVICE"},
		"with too long a command":     {override("sh", "-c", strings.Repeat("a", 8192)), "InvalidParameterException", "length must be at most 8192"},
		"with a long tag":             {m{"tags": l{m{"key": "a", "value": strings.Repeat("a", 257)}}}, "InvalidParameterException", "tag"},
		"with two ways to launch":     {m{"capacityProviderStrategy": l{m{"capacityProvider": "FARGATE"}}}, "InvalidParameterException", "both a launch type and"},
		"with tags of AWS's own":      {m{"tags": l{m{"key": "aws:x", "value": "1"}}}, "InvalidParameterException", "reserved"},
	} {
		t.Run(name+" are refused", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.definition("v1")
			w.refused(x.code, x.text, "ecs", "RunTask", w.oneOff(x.in))
		})
	}
}

func TestOneOffTasksLog(t *testing.T) {
	t.Parallel()
	t.Run("write to the stream prefix/container/task", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		group, _ := w.create("AWS::Logs::LogGroup", "Logs", m{"LogGroupName": "/bcn/main/hello", "RetentionInDays": 365.0})
		p := definitionProps("v1")
		item(list(p, "ContainerDefinitions"), 0)["LogConfiguration"] = m{"LogDriver": "awslogs", "Options": m{
			"awslogs-group": group, "awslogs-region": region, "awslogs-stream-prefix": "web",
		}}
		w.create("AWS::ECS::TaskDefinition", "Web", p)
		arn := text(item(list(w.call("ecs", "RunTask", w.oneOff(override("echo", "hello", "there"))), "tasks"), 0), "taskArn")
		w.wait(time.Minute, func() bool { return w.task(arn)["lastStatus"] == "STOPPED" })
		stream := "web/web/" + arn[strings.LastIndex(arn, "/")+1:]
		events := list(w.call("logs", "GetLogEvents", m{"logGroupName": group, "logStreamName": stream, "startFromHead": true}), "events")
		if len(events) != 1 || item(events, 0)["message"] != "hello there" {
			t.Fatal(events)
		}
	})
}

func TestTaskImagesByDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	digest := w.PutImage("hello", "pinned", cluster.Image{})
	p := definitionProps("x")
	item(list(p, "ContainerDefinitions"), 0)["Image"] = host + "hello@" + digest
	id, _ := w.create("AWS::ECS::TaskDefinition", "Web", p)
	arn, _ := w.create(serviceType, "Web", serviceProps(id, nil))
	w.PutImage("hello", "pinned", cluster.Image{Behaviour: cluster.Exits(1, 0)}) // the tag moves, the digest does not
	w.steady(arn)
	tasks := list(w.call("ecs", "ListTasks", m{"cluster": "main"}), "taskArns")
	if got := item(list(w.task(tasks[0]), "containers"), 0)["imageDigest"]; got != digest {
		t.Fatal(got)
	}
}
