package aws_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/roles"
)

// fleet is a district with machines, made as the roles that `bot iam` prints,
// before which nothing is in the account.
type fleet struct {
	*world
	district bcn.District
	role     string // of CloudFormation
}

func newFleet(t *testing.T, n bcn.Network) *fleet {
	t.Helper()
	w := newWorld(t, func(o *aws.Options) { o.Speed = cluster.DevSpeed() })
	in := roles.Input{District: "tokyo", Account: "123456789012", Region: "us-east-1", BotPrincipal: account + "root", AnyExternalID: true}
	made := must[[]byte](t)(roles.Template(in))
	w.stackOf(t, "roles", "", string(made), types.StackStatusCreateComplete)
	return &fleet{world: w, role: in.CFNRoleARN(), district: bcn.District{
		Name: "tokyo", Region: in.Region, Account: in.Account, CIDR: "10.7.0.0/16", Environments: []string{"staging"}, Network: &n,
	}}
}

// stackOf makes or changes a stack of another name than "test".
func (w *world) stackOf(t *testing.T, name, role, body string, want types.StackStatus) {
	t.Helper()
	got, reasons := w.stackNamed(t, name, role, &body)
	if got != want {
		t.Fatalf("%s: got %s, want %s:\n%s", name, got, want, reasons)
	}
}

func (f *fleet) apply(t *testing.T, n bcn.Network) {
	t.Helper()
	f.district.Network = &n
	p := must[bcn.Proposal](t)(render.District(render.DistrictInput{District: f.district, Installation: "i-1"}))
	f.wantStatus(t, f.role, awssdk.String(string(p.Template)), map[bool]types.StackStatus{true: "UPDATE_COMPLETE", false: "CREATE_COMPLETE"}[f.district.VPC != ""], "")
	f.district.VPC = "made"
}

func (f *fleet) instances(t *testing.T) []ecstypes.ContainerInstance {
	t.Helper()
	c := ecs.NewFromConfig(f.as())
	arns := must[*ecs.ListContainerInstancesOutput](t)(c.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{Cluster: awssdk.String("tokyo")})).ContainerInstanceArns
	if len(arns) == 0 {
		return nil
	}
	return must[*ecs.DescribeContainerInstancesOutput](t)(c.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{
		Cluster: awssdk.String("tokyo"), ContainerInstances: arns,
	})).ContainerInstances
}

func onMachines(instanceType string, size int) bcn.Network {
	return bcn.Network{NAT: render.NATNone, Launch: render.LaunchEC2, InstanceType: instanceType, Size: size}
}

func TestMachinesOfADistrict(t *testing.T) {
	t.Parallel()
	f := newFleet(t, onMachines("m6i.large", 2))
	f.apply(t, onMachines("m6i.large", 2))

	t.Run("join its cluster with what they have", func(t *testing.T) {
		machines := f.instances(t)
		if len(machines) != 2 || *machines[0].Status != "ACTIVE" || machines[0].RegisteredResources[0].IntegerValue != 2048 || machines[0].RegisteredResources[1].IntegerValue != 7680 {
			t.Fatalf("%+v", machines)
		}
	})
	t.Run("are nodes of Session Manager, tagged as the district's", func(t *testing.T) {
		out := must[*ssm.DescribeInstanceInformationOutput](t)(ssm.NewFromConfig(f.as()).DescribeInstanceInformation(t.Context(), &ssm.DescribeInstanceInformationInput{}))
		if len(out.InstanceInformationList) != 2 || *out.InstanceInformationList[0].ComputerName != "bcn tokyo machine" {
			t.Fatalf("%+v", out.InstanceInformationList)
		}
	})
	t.Run("are exchanged one by one for others", func(t *testing.T) {
		before := f.instances(t)
		f.apply(t, onMachines("m6i.xlarge", 2))
		after := f.instances(t)
		if len(after) != 2 || after[0].RegisteredResources[0].IntegerValue != 4096 || *after[0].Ec2InstanceId == *before[0].Ec2InstanceId {
			t.Fatalf("%+v", after)
		}
	})
	t.Run("become more", func(t *testing.T) {
		f.apply(t, onMachines("m6i.xlarge", 3))
		f.clock.Advance(5 * time.Minute)
		if got := f.instances(t); len(got) != 3 {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("go when the district needs none", func(t *testing.T) {
		f.apply(t, bcn.Network{NAT: render.NATNone, Launch: render.LaunchFargate})
		if got := f.instances(t); len(got) != 0 {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("go with the district", func(t *testing.T) {
		f.apply(t, onMachines("t3.small", 1))
		f.deleteStack(t)
	})
}

// What AWS refuses of machines, one property changed at a time.
func TestMachinesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, now, reason string }{
		"a role that is not the machines'":         {`"bcn-tokyo-cluster-`, `"bcn-tokyo2-cluster-`, "iam:PassRole"},
		"a group of another name":                  {`"AutoScalingGroupName":"bcn-tokyo"`, `"AutoScalingGroupName":"mine"`, "autoscaling:CreateAutoScalingGroup"},
		"a capacity provider of another name":      {`"Name":"bcn-tokyo"`, `"Name":"mine"`, "ecs:CreateCapacityProvider"},
		"a class that is not allowed":              {`"m6i.large"`, `"x2idn.large"`, "ec2:RunInstances"},
		"an image for other processors":            {`amazon-linux-2023/recommended`, `amazon-linux-2023/arm64/recommended`, "architecture"},
		"protection without protected machines":    {`"NewInstancesProtectedFromScaleIn":true`, `"NewInstancesProtectedFromScaleIn":false`, "instance protection from scale in"},
		"fewer at most than at least":              {`"MaxSize":"5"`, `"MaxSize":"1"`, "Max bound, 1, must be greater"},
		"a role without the district's boundary":   {`"PermissionsBoundary":"arn:aws:iam::123456789012:policy/bcn/tokyo/boundary-tokyo",`, ``, "iam:CreateRole"},
		"a capacity provider with a reserved name": {`"Name":"bcn-tokyo"`, `"Name":"ecs-tokyo"`, "ecs:CreateCapacityProvider"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, onMachines("m6i.large", 2))
			p := must[bcn.Proposal](t)(render.District(render.DistrictInput{District: f.district, Installation: "i-1"}))
			if !strings.Contains(string(p.Template), c.old) {
				t.Fatalf("%s is not there", c.old)
			}
			f.wantStatus(t, f.role, awssdk.String(strings.ReplaceAll(string(p.Template), c.old, c.now)), "ROLLBACK_COMPLETE", c.reason)
		})
	}
}

// A task in a district with one small machine.
func TestTasksFindAMachine(t *testing.T) {
	t.Parallel()
	f := newFleet(t, onMachines("t3.small", 1))
	f.apply(t, onMachines("t3.small", 1))
	subnet, group := f.placesOf(t)
	service := func(name string, count, memory int) string {
		trust := json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
		body := *template(t, object{
			"Role": resource("AWS::IAM::Role", object{"AssumeRolePolicyDocument": trust, "Policies": []any{object{"PolicyName": "p", "PolicyDocument": json.RawMessage(allow("*", "*"))}}}),
			"Task": resource("AWS::ECS::TaskDefinition", object{
				"Family": name, "NetworkMode": "awsvpc", "RequiresCompatibilities": []any{"EC2"}, "ExecutionRoleArn": object{"Fn::GetAtt": []any{"Role", "Arn"}},
				"ContainerDefinitions": []any{object{"Name": "app", "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/hello:v1", "Essential": true, "Memory": memory}},
			}),
			"Service": resource("AWS::ECS::Service", object{
				"ServiceName": name, "Cluster": "tokyo", "DesiredCount": count, "TaskDefinition": object{"Ref": "Task"},
				"CapacityProviderStrategy": []any{object{"CapacityProvider": "bcn-tokyo", "Weight": 1}},
				"NetworkConfiguration":     object{"AwsvpcConfiguration": object{"Subnets": []any{subnet}, "SecurityGroups": []any{group}}},
			}),
		})
		got, _ := f.stackNamed(t, name, "", &body)
		return string(got)
	}
	events := func(name string) string {
		out := must[*ecs.DescribeServicesOutput](t)(ecs.NewFromConfig(f.as()).DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: awssdk.String("tokyo"), Services: []string{name}}))
		text := ""
		for _, e := range out.Services[0].Events {
			text += *e.Message + "\n"
		}
		if out.Services[0].LaunchType != "" || *out.Services[0].CapacityProviderStrategy[0].CapacityProvider != "bcn-tokyo" {
			t.Errorf("%+v", out.Services[0])
		}
		return text
	}
	f.Cluster().PutImage("hello", "v1", cluster.Image{Behaviour: cluster.Healthy("hello")})
	t.Run("on the machine that is there", func(t *testing.T) {
		if got := service("one", 1, 256); got != "CREATE_COMPLETE" {
			t.Fatal(got, events("one"))
		}
		if n := f.instances(t)[0].RunningTasksCount; n != 1 {
			t.Fatalf("%d tasks on it", n)
		}
	})
	t.Run("on one more, where there is no interface left", func(t *testing.T) {
		if got := service("three", 3, 256); got != "CREATE_COMPLETE" || len(f.instances(t)) != 2 {
			t.Fatal(got, len(f.instances(t)), events("three"))
		}
	})
	t.Run("nowhere, where there may be no more machines", func(t *testing.T) {
		service("many", 9, 256)
		if got := events("many"); len(f.instances(t)) != 3 || strings.Count(got, `encountered error "RESOURCE:ENI"`) == 0 {
			t.Fatal(len(f.instances(t)), got)
		}
	})
	t.Run("nowhere, where none is large enough", func(t *testing.T) {
		service("large", 1, 4096)
		if got := events("large"); !strings.Contains(got, "was unable to place a task because no container instance met all of its requirements.") {
			t.Fatal(got)
		}
	})
	t.Run("and their capacity provider stays as long as they use it", func(t *testing.T) {
		p := must[bcn.Proposal](t)(render.District(render.DistrictInput{District: func() bcn.District {
			d := f.district
			d.Network = &bcn.Network{NAT: render.NATNone, Launch: render.LaunchFargate}
			return d
		}(), Installation: "i-1"}))
		f.wantStatus(t, f.role, awssdk.String(string(p.Template)), "UPDATE_ROLLBACK_COMPLETE", "The specified capacity provider is in use and cannot be removed.")
	})
}

// placesOf is a public subnet and the group of tasks.
func (f *fleet) placesOf(t *testing.T) (subnet, group string) {
	t.Helper()
	out := must[*cloudformation.DescribeStacksOutput](t)(cloudformation.NewFromConfig(f.as()).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: awssdk.String("test")}))
	for _, o := range out.Stacks[0].Outputs {
		switch *o.OutputKey {
		case render.OutputPublicSubnets:
			subnet, _, _ = strings.Cut(*o.OutputValue, ",")
		case render.OutputTaskGroup:
			group = *o.OutputValue
		}
	}
	return subnet, group
}

// The plugin pcidss: a server in the cluster, and what the machines install.
func TestMachinesThatAreWatched(t *testing.T) {
	t.Parallel()
	f := newFleet(t, onMachines("m6i.large", 1))
	f.Cluster().PutImage("wazuh-manager", "v1", cluster.Image{Behaviour: cluster.Healthy("manager started")})
	digest := f.Cluster().PutImage("wazuh-manager", "v1", cluster.Image{Behaviour: cluster.Healthy("manager started")})
	watched := []bcn.Plugin{{
		Name: "pcidss", Image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/wazuh-manager@" + digest,
		Settings: map[string]string{"repository": "https://rpm.example.com/wazuh", "key": "https://rpm.example.com/KEY"},
	}}
	f.district.Plugins = watched
	f.apply(t, onMachines("m6i.large", 1))
	c := ecs.NewFromConfig(f.as())
	tasks := must[*ecs.ListTasksOutput](t)(c.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: awssdk.String("tokyo")})).TaskArns
	if len(tasks) != 1 || len(f.instances(t)) != 1 {
		t.Fatalf("%v tasks, %d machines", tasks, len(f.instances(t)))
	}
	before := *f.instances(t)[0].Ec2InstanceId
	f.district.Plugins = nil
	f.apply(t, onMachines("m6i.large", 1))
	if after := f.instances(t); len(after) != 1 || *after[0].Ec2InstanceId == before {
		t.Fatalf("%+v", after)
	}
	f.district.Plugins = watched
	f.apply(t, onMachines("m6i.large", 1))
	f.deleteStack(t)
}
