package bcn_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestDestructive(t *testing.T) {
	t.Parallel()
	const revision = "AWS::ECS::TaskDefinition"
	for title, c := range map[string]struct {
		delta bcn.ResourceDelta
		want  bool
	}{
		"a new resource is not":             {bcn.ResourceDelta{Action: "Add", Type: "AWS::ECS::Service"}, false},
		"a change in place is not":          {bcn.ResourceDelta{Action: "Modify", Type: "AWS::ECS::Service", Replacement: "False"}, false},
		"a new revision is not":             {bcn.ResourceDelta{Action: "Modify", Type: revision, Replacement: "True"}, false},
		"a replacement is":                  {bcn.ResourceDelta{Action: "Modify", Type: "AWS::ECS::Service", Replacement: "True"}, true},
		"perhaps a replacement is":          {bcn.ResourceDelta{Action: "Modify", Type: "AWS::ECS::Service", Replacement: "Conditional"}, true},
		"a removal is":                      {bcn.ResourceDelta{Action: "Remove", Type: "AWS::ECS::Service"}, true},
		"a removal of a task definition is": {bcn.ResourceDelta{Action: "Remove", Type: revision}, true},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			p := bcn.Plan{Stacks: []bcn.StackPlan{{Changes: []bcn.ResourceDelta{c.delta}}}}
			if got := p.Destructive(); got != c.want {
				t.Errorf("%+v: %v", c.delta, got)
			}
		})
	}
	for title, c := range map[string]struct {
		plan bcn.Plan
		want bool
	}{
		"to remove a secret is":                        {bcn.Plan{Kind: bcn.KindSecret, Secret: &bcn.SecretPlan{Op: bcn.SecretUnset}}, true},
		"to set a secret is not":                       {bcn.Plan{Kind: bcn.KindSecret, Secret: &bcn.SecretPlan{Op: bcn.SecretSet}}, false},
		"to delete an app of which nothing runs is":    {bcn.Plan{Kind: bcn.KindDelete}, true},
		"to deploy what nothing was changed of is not": {bcn.Plan{Kind: bcn.KindDeploy}, false},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			if got := c.plan.Destructive(); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}
