package render_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/roles"
)

// made is a district as district create asks for it.
func made(n bcn.Network) bcn.District {
	d := render.ExampleDistrict()
	return bcn.District{
		Name: d.Name, Region: d.Region, Account: d.Account, Role: d.Role, CFNRole: d.CFNRole, CIDR: "10.7.0.0/16",
		Environments: []string{"staging"}, Network: &n,
	}
}

// networks is one golden file per way to the internet, with machines and
// without.
func networks() map[string]func(t *testing.T) []bcn.Proposal {
	of := func(n bcn.Network) func(t *testing.T) []bcn.Proposal {
		return func(t *testing.T) []bcn.Proposal {
			stack, err := render.District(render.DistrictInput{
				District: made(n), Installation: "i-0123456789abcdef", Tags: map[string]string{"cost-center": "web"},
			})
			if err != nil {
				t.Fatal(err)
			}
			return []bcn.Proposal{stack}
		}
	}
	out := map[string]func(t *testing.T) []bcn.Proposal{}
	for _, nat := range render.NATTypes() {
		out["district_"+nat] = of(bcn.Network{NAT: nat, Launch: render.LaunchFargate})
		out["district_"+nat+"_ec2"] = of(bcn.Network{NAT: nat, Launch: render.LaunchEC2, InstanceType: "m6i.large", Size: 2})
	}
	for _, nat := range []string{render.NATNone, render.NATGateway} {
		out["district_pcidss_"+nat] = func(t *testing.T) []bcn.Proposal {
			d := made(bcn.Network{NAT: nat, Launch: render.LaunchEC2, InstanceType: "m6i.large", Size: 2})
			d.Plugins = watched()
			return []bcn.Proposal{districtOf(t, d)}
		}
	}
	out["district_ec2_arm"] = of(bcn.Network{NAT: render.NATGateway, Launch: render.LaunchEC2, InstanceType: "m7g.xlarge", Size: 1})
	return out
}

// watched is the plugin pcidss, with an image of the account's own.
func watched() []bcn.Plugin {
	return []bcn.Plugin{{
		Name: "pcidss", Image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/wazuh-manager@" + digest,
		Settings: map[string]string{"repository": "https://rpm.example.com/wazuh/4.x", "key": "https://rpm.example.com/wazuh/KEY"},
	}}
}

func districtOf(t *testing.T, d bcn.District) bcn.Proposal {
	t.Helper()
	p, err := render.District(render.DistrictInput{District: d, Installation: "i-0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A plugin has its say before bcn itself has the last word on a machine.
func TestWhatBcnSetsOnAMachineComesLast(t *testing.T) {
	t.Parallel()
	d := made(bcn.Network{NAT: render.NATGateway, Launch: render.LaunchEC2, InstanceType: "m6i.large", Size: 2})
	d.Plugins = watched()
	script := string(districtOf(t, d).Template)
	at := -1
	for _, want := range []string{"set -euo pipefail", "dnf install -y wazuh-agent", "mask --now sshd", "ECS_CLUSTER=example", "ECS_DISABLE_PRIVILEGED=true"} {
		i := strings.Index(script, want)
		if i <= at {
			t.Errorf("%q is at %d, after %d", want, i, at)
		}
		at = i
	}
}

func TestAPluginForMachinesNeedsSome(t *testing.T) {
	t.Parallel()
	d := made(bcn.Network{NAT: render.NATGateway, Launch: render.LaunchFargate})
	d.Plugins = watched()
	if _, err := render.District(render.DistrictInput{District: d, Installation: "i"}); bcn.CodeOf(err) != bcn.CodePluginMachines {
		t.Error(err)
	}
}

func TestDistrictRefusals(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		change func(*bcn.District)
		want   string
	}{
		"one that was adopted":           {func(d *bcn.District) { d.Network = nil }, "adopted"},
		"a name over the bucket's limit": {func(d *bcn.District) { d.Name = strings.Repeat("a", 21) }, "at most 20 characters"},
		"a name that no bucket can have": {func(d *bcn.District) { d.Name = "Tokyo" }, "lower case"},
		"a word of the grammar":          {func(d *bcn.District) { d.Name = "all" }, "reserved_name"},
		"an unknown NAT":                 {func(d *bcn.District) { d.Network.NAT = "magic" }, "--nat: magic is none of none, instance,"},
		"an unknown launch type":         {func(d *bcn.District) { d.Network.Launch = "lambda" }, "neither fargate nor ec2"},
		"machines without EC2":           {func(d *bcn.District) { d.Network.Size = 2 }, "are for --launch ec2"},
		"a type without EC2":             {func(d *bcn.District) { d.Network.InstanceType = "m6i.large" }, "are for --launch ec2"},
		"machines with accelerators":     {machines("p5.48xlarge", 1), "none of the classes that bot iam allows: c5, c6g,"},
		"a size that a class has not":    {machines("m6i.small", 1), "none of the sizes large, xlarge"},
		"a whole computer":               {machines("m5.metal", 1), "none of the sizes large, xlarge"},
		"a machine that is too small":    {machines("t3.micro", 1), "none of the sizes small, medium"},
		"no machine":                     {machines("m6i.large", 0), "0 machines; from 1 to 50"},
		"too many machines":              {machines("m6i.large", 51), "51 machines; from 1 to 50"},
		"no network at all":              {func(d *bcn.District) { d.CIDR = "ten" }, "is no network"},
		"an address in a network":        {func(d *bcn.District) { d.CIDR = "10.0.0.1/16" }, "is no network"},
		"addresses of version 6":         {func(d *bcn.District) { d.CIDR = "fd00::/16" }, "is no network"},
		"a network that is too large":    {func(d *bcn.District) { d.CIDR = "10.0.0.0/8" }, "from /16 to /24"},
		"a network that is too small":    {func(d *bcn.District) { d.CIDR = "10.0.0.0/25" }, "from /16 to /24"},
		"somebody else's addresses":      {func(d *bcn.District) { d.CIDR = "8.8.0.0/16" }, "private addresses only"},
		"Docker's network":               {func(d *bcn.District) { d.CIDR = "172.17.0.0/16" }, "Docker"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			d := made(bcn.Network{NAT: render.NATNone, Launch: render.LaunchFargate})
			c.change(&d)
			if _, err := render.District(render.DistrictInput{District: d, Installation: "i"}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func machines(instanceType string, size int) func(*bcn.District) {
	return func(d *bcn.District) {
		*d.Network = bcn.Network{NAT: render.NATNone, Launch: render.LaunchEC2, InstanceType: instanceType, Size: size}
	}
}

func TestDefaultNetworkSaysWhichMachines(t *testing.T) {
	t.Parallel()
	want := bcn.Network{NAT: render.NATGateway, Launch: render.LaunchEC2, InstanceType: "m6i.large", Size: 2}
	if got := render.DefaultNetwork(bcn.Network{Launch: render.LaunchEC2}); got != want {
		t.Errorf("got %+v", got)
	}
	d := made(want)
	if _, err := render.CheckDistrict(d); err != nil {
		t.Error(err)
	}
}

// Where tasks run in a district that bcn made.
func TestLaunchInADistrictThatBcnMade(t *testing.T) {
	t.Parallel()
	fargate := bcn.Network{NAT: render.NATGateway, Launch: render.LaunchFargate}
	ec2 := bcn.Network{NAT: render.NATGateway, Launch: render.LaunchEC2, InstanceType: "m6i.large", Size: 2}
	const own = worker + "        launch: ec2\n"
	all := strings.Replace(worker, "    services:", "    launch: ec2\n    services:", 1) + "    scheduled_tasks:\n      - { name: sweep, schedule: rate(1 day), command: bin/sweep%s }\n"
	for title, c := range map[string]struct {
		network bcn.Network
		body    string
		want    []string
	}{
		"machines that are not there":     {fargate, own, []string{"barcelona.yml:6:9: service worker: launch: ec2 needs machines", "district update example --launch ec2"}},
		"nor for scheduled tasks":         {fargate, fmt.Sprintf(all, ""), []string{"service worker", "scheduled task sweep: launch: ec2 needs machines"}},
		"more memory than a machine has":  {ec2, own + "        memory: 16384\n", []string{"service worker: cpu", "memory 16384 fit on no machine", "an m6i.large has 2048 and 8192"}},
		"more CPU than a machine has":     {ec2, own + "        cpu: 4096\n", []string{"service worker: cpu 4096"}},
		"a task larger than a machine":    {ec2, fmt.Sprintf(all, ", memory: 16384, cpu: 2048"), []string{"scheduled task sweep: cpu 2048 and memory 16384"}},
		"what fits is placed on machines": {ec2, fmt.Sprintf(all, ""), nil},
		"Fargate needs none":              {fargate, worker, nil},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			in := input(heritage(t, c.body))
			in.District.Network = &c.network
			if c.network.Launch == render.LaunchEC2 {
				in.District.CapacityProvider = render.CapacityProvider("example")
			}
			_, _, err := render.Heritage(in)
			if (err == nil) != (c.want == nil) {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		})
	}
}

func TestLaunchInAnAdoptedDistrict(t *testing.T) {
	t.Parallel()
	in := input(heritage(t, worker+"        launch: ec2\n"))
	if _, _, err := render.Heritage(in); err != nil {
		t.Error(err)
	}
	if err := render.NoMachines(heritage(t, worker), in.File, in.District); err != nil {
		t.Error(err)
	}
	err := render.NoMachines(in.Heritage, in.File, in.District)
	if err == nil || !strings.Contains(err.Error(), "barcelona.yml:6:9: service worker: launch: ec2 needs machines, and the cluster example of the adopted district example has none") {
		t.Error(err)
	}
}

// What a district can have is what CloudFormation may start.
func TestMachinesAreThoseThatTheRolesAllow(t *testing.T) {
	t.Parallel()
	var allowed []string
	for _, class := range roles.InstanceClasses() {
		allowed = append(allowed, strings.TrimSuffix(class, ".*"))
	}
	slices.Sort(allowed)
	if diff := cmp.Diff(allowed, render.InstanceFamilies()); diff != "" {
		t.Errorf("(-roles +render):\n%s", diff)
	}
}

func TestFillDistrictReadsWhatTheStackTells(t *testing.T) {
	t.Parallel()
	outputs := map[string]string{
		"VPC": "vpc-1", "Cluster": "tokyo", "Bucket": "b", "TaskSecurityGroup": "sg-1",
		"PrivateSubnets": "subnet-3,subnet-4", "PublicSubnets": "subnet-1,subnet-2",
	}
	for title, c := range map[string]struct {
		nat     string
		subnets []string
		public  bool
	}{
		"tasks behind a NAT are in the private subnets":            {render.NATGateway, []string{"subnet-3", "subnet-4"}, false},
		"tasks without one are in the public ones, with addresses": {render.NATNone, []string{"subnet-1", "subnet-2"}, true},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			got := render.FillDistrict(made(bcn.Network{NAT: c.nat, Launch: render.LaunchFargate}), outputs)
			want := made(bcn.Network{NAT: c.nat, Launch: render.LaunchFargate})
			want.VPC, want.Cluster, want.Bucket, want.SecurityGroups = "vpc-1", "tokyo", "b", []string{"sg-1"}
			want.PublicSubnets, want.Subnets, want.AssignPublicIP = []string{"subnet-1", "subnet-2"}, c.subnets, c.public
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheDefaultNetworkIsADistrictsOwn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tokyo", "osaka", "eu"} {
		d := made(bcn.Network{NAT: render.NATNone, Launch: render.LaunchFargate})
		d.CIDR = render.DefaultCIDR(name)
		if _, err := render.CheckDistrict(d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if render.DefaultCIDR("tokyo") == render.DefaultCIDR("osaka") {
		t.Error("two districts have one network")
	}
}
