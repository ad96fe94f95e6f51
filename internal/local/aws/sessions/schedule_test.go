package sessions_test

import (
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
)

const schedulerTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// stopper makes the role of schedules; policy is what it may do.
func (w *world) stopper(t *testing.T, policy string) string {
	t.Helper()
	c := iam.NewFromConfig(w.as())
	out, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: awssdk.String("stopper"), AssumeRolePolicyDocument: awssdk.String(schedulerTrust)})
	wantCode(t, err, "")
	_, err = c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: awssdk.String("stopper"), PolicyName: awssdk.String("inline"), PolicyDocument: &policy})
	wantCode(t, err, "")
	return *out.Role.Arn
}

const mayStop = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:StopTask","Resource":"arn:aws:ecs:*:*:task/default/*",
	"Condition":{"ArnEquals":{"ecs:cluster":"arn:aws:ecs:us-east-1:123456789012:cluster/default"}}}]}`

// stopAt is a schedule that stops a task.
func stopAt(at time.Time, role, task string) *scheduler.CreateScheduleInput {
	return &scheduler.CreateScheduleInput{
		Name: awssdk.String("bcn-grant-7"), ScheduleExpression: awssdk.String("at(" + at.UTC().Format("2006-01-02T15:04:05") + ")"),
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}, ActionAfterCompletion: types.ActionAfterCompletionDelete,
		Target: &types.Target{
			Arn: awssdk.String("arn:aws:scheduler:::aws-sdk:ecs:stopTask"), RoleArn: &role,
			Input: awssdk.String(`{"Cluster":"default","Task":"` + task + `","Reason":"grant 7 is over"}`),
		},
	}
}

// taskNow is a task's state.
func (w *world) taskNow(t *testing.T, arn string) (desired, reason string) {
	t.Helper()
	out, err := ecs.NewFromConfig(w.as()).DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: awssdk.String("default"), Tasks: []string{arn}})
	wantCode(t, err, "")
	x := out.Tasks[0]
	if x.StoppedReason != nil {
		reason = *x.StoppedReason
	}
	return *x.DesiredStatus, reason
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	t.Run("a schedule stops its task at its time, and is deleted", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		c := scheduler.NewFromConfig(w.as())
		task := w.running(t, wish{role: "enterable", exec: true})
		end := w.clock.Now().Add(11 * time.Minute)
		_, err := c.CreateSchedule(t.Context(), stopAt(end, w.stopper(t, mayStop), task))
		wantCode(t, err, "")
		got, err := c.GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: awssdk.String("bcn-grant-7")})
		wantCode(t, err, "")
		if got.State != "ENABLED" || *got.GroupName != "default" || *got.Target.Arn != "arn:aws:scheduler:::aws-sdk:ecs:stopTask" || got.ActionAfterCompletion != "DELETE" {
			t.Fatalf("got %+v", got)
		}
		w.clock.Advance(11*time.Minute - time.Second)
		if desired, _ := w.taskNow(t, task); desired != "RUNNING" {
			t.Fatalf("%s a second early", desired)
		}
		w.clock.Advance(time.Second)
		if desired, reason := w.taskNow(t, task); desired != "STOPPED" || reason != "grant 7 is over" {
			t.Fatalf("%s: %s", desired, reason)
		}
		_, err = c.GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: awssdk.String("bcn-grant-7")})
		wantCode(t, err, "ResourceNotFoundException")
		if e := w.lookup(t, "EventName", "StopTask"); len(e) != 1 || *e[0].Username != "EventBridgeScheduler" {
			t.Fatalf("got %+v", e)
		}
	})
	t.Run("a role that may not stop the task is tried again, and does not stop it", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		task := w.running(t, wish{role: "enterable", exec: true})
		_, err := scheduler.NewFromConfig(w.as()).CreateSchedule(t.Context(), stopAt(w.clock.Now().Add(time.Minute), w.stopper(t, nothing), task))
		wantCode(t, err, "")
		w.clock.Advance(3 * time.Minute)
		if desired, _ := w.taskNow(t, task); desired != "RUNNING" {
			t.Fatal(desired)
		}
		if err := w.Sessions().ScheduleFailure(region, "bcn-grant-7"); err == nil || !strings.Contains(err.Error(), "not authorized to perform: ecs:StopTask") {
			t.Fatalf("got %v", err)
		}
		_, err = iam.NewFromConfig(w.as()).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
			RoleName: awssdk.String("stopper"), PolicyName: awssdk.String("inline"), PolicyDocument: awssdk.String(mayStop),
		})
		wantCode(t, err, "")
		w.clock.Advance(time.Minute)
		if desired, _ := w.taskNow(t, task); desired != "STOPPED" {
			t.Fatal(desired)
		}
	})
	t.Run("a deleted schedule stops nothing", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		c := scheduler.NewFromConfig(w.as())
		task := w.running(t, wish{role: "enterable", exec: true})
		_, err := c.CreateSchedule(t.Context(), stopAt(w.clock.Now().Add(time.Minute), w.stopper(t, mayStop), task))
		wantCode(t, err, "")
		_, err = c.DeleteSchedule(t.Context(), &scheduler.DeleteScheduleInput{Name: awssdk.String("bcn-grant-7")})
		wantCode(t, err, "")
		w.clock.Advance(2 * time.Minute)
		if desired, _ := w.taskNow(t, task); desired != "RUNNING" {
			t.Fatal(desired)
		}
		_, err = c.DeleteSchedule(t.Context(), &scheduler.DeleteScheduleInput{Name: awssdk.String("bcn-grant-7")})
		wantCode(t, err, "ResourceNotFoundException")
	})
	t.Run("a name is taken once, except for the same client token", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		c, role := scheduler.NewFromConfig(w.as()), w.stopper(t, mayStop)
		in := stopAt(w.clock.Now().Add(time.Minute), role, "x")
		for _, token := range []struct{ is, want string }{{"a", ""}, {"a", ""}, {"b", "ConflictException"}} {
			in.ClientToken = &token.is
			_, err := c.CreateSchedule(t.Context(), in)
			wantCode(t, err, token.want)
		}
	})
}

func TestScheduleRefusals(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	for _, c := range []struct {
		name   string
		change func(*scheduler.CreateScheduleInput)
	}{
		{"the past", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = s("at(2020-01-01T00:00:00)") }},
		{"a time that is none", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = s("at(noon)") }},
		{"a time zone that is none", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpressionTimezone = s("Asia/Nowhere") }},
		{"a rate of nothing", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = s("rate(0 hours)") }},
		{"a rate of seconds", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = s("rate(30 seconds)") }},
		{"cron of five fields", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = s("cron(0 9 * * MON-FRI)") }},
		{"cron with both days", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = s("cron(0 9 1 * MON *)") }},
		{"cron in years that are over", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = s("cron(0 9 1 * ? 2020)") }},
		{"too many retries", func(in *scheduler.CreateScheduleInput) {
			in.Target.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: awssdk.Int32(186)}
		}},
		{"a cluster without a task definition", func(in *scheduler.CreateScheduleInput) {
			in.Target.Arn = s("arn:aws:ecs:us-east-1:123456789012:cluster/default")
		}},
		{"a cluster elsewhere", func(in *scheduler.CreateScheduleInput) {
			in.Target.Arn = s("arn:aws:ecs:eu-west-1:123456789012:cluster/default")
			in.Target.EcsParameters = &types.EcsParameters{TaskDefinitionArn: s("console")}
		}},
		{"an input that is no JSON", func(in *scheduler.CreateScheduleInput) {
			in.Target.Arn = s("arn:aws:ecs:us-east-1:123456789012:cluster/default")
			in.Target.EcsParameters, in.Target.Input = &types.EcsParameters{TaskDefinitionArn: s("console")}, s("now")
		}},
		{"another target", func(in *scheduler.CreateScheduleInput) { in.Target.Arn = s("arn:aws:scheduler:::aws-sdk:ecs:runTask") }},
		{"an input with small letters", func(in *scheduler.CreateScheduleInput) { in.Target.Input = s(`{"cluster":"default","task":"x"}`) }},
		{"a role that does not trust it", func(in *scheduler.CreateScheduleInput) {
			in.Target.RoleArn = s("arn:aws:iam::123456789012:role/enterable")
		}},
		{"a role that is not there", func(in *scheduler.CreateScheduleInput) {
			in.Target.RoleArn = s("arn:aws:iam::123456789012:role/none")
		}},
		{"a flexible window", func(in *scheduler.CreateScheduleInput) {
			in.FlexibleTimeWindow.Mode = types.FlexibleTimeWindowModeFlexible
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newECS(t)
			in := stopAt(w.clock.Now().Add(time.Minute), w.stopper(t, mayStop), "x")
			c.change(in)
			_, err := scheduler.NewFromConfig(w.as()).CreateSchedule(t.Context(), in)
			wantCode(t, err, "ValidationException")
		})
	}
	t.Run("who may not pass the role is refused", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		role := w.stopper(t, mayStop)
		only := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"scheduler:CreateSchedule","Resource":"*"}]}`
		_, err := scheduler.NewFromConfig(w.as(w.assume(t, "bot", only, "bcn-1", ""))).CreateSchedule(t.Context(), stopAt(w.clock.Now().Add(time.Minute), role, "x"))
		wantCode(t, err, "AccessDeniedException")
	})
}
