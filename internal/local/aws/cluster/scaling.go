package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// scaled is a scalable target of Application Auto Scaling: the count of an ECS
// service, and the policies that would move it. The local AWS measures no load,
// so that only the bounds act.
type scaled struct {
	arn, resource string // service/CLUSTER/NAME
	at            site
	least, most   int
	role          string
	created       time.Time
	tags          map[string]string
	policies      []*scalingPolicy
}

type scalingPolicy struct {
	arn, name string
	spec      tree
	created   time.Time
	alarms    []string
}

const (
	scalingSpace     = "ecs"
	scalingDimension = "ecs:service:DesiredCount"
	scalingRole      = "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
)

func (c *Cluster) scalingActions() map[string]action {
	return map[string]action{
		"DescribeScalableTargets": c.describeScaled,
		"DescribeScalingPolicies": c.describePolicies,
	}
}

// scalingKeys are the condition keys of Application Auto Scaling's actions.
func scalingKeys(tags map[string]string) map[string][]string {
	keys := keysOf(tags)
	keys["application-autoscaling:service-namespace"] = []string{scalingSpace}
	keys["application-autoscaling:scalable-dimension"] = []string{scalingDimension}
	return keys
}

// scaledService finds the service that a resource id names.
func (c *Cluster) scaledService(at site, resource string) *service {
	part := strings.Split(resource, "/")
	if len(part) != 3 || part[0] != "service" {
		return nil
	}
	if s := c.services[serviceARN(at, part[1], part[2])]; s != nil && s.status == "ACTIVE" {
		return s
	}
	return nil
}

// register makes or changes a scalable target, as RegisterScalableTarget.
func (c *Cluster) registerScaled(at site, in tree, tags map[string]string) (*scaled, error) {
	resource := in.str("ResourceId")
	old := c.scaledAt(at, resource)
	arn := at.arn("application-autoscaling", "scalable-target/*")
	if old != nil {
		arn = old.arn
	}
	if err := at.allow("application-autoscaling:RegisterScalableTarget", arn, withRequestTags(scalingKeys(nil), tags)); err != nil {
		return nil, err
	}
	if len(tags) > 0 {
		if err := at.allow("application-autoscaling:TagResource", arn, withRequestTags(scalingKeys(nil), tags)); err != nil {
			return nil, err
		}
	}
	if err := checkScaled(in); err != nil {
		return nil, err
	}
	s := c.scaledService(at, resource)
	if s == nil {
		return nil, wire.Errorf("ValidationException", "ECS service doesn't exist: %s", resource)
	}
	for _, action := range []string{"ecs:DescribeServices", "ecs:UpdateService"} { // in the caller's name, once
		if err := at.allow(action, s.arn, clusterKeys(s.cluster.arn, s.tags)); err != nil {
			return nil, err
		}
	}
	role := "arn:aws:iam::" + at.account + ":role/" + scalingRole
	if !c.linked[role] {
		if err := at.allow("iam:CreateServiceLinkedRole", role, map[string][]string{"iam:AWSServiceName": {"ecs.application-autoscaling.amazonaws.com"}}); err != nil {
			return nil, err
		}
		c.linked[role] = true
	}
	if old == nil {
		old = &scaled{arn: at.arn("application-autoscaling", "scalable-target/"+c.id()), resource: resource, at: at, role: role, created: c.now}
		old.at.authorize = nil
		c.scaled = append(c.scaled, old)
	}
	old.least, old.most, old.tags = in.num("MinCapacity", 0), in.num("MaxCapacity", 0), tags
	c.after(c.speed.Scheduler, func() { c.bound(old) })
	return old, nil
}

func checkScaled(in tree) error {
	least, most := in.num("MinCapacity", -1), in.num("MaxCapacity", -1)
	switch {
	case in.str("ServiceNamespace") != scalingSpace || in.str("ScalableDimension") != scalingDimension:
		return wire.Errorf("ValidationException", "Unsupported service namespace, resource type or scalable dimension")
	case least < 0 || most < 0:
		return wire.Errorf("ValidationException", "Minimum and maximum capacity must not be negative")
	case least > most:
		return wire.Errorf("ValidationException", "Maximum capacity cannot be less than minimum capacity")
	}
	return nil
}

// bound moves a count that is outside of its bounds into them.
func (c *Cluster) bound(x *scaled) {
	s := c.scaledService(x.at, x.resource)
	if s == nil || !slices.Contains(c.scaled, x) {
		return
	}
	count := min(max(s.desired, x.least), x.most)
	if count == s.desired {
		return
	}
	s.desired, s.steady = count, false
	s.history[0].desired = count
	c.note(s, "has set the desired count to %d.", count)
	c.kick(s, c.speed.Scheduler)
}

func (c *Cluster) scaledAt(at site, resource string) *scaled {
	for _, x := range c.scaled {
		if x.resource == resource && x.at.region == at.region && x.at.account == at.account {
			return x
		}
	}
	return nil
}

func (x *scaled) ref() string { return x.resource + "|" + scalingDimension + "|" + scalingSpace }

// deregister takes a target off, with its policies.
func (c *Cluster) deregisterScaled(at site, resource string) error {
	x := c.scaledAt(at, resource)
	if x == nil {
		return nil
	}
	if err := at.allow("application-autoscaling:DeregisterScalableTarget", x.arn, scalingKeys(x.tags)); err != nil {
		return err
	}
	c.scaled = slices.DeleteFunc(c.scaled, func(o *scaled) bool { return o == x })
	return nil
}

// putPolicy makes a policy of target tracking, or changes the one of its name.
func (c *Cluster) putPolicy(at site, in tree) (*scalingPolicy, error) {
	resource, _, _ := strings.Cut(in.str("ScalingTargetId"), "|")
	if resource == "" {
		resource = in.str("ResourceId")
	}
	x := c.scaledAt(at, resource)
	arn := at.arn("application-autoscaling", "scalable-target/*")
	if x != nil {
		arn = x.arn
	}
	if err := at.allow("application-autoscaling:PutScalingPolicy", arn, scalingKeys(nil)); err != nil {
		return nil, err
	}
	if x == nil {
		return nil, wire.Errorf("ObjectNotFoundException", "No scalable target registered for service namespace: ecs, resource ID: %s, scalable dimension: %s", resource, scalingDimension)
	}
	if err := x.checkPolicy(in); err != nil {
		return nil, err
	}
	alarms := []string{"TargetTracking-" + resource + "-AlarmHigh-" + c.uuid(), "TargetTracking-" + resource + "-AlarmLow-" + c.uuid()}
	for _, name := range alarms {
		if err := at.allow("cloudwatch:PutMetricAlarm", at.arn("cloudwatch", "alarm:"+name), nil); err != nil {
			return nil, err
		}
	}
	p := x.policy(in.str("PolicyName"))
	if p == nil {
		p = &scalingPolicy{
			arn:  at.arn("autoscaling", fmt.Sprintf("scalingPolicy:%s:resource/ecs/%s:policyName/%s", c.uuid(), resource, in.str("PolicyName"))),
			name: in.str("PolicyName"), created: c.now,
		}
		x.policies = append(x.policies, p)
	}
	p.spec, p.alarms = in, alarms
	return p, nil
}

func (x *scaled) policy(name string) *scalingPolicy {
	for _, p := range x.policies {
		if p.name == name {
			return p
		}
	}
	return nil
}

// checkPolicy refuses what PutScalingPolicy refuses (Application Auto Scaling
// API reference, TargetTrackingScalingPolicyConfiguration and
// PredefinedMetricSpecification).
func (x *scaled) checkPolicy(in tree) error {
	conf := in.node("TargetTrackingScalingPolicyConfiguration")
	metric := conf.node("PredefinedMetricSpecification")
	kind, label := metric.str("PredefinedMetricType"), metric.str("ResourceLabel")
	known := []string{"ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget"}
	switch {
	case in.str("PolicyType") != "TargetTrackingScaling":
		return wire.Errorf("ValidationException", "the local AWS has no scaling policies of type %s", in.str("PolicyType"))
	case !slices.Contains(known, kind):
		return wire.Errorf("ValidationException", "the local AWS has no predefined metric %s for ECS", kind)
	case conf.num("TargetValue", 0) <= 0:
		return wire.Errorf("ValidationException", "TargetValue must be greater than 0")
	case kind == known[2] && (!strings.HasPrefix(label, "app/") || !strings.Contains(label, "/targetgroup/")):
		return wire.Errorf("ValidationException", "The resource label must be app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>: %s", label)
	}
	for _, p := range x.policies {
		other := p.spec.node("TargetTrackingScalingPolicyConfiguration").node("PredefinedMetricSpecification")
		if p.name != in.str("PolicyName") && maps.Equal(map[string]any(other), map[string]any(metric)) {
			return wire.Errorf("ValidationException", "Only one TargetTrackingScaling policy for a given metric specification is allowed.")
		}
	}
	return nil
}

func (c *Cluster) deletePolicy(at site, arn string) error {
	for _, x := range c.scaled {
		p := x.byARN(arn)
		if p == nil {
			continue
		}
		if err := at.allow("application-autoscaling:DeleteScalingPolicy", x.arn, scalingKeys(x.tags)); err != nil {
			return err
		}
		for _, name := range p.alarms {
			if err := at.allow("cloudwatch:DeleteAlarms", at.arn("cloudwatch", "alarm:"+name), nil); err != nil {
				return err
			}
		}
		x.policies = slices.DeleteFunc(x.policies, func(o *scalingPolicy) bool { return o == p })
	}
	return nil
}

func (x *scaled) byARN(arn string) *scalingPolicy {
	for _, p := range x.policies {
		if p.arn == arn {
			return p
		}
	}
	return nil
}

func (c *Cluster) describeScaled(at site, in tree) (tree, error) {
	if err := at.allow("application-autoscaling:DescribeScalableTargets", "*", nil); err != nil {
		return nil, err
	}
	out := []any{}
	for _, x := range c.scaled {
		if x.at.region != at.region || in.has("ResourceIds") && !slices.Contains(in.strs("ResourceIds"), x.resource) {
			continue
		}
		out = append(out, map[string]any{
			"ServiceNamespace": scalingSpace, "ResourceId": x.resource, "ScalableDimension": scalingDimension, "MinCapacity": x.least,
			"MaxCapacity": x.most, "RoleARN": x.role, "CreationTime": x.created, "ScalableTargetARN": x.arn,
		})
	}
	return tree{"ScalableTargets": out}, nil
}

func (c *Cluster) describePolicies(at site, in tree) (tree, error) {
	if err := at.allow("application-autoscaling:DescribeScalingPolicies", "*", nil); err != nil {
		return nil, err
	}
	out := []any{}
	for _, x := range c.scaled {
		if x.at.region != at.region || in.str("ResourceId") != "" && in.str("ResourceId") != x.resource {
			continue
		}
		for _, p := range x.policies {
			alarms := []any{}
			for _, name := range p.alarms {
				alarms = append(alarms, map[string]any{"AlarmName": name, "AlarmARN": at.arn("cloudwatch", "alarm:"+name)})
			}
			out = append(out, map[string]any{
				"PolicyARN": p.arn, "PolicyName": p.name, "ServiceNamespace": scalingSpace, "ResourceId": x.resource, "CreationTime": p.created,
				"ScalableDimension": scalingDimension, "PolicyType": "TargetTrackingScaling", "Alarms": alarms,
				"TargetTrackingScalingPolicyConfiguration": p.spec["TargetTrackingScalingPolicyConfiguration"],
			})
		}
	}
	return tree{"ScalingPolicies": out}, nil
}
