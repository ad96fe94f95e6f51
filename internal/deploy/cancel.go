package deploy

import (
	"context"
	"errors"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Cancel ends a change that waits, or stops one that runs. Requesters may
// cancel their own; others need a rule for cancel. Errors: unknown_id,
// not_yours, too_late.
func (s *Service) Cancel(ctx context.Context, o Origin, actor bcn.Actor, id bcn.ID) error {
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return err
	}
	if c.Kind.Access() && !c.State.BeforeApplying() {
		return s.Access.Close(ctx, o, actor, id)
	}
	if err := s.mayCancel(ctx, actor, c); err != nil {
		return s.Refuse(ctx, actor, id, "cancel", err)
	}
	// CloudFormation does not stop a deletion, and a secret is written at once.
	if (c.Kind.Deletes() || c.Kind == bcn.KindSecret) && !c.State.BeforeApplying() {
		return bcn.E(bcn.CodeTooLate, "id", id.String())
	}
	event, params := bcn.EventCancel, map[string]string{"by": actor.User}
	if c.State.BeforeApplying() {
		event = bcn.EventClose
	}
	if _, ok := c.State.Next(event); !ok {
		return bcn.E(bcn.CodeTooLate, "id", id.String())
	}
	var notes []Note
	if event == bcn.EventClose && actor.User != c.Requester.User {
		ended := c
		ended.State, ended.Code, ended.Params = bcn.ChangeClosed, bcn.CodeCancelled, params
		notes = s.Speaker.Notes(Moment{Kind: MomentEnded, Change: ended, Code: bcn.CodeCancelled})
	}
	_, err = s.Store.Interrupt(ctx, o, actor.User, id, event, bcn.CodeCancelled, params, notes)
	if err != nil && bcn.CodeOf(err) == bcn.CodeInternal {
		return s.tooLateOr(ctx, id, c.State, err)
	}
	return err
}

// tooLateOr explains a lost race: the change has moved on since it was read.
func (s *Service) tooLateOr(ctx context.Context, id bcn.ID, was bcn.ChangeState, err error) error {
	c, readErr := s.Store.Change(ctx, id)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	if c.State != was {
		// Not wrapped: the conflict is explained, and must not be taken for one
		// of the inbox row.
		return bcn.E(bcn.CodeTooLate, "id", id.String())
	}
	return err
}

func (s *Service) mayCancel(ctx context.Context, actor bcn.Actor, c bcn.Change) error {
	if actor.User != "" && actor.User == c.Requester.User {
		_, err := s.Authz.Person(ctx, actor)
		return err
	}
	_, err := s.ungatedVerdict(ctx, actor, authz.Ask{Verb: "cancel", App: c.App, Env: c.Env, District: c.District})
	if bcn.CodeOf(err) == bcn.CodeNotAllowed {
		return bcn.E(bcn.CodeNotYours, "id", c.ID.String()).Wrap(err)
	}
	return err
}

// ungated judges a verb that acts at once and cannot wait for anybody: a rule
// that gives it only with an approval does not give it. The origin then carries
// what it counts against the limits of rules.
func (s *Service) ungated(ctx context.Context, o Origin, actor bcn.Actor, ask authz.Ask) (Origin, error) {
	v, err := s.ungatedVerdict(ctx, actor, ask)
	return counting(o, actor, ask.Verb, v), err
}

// counting adds to where a command came from what it counts against the limits
// of rules; what stops something is not counted, so that it is never refused.
func counting(o Origin, actor bcn.Actor, verb string, v authz.Verdict) Origin {
	if authz.Stops(verb) {
		return o
	}
	o.Counts = &Counts{By: actor, Uses: uses(bcn.Change{}, v)}
	return o
}

func (s *Service) ungatedVerdict(ctx context.Context, actor bcn.Actor, ask authz.Ask) (authz.Verdict, error) {
	v, err := s.Authz.Judge(ctx, actor, ask)
	if err == nil && v.Gated() {
		err = bcn.E(bcn.CodeNotAllowed, "verb", ask.Verb, "who", approval.Who(v.Needs))
	}
	return v, err
}

// limited writes it down where something was asked for more often than a rule
// allows; other errors are answered as they are.
func (s *Service) limited(ctx context.Context, actor bcn.Actor, id bcn.ID, what string, err error) error {
	if bcn.CodeOf(err) == bcn.CodeLimitReached {
		return s.Refuse(ctx, actor, id, what, err)
	}
	return err
}

// Replay lets a parked or blocked change run again, or the scheduled run that
// has the number.
func (s *Service) Replay(ctx context.Context, o Origin, actor bcn.Actor, id bcn.ID) error {
	c, err := s.Store.Change(ctx, id)
	if bcn.CodeOf(err) == bcn.CodeUnknownID {
		if o, err = s.ungated(ctx, o, actor, authz.Ask{Verb: "parked"}); err != nil {
			return s.Refuse(ctx, actor, id, "replay", err)
		}
		if err := s.limited(ctx, actor, id, "replay", s.Store.UnparkTick(ctx, o, actor.User, id)); !errors.Is(err, ErrNone) {
			return err
		}
		return bcn.E(bcn.CodeUnknownID, "id", id.String())
	}
	if err != nil {
		return err
	}
	if o, err = s.ungated(ctx, o, actor, authz.Ask{Verb: "parked", App: c.App, Env: c.Env, District: c.District}); err != nil {
		return s.Refuse(ctx, actor, id, "replay", err)
	}
	if c.State == bcn.ChangeBlocked {
		_, err = s.Store.Interrupt(ctx, o, actor.User, id, bcn.EventReplay, "", nil, nil)
		return s.limited(ctx, actor, id, "replay", err)
	}
	if !c.Parked {
		return bcn.E(bcn.CodeTooLate, "id", id.String())
	}
	return s.limited(ctx, actor, id, "replay", s.Store.Unpark(ctx, o, actor.User, id))
}

// ReplayCommand lets a stored command that was parked run again, in the name of
// whoever typed it. Errors: not_allowed, unknown_name.
func (s *Service) ReplayCommand(ctx context.Context, o Origin, actor bcn.Actor, mark string) error {
	o, err := s.ungated(ctx, o, actor, authz.Ask{Verb: "parked"})
	if err != nil {
		return s.Refuse(ctx, actor, 0, "replay", err)
	}
	err = s.limited(ctx, actor, 0, "replay", s.Store.UnparkCommand(ctx, o, actor.User, mark))
	if errors.Is(err, ErrNone) {
		return bcn.E(bcn.CodeUnknownName, "what", "command", "name", mark).Wrap(err)
	}
	return err
}

// SetHalt stops all new changes to AWS, or lets them go on.
func (s *Service) SetHalt(ctx context.Context, o Origin, actor bcn.Actor, on bool, reason string) error {
	verb := "resume"
	if on {
		verb = "halt"
	}
	if actor.Kind == bcn.Person {
		var err error
		if o, err = s.ungated(ctx, o, actor, authz.Ask{Verb: verb}); err != nil {
			return s.Refuse(ctx, actor, 0, verb, err)
		}
	}
	return s.limited(ctx, actor, 0, verb, s.Store.SetHalt(ctx, o, who(actor), on, reason))
}

// Withdraw ends a change in bcn's own name, such as one that runs longer than
// its schedule allows. Errors: too_late.
func (s *Service) Withdraw(ctx context.Context, id bcn.ID, code bcn.Code, params map[string]string) error {
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return err
	}
	event := bcn.EventCancel
	if c.State.BeforeApplying() {
		event = bcn.EventClose
	}
	if _, ok := c.State.Next(event); !ok {
		return bcn.E(bcn.CodeTooLate, "id", id.String())
	}
	_, err = s.Store.Interrupt(ctx, Origin{}, bcn.SystemIdentity, id, event, code, params, nil)
	return err
}
