package apply_test

import (
	"slices"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/roles"
)

// others is a second bcn that works in the same account.
const others = "installation-2"

// theirs is a proposal that carries the other installation's tag.
func theirs(t *testing.T, stack string, n int) bcn.Proposal {
	t.Helper()
	p := groups(t, stack, n, 7)
	p.Tags = []bcn.Tag{{Key: roles.InstallationTag, Value: others}}
	return p
}

// proposeFor makes a change set as an installation does.
func (w *world) proposeFor(t *testing.T, owner, name string, p bcn.Proposal) bcn.StackPlan {
	t.Helper()
	plan, err := w.Propose(t.Context(), w.target, name, p, owner)
	if err != nil {
		t.Fatalf("propose %s for %s: %v", name, owner, err)
	}
	return plan
}

// discard lets an installation clean up after its change.
func (w *world) discard(t *testing.T, owner string, p bcn.StackPlan) {
	t.Helper()
	if err := w.Discard(t.Context(), w.target, p, deploy.Discarding{Owner: owner}); err != nil {
		t.Fatalf("discard %s for %s: %v", p.ChangeSet, owner, err)
	}
}

func (w *world) has(t *testing.T, stack, changeSet string) bool {
	t.Helper()
	names, err := w.ChangeSets(t.Context(), w.target, stack)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(names, changeSet)
}

// Two installations number their changes alike: the name of a change set does
// not tell whose it is.
func TestDiscardLeavesWhatIsAnotherInstallations(t *testing.T) {
	t.Parallel()

	t.Run("a stack under review, and its change set of the same number", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		plan := w.proposeFor(t, others, "bcn-7-1", theirs(t, "one", 1))
		w.discard(t, owner, bcn.StackPlan{Name: "one", ChangeSet: "bcn-7-1"})
		w.discard(t, owner, bcn.StackPlan{Name: "one"})
		if !w.has(t, "one", "bcn-7-1") {
			t.Fatal("the other's change set is gone")
		}
		if _, err := w.Reread(t.Context(), w.target, plan); err != nil {
			t.Fatalf("the other's plan is no longer true: %v", err)
		}
		w.discard(t, others, plan)
		w.until(t, plan, func(s string) bool { return s == "DELETE_COMPLETE" })
	})

	t.Run("a change set of a stack that runs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		first := w.proposeFor(t, others, "bcn-7-1", theirs(t, "one", 1))
		if status := w.run(t, first); status != "CREATE_COMPLETE" {
			t.Fatalf("the stack is %s", status)
		}
		w.proposeFor(t, others, "bcn-8-1", theirs(t, "one", 2))
		w.discard(t, owner, bcn.StackPlan{Name: "one", ChangeSet: "bcn-8-1"})
		if !w.has(t, "one", "bcn-8-1") {
			t.Fatal("the other's change set is gone")
		}
		w.discard(t, others, bcn.StackPlan{Name: "one", ChangeSet: "bcn-8-1"})
		if w.has(t, "one", "bcn-8-1") {
			t.Fatal("who made it cannot discard it")
		}
	})

	t.Run("an empty stack under review stays where another change plans on it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		plan := w.propose(t, "bcn-7-1", groups(t, "one", 1, 7))
		if err := w.Discard(t.Context(), w.target, plan, deploy.Discarding{Owner: owner, KeepStack: true}); err != nil {
			t.Fatal(err)
		}
		status := w.until(t, plan, func(string) bool { return true })
		if status != "REVIEW_IN_PROGRESS" || w.has(t, "one", "bcn-7-1") {
			t.Fatalf("the stack is %s", status)
		}
		again := w.propose(t, "bcn-8-1", groups(t, "one", 1, 7))
		if again.StackID != plan.StackID {
			t.Error("it was planned on another stack")
		}
	})
}
