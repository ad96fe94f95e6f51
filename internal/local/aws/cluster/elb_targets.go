package cluster

import (
	"maps"
	"slices"
	"strconv"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (c *Cluster) describeTargetGroups(at site, in tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeTargetGroups", "*", nil); err != nil {
		return nil, err
	}
	arns, names, of := in.strs("TargetGroupArns"), in.strs("Names"), in.str("LoadBalancerArn")
	found := map[string]bool{}
	var list []*targetGroup
	for _, arn := range slices.Sorted(maps.Keys(c.targets)) {
		g := c.targets[arn]
		if !at.home(arn) || len(arns) > 0 && !slices.Contains(arns, arn) || len(names) > 0 && !slices.Contains(names, g.name) {
			continue
		}
		found[arn], found[g.name] = true, true
		if of == "" || slices.ContainsFunc(c.balancersOf(arn), func(lb *balancer) bool { return lb.arn == of }) {
			list = append(list, g)
		}
	}
	for _, want := range slices.Concat(arns, names) {
		if !found[want] {
			return nil, wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
		}
	}
	part, next, err := elbPage(list, in, "groups "+of)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, g := range part {
		out = append(out, c.describeGroup(g))
	}
	return tree{"TargetGroups": out}.put("NextMarker", next), nil
}

func (c *Cluster) describeGroup(g *targetGroup) map[string]any {
	s := g.spec
	used := []any{}
	for _, lb := range c.balancersOf(g.arn) {
		used = append(used, lb.arn)
	}
	return tree{
		"TargetGroupArn": g.arn, "TargetGroupName": g.name, "LoadBalancerArns": used,
		"Protocol": s.str("Protocol"), "Port": s.num("Port", 0), "VpcId": s.str("VpcId"),
		"TargetType": s.str("TargetType"), "ProtocolVersion": "HTTP1", "IpAddressType": "ipv4",
		"HealthCheckEnabled": true, "HealthCheckProtocol": "HTTP",
		"HealthCheckPath": s.str("HealthCheckPath"), "HealthCheckPort": "traffic-port",
		"HealthCheckIntervalSeconds": g.interval(), "HealthCheckTimeoutSeconds": s.num("HealthCheckTimeoutSeconds", 5),
		"HealthyThresholdCount": g.healthyThreshold(), "UnhealthyThresholdCount": g.unhealthyThreshold(),
		"Matcher": map[string]any{"HttpCode": s.node("Matcher").str("HttpCode")},
	}
}

func (c *Cluster) describeTargetHealth(at site, in tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeTargetHealth", "*", nil); err != nil {
		return nil, err
	}
	g := c.targets[in.str("TargetGroupArn")]
	if g == nil || !at.home(g.arn) {
		return nil, wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
	}
	out := []any{}
	for _, x := range g.members {
		if wanted := in.items("Targets"); len(wanted) == 0 || slices.ContainsFunc(wanted, x.named) {
			out = append(out, x.describe(c))
		}
	}
	for _, w := range in.items("Targets") {
		if !slices.ContainsFunc(g.members, func(x *target) bool { return x.named(w) }) {
			out = append(out, map[string]any{
				"Target": map[string]any{"Id": w.str("Id"), "Port": w.num("Port", g.spec.num("Port", 0))},
				"TargetHealth": map[string]any{
					"State": "unused", "Reason": "Target.NotRegistered", "Description": "Target is not registered to the target group",
				},
			})
		}
	}
	return tree{"TargetHealthDescriptions": out}, nil
}

func (x *target) named(w tree) bool {
	return w.str("Id") == x.ip && w.num("Port", x.port) == x.port
}

func (x *target) describe(c *Cluster) map[string]any {
	zone := ""
	if subnets := x.task.subnets(); len(subnets) > 0 {
		_, zone, _ = c.network.Subnet(subnets[0])
	}
	return map[string]any{
		"Target":          map[string]any(tree{"Id": x.ip, "Port": x.port}.put("AvailabilityZone", zone)),
		"HealthCheckPort": strconv.Itoa(x.port),
		"TargetHealth":    map[string]any(tree{"State": x.state}.put("Reason", x.reason).put("Description", x.description)),
	}
}

// maxDescribed is how many ARNs DescribeTags takes.
const maxDescribed = 20

func (c *Cluster) describeTags(at site, in tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeTags", "*", nil); err != nil {
		return nil, err
	}
	arns := in.strs("ResourceArns")
	if len(arns) == 0 || len(arns) > maxDescribed {
		return nil, wire.Errorf("ValidationError", "Between 1 and %d resource ARNs can be described", maxDescribed)
	}
	out := []any{}
	for _, arn := range arns {
		tags, err := c.elbTags(arn)
		if err != nil {
			return nil, err
		}
		out = append(out, map[string]any{"ResourceArn": arn, "Tags": tagsOut(tags, "Key", "Value")})
	}
	return tree{"TagDescriptions": out}, nil
}

func (c *Cluster) elbTags(arn string) (map[string]string, error) {
	if lb := c.balancers[arn]; lb != nil {
		return lb.tags, nil
	}
	if g := c.targets[arn]; g != nil {
		return g.tags, nil
	}
	if l := c.listeners[arn]; l != nil {
		return l.tags, nil
	}
	if r := c.rules[arn]; r != nil {
		return r.tags, nil
	}
	return nil, wire.Errorf("LoadBalancerNotFound", "One or more of the resources were not found: %s", arn)
}

func (c *Cluster) describeLoadBalancerAttributes(at site, in tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeLoadBalancerAttributes", "*", nil); err != nil {
		return nil, err
	}
	lb := c.balancers[in.str("LoadBalancerArn")]
	if lb == nil {
		return nil, wire.Errorf("LoadBalancerNotFound", "Load balancer '%s' not found", in.str("LoadBalancerArn"))
	}
	return tree{"Attributes": tagsOut(lb.attributes, "Key", "Value")}, nil
}

func (c *Cluster) describeTargetGroupAttributes(at site, in tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeTargetGroupAttributes", "*", nil); err != nil {
		return nil, err
	}
	g := c.targets[in.str("TargetGroupArn")]
	if g == nil {
		return nil, wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
	}
	return tree{"Attributes": tagsOut(g.attributes, "Key", "Value")}, nil
}
