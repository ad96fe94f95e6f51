package deploy

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// restorable says that the base stack was updated by this change and that the
// plan names what to go back to.
func (r running) restorable() bool {
	if r.Change.Step == 0 || len(r.plan.Stacks) < 2 {
		return false
	}
	base := r.plan.Stacks[0]
	_, executed := r.follows[base.Name]
	return executed && base.Previous != nil
}

// restore begins to bring the base back to the bytes of the last release: the
// services went back, so roles and logs must fit them again.
func (s *Service) restore(ctx context.Context, r running, code bcn.Code, params map[string]string) (time.Duration, error) {
	notes, err := s.lastWords(ctx, r)
	if err != nil {
		s.Log.Warn("read stopped tasks", "change", int64(r.Change.ID), "error", err)
	}
	return s.move(ctx, Move{
		From: r.Claimed, Step: r.Change.Step, Phase: PhaseRestore, Code: code, Params: params,
		Again: time.Millisecond, Notes: notes,
	})
}

// restoring proposes the old template, executes it and waits for its end. The
// change ends as rolled back, or as a rollback that failed.
func (s *Service) restoring(ctx context.Context, r running) (time.Duration, error) {
	base := r.plan.Stacks[0]
	key := restoreName(r.Change.ID)
	f := r.follows[base.Name]
	restoring := f.Restores
	if !restoring {
		back, err := s.Stacks.Propose(ctx, r.target, key,
			bcn.Proposal{Name: base.Name, Template: base.Previous, Capabilities: base.Capabilities, Tags: base.Tags}, s.Installation)
		if bcn.CodeOf(err) == bcn.CodeStackBusy { // a step before this one executed it and died
			return s.restored(ctx, r, base, "")
		}
		if err != nil {
			return 0, err
		}
		if back.ChangeSet == "" {
			return s.finish(ctx, r, bcn.EventRolledBack, r.Change.Code, r.Change.Params)
		}
		if err := s.Stacks.Execute(ctx, r.target, back, key); err != nil {
			return 0, err
		}
		return s.restored(ctx, r, base, back.LastUpdate)
	}
	switch outcomeOf(f.Status) {
	case stackDone:
		return s.finish(ctx, r, bcn.EventRolledBack, r.Change.Code, r.Change.Params)
	case stackUndone, stackUndoFails:
		return s.finish(ctx, r, bcn.EventRollbackFailed, r.Change.Code, r.Change.Params)
	default:
		return s.move(ctx, Move{From: r.Claimed, Step: r.Change.Step, Phase: PhaseRestore, Again: s.Poll, Notes: s.eventNotes(r), Quiet: true})
	}
}

// restored follows the base on its way back.
func (s *Service) restored(ctx context.Context, r running, base bcn.StackPlan, baseline string) (time.Duration, error) {
	return s.move(ctx, Move{
		From: r.Claimed, Step: r.Change.Step, Phase: PhaseRestore, Again: s.Poll,
		Follow: []Follow{{
			Stack: base.Name, StackID: base.StackID, Target: r.plan.District, Restores: true,
			Since: r.Now.Add(-clockSkew), Baseline: baseline,
		}},
	})
}

// lastWords are the notes of what is known at the end of a failed operation.
// What a person called back has not failed, whatever CloudFormation calls it,
// unless it did not get back.
func (s *Service) lastWords(ctx context.Context, r running) ([]Note, error) {
	notes := s.eventNotes(r)
	failed := rootFailure(r.events)
	if failed == nil || r.Change.State == bcn.ChangeCancelling && !r.stuck() {
		return notes, nil
	}
	more, err := s.failureNotes(ctx, r, failed)
	return append(notes, more...), err
}

// stuck says that a stack could not be brought back.
func (r running) stuck() bool {
	for _, f := range r.follows {
		if outcomeOf(f.Status) == stackUndoFails {
			return true
		}
	}
	return false
}
