package cfn_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func TestEveryActionAsksForItsPermission(t *testing.T) {
	t.Parallel()
	for action, params := range map[string]p{
		"CreateChangeSet":        {"StackName": "s", "ChangeSetName": "d", "TemplateBody": body(resources(p{"A": logGroup(1)}))},
		"DescribeChangeSet":      {"StackName": "s", "ChangeSetName": "c-1"},
		"ExecuteChangeSet":       {"StackName": "s", "ChangeSetName": "c-1"},
		"DeleteChangeSet":        {"StackName": "s", "ChangeSetName": "c-1"},
		"ListChangeSets":         {"StackName": "s"},
		"DescribeStacks":         {},
		"ListStacks":             {},
		"DescribeStackEvents":    {"StackName": "s"},
		"DescribeEvents":         {"StackName": "s"},
		"ListStackResources":     {"StackName": "s"},
		"DescribeStackResources": {"StackName": "s"},
		"GetTemplate":            {"StackName": "s"},
		"CancelUpdateStack":      {"StackName": "s"},
		"ContinueUpdateRollback": {"StackName": "s"},
		"DeleteStack":            {"StackName": "s"},
		"CreateStack":            {"StackName": "t", "TemplateBody": body(resources(p{"A": logGroup(1)}))},
		"UpdateStack":            {"StackName": "s", "TemplateBody": body(resources(p{"A": logGroup(1)}))},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}))
			var asked string
			b.denied = func(action, resource string, _ map[string][]string) bool {
				asked = action + " " + resource
				return true
			}
			b.refused(action, params, "AccessDenied", "cloudformation:"+action)
			if !strings.HasPrefix(asked, "cloudformation:"+action+" arn:aws:cloudformation:ap-northeast-1:123456789012:stack/") {
				t.Errorf("asked %s", asked)
			}
		})
	}
}

func TestACallWithoutAuthorizationIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.engine.Handle(context.Background(), &wire.Call{Action: "DescribeStacks", Params: p{}})
	if err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("got %v", err)
	}
}

func TestConditionKeysReachThePolicies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := map[string]map[string][]string{}
	b.denied = func(action, _ string, keys map[string][]string) bool {
		seen[action] = keys
		return false
	}
	role := "arn:aws:iam::123456789012:role/bcn/tokyo/cfn"
	b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}), p{"RoleARN": role, "Tags": []any{p{"Key": "owner", "Value": "bcn"}}})
	want := map[string][]string{
		"aws:RequestTag/owner": {"bcn"}, "aws:TagKeys": {"owner"}, "cloudformation:RoleArn": {role}, "cloudformation:ChangeSetName": {"c-1"},
	}
	if diff := cmp.Diff(want, seen["cloudformation:CreateChangeSet"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string][]string{"iam:PassedToService": {"cloudformation.amazonaws.com"}}, seen["iam:PassRole"]); diff != "" {
		t.Error(diff)
	}
	b.must("DescribeStackEvents", p{"StackName": "s"})
	if got := seen["cloudformation:DescribeStackEvents"]["aws:ResourceTag/owner"]; len(got) != 1 || got[0] != "bcn" {
		t.Errorf("the stack's tags: %v", seen["cloudformation:DescribeStackEvents"])
	}
}

func TestAChangeSetThatIsGoneIsStillLookedUpOnItsStack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}))
	var asked string
	b.denied = func(_, resource string, _ map[string][]string) bool { asked = resource; return false }
	gone := "arn:aws:cloudformation:ap-northeast-1:123456789012:changeSet/gone/1"
	b.refused("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": gone}, "ChangeSetNotFound", gone)
	if id := b.stack("s")["StackId"]; asked != id {
		t.Errorf("asked %s, want %s", asked, id)
	}
	b.refused("DescribeChangeSet", p{"ChangeSetName": gone}, "ChangeSetNotFound", gone)
	b.refused("DescribeChangeSet", p{"ChangeSetName": "c-1"}, "ValidationError", "StackName must be specified if ChangeSetName is not specified as an ARN.")
	b.refused("DescribeChangeSet", p{"StackName": "none", "ChangeSetName": "c-1"}, "ValidationError", "Stack [none] does not exist")
}

func TestTheRoleIsPassedAndActsForTheStack(t *testing.T) {
	t.Parallel()
	role := "arn:aws:iam::123456789012:role/bcn/tokyo/cfn"

	t.Run("a caller who may not pass it is refused", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.denied = func(action, resource string, _ map[string][]string) bool {
			return action == "iam:PassRole" && resource == role
		}
		b.refused("CreateChangeSet", p{"StackName": "s", "ChangeSetName": "c", "ChangeSetType": "CREATE", "RoleARN": role, "TemplateBody": body(resources(p{"A": logGroup(7)}))}, "AccessDenied", "iam:PassRole")
	})
	t.Run("its permissions count for the resources, now and later", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.shelf[typeLog].needs = "logs:CreateLogGroup"
		b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}), p{"RoleARN": role})
		b.apply("s", "c-2", "UPDATE", resources(p{"A": logGroup(7), "B": logGroup(7)}))
		want := []string{role + " logs:CreateLogGroup", role + " logs:CreateLogGroup"}
		if diff := cmp.Diff(want, b.as); diff != "" {
			t.Error(diff)
		}
		if got := b.stack("s")["RoleARN"]; got != role {
			t.Errorf("the stack's role: %v", got)
		}
	})
	t.Run("without them the resource fails", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.shelf[typeLog].needs = "logs:CreateLogGroup"
		if got := b.apply("s", "c", "CREATE", resources(p{"A": logGroup(7)}), p{"RoleARN": role + "-powerless"}); got != "ROLLBACK_COMPLETE" {
			t.Error(got)
		}
		if ev := strings.Join(b.events("s"), "\n"); !strings.Contains(ev, "is not authorized to perform: logs:CreateLogGroup") || !strings.Contains(ev, "HandlerErrorCode: AccessDenied") {
			t.Error(ev)
		}
	})
}

func TestAddressedTemplatesAreReadInTheCallersName(t *testing.T) {
	t.Parallel()
	b := newBench(t, withTemplate(body(resources(p{"A": logGroup(7)}))))
	var asked []string
	b.denied = func(action, resource string, _ map[string][]string) bool {
		asked = append(asked, action+" "+resource)
		return strings.HasSuffix(resource, "secret.json")
	}
	for url, object := range map[string]string{
		"https://bucket.s3.ap-northeast-1.amazonaws.com/t/a.json": "bucket/t/a.json",
		"https://s3.amazonaws.com/bucket/t/b.json":                "bucket/t/b.json",
		"http://127.0.0.1:4566/bucket/t/c.json":                   "bucket/t/c.json",
	} {
		b.must("CreateStack", p{"StackName": "s" + object[len(object)-6:len(object)-5], "TemplateURL": url})
		if got := asked[len(asked)-1]; got != "s3:GetObject arn:aws:s3:::"+object {
			t.Errorf("%s: asked %s", url, got)
		}
	}
	b.refused("CreateStack", p{"StackName": "z", "TemplateURL": "https://bucket.s3.amazonaws.com/secret.json"}, "ValidationError", "S3 error: Access Denied")
}
