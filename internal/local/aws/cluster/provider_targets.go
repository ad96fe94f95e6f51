package cluster

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (c *Cluster) groupProvider() *provider {
	return &provider{
		c:      c,
		create: c.createGroup,
		read:   c.readGroup,
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			g := c.targets[id]
			if g == nil {
				return nil, wire.Errorf("TargetGroupNotFound", "Target groups '%s' not found", id)
			}
			in, tags := tree(r.Properties), stackTags(r)
			for _, action := range []string{"ModifyTargetGroup", "ModifyTargetGroupAttributes"} {
				if err := allowELB(at, action, id, g.tags, tags); err != nil {
					return nil, err
				}
			}
			spec, err := groupSpec(in)
			if err != nil {
				return nil, err
			}
			g.spec, g.attributes, g.tags = spec, attributesIn(in, "TargetGroupAttributes"), tags
			return c.groupOutputs(g), nil
		},
		remove: func(at site, id string, _ wire.Request) error {
			g := c.targets[id]
			if g == nil {
				return nil
			}
			if err := allowELB(at, "DeleteTargetGroup", id, g.tags, nil); err != nil {
				return err
			}
			if len(c.balancersOf(id)) > 0 {
				return wire.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", id)
			}
			for _, x := range g.members {
				x.gone = true
			}
			delete(c.targets, id)
			return nil
		},
	}
}

func (c *Cluster) createGroup(at site, r wire.Request) (string, map[string]string, error) {
	in, tags := tree(r.Properties), stackTags(r)
	name := in.str("Name")
	if name == "" {
		name = c.generated(r, maxELBName)
	}
	g := &targetGroup{
		arn: at.arn("elasticloadbalancing", "targetgroup/"+name+"/"+c.id()[:16]), name: name,
		attributes: attributesIn(in, "TargetGroupAttributes"), tags: tags,
	}
	if err := allowELB(at, "CreateTargetGroup", g.arn, nil, tags); err != nil {
		return "", nil, err
	}
	if len(g.attributes) > 0 {
		if err := allowELB(at, "ModifyTargetGroupAttributes", g.arn, tags, nil); err != nil {
			return "", nil, err
		}
	}
	if err := checkELBName("Target group", name); err != nil {
		return "", nil, err
	}
	for arn, other := range c.targets {
		if at.home(arn) && other.name == name {
			return "", nil, wire.Errorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", name)
		}
	}
	spec, err := groupSpec(in)
	if err != nil {
		return "", nil, err
	}
	g.spec = spec
	c.targets[g.arn] = g
	return g.arn, c.groupOutputs(g), nil
}

// limits are those that ELB sets for a number.
type limits struct {
	key                      string
	otherwise, least, atMost int
}

// groupLimits are those of CreateTargetGroup for HTTP health checks (API
// reference of Elastic Load Balancing v2).
var groupLimits = [...]limits{
	{"HealthCheckIntervalSeconds", 30, 5, 300},
	{"HealthCheckTimeoutSeconds", 5, 2, 120},
	{"HealthyThresholdCount", 5, 2, 10},
	{"UnhealthyThresholdCount", 2, 2, 10},
	{"Port", 0, 1, 65535},
}

func groupSpec(in tree) (tree, error) {
	spec := tree{"Protocol": in.str("Protocol"), "VpcId": in.str("VpcId"), "TargetType": "instance", "HealthCheckPath": "/"}
	spec.put("TargetType", in.str("TargetType")).put("HealthCheckPath", in.str("HealthCheckPath"))
	for _, l := range groupLimits {
		n := in.num(l.key, l.otherwise)
		if n < l.least || n > l.atMost {
			return nil, wire.Errorf("ValidationError", "%s '%d' must be between '%d' and '%d'", l.key, n, l.least, l.atMost)
		}
		spec[l.key] = n
	}
	code := in.node("Matcher").str("HttpCode")
	if code == "" {
		code = "200"
	}
	spec["Matcher"] = map[string]any{"HttpCode": code}
	switch {
	case spec.str("Protocol") != "HTTP" && spec.str("Protocol") != "HTTPS":
		return nil, wire.Errorf("ValidationError", "the local AWS has no target groups with protocol '%s'", in.str("Protocol"))
	case spec.str("TargetType") != "ip" && spec.str("TargetType") != "instance":
		return nil, wire.Errorf("ValidationError", "the local AWS has no target groups of type '%s'", in.str("TargetType"))
	case spec.str("VpcId") == "":
		return nil, wire.Errorf("ValidationError", "A VPC ID must be specified")
	case !strings.HasPrefix(spec.str("HealthCheckPath"), "/"):
		return nil, wire.Errorf("ValidationError", "Health check path '%s' must start with '/'", spec.str("HealthCheckPath"))
	case spec.num("HealthCheckTimeoutSeconds", 0) >= spec.num("HealthCheckIntervalSeconds", 0):
		return nil, wire.Errorf("ValidationError", "Health check interval must be greater than the timeout.")
	}
	return spec, nil
}

func (c *Cluster) groupOutputs(g *targetGroup) map[string]string {
	_, full, _ := strings.Cut(g.arn, ":targetgroup/")
	var used []string
	for _, lb := range c.balancersOf(g.arn) {
		used = append(used, lb.arn)
	}
	return map[string]string{
		"TargetGroupArn": g.arn, "TargetGroupName": g.name, "TargetGroupFullName": "targetgroup/" + full,
		"LoadBalancerArns": strings.Join(used, ","),
	}
}
