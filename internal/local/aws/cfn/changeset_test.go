package cfn_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/local/aws/cfn"
)

var errNotFound = errors.New("no such object")

func TestAChangeSetTakesAMomentToBeCreated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must("CreateChangeSet", p{"StackName": "s", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": body(resources(p{"A": logGroup(7)}))})
	var seen []string
	for range 5 {
		cs := b.must("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": "c"})
		now := cs["Status"].(string) + " " + cs["ExecutionStatus"].(string)
		if len(seen) == 0 || seen[len(seen)-1] != now {
			seen = append(seen, now)
		}
		if now != "CREATE_COMPLETE AVAILABLE" {
			b.refused("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c"}, "InvalidChangeSetStatus", "cannot be executed in its current status of [CREATE_")
		}
		b.clock.advance(150 * time.Millisecond)
	}
	want := []string{"CREATE_PENDING UNAVAILABLE", "CREATE_IN_PROGRESS UNAVAILABLE", "CREATE_COMPLETE AVAILABLE"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyChangeSetFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	same := resources(p{"A": logGroup(7)})
	b.apply("s", "c-1", "CREATE", same)
	for name, template := range map[string]any{
		"same": same,
		"meta": resources(p{"A": resource(typeLog, p{"RetentionInDays": 7}, p{"Metadata": p{"x": "y"}})}),
		"text": resources(p{"A": resource(typeLog, p{"RetentionInDays": "7"})}),
	} {
		cs := b.propose("s", name, "UPDATE", template)
		if cs["Status"] != "FAILED" || cs["ExecutionStatus"] != "UNAVAILABLE" ||
			cs["StatusReason"] != "The submitted information didn't contain changes. Submit different information to create a change set." {
			t.Errorf("%s: %v", name, cs)
		}
		b.refused("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": name}, "InvalidChangeSetStatus", "cannot be executed in its current status of [FAILED]")
	}
	if got := b.status("s"); got != "CREATE_COMPLETE" {
		t.Errorf("the stack: %s", got)
	}
}

func TestNewOutputsAreAChange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tmpl := resources(p{"A": logGroup(7)})
	b.apply("s", "c-1", "CREATE", tmpl)
	tmpl["Outputs"] = p{"Name": p{"Value": ref("A"), "Description": "the group"}}
	if got := b.apply("s", "c-2", "UPDATE", tmpl); got != "UPDATE_COMPLETE" {
		t.Fatal(got)
	}
	want := []any{p{"OutputKey": "Name", "OutputValue": "s-A-1", "Description": "the group"}}
	if diff := cmp.Diff(want, b.stack("s")["Outputs"]); diff != "" {
		t.Error(diff)
	}
}

func TestExecutingDeletesTheOtherChangeSets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}))
	b.propose("s", "mine", "UPDATE", resources(p{"A": logGroup(14)}))
	theirs := b.propose("s", "theirs", "UPDATE", resources(p{"A": logGroup(30)}))
	b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "mine"})
	for _, name := range []string{"theirs", theirs["ChangeSetId"].(string)} {
		b.refused("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": name}, "ChangeSetNotFound", "ChangeSet ["+name+"] does not exist")
		b.refused("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": name}, "ChangeSetNotFound", "does not exist")
	}
	mine := b.must("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": "mine"})
	if mine["ExecutionStatus"] != "EXECUTE_IN_PROGRESS" {
		t.Errorf("while it runs: %v", mine["ExecutionStatus"])
	}
	b.settle()
	mine = b.must("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": "mine"})
	if mine["ExecutionStatus"] != "EXECUTE_COMPLETE" || b.stack("s")["ChangeSetId"] != mine["ChangeSetId"] {
		t.Errorf("in the end: %v", mine)
	}
}

func TestABusyStackTakesNoChangeSet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}))
	b.propose("s", "c-2", "UPDATE", resources(p{"A": logGroup(14)}))
	b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c-2"})
	b.refused("CreateChangeSet", p{"StackName": "s", "ChangeSetName": "c-3", "TemplateBody": body(resources(p{"A": logGroup(30)}))},
		"ValidationError", "is in UPDATE_IN_PROGRESS state and can not be updated.")
	b.refused("DeleteStack", p{"StackName": "s"}, "ValidationError", "cannot be deleted while in status UPDATE_IN_PROGRESS")
	b.refused("DeleteChangeSet", p{"StackName": "s", "ChangeSetName": "c-2"}, "InvalidChangeSetStatus", "[EXECUTE_IN_PROGRESS]")
}

func TestATokenMakesARepetitionHarmless(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	params := p{"StackName": "s", "ChangeSetName": "c", "ChangeSetType": "CREATE", "ClientToken": "x", "TemplateBody": body(resources(p{"A": logGroup(7)}))}
	first := b.must("CreateChangeSet", params)
	if again := b.must("CreateChangeSet", params); again["Id"] != first["Id"] {
		t.Error("the same token made another change set")
	}
	b.clock.advance(time.Second)
	run := p{"StackName": "s", "ChangeSetName": "c", "ClientRequestToken": "t-1"}
	b.must("ExecuteChangeSet", run)
	b.must("ExecuteChangeSet", run)
	b.settle()
	b.must("ExecuteChangeSet", run)
	b.refused("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c", "ClientRequestToken": "t-2"}, "InvalidChangeSetStatus", "execution status of [EXECUTE_COMPLETE]")
	if b.shelf[typeLog].made != 1 {
		t.Errorf("made %d times", b.shelf[typeLog].made)
	}
}

func TestAStackUpdatedWithoutChangeSetsMakesThemObsolete(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}))
	b.propose("s", "c-2", "UPDATE", resources(p{"A": logGroup(14)}))
	b.must("UpdateStack", p{"StackName": "s", "TemplateBody": body(resources(p{"A": logGroup(30)}))})
	b.settle()
	if got := b.must("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": "c-2"})["ExecutionStatus"]; got != "OBSOLETE" {
		t.Errorf("got %v", got)
	}
	b.refused("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c-2"}, "InvalidChangeSetStatus", "execution status of [OBSOLETE]")
	b.refused("UpdateStack", p{"StackName": "s", "TemplateBody": body(resources(p{"A": logGroup(30)}))}, "ValidationError", "No updates are to be performed.")
}

func TestAReviewedStack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.propose("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}), p{"Tags": []any{p{"Key": "owner", "Value": "bcn"}}})
	id := b.stack("s")["StackId"].(string)

	t.Run("has no tags before its change set is executed", func(t *testing.T) {
		if tags := b.stack("s")["Tags"].([]any); len(tags) != 0 {
			t.Error(tags)
		}
	})
	t.Run("takes another CREATE change set", func(t *testing.T) {
		b.propose("s", "c-2", "CREATE", resources(p{"A": logGroup(14)}))
		if got := b.must("ListChangeSets", p{"StackName": "s"})["Summaries"].([]any); len(got) != 2 {
			t.Errorf("%d change sets", len(got))
		}
	})
	t.Run("outlives its change sets", func(t *testing.T) {
		b.must("DeleteChangeSet", p{"StackName": "s", "ChangeSetName": "c-1"})
		b.must("DeleteChangeSet", p{"StackName": "s", "ChangeSetName": "c-2"})
		b.must("DeleteChangeSet", p{"StackName": "s", "ChangeSetName": "c-2"})
		if got := b.status("s"); got != "REVIEW_IN_PROGRESS" {
			t.Error(got)
		}
	})
	t.Run("can be deleted, and is known by its id then", func(t *testing.T) {
		b.must("DeleteStack", p{"StackName": "s"})
		b.settle()
		b.refused("DescribeStacks", p{"StackName": "s"}, "ValidationError", "Stack with id s does not exist")
		if got := b.status(id); got != "DELETE_COMPLETE" {
			t.Error(got)
		}
		b.refused("CreateChangeSet", p{"StackName": id, "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": body(resources(p{"A": logGroup(7)}))},
			"ValidationError", "already exists and cannot be created again")
	})
}

func TestGetTemplateAnswersTheBytesThatCame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := "{ \"Resources\" : {\"A\":{\"Type\":\"AWS::Logs::LogGroup\"}}}\n"
	b.apply("s", "c-1", "CREATE", first)
	second := strings.ReplaceAll(first, `"A"`, `"B"`)
	b.propose("s", "c-2", "UPDATE", second)
	if got := b.must("GetTemplate", p{"StackName": "s", "TemplateStage": "Original"})["TemplateBody"]; got != first {
		t.Errorf("the stack's: %q", got)
	}
	if got := b.must("GetTemplate", p{"StackName": "s", "ChangeSetName": "c-2", "TemplateStage": "Original"})["TemplateBody"]; got != second {
		t.Errorf("the change set's: %q", got)
	}
	b.refused("GetTemplate", p{"StackName": "s", "ChangeSetName": "c-9"}, "ChangeSetNotFound", "ChangeSet [c-9] does not exist")
	b.refused("GetTemplate", p{}, "ValidationError", "StackName is required if ChangeSetName is not specified.")
	b.refused("GetTemplate", p{"StackName": "none"}, "ValidationError", "Stack with id none does not exist")
}

func TestAnswersComeInPages(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *cfn.Options) { o.Page = 2 })
	rs := p{}
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		rs[name] = logGroup(7)
	}
	b.apply("s", "c-1", "CREATE", resources(rs))
	b.apply("t", "c-1", "CREATE", resources(rs))
	b.apply("u", "c-1", "CREATE", resources(rs))
	for action, tc := range map[string]struct {
		params p
		member string
		want   int
	}{
		"DescribeChangeSet":   {p{"StackName": "s", "ChangeSetName": "c-1"}, "Changes", 5},
		"DescribeStacks":      {p{}, "Stacks", 3},
		"ListStacks":          {p{"StackStatusFilter": []any{"CREATE_COMPLETE"}}, "StackSummaries", 3},
		"ListStackResources":  {p{"StackName": "s"}, "StackResourceSummaries", 5},
		"DescribeStackEvents": {p{"StackName": "s"}, "StackEvents", 18},
	} {
		n, pages := 0, 0
		for token := any(nil); pages == 0 || token != nil; pages++ {
			tc.params["NextToken"] = token
			out := b.must(action, tc.params)
			n += len(out[tc.member].([]any))
			token = out["NextToken"]
		}
		if n != tc.want || pages != (tc.want+1)/2 {
			t.Errorf("%s: %d items on %d pages, want %d", action, n, pages, tc.want)
		}
		tc.params["NextToken"] = "bm9wZTox"
		b.refused(action, tc.params, "ValidationError", "Invalid NextToken")
	}
}

func TestEarlyValidationFailsTheChangeSet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bad := resources(p{"A": resource(typeLog, p{"RetentionInDays": "soon", "Colour": "red"}), "B": resource(typeRole, p{})})
	cs := b.propose("s", "c", "CREATE", bad)
	if cs["Status"] != "FAILED" || !strings.Contains(cs["StatusReason"].(string), "[AWS::EarlyValidation::PropertyValidation]") {
		t.Fatal(cs)
	}
	var got []string
	for _, e := range b.must("DescribeEvents", p{"StackName": "s", "ChangeSetName": "c", "Filters": p{"FailedEvents": "true"}})["OperationEvents"].([]any) {
		m := e.(p)
		if m["EventType"] == "VALIDATION_ERROR" {
			got = append(got, m["ValidationPath"].(string)+": "+m["ValidationStatusReason"].(string))
		}
	}
	want := []string{
		"/Resources/B/Properties: Required property [AssumeRolePolicyDocument] not found",
		"/Resources/A/Properties/RetentionInDays: expected type: Integer, found: String",
		"/Resources/A/Properties: Encountered unsupported property Colour",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	cs = b.propose("s", "d", "CREATE", bad, p{"DisableValidation": "true"})
	if cs["Status"] != "CREATE_COMPLETE" {
		t.Fatal(cs)
	}
	b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "d"})
	b.settle()
	if got := b.status("s"); got != "ROLLBACK_COMPLETE" {
		t.Error(got)
	}
	if !slices.Contains(b.events("s"), "A CREATE_FAILED Properties validation failed for resource A with message:\n#: Encountered unsupported property Colour\n#/RetentionInDays: expected type: Integer, found: String") {
		t.Error(strings.Join(b.events("s"), "\n"))
	}
}
