package cluster

import (
	"maps"
	"regexp"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

var elbName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`)

// maxELBName is how long the name of a load balancer or target group may be.
const maxELBName = 32

func checkELBName(kind, name string) error {
	switch {
	case len(name) > maxELBName:
		return wire.Errorf("ValidationError", "%s name '%s' cannot be longer than '%d' characters", kind, name, maxELBName)
	case !elbName.MatchString(name):
		return wire.Errorf("ValidationError", "%s name '%s' can only contain characters that are alphanumeric characters and hyphens(-), and cannot begin or end with a hyphen", kind, name)
	case strings.HasPrefix(name, "internal-"):
		return wire.Errorf("ValidationError", "%s name '%s' cannot begin with 'internal-'", kind, name)
	}
	return nil
}

// attributesIn reads LoadBalancerAttributes and TargetGroupAttributes.
func attributesIn(in tree, list string) map[string]string { return tagsIn(in, list) }

// allowELB asks for an action, and for AddTags where tags come with it.
func allowELB(at site, action, arn string, old, tags map[string]string) error {
	keys := withRequestTags(keysOf(old, "elasticloadbalancing"), tags)
	if err := at.allow("elasticloadbalancing:"+action, arn, keys); err != nil {
		return err
	}
	if len(tags) == 0 || maps.Equal(tags, old) {
		return nil
	}
	if strings.HasPrefix(action, "Create") {
		keys = maps.Clone(keys)
		keys["elasticloadbalancing:CreateAction"] = []string{action}
	}
	return at.allow("elasticloadbalancing:AddTags", arn, keys)
}

func (c *Cluster) balancerProvider() *provider {
	return &provider{
		c:      c,
		create: c.createBalancer,
		read:   c.readBalancer,
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			lb := c.balancers[id]
			if lb == nil {
				return nil, wire.Errorf("LoadBalancerNotFound", "Load balancer '%s' not found", id)
			}
			in, tags := tree(r.Properties), stackTags(r)
			for _, action := range []string{"SetSecurityGroups", "SetSubnets", "ModifyLoadBalancerAttributes"} {
				if err := allowELB(at, action, id, lb.tags, tags); err != nil {
					return nil, err
				}
			}
			next := *lb
			if err := c.placeBalancer(&next, in); err != nil {
				return nil, err
			}
			next.attributes, next.tags = attributesIn(in, "LoadBalancerAttributes"), tags
			*lb = next
			return lb.outputs(), nil
		},
		remove: func(at site, id string, _ wire.Request) error {
			lb := c.balancers[id]
			if lb == nil {
				return nil
			}
			if err := allowELB(at, "DeleteLoadBalancer", id, lb.tags, nil); err != nil {
				return err
			}
			if lb.attributes["deletion_protection.enabled"] == "true" {
				return wire.Errorf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", id)
			}
			c.deleteBalancer(lb)
			return nil
		},
		ready: func(at site, id string, _ wire.Request) (bool, error) {
			if err := at.allow("elasticloadbalancing:DescribeLoadBalancers", "*", nil); err != nil {
				return false, err
			}
			lb := c.balancers[id]
			return lb != nil && lb.state == "active", nil
		},
	}
}

func (c *Cluster) createBalancer(at site, r wire.Request) (string, map[string]string, error) {
	in, tags := tree(r.Properties), stackTags(r)
	name := in.str("Name")
	if name == "" {
		name = c.generated(r, maxELBName)
	}
	short := "loadbalancer/app/" + name + "/" + c.id()[:16]
	lb := &balancer{
		arn: at.arn("elasticloadbalancing", short), name: name, scheme: "internet-facing", state: "provisioning",
		created: c.now, attributes: attributesIn(in, "LoadBalancerAttributes"), tags: tags,
	}
	if err := allowELB(at, "CreateLoadBalancer", lb.arn, nil, tags); err != nil {
		return "", nil, err
	}
	if len(lb.attributes) > 0 {
		if err := allowELB(at, "ModifyLoadBalancerAttributes", lb.arn, tags, nil); err != nil {
			return "", nil, err
		}
	}
	if err := checkELBName("Load balancer", name); err != nil {
		return "", nil, err
	}
	if t := in.str("Type"); t != "" && t != "application" {
		return "", nil, wire.Errorf("ValidationError", "the local AWS has no load balancers of type '%s'", t)
	}
	if in.has("Scheme") {
		lb.scheme = in.str("Scheme")
	}
	for arn, other := range c.balancers {
		if at.home(arn) && other.name == name {
			return "", nil, wire.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", name)
		}
	}
	if err := c.placeBalancer(lb, in); err != nil {
		return "", nil, err
	}
	lb.dns = name + "-" + c.number()[:10] + "." + at.region + ".elb.amazonaws.com"
	if lb.scheme == "internal" {
		lb.dns = "internal-" + lb.dns
	}
	c.balancers[lb.arn] = lb
	c.after(c.speed.LoadBalancer, func() { lb.state = "active" })
	return lb.arn, lb.outputs(), nil
}

// placeBalancer reads subnets and security groups, which must be in one VPC
// and at least two zones.
func (c *Cluster) placeBalancer(lb *balancer, in tree) error {
	lb.subnets = in.strs("Subnets")
	for _, m := range in.items("SubnetMappings") {
		lb.subnets = append(lb.subnets, m.str("SubnetId"))
	}
	lb.groups = in.strs("SecurityGroups")
	zones := map[string]bool{}
	for _, id := range lb.subnets {
		vpc, zone, ok := c.network.Subnet(id)
		switch {
		case !ok:
			return wire.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", id)
		case zones[zone]:
			return wire.Errorf("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		case lb.vpc != "" && lb.vpc != vpc:
			return wire.Errorf("InvalidConfigurationRequest", "All subnets must belong to the same VPC: '%s'", lb.vpc)
		}
		zones[zone], lb.vpc = true, vpc
	}
	if len(zones) < 2 {
		return wire.Errorf("ValidationError", "At least two subnets in two different Availability Zones must be specified")
	}
	for _, id := range lb.groups {
		if vpc, ok := c.network.SecurityGroup(id); !ok || vpc != lb.vpc {
			return wire.Errorf("InvalidConfigurationRequest", "One or more security groups are invalid: '%s'", id)
		}
	}
	return nil
}

func (lb *balancer) outputs() map[string]string {
	_, full, _ := strings.Cut(lb.arn, ":loadbalancer/")
	return map[string]string{
		"DNSName": lb.dns, "CanonicalHostedZoneID": hostedZone, "LoadBalancerName": lb.name,
		"LoadBalancerFullName": full, "LoadBalancerArn": lb.arn, "SecurityGroups": strings.Join(lb.groups, ","),
	}
}

// deleteBalancer takes its listeners and their rules with it.
func (c *Cluster) deleteBalancer(lb *balancer) {
	delete(c.balancers, lb.arn)
	for arn, l := range c.listeners {
		if l.balancer == lb {
			c.deleteListener(arn)
		}
	}
}

func (c *Cluster) deleteListener(arn string) {
	delete(c.listeners, arn)
	for id, r := range c.rules {
		if r.listener.arn == arn {
			delete(c.rules, id)
		}
	}
}
