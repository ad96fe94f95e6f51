package cfn_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// web is a task definition and a service that runs it.
func web(image string, desired any) p {
	return resources(p{
		"Task": resource(typeTask, p{"Family": "web", "ContainerDefinitions": []any{p{"Name": "web", "Image": image, "Memory": 128}}}),
		"Service": resource(typeService, p{
			"TaskDefinition": ref("Task"), "DesiredCount": desired,
			"DeploymentConfiguration": p{"MinimumHealthyPercent": 100, "MaximumPercent": 200},
		}),
	})
}

func TestAChangeSetTellsWhatAnImageChangeDoes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", web("hello@sha256:aa", 1))
	cs := b.propose("s", "c-2", "UPDATE", web("hello@sha256:bb", 1))
	changes := changesOf(cs)

	task := p{
		"Action": "Modify", "LogicalResourceId": "Task", "PhysicalResourceId": "s-Task-1", "ResourceType": typeTask,
		"Replacement": "True", "PolicyAction": "ReplaceAndDelete", "Scope": []any{"Properties"},
		"BeforeContext": `{"Properties":{"ContainerDefinitions":[{"Image":"hello@sha256:aa","Memory":"128","Name":"web"}],"Family":"web"}}`,
		"AfterContext":  `{"Properties":{"ContainerDefinitions":[{"Image":"hello@sha256:bb","Memory":"128","Name":"web"}],"Family":"web"}}`,
		"Details": []any{p{"ChangeSource": "DirectModification", "Evaluation": "Static", "Target": p{
			"Attribute": "Properties", "Name": "ContainerDefinitions", "RequiresRecreation": "Always",
			"Path": "/Properties/ContainerDefinitions/0/Image", "AttributeChangeType": "Modify",
			"BeforeValue": "hello@sha256:aa", "AfterValue": "hello@sha256:bb",
		}}},
	}
	if diff := cmp.Diff(task, changes["Task"]); diff != "" {
		t.Error(diff)
	}
	service := changes["Service"]
	if service["Replacement"] != "False" || service["PolicyAction"] != nil {
		t.Errorf("the service: %v", service)
	}
	target := p{
		"Attribute": "Properties", "Name": "TaskDefinition", "RequiresRecreation": "Never", "Path": "/Properties/TaskDefinition",
		"AttributeChangeType": "Modify", "BeforeValue": "s-Task-1", "AfterValue": "{{changeSet:KNOWN_AFTER_APPLY}}",
	}
	details := []any{
		p{"ChangeSource": "ResourceReference", "CausingEntity": "Task", "Evaluation": "Static", "Target": target},
		p{"ChangeSource": "DirectModification", "Evaluation": "Dynamic", "Target": target},
	}
	if diff := cmp.Diff(details, service["Details"]); diff != "" {
		t.Error(diff)
	}

	brief := changesOf(b.must("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": "c-2"}))["Service"]
	want := p{
		"Action": "Modify", "LogicalResourceId": "Service", "PhysicalResourceId": "s-Service-1", "ResourceType": typeService,
		"Replacement": "False", "Scope": []any{"Properties"},
		"Details": []any{p{
			"ChangeSource": "ResourceReference", "CausingEntity": "Task", "Evaluation": "Static",
			"Target": p{"Attribute": "Properties", "Name": "TaskDefinition", "RequiresRecreation": "Never"},
		}},
	}
	if diff := cmp.Diff(want, brief); diff != "" {
		t.Error(diff)
	}
}

func TestAChangeSetTells(t *testing.T) {
	t.Parallel()
	params := func(n string) p { return p{"Parameters": []any{p{"ParameterKey": "N", "ParameterValue": n}}} }
	counted := web("a", ref("N"))
	counted["Parameters"] = p{"N": p{"Type": "Number"}}
	for name, tc := range map[string]struct {
		first, second    p
		firstIn, secondP p
		logical          string
		want             p // members of the change
		detail           p // the first one, without its target's values
	}{
		"an added resource": {
			first: resources(p{"A": logGroup(1)}), second: resources(p{"A": logGroup(1), "B": logGroup(1)}), logical: "B",
			want: p{"Action": "Add", "Replacement": nil, "PhysicalResourceId": nil, "AfterContext": `{"Properties":{"RetentionInDays":"1"}}`, "BeforeContext": nil},
		},
		"a removed resource": {
			first: resources(p{"A": logGroup(1), "B": logGroup(1)}), second: resources(p{"A": logGroup(1)}), logical: "B",
			want: p{"Action": "Remove", "PolicyAction": "Delete", "PhysicalResourceId": "s-B-2", "BeforeContext": `{"Properties":{"RetentionInDays":"1"}}`, "AfterContext": nil},
		},
		"a removed resource that is retained": {
			first: resources(p{"A": logGroup(1), "B": resource(typeLog, p{}, p{"DeletionPolicy": "Retain"})}), second: resources(p{"A": logGroup(1)}), logical: "B",
			want: p{"Action": "Remove", "PolicyAction": "Retain"},
		},
		"a change that a parameter causes": {
			first: counted, second: counted, firstIn: params("1"), secondP: params("2"), logical: "Service",
			want:   p{"Replacement": "False"},
			detail: p{"ChangeSource": "ParameterReference", "CausingEntity": "N", "Evaluation": "Static"},
		},
		"tags of the stack": {
			first: web("a", 1), second: web("a", 1), secondP: p{"Tags": []any{p{"Key": "k", "Value": "v"}}}, logical: "Service",
			want:   p{"Action": "Modify", "Replacement": "False", "Scope": []any{"Tags"}},
			detail: p{"ChangeSource": "DirectModification", "Evaluation": "Static"},
		},
		"a value deep inside": {
			first: web("a", 1), second: func() p {
				w := web("a", 1)
				w["Resources"].(p)["Service"].(p)["Properties"].(p)["DeploymentConfiguration"] = p{"MinimumHealthyPercent": 50, "MaximumPercent": 200}
				return w
			}(), logical: "Service", want: p{"Replacement": "False"},
			detail: p{"ChangeSource": "DirectModification", "Evaluation": "Static"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if got := b.apply("s", "c-1", "CREATE", tc.first, tc.firstIn); got != "CREATE_COMPLETE" {
				t.Fatal(got)
			}
			got := changesOf(b.propose("s", "c-2", "UPDATE", tc.second, tc.secondP))[tc.logical]
			for k, v := range tc.want {
				if diff := cmp.Diff(v, got[k]); diff != "" {
					t.Errorf("%s: %s", k, diff)
				}
			}
			if tc.detail == nil {
				return
			}
			d := got["Details"].([]any)[0].(p)
			for k, v := range tc.detail {
				if d[k] != v {
					t.Errorf("detail %s: %v, want %v", k, d[k], v)
				}
			}
		})
	}
}

func TestDescribingTwiceAnswersTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", web("a", 1))
	first := b.propose("s", "c-2", "UPDATE", web("b", 2))
	again := b.must("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": "c-2", "IncludePropertyValues": "true"})
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
}

func TestSecretParametersAreMasked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tmpl := resources(p{"P": resource(typeParam, p{"Type": "String", "Value": ref("Secret")})})
	tmpl["Parameters"] = p{"Secret": p{"Type": "String", "NoEcho": true}}
	given := p{"Parameters": []any{p{"ParameterKey": "Secret", "ParameterValue": "hunter2"}}}
	cs := b.propose("s", "c", "CREATE", tmpl, given)
	b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c"})
	b.settle()
	if b.shelf[typeParam].items["s-P-1"]["Value"] != "hunter2" {
		t.Error("the provider did not get the value")
	}
	for name, answer := range map[string]any{
		"DescribeChangeSet": cs, "DescribeStacks": b.stack("s"), "DescribeStackEvents": b.must("DescribeStackEvents", p{"StackName": "s"}),
		"DescribeEvents": b.must("DescribeEvents", p{"StackName": "s"}),
	} {
		if text := body(answer); contains(text, "hunter2") {
			t.Errorf("%s shows it", name)
		}
	}
}
