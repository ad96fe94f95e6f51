package deploy

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// notExecuted is how long a stack is watched before it is believed that a
// change set was not executed: longer than a step may take to write its move.
const notExecuted = 3 * time.Second

// cancelling stops what runs and follows it until it has really ended.
func (s *Service) cancelling(ctx context.Context, c Claimed) (time.Duration, error) {
	r, err := s.running(ctx, c)
	if err != nil {
		return 0, err
	}
	if c.Phase == PhaseRestore {
		return s.restoring(ctx, r)
	}
	if done, again, err := s.stopOneoff(ctx, r); !done || err != nil {
		return again, err
	}
	if r.Change.Kind == bcn.KindRun && (r.Forged || !r.Oneoff.Passed()) {
		return s.finish(ctx, r, bcn.EventCancelled, bcn.CodeCancelled, r.Change.Params)
	}
	sp, ok := r.current()
	if !ok {
		return s.tooLate(ctx, r)
	}
	f, followed := r.follows[sp.Name]
	if !followed {
		return s.stopBefore(ctx, r, sp)
	}
	return s.stopRunning(ctx, r, sp, f)
}

// stopBefore handles a cancel that came before the change set was known to be
// executed: the step that would execute it may still be under way in another
// process. Without the change set it cannot; and the stack tells whether it did.
func (s *Service) stopBefore(ctx context.Context, r running, sp bcn.StackPlan) (time.Duration, error) {
	if sp.ChangeSet == "" {
		return s.stopped(ctx, r)
	}
	if err := s.Stacks.Discard(ctx, r.target, sp, Discarding{Owner: s.Installation, KeepStack: true}); err != nil && bcn.CodeOf(err) != bcn.CodeStackBusy {
		return 0, err
	}
	return s.move(ctx, Move{From: r.Claimed, Again: s.Poll, Follow: []Follow{{
		Stack: sp.Name, StackID: sp.StackID,
		Target: r.plan.District, Since: r.Now.Add(-clockSkew), Baseline: sp.LastUpdate,
	}}})
}

func (s *Service) stopRunning(ctx context.Context, r running, sp bcn.StackPlan, f Follow) (time.Duration, error) {
	switch outcomeOf(f.Status) {
	case stackDone: // it was too late for this stack
		if r.Change.Step+1 == len(r.plan.Stacks) {
			return s.tooLate(ctx, r)
		}
		r.Change.Step++
		return s.stopped(ctx, r)
	case stackUndone:
		if sp.Create {
			return s.finish(ctx, r, bcn.EventCancelled, bcn.CodeCancelled, r.Change.Params)
		}
		return s.stopped(ctx, r)
	case stackUndoFails:
		return s.finish(ctx, r, bcn.EventRollbackFailed, bcn.CodeCancelled, r.Change.Params)
	}
	if f.Status == "" {
		if f.ReadAt != nil && f.ReadAt.Sub(f.Since) > clockSkew+notExecuted {
			return s.stopped(ctx, r)
		}
		return s.move(ctx, Move{From: r.Claimed, Again: s.Poll, Quiet: true})
	}
	if !rollingBack(f.Status) && !cleaningUp(f.Status) {
		err := s.stopStack(ctx, r, sp)
		if err != nil && bcn.CodeOf(err) != bcn.CodeTooLate {
			return 0, err
		}
	}
	m := Move{From: r.Claimed, Again: s.Poll, Notes: s.eventNotes(r), Quiet: true}
	if r.servicesStep() && !sp.Create {
		if err := s.shiftsBack(ctx, r, &m); err != nil {
			return 0, err
		}
	}
	return s.move(ctx, m)
}

// tooLate ends a change whose last stack was complete before it could be
// cancelled: it is verified like any other before it is called a success.
func (s *Service) tooLate(ctx context.Context, r running) (time.Duration, error) {
	return s.verify(ctx, r, bcn.EventRollbackFailed)
}

// stopped ends a cancelled change: a base that was changed goes back first.
func (s *Service) stopped(ctx context.Context, r running) (time.Duration, error) {
	if err := s.mend(ctx, r); err != nil {
		return 0, err
	}
	if r.restorable() {
		return s.restore(ctx, r, bcn.CodeCancelled, r.Change.Params)
	}
	for _, f := range r.follows {
		if outcomeOf(f.Status) == stackUndone {
			return s.finish(ctx, r, bcn.EventRolledBack, bcn.CodeCancelled, r.Change.Params)
		}
	}
	return s.finish(ctx, r, bcn.EventCancelled, bcn.CodeCancelled, r.Change.Params)
}
