package cfn_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// what the stack may be in when nothing runs any more.
var restful = []string{"CREATE_COMPLETE", "ROLLBACK_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_COMPLETE", "DELETE_FAILED", "REVIEW_IN_PROGRESS"}

// Any sequence of change sets created, executed, failed and cancelled ends in
// a status that AWS knows as an end, and a rollback restores the template, the
// outputs and every resource to what they were.
func TestAnySequenceEndsLegallyAndRollbacksRestore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t)
		m := &machine{b: b, n: 0}
		for _, shelf := range b.shelf {
			shelf.fail = m.fault
		}
		steps := rapid.IntRange(1, 8).Draw(rt, "steps")
		for range steps {
			m.change(rt)
		}
		b.must("DeleteStack", p{"StackName": "s"})
		m.failing = ""
		b.settle()
		for typ, shelf := range b.shelf {
			if len(shelf.items) > 0 {
				rt.Fatalf("%s are left after the deletion: %v\n%s", typ, shelf.items, strings.Join(shelf.log, "\n"))
			}
		}
	})
}

type machine struct {
	b       *bench
	n       int
	failing string // Verb LogicalID
}

func (m *machine) fault(what, id string) error {
	verb, logical, _ := strings.Cut(m.failing, " ")
	if what == verb && strings.Contains(id, "-"+logical+"-") {
		return errors.New("as the test asks")
	}
	return nil
}

// template draws a template of up to four resources, each depending on those
// before it.
func template(rt *rapid.T) p {
	rs, before := p{}, ""
	for _, name := range []string{"A", "B", "C", "D"} {
		if !rapid.Bool().Draw(rt, "has"+name) {
			continue
		}
		value := fmt.Sprint(rapid.IntRange(1, 3).Draw(rt, "v"+name))
		var dep any = value
		if before != "" {
			dep = p{"Fn::Join": []any{"-", []any{value, ref(before)}}}
		}
		switch {
		case rapid.Bool().Draw(rt, "kind"+name) && name != "A":
			rs[name] = resource(typeParam, p{"Type": "String", "Value": dep})
		case name == "A" || name == "B":
			rs[name] = resource(typeCluster, p{"ClusterName": dep}) // replaced when it changes
		default:
			rs[name] = resource(typeParam, p{"Type": "String", "Value": dep, "Description": value})
		}
		before = name
	}
	if len(rs) == 0 {
		rs["A"] = resource(typeCluster, p{"ClusterName": "1"})
	}
	return resources(rs)
}

func (m *machine) change(rt *rapid.T) {
	b := m.b
	m.n++
	name := fmt.Sprintf("c-%d", m.n)
	m.failing = rapid.SampledFrom([]string{"", "", "Create A", "Ready B", "Create C", "Update B", "Ready D"}).Draw(rt, "fails")
	was, exists := m.now()
	if exists && !slices.Contains([]string{"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"}, was["status"].(string)) {
		m.failing = ""
		b.must("DeleteStack", p{"StackName": "s"})
		b.settle()
		return
	}
	kind := "UPDATE"
	if !exists || was["status"] == "REVIEW_IN_PROGRESS" {
		kind = "CREATE"
	}
	params := p{"StackName": "s", "ChangeSetName": name, "ChangeSetType": kind, "TemplateBody": body(template(rt))}
	if _, err := b.call("CreateChangeSet", params); err != nil {
		if !strings.Contains(err.Error(), "resource type is not permitted") {
			rt.Fatal(err)
		}
		return
	}
	b.clock.advance(time.Second)
	cs := b.must("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": name})
	if cs["Status"] == "FAILED" || rapid.IntRange(0, 4).Draw(rt, "drop") == 0 {
		b.must("DeleteChangeSet", p{"StackName": "s", "ChangeSetName": name})
		return
	}
	b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": name})
	b.clock.advance(time.Duration(rapid.IntRange(0, 4).Draw(rt, "ticks")) * 500 * time.Millisecond)
	if rapid.IntRange(0, 3).Draw(rt, "cancel") == 0 {
		_, _ = b.call("CancelUpdateStack", p{"StackName": "s"}) // refused where nothing is to cancel
	}
	b.settle()
	m.check(rt, was, cs["StackId"].(string))
}

// now is what the stack and its resources are.
func (m *machine) now() (map[string]any, bool) {
	out, err := m.b.call("DescribeStacks", p{"StackName": "s"})
	if err != nil {
		return nil, false
	}
	status := out["Stacks"].([]any)[0].(p)["StackStatus"]
	state := p{"status": status}
	if status != "REVIEW_IN_PROGRESS" {
		maps.Copy(state, m.b.everything("s"))
	}
	return state, true
}

func (m *machine) check(rt *rapid.T, was map[string]any, id string) {
	status := m.b.status(id)
	if !slices.Contains(restful, status) {
		rt.Fatalf("ends in %s\n%s", status, strings.Join(m.b.events(id), "\n"))
	}
	switch status {
	case "UPDATE_ROLLBACK_COMPLETE":
		now, _ := m.now()
		delete(now, "status")
		delete(was, "status")
		if diff := cmp.Diff(was, now); diff != "" {
			rt.Fatalf("not restored: %s\n%s", diff, strings.Join(m.b.events(id), "\n"))
		}
	case "ROLLBACK_COMPLETE":
		for typ, shelf := range m.b.shelf {
			if len(shelf.items) > 0 {
				rt.Fatalf("%s are left: %v", typ, shelf.items)
			}
		}
	}
}
