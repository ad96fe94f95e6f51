package awsx

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// ListenerRule is a rule of a load balancer's listener.
type ListenerRule struct {
	ARN      string
	Priority int // 1 to 50000
	// Conditions are what it matches, as "path-pattern /a/* /b/*"; Does is where
	// it sends that: names of target groups, or its action's type.
	Conditions, Does []string
}

func listenerRule(r types.Rule, priority int) ListenerRule {
	out := ListenerRule{ARN: aws.ToString(r.RuleArn), Priority: priority}
	for _, c := range r.Conditions {
		values := c.Values
		switch {
		case len(values) > 0:
		case c.PathPatternConfig != nil:
			values = c.PathPatternConfig.Values
		case c.HostHeaderConfig != nil:
			values = c.HostHeaderConfig.Values
		}
		out.Conditions = append(out.Conditions, strings.TrimSpace(aws.ToString(c.Field)+" "+strings.Join(values, " ")))
	}
	for _, a := range r.Actions {
		var groups []string
		if a.TargetGroupArn != nil {
			groups = append(groups, *a.TargetGroupArn)
		} else if a.ForwardConfig != nil {
			for _, g := range a.ForwardConfig.TargetGroups {
				groups = append(groups, aws.ToString(g.TargetGroupArn))
			}
		}
		if len(groups) == 0 {
			out.Does = append(out.Does, string(a.Type))
		}
		for _, arn := range groups { // arn:...:targetgroup/NAME/ID
			if parts := strings.Split(arn, "/"); len(parts) > 1 {
				out.Does = append(out.Does, parts[1])
			}
		}
	}
	return out
}

// RuleWeights reads what listener rules send to target groups, by the ARN of the
// rule and of the group; one that forwards to a single group gives it 1. Rules
// that are gone are left out.
func (s *Session) RuleWeights(ctx context.Context, rules []string) (map[string]map[string]int, error) {
	out := map[string]map[string]int{}
	for _, arn := range rules {
		answer, err := s.elb().DescribeRules(ctx, &elasticloadbalancingv2.DescribeRulesInput{RuleArns: []string{arn}})
		if code := CodeOf(err); code == "RuleNotFound" || code == "RuleNotFoundException" {
			continue
		}
		if err != nil {
			return nil, s.wrap(err)
		}
		for _, r := range answer.Rules {
			out[aws.ToString(r.RuleArn)] = weightsOf(r)
		}
	}
	return out, nil
}

// TurnRule sets the weights of the target groups that a listener rule forwards
// to; all else of it stays.
func (s *Session) TurnRule(ctx context.Context, rule string, weights map[string]int) error {
	out, err := s.elb().DescribeRules(ctx, &elasticloadbalancingv2.DescribeRulesInput{RuleArns: []string{rule}})
	if err != nil {
		return s.wrap(err)
	}
	for _, r := range out.Rules {
		for _, a := range r.Actions {
			if a.ForwardConfig == nil {
				continue
			}
			for i, g := range a.ForwardConfig.TargetGroups {
				a.ForwardConfig.TargetGroups[i].Weight = aws.Int32(int32(weights[aws.ToString(g.TargetGroupArn)]))
			}
		}
		if _, err := s.elb().ModifyRule(ctx, &elasticloadbalancingv2.ModifyRuleInput{RuleArn: aws.String(rule), Actions: r.Actions}); err != nil {
			return s.wrap(err)
		}
	}
	return nil
}

func weightsOf(r types.Rule) map[string]int {
	out := map[string]int{}
	for _, a := range r.Actions {
		if a.ForwardConfig != nil {
			for _, g := range a.ForwardConfig.TargetGroups {
				out[aws.ToString(g.TargetGroupArn)] = int(aws.ToInt32(g.Weight))
			}
		} else if a.TargetGroupArn != nil {
			out[*a.TargetGroupArn] = 1
		}
	}
	return out
}

// ListenerRules reads the rules of a listener but its default one, lowest
// priority first. A listener that is gone is ErrNotFound.
func (s *Session) ListenerRules(ctx context.Context, listener string) ([]ListenerRule, error) {
	var list []ListenerRule
	pages := elasticloadbalancingv2.NewDescribeRulesPaginator(s.elb(), &elasticloadbalancingv2.DescribeRulesInput{ListenerArn: aws.String(listener)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			switch CodeOf(err) {
			case "ListenerNotFound", "ListenerNotFoundException":
				return nil, s.missing(err)
			}
			return nil, s.wrap(err)
		}
		for _, r := range page.Rules {
			if priority, err := strconv.Atoi(aws.ToString(r.Priority)); err == nil { // the default one's is "default"
				list = append(list, listenerRule(r, priority))
			}
		}
	}
	return list, nil
}
