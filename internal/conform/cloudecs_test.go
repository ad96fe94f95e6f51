package conform_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func (c *cloud) ecs() *ecs.Client { return ecs.NewFromConfig(c.config) }

func (c *cloud) image(p program) string {
	return c.account + ".dkr.ecr." + c.config.Region + ".amazonaws.com/" + c.repository + ":" + p.tag
}

// definition is a task definition of one Fargate container.
func (c *cloud) definition(p program, execution string) object {
	return resource("AWS::ECS::TaskDefinition", object{
		"Family": c.id, "NetworkMode": "awsvpc", "RequiresCompatibilities": list{"FARGATE"}, "Cpu": "256", "Memory": "512",
		"ExecutionRoleArn": execution,
		"ContainerDefinitions": list{object{
			"Name": "main", "Image": c.image(p), "Command": p.command, "PortMappings": list{object{"ContainerPort": 80}},
		}},
	})
}

// breaker is what bcn asks of the circuit breaker.
func breaker(rollback bool) object {
	return object{"DeploymentCircuitBreaker": object{"Enable": true, "Rollback": rollback}}
}

// service is a service of one task, and its task definition.
func (c *cloud) service(p program, execution string, more object) object {
	props := object{
		"Cluster": c.cluster, "TaskDefinition": object{"Ref": "Task"}, "LaunchType": "FARGATE", "DesiredCount": 1,
		"NetworkConfiguration": object{"AwsvpcConfiguration": object{"Subnets": c.subnets, "AssignPublicIp": "ENABLED", "SecurityGroups": list{object{"Ref": "Group"}}}},
	}
	for k, v := range more {
		props[k] = v
	}
	return object{
		"Group":   resource("AWS::EC2::SecurityGroup", object{"GroupDescription": c.id, "VpcId": c.vpc}),
		"Task":    c.definition(p, execution),
		"Service": resource("AWS::ECS::Service", props),
	}
}

// stuckUpdate makes a stack and begins an update of it that does not end by
// itself: a service whose image is not there. It answers the stack's id.
func (c *cloud) stuckUpdate() string {
	c.t.Helper()
	execution := c.executionRole()
	_, id := c.apply(c.one(7))
	all := c.service(absent(), execution, nil)
	all["Logs"] = c.logs("logs", 14)
	c.propose(template(all), update)
	c.execute("second")
	return id
}

// stuckCreation does the same with a new stack.
func (c *cloud) stuckCreation(change ...func(*newSet)) string {
	c.t.Helper()
	all := c.service(absent(), c.executionRole(), nil)
	all["Logs"] = c.logs("logs", 7)
	set := c.propose(template(all), change...)
	c.execute("first")
	return *set.StackId
}

// physical is the physical id of a resource of a stack.
func (c *cloud) physical(id, logical string) string {
	c.t.Helper()
	for _, e := range c.events(id) {
		if aws.ToString(e.LogicalResourceId) == logical && aws.ToString(e.PhysicalResourceId) != "" {
			return *e.PhysicalResourceId
		}
	}
	return ""
}

// serviceOf waits until a stack has made its service, and answers its ARN.
func (c *cloud) serviceOf(id string) string {
	c.t.Helper()
	c.until("the service is there", func() bool { return c.physical(id, "Service") != "" })
	return c.physical(id, "Service")
}

func (c *cloud) describeService(arn string) types.Service {
	c.t.Helper()
	out := must[*ecs.DescribeServicesOutput](c)(c.ecs().DescribeServices(c.t.Context(), &ecs.DescribeServicesInput{Cluster: &c.cluster, Services: []string{arn}}))
	if len(out.Services) != 1 {
		c.t.Fatalf("services: %+v", out)
	}
	return out.Services[0]
}

// primary is a service's primary deployment.
func primary(s types.Service) types.Deployment {
	for _, d := range s.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			return d
		}
	}
	return types.Deployment{}
}

// stoppedOf waits for a stopped task of a service, and describes it.
func (c *cloud) stoppedOf(service string) types.Task {
	c.t.Helper()
	name := service[strings.LastIndex(service, "/")+1:]
	var arns []string
	c.until("a task stopped", func() bool {
		arns = must[*ecs.ListTasksOutput](c)(c.ecs().ListTasks(c.t.Context(), &ecs.ListTasksInput{
			Cluster: &c.cluster, ServiceName: &name, DesiredStatus: types.DesiredStatusStopped,
		})).TaskArns
		return len(arns) > 0 && aws.ToString(c.task(arns[0]).LastStatus) == "STOPPED"
	})
	return c.task(arns[0])
}

func (c *cloud) task(arn string) types.Task {
	c.t.Helper()
	out := must[*ecs.DescribeTasksOutput](c)(c.ecs().DescribeTasks(c.t.Context(), &ecs.DescribeTasksInput{Cluster: &c.cluster, Tasks: []string{arn}}))
	if len(out.Tasks) != 1 {
		c.t.Fatalf("tasks: %+v", out)
	}
	return out.Tasks[0]
}

// register registers a task definition of the program, outside of any stack.
func (c *cloud) register(p program, cpu, memory string) (*ecs.RegisterTaskDefinitionOutput, error) {
	c.t.Helper()
	var words []string
	for _, w := range p.command {
		words = append(words, w.(string))
	}
	out, err := c.ecs().RegisterTaskDefinition(c.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &c.id, NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		Cpu: &cpu, Memory: &memory, ExecutionRoleArn: aws.String(c.executionRole()),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("main"), Image: aws.String(c.image(p)), Command: words}},
	})
	if err == nil {
		c.t.Cleanup(func() {
			_, _ = c.ecs().DeregisterTaskDefinition(c.context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: out.TaskDefinition.TaskDefinitionArn})
		})
	}
	return out, err
}

// start runs one task of the program, as bcn does.
func (c *cloud) start(p program, change ...func(*ecs.RunTaskInput)) (*ecs.RunTaskOutput, error) {
	c.t.Helper()
	must[*ecs.RegisterTaskDefinitionOutput](c)(c.register(p, "256", "512"))
	return c.again(change...)
}

// again runs one more task of what start registered.
func (c *cloud) again(change ...func(*ecs.RunTaskInput)) (*ecs.RunTaskOutput, error) {
	in := &ecs.RunTaskInput{
		Cluster: &c.cluster, TaskDefinition: &c.id, LaunchType: types.LaunchTypeFargate, StartedBy: &c.id,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: c.subnets, AssignPublicIp: types.AssignPublicIpEnabled}},
	}
	for _, f := range change {
		f(in)
	}
	out, err := c.ecs().RunTask(c.t.Context(), in)
	if err == nil && c.isReal() {
		for _, t := range out.Tasks {
			c.t.Cleanup(func() {
				_, _ = c.ecs().StopTask(c.context(), &ecs.StopTaskInput{Cluster: &c.cluster, Task: t.TaskArn})
			})
		}
	}
	return out, err
}

// stopped waits until a task has stopped.
func (c *cloud) stopped(arn string) types.Task {
	c.t.Helper()
	c.until("the task stopped", func() bool { return aws.ToString(c.task(arn).LastStatus) == "STOPPED" })
	return c.task(arn)
}
