package conform_test

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// object and list spell templates and policies.
type (
	object = map[string]any
	list   = []any
)

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what a row spells is always JSON
	}
	return string(b)
}

// policy is a document of statements.
func policy(statements ...object) string {
	return text(object{"Version": "2012-10-17", "Statement": statements})
}

func allow(actions, resource any, more ...object) object {
	s := object{"Effect": "Allow", "Action": actions, "Resource": resource}
	for _, m := range more {
		s["Condition"] = m
	}
	return s
}

// trust lets the account do STS actions, under conditions.
func (c *cloud) trust(actions any, more ...object) string {
	s := object{"Effect": "Allow", "Principal": object{"AWS": c.account}, "Action": actions}
	for _, m := range more {
		s["Condition"] = m
	}
	return policy(s)
}

// trustService lets a service assume a role.
func trustService(service string) string {
	return policy(object{"Effect": "Allow", "Principal": object{"Service": service}, "Action": "sts:AssumeRole"})
}

// role makes a role with one policy ("" for none) and answers its ARN.
func (c *cloud) role(name, trust, doc string) string {
	c.t.Helper()
	api := iam.NewFromConfig(c.config)
	full := c.id + "-" + name
	out := must[*iam.CreateRoleOutput](c)(api.CreateRole(c.t.Context(), &iam.CreateRoleInput{
		RoleName: &full, Path: aws.String("/bcn-conform/"), AssumeRolePolicyDocument: &trust, MaxSessionDuration: aws.Int32(7200),
	}))
	c.t.Cleanup(func() {
		_, _ = api.DeleteRolePolicy(c.context(), &iam.DeleteRolePolicyInput{RoleName: &full, PolicyName: aws.String("inline")})
		_, _ = api.DeleteRole(c.context(), &iam.DeleteRoleInput{RoleName: &full})
	})
	if doc != "" {
		must[*iam.PutRolePolicyOutput](c)(api.PutRolePolicy(c.t.Context(), &iam.PutRolePolicyInput{
			RoleName: &full, PolicyName: aws.String("inline"), PolicyDocument: &doc,
		}))
	}
	c.settled()
	return *out.Role.Arn
}

// assume asks for a session of a role.
func (c *cloud) assume(role string, change ...func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	return assumeAs(c, c.config, role, change...)
}

func assumeAs(c *cloud, who aws.Config, role string, change ...func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("bcn-1042")}
	for _, f := range change {
		f(in)
	}
	return sts.NewFromConfig(who).AssumeRole(c.t.Context(), in)
}

// as is the configuration of a session of the role.
func (c *cloud) as(role string, change ...func(*sts.AssumeRoleInput)) aws.Config {
	c.t.Helper()
	out := must[*sts.AssumeRoleOutput](c)(c.assume(role, change...))
	who := c.config.Copy()
	who.Credentials = credentials.NewStaticCredentialsProvider(
		*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	return who
}

// able is the configuration of somebody who may do what the statements say.
func (c *cloud) able(statements ...object) aws.Config {
	c.t.Helper()
	return c.as(c.role("able", c.trust("sts:AssumeRole"), policy(statements...)))
}

// executionRole lets ECS pull the site's images.
func (c *cloud) executionRole() string {
	c.t.Helper()
	return c.role("execution", trustService("ecs-tasks.amazonaws.com"), policy(allow("ecr:*", "*"), allow("logs:*", "*")))
}
