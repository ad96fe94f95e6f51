package awsx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// stopTask is the universal target of ECS's StopTask (EventBridge Scheduler
// User Guide, "Using universal targets").
const stopTask = "arn:%s:scheduler:::aws-sdk:ecs:stopTask"

// ErrExists says that something else has the name. It is wrapped.
var ErrExists = errors.New("the name is taken")

// StopAt is a one-time schedule that stops a task and then removes itself.
type StopAt struct {
	Name              string // 1 to 64 letters, digits, - _ .
	Partition         string // of the account: aws, aws-cn, ...
	Role              string // ARN of what the Scheduler stops it as
	Cluster, Task     string // name and ARN
	Reason            string // of the stop; ECS tells it of the task
	At                time.Time
	expression, input string // as AWS keeps them
}

// read fills in what AWS keeps of the schedule. Whoever stops earlier is safe,
// so that fractions of a second are cut off; AWS fires within the minute after.
func (x StopAt) read() (StopAt, error) {
	input, err := json.Marshal(struct{ Cluster, Task, Reason string }{x.Cluster, x.Task, x.Reason})
	if err != nil {
		return x, fmt.Errorf("write what a schedule calls: %w", err)
	}
	x.expression, x.input = "at("+x.At.UTC().Format("2006-01-02T15:04:05")+")", string(input)
	return x, nil
}

// CreateStop makes the schedule in the group default; one of the same name is
// ErrExists.
func (s *Session) CreateStop(ctx context.Context, x StopAt) error {
	x, err := x.read()
	if err != nil {
		return err
	}
	_, err = s.scheduler().CreateSchedule(ctx, &scheduler.CreateScheduleInput{
		Name: aws.String(x.Name), ScheduleExpression: aws.String(x.expression), ScheduleExpressionTimezone: aws.String("UTC"),
		ActionAfterCompletion: types.ActionAfterCompletionDelete,
		FlexibleTimeWindow:    &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{
			Arn: aws.String(fmt.Sprintf(stopTask, x.Partition)), RoleArn: aws.String(x.Role), Input: aws.String(x.input),
		},
	})
	if CodeOf(err) == "ConflictException" {
		return bcn.E(bcn.CodeAWSRefused, "what", "CreateSchedule", "why", Bounded(Message(err))).Wrap(ErrExists)
	}
	return s.wrap(err)
}

// HasStop says whether the schedule of that name is this one and will fire;
// ErrNotFound where there is none of the name.
func (s *Session) HasStop(ctx context.Context, x StopAt) (bool, error) {
	x, err := x.read()
	if err != nil {
		return false, err
	}
	out, err := s.scheduler().GetSchedule(ctx, &scheduler.GetScheduleInput{Name: aws.String(x.Name)})
	if err != nil {
		if CodeOf(err) == "ResourceNotFoundException" {
			return false, s.missing(err)
		}
		return false, s.wrap(err)
	}
	t := out.Target
	return t != nil && aws.ToString(t.Arn) == fmt.Sprintf(stopTask, x.Partition) && aws.ToString(t.RoleArn) == x.Role &&
		aws.ToString(t.Input) == x.input && aws.ToString(out.ScheduleExpression) == x.expression &&
		aws.ToString(out.ScheduleExpressionTimezone) == "UTC" && out.State == types.ScheduleStateEnabled, nil
}

// DeleteStop removes a schedule; ErrNotFound where there is none of the name.
func (s *Session) DeleteStop(ctx context.Context, name string) error {
	_, err := s.scheduler().DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: aws.String(name)})
	if CodeOf(err) == "ResourceNotFoundException" {
		return s.missing(err)
	}
	return s.wrap(err)
}
