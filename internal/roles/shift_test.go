package roles_test

import (
	"encoding/json"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

const shiftedFile = `environments:
  production:
    name: hello
    image_name: quay.io/acme/hello
    services:
      - { name: web, service_type: web, command: serve, listeners: [{ endpoint: main }], deployment: { strategy: blue_green } }
`

// shifter is the role that ECS shifts a rendered heritage's traffic as, within
// the boundary, and its ARN.
func shifter(t *testing.T) (policy.Set, string) {
	t.Helper()
	file, problems := manifest.Parse("barcelona.yml", []byte(shiftedFile))
	if file == nil {
		t.Fatal(problems)
	}
	d := bcn.District{
		Name: "default", Region: "eu-west-1", Account: "123456789012", VPC: "vpc-1", Cluster: "default",
		Subnets: []string{"subnet-1", "subnet-2"},
	}
	e := render.ExampleEndpoint(d, "main", true, "production")
	stacks, _, err := render.Heritage(render.Input{
		Heritage: file.Environments["production"], App: "hello", Env: "production", District: d, Installation: "bcn-1234",
		Digest:    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Endpoints: map[string]bcn.Endpoint{"main": e},
	})
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Resources map[string]struct {
			Properties struct {
				Policies []struct{ PolicyDocument json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(stacks[0].Template, &tree); err != nil {
		t.Fatal(err)
	}
	doc, err := policy.Parse(tree.Resources["InfrastructureRole"].Properties.Policies[0].PolicyDocument, policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return policy.Set{Identity: []*policy.Document{doc}, Boundary: parse(t, input()).boundary}, render.RoleARN(d, render.InfrastructureRole("default", "hello"))
}

func TestTheRoleThatShiftsTraffic(t *testing.T) {
	t.Parallel()
	set, arn := shifter(t)
	const (
		rule  = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/bcn-main/1/2/3"
		group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hello/1"
		task  = "arn:aws:iam::123456789012:role/bcn/default/bcn-default-hello-000000000000-task"
	)
	for title, c := range map[string]struct {
		action, resource, app, as string
		want                      bool
	}{
		"turns the weights of its own rule":         {"elasticloadbalancing:ModifyRule", rule, "hello", arn, true},
		"registers targets in its own group":        {"elasticloadbalancing:RegisterTargets", group, "hello", arn, true},
		"sees what is there":                        {"elasticloadbalancing:DescribeTargetHealth", "*", "", arn, true},
		"does not turn another app's":               {"elasticloadbalancing:ModifyRule", rule, "other", arn, false},
		"does not turn what nobody tagged":          {"elasticloadbalancing:ModifyRule", rule, "", arn, false},
		"does not touch a listener":                 {"elasticloadbalancing:ModifyListener", rule, "hello", arn, false},
		"does not remove a rule":                    {"elasticloadbalancing:DeleteRule", rule, "hello", arn, false},
		"lends the boundary to no task of the same": {"elasticloadbalancing:ModifyRule", rule, "hello", task, false},
		"passes no role":                            {"iam:PassRole", task, "hello", arn, false},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			keys := policy.Keys{}
			keys.Set("aws:RequestedRegion", "eu-west-1")
			keys.Set("aws:PrincipalArn", c.as)
			if c.app != "" {
				keys.Set("aws:ResourceTag/bcn:app", c.app)
				keys.Set("aws:ResourceTag/bcn:environment", "production")
				keys.Set("aws:ResourceTag/bcn:installation", "bcn-1234")
			}
			if got := set.Decide(policy.Request{Action: c.action, Resource: c.resource, Keys: keys}); got.Allowed != c.want {
				t.Errorf("%+v", got)
			}
		})
	}
}
