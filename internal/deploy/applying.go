package deploy

import (
	"context"
	"errors"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// running is what a step of an applying change knows.
type running struct {
	Claimed
	plan     bcn.Plan
	target   bcn.Target
	follows  map[string]Follow // by stack
	events   []StackEvent
	progress []Rollout // what the services looked like at the end
}

func (s *Service) running(ctx context.Context, c Claimed) (running, error) {
	r := running{Claimed: c, follows: map[string]Follow{}}
	var err error
	if r.plan, err = planOf(c); err != nil {
		return r, err
	}
	r.target = s.Target(c.Change, r.plan.District)
	follows, events, err := s.Store.Follows(ctx, c.Change.ID)
	for _, f := range follows {
		r.follows[f.Stack] = f
	}
	r.events = events
	return r, err
}

// current is the stack whose turn it is, false after the last.
func (r running) current() (bcn.StackPlan, bool) {
	if r.Change.Step < len(r.plan.Stacks) {
		return r.plan.Stacks[r.Change.Step], true
	}
	return bcn.StackPlan{}, false
}

// applying executes the plan's change sets one after the other.
func (s *Service) applying(ctx context.Context, c Claimed) (time.Duration, error) {
	r, err := s.running(ctx, c)
	if err != nil {
		return 0, err
	}
	if c.Phase == PhaseRestore {
		return s.restoring(ctx, r)
	}
	if r.gated() {
		return s.gate(ctx, r)
	}
	sp, ok := r.current()
	if !ok {
		return s.move(ctx, Move{From: c, Event: bcn.EventApplied, Again: time.Millisecond})
	}
	if sp.ChangeSet == "" && !sp.Delete {
		return s.move(ctx, Move{From: c, Step: c.Change.Step + 1, Again: time.Millisecond})
	}
	f, executed := r.follows[sp.Name]
	if !executed {
		return s.execute(ctx, r, sp)
	}
	if sp.Delete {
		return s.deleting(ctx, r, sp, f)
	}
	switch outcomeOf(f.Status) {
	case stackDone:
		return s.move(ctx, Move{From: c, Step: c.Change.Step + 1, Again: time.Millisecond, Notes: s.eventNotes(r)})
	case stackUndone:
		return s.undone(ctx, r, bcn.EventRolledBack)
	case stackUndoFails:
		return s.undone(ctx, r, bcn.EventRollbackFailed)
	default:
		return s.report(ctx, r)
	}
}

// execute starts the change set. Its token makes a repetition after a crash
// harmless, and the stack is followed from here on.
func (s *Service) execute(ctx context.Context, r running, sp bcn.StackPlan) (time.Duration, error) {
	start := s.Stacks.Execute
	if sp.Delete {
		start = s.Stacks.Delete
	}
	err := start(ctx, r.target, sp, changeSetName(r.Change.ID, r.Change.Step+1))
	if code := bcn.CodeOf(err); err != nil && code != bcn.CodeInternal && code != bcn.CodeUnavailable {
		return s.refusedByAWS(ctx, r, sp, err)
	}
	if err != nil {
		return 0, err
	}
	return s.executed(ctx, r, sp)
}

// executed follows the stack from here on. The follow begins when the change
// did: a step that died after its call may have been followed late.
func (s *Service) executed(ctx context.Context, r running, sp bcn.StackPlan) (time.Duration, error) {
	since, baseline := r.Change.StartedAt.Add(-clockSkew), sp.LastUpdate
	if sp.Delete { // a deletion is no update: the stack keeps the time of its last one
		baseline = ""
	}
	s.Log.Info("change set executed", "change", int64(r.Change.ID), "stack", sp.Name, "change_set", sp.ChangeSet, "delete", sp.Delete)
	return s.move(ctx, Move{
		From: r.Claimed, Again: s.Poll,
		Follow: []Follow{{Stack: sp.Name, StackID: sp.StackID, Target: r.plan.District, Since: since, Baseline: baseline}},
	})
}

// clockSkew is how far AWS's clock may be behind the database's for events to
// be found.
const clockSkew = 5 * time.Second

// report tells what happened since the last look, and shows what runs.
func (s *Service) report(ctx context.Context, r running) (time.Duration, error) {
	m := Move{From: r.Claimed, Again: s.Poll, Notes: s.eventNotes(r), Quiet: true}
	if r.servicesStep() {
		if err := s.stopGivenUp(ctx, r); err != nil {
			return 0, err
		}
		if err := s.mend(ctx, r); err != nil {
			return 0, err
		}
		rollouts, err := s.Fleet.Rollouts(ctx, r.target, r.plan.Heritage)
		if err == nil && len(rollouts) > 0 {
			m.Progress, m.Quiet = rollouts, false
			m.Notes = append(m.Notes, s.Speaker.Notes(Moment{Kind: MomentUnhealthy, Change: r.Change, Plan: &r.plan, Checks: r.checks(rollouts)})...)
			notes, err := s.shifts(ctx, r, rollouts)
			if err != nil {
				return 0, err
			}
			m.Notes = append(m.Notes, notes...)
		}
		if err == nil && !r.givenUp() && !rollingBack(r.follows[r.plan.Heritage].Status) {
			service, tasks, err := s.hopeless(ctx, r, rollouts)
			if err != nil {
				s.Log.Warn("read stopped tasks", "change", int64(r.Change.ID), "error", err)
			}
			if service != "" {
				return s.giveUp(ctx, r, service, tasks, m)
			}
		}
		if failed := rootFailure(r.events); failed != nil {
			notes, err := s.failureNotes(ctx, r, failed)
			if err != nil {
				s.Log.Warn("read stopped tasks", "change", int64(r.Change.ID), "error", err)
			}
			m.Notes = append(m.Notes, notes...)
		}
	}
	return s.move(ctx, m)
}

// servicesStep says that the stack with the services is being changed.
func (r running) servicesStep() bool {
	sp, ok := r.current()
	return ok && r.plan.Heritage != "" && sp.Name == r.plan.Heritage
}

func (s *Service) eventNotes(r running) []Note {
	return s.Speaker.Notes(Moment{Kind: MomentEvents, Change: r.Change, Plan: &r.plan, Events: r.events})
}

// failureNotes reports the failing resource with the stopped tasks' reasons
// and last log lines, once.
func (s *Service) failureNotes(ctx context.Context, r running, failed *StackEvent) ([]Note, error) {
	var stopped []Stopped
	var err error
	if r.plan.Heritage != "" && r.Change.StartedAt != nil {
		stopped, err = s.Fleet.StoppedTasks(ctx, r.target, r.plan.Heritage,
			render.LogGroup(r.plan.District.Name, r.plan.Heritage), r.Change.StartedAt.Add(-clockSkew), 3)
	}
	return s.Speaker.Notes(Moment{Kind: MomentFailing, Change: r.Change, Plan: &r.plan, Failed: failed, Stopped: stopped}), err
}

// refusedByAWS ends a change whose change set AWS does not take: nothing of
// this stack was changed, but stacks before it may have been.
//
// Before that is believed the change set is read again: an earlier call whose
// answer was lost may have executed it, and then it is followed.
func (s *Service) refusedByAWS(ctx context.Context, r running, sp bcn.StackPlan, cause error) (time.Duration, error) {
	var e *bcn.Error
	if !errors.As(cause, &e) {
		return 0, cause
	}
	switch _, err := s.Stacks.Reread(ctx, r.target, sp); {
	case bcn.CodeOf(err) == bcn.CodePlanMoved && e.Code != bcn.CodePlanMoved:
		return s.executed(ctx, r, sp)
	case err != nil && bcn.CodeOf(err) != bcn.CodePlanMoved:
		return 0, bcn.E(bcn.CodeUnavailable, "what", "CloudFormation").Wrap(errors.Join(cause, err))
	}
	s.Log.Warn("change set refused", "change", int64(r.Change.ID), "error", cause)
	if r.restorable() {
		return s.restore(ctx, r, e.Code, e.Params)
	}
	return s.finish(ctx, r, bcn.EventFail, e.Code, e.Params)
}

// undone ends a change whose stack went back to what it was; a base that was
// changed before it follows.
func (s *Service) undone(ctx context.Context, r running, event bcn.ChangeEvent) (time.Duration, error) {
	if err := s.mend(ctx, r); err != nil {
		return 0, err
	}
	code, params := s.because(ctx, r)
	if r.restorable() && event == bcn.EventRolledBack {
		return s.restore(ctx, r, code, params)
	}
	return s.finish(ctx, r, event, code, params)
}

// why names the failing resource of the current stack.
func (r running) why() (bcn.Code, map[string]string) {
	sp, _ := r.current()
	if r.Change.Code == bcn.CodeStackFailed { // it was given up for a reason
		return r.Change.Code, r.Change.Params
	}
	params := map[string]string{"stack": sp.Name, "resource": "", "why": r.follows[sp.Name].Reason}
	if failed := rootFailure(r.events); failed != nil {
		params["resource"], params["why"] = failed.LogicalID, failed.Reason
	}
	return bcn.CodeStackFailed, params
}
