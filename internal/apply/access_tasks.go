package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/grant"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/roles"
)

// grantTag is the tag of a grant's own task that names the grant.
const grantTag = "bcn:grant"

// shell is what ECS Exec runs where no command was asked for. It is the one
// path of a shell that images have in common: Alpine's and Debian's have it,
// bash is often missing; and an image without it could not hold a grant's own
// task either, whose main process is a script of it.
const shell = "/bin/sh"

// AccessTask implements grant.AWS.
func (a *Apply) AccessTask(ctx context.Context, t bcn.Target, h bcn.Heritage) (grant.AccessTask, error) {
	s := a.aws.For(t)
	none := bcn.E(bcn.CodeNoAccessTask, "app", h.App, "env", h.Env)
	stack, err := s.Stack(ctx, h.BaseStack())
	if gone(err) {
		return grant.AccessTask{}, none.Wrap(err)
	}
	if err != nil {
		return grant.AccessTask{}, err
	}
	arn := stack.Outputs[render.AccessTaskOutput]
	if arn == "" {
		return grant.AccessTask{}, none
	}
	definition, err := a.cache.get(ctx, s, arn)
	if err != nil {
		return grant.AccessTask{}, err
	}
	for _, c := range definition.Containers {
		if c.Name == render.AccessContainer {
			return grant.AccessTask{TaskDefinition: arn, Container: c.Name, Digest: digestOf(c.Image)}, nil
		}
	}
	return grant.AccessTask{}, none
}

// digestOf is the digest that an image is pinned to; empty: none.
func digestOf(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}

// StartTask implements grant.AWS.
func (a *Apply) StartTask(ctx context.Context, t bcn.Target, x grant.TaskStart) (grant.Task, error) {
	s, d := a.aws.For(t), t.District
	v, err := s.RunTask(ctx, awsx.Run{
		Cluster: d.Cluster, TaskDefinition: x.TaskDefinition, Container: x.Container,
		Command: []string{render.HoldUntil(x.Until)}, Name: x.Name, Exec: true,
		Subnets: d.Subnets, SecurityGroups: d.SecurityGroups, PublicIP: d.AssignPublicIP,
		Tags: []bcn.Tag{{Key: roles.InstallationTag, Value: x.Owner}, {Key: grantTag, Value: x.Name}},
	})
	if err != nil {
		return grant.Task{}, err
	}
	return a.task(ctx, s, v, x.Container)
}

// FindTask implements grant.AWS. Running tasks are listed first: one that stops
// in between is then found among the stopped.
func (a *Apply) FindTask(ctx context.Context, t bcn.Target, name string) (grant.Task, error) {
	s := a.aws.For(t)
	for _, stopped := range []bool{false, true} {
		arns, err := s.TasksStartedBy(ctx, t.District.Cluster, name, stopped)
		if err != nil {
			return grant.Task{}, err
		}
		tasks, err := s.Tasks(ctx, t.District.Cluster, arns)
		if err != nil {
			return grant.Task{}, err
		}
		if len(tasks) > 0 {
			slices.SortStableFunc(tasks, func(x, y awsx.Task) int { return y.CreatedAt.Compare(x.CreatedAt) })
			return a.task(ctx, s, tasks[0], render.AccessContainer)
		}
	}
	return grant.Task{}, deploy.ErrNone
}

// Task implements grant.AWS. Without a container it is the essential one.
func (a *Apply) Task(ctx context.Context, t bcn.Target, arn, container string) (grant.Task, error) {
	s := a.aws.For(t)
	v, err := oneTask(ctx, s, t.District.Cluster, arn)
	if err != nil {
		return grant.Task{}, err
	}
	return a.task(ctx, s, v, container)
}

func oneTask(ctx context.Context, s *awsx.Session, cluster, arn string) (awsx.Task, error) {
	tasks, err := s.Tasks(ctx, cluster, []string{arn})
	if err != nil {
		return awsx.Task{}, err
	}
	if len(tasks) == 0 {
		return awsx.Task{}, deploy.ErrNone
	}
	return tasks[0], nil
}

// Tasks implements grant.AWS. Of each service it enters the essential
// container, whose name is the service's in barcelona.yml.
func (a *Apply) Tasks(ctx context.Context, t bcn.Target, h bcn.Heritage) ([]grant.Task, error) {
	s := a.aws.For(t)
	services, err := a.services(ctx, s, h.ServicesStack())
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, v := range services {
		list, err := s.ServiceTasks(ctx, t.District.Cluster, last(v))
		if err != nil && !gone(err) { // a service that a rollback has deleted
			return nil, err
		}
		arns = append(arns, list...)
	}
	tasks, err := s.Tasks(ctx, t.District.Cluster, arns)
	if err != nil {
		return nil, err
	}
	var out []grant.Task
	for _, v := range tasks {
		if v.Status != "RUNNING" {
			continue
		}
		g, err := a.task(ctx, s, v, "")
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	slices.SortStableFunc(out, func(x, y grant.Task) int { return y.Started.Compare(x.Started) })
	return out, nil
}

// task describes a task by the container that is entered, the essential one
// where none is named. A definition that AWS no longer shows is done without:
// what runs has to be ended all the same.
func (a *Apply) task(ctx context.Context, s *awsx.Session, v awsx.Task, container string) (grant.Task, error) {
	definition, err := a.cache.get(ctx, s, v.TaskDefinition)
	if err != nil && bcn.CodeOf(err) != bcn.CodeAWSRefused {
		return grant.Task{}, err
	}
	service, _ := mainContainer(definition, "")
	if container == "" {
		container = service
	}
	out := grant.Task{
		ARN: v.ARN, Container: container, Status: v.Status, Exec: v.Exec, Started: v.StartedAt, Reason: v.Reason,
	}
	if strings.HasPrefix(v.Group, "service:") {
		out.Service = service
	}
	for _, c := range definition.Containers {
		if c.Name == container {
			out.Digest = digestOf(c.Image)
		}
	}
	for _, c := range v.Containers {
		if c.Name != container {
			continue
		}
		out.Runtime = c.Runtime
		out.Ready = v.Exec && v.Status == "RUNNING" && c.Status == "RUNNING" && c.Agent == "RUNNING" && c.Runtime != ""
		if out.Digest == "" {
			out.Digest = c.Digest
		}
		if c.Reason != "" {
			out.Reason = strings.Trim(out.Reason+": "+c.Reason, ": ")
		}
	}
	return out, nil
}

// StopTask implements grant.AWS.
func (a *Apply) StopTask(ctx context.Context, t bcn.Target, arn, reason string) error {
	err := a.aws.For(t).StopTask(ctx, t.District.Cluster, arn, reason)
	if gone(err) {
		return nil
	}
	return err
}

// Enter implements grant.AWS. The task is read before the session is opened:
// its target has the container's runtime id, and a look afterwards might fail
// with the session open and its id lost.
func (a *Apply) Enter(ctx context.Context, t bcn.Target, task, container, command string) (grant.Stream, error) {
	s := a.aws.For(t)
	v, err := oneTask(ctx, s, t.District.Cluster, task)
	if err != nil {
		return grant.Stream{}, err
	}
	i := slices.IndexFunc(v.Containers, func(c awsx.TaskContainer) bool { return c.Name == container })
	if i < 0 || v.Containers[i].Runtime == "" {
		return grant.Stream{}, bcn.E(bcn.CodeNoTask, "service", container)
	}
	if command == "" {
		command = shell
	}
	e, err := s.ExecuteCommand(ctx, t.District.Cluster, task, container, command)
	if err != nil {
		return grant.Stream{}, err
	}
	return grant.Stream{
		SessionID: e.SessionID, URL: e.URL, Token: access.NewSecret(e.Token()),
		Target: "ecs:" + t.District.Cluster + "_" + last(task) + "_" + v.Containers[i].Runtime,
	}, nil
}
