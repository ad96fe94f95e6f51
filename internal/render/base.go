package render

import (
	"github.com/bcn-bot/bcn/internal/manifest"
)

const (
	policyVersion = "2012-10-17"
	logRetention  = 365 // days

	oneoffTaskOutput = "OneoffTaskDefinition"

	roleType = "AWS::IAM::Role"
)

// base renders what a heritage's tasks need before the first one starts.
func (s *source) base() (*template, error) {
	d, h := s.District, s.Heritage
	t := newTemplate("bcn: roles and log group of the heritage " + h.Name)
	// RetainExceptOnCreate keeps the logs when the stack is deleted, but not
	// when its creation fails: a log group that was left would make every
	// further try fail with "already exists".
	t.Resources["LogGroup"] = resource{
		Type: "AWS::Logs::LogGroup", DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain",
		Properties: logGroup{LogGroupName: LogGroup(d.Name, h.Name), RetentionInDays: logRetention, Tags: s.tags},
	}
	tasks := s.trusts("ecs-tasks.amazonaws.com")
	t.Resources["TaskRole"] = resource{Type: roleType, Properties: s.role("task", tasks, s.taskStatements())}
	t.Resources["ExecutionRole"] = resource{Type: roleType, Properties: s.role("execution", tasks, s.executionStatements())}
	if len(h.ScheduledTasks) > 0 {
		t.Resources["ScheduleRole"] = resource{Type: roleType, Properties: s.role(scheduleRole, s.trusts("scheduler.amazonaws.com"), s.scheduleStatements())}
	}
	if s.shifts() {
		t.Resources["InfrastructureRole"] = resource{Type: roleType, Properties: s.role(infrastructureRole, s.trusts("ecs.amazonaws.com"), s.shiftStatements())}
	}
	if err := t.single(oneoffTaskOutput, "Task definition of one-off tasks", s.oneoffTask(), "LogGroup"); err != nil {
		return nil, err
	}
	if err := t.single(AccessTaskOutput, "Task definition of a grant's own task", s.accessTask(), "LogGroup"); err != nil {
		return nil, err
	}
	return t, nil
}

// oneoffTask is what before_deploy and `run` start, with a command and, for
// `run`, a size of their own.
func (s *source) oneoffTask() taskDefinition {
	if b := s.Heritage.BeforeDeploy; b != nil {
		return s.ownTask("oneoff", b.CPU, b.Memory)
	}
	return s.ownTask("oneoff", 0, manifest.DefaultMemory)
}

// ownTask is a task definition of bcn's own, beside those of the services. It
// names its roles as resources of the same stack. What bcn starts runs on
// Fargate, whatever the services run on.
func (s *source) ownTask(name string, cpu, memory int) taskDefinition {
	t := s.taskDefinition(manifest.Service{Name: name, CPU: cpu, Memory: memory})
	t.ExecutionRoleArn = getAtt("ExecutionRole", "Arn")
	t.TaskRoleArn = getAtt("TaskRole", "Arn")
	return t
}

// single puts a task definition in, with an output of the same name.
func (t *template) single(id, description string, definition taskDefinition, after ...string) error {
	if t.Outputs == nil {
		t.Outputs = map[string]output{}
	}
	t.Outputs[id] = output{Description: description, Value: ref(id)}
	return t.add(id, resource{Type: taskDefinitionType, DependsOn: after, Properties: definition})
}

// role is a role of the heritage. Whatever its statements say, it can do no
// more than the district's boundary.
func (s *source) role(kind string, trust statement, statements []statement) role {
	d, h := s.District, s.Heritage
	r := role{
		RoleName:                 roleName(d.Name, h.Name, kind),
		Path:                     RolePath(d.Name),
		Description:              "bcn: " + kind + " role of the heritage " + h.Name,
		PermissionsBoundary:      BoundaryARN(d),
		AssumeRolePolicyDocument: policyDocument{Version: policyVersion, Statement: []statement{trust}},
		Tags:                     s.tags,
	}
	if len(statements) > 0 {
		r.Policies = []inlinePolicy{{PolicyName: "bcn", PolicyDocument: policyDocument{Version: policyVersion, Statement: statements}}}
	}
	return r
}

// trusts lets one AWS service assume a role, and only where it acts for the
// account's own tasks and schedules (ECS Developer Guide, "Task IAM role", and
// EventBridge Scheduler User Guide, "Confused deputy prevention").
func (s *source) trusts(service string) statement {
	return statement{
		Effect: "Allow", Principal: map[string]string{"Service": service}, Action: []string{"sts:AssumeRole"},
		Condition: map[string]map[string]any{"StringEquals": {"aws:SourceAccount": s.District.Account}},
	}
}
