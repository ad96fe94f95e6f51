package roles_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
)

// ask is one question to a role's policy.
type ask struct {
	name, action, resource string
	keys                   map[string]string
	want                   policy.Decision
}

func (a ask) run(t *testing.T, d *policy.Document, caller []policy.Principal) {
	t.Helper()
	keys := policy.Keys{}
	keys.Set("aws:RequestedRegion", "eu-west-1")
	for k, v := range a.keys {
		keys.Set(k, v)
	}
	got := d.Decide(policy.Request{Action: a.action, Resource: a.resource, Keys: keys, Caller: caller})
	if got != a.want {
		t.Errorf("%s on %s: got %d, want %d", a.action, a.resource, got, a.want)
	}
}

const (
	cfnARN  = "arn:aws:cloudformation:eu-west-1:123456789012:"
	ecsARN  = "arn:aws:ecs:eu-west-1:123456789012:"
	iamARN  = "arn:aws:iam::123456789012:"
	cfnRole = iamARN + "role/bcn-default-cloudformation"
	stack   = cfnARN + "stack/hello/11111111-2222-3333-4444-555555555555"
	cluster = ecsARN + "cluster/default"
	sgARN   = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1"
)

func propose(over map[string]string) map[string]string {
	keys := map[string]string{
		"cloudformation:RoleArn": cfnRole, "cloudformation:ChangeSetName": "bcn-7-0",
		"aws:RequestTag/bcn:installation": "bcn-1234",
	}
	for k, v := range over {
		keys[k] = v
	}
	return keys
}

func TestTheBotsRole(t *testing.T) {
	t.Parallel()
	ours := map[string]string{"aws:ResourceTag/bcn:installation": "bcn-1234"}
	execute := map[string]string{"aws:ResourceTag/bcn:installation": "bcn-1234", "cloudformation:ChangeSetName": "bcn-7-0"}
	theirs := map[string]string{"aws:ResourceTag/bcn:installation": "other", "cloudformation:ChangeSetName": "bcn-7-0"}
	on := map[string]string{"ecs:cluster": cluster}
	toCFN := map[string]string{"iam:PassedToService": "cloudformation.amazonaws.com"}
	toECS := map[string]string{"iam:PassedToService": "ecs-tasks.amazonaws.com"}
	d := parse(t, input()).bot
	for _, a := range []ask{
		{"may propose with its tag and role", "cloudformation:CreateChangeSet", stack, propose(nil), policy.Allowed},
		{
			"may not propose with another role", "cloudformation:CreateChangeSet", stack,
			propose(map[string]string{"cloudformation:RoleArn": iamARN + "role/admin"}), policy.Implicit,
		},
		{
			"may not propose without the tag", "cloudformation:CreateChangeSet", stack,
			propose(map[string]string{"aws:RequestTag/bcn:installation": ""}), policy.Implicit,
		},
		{
			"may not propose in another region", "cloudformation:CreateChangeSet",
			"arn:aws:cloudformation:us-east-1:123456789012:stack/a/b", propose(nil), policy.Implicit,
		},
		{"may execute its own", "cloudformation:ExecuteChangeSet", stack, execute, policy.Allowed},
		{"may execute its own by ARN", "cloudformation:ExecuteChangeSet", stack, map[string]string{
			"aws:ResourceTag/bcn:installation": "bcn-1234", "cloudformation:ChangeSetName": cfnARN + "changeSet/bcn-7-0/1",
		}, policy.Allowed},
		{"may not execute on another's stack", "cloudformation:ExecuteChangeSet", stack, theirs, policy.Implicit},
		{
			"may execute its own on a stack under review", "cloudformation:ExecuteChangeSet", stack,
			map[string]string{"cloudformation:ChangeSetName": "bcn-7-0"},
			policy.Allowed,
		},
		{"may not execute a change set of unknown name", "cloudformation:ExecuteChangeSet", stack, nil, policy.Implicit},
		{
			"may not execute a person's change set", "cloudformation:ExecuteChangeSet", stack,
			map[string]string{"aws:ResourceTag/bcn:installation": "bcn-1234", "cloudformation:ChangeSetName": "mine"},
			policy.Implicit,
		},
		{"may not delete another's stack", "cloudformation:DeleteStack", stack, map[string]string{
			"aws:ResourceTag/bcn:installation": "other", "cloudformation:RoleArn": cfnRole,
		}, policy.Implicit},
		{"may not delete a stack as its own role", "cloudformation:DeleteStack", stack, ours, policy.Implicit},
		{"may delete its own as CloudFormation's role", "cloudformation:DeleteStack", stack, map[string]string{
			"aws:ResourceTag/bcn:installation": "bcn-1234", "cloudformation:RoleArn": cfnRole,
		}, policy.Allowed},
		{"may cancel its own", "cloudformation:CancelUpdateStack", stack, ours, policy.Allowed},
		{"may not update directly", "cloudformation:UpdateStack", stack, ours, policy.Implicit},
		{"may not remove tags from a stack", "cloudformation:UntagResource", stack, ours, policy.Implicit},
		{"may pass CloudFormation's role", "iam:PassRole", cfnRole, toCFN, policy.Allowed},
		{"may not pass CloudFormation's role to a task", "iam:PassRole", cfnRole, toECS, policy.Implicit},
		{"may pass a task role to a task", "iam:PassRole", iamARN + "role/bcn/default/bcn-default-hello-task", toECS, policy.Allowed},
		{"may not pass another district's role", "iam:PassRole", iamARN + "role/bcn/other/bcn-other-hello-task", toECS, policy.Implicit},
		{"may run a task on its cluster", "ecs:RunTask", ecsARN + "task-definition/hello:1", on, policy.Allowed},
		{
			"may not run a task elsewhere", "ecs:RunTask", ecsARN + "task-definition/hello:1",
			map[string]string{"ecs:cluster": ecsARN + "cluster/other"},
			policy.Implicit,
		},
		{"may write a parameter", "ssm:PutParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/barcelona/default/hello/x", nil, policy.Allowed},
		{"may not read a parameter", "ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/barcelona/default/hello/x", nil, policy.Implicit},
		{"may not write outside its path", "ssm:PutParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/other", nil, policy.Implicit},
		{
			"may not read a secret's value", "secretsmanager:GetSecretValue",
			"arn:aws:secretsmanager:eu-west-1:123456789012:secret:barcelona/default/x-AbCdEf", nil, policy.Implicit,
		},
		{"may not make roles", "iam:CreateRole", iamARN + "role/bcn/default/x", nil, policy.Implicit},
		{
			"may not list stacks elsewhere", "cloudformation:DescribeStacks", "*",
			map[string]string{"aws:RequestedRegion": "us-east-1"},
			policy.Implicit,
		},
		{"may list stacks here", "cloudformation:DescribeStacks", "*", nil, policy.Allowed},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.run(t, d, nil)
		})
	}
}

func TestCloudFormationsRole(t *testing.T) {
	t.Parallel()
	bounded := map[string]string{"iam:PermissionsBoundary": iamARN + "policy/bcn/default/boundary-default"}
	wide := map[string]string{"iam:PermissionsBoundary": iamARN + "policy/wide"}
	ours := map[string]string{"aws:ResourceTag/bcn:installation": "bcn-1234"}
	d := parse(t, input()).cfn
	role := iamARN + "role/bcn/default/bcn-default-hello-task"
	for _, a := range []ask{
		{"may make a role within the boundary", "iam:CreateRole", role, bounded, policy.Allowed},
		{"may not make a role without boundary", "iam:CreateRole", role, nil, policy.Implicit},
		{"may not make a role within another boundary", "iam:CreateRole", role, wide, policy.Implicit},
		{"may not make a role elsewhere", "iam:CreateRole", iamARN + "role/x", bounded, policy.Implicit},
		{"may not remove a boundary", "iam:DeleteRolePermissionsBoundary", role, bounded, policy.Implicit},
		{"may not widen a role without boundary", "iam:PutRolePolicy", role, nil, policy.Implicit},
		{"may not change the bot's role", "iam:UpdateAssumeRolePolicy", iamARN + "role/bcn-default-bot", nil, policy.Implicit},
		{"may not change its own", "iam:PutRolePolicy", cfnRole, bounded, policy.Implicit},
		{"may not change the boundary", "iam:CreatePolicyVersion", iamARN + "policy/bcn/default/boundary-default", nil, policy.Implicit},
		{"may make services on the cluster", "ecs:CreateService", ecsARN + "service/default/hello-Web", nil, policy.Allowed},
		{"may not make services elsewhere", "ecs:CreateService", ecsARN + "service/other/hello-Web", nil, policy.Implicit},
		{"may change its security group", "ec2:AuthorizeSecurityGroupIngress", sgARN, ours, policy.Allowed},
		{"may not change another's security group", "ec2:AuthorizeSecurityGroupIngress", sgARN, nil, policy.Implicit},
		{"may tag a group that it makes", "ec2:CreateTags", sgARN, map[string]string{"ec2:CreateAction": "CreateSecurityGroup"}, policy.Allowed},
		{"may not tag another's group", "ec2:CreateTags", sgARN, nil, policy.Implicit},
		{
			"may not delete another's load balancer", "elasticloadbalancing:DeleteLoadBalancer",
			"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/x/1", nil, policy.Implicit,
		},
		{
			"may not make another account's log group", "logs:CreateLogGroup",
			"arn:aws:logs:eu-west-1:999999999999:log-group:Barcelona/default/hello", nil, policy.Implicit,
		},
		{
			"may make a heritage's log group", "logs:CreateLogGroup",
			"arn:aws:logs:eu-west-1:123456789012:log-group:Barcelona/default/hello", nil, policy.Allowed,
		},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.run(t, d, nil)
		})
	}
}

func TestWhoMayAssume(t *testing.T) {
	t.Parallel()
	p := parse(t, input())
	in := input()
	in.AnyExternalID = true
	local := parse(t, in)
	bcn := []policy.Principal{{Type: "AWS", Value: "arn:aws:iam::999999999999:role/bcn"}}
	other := []policy.Principal{{Type: "AWS", Value: "arn:aws:iam::999999999999:role/other"}}
	good := map[string]string{"sts:ExternalId": "bcn-1234", "sts:SourceIdentity": "dana"}
	for _, c := range []struct {
		ask
		doc    *policy.Document
		caller []policy.Principal
	}{
		{ask{"bcn may", "sts:AssumeRole", "*", good, policy.Allowed}, p.botTrust, bcn},
		{ask{"another role may not", "sts:AssumeRole", "*", good, policy.Implicit}, p.botTrust, other},
		{ask{
			"a wrong external id may not", "sts:AssumeRole", "*",
			map[string]string{"sts:ExternalId": "x", "sts:SourceIdentity": "dana"},
			policy.Implicit,
		}, p.botTrust, bcn},
		{ask{
			"nobody in particular may not", "sts:AssumeRole", "*",
			map[string]string{"sts:ExternalId": "bcn-1234"},
			policy.Implicit,
		}, p.botTrust, bcn},
		{ask{
			"bcn may set the source identity", "sts:SetSourceIdentity", "*",
			map[string]string{"sts:SourceIdentity": "dana"},
			policy.Allowed,
		}, p.botTrust, bcn},
		{ask{
			"any external id means one at least", "sts:AssumeRole", "*",
			map[string]string{"sts:SourceIdentity": "dana"},
			policy.Implicit,
		}, local.botTrust, bcn},
		{
			ask{"CloudFormation may", "sts:AssumeRole", "*", nil, policy.Allowed},
			p.cfnTrust,
			policy.ServicePrincipal("cloudformation.amazonaws.com"),
		},
		{
			ask{"tasks may not", "sts:AssumeRole", "*", nil, policy.Implicit},
			p.cfnTrust,
			policy.ServicePrincipal("ecs-tasks.amazonaws.com"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, c.doc, c.caller)
		})
	}
}

func TestTheBoundaryLetsSessionsIntoTasks(t *testing.T) {
	t.Parallel()
	d := parse(t, input()).boundary
	for _, action := range []string{"CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"} {
		for name, a := range map[string]ask{
			"in its region":      {action: "ssmmessages:" + action, resource: "*", want: policy.Allowed},
			"not in another one": {action: "ssmmessages:" + action, resource: "*", keys: map[string]string{"aws:RequestedRegion": "us-east-1"}, want: policy.Implicit},
		} {
			t.Run(action+" "+name, func(t *testing.T) {
				t.Parallel()
				a.run(t, d, nil)
			})
		}
	}
}
