package awsx

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Run is a task to be started on Fargate.
type Run struct {
	Cluster, TaskDefinition string
	Container               string            // whose command is overridden
	Command                 []string          // with it
	Env                     map[string]string // beside the definition's
	// CPU units and memory in MiB of the task, a size that Fargate offers; 0: as
	// the definition says.
	CPU, Memory int
	// Name is the idempotency token and what the task is started by: 1 to 64
	// characters. ECS keeps a token for 24 hours at most, and forgets it with
	// its tasks (ECS API reference, "Ensuring idempotency").
	Name           string
	Subnets        []string
	SecurityGroups []string
	PublicIP       bool
	Exec           bool
	Tags           []bcn.Tag
}

// RunTask starts one task. What ECS could not place (no capacity, no address)
// comes as a failure within its answer, and is aws_refused.
func (s *Session) RunTask(ctx context.Context, r Run) (Task, error) {
	public := types.AssignPublicIpDisabled
	if r.PublicIP {
		public = types.AssignPublicIpEnabled
	}
	in := &ecs.RunTaskInput{
		Cluster: aws.String(r.Cluster), TaskDefinition: aws.String(r.TaskDefinition), Count: aws.Int32(1),
		LaunchType: types.LaunchTypeFargate, ClientToken: aws.String(r.Name), StartedBy: aws.String(r.Name),
		EnableExecuteCommand: r.Exec,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: r.Subnets, SecurityGroups: r.SecurityGroups, AssignPublicIp: public,
		}},
		Overrides: overrides(r),
	}
	for _, t := range r.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	out, err := s.ecs().RunTask(ctx, in)
	if err != nil {
		return Task{}, s.wrap(err)
	}
	if len(out.Tasks) == 0 {
		var why []string
		for _, f := range out.Failures {
			why = append(why, strings.TrimSpace(aws.ToString(f.Reason)+" "+aws.ToString(f.Detail)))
		}
		return Task{}, bcn.E(bcn.CodeAWSRefused, "what", "RunTask", "why", Bounded(strings.Join(why, "; ")))
	}
	return taskOf(out.Tasks[0]), nil
}

// overrides are sorted, so that the same token is for the same request.
func overrides(r Run) *types.TaskOverride {
	c := types.ContainerOverride{Name: aws.String(r.Container), Command: r.Command}
	for _, name := range slices.Sorted(maps.Keys(r.Env)) {
		c.Environment = append(c.Environment, types.KeyValuePair{Name: aws.String(name), Value: aws.String(r.Env[name])})
	}
	o := &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{c}}
	if r.CPU > 0 {
		o.Cpu, o.Memory = aws.String(strconv.Itoa(r.CPU)), aws.String(strconv.Itoa(r.Memory))
	}
	return o
}

// TasksStartedBy lists the ARNs of the tasks that were started by the name, all
// pages, of those that are to run or, with stopped, of those that are not. ECS
// knows stopped ones for about an hour, and takes startedBy as the only filter
// (API reference, ListTasks), so that of these all are read.
func (s *Session) TasksStartedBy(ctx context.Context, cluster, name string, stopped bool) ([]string, error) {
	if !stopped {
		return s.list(ctx, &ecs.ListTasksInput{Cluster: aws.String(cluster), StartedBy: aws.String(name)})
	}
	all, err := s.StoppedTasks(ctx, cluster, "")
	if err != nil {
		return nil, err
	}
	tasks, err := s.Tasks(ctx, cluster, all)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, t := range tasks {
		if t.StartedBy == name {
			list = append(list, t.ARN)
		}
	}
	return list, nil
}

// ServiceTasks lists the ARNs of a service's tasks that are to run, all pages.
// A service that is not there is ErrNotFound.
func (s *Session) ServiceTasks(ctx context.Context, cluster, service string) ([]string, error) {
	return s.list(ctx, &ecs.ListTasksInput{Cluster: aws.String(cluster), ServiceName: aws.String(service), DesiredStatus: desired(false)})
}

// TasksOfFamily lists the ARNs of the tasks of a family of task definitions, all
// pages: those that are to run, and those that stopped, which ECS keeps for
// about an hour.
func (s *Session) TasksOfFamily(ctx context.Context, cluster, family string) ([]string, error) {
	var all []string
	for _, stopped := range []bool{false, true} {
		list, err := s.list(ctx, &ecs.ListTasksInput{Cluster: aws.String(cluster), Family: aws.String(family), DesiredStatus: desired(stopped)})
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func desired(stopped bool) types.DesiredStatus {
	if stopped {
		return types.DesiredStatusStopped
	}
	return types.DesiredStatusRunning
}

// list answers all pages of ListTasks.
func (s *Session) list(ctx context.Context, in *ecs.ListTasksInput) ([]string, error) {
	var list []string
	pages := ecs.NewListTasksPaginator(s.ecs(), in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			switch CodeOf(err) {
			case "ServiceNotFoundException", "ServiceNotActiveException":
				return nil, s.missing(err)
			}
			return nil, s.wrap(err)
		}
		list = append(list, page.TaskArns...)
	}
	return list, nil
}

// StopTask stops a task; one that ECS no longer knows is ErrNotFound.
func (s *Session) StopTask(ctx context.Context, cluster, arn, reason string) error {
	_, err := s.ecs().StopTask(ctx, &ecs.StopTaskInput{
		Cluster: aws.String(cluster), Task: aws.String(arn), Reason: optional(reason),
	})
	// ECS has no code of its own for a task that is not there.
	if Says(err, "InvalidParameterException", "task was not found") {
		return s.missing(err)
	}
	return s.wrap(err)
}

// Entry is a session that ECS Exec opened. Whoever has the token may enter, so
// that it is a function: nothing prints it by accident.
type Entry struct {
	SessionID, URL string
	Token          func() string
}

// ExecuteCommand opens an interactive session in a container. An error carries
// AWS's code and sentence and nothing else of its answer.
func (s *Session) ExecuteCommand(ctx context.Context, cluster, task, container, command string) (Entry, error) {
	out, err := s.ecs().ExecuteCommand(ctx, &ecs.ExecuteCommandInput{
		Cluster: aws.String(cluster), Task: aws.String(task), Container: aws.String(container),
		Command: aws.String(command), Interactive: true,
	})
	if CodeOf(err) == "TargetNotConnectedException" { // its agent has yet to reach Session Manager
		return Entry{}, bare(bcn.E(bcn.CodeUnavailable, "what", "ECS Exec").Wrap(err))
	}
	if err != nil {
		return Entry{}, bare(s.wrap(err))
	}
	if out.Session == nil {
		return Entry{}, bcn.E(bcn.CodeUnavailable, "what", "AWS ECS")
	}
	token := aws.ToString(out.Session.TokenValue)
	return Entry{
		SessionID: aws.ToString(out.Session.SessionId), URL: aws.ToString(out.Session.StreamUrl),
		Token: func() string { return token },
	}, nil
}
