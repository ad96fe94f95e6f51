package aws_test

import (
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bcn-bot/bcn/internal/local/aws"
)

func TestSampleCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	want := []string{
		"/bcn district adopt default --region us-east-1 --role arn:aws:iam::123456789012:role/bcn-default-bot" +
			" --cfn-role arn:aws:iam::123456789012:role/bcn-default-cloudformation --vpc vpc-0a11ce00000000001 --cluster default" +
			" --subnets subnet-0a11ce00000000001,subnet-0a11ce00000000002" +
			" --public-subnets subnet-0a11ce00000000101,subnet-0a11ce00000000102 --security-groups sg-0a11ce00000000001" +
			" --bucket bcn-default-templates-123456789012 --for production,staging",
		"/bcn endpoint create main --district default --public --for production,staging",
		"/bcn create hello production --district default --source dir:examples/hello",
		"/bcn create hello staging --district default --source dir:examples/hello",
	}
	got := w.SampleCommands()
	if len(got) != len(want) {
		t.Fatalf("%d commands, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("command %d:\n got %s\nwant %s", i, got[i], want[i])
		}
	}
}

const (
	botRole = account + "role/bcn-default-bot"
	cfnRole = account + "role/bcn-default-cloudformation"
)

// bot is the sample's bot, as any installation of bcn would become it.
func (w *world) bot(t *testing.T) awssdk.Config {
	t.Helper()
	return w.as(w.assume(t, botRole, func(in *sts.AssumeRoleInput) { in.ExternalId = awssdk.String("whatever") }))
}

func TestSampleTrustsAnyInstallation(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	for _, c := range []struct {
		name               string
		role               string
		external, identity *string
		want               string
	}{
		{"with an external id and a source identity", botRole, s("any"), s("dana"), ""},
		{"with others", botRole, s("other"), s("bcn-system"), ""},
		{"not without an external id", botRole, nil, s("dana"), "AccessDenied"},
		{"not without a source identity", botRole, s("any"), nil, "AccessDenied"},
		{"not CloudFormation's role", cfnRole, s("any"), s("dana"), "AccessDenied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := sts.NewFromConfig(w.as()).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &c.role, RoleSessionName: s("bcn-1"), ExternalId: c.external, SourceIdentity: c.identity})
			wantCode(t, err, c.want)
		})
	}
}

func TestSampleHasWhatHelloNeeds(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	bot := w.bot(t)
	digests := map[string]string{}
	images := must[*ecr.DescribeImagesOutput](t)(ecr.NewFromConfig(bot).DescribeImages(t.Context(), &ecr.DescribeImagesInput{RepositoryName: s("hello")}))
	for _, i := range images.ImageDetails {
		for _, tag := range i.ImageTags {
			digests[tag] = *i.ImageDigest
		}
	}
	if len(digests) != 4 || digests["latest"] != digests["v2"] || digests["v1"] == digests["v2"] || digests["broken"] == "" || digests["broken"] == digests["v1"] {
		t.Errorf("images: %v", digests)
	}
	clusters := must[*ecs.DescribeClustersOutput](t)(ecs.NewFromConfig(bot).DescribeClusters(t.Context(), &ecs.DescribeClustersInput{Clusters: []string{"default"}}))
	if len(clusters.Clusters) != 1 || *clusters.Clusters[0].Status != "ACTIVE" {
		t.Errorf("clusters: %v", clusters.Clusters)
	}
	must[*s3.HeadBucketOutput](t)(s3.NewFromConfig(bot).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: s("bcn-default-templates-123456789012")}))
	params := must[*ssm.DescribeParametersOutput](t)(ssm.NewFromConfig(bot).DescribeParameters(t.Context(), &ssm.DescribeParametersInput{}))
	var hello []ssmtypes.ParameterMetadata
	for _, p := range params.Parameters {
		if strings.HasPrefix(*p.Name, "/barcelona/default/hello/") {
			hello = append(hello, p)
		}
	}
	if len(hello) != 1 || *hello[0].Name != "/barcelona/default/hello/session_secret" || hello[0].Type != "SecureString" {
		t.Errorf("parameters: %v", hello)
	}
	stack := must[*cloudformation.DescribeStacksOutput](t)(cloudformation.NewFromConfig(bot).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})).Stacks
	names := []string{}
	for _, x := range stack {
		names = append(names, *x.StackName)
		if x.StackStatus != "CREATE_COMPLETE" || x.CreationTime.After(start) {
			t.Errorf("stack %s: %s at %s", *x.StackName, x.StackStatus, x.CreationTime)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"bcn-access-default", "bcn-roles-default"}) {
		t.Errorf("stacks: %v", names)
	}
}

func TestSampleBotIsRefused(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	bot := w.bot(t)
	stacks := cloudformation.NewFromConfig(bot)
	const body = `{"Resources":{"Group":{"Type":"AWS::Logs::LogGroup"}}}`
	propose := func(change func(*cloudformation.CreateChangeSetInput)) error {
		in := &cloudformation.CreateChangeSetInput{
			StackName: s("hello"), ChangeSetName: s("bcn-1-1"), ChangeSetType: "CREATE", TemplateBody: s(body), RoleARN: s(cfnRole),
			Tags: []cfntypes.Tag{{Key: s("bcn:installation"), Value: s("i-1")}},
		}
		change(in)
		_, err := stacks.CreateChangeSet(t.Context(), in)
		return err
	}
	for _, c := range []struct {
		name string
		call func() error
		want string
	}{
		{"the value of a secret", func() error {
			_, err := ssm.NewFromConfig(bot).GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{"/barcelona/default/hello/session_secret"}})
			return err
		}, "AccessDeniedException"},
		{"a parameter of another district", func() error {
			_, err := ssm.NewFromConfig(bot).PutParameter(t.Context(), &ssm.PutParameterInput{Name: s("/barcelona/other/x"), Value: s("v"), Type: "String"})
			return err
		}, "AccessDeniedException"},
		{"a role of its own making", func() error {
			_, err := iam.NewFromConfig(bot).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: s("x"), AssumeRolePolicyDocument: s(trustAll)})
			return err
		}, "AccessDenied"},
		{"a wider policy for itself", func() error {
			_, err := iam.NewFromConfig(bot).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: s("bcn-default-bot"), PolicyName: s("x"), PolicyDocument: s(allow("*", "*"))})
			return err
		}, "AccessDenied"},
		{"a task definition without CloudFormation", func() error {
			_, err := ecs.NewFromConfig(bot).RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{Family: s("x"), ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: s("x"), Image: s("hello")}}})
			return err
		}, "AccessDeniedException"},
		{"another region", func() error {
			elsewhere := bot
			elsewhere.Region = "eu-west-1"
			_, err := cloudformation.NewFromConfig(elsewhere).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
			return err
		}, "AccessDenied"},
		{"a change set that is not named by it", func() error {
			return propose(func(in *cloudformation.CreateChangeSetInput) { in.ChangeSetName = s("mine") })
		}, "AccessDenied"},
		{"a change set without its tag", func() error {
			return propose(func(in *cloudformation.CreateChangeSetInput) { in.Tags = nil })
		}, "AccessDenied"},
		{"a change set as itself", func() error {
			return propose(func(in *cloudformation.CreateChangeSetInput) { in.RoleARN = nil })
		}, "AccessDenied"},
		{"a change set as a role that it may not pass", func() error {
			return propose(func(in *cloudformation.CreateChangeSetInput) { in.RoleARN = s(botRole) })
		}, "AccessDenied"},
		{"the end of a stack that is not bcn's", func() error {
			_, err := stacks.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: s("bcn-roles-default")})
			return err
		}, "AccessDenied"},
		{"a change to a stack that is not bcn's", func() error {
			_, err := stacks.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: s("bcn-roles-default"), TemplateBody: s(body), RoleARN: s(cfnRole)})
			return err
		}, "AccessDenied"},
		{"but not a change set as it should be", func() error { return propose(func(*cloudformation.CreateChangeSetInput) {}) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, c.call(), c.want)
		})
	}
}
