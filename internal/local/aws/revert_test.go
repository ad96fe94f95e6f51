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

// proposed makes a change set with the same template and answers it.
func (w *world) proposed(t *testing.T, name string, body *string, mode types.DeploymentMode) *cloudformation.DescribeChangeSetOutput {
	t.Helper()
	s := awssdk.String
	c := cloudformation.NewFromConfig(w.as())
	must[*cloudformation.CreateChangeSetOutput](t)(c.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{
		StackName: s("test"), ChangeSetName: &name, TemplateBody: body, DeploymentMode: mode, Capabilities: []types.Capability{"CAPABILITY_NAMED_IAM"},
	}))
	w.clock.Advance(time.Minute)
	return must[*cloudformation.DescribeChangeSetOutput](t)(c.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{
		StackName: s("test"), ChangeSetName: &name, IncludePropertyValues: awssdk.Bool(true),
	}))
}

func TestADriftAwareChangeSetComparesWithWhatIsThere(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	body := w.driftedStack(t)
	w.wantStatus(t, "", body, types.StackStatusCreateComplete, "")
	if set := w.proposed(t, "clean", body, types.DeploymentModeRevertDrift); set.Status != types.ChangeSetStatusFailed || !strings.Contains(*set.StatusReason, "didn't contain changes") {
		t.Fatalf("%s %v", set.Status, set.Changes)
	}
	logs, roles := cloudwatchlogs.NewFromConfig(w.as()), iam.NewFromConfig(w.as())
	must[*cloudwatchlogs.PutRetentionPolicyOutput](t)(logs.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: s("/app"), RetentionInDays: awssdk.Int32(7)}))
	must[*iam.PutRolePolicyOutput](t)(roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: s("app"), PolicyName: s("more"), PolicyDocument: s(allow("s3:*", "*"))}))
	must[*cloudwatchlogs.DeleteLogGroupOutput](t)(logs.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: s("/kept")}))
	if set := w.proposed(t, "plain", body, ""); set.Status != types.ChangeSetStatusFailed || set.DeploymentMode != "" {
		t.Errorf("a plain change set sees drift: %s %v", set.Status, set.Changes)
	}
	set := w.proposed(t, "repair", body, types.DeploymentModeRevertDrift)
	if set.Status != types.ChangeSetStatusCreateComplete || set.DeploymentMode != types.DeploymentModeRevertDrift || len(set.Changes) != 3 {
		t.Fatalf("%s %s %v", set.Status, set.DeploymentMode, set.Changes)
	}
	kept, log := set.Changes[0].ResourceChange, set.Changes[1].ResourceChange
	if *kept.LogicalResourceId != "Kept" || kept.Action != types.ChangeActionAdd || kept.ResourceDriftStatus != types.StackResourceDriftStatusDeleted {
		t.Errorf("%+v", kept)
	}
	target := log.Details[0].Target
	if log.Action != types.ChangeActionModify || log.ResourceDriftStatus != types.StackResourceDriftStatusModified || *target.BeforeValue != "7" || *target.AfterValue != "365" ||
		target.BeforeValueFrom != types.BeforeValueFromActualState || target.AfterValueFrom != types.AfterValueFromTemplate {
		t.Errorf("%+v %+v", log, target)
	}
	must[*cloudformation.ExecuteChangeSetOutput](t)(cloudformation.NewFromConfig(w.as()).ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{StackName: s("test"), ChangeSetName: s("repair")}))
	w.clock.Advance(10 * time.Minute)
	if out := w.drift(t, w.as(), "test"); out.StackDriftStatus != types.StackDriftStatusInSync {
		t.Errorf("after the repair: %s\n%s", out.StackDriftStatus, w.drifts(t, "test"))
	}
}

func TestWhatIsThereByHandAlreadyIsOnlyRemembered(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	w.wantStatus(t, "", w.driftedStack(t), types.StackStatusCreateComplete, "")
	must[*cloudwatchlogs.PutRetentionPolicyOutput](t)(cloudwatchlogs.NewFromConfig(w.as()).PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: s("/app"), RetentionInDays: awssdk.Int32(7)}))
	body := s(strings.Replace(*w.driftedStack(t), "365", "7", 1))
	set := w.proposed(t, "sync", body, types.DeploymentModeRevertDrift)
	if len(set.Changes) != 1 || set.Changes[0].ResourceChange.Action != types.ChangeActionSyncWithActual {
		t.Errorf("%s %+v", set.Status, set.Changes)
	}
}

func TestADriftAwareChangeSetIsOfAStackThatIsThere(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	c := cloudformation.NewFromConfig(w.as())
	_, err := c.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{
		StackName: s("test"), ChangeSetName: s("new"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: w.driftedStack(t),
		DeploymentMode: types.DeploymentModeRevertDrift, Capabilities: []types.Capability{"CAPABILITY_NAMED_IAM"},
	})
	wantCode(t, err, "ValidationError")
	w.wantStatus(t, "", w.driftedStack(t), types.StackStatusCreateComplete, "")
	_, err = c.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{
		StackName: s("test"), ChangeSetName: s("odd"), TemplateBody: w.driftedStack(t), DeploymentMode: "ODD", Capabilities: []types.Capability{"CAPABILITY_NAMED_IAM"},
	})
	wantCode(t, err, "ValidationError")
}
