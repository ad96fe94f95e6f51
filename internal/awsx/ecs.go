package awsx

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The batch sizes of ECS (API reference of DescribeServices, DescribeTasks).
const (
	servicesPerCall = 10
	tasksPerCall    = 100
)

// Service is an ECS service.
type Service struct {
	Name, ARN    string
	Status       string // ACTIVE, DRAINING, INACTIVE
	Desired      int
	Running      int
	Pending      int
	Deployments  []Deployment // the primary one first, where there is one
	TargetGroups []string     // ARNs
	Events       []ServiceEvent
	Strategy     string   // ROLLING, BLUE_GREEN, CANARY, LINEAR
	Rollout      string   // ARN of the service deployment under way; empty: none
	Alarms       []string // names, that guard its deployments
}

// Deployment is one deployment of a service.
type Deployment struct {
	ID               string
	Status           string // PRIMARY, ACTIVE, INACTIVE
	TaskDefinition   string // ARN
	State, Reason    string // rollout state and its reason
	Running, Pending int
	Desired, Failed  int
	CreatedAt        time.Time
}

// ServiceEvent is one sentence of a service's event list, newest first.
type ServiceEvent struct {
	At      time.Time
	Message string
}

// Services describes services by name or ARN, ten at a time. Those that are
// not there are left out.
func (s *Session) Services(ctx context.Context, cluster string, names []string) ([]Service, error) {
	var list []Service
	for len(names) > 0 {
		n := min(len(names), servicesPerCall)
		out, err := s.ecs().DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(cluster), Services: names[:n]})
		if err != nil {
			return nil, s.wrap(err)
		}
		for _, v := range out.Services {
			list = append(list, serviceOf(v))
		}
		names = names[n:]
	}
	return list, nil
}

func serviceOf(in types.Service) Service {
	out := Service{
		Name: aws.ToString(in.ServiceName), ARN: aws.ToString(in.ServiceArn), Status: aws.ToString(in.Status),
		Desired: int(in.DesiredCount), Running: int(in.RunningCount), Pending: int(in.PendingCount),
		Rollout: aws.ToString(in.CurrentServiceDeployment),
	}
	if c := in.DeploymentConfiguration; c != nil {
		out.Strategy = string(c.Strategy)
		if c.Alarms != nil && c.Alarms.Enable {
			out.Alarms = c.Alarms.AlarmNames
		}
	}
	for _, d := range in.Deployments {
		v := Deployment{
			ID: aws.ToString(d.Id), Status: aws.ToString(d.Status), TaskDefinition: aws.ToString(d.TaskDefinition),
			State: string(d.RolloutState), Reason: aws.ToString(d.RolloutStateReason), Running: int(d.RunningCount),
			Pending: int(d.PendingCount), Desired: int(d.DesiredCount), Failed: int(d.FailedTasks),
			CreatedAt: aws.ToTime(d.CreatedAt),
		}
		if v.Status == "PRIMARY" {
			out.Deployments = append([]Deployment{v}, out.Deployments...)
			continue
		}
		out.Deployments = append(out.Deployments, v)
	}
	for _, l := range in.LoadBalancers {
		if arn := aws.ToString(l.TargetGroupArn); arn != "" {
			out.TargetGroups = append(out.TargetGroups, arn)
		}
		if a := l.AdvancedConfiguration; a != nil {
			out.TargetGroups = append(out.TargetGroups, aws.ToString(a.AlternateTargetGroupArn))
		}
	}
	for _, e := range in.Events {
		out.Events = append(out.Events, ServiceEvent{At: aws.ToTime(e.CreatedAt), Message: aws.ToString(e.Message)})
	}
	return out
}

// TaskDefinition is a revision of a task definition, which never changes.
type TaskDefinition struct {
	ARN        string
	Containers []Container
}

// Container is one container of a task definition.
type Container struct {
	Name, Image string
	Essential   bool
	LogGroup    string // of the awslogs driver, else empty
	LogPrefix   string
}

// TaskDefinition describes a revision.
func (s *Session) TaskDefinition(ctx context.Context, arn string) (TaskDefinition, error) {
	out, err := s.ecs().DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(arn)})
	if err != nil {
		return TaskDefinition{}, s.wrap(err)
	}
	if out.TaskDefinition == nil {
		return TaskDefinition{}, bcn.E(bcn.CodeUnavailable, "what", "AWS ECS").Wrap(ErrNotFound)
	}
	d := TaskDefinition{ARN: aws.ToString(out.TaskDefinition.TaskDefinitionArn)}
	for _, c := range out.TaskDefinition.ContainerDefinitions {
		v := Container{Name: aws.ToString(c.Name), Image: aws.ToString(c.Image), Essential: aws.ToBool(c.Essential)}
		if l := c.LogConfiguration; l != nil && l.LogDriver == types.LogDriverAwslogs {
			v.LogGroup, v.LogPrefix = l.Options["awslogs-group"], l.Options["awslogs-stream-prefix"]
		}
		d.Containers = append(d.Containers, v)
	}
	return d, nil
}

// Task is a task that runs, or one that stopped a while ago.
type Task struct {
	ARN            string
	StartedBy      string
	Group          string // service:{name}
	TaskDefinition string
	Status         string // last status: PROVISIONING, ..., RUNNING, ..., STOPPED
	Exec           bool   // it was started with ECS Exec on
	Code, Reason   string // why it stopped
	CreatedAt      time.Time
	StartedAt      time.Time // zero before it runs
	StoppedAt      time.Time
	Containers     []TaskContainer
	Commands       []Command // that it was started with instead of the definition's
}

// Command is what a container runs instead of what its definition says.
type Command struct {
	Container string
	Words     []string
}

// TaskContainer is a container of such a task.
type TaskContainer struct {
	Name     string
	Status   string
	ExitCode *int
	Reason   string
	Digest   string // of its image, once that was pulled
	Runtime  string // its runtime id, once it runs
	Agent    string // status of the agent of ECS Exec; empty: none
}

// StoppedTasks lists the ARNs of a cluster's stopped tasks, of one service
// where it is not empty, all pages. ECS keeps them for about an hour. A service
// that is not there is ErrNotFound.
func (s *Session) StoppedTasks(ctx context.Context, cluster, service string) ([]string, error) {
	return s.list(ctx, &ecs.ListTasksInput{Cluster: aws.String(cluster), ServiceName: optional(service), DesiredStatus: desired(true)})
}

// Tasks describes tasks, a hundred at a time. Those that are gone are left out.
func (s *Session) Tasks(ctx context.Context, cluster string, arns []string) ([]Task, error) {
	var list []Task
	for len(arns) > 0 {
		n := min(len(arns), tasksPerCall)
		out, err := s.ecs().DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: arns[:n]})
		if err != nil {
			return nil, s.wrap(err)
		}
		for _, v := range out.Tasks {
			list = append(list, taskOf(v))
		}
		arns = arns[n:]
	}
	return list, nil
}

func taskOf(in types.Task) Task {
	out := Task{
		ARN: aws.ToString(in.TaskArn), Group: aws.ToString(in.Group), StartedBy: aws.ToString(in.StartedBy), TaskDefinition: aws.ToString(in.TaskDefinitionArn),
		Status: aws.ToString(in.LastStatus), Exec: in.EnableExecuteCommand,
		Code: string(in.StopCode), Reason: aws.ToString(in.StoppedReason),
		CreatedAt: aws.ToTime(in.CreatedAt), StartedAt: aws.ToTime(in.StartedAt), StoppedAt: aws.ToTime(in.StoppedAt),
	}
	if in.StoppedAt == nil {
		out.StoppedAt = aws.ToTime(in.StoppingAt)
	}
	if in.Overrides != nil {
		for _, c := range in.Overrides.ContainerOverrides {
			out.Commands = append(out.Commands, Command{Container: aws.ToString(c.Name), Words: c.Command})
		}
	}
	for _, c := range in.Containers {
		v := TaskContainer{
			Name: aws.ToString(c.Name), Status: aws.ToString(c.LastStatus), Reason: aws.ToString(c.Reason),
			Digest: aws.ToString(c.ImageDigest), Runtime: aws.ToString(c.RuntimeId),
		}
		for _, a := range c.ManagedAgents {
			if a.Name == types.ManagedAgentNameExecuteCommandAgent {
				v.Agent = aws.ToString(a.LastStatus)
			}
		}
		if c.ExitCode != nil {
			code := int(*c.ExitCode)
			v.ExitCode = &code
		}
		out.Containers = append(out.Containers, v)
	}
	return out
}

// ClusterMachines answers how many container instances a cluster has. One that
// is not there has none.
func (s *Session) ClusterMachines(ctx context.Context, cluster string) (int, error) {
	out, err := s.ecs().DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{cluster}})
	if err != nil {
		return 0, s.wrap(err)
	}
	if len(out.Clusters) == 0 {
		return 0, nil
	}
	return int(out.Clusters[0].RegisteredContainerInstancesCount), nil
}

// ClusterStatus answers ACTIVE, INACTIVE, ...; a cluster that is not there is
// ErrNotFound.
func (s *Session) ClusterStatus(ctx context.Context, cluster string) (string, error) {
	out, err := s.ecs().DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{cluster}})
	if err != nil {
		if CodeOf(err) == "ClusterNotFoundException" {
			return "", s.missing(err)
		}
		return "", s.wrap(err)
	}
	if len(out.Clusters) == 0 {
		return "", bcn.E(bcn.CodeAWSRefused, "what", "DescribeClusters", "why", cluster+" is missing").Wrap(ErrNotFound)
	}
	return aws.ToString(out.Clusters[0].Status), nil
}
