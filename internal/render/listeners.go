package render

import (
	"sort"
	"strconv"

	"github.com/agnivade/levenshtein"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

const deregistrationDelay = 60 // seconds

// joined is what ties a service to its endpoints.
type joined struct {
	rules    []string // logical ids; ECS refuses a target group without a load balancer
	balanced []balanced
}

// balanced is one endpoint with what of the service belongs to it.
type balanced struct {
	endpoint bcn.Endpoint
	target   string // logical id of the target group
	balancer loadBalancer
}

func (j joined) balancers() []loadBalancer {
	var out []loadBalancer
	for _, b := range j.balanced {
		out = append(out, b.balancer)
	}
	return out
}

// join adds a target group and rules per listener, and one security group
// that lets the endpoints in.
func (s *source) join(t *template, m manifest.Service) (joined, error) {
	id := LogicalID(m.Name)
	var out joined
	group := securityGroup{GroupDescription: "bcn: endpoints to " + Family(s.Heritage.Name, m.Name), VpcId: s.District.VPC, Tags: s.tags}
	for _, l := range m.Listeners {
		e, err := s.endpoint(l.Endpoint)
		if err != nil {
			return out, err
		}
		s.warnEndpoint(m, l, e)
		target := id + "TargetGroup" + LogicalID(e.Name)
		rules, err := s.target(t, m, l, e, target)
		if err != nil {
			return out, err
		}
		b := loadBalancer{ContainerName: m.Name, ContainerPort: m.Port, TargetGroupArn: ref(target)}
		if !m.Deployment.Rolling() {
			b.AdvancedConfiguration = s.advanced(rules[0], secondTarget(m, e))
			rules = rules[1:] // named by what the service is made of
		}
		out.rules = append(out.rules, rules...)
		out.balanced = append(out.balanced, balanced{e, target, b})
		group.SecurityGroupIngress = append(group.SecurityGroupIngress, ingress{
			Description: "endpoint " + e.Name, IpProtocol: "tcp",
			FromPort: m.Port, ToPort: m.Port, SourceSecurityGroupId: e.SecurityGroup,
		})
	}
	sort.Strings(out.rules)
	return out, t.add(id+"SecurityGroup", resource{Type: "AWS::EC2::SecurityGroup", Properties: group})
}

// target adds a listener's target groups, two where traffic is shifted between
// them, and its rules, of which the first is the one that forwards.
func (s *source) target(t *template, m manifest.Service, l manifest.Listener, e bcn.Endpoint, first string) ([]string, error) {
	if err := s.checkShifted(m, l, e); err != nil {
		return nil, err
	}
	groups := []string{first}
	if !m.Deployment.Rolling() {
		groups = append(groups, secondTarget(m, e))
	}
	for _, id := range groups {
		if err := t.add(id, resource{Type: "AWS::ElasticLoadBalancingV2::TargetGroup", Properties: s.targetGroup(m, l)}); err != nil {
			return nil, err
		}
	}
	return s.rules(t, m, l, e, groups)
}

// endpoint answers an endpoint that may be used: it is there, of this
// district, serves the environment, and was made.
func (s *source) endpoint(name string) (bcn.Endpoint, error) {
	e, ok := s.Endpoints[name]
	if !ok || e.District != s.District.Name {
		return e, bcn.E(bcn.CodeUnknownName, "what", "endpoint", "name", name, "suggestion", s.suggest(name))
	}
	if !e.Serves(s.Env) {
		return e, bcn.E(bcn.CodeEnvironmentForeign, "what", "endpoint", "name", name, "env", s.Env)
	}
	if e.HTTPListener == "" || e.SecurityGroup == "" {
		return e, bcn.E(bcn.CodeUnavailable, "what", "endpoint "+name)
	}
	return e, nil
}

func (s *source) suggest(name string) string {
	best, distance := "", 1+len(name)/3
	for candidate, e := range s.Endpoints {
		d := levenshtein.ComputeDistance(name, candidate)
		if e.District == s.District.Name && e.Serves(s.Env) && (d < distance || d == distance && (best == "" || candidate < best)) {
			best, distance = candidate, d
		}
	}
	return best
}

// warnEndpoint says where the file and the endpoint disagree.
func (s *source) warnEndpoint(m manifest.Service, l manifest.Listener, e bcn.Endpoint) {
	warn := func(id string) {
		s.findings = append(s.findings, bcn.Finding{
			ID: id, Level: bcn.Warn, Where: s.where(l.At),
			Params: map[string]string{"service": m.Name, "endpoint": e.Name},
		})
	}
	if m.ForceSSL && e.HTTPSListener == "" {
		warn(ForceSSLWithoutCertificate)
	}
	if !m.ForceSSL && e.HTTPSListener != "" {
		warn(PlainHTTP)
	}
	if m.Public != nil && *m.Public != e.Public {
		warn(PublicMismatch)
	}
}

func (s *source) targetGroup(m manifest.Service, l manifest.Listener) targetGroup {
	return targetGroup{
		Port: m.Port, Protocol: "HTTP", TargetType: "ip", VpcId: s.District.VPC,
		HealthCheckEnabled: true, HealthCheckPath: l.HealthPath, HealthCheckProtocol: "HTTP",
		HealthCheckIntervalSeconds: l.Interval, HealthCheckTimeoutSeconds: l.Timeout,
		HealthyThresholdCount: l.HealthyThreshold, UnhealthyThresholdCount: l.UnhealthyThreshold,
		Matcher:               map[string]string{"HttpCode": "200-299"},
		TargetGroupAttributes: []tag{{"deregistration_delay.timeout_seconds", strconv.Itoa(deregistrationDelay)}},
		Tags:                  s.tags,
	}
}

// rules adds the listener rules and answers their logical ids. Where plain
// HTTP must be redirected, the HTTP listener's rule does that: its default
// would, too, but only for what no other service's rule takes first.
func (s *source) rules(t *template, m manifest.Service, l manifest.Listener, e bcn.Endpoint, groups []string) ([]string, error) {
	var ids []string
	add := func(protocol, arn string, does action) error {
		r := listenerRule{ListenerArn: arn, Priority: l.Priority, Actions: []action{does}, Tags: s.tags}
		for _, c := range l.Conditions {
			r.Conditions = append(r.Conditions, ruleCondition{Field: c.Type, Values: []string{c.Value}})
		}
		id := ruleID(m, protocol, e)
		ids = append(ids, id)
		if does.Type == "forward" && len(groups) > 1 {
			if err := s.weigh(m, id, &r, groups[0], groups[1]); err != nil {
				return err
			}
		}
		return t.add(id, resource{Type: "AWS::ElasticLoadBalancingV2::ListenerRule", Properties: r})
	}
	forward := action{Type: "forward", TargetGroupArn: ref(groups[0])}
	plain := forward
	if e.HTTPSListener != "" {
		if err := add("HTTPS", e.HTTPSListener, forward); err != nil {
			return nil, err
		}
		if m.ForceSSL {
			plain = toHTTPS()
		}
	}
	if err := add("HTTP", e.HTTPListener, plain); err != nil {
		return nil, err
	}
	return ids, nil
}

// ruleID is the logical id of a service's rule at an endpoint's listener.
func ruleID(m manifest.Service, protocol string, e bcn.Endpoint) string {
	return LogicalID(m.Name) + protocol + "Rule" + LogicalID(e.Name)
}

// toHTTPS sends a request of plain HTTP to the same place under HTTPS.
func toHTTPS() action {
	return action{Type: "redirect", RedirectConfig: &redirect{Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301"}}
}
