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
