package deploy

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Tick does one short step of a change and says when to look again; zero means
// that an event will tell. It is safe to run at any time, in any process, any
// number of times: the claim's fence makes all but one write nothing.
func (s *Service) Tick(ctx context.Context, id bcn.ID) (time.Duration, error) {
	c, ok, err := s.Store.Claim(ctx, id)
	if err != nil || !ok {
		return 0, err
	}
	again, err := s.held(ctx, c)
	if err == nil {
		return again, nil
	}
	return s.stepFailed(ctx, c, err)
}

// held runs a step while its lease is renewed: planning waits for GitHub, ECR
// and change sets, and may take longer than a lease.
func (s *Service) held(ctx context.Context, c Claimed) (again time.Duration, err error) {
	renew := func(ctx context.Context) error { return s.Store.Renew(ctx, c) }
	err = WhileHeld(ctx, s.Renew, renew, func(ctx context.Context) (err error) {
		again, err = s.step(ctx, c)
		return err
	})
	return again, err
}

// WhileHeld does something under a claim whose lease is renewed meanwhile. Where
// renew answers ErrMoved the claim was lost: the context ends, and ErrMoved is
// answered for what came of it.
func WhileHeld(ctx context.Context, every time.Duration, renew, do func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	defer renewing.Wait()
	defer stop(nil)
	renewing.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := renew(ctx); errors.Is(err, ErrMoved) {
				stop(ErrMoved)
			}
		}
	})
	err := do(ctx)
	if lost := context.Cause(ctx); err != nil && errors.Is(lost, ErrMoved) {
		err = lost
	}
	return err
}

// step is what each state does next: the whole life of a change.
func (s *Service) step(ctx context.Context, c Claimed) (time.Duration, error) {
	if c.Change.Kind.Access() && !c.Change.State.BeforeApplying() {
		return s.accessStep(ctx, c)
	}
	if c.Tampered != "" && !c.Change.State.Ended() {
		return 0, bcn.E(bcn.CodeTampered, "what", c.Tampered)
	}
	if c.Change.Kind == bcn.KindSecret && !c.Change.State.BeforeApplying() {
		return s.secretStep(ctx, c)
	}
	switch c.Change.State {
	case bcn.ChangeWaitingTurn:
		return s.waitingTurn(ctx, c)
	case bcn.ChangePlanning:
		return s.planning(ctx, c)
	case bcn.ChangePlanned:
		return s.planned(ctx, c)
	case bcn.ChangeWaiting:
		return s.waiting(ctx, c)
	case bcn.ChangeQueued:
		return s.queued(ctx, c)
	case bcn.ChangeApplying:
		return s.applying(ctx, c)
	case bcn.ChangeVerifying:
		return s.verifying(ctx, c)
	case bcn.ChangeCancelling:
		return s.cancelling(ctx, c)
	default:
		return s.cleaning(ctx, c)
	}
}

// accessStep leaves a grant to its engine; one that is over left nothing in
// CloudFormation.
func (s *Service) accessStep(ctx context.Context, c Claimed) (time.Duration, error) {
	if c.Change.State.Ended() {
		return 0, s.Store.Discarded(ctx, c)
	}
	return s.Access.Step(ctx, c)
}

// move writes a step. A change that has meanwhile been moved by another is
// left to it.
func (s *Service) move(ctx context.Context, m Move) (time.Duration, error) {
	m.keep()
	_, err := s.Store.Apply(ctx, m)
	return m.Again, err
}

// keep carries on what a step does not set.
func (m *Move) keep() {
	if m.Step == 0 && m.Phase == PhaseApply {
		m.Step, m.Phase = m.From.Change.Step, m.From.Phase
	}
}

// stepFailed counts what went wrong outside and tries again; a change whose
// steps keep failing is parked. What a person can be told about, before
// anything was changed, closes the change.
func (s *Service) stepFailed(ctx context.Context, c Claimed, cause error) (time.Duration, error) {
	code := bcn.CodeOf(cause)
	if isConflict(cause) {
		return 0, nil
	}
	if c.Change.State.Ended() {
		return s.leave(ctx, c, cause)
	}
	if away := registryAway(c, cause); away != nil {
		return s.closeWith(ctx, c, away)
	}
	final := code != bcn.CodeInternal && code != bcn.CodeUnavailable && code != bcn.CodeCouldNotCheck
	if final && c.Change.State.BeforeApplying() {
		return s.closeWith(ctx, c, cause)
	}
	// What is outside comes back: it is waited for, however long. What is ours
	// does not mend itself: after some failures a person is asked.
	outside := code == bcn.CodeUnavailable || code == bcn.CodeCouldNotCheck
	// What was opened is closed, whatever stands in the way.
	park := !outside && c.Failures+1 >= s.ParkAfter && c.Grant == nil
	s.Log.Warn("step failed", "change", int64(c.Change.ID), "state", c.Change.State, "failures", c.Failures+1, "parked", park, "error", cause)
	var notes []Note
	if park {
		notes = s.Speaker.Notes(Moment{Kind: MomentParked, Change: c.Change, Code: code})
	}
	var e *bcn.Error
	if !errors.As(cause, &e) || !outside {
		e = bcn.E(bcn.CodeInternal)
	}
	if err := s.Store.Failed(ctx, c, park, e, notes); err != nil {
		return 0, errors.Join(cause, err)
	}
	if park {
		return 0, nil
	}
	return min(time.Duration(c.Failures+1)*time.Second, 15*time.Second), nil
}

// askRegistry is how often a registry is asked before a plan is given up: AWS is
// waited for, but a registry may be one that bcn can never reach.
const askRegistry = 5

// registryAway is the end of a change that has changed nothing yet and whose
// image's registry did not answer so often; nil: it is something else.
func registryAway(c Claimed, cause error) error {
	var e *bcn.Error
	if !errors.As(cause, &e) || e.Code != bcn.CodeUnavailable || e.Params["image"] == "" {
		return nil
	}
	if !c.Change.State.BeforeApplying() || c.Failures+1 < askRegistry {
		return nil
	}
	return bcn.E(bcn.CodeRegistryAway, "registry", e.Params["what"], "image", e.Params["image"]).Wrap(cause)
}

// leave gives up cleaning after an ended change where AWS refuses it: nobody
// has to be called for that, and the reaper comes by later.
func (s *Service) leave(ctx context.Context, c Claimed, cause error) (time.Duration, error) {
	switch bcn.CodeOf(cause) {
	case bcn.CodeInternal, bcn.CodeUnavailable, bcn.CodeCouldNotCheck, bcn.CodeStackBusy:
		return 0, s.Store.Failed(ctx, c, false, bcn.E(bcn.CodeInternal), nil)
	default:
		s.Log.Warn("change sets left", "change", int64(c.Change.ID), "error", cause)
		return 0, s.Store.Discarded(ctx, c)
	}
}

// isConflict says that another process, or a person, moved the change on.
func isConflict(err error) bool { return errors.Is(err, ErrMoved) }

// closeWith ends a change that has changed nothing, with the reason.
func (s *Service) closeWith(ctx context.Context, c Claimed, cause error) (time.Duration, error) {
	var e *bcn.Error
	if !errors.As(cause, &e) {
		e = bcn.E(bcn.CodeInternal)
	}
	s.Log.Info("change closed", "change", int64(c.Change.ID), "code", e.Code, "error", cause)
	m := Move{From: c, Event: bcn.EventClose, Code: e.Code, Params: e.Params, Urgent: true}
	if c.Request != nil {
		m.Request = requestEvent(e.Code)
	}
	ended := c.Change
	ended.State, ended.Code, ended.Params = bcn.ChangeClosed, e.Code, e.Params
	m.Notes = s.Speaker.Notes(Moment{Kind: MomentEnded, Change: ended, Request: c.Request, Code: e.Code})
	return s.move(ctx, m)
}

// requestEvent is what becomes of the request of a change that is closed.
func requestEvent(code bcn.Code) bcn.RequestEvent {
	if code == bcn.CodeExpired {
		return bcn.RequestExpire
	}
	return bcn.RequestSupersede
}

// cleaning discards the change sets of an ended change. Names are enough: they
// are made of the change's number.
func (s *Service) cleaning(ctx context.Context, c Claimed) (time.Duration, error) {
	stacks, d, err := s.stacksOf(ctx, c)
	if err != nil {
		return 0, err
	}
	alone, err := s.Store.Alone(ctx, c.Change)
	if err != nil {
		return 0, err
	}
	for _, p := range stacks {
		if err := s.Stacks.Discard(ctx, s.Target(c.Change, d), p, Discarding{Owner: s.Installation, KeepStack: !alone}); err != nil {
			return 0, err
		}
	}
	return 0, s.Store.Discarded(ctx, c)
}
