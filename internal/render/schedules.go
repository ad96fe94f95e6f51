package render

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

const (
	scheduleRole = "schedule" // kind of the role that EventBridge Scheduler starts tasks as

	// ScheduleContainer is the container of a scheduled task.
	ScheduleContainer = "schedule"
	// ScheduleGroup is the schedule group that all schedules are in.
	ScheduleGroup = "default"

	maxScheduleName = 64 // EventBridge Scheduler: schedule name

	// What EventBridge Scheduler does where ECS does not take the task: a few
	// tries, none of them so late that it would be another run.
	scheduleTries = 3
	scheduleAge   = 900 // seconds
)

// ScheduleName is the name of a scheduled task's schedule, also the group of
// the ECS tasks that it starts. A hash of both names is always part of it,
// because hyphens do not say where the heritage's ends. It has letters, digits
// and hyphens alone, which keeps it apart from the stops of grants.
func ScheduleName(heritage, task string) string {
	return hashed("bcn-"+heritage+"-"+task, "", maxScheduleName, heritage, task)
}

// ScheduleOutput is the output of the services stack that holds the ARN of the
// task definition that a scheduled task runs as. Each task has its own: were
// one shared by size, another size would remove a definition, and every such
// change would be destructive.
func ScheduleOutput(task string) string { return "Schedule" + LogicalID(task) + "TaskDefinition" }

// ScheduleRole is the name of the role that EventBridge Scheduler starts a
// heritage's tasks as.
func ScheduleRole(district, heritage string) string {
	return roleName(district, heritage, scheduleRole)
}

// schedules adds the scheduled tasks to the services stack, so that a release
// is one change set. They are known by their names: their order means nothing.
//
// All have the same container, so the names of their log streams say which task
// it was: {heritage}/{task}/schedule/{id} (ECS Developer Guide,
// awslogs-stream-prefix).
func (s *source) schedules(t *template) error {
	h := s.Heritage
	for _, task := range s.Heritage.ScheduledTasks {
		m := s.sizedTask(task)
		m.Name = ScheduleContainer
		definition := s.taskDefinition(m)
		definition.RequiresCompatibilities = s.scheduleCompatibilities()
		definition.ContainerDefinitions[0].LogConfiguration.Options[streamPrefix] = h.Name + "/" + task.Name
		m.Name = task.Name
		if err := s.plug(&definition, m, true); err != nil {
			return err
		}
		if err := t.single(ScheduleOutput(task.Name), "Task definition of the scheduled task "+task.Name, definition); err != nil {
			return err
		}
		if err := s.schedule(t, task); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) schedule(t *template, task manifest.ScheduledTask) error {
	d, h := s.District, s.Heritage
	input, err := json.Marshal(taskOverride{[]containerOverride{{ScheduleContainer, task.Command}}})
	if err != nil {
		return bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("write the command of %s: %w", task.Name, err))
	}
	if n := manifest.OverrideSize(task.Command, nil); n > manifest.MaxOverrides {
		return tooLarge("scheduled task "+task.Name, "its command would be %d characters of overrides, at most %d", n, manifest.MaxOverrides)
	}
	name := ScheduleName(h.Name, task.Name)
	launch, strategy := s.placed(h.Launch)
	return t.add("Schedule"+LogicalID(task.Name), resource{Type: "AWS::Scheduler::Schedule", Properties: schedule{
		Name: name, GroupName: ScheduleGroup, Description: "bcn: " + task.Name + " of the heritage " + h.Name,
		ScheduleExpression: task.Schedule, ScheduleExpressionTimezone: task.Timezone, State: enabled(task.Enabled),
		FlexibleTimeWindow: map[string]string{"Mode": "OFF"},
		Target: scheduleTarget{
			Arn: d.ARN("ecs", "cluster/"+d.Cluster), Input: string(input),
			RoleArn:     RoleARN(d, ScheduleRole(d.Name, h.Name)),
			RetryPolicy: retryPolicy{MaximumRetryAttempts: scheduleTries, MaximumEventAgeInSeconds: scheduleAge},
			EcsParameters: ecsParameters{
				TaskDefinitionArn: ref(ScheduleOutput(task.Name)), TaskCount: 1, LaunchType: launch, CapacityProviderStrategy: strategy, Group: name,
				NetworkConfiguration: s.network(h.Launch, nil), EnableECSManagedTags: true, PropagateTags: "TASK_DEFINITION",
			},
		},
	}})
}

// scheduleCompatibilities: where services run on instances, so do scheduled
// tasks; one that somebody starts by hand runs on Fargate as all of these do.
func (s *source) scheduleCompatibilities() []string {
	if s.Heritage.Launch == manifest.LaunchEC2 {
		return []string{"EC2", "FARGATE"}
	}
	return []string{"FARGATE"}
}

// scheduleStatements let the schedules start this heritage's scheduled tasks,
// with its two roles, in its cluster (EventBridge Scheduler User Guide,
// "Templated targets": Amazon ECS RunTask; tags are propagated).
func (s *source) scheduleStatements() []statement {
	d, h := s.District, s.Heritage
	return []statement{
		{
			Effect: "Allow", Action: []string{"ecs:RunTask"}, Resource: []string{d.ARN("ecs", "task-definition/"+Family(h.Name, ScheduleContainer)+":*")},
			Condition: map[string]map[string]any{"ArnEquals": {"ecs:cluster": d.ARN("ecs", "cluster/"+d.Cluster)}},
		},
		{
			Effect: "Allow", Action: []string{"ecs:TagResource"}, Resource: []string{d.ARN("ecs", "task/"+d.Cluster+"/*")},
			Condition: map[string]map[string]any{"StringEquals": {"ecs:CreateAction": "RunTask"}},
		},
		{
			Effect: "Allow", Action: []string{"iam:PassRole"},
			Resource: []string{
				RoleARN(d, ExecutionRole(d.Name, h.Name)),
				RoleARN(d, TaskRole(d.Name, h.Name)),
			},
			Condition: map[string]map[string]any{"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
		},
	}
}

func launchType(launch string) string { return strings.ToUpper(orFargate(launch)) }

func orFargate(launch string) string {
	if launch == "" {
		return manifest.LaunchFargate
	}
	return launch
}
