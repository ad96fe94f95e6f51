package conform_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// rolloutRows are what deployments of services do.
func rolloutRows() []row[*cloud] {
	config := func(rollback bool) object { return object{"DeploymentConfiguration": breaker(rollback)} }
	// bad makes a good service and then updates it to a crashing image.
	bad := func(c *cloud, rollback bool) (status, id, first string) {
		execution := c.executionRole()
		_, id = c.apply(template(c.service(c.steady, execution, config(rollback))))
		first = aws.ToString(primary(c.describeService(c.serviceOf(id))).TaskDefinition)
		status, _ = c.apply(template(c.service(c.crashing, execution, config(rollback))), update)
		return status, id, first
	}
	back := func(c *cloud, rollback bool) string {
		status, id, first := bad(c, rollback)
		arn := c.serviceOf(id)
		c.until("the old tasks are back", func() bool {
			return primary(c.describeService(arn)).RolloutState == types.DeploymentRolloutStateCompleted
		})
		if now := aws.ToString(primary(c.describeService(arn)).TaskDefinition); now != first {
			return status + ", still on " + now
		}
		return status + ", back on the first task definition"
	}
	breakerPage := ecsDev + "How the Amazon ECS deployment circuit breaker detects failures"
	return []row[*cloud]{
		{
			"a rollout takes time: it is in progress, then complete", "ecs:DescribeServices", "IN_PROGRESS while CREATE_IN_PROGRESS, COMPLETED with CREATE_COMPLETE", apiECS + "Deployment, rolloutState",
			func(c *cloud) string {
				set := c.propose(template(c.service(c.steady, c.executionRole(), nil)))
				c.execute("first")
				arn := c.serviceOf(*set.StackId)
				state, stack := primary(c.describeService(arn)).RolloutState, c.stack(*set.StackId).StackStatus
				status := c.end(*set.StackId)
				return fmt.Sprintf("%s while %s, %s with %s", state, stack, primary(c.describeService(arn)).RolloutState, status)
			},
		},
		{"a complete service runs what it should", "ecs:DescribeServices", "desired 1 running 1 pending 0, 1 deployment", apiECS + "Service", func(c *cloud) string {
			_, id := c.apply(template(c.service(c.steady, c.executionRole(), nil)))
			s := c.describeService(c.serviceOf(id))
			return fmt.Sprintf("desired %d running %d pending %d, %d deployment", s.DesiredCount, s.RunningCount, s.PendingCount, len(s.Deployments))
		}},
		{
			"an update makes a second deployment beside the first", "ecs:DescribeServices", "PRIMARY IN_PROGRESS, ACTIVE COMPLETED", apiECS + "Deployment",
			func(c *cloud) string {
				execution := c.executionRole()
				_, id := c.apply(template(c.service(c.steady, execution, nil)))
				arn := c.serviceOf(id)
				next := c.steady
				next.command = list{"sleep", "3601"}
				c.propose(template(c.service(next, execution, nil)), update)
				c.execute("second")
				var deployments []types.Deployment
				c.until("two deployments", func() bool { deployments = c.describeService(arn).Deployments; return len(deployments) == 2 })
				var out []string
				for _, d := range deployments {
					out = append(out, aws.ToString(d.Status)+" "+string(d.RolloutState))
				}
				return strings.Join(out, ", ")
			},
		},
		{"the circuit breaker without its own rollback fails the stack, which restores the service", "cloudformation:ExecuteChangeSet", "UPDATE_ROLLBACK_COMPLETE, back on the first task definition", breakerPage, func(c *cloud) string { return back(c, false) }},
		{"the circuit breaker with its own rollback fails the stack too", "cloudformation:ExecuteChangeSet", "UPDATE_ROLLBACK_COMPLETE, back on the first task definition", breakerPage, func(c *cloud) string { return back(c, true) }},
		{"the stack's event says that the breaker was triggered", "cloudformation:DescribeStackEvents", "*Service UPDATE_FAILED *ECS Deployment Circuit Breaker was triggered*", breakerPage, func(c *cloud) string {
			_, id, _ := bad(c, false)
			return c.story(id)
		}},
		{"a deployment that the breaker ended says so", "ecs:DescribeServices", "FAILED: ECS deployment circuit breaker: *", apiECS + "Deployment, rolloutStateReason", func(c *cloud) string {
			set := c.propose(template(c.service(c.crashing, c.executionRole(), config(false))))
			c.execute("first")
			arn := c.serviceOf(*set.StackId)
			var d types.Deployment
			c.until("the deployment failed", func() bool {
				d = primary(c.describeService(arn))
				return d.RolloutState == types.DeploymentRolloutStateFailed
			})
			return string(d.RolloutState) + ": " + aws.ToString(d.RolloutStateReason)
		}},
		{"a container that ends gives its task's stop code and its exit code", "ecs:DescribeTasks", "EssentialContainerExited: Essential container in task exited, exit 7", ecsDev + "Amazon ECS stopped tasks error messages", func(c *cloud) string {
			set := c.propose(template(c.service(c.crashing, c.executionRole(), nil)))
			c.execute("first")
			t := c.stoppedOf(c.serviceOf(*set.StackId))
			return fmt.Sprintf("%s: %s, exit %d", t.StopCode, aws.ToString(t.StoppedReason), aws.ToInt32(t.Containers[0].ExitCode))
		}},
		{"an image that cannot be pulled gives its reason, and no exit code", "ecs:DescribeTasks", "TaskFailedToStart: CannotPullContainerError: * not found*, no exit code", ecsDev + "CannotPullContainer task errors", func(c *cloud) string {
			t := c.stoppedOf(c.serviceOf(c.stuckCreation()))
			if t.Containers[0].ExitCode != nil {
				return "an exit code"
			}
			return string(t.StopCode) + ": " + aws.ToString(t.StoppedReason) + ", no exit code"
		}},
	}
}

// taskRows are one-off tasks and the limits of ECS's calls.
func taskRows() []row[*cloud] {
	token := func(in *ecs.RunTaskInput) { in.ClientToken = in.StartedBy }
	arn := func(c *cloud, out *ecs.RunTaskOutput) string {
		if len(out.Tasks) != 1 {
			c.t.Fatalf("tasks: %+v", out)
		}
		return *out.Tasks[0].TaskArn
	}
	idempotency := apiECS + "RunTask, clientToken; " + apiECS + "Ensuring idempotency"
	services := func(n int) func(*cloud) string {
		return func(c *cloud) string {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprintf("%s-%d", c.id, i)
			}
			out, err := c.ecs().DescribeServices(c.t.Context(), &ecs.DescribeServicesInput{Cluster: &c.cluster, Services: names})
			if err != nil {
				return says(err)
			}
			return fmt.Sprintf("%d services, %d failures: %s", len(out.Services), len(out.Failures), aws.ToString(out.Failures[0].Reason))
		}
	}
	pair := func(cpu, memory string) func(*cloud) string {
		return func(c *cloud) string { _, err := c.register(c.steady, cpu, memory); return says(err) }
	}
	return []row[*cloud]{
		{"the same RunTask with the same client token starts one task", "ecs:RunTask", "the same task", idempotency, func(c *cloud) string {
			first := must[*ecs.RunTaskOutput](c)(c.start(c.steady, token))
			second := must[*ecs.RunTaskOutput](c)(c.again(token))
			if arn(c, first) == arn(c, second) {
				return "the same task"
			}
			return "another task"
		}},
		{"another RunTask with the same client token is refused", "ecs:RunTask", "ConflictException: *", idempotency, func(c *cloud) string {
			must[*ecs.RunTaskOutput](c)(c.start(c.steady, token))
			_, err := c.again(token, func(in *ecs.RunTaskInput) { in.Group = aws.String("other") })
			return says(err)
		}},
		{"a task is not running when RunTask answers", "ecs:RunTask", "PROVISIONING", ecsDev + "Amazon ECS task lifecycle", func(c *cloud) string {
			out := must[*ecs.RunTaskOutput](c)(c.start(c.steady))
			arn(c, out)
			return aws.ToString(out.Tasks[0].LastStatus)
		}},
		{"a stopped task is found by who started it", "ecs:ListTasks", "1 task", apiECS + "ListTasks, startedBy", func(c *cloud) string {
			c.stopped(arn(c, must[*ecs.RunTaskOutput](c)(c.start(c.crashing))))
			out := must[*ecs.ListTasksOutput](c)(c.ecs().ListTasks(c.t.Context(), &ecs.ListTasksInput{Cluster: &c.cluster, StartedBy: &c.id, DesiredStatus: types.DesiredStatusStopped}))
			return fmt.Sprintf("%d task", len(out.TaskArns))
		}},
		{"a task that a person stopped says so, with the reason", "ecs:StopTask", "UserInitiated: cancelled by dana", apiECS + "StopTask, reason", func(c *cloud) string {
			task := arn(c, must[*ecs.RunTaskOutput](c)(c.start(c.steady)))
			c.until("it runs", func() bool { return aws.ToString(c.task(task).LastStatus) == "RUNNING" })
			must[*ecs.StopTaskOutput](c)(c.ecs().StopTask(c.t.Context(), &ecs.StopTaskInput{Cluster: &c.cluster, Task: &task, Reason: aws.String("cancelled by dana")}))
			t := c.stopped(task)
			return string(t.StopCode) + ": " + aws.ToString(t.StoppedReason)
		}},
		{"ten services can be described at once; those that are not there are MISSING", "ecs:DescribeServices", "0 services, 10 failures: MISSING", apiECS + "DescribeServices; " + ecsDev + "API failure reasons", services(10)},
		{"eleven cannot", "ecs:DescribeServices", "InvalidParameterException: *10*", apiECS + "DescribeServices, services", services(11)},
		{"tasks that are not there are MISSING", "ecs:DescribeTasks", "MISSING", ecsDev + "API failure reasons", func(c *cloud) string {
			out := must[*ecs.DescribeTasksOutput](c)(c.ecs().DescribeTasks(c.t.Context(), &ecs.DescribeTasksInput{Cluster: &c.cluster, Tasks: []string{"0123456789abcdef0123456789abcdef"}}))
			return aws.ToString(out.Failures[0].Reason)
		}},
		{"a cluster that is not there is MISSING to DescribeClusters", "ecs:DescribeClusters", "0 clusters, MISSING", ecsDev + "API failure reasons", func(c *cloud) string {
			out := must[*ecs.DescribeClustersOutput](c)(c.ecs().DescribeClusters(c.t.Context(), &ecs.DescribeClustersInput{Clusters: []string{c.id}}))
			return fmt.Sprintf("%d clusters, %s", len(out.Clusters), aws.ToString(out.Failures[0].Reason))
		}},
		{"a cluster that is not there is an error to all others", "ecs:DescribeServices", "ClusterNotFoundException: Cluster not found.", apiECS + "DescribeServices, Errors", func(c *cloud) string {
			_, err := c.ecs().DescribeServices(c.t.Context(), &ecs.DescribeServicesInput{Cluster: &c.id, Services: []string{"web"}})
			return says(err)
		}},
		{"tasks of a service that is not there", "ecs:ListTasks", "ServiceNotFoundException: *", apiECS + "ListTasks, Errors", func(c *cloud) string {
			_, err := c.ecs().ListTasks(c.t.Context(), &ecs.ListTasksInput{Cluster: &c.cluster, ServiceName: &c.id})
			return says(err)
		}},
		{"a task definition that is not there", "ecs:DescribeTaskDefinition", "ClientException: Unable to describe task definition.", apiECS + "DescribeTaskDefinition, Errors", func(c *cloud) string {
			_, err := c.ecs().DescribeTaskDefinition(c.t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: &c.id})
			return says(err)
		}},
		{"Fargate takes the pairs of cpu and memory that it has", "ecs:RegisterTaskDefinition", "ok", ecsDev + "Task CPU and memory", pair("512", "3072")},
		{"Fargate refuses others", "ecs:RegisterTaskDefinition", "ClientException: No Fargate configuration exists for given values*", ecsDev + "Troubleshoot Amazon ECS invalid CPU or memory errors", pair("256", "4096")},
	}
}
