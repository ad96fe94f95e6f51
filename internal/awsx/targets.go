package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Target is a target of a load balancer's target group.
type Target struct {
	ID     string // an IP address, for awsvpc tasks
	State  string // initial, healthy, unhealthy, draining, unused, unavailable
	Reason string // AWS's code and sentence
}

// Targets reads the health of a target group's targets. A group that is gone is
// ErrNotFound.
func (s *Session) Targets(ctx context.Context, group string) ([]Target, error) {
	out, err := s.elb().DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: aws.String(group)})
	if err != nil {
		switch CodeOf(err) {
		case "TargetGroupNotFound", "TargetGroupNotFoundException":
			return nil, s.missing(err)
		}
		return nil, s.wrap(err)
	}
	list := make([]Target, 0, len(out.TargetHealthDescriptions))
	for _, d := range out.TargetHealthDescriptions {
		list = append(list, targetOf(d))
	}
	return list, nil
}

func targetOf(in types.TargetHealthDescription) Target {
	var out Target
	if in.Target != nil {
		out.ID = aws.ToString(in.Target.Id)
	}
	if in.TargetHealth != nil {
		out.State = string(in.TargetHealth.State)
		out.Reason = string(in.TargetHealth.Reason)
		if text := aws.ToString(in.TargetHealth.Description); text != "" {
			out.Reason += ": " + text
		}
	}
	return out
}
