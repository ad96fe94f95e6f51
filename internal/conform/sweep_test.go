package conform_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// sweep deletes what an interrupted run left: stacks first, since they hold
// most else, then what rows make outside of stacks.
func sweep(c *cloud) {
	c.t.Helper()
	sweepStacks(c)
	sweepTasks(c)
	sweepRoles(c)
	sweepStores(c)
	sweepDocuments(c)
}

func sweepDocuments(c *cloud) {
	c.t.Helper()
	pages := ssm.NewListDocumentsPaginator(c.ssm(), &ssm.ListDocumentsInput{Filters: []ssmtypes.DocumentKeyValuesFilter{
		{Key: aws.String("Owner"), Values: []string{"Self"}}, {Key: aws.String("Name"), Values: []string{ours}},
	}})
	for pages.HasMorePages() {
		for _, d := range must[*ssm.ListDocumentsOutput](c)(pages.NextPage(c.context())).DocumentIdentifiers {
			must[*ssm.DeleteDocumentOutput](c)(c.ssm().DeleteDocument(c.context(), &ssm.DeleteDocumentInput{Name: d.Name}))
		}
	}
}

func sweepStacks(c *cloud) {
	c.t.Helper()
	pages := cloudformation.NewDescribeStacksPaginator(c.cfn(), &cloudformation.DescribeStacksInput{})
	var left []string
	for pages.HasMorePages() {
		for _, s := range must[*cloudformation.DescribeStacksOutput](c)(pages.NextPage(c.context())).Stacks {
			if strings.HasPrefix(*s.StackName, ours) {
				left = append(left, *s.StackId)
			}
		}
	}
	for _, id := range left {
		c.clear(id)
	}
}

func sweepTasks(c *cloud) {
	c.t.Helper()
	api := c.ecs()
	for _, arn := range must[*ecs.ListTasksOutput](c)(api.ListTasks(c.context(), &ecs.ListTasksInput{Cluster: &c.cluster})).TaskArns {
		if t := c.task(arn); strings.HasPrefix(aws.ToString(t.StartedBy), ours) {
			must[*ecs.StopTaskOutput](c)(api.StopTask(c.context(), &ecs.StopTaskInput{Cluster: &c.cluster, Task: &arn}))
		}
	}
	pages := ecs.NewListTaskDefinitionsPaginator(api, &ecs.ListTaskDefinitionsInput{})
	for pages.HasMorePages() {
		for _, arn := range must[*ecs.ListTaskDefinitionsOutput](c)(pages.NextPage(c.context())).TaskDefinitionArns {
			if strings.Contains(arn, "/"+ours) {
				must[*ecs.DeregisterTaskDefinitionOutput](c)(api.DeregisterTaskDefinition(c.context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn}))
			}
		}
	}
}

func sweepRoles(c *cloud) {
	c.t.Helper()
	api := iam.NewFromConfig(c.config)
	pages := iam.NewListRolesPaginator(api, &iam.ListRolesInput{})
	for pages.HasMorePages() {
		for _, r := range must[*iam.ListRolesOutput](c)(pages.NextPage(c.context())).Roles {
			if *r.Path != "/bcn-conform/" {
				continue
			}
			for _, p := range must[*iam.ListRolePoliciesOutput](c)(api.ListRolePolicies(c.context(), &iam.ListRolePoliciesInput{RoleName: r.RoleName})).PolicyNames {
				must[*iam.DeleteRolePolicyOutput](c)(api.DeleteRolePolicy(c.context(), &iam.DeleteRolePolicyInput{RoleName: r.RoleName, PolicyName: &p}))
			}
			must[*iam.DeleteRoleOutput](c)(api.DeleteRole(c.context(), &iam.DeleteRoleInput{RoleName: r.RoleName}))
		}
	}
}

func sweepStores(c *cloud) {
	c.t.Helper()
	parameters := ssm.NewFromConfig(c.config)
	pages := ssm.NewDescribeParametersPaginator(parameters, &ssm.DescribeParametersInput{})
	for pages.HasMorePages() {
		for _, p := range must[*ssm.DescribeParametersOutput](c)(pages.NextPage(c.context())).Parameters {
			if strings.HasPrefix(*p.Name, "/"+ours) {
				must[*ssm.DeleteParameterOutput](c)(parameters.DeleteParameter(c.context(), &ssm.DeleteParameterInput{Name: p.Name}))
			}
		}
	}
	secrets := secretsmanager.NewFromConfig(c.config)
	list := secretsmanager.NewListSecretsPaginator(secrets, &secretsmanager.ListSecretsInput{})
	for list.HasMorePages() {
		for _, s := range must[*secretsmanager.ListSecretsOutput](c)(list.NextPage(c.context())).SecretList {
			if strings.HasPrefix(*s.Name, ours) {
				must[*secretsmanager.DeleteSecretOutput](c)(secrets.DeleteSecret(c.context(), &secretsmanager.DeleteSecretInput{SecretId: s.ARN, ForceDeleteWithoutRecovery: aws.Bool(true)}))
			}
		}
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	c := &cloud{t: t, id: ours + "sweep"}
	c.local()
	_, stack := c.apply(c.one(7))
	task := *must[*ecs.RunTaskOutput](c)(c.start(c.steady)).Tasks[0].TaskArn
	parameter := "/" + c.id + "/left"
	must[*ssm.PutParameterOutput](c)(ssm.NewFromConfig(c.config).PutParameter(t.Context(), &ssm.PutParameterInput{Name: &parameter, Value: aws.String("x"), Type: "String"}))
	_, err := c.ssm().CreateDocument(t.Context(), &ssm.CreateDocumentInput{Name: &c.id, DocumentType: "Session", Content: aws.String(`{"schemaVersion":"1.0","sessionType":"Standard_Stream"}`)})
	c.check(err)
	must[*secretsmanager.CreateSecretOutput](c)(secretsmanager.NewFromConfig(c.config).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &c.id, SecretString: aws.String("x")}))

	sweep(c)

	if s := c.stack(stack); s.StackStatus != "DELETE_COMPLETE" {
		t.Errorf("the stack is %s", s.StackStatus)
	}
	if s := c.stopped(task); aws.ToString(s.LastStatus) != "STOPPED" {
		t.Errorf("the task is %s", *s.LastStatus)
	}
	for what, said := range map[string]string{
		"role":            says(second(iam.NewFromConfig(c.config).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String(c.id + "-execution")}))),
		"task definition": says(second(c.again())),
		"document":        says(second(c.ssm().GetDocument(t.Context(), &ssm.GetDocumentInput{Name: &c.id}))),
		"parameter":       says(second(ssm.NewFromConfig(c.config).GetParameter(t.Context(), &ssm.GetParameterInput{Name: &parameter}))),
		"secret":          says(second(secretsmanager.NewFromConfig(c.config).DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &c.id}))),
	} {
		if said == "ok" {
			t.Errorf("the %s is still there", what)
		}
	}
}

func second[T any](_ T, err error) error { return err }
