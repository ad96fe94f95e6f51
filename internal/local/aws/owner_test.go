package aws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
	"github.com/bcn-bot/bcn/internal/roles"
)

// The account's owner applies a stack by hand, as the page of bot dev does.
func TestApplyByTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) {
		o.Clock, o.Poll, o.RoleDelay = wire.NewShiftedClock(0), time.Millisecond, 0
	})
	in := roles.Input{
		District: "tokyo", Account: aws.DefaultAccount, Region: aws.DefaultRegion,
		BotPrincipal: "arn:aws:iam::" + aws.DefaultAccount + ":root", ExternalID: "here",
	}
	template, err := roles.Template(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, again := range []string{"made", "there already"} {
		if err := w.Apply(t.Context(), "bcn-roles-tokyo", template); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
	}
	if _, err := w.Do(t.Context(), "iam", "GetRole", map[string]any{"RoleName": roles.BotRoleName("tokyo")}); err != nil {
		t.Error(err)
	}
	in.TaskActions = []string{"s3:GetObject"}
	if template, err = roles.Template(in); err != nil {
		t.Fatal(err)
	}
	if err := w.Apply(t.Context(), "bcn-roles-tokyo", template); err != nil {
		t.Errorf("changed: %v", err)
	}
	bad := []byte(`{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "` + roles.BotRoleName("tokyo") +
		`", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}}}}`)
	if err := w.Apply(t.Context(), "twice", bad); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a role that is there already: %v", err)
	}
}
