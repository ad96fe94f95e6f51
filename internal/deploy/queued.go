package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// haltPoll is how often a queued change looks whether bcn was resumed, beside
// being told.
const haltPoll = 5 * time.Second

// Early makes a long pause end before its time, and the rest a short one: the
// queue wakes long pauses only every five seconds.
func Early(d time.Duration) time.Duration {
	const coarse = 5 * time.Second
	if d <= coarse {
		return d
	}
	return max(d-coarse, coarse-time.Second)
}

// queued checks once more that what would run is what was approved, and then
// starts it. What has moved supersedes the change: nothing of it runs.
func (s *Service) queued(ctx context.Context, c Claimed) (time.Duration, error) {
	if c.Halt.On {
		return s.move(ctx, Move{From: c, Again: haltPoll, Quiet: true})
	}
	if at := c.Change.NotBefore; at != nil && c.Now.Before(*at) {
		return s.move(ctx, Move{From: c, Again: Early(at.Sub(c.Now)), Quiet: true})
	}
	if c.Held { // the tick decides when its time has come, and tells
		return s.move(ctx, Move{From: c, Again: haltPoll, Quiet: true})
	}
	p, err := planOf(c)
	if err != nil {
		return 0, err
	}
	w, held := c.behind()
	if held && p.BreakGlass == nil {
		return s.move(ctx, s.heldBy(c, w, haltPoll))
	}
	// The row says what the plan says, and begins at its beginning: what is not
	// under the hash cannot steer what is.
	if p.Kind != c.Change.Kind || p.Subject != c.Change.Subject || c.Change.Step != 0 || c.Phase != PhaseApply {
		return 0, bcn.E(bcn.CodeTampered, "what", "change")
	}
	if err := s.StillApproved(ctx, c, p); err != nil {
		return 0, err
	}
	if err := s.stillSame(ctx, c, p); err != nil {
		return 0, err
	}
	m := Move{From: c, Event: bcn.EventStart, Again: time.Millisecond, Audit: map[string]any{"hash": c.Plan.Hash}}
	if c.Request != nil {
		m.Request = bcn.RequestStart
	}
	m.Notes = s.Speaker.Notes(Moment{Kind: MomentStarted, Change: c.Change, Plan: &p, Request: c.Request})
	if c.Change.Kind.Access() {
		g, err := s.Access.Begin(c, p)
		if err != nil {
			return 0, err
		}
		m.Grant = &GrantMove{New: true, Row: g}
		m.Notes = s.Speaker.Notes(Moment{Kind: MomentGranted, Change: c.Change, Plan: &p, Request: c.Request, Grant: &g})
	}
	var overrode []string
	if held {
		var notes []Note
		overrode, notes = s.overriding(c)
		m.Notes = append(m.Notes, notes...)
	}
	if err := s.breaking(ctx, c, p, &m, overrode); err != nil {
		return 0, err
	}
	_, err = s.Store.Start(ctx, m, func(other bcn.Change) []Note {
		other.State, other.Code = bcn.ChangeClosed, bcn.CodeSuperseded
		other.Params = map[string]string{"id": other.ID.String(), "by": c.Change.ID.String()}
		return s.Speaker.Notes(Moment{Kind: MomentSuperseded, Change: other, Code: bcn.CodeSuperseded})
	})
	if err != nil {
		return s.notStarted(ctx, c, err)
	}
	return m.Again, nil
}

// notStarted looks again at what is kept from starting since it was claimed.
func (s *Service) notStarted(ctx context.Context, c Claimed, err error) (time.Duration, error) {
	switch code := bcn.CodeOf(err); {
	case errors.Is(err, ErrBusy):
		return 0, bcn.E(bcn.CodePlanMoved, "moved", "release").Wrap(err)
	case code == bcn.CodeHalted:
		return s.move(ctx, Move{From: c, Again: haltPoll, Quiet: true})
	case code == bcn.CodeLocked, code == bcn.CodeFrozen:
		return s.move(ctx, Move{From: c, Again: time.Millisecond, Quiet: true})
	default:
		return 0, err
	}
}

// stillSame reads every change set and its template again and compares them,
// byte for byte, with the plan that was hashed; and the release that the plan
// was made on.
func (s *Service) stillSame(ctx context.Context, c Claimed, p bcn.Plan) error {
	t := s.Target(c.Change, p.District)
	if p.Secret != nil {
		return s.sameSecret(ctx, t, p)
	}
	if p.Lock != nil {
		return s.sameLock(ctx, p)
	}
	for _, sp := range p.Stacks { // also those that stay: they may have been changed meanwhile
		now, err := s.Stacks.Reread(ctx, t, sp)
		if err != nil {
			return err
		}
		now.Previous = sp.Previous
		if !sameBytes(sp, now) {
			return bcn.E(bcn.CodePlanMoved, "moved", stackMoved(sp, now))
		}
	}
	if err := s.stillFree(ctx, c); err != nil {
		return err
	}
	if err := s.stillFreeRules(ctx, t, p); err != nil {
		return err
	}
	if err := s.sameRun(ctx, t, p); err != nil || p.Heritage == "" {
		return err
	}
	last, _, err := s.Store.LastRelease(ctx, p.Heritage)
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if last.Number != p.BaseRelease {
		return bcn.E(bcn.CodePlanMoved, "moved", "release")
	}
	return nil
}

func sameBytes(a, b bcn.StackPlan) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
