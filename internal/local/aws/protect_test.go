package aws_test

import (
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

func TestTerminationProtection(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	c := cloudformation.NewFromConfig(w.as())
	body := template(t, object{
		"Gone": resource("AWS::Logs::LogGroup", object{"LogGroupName": "/gone"}),
		"Kept": object{"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": object{"LogGroupName": "/kept"}},
	})
	w.wantStatus(t, "", body, types.StackStatusCreateComplete, "")
	protect := func(cfg awssdk.Config, on bool) error {
		_, err := cloudformation.NewFromConfig(cfg).UpdateTerminationProtection(t.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: s("test"), EnableTerminationProtection: &on})
		return err
	}
	wantCode(t, protect(w.able(t, "cloudformation:DeleteStack", "*"), false), "AccessDenied")
	wantCode(t, protect(w.as(), true), "")
	_, err := c.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: s("test")})
	wantCode(t, err, "ValidationError")
	if !strings.Contains(err.Error(), "TerminationProtection is enabled") {
		t.Error(err)
	}
	wantCode(t, protect(w.as(), false), "")
	w.deleteStack(t)
	left := must[*cloudwatchlogs.DescribeLogGroupsOutput](t)(cloudwatchlogs.NewFromConfig(w.as()).DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})).LogGroups
	if len(left) != 1 || *left[0].LogGroupName != "/kept" {
		t.Errorf("what stays: %+v", left)
	}
	wantCode(t, protect(w.as(), true), "ValidationError")
}
