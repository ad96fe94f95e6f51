package schema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/local/aws/schema"
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

const fargateTask = `"RequiresCompatibilities":["FARGATE"],"NetworkMode":"awsvpc","ExecutionRoleArn":"arn:x"`

func TestCheckFinds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ typ, props, path, message string }{
		"an unknown resource type":              {"AWS::ECS::Servce", `{}`, "", "Unrecognized resource types: [AWS::ECS::Servce]"},
		"an unsupported property":               {"AWS::ECS::Service", `{"LoadBalncers":[]}`, "", "Encountered unsupported property LoadBalncers"},
		"an unsupported nested property":        {"AWS::ECS::TaskDefinition", `{"ContainerDefinitions":[{"Name":"a","Image":"b","Memory":1},{"Name":"a","Imge":"b","Image":"c","Memory":1}]}`, "/ContainerDefinitions/1", "Encountered unsupported property Imge"},
		"a missing required property":           {"AWS::IAM::Policy", `{"PolicyName":"p"}`, "", "Required property [PolicyDocument] not found"},
		"a missing nested property":             {"AWS::ECS::TaskDefinition", `{"ContainerDefinitions":[{"Name":"a","Memory":1}]}`, "/ContainerDefinitions/0", "Required property [Image] not found"},
		"text for a boolean":                    {"AWS::ECS::TaskDefinition", `{"ContainerDefinitions":[{"Name":"a","Image":"b","Essential":"maybe","Memory":1}]}`, "/ContainerDefinitions/0/Essential", "expected type: Boolean, found: String"},
		"text for a number":                     {"AWS::ECS::Service", `{"DesiredCount":"two"}`, "/DesiredCount", "expected type: Integer, found: String"},
		"a fraction for an integer":             {"AWS::ECS::Service", `{"DesiredCount":1.5}`, "/DesiredCount", "expected type: Integer, found: Number"},
		"an object for a list":                  {"AWS::ECS::Service", `{"LoadBalancers":{"A":1}}`, "/LoadBalancers", "expected type: JSONArray, found: JSONObject"},
		"a list for text":                       {"AWS::ECS::Cluster", `{"ClusterName":["a"]}`, "/ClusterName", "expected type: String, found: JSONArray"},
		"a value outside an enumeration":        {"AWS::ECS::Service", `{"LaunchType":"FARGAET"}`, "/LaunchType", "FARGAET is not a valid enum value"},
		"a number outside an enumeration":       {"AWS::Logs::LogGroup", `{"RetentionInDays":8}`, "/RetentionInDays", "8 is not a valid enum value"},
		"a malformed tag":                       {"AWS::ECS::Cluster", `{"Tags":[{"Key":"a"}]}`, "/Tags/0", "Required property [Value] not found"},
		"a wrong branch of Fn::If":              {"AWS::ECS::Service", `{"DesiredCount":{"Fn::If":["C",1,"many"]}}`, "/DesiredCount", "expected type: Integer, found: String"},
		"a pair that Fargate lacks":             {"AWS::ECS::TaskDefinition", `{` + fargateTask + `,"Cpu":"256","Memory":"4096"}`, "/Cpu", "No Fargate configuration exists for given values: 256 CPU, 4096 memory."},
		"Fargate without awsvpc":                {"AWS::ECS::TaskDefinition", `{"RequiresCompatibilities":["FARGATE"],"Cpu":"256","Memory":"512"}`, "/NetworkMode", "Fargate only supports network mode"},
		"Fargate without cpu":                   {"AWS::ECS::TaskDefinition", `{` + fargateTask + `,"Memory":"512"}`, "/Cpu", "Fargate requires that 'cpu' be defined at the task level."},
		"logs without an execution role":        {"AWS::ECS::TaskDefinition", `{"RequiresCompatibilities":["FARGATE"],"NetworkMode":"awsvpc","Cpu":"256","Memory":"512","ContainerDefinitions":[{"Name":"a","Image":"b","LogConfiguration":{"LogDriver":"awslogs"}}]}`, "/ContainerDefinitions/0/LogConfiguration", "execution role ARN to support log driver awslogs"},
		"a privileged container on Fargate":     {"AWS::ECS::TaskDefinition", `{` + fargateTask + `,"Cpu":"256","Memory":"512","ContainerDefinitions":[{"Name":"a","Image":"b","Privileged":true}]}`, "/ContainerDefinitions/0/Privileged", "privileged"},
		"no essential container":                {"AWS::ECS::TaskDefinition", `{"ContainerDefinitions":[{"Name":"a","Image":"b","Memory":1,"Essential":false}]}`, "/ContainerDefinitions", "essential"},
		"ports that differ with awsvpc":         {"AWS::ECS::TaskDefinition", `{"NetworkMode":"awsvpc","ContainerDefinitions":[{"Name":"a","Image":"b","Memory":1,"PortMappings":[{"ContainerPort":80,"HostPort":8080}]}]}`, "/ContainerDefinitions/0/PortMappings/0", "must match"},
		"a Fargate service without subnets":     {"AWS::ECS::Service", `{"LaunchType":"FARGATE"}`, "/NetworkConfiguration", "Network Configuration must be provided when networkMode 'awsvpc' is specified."},
		"a launch type and a provider strategy": {"AWS::ECS::Service", `{"LaunchType":"EC2","CapacityProviderStrategy":[]}`, "/CapacityProviderStrategy", "Specifying both a launch type and capacity provider strategy"},
		"a grace period without balancers":      {"AWS::ECS::Service", `{"HealthCheckGracePeriodSeconds":30}`, "/HealthCheckGracePeriodSeconds", "only valid for services configured to use load balancers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := schema.Check(tc.typ, parse(t, tc.props))
			if len(got) != 1 {
				t.Fatalf("%d problems: %v", len(got), got)
			}
			if got[0].Path != tc.path || !strings.Contains(got[0].Message, tc.message) {
				t.Errorf("got %+v\nwant %s: %s", got[0], tc.path, tc.message)
			}
		})
	}
}

func TestCheckLetsPass(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ typ, props string }{
		"references anywhere":                   {"AWS::ECS::Service", `{"Cluster":{"Ref":"C"},"DesiredCount":{"Ref":"N"},"LoadBalancers":{"Fn::If":["X",[],{"Ref":"AWS::NoValue"}]},"LaunchType":"FARGATE","NetworkConfiguration":{"AwsvpcConfiguration":{"Subnets":{"Fn::Split":[",","a"]}}}}`},
		"scalars that CloudFormation converts":  {"AWS::ECS::TaskDefinition", `{` + fargateTask + `,"Cpu":256,"Memory":512,"ContainerDefinitions":[{"Name":"a","Image":"b","Essential":"true"}]}`},
		"a policy as an object and as text":     {"AWS::IAM::Role", `{"AssumeRolePolicyDocument":{"Version":"2012-10-17"},"Policies":[{"PolicyName":"a","PolicyDocument":"{}"}]}`},
		"units of cpu and memory":               {"AWS::ECS::TaskDefinition", `{` + fargateTask + `,"Cpu":"1 vCPU","Memory":"2 GB"}`},
		"a size that only a parameter can tell": {"AWS::ECS::TaskDefinition", `{` + fargateTask + `,"Cpu":"256","Memory":{"Ref":"M"}}`},
		"tags of every style":                   {"AWS::SSM::Parameter", `{"Type":"String","Value":"v","Tags":{"a":"b"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := schema.Check(tc.typ, parse(t, tc.props)); len(got) > 0 {
				t.Error(got)
			}
		})
	}
}

func TestReplacesTellsWhatCannotChangeInPlace(t *testing.T) {
	t.Parallel()
	for property, want := range map[[2]string]schema.Recreation{
		{"AWS::ECS::Service", "ServiceName"}:                      schema.Always,
		{"AWS::ECS::Service", "TaskDefinition"}:                   schema.Never,
		{"AWS::ECS::TaskDefinition", "ContainerDefinitions"}:      schema.Always,
		{"AWS::ECS::TaskDefinition", "Tags"}:                      schema.Never,
		{"AWS::Logs::LogGroup", "LogGroupName"}:                   schema.Always,
		{"AWS::ElasticLoadBalancingV2::TargetGroup", "Port"}:      schema.Always,
		{"AWS::EC2::VPC", "InstanceTenancy"}:                      schema.Conditionally,
		{"AWS::Nobody::Knows", "It"}:                              schema.Never,
		{"AWS::ElasticLoadBalancingV2::ListenerRule", "Priority"}: schema.Never,
	} {
		if got := schema.Requires(property[0], property[1]); got != want {
			t.Errorf("%v: %s, want %s", property, got, want)
		}
		if got := schema.Replaces(property[0], property[1]); got != (want == schema.Always) {
			t.Errorf("Replaces %v: %t", property, got)
		}
	}
}

func TestCoerceGivesScalarsTheirSchemasTypes(t *testing.T) {
	t.Parallel()
	got := schema.Coerce("AWS::ECS::TaskDefinition", parse(t, `{"Cpu":256,"ContainerDefinitions":[{"Essential":"true","Memory":"512","Name":1,"Odd":3}],"Tags":[{"Key":"a","Value":7}]}`))
	want := parse(t, `{"Cpu":"256","ContainerDefinitions":[{"Essential":true,"Memory":512,"Name":"1","Odd":3}],"Tags":[{"Key":"a","Value":"7"}]}`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCoercedPropertiesHaveTheSameFaults(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.OneOf(
			rapid.Just[any]("12"), rapid.Just[any](12.0), rapid.Just[any](true), rapid.Just[any]("x"),
			rapid.Just[any]([]any{"a"}), rapid.Just[any](map[string]any{"Key": "a"}), rapid.Just[any](map[string]any{"Ref": "A"}),
		)
		name := rapid.SampledFrom([]string{"DesiredCount", "EnableExecuteCommand", "Cluster", "Tags", "LoadBalancers", "Nope"})
		props := rapid.MapOfN(name, value, 0, 4).Draw(rt, "props")
		before := len(schema.Shape("AWS::ECS::Service", props))
		after := len(schema.Shape("AWS::ECS::Service", schema.Coerce("AWS::ECS::Service", props)))
		if before != after {
			rt.Fatalf("%d faults before, %d after", before, after)
		}
	})
}

func TestFargateSizes(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]bool{
		{"256", "512"}: true, {"256", "1024"}: true, {"256", "1536"}: false, {"512", "1024"}: true, {"512", "5120"}: false,
		{"1024", "8192"}: true, {"1024", "1024"}: false, {"2048", "16384"}: true, {"4096", "30720"}: true, {"4096", "31744"}: false,
		{"8192", "20480"}: true, {"8192", "18432"}: false, {"16384", "122880"}: true, {"300", "512"}: false, {"", ""}: false, {"-256", "512"}: false,
	} {
		if got := schema.FargateSize(pair[0], pair[1]); got != want {
			t.Errorf("%v: %t", pair, got)
		}
	}
}
