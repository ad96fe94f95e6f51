package conform_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
)

// engineRows are what bcn believes of the rest of what barcelona.yml renders.
func engineRows() []row[*cloud] {
	return append(append(append(scheduleRows(), definitionRows()...), driftRows()...), machineRows()...)
}

// timer asks for a schedule that starts the row's task.
func (c *cloud) timer(expression string, change ...func(*scheduler.CreateScheduleInput)) error {
	c.t.Helper()
	role := c.role("timer", trustService("scheduler.amazonaws.com"), policy(allow("ecs:*", "*"), allow("iam:PassRole", "*")))
	in := &scheduler.CreateScheduleInput{
		Name: &c.id, ScheduleExpression: &expression, FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{
			Arn: aws.String(c.arn("ecs", "cluster/"+c.cluster)), RoleArn: &role, Input: aws.String(`{"containerOverrides":[{"name":"main","command":["sh","-c","exit 4"]}]}`),
			EcsParameters: &types.EcsParameters{
				TaskDefinitionArn: aws.String(c.arn("ecs", "task-definition/"+c.id)), LaunchType: types.LaunchTypeFargate, Group: &c.id,
				NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: c.subnets, AssignPublicIp: types.AssignPublicIpEnabled}},
			},
		},
	}
	for _, f := range change {
		f(in)
	}
	_, err := scheduler.NewFromConfig(c.config).CreateSchedule(c.t.Context(), in)
	if err == nil {
		c.t.Cleanup(func() {
			_, _ = scheduler.NewFromConfig(c.config).DeleteSchedule(c.context(), &scheduler.DeleteScheduleInput{Name: &c.id})
		})
	}
	return err
}

func scheduleRows() []row[*cloud] {
	const kinds, page = "EventBridge Scheduler User Guide, Schedule types", "EventBridge Scheduler API Reference, "
	refused := func(expression string) func(*cloud) string {
		return func(c *cloud) string { return says(c.timer(expression)) }
	}
	return []row[*cloud]{
		{"a rate starts its task at once, in the group and with the command that it says", "scheduler:CreateSchedule", "EssentialContainerExited 4, in its group", kinds + ", rate-based; Templated targets", func(c *cloud) string {
			must[*ecs.RegisterTaskDefinitionOutput](c)(c.register(c.steady, "256", "512"))
			c.check(c.timer("rate(1 day)"))
			var arns []string
			c.until("its task stopped", func() bool {
				arns = must[*ecs.ListTasksOutput](c)(c.ecs().ListTasks(c.t.Context(), &ecs.ListTasksInput{Cluster: &c.cluster, Family: &c.id, DesiredStatus: ecstypes.DesiredStatusStopped})).TaskArns
				return len(arns) > 0
			})
			t := c.stopped(arns[0])
			if aws.ToString(t.Group) != c.id {
				return "in " + aws.ToString(t.Group)
			}
			return fmt.Sprintf("%s %d, in its group", t.StopCode, aws.ToInt32(t.Containers[0].ExitCode))
		}},
		{"cron has six fields", "scheduler:CreateSchedule", "ValidationException: *", kinds + ", cron-based", refused("cron(0 9 * * MON)")},
		{"one of its two days is a question mark", "scheduler:CreateSchedule", "ValidationException: *", kinds + ", cron-based", refused("cron(0 9 * * * *)")},
		{"a rate has minutes, hours or days", "scheduler:CreateSchedule", "ValidationException: *", kinds + ", rate-based", refused("rate(30 seconds)")},
		{"an hour is a rate", "scheduler:CreateSchedule", "ok", kinds + ", rate-based", refused("rate(1 hour)")},
		{"a time zone is one of the database's", "scheduler:CreateSchedule", "ValidationException: *", page + "CreateSchedule, ScheduleExpressionTimezone", func(c *cloud) string {
			return says(c.timer("rate(1 day)", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpressionTimezone = aws.String("Asia/Nowhere") }))
		}},
		{"schedules are listed by the beginning of their name, with their state", "scheduler:ListSchedules", "1 DISABLED", page + "ListSchedules, NamePrefix", func(c *cloud) string {
			c.check(c.timer("rate(1 day)", func(in *scheduler.CreateScheduleInput) { in.State = types.ScheduleStateDisabled }))
			out := must[*scheduler.ListSchedulesOutput](c)(scheduler.NewFromConfig(c.config).ListSchedules(c.t.Context(), &scheduler.ListSchedulesInput{NamePrefix: &c.id}))
			if len(out.Schedules) != 1 {
				return fmt.Sprint(len(out.Schedules))
			}
			return "1 " + string(out.Schedules[0].State)
		}},
		{"the least count of a scaled service is kept, without a new deployment", "application-autoscaling:RegisterScalableTarget", "2 of 2, 1 deployment", doubt + "Application Auto Scaling User Guide, scaling activities: minimum capacity was set", func(c *cloud) string {
			all := c.service(c.steady, c.executionRole(), nil)
			all["Scaled"] = resource("AWS::ApplicationAutoScaling::ScalableTarget", object{
				"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 2, "MaxCapacity": 3,
				"ResourceId": object{"Fn::Join": list{"/", list{"service", c.cluster, object{"Fn::GetAtt": list{"Service", "Name"}}}}},
			})
			_, id := c.apply(template(all))
			arn := c.serviceOf(id)
			c.until("two tasks run", func() bool { return c.describeService(arn).RunningCount == 2 })
			s := c.describeService(arn)
			return fmt.Sprintf("%d of %d, %d deployment", s.RunningCount, s.DesiredCount, len(s.Deployments))
		}},
	}
}

func definitionRows() []row[*cloud] {
	registers := func(change func(*ecs.RegisterTaskDefinitionInput)) func(*cloud) string {
		return func(c *cloud) string {
			in := &ecs.RegisterTaskDefinitionInput{
				Family: &c.id, NetworkMode: ecstypes.NetworkModeAwsvpc, RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
				Cpu: aws.String("256"), Memory: aws.String("512"),
				ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("main"), Image: aws.String("busybox")}},
			}
			change(in)
			out, err := c.ecs().RegisterTaskDefinition(c.t.Context(), in)
			if err == nil {
				_, _ = c.ecs().DeregisterTaskDefinition(c.t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: out.TaskDefinition.TaskDefinitionArn})
			}
			return says(err)
		}
	}
	mount := func(in *ecs.RegisterTaskDefinitionInput) {
		in.ContainerDefinitions[0].MountPoints = []ecstypes.MountPoint{{SourceVolume: aws.String("data"), ContainerPath: aws.String("/data")}}
	}
	return []row[*cloud]{
		{"a mount names a volume of its definition", "ecs:RegisterTaskDefinition", "ClientException: *nknown volume*", apiECS + "MountPoint, sourceVolume", registers(mount)},
		{"scratch space needs nothing but a name", "ecs:RegisterTaskDefinition", "ok", ecsDev + "Use bind mounts with Amazon ECS", registers(func(in *ecs.RegisterTaskDefinitionInput) {
			mount(in)
			in.Volumes = []ecstypes.Volume{{Name: aws.String("data")}}
		})},
		{"Fargate has no directories of its host", "ecs:RegisterTaskDefinition", "ClientException: *host.sourcePath*", ecsDev + "Fargate task definition differences", registers(func(in *ecs.RegisterTaskDefinitionInput) {
			in.Volumes = []ecstypes.Volume{{Name: aws.String("data"), Host: &ecstypes.HostVolumeProperties{SourcePath: aws.String("/var")}}}
		})},
		{"an access point of EFS wants encryption on the way", "ecs:RegisterTaskDefinition", "ClientException: *ransit encryption*", apiECS + "EFSVolumeConfiguration, transitEncryption", registers(func(in *ecs.RegisterTaskDefinitionInput) {
			in.Volumes = []ecstypes.Volume{{Name: aws.String("data"), EfsVolumeConfiguration: &ecstypes.EFSVolumeConfiguration{
				FileSystemId: aws.String("fs-0123456789abcdef0"), AuthorizationConfig: &ecstypes.EFSAuthorizationConfig{AccessPointId: aws.String("fsap-0123456789abcdef0")},
			}}}
		})},
		{"the size of a task is overridden by one that Fargate has", "ecs:RunTask", "*No Fargate configuration exists for given values*", doubt + apiECS + "TaskOverride, cpu and memory", func(c *cloud) string {
			_, err := c.start(c.steady, func(in *ecs.RunTaskInput) {
				in.Overrides = &ecstypes.TaskOverride{Cpu: aws.String("512"), Memory: aws.String("512")}
			})
			return says(err)
		}},
		{"a larger size is told of the task", "ecs:RunTask", "512 1024", apiECS + "TaskOverride, cpu and memory", func(c *cloud) string {
			out := must[*ecs.RunTaskOutput](c)(c.start(c.steady, func(in *ecs.RunTaskInput) {
				in.Overrides = &ecstypes.TaskOverride{Cpu: aws.String("512"), Memory: aws.String("1024")}
			}))
			return *out.Tasks[0].Cpu + " " + *out.Tasks[0].Memory
		}},
		{"another nonce deploys the same task definition anew", "cloudformation:ExecuteChangeSet", "another deployment of the same", "AWS::ECS::Service, ForceNewDeployment", func(c *cloud) string {
			force := func(nonce string) object {
				return object{"ForceNewDeployment": object{"EnableForceNewDeployment": true, "ForceNewDeploymentNonce": nonce}}
			}
			execution := c.executionRole()
			_, id := c.apply(template(c.service(c.steady, execution, force("1"))))
			before := primary(c.describeService(c.serviceOf(id)))
			c.apply(template(c.service(c.steady, execution, force("2"))), update)
			after := primary(c.describeService(c.serviceOf(id)))
			if *before.Id == *after.Id || *before.TaskDefinition != *after.TaskDefinition {
				return *after.Id + " of " + *after.TaskDefinition
			}
			return "another deployment of the same"
		}},
	}
}

// driftOf detects a stack's drift and answers it, with each difference.
func (c *cloud) driftOf(id string) string {
	c.t.Helper()
	api := c.cfn()
	started := must[*cloudformation.DetectStackDriftOutput](c)(api.DetectStackDrift(c.t.Context(), &cloudformation.DetectStackDriftInput{StackName: &id}))
	var out *cloudformation.DescribeStackDriftDetectionStatusOutput
	c.until("the detection is over", func() bool {
		out = must[*cloudformation.DescribeStackDriftDetectionStatusOutput](c)(api.DescribeStackDriftDetectionStatus(c.t.Context(),
			&cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: started.StackDriftDetectionId}))
		return out.DetectionStatus != cfntypes.StackDriftDetectionStatusDetectionInProgress
	})
	said := []string{string(out.StackDriftStatus)}
	for _, d := range must[*cloudformation.DescribeStackResourceDriftsOutput](c)(api.DescribeStackResourceDrifts(c.t.Context(), &cloudformation.DescribeStackResourceDriftsInput{StackName: &id})).StackResourceDrifts {
		for _, p := range d.PropertyDifferences {
			said = append(said, *d.LogicalResourceId+" "+string(p.DifferenceType)+" "+*p.PropertyPath+" "+*p.ExpectedValue+" to "+*p.ActualValue)
		}
	}
	return strings.Join(said, ", ")
}

func driftRows() []row[*cloud] {
	const page = guide + "Detect unmanaged configuration changes to stacks and resources with drift detection"
	return []row[*cloud]{
		{"what is as it was made is in sync", "cloudformation:DetectStackDrift", "IN_SYNC", page, func(c *cloud) string {
			_, id := c.apply(c.one(7))
			return c.driftOf(id)
		}},
		{"what was changed by hand has drifted, property by property", "cloudformation:DescribeStackResourceDrifts", "DRIFTED, * NOT_EQUAL /RetentionInDays 7 to 14", page, func(c *cloud) string {
			_, id := c.apply(c.one(7))
			group := c.id + "/logs"
			must[*cloudwatchlogs.PutRetentionPolicyOutput](c)(cloudwatchlogs.NewFromConfig(c.config).PutRetentionPolicy(c.t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: aws.Int32(14)}))
			return c.driftOf(id)
		}},
		{"what the template does not say does not drift", "cloudformation:DetectStackDrift", "IN_SYNC", page, func(c *cloud) string {
			group := c.id + "/logs"
			_, id := c.apply(template(object{"Logs": resource("AWS::Logs::LogGroup", object{"LogGroupName": group})}))
			must[*cloudwatchlogs.PutRetentionPolicyOutput](c)(cloudwatchlogs.NewFromConfig(c.config).PutRetentionPolicy(c.t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: aws.Int32(14)}))
			return c.driftOf(id)
		}},
		{"a protected stack is not deleted", "cloudformation:DeleteStack", "ValidationError: Stack * cannot be deleted while TerminationProtection is enabled", apiCFN + "UpdateTerminationProtection", func(c *cloud) string {
			_, id := c.apply(c.one(7))
			protect := func(on bool) error {
				_, err := c.cfn().UpdateTerminationProtection(c.context(), &cloudformation.UpdateTerminationProtectionInput{StackName: &id, EnableTerminationProtection: &on})
				return err
			}
			c.check(protect(true))
			c.t.Cleanup(func() { _ = protect(false) })
			return says(c.remove(id))
		}},
	}
}
