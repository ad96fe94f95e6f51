package awsx

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

// ListenerRule is a rule of a load balancer's listener.
type ListenerRule struct {
	ARN      string
	Priority int // 1 to 50000
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
				list = append(list, ListenerRule{aws.ToString(r.RuleArn), priority})
			}
		}
	}
	return list, nil
}
