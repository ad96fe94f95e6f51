package roles_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/render"
)

const underPath = iamARN + "role/bcn/default/"

func TestOnlyTheRoleOfSchedulesStartsTasksWithinTheBoundary(t *testing.T) {
	t.Parallel()
	schedules := underPath + render.ScheduleRole("default", "hello")
	long := underPath + render.ScheduleRole("default", "a-heritage-whose-name-is-so-long-that-its-roles-have-a-hash-in-theirs")
	task := underPath + render.TaskRole("default", "hello-schedule")
	run := map[string]string{"ecs:cluster": cluster}
	pass := map[string]string{"iam:PassedToService": "ecs-tasks.amazonaws.com"}
	as := func(role string, keys map[string]string) map[string]string {
		out := map[string]string{"aws:PrincipalArn": role}
		for k, v := range keys {
			out[k] = v
		}
		return out
	}
	d := parse(t, input()).boundary
	definition := ecsARN + "task-definition/hello-schedule:1"
	for _, a := range []ask{
		{"the schedules' role may start a task", "ecs:RunTask", definition, as(schedules, run), policy.Allowed},
		{"one with a hash in its name too", "ecs:RunTask", definition, as(long, run), policy.Allowed},
		{"a task may not, whatever its heritage is called", "ecs:RunTask", definition, as(task, run), policy.Implicit},
		{
			"the schedules' role may not in another cluster", "ecs:RunTask", definition,
			as(schedules, map[string]string{"ecs:cluster": ecsARN + "cluster/other"}),
			policy.Implicit,
		},
		{"the schedules' role may pass a task's role", "iam:PassRole", task, as(schedules, pass), policy.Allowed},
		{"a task may not pass its own", "iam:PassRole", task, as(task, pass), policy.Implicit},
		{
			"the schedules' role passes none to anything else", "iam:PassRole", task,
			as(schedules, map[string]string{"iam:PassedToService": "lambda.amazonaws.com"}),
			policy.Implicit,
		},
		{"a task may mount a volume", "elasticfilesystem:ClientMount", "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1", as(task, map[string]string{
			"elasticfilesystem:AccessedViaMountTarget": "true",
		}), policy.Allowed},
		{
			"a task is never root of a volume", "elasticfilesystem:ClientRootAccess",
			"arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1",
			as(task, map[string]string{"elasticfilesystem:AccessedViaMountTarget": "true"}),
			policy.Implicit,
		},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.run(t, d, nil)
		})
	}
}

func TestCloudFormationMakesSchedulesAndScaling(t *testing.T) {
	t.Parallel()
	toScheduler := map[string]string{"iam:PassedToService": "scheduler.amazonaws.com"}
	const schedule = "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/"
	const scaled = "arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/*"
	const alarm = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"
	d := parse(t, input()).cfn
	for _, a := range []ask{
		{"may make a schedule of bcn's", "scheduler:CreateSchedule", schedule + render.ScheduleName("hello", "report"), nil, policy.Allowed},
		{"may not change a grant's stop", "scheduler:UpdateSchedule", schedule + "bcn_g1042-stop", nil, policy.Implicit},
		{"may not change another's", "scheduler:UpdateSchedule", schedule + "backup", nil, policy.Implicit},
		{"may pass the schedules' role to the scheduler", "iam:PassRole", underPath + render.ScheduleRole("default", "hello"), toScheduler, policy.Allowed},
		{"may not pass a task's role to the scheduler", "iam:PassRole", underPath + render.TaskRole("default", "hello"), toScheduler, policy.Implicit},
		{"may scale ECS services", "application-autoscaling:RegisterScalableTarget", scaled, map[string]string{
			"application-autoscaling:service-namespace": "ecs",
		}, policy.Allowed},
		{"may not scale tables", "application-autoscaling:RegisterScalableTarget", scaled, map[string]string{
			"application-autoscaling:service-namespace": "dynamodb",
		}, policy.Implicit},
		{"may make the alarms of scaling", "cloudwatch:PutMetricAlarm", alarm + "TargetTracking-service/default/hello-web-x-AlarmHigh-1", nil, policy.Allowed},
		{"may not touch other alarms", "cloudwatch:DeleteAlarms", alarm + "errors", nil, policy.Implicit},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.run(t, d, nil)
		})
	}
}
