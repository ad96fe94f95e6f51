package cluster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func TestServices(t *testing.T) {
	t.Parallel()

	t.Run("are listed in pages and described ten at a time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		d := w.definition("v1")
		for i := range 13 {
			w.create(serviceType, fmt.Sprintf("S%d", i), serviceProps(d, nil))
		}
		first := w.call("ecs", "ListServices", m{"cluster": "main"})
		rest := w.call("ecs", "ListServices", m{"cluster": "main", "nextToken": first["nextToken"]})
		if len(list(first, "serviceArns")) != 10 || len(list(rest, "serviceArns")) != 3 || rest["nextToken"] != nil {
			t.Fatal(first, rest)
		}
		w.refused("InvalidParameterException", "Invalid token", "ecs", "ListServices", m{"cluster": "main", "nextToken": "abc"})
		w.refused("InvalidParameterException", "more than 10", "ecs", "DescribeServices",
			m{"cluster": "main", "services": append(list(first, "serviceArns"), list(rest, "serviceArns")...)})
		w.refused("InvalidParameterException", "empty", "ecs", "DescribeServices", m{"cluster": "main"})
		out := w.call("ecs", "DescribeServices", m{"cluster": "main", "services": l{"nope"}})
		if f := item(list(out, "failures"), 0); f["reason"] != "MISSING" || !strings.HasSuffix(text(f, "arn"), ":service/main/nope") {
			t.Fatal(f)
		}
	})

	t.Run("scale without a new deployment", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), nil))
		w.steady(arn)
		id := primary(w.describe(arn))["id"]
		for _, n := range []float64{5, 1, 0} {
			w.call("ecs", "UpdateService", m{"cluster": "main", "service": arn, "desiredCount": n})
			w.wait(5*time.Minute, func() bool { return w.describe(arn)["runningCount"] == int(n) })
		}
		if s := w.describe(arn); primary(s)["id"] != id || len(list(s, "deployments")) != 1 {
			t.Fatal(s["deployments"])
		}
	})

	t.Run("are deployed anew when forced", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), nil))
		w.steady(arn)
		id := primary(w.describe(arn))["id"]
		w.call("ecs", "UpdateService", m{"cluster": "main", "service": arn, "forceNewDeployment": true})
		w.steady(arn)
		if primary(w.describe(arn))["id"] == id {
			t.Fatal("the same deployment")
		}
	})
}

func TestServicesThatCannotMove(t *testing.T) {
	t.Parallel()

	t.Run("that no percentages can move say so", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		props := serviceProps(w.definition("v1"), m{"DesiredCount": 1.0, "DeploymentConfiguration": m{"MinimumHealthyPercent": 100.0, "MaximumPercent": 150.0}})
		arn, _ := w.create(serviceType, "Web", props)
		w.steady(arn)
		props["TaskDefinition"] = w.definition("v2")
		w.update(arn, props)
		w.advance(time.Hour)
		if s := messages(w.describe(arn)); strings.Count(s, "was unable to stop or start tasks during a deployment") != 1 {
			t.Fatal(s)
		}
	})
}

func TestServicesEnd(t *testing.T) {
	t.Parallel()

	t.Run("drain when they are deleted, and the cluster waits for them", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id, _ := w.create("AWS::ECS::Cluster", "Cluster", m{"ClusterName": "other"})
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), m{"Cluster": "other"}))
		w.steady(arn)
		services, clusters := w.Providers()[serviceType], w.Providers()["AWS::ECS::Cluster"]
		if err := services.Delete(context.Background(), arn, w.request("Web", nil)); err != nil {
			t.Fatal(err)
		}
		gone := func() bool {
			ok, err := as[wire.Vanishing](services).Gone(context.Background(), arn, w.request("Web", nil))
			return ok && err == nil
		}
		if gone() {
			t.Fatal("gone at once")
		}
		w.isError(clusters.Delete(context.Background(), id, w.request("Cluster", nil)), "ClusterContainsTasksException", "Tasks are active")
		w.wait(time.Minute, gone)
		if err := clusters.Delete(context.Background(), id, w.request("Cluster", nil)); err != nil {
			t.Fatal(err)
		}
		w.refused("ClusterNotFoundException", "", "ecs", "ListServices", m{"cluster": "other"})
	})

	t.Run("on EC2 find no instances", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), m{"LaunchType": "EC2"}))
		w.advance(time.Hour)
		if s := w.describe(arn); !strings.Contains(messages(s), "No Container Instances were found") || s["pendingCount"] != 0 {
			t.Fatal(s)
		}
	})
}

func TestServicesAreRefused(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		more       m
		code, text string
	}{
		"in a cluster that is not":     {m{"Cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."},
		"of a definition that is not":  {m{"TaskDefinition": "nope"}, "ClientException", "TaskDefinition not found."},
		"without a network":            {m{"NetworkConfiguration": nil}, "InvalidParameterException", "Network Configuration must be provided"},
		"with both percentages at 100": {m{"DeploymentConfiguration": m{"MinimumHealthyPercent": 100.0, "MaximumPercent": 100.0}}, "InvalidParameterException", "will block deployments"},
		"with an unknown target group": {m{"LoadBalancers": l{m{"TargetGroupArn": "x", "ContainerName": "web", "ContainerPort": 3000.0}}}, "InvalidParameterException", "Unable to find target group"},
		"with a negative count":        {m{"DesiredCount": -1.0}, "InvalidParameterException", "negative"},
		"with a strange name":          {m{"ServiceName": "a b"}, "InvalidParameterException", "Invalid identifier"},
	} {
		t.Run(name+" are refused", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, _, err := w.Providers()[serviceType].Create(context.Background(), w.request("Web", serviceProps(w.definition("v1"), x.more)))
			w.isError(err, x.code, x.text)
			if arns := list(w.call("ecs", "ListServices", m{"cluster": "main"}), "serviceArns"); len(arns) != 0 {
				t.Fatal("left a service", arns)
			}
		})
	}

	t.Run("of a name in use are refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		props := serviceProps(w.definition("v1"), m{"ServiceName": "web"})
		w.create(serviceType, "Web", props)
		_, _, err := w.Providers()[serviceType].Create(context.Background(), w.request("Web", props))
		w.isError(err, "InvalidParameterException", "not idempotent")
	})
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	const ecs = "arn:aws:ecs:" + region + ":" + account + ":"
	for _, x := range []struct {
		service, action string
		in              m
		want            string // IAM action and resource
	}{
		{"ecs", "DescribeClusters", m{"clusters": l{"main"}}, "ecs:DescribeClusters " + ecs + "cluster/main"},
		{"ecs", "ListServices", m{"cluster": "main"}, "ecs:ListServices *"},
		{"ecs", "DescribeServices", m{"cluster": "main", "services": l{"web"}}, "ecs:DescribeServices " + ecs + "service/main/web"},
		{"ecs", "UpdateService", m{"cluster": "main", "service": "web"}, "ecs:UpdateService " + ecs + "service/main/web"},
		{"ecs", "ListServiceDeployments", m{"cluster": "main", "service": "web"}, "ecs:ListServiceDeployments " + ecs + "service/main/web"},
		{"ecs", "RunTask", m{"cluster": "main", "taskDefinition": "f:1"}, "ecs:RunTask " + ecs + "task-definition/f:1"},
		{"ecs", "StopTask", m{"cluster": "main", "task": "t1"}, "ecs:StopTask " + ecs + "task/main/t1"},
		{"ecs", "ListTasks", m{"cluster": "main"}, "ecs:ListTasks *"},
		{"ecs", "DescribeTasks", m{"cluster": "main", "tasks": l{"t1"}}, "ecs:DescribeTasks " + ecs + "task/main/t1"},
		{"ecs", "RegisterTaskDefinition", m{"family": "f"}, "ecs:RegisterTaskDefinition " + ecs + "task-definition/f:1"},
		{"ecs", "DescribeTaskDefinition", m{"taskDefinition": "f"}, "ecs:DescribeTaskDefinition *"},
		{"ecs", "DeregisterTaskDefinition", m{"taskDefinition": "f:1"}, "ecs:DeregisterTaskDefinition *"},
		{"ecs", "ListTaskDefinitions", m{}, "ecs:ListTaskDefinitions *"},
		{"ecs", "TagResource", m{"resourceArn": ecs + "cluster/main"}, "ecs:TagResource " + ecs + "cluster/main"},
		{"ecr", "DescribeImages", m{"repositoryName": "hello"}, "ecr:DescribeImages arn:aws:ecr:" + region + ":" + account + ":repository/hello"},
		{"ecr", "DescribeImageScanFindings", m{"repositoryName": "hello"}, "ecr:DescribeImageScanFindings arn:aws:ecr:" + region + ":" + account + ":repository/hello"},
		{"ecr", "ListImages", m{"repositoryName": "hello"}, "ecr:ListImages arn:aws:ecr:" + region + ":" + account + ":repository/hello"},
		{"ecr", "BatchGetImage", m{"repositoryName": "hello"}, "ecr:BatchGetImage arn:aws:ecr:" + region + ":" + account + ":repository/hello"},
		{"ecr", "GetAuthorizationToken", m{}, "ecr:GetAuthorizationToken *"},
		{"logs", "DescribeLogGroups", m{}, "logs:DescribeLogGroups arn:aws:logs:" + region + ":" + account + ":log-group:*"},
		{"logs", "GetLogEvents", m{"logGroupName": "g"}, "logs:GetLogEvents arn:aws:logs:" + region + ":" + account + ":log-group:g:*"},
		{"logs", "FilterLogEvents", m{"logGroupName": "g"}, "logs:FilterLogEvents arn:aws:logs:" + region + ":" + account + ":log-group:g:*"},
		{"elasticloadbalancing", "DescribeLoadBalancers", m{}, "elasticloadbalancing:DescribeLoadBalancers *"},
		{"elasticloadbalancing", "DescribeTargetHealth", m{}, "elasticloadbalancing:DescribeTargetHealth *"},
	} {
		t.Run(x.action+" is asked for, and denied before anything is told", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			action, resource, _ := strings.Cut(x.want, " ")
			w.denied[action] = true
			w.refused("AccessDeniedException", "perform: "+action+" on resource: "+resource, x.service, x.action, x.in)
		})
	}

	t.Run("brings the cluster and the resource's tags as condition keys", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), nil))
		w.describe(arn)
		keys := w.keys["ecs:DescribeServices"]
		if got := keys["ecs:cluster"]; len(got) != 1 || got[0] != ecs+"cluster/main" {
			t.Fatal(keys)
		}
		if got := keys["aws:ResourceTag/bcn"]; len(got) != 1 || got[0] != "x" {
			t.Fatal(keys)
		}
	})

	t.Run("of a stack's role is asked for each resource", func(t *testing.T) {
		t.Parallel()
		for kind, x := range map[string]struct {
			action string
			props  m
		}{
			serviceType:                {"ecs:CreateService", serviceProps("x", nil)},
			"AWS::ECS::Cluster":        {"ecs:CreateCluster", m{}},
			"AWS::Logs::LogGroup":      {"logs:CreateLogGroup", m{}},
			balancerType:               {"elasticloadbalancing:CreateLoadBalancer", m{}},
			groupType:                  {"elasticloadbalancing:CreateTargetGroup", m{}},
			"AWS::ECS::TaskDefinition": {"ecs:RegisterTaskDefinition", definitionProps("v1")},
		} {
			w := newWorld(t)
			w.denied[x.action] = true
			_, _, err := w.Providers()[kind].Create(context.Background(), w.request("X", x.props))
			w.isError(err, "AccessDeniedException", x.action)
		}
	})
}

func TestUnknownActionsAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, service := range []string{"ecs", "ecr", "logs", "elasticloadbalancing"} {
		w.refused("InvalidAction", "FrobnicateX in service "+service, service, "FrobnicateX", m{})
	}
}

func TestCloseRefusesCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Close()
	w.Close()
	w.refused("ServiceUnavailable", "closed", "ecs", "ListClusters", m{})
}

func TestDevSpeedShowsARolloutInSeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Cluster = cluster.New(cluster.Options{Clock: w.clock, Network: w, Roles: w, Secrets: w, Speed: cluster.DevSpeed()})
	w.handlers = w.Handlers()
	w.PutCluster(account, region, "main", nil)
	w.PutImage("hello", "v1", cluster.Image{})
	w.PutImage("hello", "v2", cluster.Image{})
	w.PutImage("hello", "sick", cluster.Image{Behaviour: cluster.NeverHealthy(503)})
	e := w.endpoint()
	w.advance(5 * time.Second)
	arn := w.webService(e, "v1")
	w.steady(arn)
	w.update(arn, webProps(w.definition("v2"), e))
	if took := w.steady(arn); took < 8*time.Second || took > 16*time.Second {
		t.Errorf("a rollout takes %s", took)
	}
	w.update(arn, webProps(w.definition("sick"), e))
	took := w.wait(time.Minute, func() bool { _, err := w.ready(serviceType, arn); return err != nil })
	if took < 5*time.Second || took > 20*time.Second {
		t.Errorf("a failure takes %s", took)
	}
}
