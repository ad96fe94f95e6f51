package cfn_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func TestFunctionsGiveProvidersTheirValues(t *testing.T) {
	t.Parallel()
	tmpl := p{
		"Parameters": p{
			"Count": p{"Type": "Number", "Default": 2}, "Name": p{"Type": "String", "Default": "web"},
			"Subnets": p{"Type": "CommaDelimitedList", "Default": "a, b"}, "Vpc": p{"Type": "AWS::EC2::VPC::Id", "Default": "vpc-1"},
		},
		"Mappings":   p{"Days": p{"ap-northeast-1": p{"logs": 14}}},
		"Conditions": p{"Two": p{"Fn::Equals": []any{ref("Count"), "2"}}, "Both": p{"Fn::And": []any{p{"Condition": "Two"}, p{"Fn::Not": []any{p{"Fn::Equals": []any{"a", "b"}}}}}}, "Never": p{"Fn::Or": []any{p{"Fn::Equals": []any{1, 2}}, p{"Fn::Equals": []any{3, 4}}}}},
		"Resources": p{
			"Log":     resource(typeLog, p{"RetentionInDays": p{"Fn::FindInMap": []any{"Days", ref("AWS::Region"), "logs"}}}),
			"Cluster": resource(typeCluster, p{}),
			"Never":   resource(typeCluster, p{}, p{"Condition": "Never"}),
			"Service": resource(typeService, p{
				"DesiredCount": ref("Count"), "Cluster": att("Cluster", "Arn"),
				"ServiceName":    p{"Fn::Sub": []any{"${Name}-${Count}-${Own}-${Log}-${Cluster.Arn}-${!Kept}", p{"Own": p{"Fn::Join": []any{"/", []any{"x", ref("Name")}}}}}},
				"TaskDefinition": p{"Fn::Select": []any{1, p{"Fn::Split": []any{"|", "a|b|c"}}}},
				"LaunchType":     p{"Fn::If": []any{"Both", "FARGATE", ref("AWS::NoValue")}},
				"PropagateTags":  p{"Fn::If": []any{"Never", "SERVICE", ref("AWS::NoValue")}},
				"NetworkConfiguration": p{"AwsvpcConfiguration": p{
					"Subnets": ref("Subnets"),
					"SecurityGroups": []any{
						p{"Fn::Sub": "${AWS::AccountId}.${AWS::Partition}.${AWS::URLSuffix}.${AWS::StackName}"},
						p{"Fn::Base64": "hi"},
						ref("Vpc"),
						p{"Fn::Join": []any{",", p{"Fn::GetAZs": ""}}},
					},
				}},
			}),
		},
	}
	b := newBench(t)
	if got := b.apply("s", "c", "CREATE", tmpl); got != "CREATE_COMPLETE" {
		t.Fatal(strings.Join(b.events("s"), "\n"))
	}
	want := map[string]any{
		"DesiredCount": 2.0, "Cluster": "arn:local:s-Cluster-1", "ServiceName": "web-2-x/web-s-Log-1-arn:local:s-Cluster-1-${Kept}",
		"TaskDefinition": "b", "LaunchType": "FARGATE",
		"NetworkConfiguration": p{"AwsvpcConfiguration": p{"Subnets": []any{"a", "b"}, "SecurityGroups": []any{
			"123456789012.aws.amazonaws.com.s", "aGk=", "vpc-1", "ap-northeast-1a,ap-northeast-1b,ap-northeast-1c",
		}}},
	}
	if diff := cmp.Diff(want, b.shelf[typeService].items["s-Service-1"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"RetentionInDays": 14.0}, b.shelf[typeLog].items["s-Log-1"]); diff != "" {
		t.Error(diff)
	}
	if n := b.shelf[typeCluster].made; n != 1 {
		t.Errorf("%d clusters: the condition does not hold", n)
	}
}

func TestYAMLTemplatesWork(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tmpl := `
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Days: { Type: Number, Default: 7 }
Resources:
  Log:
    Type: AWS::Logs::LogGroup
    Properties:
      RetentionInDays: !Ref Days
      LogGroupName: !Sub "${AWS::StackName}-log"
  Param:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Value: !GetAtt Log.Arn }
`
	if got := b.apply("s", "c", "CREATE", tmpl); got != "CREATE_COMPLETE" {
		t.Fatal(strings.Join(b.events("s"), "\n"))
	}
	if diff := cmp.Diff(map[string]any{"RetentionInDays": 7.0, "LogGroupName": "s-log"}, b.shelf[typeLog].items["s-Log-1"]); diff != "" {
		t.Error(diff)
	}
	if got := b.shelf[typeParam].items["s-Param-1"]["Value"]; got != "arn:local:s-Log-1" {
		t.Errorf("got %v", got)
	}
}

func TestParametersKeepTheirPreviousValues(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tmpl := resources(p{"Log": resource(typeLog, p{"RetentionInDays": ref("Days")})})
	tmpl["Parameters"] = p{"Days": p{"Type": "Number", "Default": 1}, "Other": p{"Type": "String", "Default": "a"}}
	b.apply("s", "c-1", "CREATE", tmpl, p{"Parameters": []any{p{"ParameterKey": "Days", "ParameterValue": "7"}}})
	tmpl["Resources"].(p)["More"] = logGroup(1)
	b.apply("s", "c-2", "UPDATE", tmpl, p{"Parameters": []any{p{"ParameterKey": "Days", "UsePreviousValue": "true"}}})
	want := []any{p{"ParameterKey": "Days", "ParameterValue": "7"}, p{"ParameterKey": "Other", "ParameterValue": "a"}}
	if diff := cmp.Diff(want, b.stack("s")["Parameters"]); diff != "" {
		t.Error(diff)
	}
}

func TestExports(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out := func(value any) p {
		m := resources(p{"A": logGroup(7)})
		m["Outputs"] = p{"Name": p{"Value": value, "Export": p{"Name": p{"Fn::Sub": "${AWS::StackName}-name"}}}}
		return m
	}
	use := resources(p{"P": resource(typeParam, p{"Type": "String", "Value": p{"Fn::ImportValue": "giver-name"}})})

	t.Run("a value that nobody exports fails the resource", func(t *testing.T) {
		if got := b.apply("early", "c", "CREATE", use); got != "ROLLBACK_COMPLETE" {
			t.Error(got)
		}
		if ev := strings.Join(b.events("early"), "\n"); !contains(ev, "P CREATE_FAILED No export named giver-name found.") {
			t.Error(ev)
		}
	})
	t.Run("a value reaches the stack that imports it", func(t *testing.T) {
		b.apply("giver", "c-1", "CREATE", out("one"))
		if got := b.apply("taker", "c-1", "CREATE", use); got != "CREATE_COMPLETE" {
			t.Fatal(got)
		}
		if got := b.shelf[typeParam].items["taker-P-1"]["Value"]; got != "one" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("one in use cannot change", func(t *testing.T) {
		if got := b.apply("giver", "c-2", "UPDATE", out("two")); got != "UPDATE_ROLLBACK_COMPLETE" {
			t.Error(got)
		}
		if ev := strings.Join(b.events("giver"), "\n"); !contains(ev, "Cannot update export giver-name as it is in use by taker.") {
			t.Error(ev)
		}
	})
	t.Run("one in use cannot be deleted", func(t *testing.T) {
		b.must("DeleteStack", p{"StackName": "giver"})
		b.settle()
		s := b.stack("giver")
		if s["StackStatus"] != "UPDATE_ROLLBACK_COMPLETE" || s["StackStatusReason"] != "Delete canceled. Cannot delete export giver-name as it is in use by taker." {
			t.Errorf("%v", s)
		}
	})
	t.Run("and can once nobody uses it", func(*testing.T) {
		b.must("DeleteStack", p{"StackName": "taker"})
		b.settle()
		b.must("DeleteStack", p{"StackName": "giver"})
		b.settle()
		b.refused("DescribeStacks", p{"StackName": "giver"}, "ValidationError", "does not exist")
	})
}
