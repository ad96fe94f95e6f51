package deploy

import (
	"context"
	"maps"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

// AskedOf is a change as locks and freezes look at it; envs are those that its
// district serves.
func AskedOf(c bcn.Change, envs []string) guard.Asked {
	return guard.Asked{Kind: c.Kind, App: c.App, Env: c.Env, Envs: envs, By: c.Requester, Clock: c.Tick != 0}
}

// waitingTurn plans a change when its turn has come and nothing holds it. Whether
// the rules let somebody break the glass is known once it is planned.
func (s *Service) waitingTurn(ctx context.Context, c Claimed) (time.Duration, error) {
	if w, held := c.behind(); held && !c.Wish.BreakGlass {
		return s.move(ctx, s.heldBy(c, w, 0))
	}
	return s.move(ctx, Move{From: c, Event: bcn.EventTurn})
}

// behind answers what a change waits behind; false: nothing.
func (c Claimed) behind() (guard.Wait, bool) {
	return guard.Behind(c.Holds, AskedOf(c.Change, c.Envs), c.Now)
}

// overriding says what all somebody who breaks the glass goes through, to those
// who are told of that, and to whose it is.
func (s *Service) overriding(c Claimed) (overrode []string, notes []Note) {
	for _, w := range guard.AllBehind(c.Holds, AskedOf(c.Change, c.Envs), c.Now) {
		overrode = append(overrode, w.Hold.String())
		notes = append(notes, s.Speaker.Notes(Moment{Kind: MomentOverrode, Change: c.Change, Wish: c.Wish, Hold: &w.Hold})...)
	}
	return overrode, notes
}

// heldBy keeps a change where it is, with what it waits behind. Who holds it is
// told, once.
func (s *Service) heldBy(c Claimed, w guard.Wait, again time.Duration) Move {
	m := Move{From: c, HeldBy: w.Hold.ID, Code: w.Code, Params: w.Params, Again: again}
	m.Quiet = c.Change.HeldBy == w.Hold.ID && c.Change.Code == w.Code && maps.Equal(c.Change.Params, w.Params)
	m.Notes = s.Speaker.Notes(Moment{Kind: MomentHeld, Change: c.Change, Wish: c.Wish, Hold: &w.Hold})
	return m
}

// lockAfterRollback is the lock that a rollback leaves: what comes next by the
// clock or from CI would else undo it. It is the person's who went back.
func lockAfterRollback(r running) *bcn.Hold {
	c := r.Change
	if c.Kind != bcn.KindRollback || c.Requester.Kind != bcn.Person || c.Requester.Via != "" || c.Tick != 0 {
		return nil
	}
	return &bcn.Hold{
		Kind: bcn.HoldLock, App: c.App, Env: c.Env, Owner: c.Requester.User, Reason: c.Reason, Change: c.ID,
		From: r.plan.BaseRelease, To: r.plan.Restores,
	}
}
