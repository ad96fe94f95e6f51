package cfn_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/local/aws/cfn"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// failing makes a shelf fail a verb on ids that contain a part.
func failing(verb, part, reason string) func(what, id string) error {
	return func(what, id string) error {
		if what == verb && strings.Contains(id, part) {
			return errors.New(reason)
		}
		return nil
	}
}

// pair is a template of a group and a cluster that is named after it.
func pair(days int, cluster string) p {
	return resources(p{"Log": logGroup(days), "Cluster": resource(typeCluster, p{"ClusterName": p{"Fn::Sub": "${Log}-" + cluster}})})
}

func TestAFailedCreationRollsBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		propose, execute p
		want             string
		events           []string
	}{
		"by default": {nil, nil, "ROLLBACK_COMPLETE", []string{
			"s ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Cluster]. Rollback requested by user.",
			"Cluster DELETE_IN_PROGRESS", "Cluster DELETE_COMPLETE", "Log DELETE_IN_PROGRESS", "Log DELETE_COMPLETE", "s ROLLBACK_COMPLETE",
		}},
		"and is deleted with OnStackFailure DELETE": {p{"OnStackFailure": "DELETE"}, nil, "DELETE_COMPLETE", []string{
			"s DELETE_IN_PROGRESS The following resource(s) failed to create: [Cluster]. Delete requested by user.",
			"Cluster DELETE_IN_PROGRESS", "Cluster DELETE_COMPLETE", "Log DELETE_IN_PROGRESS", "Log DELETE_COMPLETE", "s DELETE_COMPLETE",
		}},
		"not with OnStackFailure DO_NOTHING": {p{"OnStackFailure": "DO_NOTHING"}, nil, "CREATE_FAILED", []string{
			"s CREATE_FAILED The following resource(s) failed to create: [Cluster]. ",
		}},
		"not with DisableRollback": {nil, p{"DisableRollback": "true"}, "CREATE_FAILED", []string{
			"s CREATE_FAILED The following resource(s) failed to create: [Cluster]. ",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.shelf[typeCluster].fail = failing("Ready", "Cluster", "it did not stabilize")
			cs := b.propose("s", "c", "CREATE", pair(7, "x"), tc.propose)
			run := p{"StackName": "s", "ChangeSetName": "c", "ClientRequestToken": "tok"}
			for k, v := range tc.execute {
				run[k] = v
			}
			b.must("ExecuteChangeSet", run)
			b.settle()
			id := cs["StackId"].(string)
			if got := b.status(id); got != tc.want {
				t.Errorf("status %s, want %s", got, tc.want)
			}
			before := []string{
				"s REVIEW_IN_PROGRESS User Initiated", "s CREATE_IN_PROGRESS User Initiated",
				"Log CREATE_IN_PROGRESS", "Log CREATE_IN_PROGRESS Resource creation Initiated", "Log CREATE_COMPLETE",
				"Cluster CREATE_IN_PROGRESS", "Cluster CREATE_IN_PROGRESS Resource creation Initiated", "Cluster CREATE_FAILED it did not stabilize",
			}
			if diff := cmp.Diff(append(before, tc.events...), b.events(id)); diff != "" {
				t.Error(diff)
			}
			left := len(b.shelf[typeLog].items) + len(b.shelf[typeCluster].items)
			if kept := tc.want == "CREATE_FAILED"; kept != (left == 2) || !kept && left != 0 {
				t.Errorf("%d resources are left", left)
			}
		})
	}
}

func TestDisableRollbackBesideOnStackFailureIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.propose("s", "c", "CREATE", pair(7, "x"), p{"OnStackFailure": "ROLLBACK"})
	b.refused("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c", "DisableRollback": "false"}, "ValidationError", "DisableRollback")
}

func TestWhatRunsBesideAFailureIsCancelled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shelf[typeLog].slow = 50
	b.shelf[typeCluster].fail = failing("Create", "B", "no")
	b.apply("s", "c", "CREATE", resources(p{"A": logGroup(7), "B": resource(typeCluster, p{})}))
	ev := b.events("s")
	for _, want := range []string{
		"A CREATE_FAILED Resource creation cancelled",
		"s ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [A, B]. Rollback requested by user.",
	} {
		if !slices.Contains(ev, want) {
			t.Errorf("no event %q in\n%s", want, strings.Join(ev, "\n"))
		}
	}
}

func TestAFailedUpdateRestoresWhatWas(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := resources(p{
		"Log": logGroup(7), "Gone": logGroup(30),
		"Cluster": resource(typeCluster, p{"ClusterName": "one"}),
		"Param":   resource(typeParam, p{"Type": "String", "Value": p{"Fn::Sub": "${Cluster}"}}),
	})
	first["Outputs"] = p{"Days": p{"Value": "7"}}
	b.apply("s", "c-1", "CREATE", first, p{"Tags": []any{p{"Key": "n", "Value": "1"}}})
	was := b.everything("s")

	b.shelf[typeRole].fail = failing("Ready", "Role", "role is bad")
	second := resources(p{
		"Log":     logGroup(14),
		"Cluster": resource(typeCluster, p{"ClusterName": "two"}),
		"Param":   resource(typeParam, p{"Type": "String", "Value": p{"Fn::Sub": "${Cluster}"}}),
		"New":     logGroup(1),
		"Role":    resource(typeRole, p{"AssumeRolePolicyDocument": p{}}, p{"DependsOn": []any{"Param", "New"}}),
	})
	if got := b.apply("s", "c-2", "UPDATE", second, p{"Tags": []any{p{"Key": "n", "Value": "2"}}}); got != "UPDATE_ROLLBACK_COMPLETE" {
		t.Fatalf("status %s\n%s", got, strings.Join(b.events("s"), "\n"))
	}
	if diff := cmp.Diff(was, b.everything("s")); diff != "" {
		t.Error(diff)
	}
	ev := b.events("s")
	ev = ev[slices.Index(ev, "Role CREATE_FAILED role is bad")+1:]
	want := []string{
		"s UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Role]. ",
		"Cluster UPDATE_COMPLETE",
		"Log UPDATE_IN_PROGRESS", "Param UPDATE_IN_PROGRESS", "Log UPDATE_COMPLETE", "Param UPDATE_COMPLETE",
		"s UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
	}
	if diff := cmp.Diff(want, ev[:min(len(want), len(ev))]); diff != "" {
		t.Error(diff)
	}
	if got := b.apply("s", "c-3", "UPDATE", resources(p{"Log": logGroup(90)})); got != "UPDATE_COMPLETE" {
		t.Errorf("a stack that was rolled back takes an update: %s", got)
	}
}

// everything is what a stack says of itself and what its resources are.
func (b *bench) everything(name string) map[string]any {
	s := b.stack(name)
	out := p{"tags": s["Tags"], "outputs": s["Outputs"], "template": b.must("GetTemplate", p{"StackName": name})["TemplateBody"]}
	for _, r := range b.must("ListStackResources", p{"StackName": name})["StackResourceSummaries"].([]any) {
		m := r.(p)
		out["id of "+m["LogicalResourceId"].(string)] = m["PhysicalResourceId"]
	}
	for typ, shelf := range b.shelf {
		for id, props := range shelf.items {
			out[typ+" "+id] = props
		}
	}
	return out
}

func TestAReplacementMakesTheNewOneFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", resources(p{"C": resource(typeCluster, p{"ClusterName": "one"}), "Old": logGroup(7)}))
	if got := b.apply("s", "c-2", "UPDATE", resources(p{"C": resource(typeCluster, p{"ClusterName": "two"})})); got != "UPDATE_COMPLETE" {
		t.Fatal(got)
	}
	ev := b.events("s")
	want := []string{
		"s UPDATE_IN_PROGRESS User Initiated",
		"C UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.",
		"C UPDATE_IN_PROGRESS Resource creation Initiated",
		"C UPDATE_COMPLETE",
		"s UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
		"C DELETE_IN_PROGRESS", "Old DELETE_IN_PROGRESS", "C DELETE_COMPLETE", "Old DELETE_COMPLETE",
		"s UPDATE_COMPLETE",
	}
	if diff := cmp.Diff(want, ev[slices.Index(ev, want[0]):]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Create s-C-1", "Create s-C-2", "Delete s-C-1"}, b.shelf[typeCluster].log); diff != "" {
		t.Error(diff)
	}
}

func TestCancelUpdateStack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}))
	was := b.everything("s")
	b.refused("CancelUpdateStack", p{"StackName": "s"}, "ValidationError", "CancelUpdateStack cannot be called from current stack status")
	b.shelf[typeLog].slow = 20
	b.propose("s", "c-2", "UPDATE", resources(p{"A": logGroup(14)}))
	b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c-2"})
	b.clock.advance(2e9)
	b.must("CancelUpdateStack", p{"StackName": "s"})
	if got := b.stack("s"); got["StackStatus"] != "UPDATE_ROLLBACK_IN_PROGRESS" || got["StackStatusReason"] != "User Initiated" {
		t.Errorf("at once: %v %v", got["StackStatus"], got["StackStatusReason"])
	}
	b.refused("CancelUpdateStack", p{"StackName": "s"}, "ValidationError", "CancelUpdateStack cannot be called from current stack status")
	b.settle()
	if got := b.status("s"); got != "UPDATE_ROLLBACK_COMPLETE" {
		t.Error(got)
	}
	if !slices.Contains(b.events("s"), "A UPDATE_FAILED Resource update cancelled") {
		t.Error(strings.Join(b.events("s"), "\n"))
	}
	if diff := cmp.Diff(was, b.everything("s")); diff != "" {
		t.Error(diff)
	}
}

func TestARollbackThatFailsOnDemandCanBeContinued(t *testing.T) {
	t.Parallel()
	var broken bool
	b := newBench(t, func(o *cfn.Options) {
		o.Fault = func(s cfn.Step) error {
			if broken && s.RollingBack && s.Verb == "Update" {
				return errors.New("cannot go back")
			}
			return nil
		}
	})
	b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}))
	was := b.everything("s")
	broken = true
	b.shelf[typeCluster].fail = failing("Create", "B", "no")
	got := b.apply("s", "c-2", "UPDATE", resources(p{"A": logGroup(14), "B": resource(typeCluster, p{}, p{"DependsOn": "A"})}))
	if got != "UPDATE_ROLLBACK_FAILED" || b.stack("s")["StackStatusReason"] != "The following resource(s) failed to update: [A]. " {
		t.Fatalf("%s %v", got, b.stack("s")["StackStatusReason"])
	}
	b.refused("CreateChangeSet", p{"StackName": "s", "ChangeSetName": "c-3", "TemplateBody": body(resources(p{"A": logGroup(1)}))}, "ValidationError", "is in UPDATE_ROLLBACK_FAILED state and can not be updated.")
	broken = false
	b.must("ContinueUpdateRollback", p{"StackName": "s"})
	b.settle()
	if got := b.status("s"); got != "UPDATE_ROLLBACK_COMPLETE" {
		t.Error(got)
	}
	if diff := cmp.Diff(was, b.everything("s")); diff != "" {
		t.Error(diff)
	}
}

func TestAStackThatWasRolledBackCanOnlyBeDeleted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shelf[typeCluster].fail = failing("Create", "C", "no")
	tmpl := resources(p{"C": resource(typeCluster, p{})})
	b.apply("s", "c", "CREATE", tmpl)
	b.refused("CreateChangeSet", p{"StackName": "s", "ChangeSetName": "d", "TemplateBody": body(tmpl)}, "ValidationError", "is in ROLLBACK_COMPLETE state and can not be updated.")
	b.refused("UpdateStack", p{"StackName": "s", "TemplateBody": body(tmpl)}, "ValidationError", "is in ROLLBACK_COMPLETE state and can not be updated.")
	b.must("DeleteStack", p{"StackName": "s", "ClientRequestToken": "bye"})
	b.settle()
	b.refused("DescribeStacks", p{"StackName": "s"}, "ValidationError", "does not exist")
	b.must("DeleteStack", p{"StackName": "s"})
}

func TestDeletionPolicies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keep := p{"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
	b.apply("s", "c-1", "CREATE", resources(p{"A": resource(typeCluster, p{"ClusterName": "a"}, keep), "B": resource(typeLog, p{}, keep), "C": logGroup(1)}))
	b.apply("s", "c-2", "UPDATE", resources(p{"A": resource(typeCluster, p{"ClusterName": "b"}, keep), "C": logGroup(1)}))
	if n := len(b.shelf[typeCluster].items); n != 2 {
		t.Errorf("%d clusters after the replacement", n)
	}
	b.must("DeleteStack", p{"StackName": "s"})
	b.settle()
	if n := len(b.shelf[typeLog].items); n != 1 {
		t.Errorf("%d groups after the deletion", n)
	}
}

func TestAFailedDeletion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", pair(7, "x"))
	b.shelf[typeCluster].fail = failing("Delete", "Cluster", "it is in use")
	b.must("DeleteStack", p{"StackName": "s"})
	b.settle()
	if s := b.stack("s"); s["StackStatus"] != "DELETE_FAILED" || s["StackStatusReason"] != "The following resource(s) failed to delete: [Cluster]. " {
		t.Fatalf("%v", s)
	}
	b.must("DeleteStack", p{"StackName": "s", "RetainResources": []any{"Cluster"}})
	b.settle()
	b.refused("DescribeStacks", p{"StackName": "s"}, "ValidationError", "does not exist")
	if len(b.shelf[typeCluster].items) != 1 {
		t.Error("the retained resource is gone")
	}
}

func TestACreationCanBeDeletedWhileItRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shelf[typeLog].slow = 50
	cs := b.propose("s", "c", "CREATE", pair(7, "x"))
	b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c"})
	b.clock.advance(2e9)
	b.must("DeleteStack", p{"StackName": "s"})
	b.settle()
	if got := b.status(cs["StackId"].(string)); got != "DELETE_COMPLETE" {
		t.Error(got)
	}
	if n := len(b.shelf[typeLog].items); n != 0 {
		t.Errorf("%d groups are left", n)
	}
}

func TestAServicesErrorIsToldAsItsHandlerWould(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shelf[typeCluster].fail = func(what, _ string) error {
		if what == "Create" {
			return wire.Errorf("ResourceAlreadyExistsException", "cluster exists")
		}
		return nil
	}
	b.apply("s", "c", "CREATE", resources(p{"C": resource(typeCluster, p{})}))
	ev := strings.Join(b.events("s"), "\n")
	for _, want := range []string{`C CREATE_FAILED Resource handler returned message: "cluster exists (Status Code: 400; Error Code: ResourceAlreadyExistsException; Request ID: `, "HandlerErrorCode: AlreadyExists)"} {
		if !strings.Contains(ev, want) {
			t.Errorf("no %q in\n%s", want, ev)
		}
	}
}

func TestRulesAcrossPropertiesFailTheResource(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	task := p{"RequiresCompatibilities": []any{"FARGATE"}, "NetworkMode": "awsvpc", "Cpu": "300", "Memory": "512"}
	if got := b.apply("s", "c", "CREATE", resources(p{"T": resource(typeTask, task)})); got != "ROLLBACK_COMPLETE" {
		t.Fatal(got)
	}
	if ev := strings.Join(b.events("s"), "\n"); !strings.Contains(ev, "No Fargate configuration exists for given values: 300 CPU, 512 memory.") {
		t.Error(ev)
	}
}
