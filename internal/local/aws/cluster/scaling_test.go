package cluster_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

const (
	scalableType = "AWS::ApplicationAutoScaling::ScalableTarget"
	policyType   = "AWS::ApplicationAutoScaling::ScalingPolicy"
)

func scalable(service string, least, most float64) m {
	return m{"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": service, "MinCapacity": least, "MaxCapacity": most}
}

func tracking(target, metric string, value float64) m {
	return m{
		"PolicyName": strings.ToLower(metric), "PolicyType": "TargetTrackingScaling", "ScalingTargetId": target,
		"TargetTrackingScalingPolicyConfiguration": m{"TargetValue": value, "PredefinedMetricSpecification": m{"PredefinedMetricType": metric}},
	}
}

func TestScaling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn, attrs := w.create(serviceType, "Web", serviceProps(w.definition("v1"), m{"DesiredCount": 1.0}))
	w.steady(arn)
	id := "service/main/" + attrs["Name"]
	target, _ := w.create(scalableType, "Target", scalable(id, 3, 5))
	if target != id+"|ecs:service:DesiredCount|ecs" {
		t.Fatal(target)
	}
	w.advance(time.Minute)
	w.steady(arn)
	if s := w.describe(arn); s["desiredCount"] != 3 || s["runningCount"] != 3 || len(list(s, "deployments")) != 1 {
		t.Fatal("the least count is kept, without a new deployment", s["desiredCount"])
	}
	policy, _ := w.create(policyType, "CPU", tracking(target, "ECSServiceAverageCPUUtilization", 60))
	got := item(list(w.call("application-autoscaling", "DescribeScalingPolicies", m{"ResourceId": id}), "ScalingPolicies"), 0)
	if got["PolicyARN"] != policy || len(list(got, "Alarms")) != 2 {
		t.Fatal(got)
	}
	p := w.Providers()
	if _, err := p[scalableType].Update(context.Background(), target, w.request("Target", scalable(id, 1, 2))); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Minute)
	if s := w.describe(arn); s["desiredCount"] != 2 {
		t.Fatal("nor more than the most", s["desiredCount"])
	}
	x := item(list(w.call("application-autoscaling", "DescribeScalableTargets", m{"ServiceNamespace": "ecs"}), "ScalableTargets"), 0)
	if x["MinCapacity"] != 1 || x["MaxCapacity"] != 2 || x["ResourceId"] != id {
		t.Fatal(x)
	}
	for kind, id := range map[string]string{policyType: policy, scalableType: target} {
		if err := p[kind].Delete(context.Background(), id, w.request("x", nil)); err != nil {
			t.Fatal(err)
		}
	}
	if left := list(w.call("application-autoscaling", "DescribeScalableTargets", m{"ServiceNamespace": "ecs"}), "ScalableTargets"); len(left) != 0 {
		t.Fatal(left)
	}
}

func TestScalingIsRefused(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		change func(w *world, target, policy m)
		text   string
	}{
		"for a service that is not there":    {func(_ *world, s, _ m) { s["ResourceId"] = "service/main/none" }, "ECS service doesn't exist: service/main/none"},
		"of a table":                         {func(_ *world, s, _ m) { s["ServiceNamespace"] = "dynamodb" }, "Unsupported service namespace"},
		"with less at most than at least":    {func(_ *world, s, _ m) { s["MaxCapacity"] = 0.0 }, "cannot be less than minimum"},
		"by a metric that is none":           {func(_ *world, _, p m) { metricOf(p)["PredefinedMetricType"] = "Load" }, "no predefined metric Load"},
		"by requests without a label":        {func(_ *world, _, p m) { metricOf(p)["PredefinedMetricType"] = "ALBRequestCountPerTarget" }, "The resource label must be"},
		"to nothing":                         {func(_ *world, _, p m) { node(p, "TargetTrackingScalingPolicyConfiguration")["TargetValue"] = 0.0 }, "TargetValue"},
		"of what is not registered":          {func(_ *world, _, p m) { p["ScalingTargetId"] = "service/main/none|x|ecs" }, "No scalable target registered"},
		"without the right to the service":   {func(w *world, _, _ m) { w.denied["ecs:UpdateService"] = true }, "ecs:UpdateService"},
		"without the right to make its role": {func(w *world, _, _ m) { w.denied["iam:CreateServiceLinkedRole"] = true }, "iam:CreateServiceLinkedRole"},
		"without the right to make alarms":   {func(w *world, _, _ m) { w.denied["cloudwatch:PutMetricAlarm"] = true }, "cloudwatch:PutMetricAlarm"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, attrs := w.create(serviceType, "Web", serviceProps(w.definition("v1"), nil))
			target := scalable("service/main/"+attrs["Name"], 1, 2)
			policy := tracking(target["ResourceId"].(string)+"|ecs:service:DesiredCount|ecs", "ECSServiceAverageCPUUtilization", 60)
			x.change(w, target, policy)
			_, _, err := w.Providers()[scalableType].Create(context.Background(), w.request("Target", target))
			if err == nil {
				_, _, err = w.Providers()[policyType].Create(context.Background(), w.request("CPU", policy))
			}
			if err == nil || !strings.Contains(err.Error(), x.text) {
				t.Errorf("got %v, want %q", err, x.text)
			}
		})
	}
}

func metricOf(policy m) m {
	return node(node(policy, "TargetTrackingScalingPolicyConfiguration"), "PredefinedMetricSpecification")
}
