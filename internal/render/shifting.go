package render

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// Traffic is what is there of a listener rule by which ECS shifts traffic: ECS
// rewrites its weights with every deployment, and CloudFormation writes those of
// the template whenever the rule changes in it.
type Traffic struct {
	// Template is the rule's Properties in the stack's template.
	Template json.RawMessage
	// Weights are those that the load balancer has, by the logical id of the
	// target group.
	Weights map[string]int
	// Live says that the rule is compared with what is there, as a repair does,
	// and not with the template: then the weights are always the live ones.
	Live bool
}

const (
	infrastructureRole = "infrastructure" // kind of the role that ECS shifts traffic as
	allTraffic         = 100              // weight, as ECS writes it
)

// InfrastructureRole is the name of the role that ECS shifts a heritage's
// traffic as.
func InfrastructureRole(district, heritage string) string {
	return roleName(district, heritage, infrastructureRole)
}

// shifts says whether any service of the heritage has its traffic shifted.
func (s *source) shifts() bool {
	for _, m := range s.Heritage.Services {
		if !m.Deployment.Rolling() {
			return true
		}
	}
	return false
}

// shiftStatements let ECS register the heritage's targets and turn the weights
// of its rules, and nothing of another heritage (ECS Developer Guide, "Amazon
// ECS infrastructure IAM role for load balancers": the managed policy
// AmazonECSInfrastructureRolePolicyForLoadBalancers, without what concerns
// default actions and Network Load Balancers). The describing actions know no
// resources (Service Authorization Reference).
func (s *source) shiftStatements() []statement {
	own := map[string]map[string]any{"StringEquals": {
		"aws:ResourceTag/" + TagApp: s.App, "aws:ResourceTag/" + TagEnvironment: s.Env, "aws:ResourceTag/" + TagInstallation: s.Installation,
	}}
	return []statement{
		{
			Effect: "Allow", Resource: []string{"*"}, Action: []string{
				"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules",
				"elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
			},
			Condition: map[string]map[string]any{"StringEquals": {"aws:RequestedRegion": s.District.Region}},
		},
		{
			Effect: "Allow", Action: []string{"elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"},
			Resource: []string{s.District.ARN("elasticloadbalancing", "targetgroup/*/*")}, Condition: own,
		},
		{
			Effect: "Allow", Action: []string{"elasticloadbalancing:ModifyRule"},
			Resource: []string{s.District.ARN("elasticloadbalancing", "listener-rule/app/*/*/*/*")}, Condition: own,
		},
	}
}

// secondTarget is the logical id of the target group that ECS fills in turn
// with the first.
func secondTarget(m manifest.Service, e bcn.Endpoint) string {
	return LogicalID(m.Name) + "SecondTargetGroup" + LogicalID(e.Name)
}

// advanced names what ECS shifts traffic with.
func (s *source) advanced(rule, second string) *advancedConfiguration {
	return &advancedConfiguration{
		AlternateTargetGroupArn: ref(second), ProductionListenerRule: ref(rule),
		RoleArn: RoleARN(s.District, InfrastructureRole(s.District.Name, s.Heritage.Name)),
	}
}

// checkShifted refuses what would send people to a target group without tasks:
// a second rule that nobody shifts, and a way back to rolling while the tasks
// are in the second group.
func (s *source) checkShifted(m manifest.Service, l manifest.Listener, e bcn.Endpoint) error {
	refuse := func(at manifest.Position, format string, args ...any) error {
		return bcn.E(bcn.CodeManifest, "file", s.File, "problems", s.where(at)+": "+fmt.Sprintf(format, args...))
	}
	d := m.Deployment
	if !d.Rolling() {
		if e.HTTPSListener != "" && !m.ForceSSL {
			return refuse(l.At, "the strategy %s shifts one listener rule, and %s has two at the endpoint %s, which has a certificate (set force_ssl: true)", d.Strategy, m.Name, e.Name)
		}
		return nil
	}
	for _, protocol := range []string{"HTTP", "HTTPS"} {
		if s.Traffic[ruleID(m, protocol, e)].Weights[secondTarget(m, e)] > 0 {
			return refuse(m.At, "the traffic of %s goes to its second target group, which rolling does not have: deploy it once more with the strategy that it has, then change it", m.Name)
		}
	}
	return nil
}

// weigh sets the weights of the rule that ECS shifts. Where nothing else of the
// rule changes they stay those of the template, so that CloudFormation leaves
// the rule alone. Where something does they are those that the load balancer
// has, since CloudFormation writes the whole rule. A repair would take those of
// the template for what is to be put back, and send people to no tasks.
func (s *source) weigh(m manifest.Service, id string, r *listenerRule, first, second string) error {
	known := s.Traffic[id]
	written := writtenWeights(known.Template)
	set := func(weights map[string]int) {
		other := 0
		if all := weights[first] + weights[second]; all > 0 {
			other = allTraffic * weights[second] / all
		}
		r.Actions = []action{{Type: "forward", ForwardConfig: &forward{TargetGroups: []weightedGroup{
			{ref(first), allTraffic - other}, {ref(second), other},
		}}}}
	}
	set(written)
	if same, err := unchanged(*r, known.Template); err != nil || same && !known.Live {
		return err
	}
	set(known.Weights)
	if len(written) > 0 && (known.Weights[second] == 0) != (written[second] == 0) {
		s.findings = append(s.findings, bcn.Finding{
			ID: ShiftedRuleChanges, Level: bcn.Warn, Where: s.where(m.At), Params: map[string]string{"service": m.Name},
		})
	}
	return nil
}

// writtenWeights reads the weights of a rule's properties, by the logical id of
// the target group.
func writtenWeights(properties json.RawMessage) map[string]int {
	var r struct {
		Actions []struct {
			ForwardConfig struct {
				TargetGroups []struct {
					TargetGroupArn struct{ Ref string }
					Weight         int
				}
			}
		}
	}
	out := map[string]int{}
	if json.Unmarshal(properties, &r) != nil || len(r.Actions) != 1 {
		return out
	}
	for _, g := range r.Actions[0].ForwardConfig.TargetGroups {
		out[g.TargetGroupArn.Ref] = g.Weight
	}
	return out
}

// unchanged compares a rule with the properties that a template has.
func unchanged(r listenerRule, properties json.RawMessage) (bool, error) {
	if len(properties) == 0 {
		return false, nil
	}
	var there any
	if err := json.Unmarshal(properties, &there); err != nil {
		return false, bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("read a rule of the stack's template: %w", err))
	}
	was, err := canonical(there)
	if err != nil {
		return false, err
	}
	is, err := canonical(r)
	return bytes.Equal(was, is), err
}
