package awsx

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Event is one event of a stack or of one of its resources.
type Event struct {
	ID         string
	At         time.Time
	LogicalID  string
	PhysicalID string
	Type       string
	Status     string
	Reason     string
	Token      string // of the request that began the operation
}

// Events hands over a stack's events, newest first, page by page, until more
// answers false. It reads DescribeEvents, which also tells of validation and
// hooks.
func (s *Session) Events(ctx context.Context, stackID string, more func([]Event) bool) error {
	pages := cloudformation.NewDescribeEventsPaginator(s.cloudformation(),
		&cloudformation.DescribeEventsInput{StackName: aws.String(stackID)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.changeSetError(err)
		}
		list := make([]Event, 0, len(page.OperationEvents))
		for _, e := range page.OperationEvents {
			list = append(list, eventOf(e))
		}
		if !more(list) {
			return nil
		}
	}
	return nil
}

// Invalid answers what early validation found wrong with a change set. The
// change set's own reason says no more than to look here.
func (s *Session) Invalid(ctx context.Context, stack, changeSet string) ([]Event, error) {
	pages := cloudformation.NewDescribeEventsPaginator(s.cloudformation(),
		&cloudformation.DescribeEventsInput{StackName: optional(stack), ChangeSetName: aws.String(changeSet)})
	var list []Event
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.changeSetError(err)
		}
		for _, e := range page.OperationEvents {
			if e.EventType == types.EventTypeValidationError {
				list = append(list, eventOf(e))
			}
		}
	}
	return list, nil
}

// StackEvents is Events by DescribeStackEvents, for where the newer call is
// not to be had.
func (s *Session) StackEvents(ctx context.Context, stackID string, more func([]Event) bool) error {
	pages := cloudformation.NewDescribeStackEventsPaginator(s.cloudformation(),
		&cloudformation.DescribeStackEventsInput{StackName: aws.String(stackID)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.changeSetError(err)
		}
		list := make([]Event, 0, len(page.StackEvents))
		for _, e := range page.StackEvents {
			list = append(list, Event{
				ID: aws.ToString(e.EventId), At: aws.ToTime(e.Timestamp), LogicalID: aws.ToString(e.LogicalResourceId),
				PhysicalID: aws.ToString(e.PhysicalResourceId), Type: aws.ToString(e.ResourceType),
				Status: string(e.ResourceStatus), Reason: aws.ToString(e.ResourceStatusReason), Token: aws.ToString(e.ClientRequestToken),
			})
		}
		if !more(list) {
			return nil
		}
	}
	return nil
}

// eventOf reads the one list in which CloudFormation mixes operations,
// resources, validations and hooks.
func eventOf(in types.OperationEvent) Event {
	out := Event{
		ID: aws.ToString(in.EventId), At: aws.ToTime(in.Timestamp), LogicalID: aws.ToString(in.LogicalResourceId),
		PhysicalID: aws.ToString(in.PhysicalResourceId), Type: aws.ToString(in.ResourceType),
		Status: string(in.ResourceStatus), Reason: aws.ToString(in.ResourceStatusReason), Token: aws.ToString(in.ClientRequestToken),
	}
	if out.At.IsZero() {
		out.At = aws.ToTime(in.StartTime)
	}
	switch in.EventType {
	case types.EventTypeValidationError:
		out.Status, out.Reason = string(in.ValidationStatus), aws.ToString(in.ValidationStatusReason)
		if path := aws.ToString(in.ValidationPath); path != "" {
			out.Reason += " (" + path + ")"
		}
	case types.EventTypeHookInvocationError:
		out.Status, out.Reason = string(in.HookStatus), aws.ToString(in.HookStatusReason)
	case types.EventTypeStackEvent:
		if out.Status == "" {
			out.Status = string(in.OperationStatus)
		}
	}
	return out
}
