package aws_test

import (
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// drift detects a stack's drift and answers its status and the detection's.
func (w *world) drift(t *testing.T, cfg awssdk.Config, stack string) *cloudformation.DescribeStackDriftDetectionStatusOutput {
	t.Helper()
	c := cloudformation.NewFromConfig(cfg)
	started := must[*cloudformation.DetectStackDriftOutput](t)(c.DetectStackDrift(t.Context(), &cloudformation.DetectStackDriftInput{StackName: &stack}))
	id := &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: started.StackDriftDetectionId}
	if out := must[*cloudformation.DescribeStackDriftDetectionStatusOutput](t)(c.DescribeStackDriftDetectionStatus(t.Context(), id)); out.DetectionStatus != types.StackDriftDetectionStatusDetectionInProgress {
		t.Errorf("%s at once", out.DetectionStatus)
	}
	_, err := c.DetectStackDrift(t.Context(), &cloudformation.DetectStackDriftInput{StackName: &stack})
	wantCode(t, err, "ValidationError")
	w.clock.Advance(time.Minute)
	return must[*cloudformation.DescribeStackDriftDetectionStatusOutput](t)(c.DescribeStackDriftDetectionStatus(t.Context(), id))
}

// drifts are the differences of a stack, one a line.
func (w *world) drifts(t *testing.T, stack string) string {
	t.Helper()
	out := must[*cloudformation.DescribeStackResourceDriftsOutput](t)(cloudformation.NewFromConfig(w.as()).DescribeStackResourceDrifts(t.Context(), &cloudformation.DescribeStackResourceDriftsInput{
		StackName: &stack, StackResourceDriftStatusFilters: []types.StackResourceDriftStatus{"MODIFIED", "DELETED"},
	}))
	var lines []string
	for _, d := range out.StackResourceDrifts {
		line := *d.LogicalResourceId + " " + string(d.StackResourceDriftStatus)
		for _, p := range d.PropertyDifferences {
			line += " " + string(p.DifferenceType) + " " + *p.PropertyPath + ": " + *p.ExpectedValue + " -> " + *p.ActualValue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// driftedStack has a group of logs, a role and a document that is not read.
func (w *world) driftedStack(t *testing.T) *string {
	t.Helper()
	return template(t, object{
		"Logs": resource("AWS::Logs::LogGroup", object{"LogGroupName": "/app", "RetentionInDays": 365}),
		"Kept": resource("AWS::Logs::LogGroup", object{"LogGroupName": "/kept"}),
		"Role": resource("AWS::IAM::Role", object{
			"RoleName": "app", "AssumeRolePolicyDocument": object{"Version": "2012-10-17", "Statement": []any{object{
				"Effect": "Allow", "Principal": object{"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole",
			}}},
			"Policies": []any{object{"PolicyName": "own", "PolicyDocument": object{"Version": "2012-10-17", "Statement": []any{object{
				"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
			}}}}},
		}),
	})
}

func TestDrift(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	w.wantStatus(t, "", w.driftedStack(t), types.StackStatusCreateComplete, "")

	if out := w.drift(t, w.as(), "test"); out.DetectionStatus != types.StackDriftDetectionStatusDetectionComplete || out.StackDriftStatus != types.StackDriftStatusInSync || *out.DriftedStackResourceCount != 0 {
		t.Fatalf("%+v\n%s", out, w.drifts(t, "test"))
	}
	logs, roles := cloudwatchlogs.NewFromConfig(w.as()), iam.NewFromConfig(w.as())
	must[*cloudwatchlogs.PutRetentionPolicyOutput](t)(logs.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: s("/app"), RetentionInDays: awssdk.Int32(7)}))
	must[*cloudwatchlogs.PutRetentionPolicyOutput](t)(logs.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: s("/kept"), RetentionInDays: awssdk.Int32(7)}))
	must[*iam.PutRolePolicyOutput](t)(roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: s("app"), PolicyName: s("more"), PolicyDocument: s(allow("s3:*", "*"))}))
	out := w.drift(t, w.as(), "test")
	if out.StackDriftStatus != types.StackDriftStatusDrifted || *out.DriftedStackResourceCount != 2 {
		t.Fatalf("%+v", out)
	}
	want := "Logs MODIFIED NOT_EQUAL /RetentionInDays: 365 -> 7\nRole MODIFIED ADD /Policies/"
	if got := w.drifts(t, "test"); !strings.HasPrefix(got, want) || !strings.Contains(got, `"PolicyName":"more"`) {
		t.Errorf("what the template does not say is no drift:\n%s", got)
	}
	stacks := must[*cloudformation.DescribeStacksOutput](t)(cloudformation.NewFromConfig(w.as()).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: s("test")}))
	if d := stacks.Stacks[0].DriftInformation; d.StackDriftStatus != types.StackDriftStatusDrifted || d.LastCheckTimestamp == nil {
		t.Errorf("%+v", d)
	}
	must[*cloudwatchlogs.DeleteLogGroupOutput](t)(logs.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: s("/app")}))
	one := must[*cloudformation.DetectStackResourceDriftOutput](t)(cloudformation.NewFromConfig(w.as()).DetectStackResourceDrift(t.Context(), &cloudformation.DetectStackResourceDriftInput{StackName: s("test"), LogicalResourceId: s("Logs")}))
	if d := one.StackResourceDrift; d.StackResourceDriftStatus != types.StackResourceDriftStatusDeleted || d.ActualProperties != nil {
		t.Errorf("%+v", d)
	}
}

func TestDriftIsDetectedInTheCallersName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.wantStatus(t, "", w.driftedStack(t), types.StackStatusCreateComplete, "")
	const detect = `{"Effect":"Allow","Action":"cloudformation:*","Resource":"*"}`
	none := w.as(w.assume(t, w.role(t, "none", trustAll, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudformation:DetectStackDrift"],"Resource":"*"}]}`)))
	_, err := cloudformation.NewFromConfig(none).DetectStackDrift(t.Context(), &cloudformation.DetectStackDriftInput{StackName: awssdk.String("test")})
	wantCode(t, err, "AccessDenied")
	some := w.as(w.assume(t, w.role(t, "some", trustAll, `{"Version":"2012-10-17","Statement":[`+detect+`,{"Effect":"Allow","Action":"logs:Describe*","Resource":"*"}]}`)))
	out := w.drift(t, some, "test")
	if out.DetectionStatus != types.StackDriftDetectionStatusDetectionFailed || !strings.Contains(*out.DetectionStatusReason, "[Role]") || strings.Contains(*out.DetectionStatusReason, "[Logs]") {
		t.Errorf("%+v", out)
	}
}

func TestDriftIsRefused(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	c := cloudformation.NewFromConfig(w.as())
	_, err := c.DetectStackDrift(t.Context(), &cloudformation.DetectStackDriftInput{StackName: s("none")})
	wantCode(t, err, "ValidationError")
	_, err = c.DescribeStackDriftDetectionStatus(t.Context(), &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: s("none")})
	wantCode(t, err, "ValidationError")
	must[*cloudformation.CreateStackOutput](t)(c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: s("test"), TemplateBody: w.driftedStack(t), Capabilities: []types.Capability{"CAPABILITY_NAMED_IAM"}}))
	_, err = c.DetectStackDrift(t.Context(), &cloudformation.DetectStackDriftInput{StackName: s("test")})
	wantCode(t, err, "ValidationError")
	w.clock.Advance(time.Minute)
	_, err = c.DetectStackDrift(t.Context(), &cloudformation.DetectStackDriftInput{StackName: s("test"), LogicalResourceIds: []string{"None"}})
	wantCode(t, err, "ValidationError")
	_, err = c.DescribeStackResourceDrifts(t.Context(), &cloudformation.DescribeStackResourceDriftsInput{StackName: s("test"), StackResourceDriftStatusFilters: []types.StackResourceDriftStatus{"ODD"}})
	wantCode(t, err, "ValidationError")
}
