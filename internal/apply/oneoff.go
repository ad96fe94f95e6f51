package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/roles"
)

var _ deploy.Tasks = Oneoffs{}

// Oneoffs implements deploy.Tasks, beside the tasks of grants, which are asked
// for otherwise.
type Oneoffs struct{ *Apply }

// Definition implements deploy.Tasks.
func (a Oneoffs) Definition(ctx context.Context, t bcn.Target, h bcn.Heritage) (deploy.TaskDefinition, error) {
	s := a.aws.For(t)
	stack, err := s.Stack(ctx, h.BaseStack())
	if gone(err) {
		return deploy.TaskDefinition{}, deploy.ErrNone
	}
	if err != nil {
		return deploy.TaskDefinition{}, err
	}
	arn := stack.Outputs[render.OneoffTaskOutput]
	if arn == "" {
		return deploy.TaskDefinition{}, deploy.ErrNone
	}
	definition, err := a.cache.get(ctx, s, arn)
	if err != nil {
		return deploy.TaskDefinition{}, err
	}
	name, digest := mainContainer(definition, "")
	return deploy.TaskDefinition{ARN: arn, Container: name, Digest: digest}, nil
}

// Start implements deploy.Tasks. The task gets the least that Fargate offers
// for what was asked.
func (a Oneoffs) Start(ctx context.Context, t bcn.Target, o deploy.TaskOrder) (string, error) {
	d := t.District
	cpu, memory, ok := render.TaskSize(o.CPU, o.Memory)
	if !ok {
		return "", bcn.E(bcn.CodeAWSRefused, "what", "RunTask", "why", "Fargate has no task of that size")
	}
	v, err := a.aws.For(t).RunTask(ctx, awsx.Run{
		Cluster: d.Cluster, TaskDefinition: o.Definition, Container: o.Container, Command: o.Command, Env: o.Env,
		CPU: cpu, Memory: memory, Name: o.Name,
		Subnets: d.Subnets, SecurityGroups: d.SecurityGroups, PublicIP: d.AssignPublicIP,
		Tags: []bcn.Tag{{Key: roles.InstallationTag, Value: o.Owner}},
	})
	return v.ARN, err
}

// Find implements deploy.Tasks. Running tasks are listed first: one that stops
// in between is then found among the stopped.
func (a Oneoffs) Find(ctx context.Context, t bcn.Target, o deploy.TaskOrder) (string, error) {
	s := a.aws.For(t)
	for _, stopped := range []bool{false, true} {
		arns, err := s.TasksStartedBy(ctx, t.District.Cluster, o.Name, stopped)
		if err != nil {
			return "", err
		}
		tasks, err := s.Tasks(ctx, t.District.Cluster, arns)
		if err != nil {
			return "", err
		}
		if i := slices.IndexFunc(tasks, func(v awsx.Task) bool { return ordered(v, o) }); i >= 0 {
			return tasks[i].ARN, nil
		}
	}
	return "", deploy.ErrNone
}

// Started implements deploy.Tasks.
func (a Oneoffs) Started(ctx context.Context, t bcn.Target, definition, prefix string) ([]string, error) {
	s := a.aws.For(t)
	family, _, _ := strings.Cut(last(definition), ":")
	arns, err := s.TasksOfFamily(ctx, t.District.Cluster, family)
	if err != nil {
		return nil, err
	}
	tasks, err := s.Tasks(ctx, t.District.Cluster, unique(arns))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, v := range tasks {
		if v.Status != "STOPPED" && strings.HasPrefix(v.StartedBy, prefix) {
			out = append(out, v.ARN)
		}
	}
	return out, nil
}

// ordered says that a task is what was asked for, and not another one that
// somebody started by its name.
func ordered(v awsx.Task, o deploy.TaskOrder) bool {
	return v.TaskDefinition == o.Definition && slices.ContainsFunc(v.Commands, func(c awsx.Command) bool {
		return c.Container == o.Container && slices.Equal(c.Words, o.Command)
	})
}

// Look implements deploy.Tasks.
func (a Oneoffs) Look(ctx context.Context, t bcn.Target, arn string) (deploy.TaskState, error) {
	s := a.aws.For(t)
	v, err := oneTask(ctx, s, t.District.Cluster, arn)
	if err != nil {
		return deploy.TaskState{}, err
	}
	out := deploy.TaskState{Stopped: v.Status == "STOPPED", Reason: v.Reason}
	if !v.StartedAt.IsZero() {
		out.Started = &v.StartedAt
	}
	definition, err := a.cache.get(ctx, s, v.TaskDefinition)
	if err != nil {
		return out, err
	}
	name, _ := mainContainer(definition, "")
	for _, c := range v.Containers {
		if c.Name != name {
			continue
		}
		out.ExitCode = c.ExitCode
		if c.Reason != "" && !strings.Contains(out.Reason, c.Reason) {
			out.Reason = strings.Trim(out.Reason+": "+c.Reason, ": ")
		}
	}
	return out, nil
}

// Stop implements deploy.Tasks.
func (a Oneoffs) Stop(ctx context.Context, t bcn.Target, arn, reason string) error {
	return a.StopTask(ctx, t, arn, reason)
}

// Tail implements deploy.Tasks.
func (a Oneoffs) Tail(ctx context.Context, t bcn.Target, arn string, limit int) ([]string, error) {
	s := a.aws.For(t)
	v, err := oneTask(ctx, s, t.District.Cluster, arn)
	if err != nil {
		return nil, err
	}
	definition, err := a.cache.get(ctx, s, v.TaskDefinition)
	if err != nil {
		return nil, err
	}
	return a.tail(ctx, s, definition, last(arn), "", limit)
}

// tail reads the last lines of a task's essential container. logGroup is where
// the definition does not say where it writes to.
func (a *Apply) tail(ctx context.Context, s *awsx.Session, d awsx.TaskDefinition, task, logGroup string, limit int) ([]string, error) {
	i := slices.IndexFunc(d.Containers, func(c awsx.Container) bool { return c.Essential })
	if i < 0 {
		return nil, nil
	}
	c := d.Containers[i]
	if c.LogGroup != "" {
		logGroup = c.LogGroup
	}
	if logGroup == "" || c.LogPrefix == "" {
		return nil, nil
	}
	lines, err := s.LastLines(ctx, logGroup, c.LogPrefix+"/"+c.Name+"/"+task, limit)
	if err != nil && !gone(err) { // a task that never started wrote nothing
		return nil, err
	}
	out := make([]string, 0, len(lines))
	for _, line := range lines {
		out = append(out, bounded(line))
	}
	return out, nil
}

// bounded cuts a line of a log in bytes.
func bounded(line string) string {
	if len(line) > maxLine {
		return strings.ToValidUTF8(line[:maxLine], "") + "..."
	}
	return line
}
