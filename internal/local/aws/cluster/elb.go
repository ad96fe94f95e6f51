package cluster

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

type balancer struct {
	arn, name, scheme, vpc, dns string
	subnets, groups             []string
	state                       string // provisioning, active
	created                     time.Time
	attributes                  map[string]string
	tags                        map[string]string
}

type listener struct {
	arn      string
	balancer *balancer
	spec     tree     // Port, Protocol, DefaultActions, Certificates, SslPolicy
	more     []string // certificates beside the default one
	tags     map[string]string
}

type rule struct {
	arn      string
	listener *listener
	priority int // 0 is the default rule
	spec     tree
	tags     map[string]string
}

type targetGroup struct {
	arn, name  string
	spec       tree
	attributes map[string]string
	tags       map[string]string
	members    []*target
}

func (g *targetGroup) interval() int           { return g.spec.num("HealthCheckIntervalSeconds", 30) }
func (g *targetGroup) healthyThreshold() int   { return g.spec.num("HealthyThresholdCount", 5) }
func (g *targetGroup) unhealthyThreshold() int { return g.spec.num("UnhealthyThresholdCount", 2) }

func (g *targetGroup) deregistrationDelay() int {
	n, err := strconv.Atoi(g.attributes["deregistration_delay.timeout_seconds"])
	if err != nil {
		return 300
	}
	return n
}

func (g *targetGroup) remove(x *target) {
	x.gone = true
	g.members = slices.DeleteFunc(g.members, func(m *target) bool { return m == x })
}

// forwards are the target groups that a list of actions sends traffic to.
func forwards(actions []tree) []string {
	var out []string
	for _, a := range actions {
		if arn := a.str("TargetGroupArn"); arn != "" {
			out = append(out, arn)
		}
		for _, g := range a.node("ForwardConfig").items("TargetGroups") {
			out = append(out, g.str("TargetGroupArn"))
		}
	}
	return out
}

// balancersOf are the load balancers that send traffic to a target group.
func (c *Cluster) balancersOf(group string) []*balancer {
	var out []*balancer
	for _, arn := range slices.Sorted(maps.Keys(c.rules)) {
		r := c.rules[arn]
		if slices.Contains(forwards(r.spec.items("Actions")), group) && !slices.Contains(out, r.listener.balancer) {
			out = append(out, r.listener.balancer)
		}
	}
	return out
}

func (c *Cluster) elbActions() map[string]action {
	return map[string]action{
		"DescribeLoadBalancers":          c.describeLoadBalancers,
		"DescribeListeners":              c.describeListeners,
		"DescribeRules":                  c.describeRules,
		"DescribeTargetGroups":           c.describeTargetGroups,
		"DescribeTargetHealth":           c.describeTargetHealth,
		"DescribeTags":                   c.describeTags,
		"ModifyRule":                     c.modifyRule,
		"DeleteRule":                     c.deleteRuleCall,
		"DescribeLoadBalancerAttributes": c.describeLoadBalancerAttributes,
		"DescribeTargetGroupAttributes":  c.describeTargetGroupAttributes,
	}
}

// home tells whether an ARN belongs to the caller's account and region.
func (s site) home(arn string) bool {
	return strings.HasPrefix(arn, s.arn("elasticloadbalancing", ""))
}

// elbPage cuts a list in the manner of ELB: PageSize, Marker, NextMarker.
func elbPage[T any](all []T, in tree, list string) ([]T, string, error) {
	size := in.num("PageSize", 400)
	if size < 1 || size > 400 {
		return nil, "", wire.Errorf("ValidationError", "The page size must be between 1 and 400")
	}
	part, next, err := page(all, in.str("Marker"), size, list)
	if err != nil {
		return nil, "", wire.Errorf("ValidationError", "The marker is not valid: %s", in.str("Marker"))
	}
	return part, next, nil
}

func (c *Cluster) describeLoadBalancers(at site, in tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeLoadBalancers", "*", nil); err != nil {
		return nil, err
	}
	arns, names := in.strs("LoadBalancerArns"), in.strs("Names")
	found := map[string]bool{}
	var list []*balancer
	for _, arn := range slices.Sorted(maps.Keys(c.balancers)) {
		lb := c.balancers[arn]
		if !at.home(arn) || len(arns) > 0 && !slices.Contains(arns, arn) || len(names) > 0 && !slices.Contains(names, lb.name) {
			continue
		}
		found[arn], found[lb.name] = true, true
		list = append(list, lb)
	}
	for _, want := range slices.Concat(arns, names) {
		if !found[want] {
			return nil, wire.Errorf("LoadBalancerNotFound", "Load balancers '[%s]' not found", want)
		}
	}
	part, next, err := elbPage(list, in, "balancers")
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, lb := range part {
		out = append(out, c.describeBalancer(lb))
	}
	return tree{"LoadBalancers": out}.put("NextMarker", next), nil
}

func (c *Cluster) describeBalancer(lb *balancer) map[string]any {
	zones := []any{}
	for _, id := range lb.subnets {
		_, zone, _ := c.network.Subnet(id)
		zones = append(zones, map[string]any{"SubnetId": id, "ZoneName": zone, "LoadBalancerAddresses": []any{}})
	}
	return map[string]any{
		"LoadBalancerArn": lb.arn, "LoadBalancerName": lb.name, "DNSName": lb.dns, "Scheme": lb.scheme,
		"VpcId": lb.vpc, "Type": "application", "IpAddressType": "ipv4", "CreatedTime": lb.created,
		"CanonicalHostedZoneId": hostedZone, "State": map[string]any{"Code": lb.state},
		"SecurityGroups": anys(lb.groups), "AvailabilityZones": zones,
	}
}

// hostedZone stands for the zone of all load balancers of a region.
const hostedZone = "Z00000000LOCAL"

func (c *Cluster) describeListeners(at site, in tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeListeners", "*", nil); err != nil {
		return nil, err
	}
	of, arns := in.str("LoadBalancerArn"), in.strs("ListenerArns")
	if of == "" && len(arns) == 0 {
		return nil, wire.Errorf("ValidationError", "Either listener ARNs or a load balancer ARN must be specified")
	}
	if of != "" && c.balancers[of] == nil {
		return nil, wire.Errorf("LoadBalancerNotFound", "One or more load balancers not found")
	}
	for _, arn := range arns {
		if c.listeners[arn] == nil {
			return nil, wire.Errorf("ListenerNotFound", "One or more listeners not found")
		}
	}
	var list []*listener
	for _, arn := range slices.Sorted(maps.Keys(c.listeners)) {
		l := c.listeners[arn]
		if at.home(arn) && (of == "" || l.balancer.arn == of) && (len(arns) == 0 || slices.Contains(arns, arn)) {
			list = append(list, l)
		}
	}
	part, next, err := elbPage(list, in, "listeners "+of)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, l := range part {
		d := maps.Clone(l.spec)
		d["ListenerArn"], d["LoadBalancerArn"] = l.arn, l.balancer.arn
		out = append(out, plain(d))
	}
	return tree{"Listeners": out}.put("NextMarker", next), nil
}

func (c *Cluster) describeRules(at site, in tree) (tree, error) {
	if err := at.allow("elasticloadbalancing:DescribeRules", "*", nil); err != nil {
		return nil, err
	}
	of, arns := in.str("ListenerArn"), in.strs("RuleArns")
	switch {
	case (of == "") == (len(arns) == 0):
		return nil, wire.Errorf("ValidationError", "Exactly one of listener ARN and rule ARNs must be specified")
	case of != "" && c.listeners[of] == nil:
		return nil, wire.Errorf("ListenerNotFound", "One or more listeners not found")
	}
	for _, arn := range arns {
		if c.rules[arn] == nil {
			return nil, wire.Errorf("RuleNotFound", "One or more rules not found")
		}
	}
	var list []*rule
	for _, r := range c.rules {
		if at.home(r.arn) && (of == "" || r.listener.arn == of) && (len(arns) == 0 || slices.Contains(arns, r.arn)) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, byPriority)
	part, next, err := elbPage(list, in, "rules "+of)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, r := range part {
		out = append(out, r.describe())
	}
	return tree{"Rules": out}.put("NextMarker", next), nil
}

// byPriority puts the default rule last.
func byPriority(a, b *rule) int {
	if a.priority == 0 || b.priority == 0 {
		return b.priority - a.priority
	}
	return a.priority - b.priority
}

func (r *rule) describe() map[string]any {
	d := map[string]any{
		"RuleArn": r.arn, "Priority": strconv.Itoa(r.priority), "IsDefault": r.priority == 0,
		"Actions": r.spec["Actions"], "Conditions": r.spec["Conditions"],
	}
	if r.priority == 0 {
		d["Priority"], d["Conditions"] = "default", []any{}
	}
	return d
}
