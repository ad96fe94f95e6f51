package awsx

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Stack is a CloudFormation stack as DescribeStacks tells of it.
type Stack struct {
	Name, ID    string
	Status      string
	Reason      string
	Tags        []bcn.Tag
	ChangeSetID string    // ARN of the change set that was executed last
	Updated     time.Time // last update, or the creation
	Outputs     map[string]string
	RoleARN     string
}

// Tag answers the value of a tag, or "".
func (s Stack) Tag(key string) string {
	for _, t := range s.Tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

// Stack describes one stack by its name or id. By name a deleted stack is
// ErrNotFound; by id it is DELETE_COMPLETE for 90 days.
func (s *Session) Stack(ctx context.Context, nameOrID string) (Stack, error) {
	out, err := s.cloudformation().DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(nameOrID)})
	if err != nil {
		// CloudFormation has no code of its own for a stack that is not there.
		if Says(err, "ValidationError", "does not exist") {
			return Stack{}, s.missing(err)
		}
		return Stack{}, s.wrap(err)
	}
	if len(out.Stacks) == 0 {
		return Stack{}, bcn.E(bcn.CodeUnavailable, "what", "AWS CloudFormation").Wrap(ErrNotFound)
	}
	return stackOf(out.Stacks[0]), nil
}

// Stacks lists all stacks of the account and region, all pages, with a pause
// between two.
func (s *Session) Stacks(ctx context.Context, pause time.Duration) ([]Stack, error) {
	var list []Stack
	pages := cloudformation.NewDescribeStacksPaginator(s.cloudformation(), &cloudformation.DescribeStacksInput{})
	for first := true; pages.HasMorePages(); first = false {
		if !first {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(pause):
			}
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.wrap(err)
		}
		for _, st := range page.Stacks {
			list = append(list, stackOf(st))
		}
	}
	return list, nil
}

func stackOf(in types.Stack) Stack {
	out := Stack{
		Name: aws.ToString(in.StackName), ID: aws.ToString(in.StackId), Status: string(in.StackStatus),
		Reason: aws.ToString(in.StackStatusReason), Tags: tagsOf(in.Tags), ChangeSetID: aws.ToString(in.ChangeSetId),
		Updated: aws.ToTime(in.CreationTime), Outputs: map[string]string{}, RoleARN: aws.ToString(in.RoleARN),
	}
	if in.LastUpdatedTime != nil {
		out.Updated = *in.LastUpdatedTime
	}
	for _, o := range in.Outputs {
		out.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return out
}

// DeleteStack starts the deletion of a stack as the role; one that is gone is
// no error.
func (s *Session) DeleteStack(ctx context.Context, id, role string) error {
	return s.DeleteStackAs(ctx, id, role, "")
}

// DeleteStackAs is DeleteStack with a token, which all events of the deletion
// then carry; empty: none.
func (s *Session) DeleteStackAs(ctx context.Context, id, role, token string) error {
	_, err := s.cloudformation().DeleteStack(ctx, &cloudformation.DeleteStackInput{
		StackName: aws.String(id), RoleARN: optional(role), ClientRequestToken: optional(token),
	})
	return s.wrap(err)
}

// StackTemplate reads the template that a stack has now, as it was given.
func (s *Session) StackTemplate(ctx context.Context, stack string) ([]byte, error) {
	out, err := s.cloudformation().GetTemplate(ctx, &cloudformation.GetTemplateInput{
		StackName: aws.String(stack), TemplateStage: types.TemplateStageOriginal,
	})
	if err != nil {
		return nil, s.changeSetError(err)
	}
	return []byte(aws.ToString(out.TemplateBody)), nil
}

// CancelUpdate asks CloudFormation to roll a running update back.
func (s *Session) CancelUpdate(ctx context.Context, id string) error {
	_, err := s.cloudformation().CancelUpdateStack(ctx, &cloudformation.CancelUpdateStackInput{StackName: aws.String(id)})
	return s.wrap(err)
}

// Resource is one resource of a stack.
type Resource struct {
	LogicalID, PhysicalID string
	Type                  string
	Status, Reason        string
}

// Resources lists a stack's resources, all pages.
func (s *Session) Resources(ctx context.Context, stack string) ([]Resource, error) {
	var list []Resource
	pages := cloudformation.NewListStackResourcesPaginator(s.cloudformation(),
		&cloudformation.ListStackResourcesInput{StackName: aws.String(stack)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			if Says(err, "ValidationError", "does not exist") {
				return nil, s.missing(err)
			}
			return nil, s.wrap(err)
		}
		for _, r := range page.StackResourceSummaries {
			list = append(list, Resource{
				LogicalID: aws.ToString(r.LogicalResourceId), PhysicalID: aws.ToString(r.PhysicalResourceId),
				Type: aws.ToString(r.ResourceType), Status: string(r.ResourceStatus), Reason: aws.ToString(r.ResourceStatusReason),
			})
		}
	}
	return list, nil
}

func tagsOf(in []types.Tag) []bcn.Tag {
	out := make([]bcn.Tag, 0, len(in))
	for _, t := range in {
		out = append(out, bcn.Tag{Key: aws.ToString(t.Key), Value: aws.ToString(t.Value)})
	}
	return out
}

// optional is nil for an empty string, which AWS takes for a value.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// StackStatuses lists every status that the SDK knows, for tables that must be
// complete.
func StackStatuses() []string {
	var out []string
	for _, v := range types.StackStatus("").Values() {
		out = append(out, string(v))
	}
	return out
}
