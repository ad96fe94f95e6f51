package cluster

import (
	"slices"
	"strconv"
	"strings"
)

// What drift detection reads of each type: the properties that say something
// of how the resource is, in the template's names.

// upperKeys turns the ECS API's member names into a template's.
func upperKeys(v any) any {
	switch x := v.(type) {
	case map[string]any:
		return upperKeys(tree(x))
	case tree:
		out := make(map[string]any, len(x))
		for k, e := range x {
			name := strings.ToUpper(k[:min(1, len(k))]) + k[min(1, len(k)):]
			if freeMaps[k] {
				out[name] = e
			} else {
				out[name] = upperKeys(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = upperKeys(e)
		}
		return out
	}
	return v
}

func (c *Cluster) readCluster(at site, id string, _ tree) (tree, error) {
	arn := clusterARN(at, id)
	if err := at.allow("ecs:DescribeClusters", arn, nil); err != nil {
		return nil, err
	}
	k := c.clusters[arn]
	if k == nil || k.inactive {
		return nil, errGone
	}
	return tree{"ClusterName": k.name}, nil
}

// readDefinition: a revision never changes, but it can be deregistered.
func (c *Cluster) readDefinition(at site, id string, _ tree) (tree, error) {
	if err := at.allow("ecs:DescribeTaskDefinition", "*", nil); err != nil {
		return nil, err
	}
	d := c.definition(at, id)
	if d == nil || !d.active {
		return nil, errGone
	}
	return tree{"Family": d.family}, nil
}

func (c *Cluster) readService(at site, id string, in tree) (tree, error) {
	s := c.services[id]
	if s == nil {
		if err := at.allow("ecs:DescribeServices", id, nil); err != nil {
			return nil, err
		}
		return nil, errGone
	}
	if err := at.allow("ecs:DescribeServices", id, clusterKeys(s.cluster.arn, s.tags)); err != nil {
		return nil, err
	}
	if s.status != "ACTIVE" {
		return nil, errGone
	}
	home := s.cluster.name
	if strings.HasPrefix(in.str("Cluster"), "arn:") {
		home = s.cluster.arn
	}
	conf, _ := upperKeys(s.conf).(map[string]any)
	if conf == nil {
		conf = map[string]any{}
	}
	conf["MinimumHealthyPercent"], conf["MaximumPercent"] = s.minimum, s.maximum
	balancing := []any{}
	for _, b := range s.balancing {
		balancing = append(balancing, upperKeys(b.describe()))
	}
	out := tree{
		"Cluster": home, "ServiceName": s.name, "TaskDefinition": s.def.arn, "DesiredCount": s.desired, "LaunchType": s.launchType,
		"EnableExecuteCommand": s.exec, "HealthCheckGracePeriodSeconds": s.grace, "PropagateTags": s.propagate,
		"DeploymentConfiguration": conf, "NetworkConfiguration": upperKeys(s.network), "LoadBalancers": balancing,
	}
	if s.provider != "" {
		delete(out, "LaunchType")
		out["CapacityProviderStrategy"] = []any{map[string]any{"CapacityProvider": s.provider, "Weight": 1}}
	}
	return out, nil
}

func (c *Cluster) readBalancer(at site, id string, _ tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeLoadBalancers", "*", nil); err != nil {
		return nil, err
	}
	lb := c.balancers[id]
	if lb == nil {
		return nil, errGone
	}
	return tree{
		"Name": lb.name, "Scheme": lb.scheme, "Subnets": anys(lb.subnets), "SecurityGroups": anys(lb.groups),
		"LoadBalancerAttributes": tagsOut(lb.attributes, "Key", "Value"),
	}, nil
}

func (c *Cluster) readListener(at site, id string, _ tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeListeners", "*", nil); err != nil {
		return nil, err
	}
	l := c.listeners[id]
	if l == nil {
		return nil, errGone
	}
	out := tree{"LoadBalancerArn": l.balancer.arn}
	for _, k := range []string{"Port", "Protocol", "DefaultActions", "Certificates", "SslPolicy"} {
		if l.spec.has(k) {
			out[k] = l.spec[k]
		}
	}
	return out, nil
}

func (c *Cluster) readRule(at site, id string, _ tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeRules", "*", nil); err != nil {
		return nil, err
	}
	r := c.rules[id]
	if r == nil {
		return nil, errGone
	}
	return tree{"ListenerArn": r.listener.arn, "Priority": r.priority, "Actions": r.spec["Actions"], "Conditions": r.spec["Conditions"]}, nil
}

func (c *Cluster) readGroup(at site, id string, _ tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeTargetGroups", "*", nil); err != nil {
		return nil, err
	}
	g := c.targets[id]
	if g == nil {
		return nil, errGone
	}
	out := tree{"Name": g.name, "TargetGroupAttributes": tagsOut(g.attributes, "Key", "Value")}
	for k, v := range g.spec {
		out[k] = v
	}
	return out, nil
}

func (c *Cluster) readLogGroup(at site, id string, _ tree) (tree, error) {
	if err := at.allow("logs:DescribeLogGroups", at.arn("logs", "log-group:*"), nil); err != nil {
		return nil, err
	}
	g := c.groups[groupARN(at, id)]
	if g == nil {
		return nil, errGone
	}
	out := tree{"LogGroupName": g.name, "RetentionInDays": nil}
	if g.retention > 0 {
		out["RetentionInDays"] = g.retention
	}
	return out, nil
}

func (c *Cluster) readScaled(at site, id string, _ tree) (tree, error) {
	if err := at.allow("application-autoscaling:DescribeScalableTargets", "*", nil); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(c.scaled, func(x *scaled) bool { return x.ref() == id })
	if i < 0 {
		return nil, errGone
	}
	x := c.scaled[i]
	return tree{"ResourceId": x.resource, "MinCapacity": strconv.Itoa(x.least), "MaxCapacity": strconv.Itoa(x.most)}, nil
}

func (c *Cluster) readPolicy(at site, id string, _ tree) (tree, error) {
	if err := at.allow("application-autoscaling:DescribeScalingPolicies", "*", nil); err != nil {
		return nil, err
	}
	for _, x := range c.scaled {
		if p := x.byARN(id); p != nil {
			return tree{"PolicyName": p.name, "TargetTrackingScalingPolicyConfiguration": p.spec["TargetTrackingScalingPolicyConfiguration"]}, nil
		}
	}
	return nil, errGone
}
