package apply_test

import (
	"strings"
	"testing"
)

func TestForeignRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	endpoints := w.endpoint(t)
	plan, status := w.deploy(t, "2", "v1", endpoints)
	if status != "CREATE_COMPLETE" {
		w.explain(t, plan.StackID)
		t.Fatal(status)
	}
	listener := endpoints["main"].HTTPListener
	before := w.count("DescribeRules")
	others, err := w.ForeignRules(t.Context(), w.target, "other", []string{listener, listener})
	if err != nil || len(others) != 1 || others[0].Priority != 200 || others[0].Listener != listener || others[0].ARN == "" ||
		!strings.Contains(others[0].What, "path-pattern * → hello") {
		t.Errorf("for another heritage: %+v %v", others, err)
	}
	if n := w.count("DescribeRules") - before; n != 1 {
		t.Errorf("the listener was read %d times", n)
	}
	if own, err := w.ForeignRules(t.Context(), w.target, plan.Name, []string{listener}); err != nil || len(own) != 0 {
		t.Errorf("its own are foreign: %+v %v", own, err)
	}
	if none, err := w.ForeignRules(t.Context(), w.target, plan.Name, []string{listener + "0"}); err != nil || len(none) != 0 {
		t.Errorf("of a listener that is not there: %+v %v", none, err)
	}
}

// count is how often an action of AWS was called.
func (w *world) count(action string) int {
	n := 0
	for _, c := range w.aws.Calls() {
		if c.Action == action {
			n++
		}
	}
	return n
}
