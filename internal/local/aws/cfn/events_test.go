package cfn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEventsCarryTheRequestsToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", pair(7, "x"))
	b.must("DeleteStack", p{"StackName": "s", "ClientRequestToken": "bye"})
	id := b.stack("s")["StackId"].(string)
	b.settle()
	last := time.Time{}
	ids := map[any]bool{}
	all := b.must("DescribeStackEvents", p{"StackName": id})["StackEvents"].([]any)
	for i := len(all) - 1; i >= 0; i-- {
		m := all[i].(p)
		want := "t-c-1"
		if strings.HasPrefix(m["ResourceStatus"].(string), "DELETE_") {
			want = "bye"
		}
		if m["ResourceStatus"] != "REVIEW_IN_PROGRESS" && m["ClientRequestToken"] != want {
			t.Errorf("%v %v has the token %v", m["LogicalResourceId"], m["ResourceStatus"], m["ClientRequestToken"])
		}
		if at := m["Timestamp"].(time.Time); !at.After(last) {
			t.Errorf("%v is not after %v", at, last)
		} else {
			last = at
		}
		if ids[m["EventId"]] {
			t.Errorf("%v is there twice", m["EventId"])
		}
		ids[m["EventId"]] = true
	}
}

func TestDescribeEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}))
	b.shelf[typeCluster].fail = failing("Create", "B", "no such thing")
	b.apply("s", "c-2", "UPDATE", resources(p{"A": logGroup(14), "B": resource(typeCluster, p{}, p{"DependsOn": "A"})}))
	ops := b.stack("s")["LastOperations"].([]any)
	if len(ops) != 2 || ops[0].(p)["OperationType"] != "UPDATE_STACK" || ops[1].(p)["OperationType"] != "ROLLBACK" {
		t.Fatalf("last operations: %v", ops)
	}
	lines := func(params p) (out []string) {
		for _, e := range b.must("DescribeEvents", params)["OperationEvents"].([]any) {
			m := e.(p)
			line := m["OperationType"].(string) + " " + m["EventType"].(string) + " " + m["LogicalResourceId"].(string)
			for _, k := range []string{"ResourceStatus", "ResourceStatusReason", "OperationStatus"} {
				if v, ok := m[k].(string); ok {
					line += " " + v
				}
			}
			out = append(out, line)
		}
		return out
	}

	t.Run("answers an operation's events, newest first", func(t *testing.T) {
		want := []string{
			"UPDATE_STACK PROVISIONING_ERROR B CREATE_FAILED no such thing",
			"UPDATE_STACK PROGRESS_EVENT B CREATE_IN_PROGRESS",
			"UPDATE_STACK PROGRESS_EVENT A UPDATE_COMPLETE",
			"UPDATE_STACK PROGRESS_EVENT A UPDATE_IN_PROGRESS",
			"UPDATE_STACK STACK_EVENT s UPDATE_IN_PROGRESS User Initiated IN_PROGRESS",
		}
		if diff := cmp.Diff(want, lines(p{"OperationId": ops[0].(p)["OperationId"]})); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("answers a rollback as an operation of its own", func(t *testing.T) {
		got := lines(p{"OperationId": ops[1].(p)["OperationId"]})
		if got[0] != "ROLLBACK STACK_EVENT s UPDATE_ROLLBACK_COMPLETE SUCCEEDED" || got[len(got)-1] != "ROLLBACK STACK_EVENT s UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [B].  IN_PROGRESS" {
			t.Error(strings.Join(got, "\n"))
		}
	})
	t.Run("answers only failures when it is asked to", func(t *testing.T) {
		want := []string{"UPDATE_STACK PROVISIONING_ERROR B CREATE_FAILED no such thing"}
		if diff := cmp.Diff(want, lines(p{"StackName": "s", "Filters": p{"FailedEvents": "true"}})); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("refuses to answer about nothing", func(*testing.T) {
		b.refused("DescribeEvents", p{}, "ValidationError", "must be specified")
		b.refused("DescribeEvents", p{"StackName": "none"}, "ValidationError", "Stack [none] does not exist")
		b.refused("DescribeEvents", p{"OperationId": "none"}, "ValidationError", "does not exist")
	})
}

func TestResourcesOfAStack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c", "CREATE", resources(p{"A": logGroup(7), "B": logGroup(14)}))
	r := b.must("DescribeStackResources", p{"StackName": "s", "LogicalResourceId": "B"})["StackResources"].([]any)
	if len(r) != 1 || r[0].(p)["PhysicalResourceId"] != "s-B-2" || r[0].(p)["ResourceStatus"] != "CREATE_COMPLETE" {
		t.Errorf("one: %v", r)
	}
	if r := b.must("DescribeStackResources", p{"PhysicalResourceId": "s-A-1"})["StackResources"].([]any); len(r) != 2 {
		t.Errorf("by the physical id: %v", r)
	}
	b.refused("DescribeStackResources", p{"StackName": "s", "LogicalResourceId": "C"}, "ValidationError", "Resource C does not exist for stack s")
	b.refused("ListStackResources", p{"StackName": "none"}, "ValidationError", "Stack with id none does not exist")
}

func TestCreateStack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tmpl := body(resources(p{"A": logGroup(7)}))
	first := b.must("CreateStack", p{"StackName": "s", "TemplateBody": tmpl, "ClientRequestToken": "once", "EnableTerminationProtection": "true"})
	if again := b.must("CreateStack", p{"StackName": "s", "TemplateBody": tmpl, "ClientRequestToken": "once"}); again["StackId"] != first["StackId"] {
		t.Error("the same token made another stack")
	}
	b.refused("CreateStack", p{"StackName": "s", "TemplateBody": tmpl}, "AlreadyExistsException", "Stack [s] already exists")
	b.settle()
	if got := b.status("s"); got != "CREATE_COMPLETE" {
		t.Error(got)
	}
	b.refused("DeleteStack", p{"StackName": "s"}, "ValidationError", "TerminationProtection is enabled")
	b.refused("CreateStack", p{"StackName": "t", "TemplateBody": tmpl, "OnFailure": "DELETE", "DisableRollback": "true"}, "ValidationError", "but not both")

	t.Run("takes over a stack under review, whose change sets become obsolete", func(t *testing.T) {
		cs := b.propose("r", "c", "CREATE", tmpl)
		out := b.must("CreateStack", p{"StackName": "r", "TemplateBody": tmpl})
		b.settle()
		if out["StackId"] != cs["StackId"] || b.status("r") != "CREATE_COMPLETE" {
			t.Errorf("%v %s", out, b.status("r"))
		}
		if got := b.must("DescribeChangeSet", p{"StackName": "r", "ChangeSetName": "c"})["ExecutionStatus"]; got != "OBSOLETE" {
			t.Error(got)
		}
	})
}

func TestCloseStopsWhatRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.propose("s", "c", "CREATE", resources(p{"A": logGroup(7)}))
	b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c"})
	b.engine.Close()
	if n := b.clock.pending(); n != 0 {
		t.Errorf("%d timers are left", n)
	}
	b.clock.advance(time.Minute)
	if n := b.shelf[typeLog].made; n != 0 {
		t.Errorf("%d resources were made after Close", n)
	}
}

func TestAccountsAndRegionsAreApart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c", "CREATE", resources(p{"A": logGroup(7)}))
	b.region = "eu-west-1"
	b.refused("DescribeStacks", p{"StackName": "s"}, "ValidationError", "does not exist")
	if got := b.must("DescribeStacks", p{})["Stacks"].([]any); len(got) != 0 {
		t.Errorf("stacks of another region: %v", got)
	}
}
