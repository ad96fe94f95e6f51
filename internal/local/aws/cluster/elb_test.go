package cluster_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

const (
	balancerType = "AWS::ElasticLoadBalancingV2::LoadBalancer"
	listenerType = "AWS::ElasticLoadBalancingV2::Listener"
	ruleType     = "AWS::ElasticLoadBalancingV2::ListenerRule"
	groupType    = "AWS::ElasticLoadBalancingV2::TargetGroup"
)

// endpoint is a load balancer with a listener and a rule to a target group.
type endpoint struct{ balancer, listener, rule, group string }

func groupProps() m {
	return m{
		"Port": 3000.0, "Protocol": "HTTP", "TargetType": "ip", "VpcId": "vpc-1", "HealthCheckIntervalSeconds": 10.0,
		"HealthCheckPath": "/health", "HealthyThresholdCount": 2.0,
		"TargetGroupAttributes": l{m{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}},
	}
}

func ruleProps(listener, group string, priority float64) m {
	return m{
		"ListenerArn": listener, "Priority": priority,
		"Actions":    l{m{"Type": "forward", "TargetGroupArn": group}},
		"Conditions": l{m{"Field": "path-pattern", "Values": l{"/*"}}},
	}
}

func balancerProps() m {
	return m{"Scheme": "internet-facing", "Subnets": l{"subnet-a", "subnet-b"}, "SecurityGroups": l{"sg-lb"}}
}

func (w *world) endpoint() endpoint {
	w.t.Helper()
	var e endpoint
	e.balancer, _ = w.create(balancerType, "LoadBalancer", balancerProps())
	e.group, _ = w.create(groupType, "Targets", groupProps())
	e.listener, _ = w.create(listenerType, "HTTP", m{
		"LoadBalancerArn": e.balancer, "Port": 80.0, "Protocol": "HTTP",
		"DefaultActions": l{m{"Type": "fixed-response", "FixedResponseConfig": m{"StatusCode": "404"}}},
	})
	e.rule, _ = w.create(ruleType, "Rule", ruleProps(e.listener, e.group, 100))
	return e
}

// webService makes a service of an image behind the endpoint.
func (w *world) webService(e endpoint, tag string) string {
	w.t.Helper()
	arn, _ := w.create(serviceType, "Web", webProps(w.definition(tag), e))
	return arn
}

func webProps(definition string, e endpoint) m {
	return serviceProps(definition, m{
		"LoadBalancers": l{m{"TargetGroupArn": e.group, "ContainerName": "web", "ContainerPort": 3000.0}},
	})
}

// health are state and reason of each target.
func (w *world) health(group string) []string {
	w.t.Helper()
	var out []string
	for _, d := range list(w.call("elasticloadbalancing", "DescribeTargetHealth", m{"TargetGroupArn": group}), "TargetHealthDescriptions") {
		h := node(as[m](d), "TargetHealth")
		reason, _ := h["Reason"].(string)
		out = append(out, strings.TrimSpace(text(h, "State")+" "+reason))
	}
	return out
}

func TestLoadBalancing(t *testing.T) {
	t.Parallel()

	t.Run("a load balancer takes a while to become active", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id, attrs := w.create(balancerType, "LoadBalancer", balancerProps())
		if ok, err := w.ready(balancerType, id); ok || err != nil {
			t.Fatalf("ready at once: %v %v", ok, err)
		}
		w.advance(cluster.AWSSpeed().LoadBalancer)
		if ok, _ := w.ready(balancerType, id); !ok {
			t.Fatal("never active")
		}
		lb := item(list(w.call("elasticloadbalancing", "DescribeLoadBalancers", m{"LoadBalancerArns": l{id}}), "LoadBalancers"), 0)
		if lb["DNSName"] != attrs["DNSName"] || node(lb, "State")["Code"] != "active" || len(attrs["LoadBalancerName"]) > 32 {
			t.Fatalf("described as %v, attributes %v", lb, attrs)
		}
	})

	t.Run("a task is registered, becomes healthy with its first check, and then the deployment is complete", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		w.advance(2 * time.Minute)
		arn := w.webService(e, "v1")
		w.wait(time.Minute, func() bool { return w.describe(arn)["runningCount"] == 2 })
		if h := w.health(e.group); len(h) != 2 || h[0] != "initial Elb.RegistrationInProgress" {
			t.Fatalf("first: %v", h)
		}
		if primary(w.describe(arn))["rolloutState"] != "IN_PROGRESS" {
			t.Fatal("complete before its targets are healthy")
		}
		w.advance(10 * time.Second)
		if h := w.health(e.group); h[0] != "healthy" {
			t.Fatalf("after one check: %v", h)
		}
		w.steady(arn)
		if h := w.health(e.group); len(h) != 2 || h[0] != "healthy" || h[1] != "healthy" {
			t.Fatalf("in the end: %v", h)
		}
	})

	t.Run("targets of old tasks drain before the tasks stop", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		w.advance(2 * time.Minute)
		arn := w.webService(e, "v1")
		w.steady(arn)
		w.update(arn, webProps(w.definition("v2"), e))
		w.wait(5*time.Minute, func() bool {
			return strings.Contains(strings.Join(w.health(e.group), ","), "draining Target.DeregistrationInProgress")
		})
		if primary(w.describe(arn))["rolloutState"] != "IN_PROGRESS" {
			t.Fatal("complete while old tasks drain")
		}
		if took := w.steady(arn); took < 55*time.Second {
			t.Fatalf("drained in %s", took)
		}
		if h := w.health(e.group); len(h) != 2 {
			t.Fatalf("targets: %v", h)
		}
	})
}

func TestUnhealthyTargets(t *testing.T) {
	t.Parallel()

	t.Run("a target stays unhealthy when no security group lets the load balancer in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.admitted = map[string]bool{}
		e := w.endpoint()
		w.advance(2 * time.Minute)
		arn := w.webService(e, "v1")
		w.wait(3*time.Minute, func() bool { return strings.Contains(messages(w.describe(arn)), "is unhealthy in (target-group") })
		if s := messages(w.describe(arn)); !strings.Contains(s, "due to (reason Request timed out).") {
			t.Fatalf("events:\n%s", s)
		}
		task := w.stoppedTasks(text(w.describe(arn), "serviceName"))[0]
		if task["stoppedReason"] != "Task failed ELB health checks in (target-group "+e.group+")" || task["stopCode"] != "ServiceSchedulerInitiated" {
			t.Fatalf("stopped: %v", task["stoppedReason"])
		}
	})

	t.Run("an image that never becomes healthy trips the circuit breaker", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		w.advance(2 * time.Minute)
		arn := w.webService(e, "sick")
		w.wait(20*time.Minute, func() bool { _, err := w.ready(serviceType, arn); return err != nil })
		if s := messages(w.describe(arn)); !strings.Contains(s, "(reason Health checks failed with these codes: [503])") {
			t.Fatalf("events:\n%s", s)
		}
	})

	t.Run("a service needs a target group that a load balancer uses", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		group, _ := w.create(groupType, "Targets", groupProps())
		_, _, err := w.Providers()[serviceType].Create(context.Background(), w.request("Web", webProps(w.definition("v1"), endpoint{group: group})))
		w.isError(err, "InvalidParameterException", "does not have an associated load balancer")
	})
}

func TestLoadBalancingRefuses(t *testing.T) {
	t.Parallel()
	with := func(p m, key string, value any) m { p[key] = value; return p }
	for name, x := range map[string]struct {
		kind       string
		props      func(e endpoint) m
		code, text string
	}{
		"a priority that is in use":     {ruleType, func(e endpoint) m { return ruleProps(e.listener, e.group, 100) }, "PriorityInUse", "Priority '100' is currently in use"},
		"a priority beyond 50000":       {ruleType, func(e endpoint) m { return ruleProps(e.listener, e.group, 50001) }, "ValidationError", "must be between"},
		"a rule to a group that is not": {ruleType, func(e endpoint) m { return ruleProps(e.listener, "arn:x", 7) }, "TargetGroupNotFound", "not found"},
		"a condition of an unknown field": {ruleType, func(e endpoint) m {
			return with(ruleProps(e.listener, e.group, 7), "Conditions", l{m{"Field": "path"}})
		}, "ValidationError", "Condition field 'path'"},
		"a second listener on the port": {listenerType, func(e endpoint) m {
			return m{"LoadBalancerArn": e.balancer, "Port": "80", "Protocol": "HTTP", "DefaultActions": l{m{"Type": "forward", "TargetGroupArn": e.group}}}
		}, "DuplicateListener", "already exists on this port"},
		"HTTPS without a certificate": {listenerType, func(e endpoint) m {
			return m{"LoadBalancerArn": e.balancer, "Port": 443.0, "Protocol": "HTTPS", "DefaultActions": l{m{"Type": "forward", "TargetGroupArn": e.group}}}
		}, "ValidationError", "certificate"},
		"a name of more than 32 characters":  {groupType, func(endpoint) m { return with(groupProps(), "Name", strings.Repeat("a", 33)) }, "ValidationError", "cannot be longer than '32' characters"},
		"a name with an underscore":          {balancerType, func(endpoint) m { return with(balancerProps(), "Name", "a_b") }, "ValidationError", "hyphens"},
		"one zone only":                      {balancerType, func(endpoint) m { return with(balancerProps(), "Subnets", l{"subnet-a"}) }, "ValidationError", "two different Availability Zones"},
		"a subnet that is not":               {balancerType, func(endpoint) m { return with(balancerProps(), "Subnets", l{"subnet-a", "net-b"}) }, "SubnetNotFound", "net-b"},
		"a timeout as long as the interval":  {groupType, func(endpoint) m { return with(groupProps(), "HealthCheckTimeoutSeconds", 10.0) }, "ValidationError", "greater than the timeout"},
		"an interval of less than 5 seconds": {groupType, func(endpoint) m { return with(groupProps(), "HealthCheckIntervalSeconds", 4.0) }, "ValidationError", "must be between"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, _, err := w.Providers()[x.kind].Create(context.Background(), w.request("X", x.props(w.endpoint())))
			w.isError(err, x.code, x.text)
		})
	}

	t.Run("to delete a target group in use", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		p := w.Providers()
		w.isError(p[groupType].Delete(context.Background(), e.group, w.request("X", nil)), "ResourceInUse", "currently in use")
		if err := p[ruleType].Delete(context.Background(), e.rule, w.request("X", nil)); err != nil {
			t.Fatal(err)
		}
		if err := p[groupType].Delete(context.Background(), e.group, w.request("X", nil)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLoadBalancingDescribes(t *testing.T) {
	t.Parallel()
	t.Run("rules by priority, the default rule last", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		w.create(ruleType, "Second", ruleProps(e.listener, e.group, 20))
		var got []string
		for _, r := range list(w.call("elasticloadbalancing", "DescribeRules", m{"ListenerArn": e.listener}), "Rules") {
			got = append(got, text(as[m](r), "Priority"))
		}
		if strings.Join(got, " ") != "20 100 default" {
			t.Fatal(got)
		}
	})
	t.Run("pages of rules", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		w.create(ruleType, "Second", ruleProps(e.listener, e.group, 20))
		first := w.call("elasticloadbalancing", "DescribeRules", m{"ListenerArn": e.listener, "PageSize": "2"})
		rest := w.call("elasticloadbalancing", "DescribeRules", m{"ListenerArn": e.listener, "PageSize": "2", "Marker": first["NextMarker"]})
		if len(list(first, "Rules")) != 2 || len(list(rest, "Rules")) != 1 || rest["NextMarker"] != nil {
			t.Fatal(first, rest)
		}
		w.refused("ValidationError", "marker", "elasticloadbalancing", "DescribeRules", m{"ListenerArn": e.listener, "Marker": "x"})
	})
	t.Run("the target group with its load balancer", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		g := item(list(w.call("elasticloadbalancing", "DescribeTargetGroups", m{"LoadBalancerArn": e.balancer}), "TargetGroups"), 0)
		if g["TargetGroupArn"] != e.group || list(g, "LoadBalancerArns")[0] != e.balancer || g["HealthCheckIntervalSeconds"] != 10 {
			t.Fatal(g)
		}
	})
	t.Run("tags", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		e := w.endpoint()
		tags := list(item(list(w.call("elasticloadbalancing", "DescribeTags", m{"ResourceArns": l{e.rule}}), "TagDescriptions"), 0), "Tags")
		if len(tags) != 1 || item(tags, 0)["Key"] != "bcn" {
			t.Fatal(tags)
		}
	})
	t.Run("and says what is not there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for action, x := range map[string]struct {
			in   m
			code string
		}{
			"DescribeLoadBalancers": {m{"Names": l{"nope"}}, "LoadBalancerNotFound"},
			"DescribeListeners":     {m{"LoadBalancerArn": "nope"}, "LoadBalancerNotFound"},
			"DescribeRules":         {m{"ListenerArn": "nope"}, "ListenerNotFound"},
			"DescribeTargetGroups":  {m{"TargetGroupArns": l{"nope"}}, "TargetGroupNotFound"},
			"DescribeTargetHealth":  {m{"TargetGroupArn": "nope"}, "TargetGroupNotFound"},
		} {
			w.refused(x.code, "not found", "elasticloadbalancing", action, x.in)
		}
	})
}
