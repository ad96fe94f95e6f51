package cluster_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

// shifted is a web service whose deployments shift traffic between two target
// groups, in its first version.
type shifted struct {
	*world
	arn, first, second, rule string
	props                    m
}

func newShifted(t *testing.T, conf m) *shifted {
	t.Helper()
	w := newWorld(t)
	x := &shifted{world: w}
	e := w.endpoint()
	x.first = e.group
	x.second, _ = w.create("AWS::ElasticLoadBalancingV2::TargetGroup", "Second", groupProps())
	rule := ruleProps(e.listener, x.first, 77)
	rule["Actions"] = l{m{"Type": "forward", "ForwardConfig": m{"TargetGroups": l{
		m{"TargetGroupArn": x.first, "Weight": 100.0}, m{"TargetGroupArn": x.second, "Weight": 0.0},
	}}}}
	x.rule, _ = w.create("AWS::ElasticLoadBalancingV2::ListenerRule", "Shifted", rule)
	x.props = webProps(w.definition("v1"), e)
	x.props["LoadBalancers"] = l{m{
		"ContainerName": "web", "ContainerPort": 3000.0, "TargetGroupArn": x.first,
		"AdvancedConfiguration": m{"AlternateTargetGroupArn": x.second, "ProductionListenerRule": x.rule, "RoleArn": role + "infrastructure"},
	}}
	x.props["DeploymentConfiguration"] = conf
	x.arn, _ = w.create(serviceType, "Web", x.props)
	return x
}

// weights are what the rule sends to the two target groups.
func (x *shifted) weights() [2]int {
	x.t.Helper()
	r := item(list(x.call("elasticloadbalancing", "DescribeRules", m{"RuleArns": l{x.rule}}), "Rules"), 0)
	groups := list(node(item(list(r, "Actions"), 0), "ForwardConfig"), "TargetGroups")
	var out [2]int
	for i := range out {
		switch v := item(groups, i)["Weight"].(type) {
		case int:
			out[i] = v
		case float64:
			out[i] = int(v)
		}
	}
	return out
}

func (x *shifted) until(first, second int) time.Duration {
	x.t.Helper()
	return x.wait(2*time.Hour, func() bool { return x.weights() == [2]int{first, second} })
}

// rollout is the newest service deployment.
func (x *shifted) rollout() m {
	x.t.Helper()
	arns := list(x.call("ecs", "ListServiceDeployments", m{"cluster": "main", "service": x.arn}), "serviceDeployments")
	return item(list(x.call("ecs", "DescribeServiceDeployments", m{"serviceDeploymentArns": l{item(arns, 0)["serviceDeploymentArn"]}}), "serviceDeployments"), 0)
}

func (x *shifted) paused() (arn, hook string) {
	x.t.Helper()
	x.wait(time.Hour, func() bool {
		details, _ := x.rollout()["lifecycleHookDetails"].(l)
		return len(details) == 1 && item(details, 0)["status"] == "AWAITING_ACTION"
	})
	r := x.rollout()
	return text(r, "serviceDeploymentArn"), text(item(list(r, "lifecycleHookDetails"), 0), "hookId")
}

func (x *shifted) deploy(tag string) {
	x.t.Helper()
	x.props["TaskDefinition"] = x.definition(tag)
	x.update(x.arn, x.props)
}

func (x *shifted) failed() error {
	x.t.Helper()
	var failure error
	x.wait(2*time.Hour, func() bool {
		_, failure = x.ready(serviceType, x.arn)
		return failure != nil
	})
	return failure
}

func pausing(minutes float64) l {
	return l{m{"TargetType": "PAUSE", "LifecycleStages": l{"PRE_PRODUCTION_TRAFFIC_SHIFT"}, "TimeoutConfiguration": m{"TimeoutInMinutes": minutes, "Action": "ROLLBACK"}}}
}

func blueGreen(more m) m {
	out := m{"Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 10.0, "MinimumHealthyPercent": 100.0, "MaximumPercent": 200.0}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func TestBlueGreen(t *testing.T) {
	t.Parallel()
	t.Run("a first deployment waits for nobody, and the next one fills the other target group", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, blueGreen(m{"LifecycleHooks": pausing(60)}))
		x.steady(x.arn)
		if x.weights() != [2]int{100, 0} {
			t.Fatal(x.weights())
		}
		x.deploy("v2")
		arn, hook := x.paused()
		if x.weights() != [2]int{100, 0} || len(x.health(x.first)) != 2 || len(x.health(x.second)) != 2 || x.describe(x.arn)["runningCount"] != 4 {
			t.Fatal(x.weights(), x.health(x.first), x.health(x.second))
		}
		if r := x.rollout(); r["lifecycleStage"] != "PRE_PRODUCTION_TRAFFIC_SHIFT" || r["status"] != "IN_PROGRESS" {
			t.Fatal(r)
		}
		x.call("ecs", "ContinueServiceDeployment", m{"serviceDeploymentArn": arn, "hookId": hook, "action": "CONTINUE"})
		if x.weights() != [2]int{0, 100} || x.rollout()["lifecycleStage"] != "BAKE_TIME" {
			t.Fatal(x.weights(), x.rollout())
		}
		if baked := x.steady(x.arn); baked < 10*time.Minute {
			t.Errorf("baked for %s", baked)
		}
		if s := x.describe(x.arn); s["runningCount"] != 2 || x.rollout()["status"] != "SUCCESSFUL" || len(x.health(x.first)) != 0 {
			t.Fatal(s, x.health(x.first))
		}
		x.refused("ConflictException", "", "ecs", "ContinueServiceDeployment", m{"serviceDeploymentArn": arn, "hookId": hook})
		x.deploy("v1")
		arn, hook = x.paused()
		x.call("ecs", "ContinueServiceDeployment", m{"serviceDeploymentArn": arn, "hookId": hook})
		x.until(100, 0)
	})
	t.Run("a pause that nobody ends goes back, and the stack's update fails", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, blueGreen(m{"LifecycleHooks": pausing(5)}))
		x.steady(x.arn)
		v1 := x.props["TaskDefinition"]
		x.deploy("v2")
		x.paused()
		if err := x.failed(); !strings.Contains(err.Error(), "ECS Deployment was rolled back") {
			t.Error(err)
		}
		x.wait(time.Hour, func() bool { return x.rollout()["status"] == "ROLLBACK_SUCCESSFUL" })
		if s := x.describe(x.arn); s["taskDefinition"] != v1 || s["runningCount"] != 2 || x.weights() != [2]int{100, 0} {
			t.Fatal(s)
		}
		x.props["TaskDefinition"] = v1
		x.update(x.arn, x.props) // CloudFormation's rollback finds it as it was
		if took := x.steady(x.arn); took != 0 {
			t.Errorf("took %s", took)
		}
	})
	t.Run("one that is stopped while it bakes takes its traffic back", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, blueGreen(nil))
		x.steady(x.arn)
		x.deploy("v2")
		x.until(0, 100)
		arn := text(x.rollout(), "serviceDeploymentArn")
		x.refused("InvalidParameterException", "stop type", "ecs", "StopServiceDeployment", m{"serviceDeploymentArn": arn, "stopType": "ABORT"})
		x.call("ecs", "StopServiceDeployment", m{"serviceDeploymentArn": arn, "stopType": "ROLLBACK"})
		if x.weights() != [2]int{100, 0} {
			t.Fatal(x.weights())
		}
		x.wait(time.Hour, func() bool { return x.rollout()["status"] == "ROLLBACK_SUCCESSFUL" })
		x.refused("ConflictException", "", "ecs", "StopServiceDeployment", m{"serviceDeploymentArn": arn, "stopType": "ROLLBACK"})
	})
	t.Run("an alarm takes it back", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, blueGreen(m{"Alarms": m{"AlarmNames": l{"errors"}, "Enable": true, "Rollback": true}}))
		x.steady(x.arn)
		x.deploy("v2")
		x.until(0, 100)
		x.PutAlarm(region, "errors", true)
		if err := x.failed(); !strings.Contains(err.Error(), "ECS Deployment Alarm was triggered") || x.weights() != [2]int{100, 0} {
			t.Error(err, x.weights())
		}
		if a := node(x.rollout(), "alarms"); a["status"] != "TRIGGERED" {
			t.Error(a)
		}
		x.wait(time.Hour, func() bool { return x.rollout()["status"] == "ROLLBACK_SUCCESSFUL" }) // though it rings on
	})
	t.Run("tasks that never are healthy get no traffic", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, blueGreen(nil))
		x.steady(x.arn)
		x.deploy("sick")
		x.advance(30 * time.Minute)
		if x.weights() != [2]int{100, 0} || x.rollout()["lifecycleStage"] != "SCALE_UP" {
			t.Fatal(x.weights(), x.rollout())
		}
	})
	t.Run("another update takes back what the one before had shifted", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, blueGreen(nil))
		x.steady(x.arn)
		v1 := x.props["TaskDefinition"]
		x.deploy("v2")
		x.until(0, 100)
		x.props["TaskDefinition"] = v1
		x.update(x.arn, x.props)
		if x.weights() != [2]int{100, 0} {
			t.Fatal(x.weights())
		}
		x.steady(x.arn)
		if s := x.describe(x.arn); s["taskDefinition"] != v1 || s["runningCount"] != 2 {
			t.Fatal(s)
		}
	})
	t.Run("a role that may not modify the rule shifts nothing", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, blueGreen(nil))
		x.steady(x.arn)
		x.denied["role:elasticloadbalancing:ModifyRule"] = true
		x.deploy("v2")
		_ = x.failed()
		if s := messages(x.describe(x.arn)); !strings.Contains(s, "elasticloadbalancing:ModifyRule") {
			t.Error(s)
		}
	})
}

func TestGradualShifts(t *testing.T) {
	t.Parallel()
	t.Run("a canary shifts a part, waits, and shifts the rest", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, m{"Strategy": "CANARY", "BakeTimeInMinutes": 1.0, "CanaryConfiguration": m{"CanaryPercent": 20.0, "CanaryBakeTimeInMinutes": 15.0}})
		x.steady(x.arn)
		x.deploy("v2")
		x.until(80, 20)
		if w := node(x.rollout(), "targetServiceRevision")["requestedProductionTrafficWeight"]; w != 20.0 {
			t.Error(w)
		}
		if took := x.until(0, 100); took < 14*time.Minute || took > 16*time.Minute {
			t.Errorf("waited %s", took)
		}
		x.steady(x.arn)
	})
	t.Run("linear shifts in steps, and a pause comes before each", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, m{
			"Strategy": "LINEAR", "BakeTimeInMinutes": 0.0, "LinearConfiguration": m{"StepPercent": 40.0, "StepBakeTimeInMinutes": 2.0},
			"LifecycleHooks": pausing(60),
		})
		x.steady(x.arn)
		x.deploy("v2")
		for _, want := range [][2]int{{60, 40}, {20, 80}, {0, 100}} {
			arn, hook := x.paused()
			x.call("ecs", "ContinueServiceDeployment", m{"serviceDeploymentArn": arn, "hookId": hook})
			if x.weights() != want {
				t.Fatal(x.weights(), want)
			}
		}
		x.steady(x.arn)
	})
}

func TestShiftsRefuse(t *testing.T) {
	t.Parallel()
	for name, conf := range map[string]m{
		"a strategy without its bake time":      {"Strategy": "BLUE_GREEN"},
		"the circuit breaker":                   blueGreen(m{"DeploymentCircuitBreaker": m{"Enable": true, "Rollback": false}}),
		"a canary of all":                       {"Strategy": "CANARY", "CanaryConfiguration": m{"CanaryPercent": 101.0}},
		"steps that are too small":              {"Strategy": "LINEAR", "LinearConfiguration": m{"StepPercent": 2.0}},
		"another strategy's configuration":      blueGreen(m{"LinearConfiguration": m{"StepPercent": 10.0}}),
		"a bake time over a day":                blueGreen(m{"BakeTimeInMinutes": 1441.0}),
		"a pause while traffic is being turned": blueGreen(m{"LifecycleHooks": l{m{"TargetType": "PAUSE", "LifecycleStages": l{"PRODUCTION_TRAFFIC_SHIFT"}}}}),
		"a pause of more than 14 days":          blueGreen(m{"LifecycleHooks": pausing(20161)}),
		"a service without a load balancer":     blueGreen(nil),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, _, err := w.Providers()[serviceType].Create(context.Background(), w.request("Web", serviceProps(w.definition("v1"), m{"DeploymentConfiguration": conf})))
			w.isError(err, "InvalidParameterException", "")
		})
	}
	t.Run("the role has to be passed", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, blueGreen(nil))
		x.denied["iam:PassRole"] = true
		_, _, err := x.Providers()[serviceType].Create(context.Background(), x.request("Other", x.props))
		x.isError(err, "AccessDeniedException", "iam:PassRole")
	})
	t.Run("one target group is not enough", func(t *testing.T) {
		t.Parallel()
		x := newShifted(t, blueGreen(nil))
		x.props["LoadBalancers"] = l{m{"ContainerName": "web", "ContainerPort": 3000.0, "TargetGroupArn": x.first}}
		_, _, err := x.Providers()[serviceType].Create(context.Background(), x.request("Other", x.props))
		x.isError(err, "InvalidParameterException", "advancedConfiguration")
	})
}
