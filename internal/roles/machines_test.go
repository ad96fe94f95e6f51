package roles_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/roles"
)

// machinesOf are the policy of CloudFormation's role for machines, and the
// boundary, at the longest that names make them.
func machinesOf(t *testing.T) (machines, boundary *policy.Document) {
	t.Helper()
	raw, err := roles.Template(roles.Input{
		District: "a-district-so-longly", Account: "123456789012", Region: "ap-southeast-1",
		BotPrincipal: "arn:aws:iam::123456789012:root", ExternalID: "external", Installation: strings.Repeat("i", 64),
	})
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Resources map[string]struct {
			Properties struct{ PolicyDocument json.RawMessage }
		}
	}
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	doc := func(id string) *policy.Document {
		body := tree.Resources[id].Properties.PolicyDocument
		if n := len(strings.Map(dropSpace, string(body))); n > 6144 {
			t.Errorf("%s: %d characters, IAM takes 6,144 in a managed policy", id, n)
		}
		d, err := policy.Parse(body, policy.Identity)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return doc("MachinesPolicy"), doc("Boundary")
}

func TestMachinesPolicy(t *testing.T) {
	t.Parallel()
	doc, _ := machinesOf(t)
	const (
		here  = "ap-southeast-1:123456789012:"
		group = "arn:aws:autoscaling:" + here + "autoScalingGroup:*:autoScalingGroupName/"
		mine  = "arn:aws:iam::123456789012:role/bcn/a-district-so-longly/bcn-a-district-so-longly-"
	)
	toMachines, toTasks := map[string]string{"iam:PassedToService": "ec2.amazonaws.com"}, map[string]string{"iam:PassedToService": "ecs-tasks.amazonaws.com"}
	for name, c := range map[string]struct {
		action, resource string
		keys             map[string]string
		allowed          bool
	}{
		"the district's group is made":           {"autoscaling:CreateAutoScalingGroup", group + "bcn-a-district-so-longly", nil, true},
		"another group is not":                   {"autoscaling:CreateAutoScalingGroup", group + "web", nil, false},
		"another group is not deleted":           {"autoscaling:DeleteAutoScalingGroup", group + "bcn-other", nil, false},
		"the district's capacity provider is":    {"ecs:CreateCapacityProvider", "arn:aws:ecs:" + here + "capacity-provider/bcn-a-district-so-longly", nil, true},
		"another capacity provider is not":       {"ecs:DeleteCapacityProvider", "arn:aws:ecs:" + here + "capacity-provider/other", nil, false},
		"the machines' role goes to machines":    {"iam:PassRole", mine + "cluster-0123-machines", toMachines, true},
		"but to no task":                         {"iam:PassRole", mine + "cluster-0123-machines", toTasks, false},
		"a task's role goes to no machine":       {"iam:PassRole", mine + "hello-0123-task", toMachines, false},
		"an administrator's goes to no machine":  {"iam:PassRole", "arn:aws:iam::123456789012:role/admin", toMachines, false},
		"a profile elsewhere is not made":        {"iam:CreateInstanceProfile", "arn:aws:iam::123456789012:instance-profile/admin", nil, false},
		"a zone without the tag is not made":     {"servicediscovery:CreatePrivateDnsNamespace", "arn:aws:servicediscovery:" + here + "namespace/*", nil, false},
		"somebody else's zone is not deleted":    {"servicediscovery:DeleteNamespace", "arn:aws:servicediscovery:" + here + "namespace/ns-1", nil, false},
		"a record of a zone is not written here": {"route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := decide(doc, c.action, c.resource, c.keys); got != c.allowed {
				t.Errorf("%s on %s: allowed %v", c.action, c.resource, got)
			}
		})
	}
}

func decide(doc *policy.Document, action, resource string, keys map[string]string) bool {
	req := policy.Request{Action: action, Resource: resource, Keys: policy.Keys{}}
	for k, v := range keys {
		req.Keys.Set(k, v)
	}
	req.Keys.Set("aws:RequestedRegion", "ap-southeast-1")
	return doc.Decide(req) == policy.Allowed
}

// The boundary tells machines and tasks apart by the names of their roles.
func TestNoTaskIsAMachine(t *testing.T) {
	t.Parallel()
	_, boundary := machinesOf(t)
	const district = "a-district-so-longly"
	at := "arn:aws:iam::123456789012:role/bcn/" + district + "/"
	cluster := "arn:aws:ecs:ap-southeast-1:123456789012:cluster/" + district
	for name, c := range map[string]struct {
		role string
		want bool
	}{
		"the machines' role":                  {render.MachineRole(district), true},
		"a task's role":                       {render.TaskRole(district, "hello"), false},
		"the role that ECS starts tasks with": {render.ExecutionRole(district, "machines"), false},
		"a schedule's role":                   {render.ScheduleRole(district, "hello-machines"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := map[string]string{"aws:PrincipalArn": at + c.role}
			for _, action := range []string{"ecs:RegisterContainerInstance", "ecs:Poll", "ecs:SubmitTaskStateChange"} {
				if got := decide(boundary, action, cluster, keys); got != c.want {
					t.Errorf("%s: allowed %v", action, got)
				}
			}
			if got := decide(boundary, "ssm:UpdateInstanceInformation", "*", keys); got != c.want {
				t.Errorf("Session Manager: allowed %v", got)
			}
		})
	}
}

// What a machine is rendered with is what its boundary lets it do, each of it.
func TestAMachineMayDoWhatItsPolicySays(t *testing.T) {
	t.Parallel()
	_, boundary := machinesOf(t)
	d := bcn.District{
		Name: "a-district-so-longly", Region: "ap-southeast-1", Account: "123456789012", CIDR: "10.0.0.0/16", Environments: []string{"staging"},
		Network: &bcn.Network{NAT: render.NATNone, Launch: render.LaunchEC2, InstanceType: "m6i.large", Size: 1},
	}
	p, err := render.District(render.DistrictInput{District: d, Installation: "i"})
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
	if err := json.Unmarshal(p.Template, &tree); err != nil {
		t.Fatal(err)
	}
	own, err := policy.Parse(tree.Resources["MachineRole"].Properties.Policies[0].PolicyDocument, policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{
		"aws:PrincipalArn": "arn:aws:iam::123456789012:role/bcn/" + d.Name + "/" + render.MachineRole(d.Name),
		"ecs:cluster":      "arn:aws:ecs:ap-southeast-1:123456789012:cluster/" + d.Name,
	}
	n := 0
	for _, s := range own.Statements {
		for _, action := range s.Actions {
			for _, resource := range s.Resources {
				n++
				if !decide(boundary, action, resource, keys) {
					t.Errorf("%s on %s is outside of the boundary", action, resource)
				}
			}
		}
	}
	if n < 15 {
		t.Errorf("%d actions", n)
	}
}
