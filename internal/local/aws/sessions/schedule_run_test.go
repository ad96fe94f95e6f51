package sessions_test

import (
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
)

const mayRun = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":"ecs:RunTask","Resource":"arn:aws:ecs:*:*:task-definition/nightly:*"},
	{"Effect":"Allow","Action":"ecs:TagResource","Resource":"arn:aws:ecs:*:*:task/default/*"},
	{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::123456789012:role/enterable","Condition":{"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}}]}`

// nightly registers the task definition of scheduled tasks.
func (w *world) nightly(t *testing.T) {
	t.Helper()
	_, err := ecs.NewFromConfig(w.as()).RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: awssdk.String("nightly"), NetworkMode: ecstypes.NetworkModeAwsvpc, Cpu: awssdk.String("512"), Memory: awssdk.String("2048"),
		RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate}, TaskRoleArn: awssdk.String("arn:aws:iam::123456789012:role/enterable"),
		ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: awssdk.String("schedule"), Image: awssdk.String("shell:1")}},
		Tags:                 []ecstypes.Tag{{Key: awssdk.String("bcn:app"), Value: awssdk.String("hello")}},
	})
	wantCode(t, err, "")
}

// runs is a schedule that starts the task.
func runs(expression, role string) *scheduler.CreateScheduleInput {
	return &scheduler.CreateScheduleInput{
		Name: awssdk.String("bcn-hello-report"), ScheduleExpression: &expression, ScheduleExpressionTimezone: awssdk.String("UTC"),
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{
			Arn: awssdk.String("arn:aws:ecs:us-east-1:123456789012:cluster/default"), RoleArn: &role,
			Input:       awssdk.String(`{"containerOverrides":[{"name":"schedule","command":["exit","3"]}]}`),
			RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: awssdk.Int32(2), MaximumEventAgeInSeconds: awssdk.Int32(900)},
			EcsParameters: &types.EcsParameters{
				TaskDefinitionArn: awssdk.String("arn:aws:ecs:us-east-1:123456789012:task-definition/nightly:1"), TaskCount: awssdk.Int32(1),
				LaunchType: types.LaunchTypeFargate, Group: awssdk.String("bcn-hello-report"), PropagateTags: types.PropagateTagsTaskDefinition,
				NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a11ce00000000001"}}},
			},
		},
	}
}

// ran are the tasks of the schedule, the newest last.
func (w *world) ran(t *testing.T) []ecstypes.Task {
	t.Helper()
	c := ecs.NewFromConfig(w.as())
	var arns []string
	for _, status := range []ecstypes.DesiredStatus{"STOPPED", "RUNNING"} {
		out, err := c.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: awssdk.String("default"), Family: awssdk.String("nightly"), DesiredStatus: status})
		wantCode(t, err, "")
		arns = append(arns, out.TaskArns...)
	}
	if len(arns) == 0 {
		return nil
	}
	out, err := c.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: awssdk.String("default"), Tasks: arns, Include: []ecstypes.TaskField{"TAGS"}})
	wantCode(t, err, "")
	return out.Tasks
}

func TestSchedulesThatRunTasks(t *testing.T) {
	t.Parallel()
	t.Run("start them at their times, in the schedule's group, with its command", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		w.nightly(t)
		hour := w.clock.Now().Truncate(time.Hour).Add(time.Hour)
		_, err := scheduler.NewFromConfig(w.as()).CreateSchedule(t.Context(), runs("cron(0/20 * * * ? *)", w.stopper(t, mayRun)))
		wantCode(t, err, "")
		w.clock.Advance(hour.Sub(w.clock.Now()) - time.Second)
		before := len(w.ran(t))
		w.clock.Advance(time.Minute)
		tasks := w.ran(t)
		if len(tasks) != before+1 {
			t.Fatalf("%d tasks, %d before; %v", len(tasks), before, w.Sessions().ScheduleFailure(region, "bcn-hello-report"))
		}
		w.clock.Advance(5 * time.Minute)
		got := w.ran(t)[before]
		if *got.Group != "bcn-hello-report" || got.LastStatus == nil || *got.LastStatus != "STOPPED" || *got.Containers[0].ExitCode != 3 ||
			!strings.HasPrefix(*got.StartedBy, "chronos-schedule/") || len(got.Tags) != 1 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("by a rate start at once, and tell where they have no right to", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]struct{ role, want string }{
			"may": {mayRun, ""}, "no RunTask": {nothing, "ecs:RunTask"},
			"no PassRole": {strings.Replace(mayRun, "role/enterable", "role/other", 1), "iam:PassRole"},
		} {
			w := newECS(t)
			w.nightly(t)
			_, err := scheduler.NewFromConfig(w.as()).CreateSchedule(t.Context(), runs("rate(1 hour)", w.stopper(t, c.role)))
			wantCode(t, err, "")
			w.clock.Advance(time.Second)
			err = w.Sessions().ScheduleFailure(region, "bcn-hello-report")
			if c.want == "" && (err != nil || len(w.ran(t)) != 1) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || len(w.ran(t)) != 0) {
				t.Errorf("%s: %v, %d tasks", name, err, len(w.ran(t)))
			}
		}
	})
	t.Run("that are refused are tried again as often as they say, and then forgotten", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		w.nightly(t)
		_, err := scheduler.NewFromConfig(w.as()).CreateSchedule(t.Context(), runs("rate(1 day)", w.stopper(t, nothing)))
		wantCode(t, err, "")
		w.clock.Advance(time.Hour)
		tried := 0
		for _, c := range w.Calls() {
			if c.Action == "RunTask" && c.ErrorCode == "AccessDeniedException" {
				tried++
			}
		}
		if tried != 3 {
			t.Errorf("tried %d times", tried)
		}
	})
	t.Run("that are disabled start nothing, until they are enabled", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		w.nightly(t)
		c, role := scheduler.NewFromConfig(w.as()), w.stopper(t, mayRun)
		in := runs("cron(* * * * ? *)", role)
		in.State = types.ScheduleStateDisabled
		_, err := c.CreateSchedule(t.Context(), in)
		wantCode(t, err, "")
		w.clock.Advance(5 * time.Minute)
		if n := len(w.ran(t)); n != 0 {
			t.Fatalf("%d tasks", n)
		}
		_, err = c.UpdateSchedule(t.Context(), &scheduler.UpdateScheduleInput{
			Name: in.Name, ScheduleExpression: in.ScheduleExpression, FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target,
		})
		wantCode(t, err, "")
		w.clock.Advance(5 * time.Minute)
		if n := len(w.ran(t)); n != 5 {
			t.Errorf("%d tasks in five minutes", n)
		}
	})
}

func TestSchedulesAreListed(t *testing.T) {
	t.Parallel()
	w := newECS(t)
	c, role := scheduler.NewFromConfig(w.as()), w.stopper(t, mayRun)
	for _, name := range []string{"bcn-hello-a", "bcn-hello-b", "bcn-other"} {
		in := runs("rate(1 hour)", role)
		in.Name = awssdk.String(name)
		if name == "bcn-hello-b" {
			in.State = types.ScheduleStateDisabled
		}
		_, err := c.CreateSchedule(t.Context(), in)
		wantCode(t, err, "")
	}
	var names []string
	pages := 0
	for p := scheduler.NewListSchedulesPaginator(c, &scheduler.ListSchedulesInput{NamePrefix: awssdk.String("bcn-hello-"), MaxResults: awssdk.Int32(1)}); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		wantCode(t, err, "")
		for _, x := range out.Schedules {
			names = append(names, *x.Name+" "+string(x.State)+" "+*x.Target.Arn)
		}
	}
	const at = " arn:aws:ecs:us-east-1:123456789012:cluster/default"
	if got := strings.Join(names, "; "); pages != 2 || got != "bcn-hello-a ENABLED"+at+"; bcn-hello-b DISABLED"+at {
		t.Errorf("%d pages: %s", pages, got)
	}
	_, err := c.ListSchedules(t.Context(), &scheduler.ListSchedulesInput{GroupName: awssdk.String("none")})
	wantCode(t, err, "ResourceNotFoundException")
	_, err = c.UpdateSchedule(t.Context(), &scheduler.UpdateScheduleInput{
		Name: awssdk.String("none"), ScheduleExpression: awssdk.String("rate(1 hour)"),
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}, Target: runs("", role).Target,
	})
	wantCode(t, err, "ResourceNotFoundException")
}
