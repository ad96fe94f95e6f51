package cfn_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAStackIsCreatedThenChangedThroughChangeSets(t *testing.T) {
	t.Parallel()
	b := newBench(t)

	cs := b.propose("hello", "bcn-1", "CREATE", resources(p{"Log": logGroup(7)}))
	if cs["Status"] != "CREATE_COMPLETE" || cs["ExecutionStatus"] != "AVAILABLE" {
		t.Fatalf("change set: %v", cs)
	}
	if got := b.status("hello"); got != "REVIEW_IN_PROGRESS" {
		t.Fatalf("before it is executed: %s", got)
	}
	b.must("ExecuteChangeSet", p{"StackName": "hello", "ChangeSetName": "bcn-1", "ClientRequestToken": "t-1"})
	if got := b.status("hello"); got != "CREATE_IN_PROGRESS" {
		t.Fatalf("at once: %s", got)
	}
	b.settle()
	if got := b.status("hello"); got != "CREATE_COMPLETE" {
		t.Fatalf("in the end: %s", got)
	}
	if got := b.apply("hello", "bcn-2", "UPDATE", resources(p{"Log": logGroup(14)})); got != "UPDATE_COMPLETE" {
		t.Fatalf("after the update: %s", got)
	}
	want := []string{
		"hello REVIEW_IN_PROGRESS User Initiated",
		"hello CREATE_IN_PROGRESS User Initiated",
		"Log CREATE_IN_PROGRESS",
		"Log CREATE_IN_PROGRESS Resource creation Initiated",
		"Log CREATE_COMPLETE",
		"hello CREATE_COMPLETE",
		"hello UPDATE_IN_PROGRESS User Initiated",
		"Log UPDATE_IN_PROGRESS",
		"Log UPDATE_COMPLETE",
		"hello UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
		"hello UPDATE_COMPLETE",
	}
	if diff := cmp.Diff(want, b.events("hello")); diff != "" {
		t.Error(diff)
	}
}
