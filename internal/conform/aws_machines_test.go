package conform_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// machineRows are what bcn believes of machines where there are none, which
// costs nothing to try.
func machineRows() []row[*cloud] {
	run := func(change func(*ecs.RunTaskInput)) func(*cloud) string {
		return func(c *cloud) string {
			must[*ecs.RegisterTaskDefinitionOutput](c)(c.register(c.steady, "256", "512"))
			in := &ecs.RunTaskInput{
				Cluster: &c.cluster, TaskDefinition: &c.id,
				NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{Subnets: c.subnets}},
			}
			change(in)
			_, err := c.ecs().RunTask(c.t.Context(), in)
			return says(err)
		}
	}
	return []row[*cloud]{
		{"no task runs on machines where a cluster has none", "ecs:RunTask", "InvalidParameterException: No Container Instances were found in your cluster*", apiECS + "RunTask", run(func(in *ecs.RunTaskInput) {
			in.LaunchType = ecstypes.LaunchTypeEc2
		})},
		{"a capacity provider belongs to the cluster that it places tasks on", "ecs:RunTask", "InvalidParameterException: *capacity provider*", apiECS + "RunTask, capacityProviderStrategy", run(func(in *ecs.RunTaskInput) {
			in.CapacityProviderStrategy = []ecstypes.CapacityProviderStrategyItem{{CapacityProvider: aws.String("none-" + aws.ToString(in.TaskDefinition)), Weight: 1}}
		})},
		{"a launch type and a capacity provider exclude each other", "ecs:RunTask", "InvalidParameterException: *launch type and capacity provider strategy*", apiECS + "RunTask, launchType", run(func(in *ecs.RunTaskInput) {
			in.LaunchType = ecstypes.LaunchTypeEc2
			in.CapacityProviderStrategy = []ecstypes.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE"), Weight: 1}}
		})},
		{"a service says why none of its tasks is placed", "ecs:DescribeServices", "said", ecsDev + "Service event messages, unable to place a task", func(c *cloud) string {
			set := c.propose(template(c.service(c.steady, c.executionRole(), object{"LaunchType": "EC2", "NetworkConfiguration": object{
				"AwsvpcConfiguration": object{"Subnets": c.subnets, "SecurityGroups": list{object{"Ref": "Group"}}},
			}})))
			c.execute("first")
			arn := c.serviceOf(*set.StackId)
			c.until("the service says so", func() bool {
				for _, e := range c.describeService(arn).Events {
					if strings.Contains(aws.ToString(e.Message), "was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.") {
						return true
					}
				}
				return false
			})
			return "said"
		}},
	}
}
