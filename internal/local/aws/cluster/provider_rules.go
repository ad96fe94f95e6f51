package cluster

import (
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (c *Cluster) listenerProvider() *provider {
	return &provider{
		c:      c,
		create: c.createListener,
		read:   c.readListener,
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			l := c.listeners[id]
			if l == nil {
				return nil, wire.Errorf("ListenerNotFound", "Listener '%s' not found", id)
			}
			tags := stackTags(r)
			if err := allowELB(at, "ModifyListener", id, l.tags, tags); err != nil {
				return nil, err
			}
			spec, err := c.listenerSpec(r.Properties)
			if err != nil {
				return nil, err
			}
			if err := c.portFree(l.balancer, spec.num("Port", 0), l); err != nil {
				return nil, err
			}
			l.spec, l.tags = spec, tags
			c.defaultRule(l).spec = tree{"Actions": spec["DefaultActions"]}
			return map[string]string{"ListenerArn": id}, nil
		},
		remove: func(at site, id string, _ wire.Request) error {
			l := c.listeners[id]
			if l == nil {
				return nil
			}
			if err := allowELB(at, "DeleteListener", id, l.tags, nil); err != nil {
				return err
			}
			c.deleteListener(id)
			return nil
		},
	}
}

func (c *Cluster) createListener(at site, r wire.Request) (string, map[string]string, error) {
	tags := stackTags(r)
	lb := c.balancers[tree(r.Properties).str("LoadBalancerArn")]
	if lb == nil {
		return "", nil, wire.Errorf("LoadBalancerNotFound", "One or more load balancers not found")
	}
	arn := strings.Replace(lb.arn, ":loadbalancer/", ":listener/", 1) + "/" + c.id()[:16]
	if err := allowELB(at, "CreateListener", lb.arn, lb.tags, tags); err != nil {
		return "", nil, err
	}
	spec, err := c.listenerSpec(r.Properties)
	if err != nil {
		return "", nil, err
	}
	if err := c.portFree(lb, spec.num("Port", 0), nil); err != nil {
		return "", nil, err
	}
	l := &listener{arn: arn, balancer: lb, spec: spec, tags: tags}
	c.listeners[arn] = l
	first := &rule{arn: ruleARN(l, c.id()), listener: l, spec: tree{"Actions": spec["DefaultActions"]}}
	c.rules[first.arn] = first
	return arn, map[string]string{"ListenerArn": arn}, nil
}

func ruleARN(l *listener, id string) string {
	return strings.Replace(l.arn, ":listener/", ":listener-rule/", 1) + "/" + id[:16]
}

func (c *Cluster) defaultRule(l *listener) *rule {
	for _, r := range c.rules {
		if r.listener == l && r.priority == 0 {
			return r
		}
	}
	return &rule{}
}

func (c *Cluster) portFree(lb *balancer, port int, but *listener) error {
	for _, l := range c.listeners {
		if l != but && l.balancer == lb && l.spec.num("Port", 0) == port {
			return wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", lb.arn)
		}
	}
	return nil
}

// listenerSpec reads a listener's properties in the API's types.
func (c *Cluster) listenerSpec(in tree) (tree, error) {
	port, protocol := in.num("Port", 0), in.str("Protocol")
	if port < 1 || port > 65535 {
		return nil, wire.Errorf("ValidationError", "Listener port must be between '1' and '65535'")
	}
	if protocol != "HTTP" && protocol != "HTTPS" {
		return nil, wire.Errorf("ValidationError", "Listener protocol '%s' must be one of 'HTTPS, HTTP'", protocol)
	}
	actions, err := c.actions(in, "DefaultActions")
	if err != nil {
		return nil, err
	}
	spec := tree{"Port": port, "Protocol": protocol, "DefaultActions": actions}
	if protocol == "HTTPS" {
		if len(in.items("Certificates")) == 0 {
			return nil, wire.Errorf("ValidationError", "A certificate must be specified for HTTPS listeners")
		}
		spec["Certificates"] = normal(in["Certificates"])
		spec["SslPolicy"] = "ELBSecurityPolicy-2016-08"
		spec.put("SslPolicy", in.str("SslPolicy"))
	}
	return spec, nil
}

// actions reads a list of actions; what they forward to must be there.
func (c *Cluster) actions(in tree, key string) ([]any, error) {
	list := in.items(key)
	if len(list) == 0 {
		return nil, wire.Errorf("ValidationError", "At least one action must be specified")
	}
	for _, a := range list {
		switch a.str("Type") {
		case "forward", "redirect", "fixed-response", "authenticate-oidc", "authenticate-cognito":
		default:
			return nil, wire.Errorf("ValidationError", "Action type '%s' must be one of 'redirect, fixed-response, forward, authenticate-cognito, authenticate-oidc'", a.str("Type"))
		}
	}
	for _, arn := range forwards(list) {
		if c.targets[arn] == nil {
			return nil, wire.Errorf("TargetGroupNotFound", "Target groups '%s' not found", arn)
		}
	}
	out := make([]any, len(list))
	for i, a := range list {
		a, _ := normal(map[string]any(a)).(map[string]any)
		if tree(a).has("Order") {
			a["Order"] = tree(a).num("Order", 1)
		}
		for _, g := range tree(a).node("ForwardConfig").items("TargetGroups") {
			if g.has("Weight") {
				g["Weight"] = g.num("Weight", 1)
			}
		}
		out[i] = a
	}
	return out, nil
}

func (c *Cluster) ruleProvider() *provider {
	return &provider{
		c:      c,
		create: c.createRule,
		read:   c.readRule,
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			x := c.rules[id]
			if x == nil {
				return nil, wire.Errorf("RuleNotFound", "Rule '%s' not found", id)
			}
			tags := stackTags(r)
			for _, action := range []string{"ModifyRule", "SetRulePriorities"} {
				if err := allowELB(at, action, id, x.tags, tags); err != nil {
					return nil, err
				}
			}
			next := *x
			if err := c.writeRule(&next, r.Properties); err != nil {
				return nil, err
			}
			next.tags = tags
			*x = next
			return map[string]string{"RuleArn": id, "IsDefault": "false"}, nil
		},
		remove: func(at site, id string, _ wire.Request) error {
			x := c.rules[id]
			if x == nil {
				return nil
			}
			if err := allowELB(at, "DeleteRule", id, x.tags, nil); err != nil {
				return err
			}
			delete(c.rules, id)
			return nil
		},
	}
}

func (c *Cluster) createRule(at site, r wire.Request) (string, map[string]string, error) {
	in, tags := tree(r.Properties), stackTags(r)
	l := c.listeners[in.str("ListenerArn")]
	if l == nil {
		return "", nil, wire.Errorf("ListenerNotFound", "One or more listeners not found")
	}
	if err := allowELB(at, "CreateRule", l.arn, l.tags, tags); err != nil {
		return "", nil, err
	}
	x := &rule{arn: ruleARN(l, c.id()), listener: l, tags: tags}
	if err := c.writeRule(x, in); err != nil {
		return "", nil, err
	}
	c.rules[x.arn] = x
	return x.arn, map[string]string{"RuleArn": x.arn, "IsDefault": "false"}, nil
}

// lastPriority is the largest priority of a rule.
const lastPriority = 50000

func (c *Cluster) writeRule(x *rule, in tree) error {
	x.priority = in.num("Priority", 0)
	if x.priority < 1 || x.priority > lastPriority {
		return wire.Errorf("ValidationError", "Priority '%s' must be between '1' and '%d'", in.str("Priority"), lastPriority)
	}
	for _, other := range c.rules {
		if other.arn != x.arn && other.listener == x.listener && other.priority == x.priority {
			return wire.Errorf("PriorityInUse", "Priority '%s' is currently in use", strconv.Itoa(x.priority))
		}
	}
	actions, err := c.actions(in, "Actions")
	if err != nil {
		return err
	}
	conditions, err := conditionsOf(in.items("Conditions"))
	if err != nil {
		return err
	}
	x.spec = tree{"Actions": actions, "Conditions": conditions}
	return nil
}

// conditionConfigs are the fields of a rule's condition with the member that
// holds their values; the first two may also have plain Values.
var conditionConfigs = map[string]string{
	"path-pattern": "PathPatternConfig", "host-header": "HostHeaderConfig", "http-header": "HttpHeaderConfig",
	"http-request-method": "HttpRequestMethodConfig", "query-string": "QueryStringConfig", "source-ip": "SourceIpConfig",
}

func conditionsOf(list []tree) ([]any, error) {
	if len(list) == 0 {
		return nil, wire.Errorf("ValidationError", "A condition must be specified")
	}
	out := []any{}
	for _, cond := range list {
		field := cond.str("Field")
		config, known := conditionConfigs[field]
		if !known {
			return nil, wire.Errorf("ValidationError", "Condition field '%s' must be one of '[path-pattern, host-header, http-header, http-request-method, query-string, source-ip]'", field)
		}
		values := cond.strs("Values")
		if cond.has(config) {
			values = cond.node(config).strs("Values")
		}
		if len(values) == 0 {
			return nil, wire.Errorf("ValidationError", "A condition value must be specified")
		}
		d, _ := normal(map[string]any(cond)).(map[string]any)
		if field == "path-pattern" || field == "host-header" {
			d["Values"], d[config] = anys(values), map[string]any{"Values": anys(values)}
		}
		out = append(out, d)
	}
	return out, nil
}
