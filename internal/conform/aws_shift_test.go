package conform_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

// shifted is a web service whose deployments shift traffic between two target
// groups, after a pause. Its rule and its roles stay between two versions.
type shifted struct {
	*cloud
	execution, role, id string
}

// template has the second target group, and the rule by which traffic is
// shifted. Versions differ in how long a task has to stop.
func (x shifted) template(version int) string {
	all := x.endpoint()
	all["Second"] = all["Targets"]
	all["Rule"].(object)["Properties"].(object)["Actions"] = list{object{"Type": "forward", "ForwardConfig": object{"TargetGroups": list{
		object{"TargetGroupArn": object{"Ref": "Targets"}, "Weight": 100}, object{"TargetGroupArn": object{"Ref": "Second"}, "Weight": 0},
	}}}}
	for k, v := range x.service(x.web, x.execution, object{
		"LoadBalancers": list{object{
			"TargetGroupArn": object{"Ref": "Targets"}, "ContainerName": "main", "ContainerPort": 80,
			"AdvancedConfiguration": object{
				"AlternateTargetGroupArn": object{"Ref": "Second"}, "ProductionListenerRule": object{"Ref": "Rule"}, "RoleArn": x.role,
			},
		}},
		"DeploymentConfiguration": object{
			"Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 1, "MinimumHealthyPercent": 100, "MaximumPercent": 200,
			"LifecycleHooks": list{object{
				"TargetType": "PAUSE", "LifecycleStages": list{"PRE_PRODUCTION_TRAFFIC_SHIFT"},
				"TimeoutConfiguration": object{"Action": "ROLLBACK", "TimeoutInMinutes": 60},
			}},
		},
	}) {
		all[k] = v
	}
	container := all["Task"].(object)["Properties"].(object)["ContainerDefinitions"].(list)[0].(object)
	container["StopTimeout"] = 10 + version
	all["Group"].(object)["Properties"].(object)["SecurityGroupIngress"] = list{object{
		"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "SourceSecurityGroupId": object{"Ref": "Front"},
	}}
	return template(all)
}

// paused makes a service, updates it, and waits until its deployment waits.
func paused(c *cloud) (shifted, types.ServiceDeployment) {
	x := shifted{
		cloud: c, execution: c.executionRole(),
		role: c.role("shift", trustService("ecs.amazonaws.com"), policy(allow("elasticloadbalancing:*", "*"))),
	}
	_, x.id = c.apply(x.template(1))
	c.propose(x.template(2), update)
	c.execute("second")
	var d types.ServiceDeployment
	c.until("the deployment waits", func() bool {
		d = x.deployment()
		return len(d.LifecycleHookDetails) > 0 && d.LifecycleHookDetails[0].Status == types.DeploymentLifecycleHookStatusAwaitingAction
	})
	return x, d
}

// deployment is the service deployment under way, or the newest.
func (x shifted) deployment() types.ServiceDeployment {
	x.t.Helper()
	arn := x.serviceOf(x.id)
	all := must[*ecs.ListServiceDeploymentsOutput](x.cloud)(x.ecs().ListServiceDeployments(x.t.Context(), &ecs.ListServiceDeploymentsInput{Cluster: &x.cluster, Service: &arn}))
	out := must[*ecs.DescribeServiceDeploymentsOutput](x.cloud)(x.ecs().DescribeServiceDeployments(x.t.Context(), &ecs.DescribeServiceDeploymentsInput{
		ServiceDeploymentArns: []string{aws.ToString(all.ServiceDeployments[0].ServiceDeploymentArn)},
	}))
	return out.ServiceDeployments[0]
}

// traffic is what the rule sends to the first and to the second target group.
func (x shifted) traffic() string {
	x.t.Helper()
	out := must[*elb.DescribeRulesOutput](x.cloud)(elb.NewFromConfig(x.config).DescribeRules(x.t.Context(), &elb.DescribeRulesInput{RuleArns: []string{x.physical(x.id, "Rule")}}))
	byGroup := map[string]int32{}
	for _, g := range out.Rules[0].Actions[0].ForwardConfig.TargetGroups {
		byGroup[aws.ToString(g.TargetGroupArn)] = aws.ToInt32(g.Weight)
	}
	return fmt.Sprintf("%d/%d", byGroup[x.physical(x.id, "Targets")], byGroup[x.physical(x.id, "Second")])
}

func (x shifted) answer(d types.ServiceDeployment, action types.DeploymentLifecycleHookAction) error {
	_, err := x.ecs().ContinueServiceDeployment(x.t.Context(), &ecs.ContinueServiceDeploymentInput{
		ServiceDeploymentArn: d.ServiceDeploymentArn, HookId: d.LifecycleHookDetails[0].HookId, Action: action,
	})
	return err
}

// shiftRows are what bcn believes of deployments that shift traffic.
func shiftRows() []row[*cloud] {
	const pauses = ecsDev + "Pause hooks for Amazon ECS service deployments"
	return []row[*cloud]{
		{
			"a deployment that pauses has started its tasks and has no traffic, while the stack waits", "ecs:DescribeServiceDeployments", "PRE_PRODUCTION_TRAFFIC_SHIFT with 100/0, UPDATE_IN_PROGRESS", pauses,
			func(c *cloud) string {
				x, d := paused(c)
				return fmt.Sprintf("%s with %s, %s", d.LifecycleStage, x.traffic(), c.stack(x.id).StackStatus)
			},
		},
		{
			"a pause that is ended shifts the traffic, and the update completes after the bake time", "ecs:ContinueServiceDeployment", "UPDATE_COMPLETE with 0/100", pauses,
			func(c *cloud) string {
				x, d := paused(c)
				c.check(x.answer(d, types.DeploymentLifecycleHookActionContinue))
				return c.end(x.id) + " with " + x.traffic()
			},
		},
		{
			"a pause that is rolled back fails the update, and the rollback finds the service as it was", "ecs:ContinueServiceDeployment", "UPDATE_ROLLBACK_COMPLETE with 100/0, ROLLBACK_SUCCESSFUL", doubt + "that CloudFormation fails the update; " + pauses,
			func(c *cloud) string {
				x, d := paused(c)
				c.check(x.answer(d, types.DeploymentLifecycleHookActionRollback))
				return fmt.Sprintf("%s with %s, %s", c.end(x.id), x.traffic(), x.deployment().Status)
			},
		},
		{
			"a deployment that is stopped while it bakes takes its traffic back", "ecs:StopServiceDeployment", "UPDATE_ROLLBACK_COMPLETE with 100/0", doubt + "that CloudFormation fails the update; " + ecsDev + "Stopping Amazon ECS service deployments",
			func(c *cloud) string {
				x, d := paused(c)
				c.check(x.answer(d, types.DeploymentLifecycleHookActionContinue))
				c.until("it bakes", func() bool { return x.traffic() == "0/100" })
				_, err := x.ecs().StopServiceDeployment(c.t.Context(), &ecs.StopServiceDeploymentInput{
					ServiceDeploymentArn: d.ServiceDeploymentArn, StopType: types.StopServiceDeploymentStopTypeRollback,
				})
				c.check(err)
				return c.end(x.id) + " with " + x.traffic()
			},
		},
		{
			"a pause is ended once", "ecs:ContinueServiceDeployment", "ConflictException: *", doubt + "the code; " + apiECS + "ContinueServiceDeployment",
			func(c *cloud) string {
				x, d := paused(c)
				c.check(x.answer(d, types.DeploymentLifecycleHookActionContinue))
				return says(x.answer(d, types.DeploymentLifecycleHookActionContinue))
			},
		},
	}
}
