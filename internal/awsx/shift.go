package awsx

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// deploymentsPerCall is how many DescribeServiceDeployments takes (API
// reference: "up to 20 ARNs").
const deploymentsPerCall = 20

// ServiceDeployment is one deployment of a service, as ECS carries it out.
type ServiceDeployment struct {
	ARN            string
	Status, Reason string // IN_PROGRESS, ROLLBACK_IN_PROGRESS, ...
	Stage          string // PRE_PRODUCTION_TRAFFIC_SHIFT, BAKE_TIME, ...
	Percent        int    // of the production traffic that the new tasks have
	First          bool   // nothing serves beside it
	Hook           string // that awaits an action; empty: none does
	Expires        time.Time
}

// ServiceDeployments describes service deployments by ARN. Those that are gone
// are left out.
func (s *Session) ServiceDeployments(ctx context.Context, arns []string) ([]ServiceDeployment, error) {
	var list []ServiceDeployment
	for len(arns) > 0 {
		n := min(len(arns), deploymentsPerCall)
		out, err := s.ecs().DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: arns[:n]})
		if err != nil {
			return nil, s.wrap(err)
		}
		for _, d := range out.ServiceDeployments {
			list = append(list, serviceDeployment(d))
		}
		arns = arns[n:]
	}
	return list, nil
}

func serviceDeployment(in types.ServiceDeployment) ServiceDeployment {
	out := ServiceDeployment{
		ARN: aws.ToString(in.ServiceDeploymentArn), Status: string(in.Status), Reason: aws.ToString(in.StatusReason),
		Stage: string(in.LifecycleStage), First: len(in.SourceServiceRevisions) == 0,
	}
	if t := in.TargetServiceRevision; t != nil {
		out.Percent = int(aws.ToFloat64(t.RequestedProductionTrafficWeight))
	}
	if in.Rollback != nil {
		out.Reason = aws.ToString(in.Rollback.Reason)
	}
	for _, h := range in.LifecycleHookDetails {
		if h.Status == types.DeploymentLifecycleHookStatusAwaitingAction {
			out.Hook, out.Expires = aws.ToString(h.HookId), aws.ToTime(h.ExpiresAt)
		}
	}
	return out
}

// ContinueDeployment ends the pause of a service deployment: it goes on, or
// back. One that does not wait (any more) is ErrNotFound.
func (s *Session) ContinueDeployment(ctx context.Context, deployment, hook string, back bool) error {
	action := types.DeploymentLifecycleHookActionContinue
	if back {
		action = types.DeploymentLifecycleHookActionRollback
	}
	_, err := s.ecs().ContinueServiceDeployment(ctx, &ecs.ContinueServiceDeploymentInput{
		ServiceDeploymentArn: aws.String(deployment), HookId: aws.String(hook), Action: action,
	})
	return s.shifted(err)
}

// StopDeployment takes a service deployment back. One that is over is
// ErrNotFound.
func (s *Session) StopDeployment(ctx context.Context, deployment string) error {
	_, err := s.ecs().StopServiceDeployment(ctx, &ecs.StopServiceDeploymentInput{
		ServiceDeploymentArn: aws.String(deployment), StopType: types.StopServiceDeploymentStopTypeRollback,
	})
	return s.shifted(err)
}

func (s *Session) shifted(err error) error {
	switch CodeOf(err) {
	case "":
		return s.wrap(err)
	case "ConflictException", "ServiceDeploymentNotFoundException", "InvalidParameterException":
		return s.missing(err)
	}
	return s.wrap(err)
}
