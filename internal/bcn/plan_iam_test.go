package bcn_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestPlansThatChangeRolesOrPolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		delta bcn.ResourceDelta
		want  bool
	}{
		{"a role that is made", bcn.ResourceDelta{Action: "Add", Type: "AWS::IAM::Role"}, true},
		{"an inline policy of a role", bcn.ResourceDelta{Action: "Modify", Type: "AWS::IAM::Role", Properties: []string{"/Properties/Policies/0/PolicyDocument"}}, true},
		{"a role that goes", bcn.ResourceDelta{Action: "Remove", Type: "AWS::IAM::Role"}, true},
		{"a bucket's policy", bcn.ResourceDelta{Action: "Modify", Type: "AWS::S3::BucketPolicy"}, true},
		{"a task that gets another role", bcn.ResourceDelta{Action: "Modify", Type: "AWS::ECS::TaskDefinition", Properties: []string{"/Properties/TaskRoleArn"}}, true},
		{"an image", bcn.ResourceDelta{Action: "Modify", Type: "AWS::ECS::TaskDefinition", Properties: []string{"/Properties/ContainerDefinitions"}}, false},
		{"a scaling policy", bcn.ResourceDelta{Action: "Add", Type: "AWS::ApplicationAutoScaling::ScalingPolicy"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := bcn.Plan{Stacks: []bcn.StackPlan{{}, {Changes: []bcn.ResourceDelta{{Type: "AWS::Logs::LogGroup", Action: "Add"}, c.delta}}}}
			if p.ChangesIAM() != c.want {
				t.Errorf("%v", !c.want)
			}
		})
	}
}
