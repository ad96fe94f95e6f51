package cluster_test

import (
	"context"
	"encoding/json"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// The sample account's network.
var sampleSubnets = l{"subnet-0a11ce00000000101", "subnet-0a11ce00000000102"}

const sampleVPC = "vpc-0a11ce00000000001"

type made struct {
	endpoint
	service string
}

func ref(name string) m { return m{"Ref": name} }

func attr(name, attribute string) m { return m{"Fn::GetAtt": l{name, attribute}} }

func resource(kind string, props m, after ...any) m {
	r := m{"Type": kind, "Properties": props}
	if len(after) > 0 {
		r["DependsOn"] = after
	}
	return r
}

// template is a web service of an image behind a load balancer, with all that
// it needs but the network.
func template(tag string) string {
	web := definitionProps(tag)
	web["ExecutionRoleArn"], web["TaskRoleArn"] = attr("Role", "Arn"), attr("Role", "Arn")
	item(list(web, "ContainerDefinitions"), 0)["LogConfiguration"] = m{"LogDriver": "awslogs", "Options": m{
		"awslogs-group": ref("Logs"), "awslogs-region": ref("AWS::Region"), "awslogs-stream-prefix": "web",
	}}
	group := groupProps()
	group["VpcId"] = sampleVPC
	balancer := balancerProps()
	balancer["Subnets"], balancer["SecurityGroups"] = sampleSubnets, l{attr("BalancerGroup", "GroupId")}
	service := webProps("", endpoint{})
	service["TaskDefinition"] = ref("Web")
	service["NetworkConfiguration"] = m{"AwsvpcConfiguration": m{"Subnets": sampleSubnets, "SecurityGroups": l{attr("TaskGroup", "GroupId")}}}
	item(list(service, "LoadBalancers"), 0)["TargetGroupArn"] = ref("Targets")
	rule := ruleProps("", "", 100)
	rule["ListenerArn"] = ref("Listener")
	rule["Actions"] = l{m{"Type": "forward", "TargetGroupArn": ref("Targets")}}
	open := m{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}
	t := m{"Resources": m{
		"Role": resource("AWS::IAM::Role", m{
			"AssumeRolePolicyDocument": m{"Version": "2012-10-17", "Statement": l{
				m{"Effect": "Allow", "Principal": m{"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
			}},
			"Policies": l{m{"PolicyName": "all", "PolicyDocument": m{"Version": "2012-10-17", "Statement": l{
				m{"Effect": "Allow", "Action": l{"ecr:*", "logs:*"}, "Resource": "*"},
			}}}},
		}),
		"Logs":          resource("AWS::Logs::LogGroup", m{"RetentionInDays": 7}),
		"BalancerGroup": resource("AWS::EC2::SecurityGroup", m{"GroupDescription": "lb", "VpcId": sampleVPC, "SecurityGroupIngress": l{open}}),
		"TaskGroup": resource("AWS::EC2::SecurityGroup", m{"GroupDescription": "tasks", "VpcId": sampleVPC, "SecurityGroupIngress": l{
			m{"IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000, "SourceSecurityGroupId": attr("BalancerGroup", "GroupId")},
		}}),
		"Balancer": resource(balancerType, balancer),
		"Targets":  resource(groupType, group),
		"Listener": resource(listenerType, m{"LoadBalancerArn": ref("Balancer"), "Port": 80, "Protocol": "HTTP", "DefaultActions": l{
			m{"Type": "fixed-response", "FixedResponseConfig": m{"StatusCode": "404"}},
		}}),
		"Rule":    resource(ruleType, rule),
		"Web":     resource("AWS::ECS::TaskDefinition", web),
		"Service": resource(serviceType, service, "Rule"),
	}}
	text, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// stack creates or updates the stack hello through the SDK, and answers how it ended.
func (w *world) stack(cfg awssdk.Config, kind cfntypes.ChangeSetType, tag string) cfntypes.StackStatus {
	w.t.Helper()
	client, ctx := cloudformation.NewFromConfig(cfg), context.Background()
	name := "bcn-" + tag
	_, err := client.CreateChangeSet(ctx, &cloudformation.CreateChangeSetInput{
		StackName: p("hello"), ChangeSetName: &name, ChangeSetType: kind, TemplateBody: p(template(tag)),
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityIam}, Tags: []cfntypes.Tag{{Key: p("bcn"), Value: p("x")}},
	})
	if err != nil {
		w.fail("change set: %v", err)
	}
	w.advance(10 * time.Second)
	if _, err = client.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{StackName: p("hello"), ChangeSetName: &name}); err != nil {
		w.fail("execute: %v", err)
	}
	for range 2000 {
		w.advance(2 * time.Second)
		out, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: p("hello")})
		if err != nil {
			w.fail("stacks: %v", err)
		}
		switch s := out.Stacks[0].StackStatus; s {
		case cfntypes.StackStatusCreateInProgress, cfntypes.StackStatusUpdateInProgress, cfntypes.StackStatusUpdateRollbackInProgress,
			cfntypes.StackStatusUpdateCompleteCleanupInProgress, cfntypes.StackStatusUpdateRollbackCompleteCleanupInProgress,
			cfntypes.StackStatusRollbackInProgress, cfntypes.StackStatusReviewInProgress:
		default:
			w.tell(client, s)
			return s
		}
	}
	w.fail("the stack never ends")
	return ""
}

// tell logs the reasons of failures.
func (w *world) tell(client *cloudformation.Client, s cfntypes.StackStatus) {
	w.t.Helper()
	out, err := client.DescribeStackEvents(context.Background(), &cloudformation.DescribeStackEventsInput{StackName: p("hello")})
	if err != nil {
		w.fail("events: %v", err)
	}
	for _, e := range out.StackEvents {
		if e.ResourceStatusReason != nil {
			w.t.Logf("%s: %s %s: %s", s, *e.LogicalResourceId, e.ResourceStatus, *e.ResourceStatusReason)
		}
	}
}

// made reads the stack's physical ids.
func (w *world) made(cfg awssdk.Config) made {
	w.t.Helper()
	out, err := cloudformation.NewFromConfig(cfg).ListStackResources(context.Background(), &cloudformation.ListStackResourcesInput{StackName: p("hello")})
	if err != nil {
		w.fail("resources: %v", err)
	}
	id := map[string]string{}
	for _, r := range out.StackResourceSummaries {
		id[*r.LogicalResourceId] = awssdk.ToString(r.PhysicalResourceId)
	}
	return made{endpoint{id["Balancer"], id["Listener"], id["Rule"], id["Targets"]}, id["Service"]}
}
