package apply

import (
	"context"
	"slices"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Cancel implements deploy.Stacks.
func (a *Apply) Cancel(ctx context.Context, t bcn.Target, p bcn.StackPlan) error {
	s := a.aws.For(t)
	err := a.cancelOnce(ctx, s, t, p)
	// The stack may have moved between the look and the call: look once more.
	if awsx.CodeOf(err) == "ValidationError" && !gone(err) {
		return a.cancelOnce(ctx, s, t, p)
	}
	return err
}

func (a *Apply) cancelOnce(ctx context.Context, s *awsx.Session, t bcn.Target, p bcn.StackPlan) error {
	id := p.StackID
	if id == "" {
		id = p.Name
	}
	stack, err := s.Stack(ctx, id)
	if gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	switch stack.Status {
	case "CREATE_IN_PROGRESS":
		return s.DeleteStack(ctx, stack.ID, t.District.CFNRole)
	case "UPDATE_IN_PROGRESS":
		return s.CancelUpdate(ctx, stack.ID)
	// On its way back already, or never begun.
	case "DELETE_IN_PROGRESS", "DELETE_COMPLETE", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_IN_PROGRESS",
		"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS":
		return nil
	case "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE", "CREATE_COMPLETE":
		return bcn.E(bcn.CodeTooLate, "stack", stack.Name, "status", stack.Status)
	}
	return refusal(stack, s.Region())
}

// Discard implements deploy.Stacks. The change set may be named or given by
// its ARN.
func (a *Apply) Discard(ctx context.Context, t bcn.Target, p bcn.StackPlan, d deploy.Discarding) error {
	s := a.aws.For(t)
	id := p.StackID
	if id == "" {
		id = p.Name
	}
	stack, err := s.Stack(ctx, id)
	if gone(err) || err == nil && stack.Status == "DELETE_COMPLETE" {
		return nil
	}
	if err != nil {
		return err
	}
	review := stack.Status == "REVIEW_IN_PROGRESS"
	if !review && (p.ChangeSet == "" || !isOurs(stack, d.Owner)) {
		return nil // nothing was made, or the stack is somebody else's
	}
	if review {
		switch err := a.reviewed(ctx, s, stack, d.Owner); {
		case bcn.CodeOf(err) == bcn.CodeStackForeign:
			return nil
		case err != nil:
			return err
		}
	}
	names, err := s.ChangeSets(ctx, stack.ID)
	if gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if i := slices.Index(names, nameOf(p.ChangeSet)); i >= 0 {
		if err := s.DeleteChangeSet(ctx, stack.Name, p.ChangeSet); err != nil && !gone(err) {
			return stillMade(p, err)
		}
		names = slices.Delete(names, i, i+1)
	}
	if !review || len(names) > 0 || d.KeepStack {
		return nil
	}
	return s.DeleteStack(ctx, stack.ID, t.District.CFNRole)
}

// stillMade says of a change set that is being made or executed that it cannot
// be deleted now (InvalidChangeSetStatus).
func stillMade(p bcn.StackPlan, err error) error {
	if awsx.Says(err, "InvalidChangeSetStatus", "") {
		return bcn.E(bcn.CodeStackBusy, "stack", p.Name, "status", "InvalidChangeSetStatus").Wrap(err)
	}
	return err
}

func isOurs(stack awsx.Stack, owner string) bool { return ours(stack, owner) == nil }
