package roles_test

import (
	"encoding/json"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

const (
	parameters = "arn:aws:ssm:eu-west-1:123456789012:parameter/barcelona/default/"
	secrets    = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:barcelona/default/"
	ownKey     = "arn:aws:kms:eu-west-1:123456789012:key/own"
	otherKey   = "arn:aws:kms:eu-west-1:123456789012:key/other"
	greedy     = `environments:
  production:
    name: hello
    image_name: quay.io/acme/hello
    repositories:
      - { name: quay.io, credentials: "` + secrets + `hello/quay-AbCdEf" }
    environment:
      DATABASE_URL: { ssm_path: hello/database_url }
      LICENCE: { ssm_path: hello/licence, read_at_runtime: true }
    task_role:
      - { actions: [ssm:GetParameters], resources: ["` + parameters + `hello/own"] }
      - { actions: [s3:GetObject], resources: ["arn:aws:s3:::uploads/*"] }
      - { actions: [iam:CreateUser, iam:PassRole, iam:PutRolePolicy, ecs:RunTask, sts:AssumeRole, secretsmanager:PutSecretValue, kms:CreateGrant], resources: ["*"] }
      - { actions: [ssm:GetParameters, secretsmanager:GetSecretValue], resources: ["*"] }
    services:
      - { name: worker, command: work }
`
)

// rendered are the roles of a rendered heritage within the boundary that
// `bot iam` prints.
func rendered(t *testing.T, actions ...string) (task, execution policy.Set) {
	t.Helper()
	file, problems := manifest.Parse("barcelona.yml", []byte(greedy))
	if file == nil {
		t.Fatal(problems)
	}
	d := bcn.District{
		Name: "default", Region: "eu-west-1", Account: "123456789012", VPC: "vpc-1", Cluster: "default",
		Subnets: []string{"subnet-1", "subnet-2"},
	}
	stacks, _, err := render.Heritage(render.Input{
		Heritage: file.Environments["production"], App: "hello", Env: "production", District: d, Installation: "bcn-1234",
		Digest: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Keys: []string{ownKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Resources map[string]struct {
			Properties struct {
				PermissionsBoundary string
				Policies            []struct{ PolicyDocument json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(stacks[0].Template, &tree); err != nil {
		t.Fatal(err)
	}
	in := input()
	in.TaskActions = actions
	boundary := parse(t, in).boundary
	set := func(id string) policy.Set {
		role := tree.Resources[id].Properties
		if role.PermissionsBoundary != input().BoundaryARN() {
			t.Fatalf("%s has the boundary %q", id, role.PermissionsBoundary)
		}
		doc, err := policy.Parse(role.Policies[0].PolicyDocument, policy.Identity)
		if err != nil {
			t.Fatal(err)
		}
		return policy.Set{Identity: []*policy.Document{doc}, Boundary: boundary}
	}
	return set("TaskRole"), set("ExecutionRole")
}

func TestTheOwnerOfTheAccountSaysWhatTaskRoleMayGive(t *testing.T) {
	t.Parallel()
	without, _ := rendered(t)
	with, _ := rendered(t, "s3:GetObject", "s3:PutObject")
	for title, c := range map[string]struct {
		as       policy.Set
		action   string
		resource string
		account  string
		want     bool
	}{
		"an action that both name":                 {with, "s3:GetObject", "arn:aws:s3:::uploads/x", "123456789012", true},
		"the same without the owner's word":        {without, "s3:GetObject", "arn:aws:s3:::uploads/x", "123456789012", false},
		"the same in another account":              {with, "s3:GetObject", "arn:aws:s3:::uploads/x", "999999999999", false},
		"an action that only the owner names":      {with, "s3:PutObject", "arn:aws:s3:::uploads/x", "123456789012", false},
		"a resource that task_role does not name":  {with, "s3:GetObject", "arn:aws:s3:::other/x", "123456789012", false},
		"an action that only task_role names":      {with, "iam:CreateUser", "arn:aws:iam::123456789012:user/x", "123456789012", false},
		"another district's secrets as ever, none": {with, "ssm:GetParameters", "arn:aws:ssm:eu-west-1:123456789012:parameter/barcelona/other/x", "123456789012", false},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			keys := policy.Keys{}
			keys.Set("aws:RequestedRegion", "eu-west-1")
			keys.Set("aws:ResourceAccount", c.account)
			if got := c.as.Decide(policy.Request{Action: c.action, Resource: c.resource, Keys: keys}); got.Allowed != c.want {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestRenderedRolesDoWhatTheFileSaysAndNoMoreThanTheBoundary(t *testing.T) {
	t.Parallel()
	task, execution := rendered(t)
	for title, c := range map[string]struct {
		as               policy.Set
		action, resource string
		context          [2]string // of KMS: service, ARN
		want             bool
	}{
		"ECS reads what the tasks are started with":             {execution, "ssm:GetParameters", parameters + "hello/database_url", [2]string{}, true},
		"ECS reads the registry's password":                     {execution, "secretsmanager:GetSecretValue", secrets + "hello/quay-AbCdEf", [2]string{}, true},
		"ECS reads nothing beside that":                         {execution, "ssm:GetParameters", parameters + "hello/other", [2]string{}, false},
		"ECS reads nothing of another app":                      {execution, "ssm:GetParameters", parameters + "other/database_url", [2]string{}, false},
		"ECS decrypts it with its key":                          {execution, "kms:Decrypt", ownKey, [2]string{"ssm", parameters + "hello/database_url"}, true},
		"ECS decrypts the password with its key":                {execution, "kms:Decrypt", ownKey, [2]string{"secretsmanager", secrets + "hello/quay-AbCdEf"}, true},
		"ECS decrypts nothing else with it":                     {execution, "kms:Decrypt", ownKey, [2]string{"ssm", parameters + "hello/other"}, false},
		"ECS decrypts with no other key":                        {execution, "kms:Decrypt", otherKey, [2]string{"ssm", parameters + "hello/database_url"}, false},
		"the code reads what it may at run time":                {task, "ssm:GetParameter", parameters + "hello/licence", [2]string{}, true},
		"the code decrypts it":                                  {task, "kms:Decrypt", ownKey, [2]string{"ssm", parameters + "hello/licence"}, true},
		"the code decrypts nothing that is injected":            {task, "kms:Decrypt", ownKey, [2]string{"ssm", parameters + "hello/database_url"}, false},
		"the code does what task_role says":                     {task, "ssm:GetParameters", parameters + "hello/own", [2]string{}, true},
		"task_role makes no users":                              {task, "iam:CreateUser", iamARN + "user/x", [2]string{}, false},
		"task_role widens no role":                              {task, "iam:PutRolePolicy", underPath + "bcn-default-hello-task", [2]string{}, false},
		"task_role passes no role":                              {task, "iam:PassRole", underPath + "bcn-default-other-task", [2]string{}, false},
		"task_role starts no task":                              {task, "ecs:RunTask", ecsARN + "task-definition/other:1", [2]string{}, false},
		"task_role assumes no role":                             {task, "sts:AssumeRole", cfnRole, [2]string{}, false},
		"task_role writes no secret":                            {task, "secretsmanager:PutSecretValue", secrets + "hello/x-AbCdEf", [2]string{}, false},
		"task_role gives no key away":                           {task, "kms:CreateGrant", ownKey, [2]string{}, false},
		"task_role reads no parameter outside the district":     {task, "ssm:GetParameters", "arn:aws:ssm:eu-west-1:123456789012:parameter/barcelona/other/x", [2]string{}, false},
		"task_role reads no secret outside the district's path": {task, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf", [2]string{}, false},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			keys := policy.Keys{}
			keys.Set("aws:RequestedRegion", "eu-west-1")
			keys.Set("aws:PrincipalArn", underPath+"bcn-default-hello-task")
			keys.Set("ecs:cluster", cluster)
			keys.Set("iam:PassedToService", "ecs-tasks.amazonaws.com")
			if service := c.context[0]; service != "" {
				keys.Set("kms:ViaService", service+".eu-west-1.amazonaws.com")
				keys.Set("kms:EncryptionContext:"+map[string]string{"ssm": "PARAMETER_ARN", "secretsmanager": "SecretARN"}[service], c.context[1])
			}
			got := c.as.Decide(policy.Request{Action: c.action, Resource: c.resource, Keys: keys})
			if got.Allowed != c.want {
				t.Errorf("%+v", got)
			}
		})
	}
}
