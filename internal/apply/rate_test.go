package apply_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/apply"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws"
)

// Planning makes the same calls whatever a stack holds, and following one page
// of the list after the other.
func TestWhatPlanningAndFollowingCost(t *testing.T) {
	t.Parallel()
	t.Run("a change set takes as many calls for a stack of sixty resources as of one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		calls := func(name string, n, retention int) (int, bcn.StackPlan) {
			before := len(w.aws.Calls())
			plan := w.propose(t, fmt.Sprintf("bcn-%d-1", retention), groups(t, name, n, retention))
			return w.asked(before), plan
		}
		small, one := calls("one", 1, 7)
		large, many := calls("many", 60, 7)
		if small != large || small > 8 {
			t.Errorf("%d calls to make a stack of one resource, %d of sixty", small, large)
		}
		for _, p := range []bcn.StackPlan{one, many} {
			if status := w.run(t, p); status != "CREATE_COMPLETE" {
				t.Fatal(status)
			}
		}
		small, _ = calls("one", 1, 14)
		large, many = calls("many", 60, 14)
		if small != large || small > 8 || len(many.Changes) != 60 {
			t.Errorf("%d calls to change one resource, %d for %d", small, large, len(many.Changes))
		}
	})
	t.Run("one describe for each page of all stacks, and a pause between two", func(t *testing.T) {
		t.Parallel()
		const stacks, page, pause = 7, 3, 60 * time.Millisecond
		w := newWorld(t, func(o *aws.Options) { o.Page = page })
		var ids []string
		for i := range stacks {
			p := w.propose(t, "bcn-1-1", groups(t, fmt.Sprintf("stack%d", i), 1, 7))
			ids = append(ids, p.StackID)
		}
		paced := apply.New(w.client, apply.Options{PagePause: pause})
		before := len(w.aws.Calls())
		found, err := paced.Statuses(t.Context(), w.target, ids)
		if err != nil || len(found) != stacks {
			t.Fatalf("%d of %d: %v", len(found), stacks, err)
		}
		var last time.Time
		n := 0
		for _, c := range w.aws.Calls()[before:] {
			if c.Action != "DescribeStacks" {
				continue
			}
			n++
			if c.At.Sub(last) < pause {
				t.Errorf("%s after the one before", c.At.Sub(last))
			}
			last = c.At
		}
		if n < stacks/page || n > stacks/page+3 { // the account has stacks of its own
			t.Errorf("%d describes for %d stacks by %d", n, stacks, page)
		}
	})
}

// asked is how many calls of CloudFormation there were since, without the looks
// whether a change set is made yet: how many these are depends on time alone.
func (w *world) asked(since int) int {
	n := 0
	for _, c := range w.aws.Calls()[since:] {
		if c.Service == "cloudformation" && c.Action != "DescribeChangeSet" {
			n++
		}
	}
	return n
}

// BenchmarkFollow reads the statuses of stacks that are followed at once; the
// pause between two pages is left out.
func BenchmarkFollow(b *testing.B) {
	for _, n := range []int{1, 50, 200} {
		b.Run(fmt.Sprintf("stacks=%d", n), func(b *testing.B) {
			w := newWorld(b)
			w.Apply = apply.New(w.client, apply.Options{Poll: 5 * time.Millisecond, PagePause: time.Nanosecond})
			var ids []string
			for i := range n {
				ids = append(ids, w.propose(b, "bcn-1-1", groups(b, fmt.Sprintf("stack%d", i), 1, 7)).StackID)
			}
			before := len(w.aws.Calls())
			b.ResetTimer()
			for range b.N {
				if _, err := w.Statuses(b.Context(), w.target, ids); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(w.asked(before))/float64(b.N), "describes/look")
		})
	}
}
