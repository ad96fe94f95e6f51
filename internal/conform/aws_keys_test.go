package conform_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// secure writes a SecureString below the row's path; key is "" for AWS's own.
func (c *cloud) secure(name, key string) error {
	c.t.Helper()
	full := "/" + c.id + "/" + name
	in := &ssm.PutParameterInput{Name: &full, Value: aws.String("hush"), Type: ssmtypes.ParameterTypeSecureString}
	if key != "" {
		in.KeyId = &key
	}
	_, err := c.ssm().PutParameter(c.t.Context(), in)
	if err == nil {
		c.t.Cleanup(func() { _, _ = c.ssm().DeleteParameter(c.context(), &ssm.DeleteParameterInput{Name: &full}) })
	}
	return err
}

// customerKey answers the alias of a customer's key: one that is given, since
// a key cannot be deleted at once.
func (c *cloud) customerKey() string {
	c.t.Helper()
	if c.isReal() {
		return given(c.t, "BCN_CONFORM_KEY")
	}
	api, alias := kms.NewFromConfig(c.config), "alias/"+c.id
	key := must[*kms.CreateKeyOutput](c)(api.CreateKey(c.t.Context(), &kms.CreateKeyInput{}))
	must[*kms.CreateAliasOutput](c)(api.CreateAlias(c.t.Context(), &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: key.KeyMetadata.KeyId}))
	return alias
}

// described are the names and keys of what lies below the row's path.
func (c *cloud) described(option string) string {
	c.t.Helper()
	out := must[*ssm.DescribeParametersOutput](c)(c.ssm().DescribeParameters(c.t.Context(), &ssm.DescribeParametersInput{
		ParameterFilters: []ssmtypes.ParameterStringFilter{{Key: aws.String("Path"), Option: &option, Values: []string{"/" + c.id}}},
	}))
	var lines []string
	for _, p := range out.Parameters {
		lines = append(lines, strings.TrimPrefix(*p.Name, "/"+c.id+"/")+" "+aws.ToString(p.KeyId))
	}
	return strings.Join(lines, ", ")
}

// keyRows are what bcn believes of encrypted parameters.
func keyRows() []row[*cloud] {
	const page = "AWS Systems Manager API Reference, "
	const encryption = "AWS Systems Manager User Guide, AWS KMS encryption for Parameter Store SecureString parameters"
	key := func(c *cloud, id string) string {
		out, err := kms.NewFromConfig(c.config).DescribeKey(c.t.Context(), &kms.DescribeKeyInput{KeyId: &id})
		if err != nil {
			return says(err)
		}
		return string(out.KeyMetadata.KeyManager) + " " + *out.KeyMetadata.Arn
	}
	return []row[*cloud]{
		{"a SecureString without a key has AWS's own, by its alias", "ssm:DescribeParameters", "a alias/aws/ssm", page + "ParameterMetadata, KeyId", func(c *cloud) string {
			c.check(c.secure("a", ""))
			return c.described("Recursive")
		}},
		{"one with a key tells it as it was written", "ssm:DescribeParameters", "as written", page + "ParameterMetadata, KeyId", func(c *cloud) string {
			alias := c.customerKey()
			c.check(c.secure("a", alias))
			if got := c.described("Recursive"); got != "a "+alias {
				return got
			}
			return "as written"
		}},
		{"a key that is not there encrypts nothing", "ssm:PutParameter", "InvalidKeyId: *", page + "PutParameter, Errors", func(c *cloud) string { return says(c.secure("a", "alias/"+c.id+"-none")) }},
		{"a path is read however deep, or one level", "ssm:DescribeParameters", "2 and 1", page + "ParameterStringFilter, Option", func(c *cloud) string {
			c.check(c.secure("a", ""))
			c.check(c.secure("b/c", ""))
			n := func(s string) int { return len(strings.Split(s, ",")) }
			return fmt.Sprintf("%d and %d", n(c.described("Recursive")), n(c.described("OneLevel")))
		}},
		{"an alias is resolved to its key's ARN", "kms:DescribeKey", "CUSTOMER arn:aws:kms:*:key/*", "AWS KMS API Reference, DescribeKey", func(c *cloud) string { return key(c, c.customerKey()) }},
		{"AWS's own key says so", "kms:DescribeKey", "AWS arn:aws:kms:*:key/*", "AWS KMS API Reference, KeyMetadata, KeyManager", func(c *cloud) string {
			c.check(c.secure("a", "")) // which makes it, where the account has none
			return key(c, "alias/aws/ssm")
		}},
		{"an alias that is not there", "kms:DescribeKey", "NotFoundException: Alias arn:aws:kms:*:alias/* is not found.", "AWS KMS API Reference, DescribeKey, Errors", func(c *cloud) string { return key(c, "alias/"+c.id) }},
		{"who may not encrypt with the key writes nothing with it", "ssm:PutParameter", "AccessDeniedException: *kms:Encrypt*", encryption, func(c *cloud) string {
			alias, name := c.customerKey(), "/"+c.id+"/a"
			_, err := ssm.NewFromConfig(c.able(allow("ssm:PutParameter", "*"))).PutParameter(c.t.Context(), &ssm.PutParameterInput{
				Name: &name, Value: aws.String("hush"), Type: ssmtypes.ParameterTypeSecureString, KeyId: &alias,
			})
			return says(err)
		}},
		{"a task whose execution role may not decrypt does not start", "ecs:DescribeTasks", "TaskFailedToStart: ResourceInitializationError: unable to pull secrets or registry auth: *kms:Decrypt*", ecsDev + "Pass Systems Manager parameters through Amazon ECS environment variables, Required IAM permissions", func(c *cloud) string {
			c.check(c.secure("a", c.customerKey()))
			return c.startsWith("/" + c.id + "/a")
		}},
	}
}

// startsWith runs a task with a secret, whose execution role may read all
// parameters and decrypt nothing, and answers why it stopped.
func (c *cloud) startsWith(parameter string) string {
	c.t.Helper()
	role := c.role("reader", trustService("ecs-tasks.amazonaws.com"), policy(allow("ecr:*", "*"), allow("ssm:GetParameters", "*")))
	made := must[*ecs.RegisterTaskDefinitionOutput](c)(c.ecs().RegisterTaskDefinition(c.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &c.id, NetworkMode: ecstypes.NetworkModeAwsvpc, RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
		Cpu: aws.String("256"), Memory: aws.String("512"), ExecutionRoleArn: &role,
		ContainerDefinitions: []ecstypes.ContainerDefinition{{
			Name: aws.String("main"), Image: aws.String(c.image(c.steady)),
			Secrets: []ecstypes.Secret{{Name: aws.String("A"), ValueFrom: &parameter}},
		}},
	}))
	c.t.Cleanup(func() {
		_, _ = c.ecs().DeregisterTaskDefinition(c.context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: made.TaskDefinition.TaskDefinitionArn})
	})
	t := c.stopped(*must[*ecs.RunTaskOutput](c)(c.again()).Tasks[0].TaskArn)
	return string(t.StopCode) + ": " + aws.ToString(t.StoppedReason)
}
