package deploy

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// admins is the team whose members may lift anybody's lock.
const admins = "admins"

// HoldWish is a lock or a freeze that somebody wants.
type HoldWish struct {
	Kind     bcn.HoldKind
	App, Env string // of a lock both; of a freeze Env, empty for all
	Reason   string
	For      time.Duration // 0: until it is lifted
}

// HoldView is a lock or a freeze with the changes that wait behind it, oldest
// first.
type HoldView struct {
	Hold    bcn.Hold
	Channel string // of the app that is locked; empty: it has none of its own
	Waiting []bcn.Change
}

// HoldDone is what became of a wish.
type HoldDone struct {
	HoldView
	Changed bool // the actor's own was there: its reason and end are what was said now
}

// HoldStore keeps locks and freezes. internal/store implements it; each method
// is one transaction.
type HoldStore interface {
	// Hold locks or freezes from now on: a change that starts later waits. The
	// actor's own hold gets the wish's reason and end. Errors: lock_owned,
	// freeze_owned where it is another's.
	Hold(ctx context.Context, o Origin, actor string, w HoldWish, notes func(HoldDone) []Note) (HoldDone, error)
	// Lift ends a hold and lets go on what waited behind it. ErrMoved: it is
	// over already.
	Lift(ctx context.Context, o Origin, actor string, id bcn.ID, notes func(HoldView) []Note) (HoldView, error)
	// Holds answers what holds now, the oldest first.
	Holds(ctx context.Context) ([]bcn.Hold, error)
	// HoldViews answers the same, with what waits behind each.
	HoldViews(ctx context.Context) ([]HoldView, error)
	// SweepHolds writes down which holds are over, lets go on what waited, and
	// reminds the owners of others when it is time; over is false then. It
	// answers how many holds it wrote.
	SweepHolds(ctx context.Context, notes func(v HoldView, over bool) []Note) (int, error)
}

// Lock locks an app in an environment; repeated by its owner it changes reason
// and end. Errors: not_allowed, unknown_app, unknown_env, lock_owned,
// reason_required, reason_too_long.
func (s *Service) Lock(ctx context.Context, o Origin, actor bcn.Actor, w HoldWish) (HoldDone, error) {
	h, err := s.bound(ctx, w.App, w.Env)
	if err != nil {
		return HoldDone{}, s.toKnown(ctx, actor, "lock", err)
	}
	w.Kind = bcn.HoldLock
	return s.hold(ctx, o, actor, w, authz.Ask{Verb: "lock", App: w.App, Env: w.Env, District: h.District})
}

// Freeze freezes an environment, or all where Env is empty. Errors: as Lock,
// unknown_name, freeze_owned.
func (s *Service) Freeze(ctx context.Context, o Origin, actor bcn.Actor, w HoldWish) (HoldDone, error) {
	if err := s.knownEnv(ctx, w.Env); err != nil {
		return HoldDone{}, s.toKnown(ctx, actor, "freeze", err)
	}
	w.Kind, w.App = bcn.HoldFreeze, ""
	return s.hold(ctx, o, actor, w, authz.Ask{Verb: "freeze", Env: w.Env})
}

func (s *Service) hold(ctx context.Context, o Origin, actor bcn.Actor, w HoldWish, ask authz.Ask) (HoldDone, error) {
	v, err := s.ungatedVerdict(ctx, actor, ask)
	if err == nil {
		err = s.demanded(ctx, bcn.Change{Requester: actor, Reason: w.Reason}, v)
	}
	if err != nil {
		return HoldDone{}, s.Refuse(ctx, actor, 0, ask.Verb, err)
	}
	d, err := s.Store.Hold(ctx, counting(o, actor, ask.Verb, v), actor.User, w, func(d HoldDone) []Note {
		kind := MomentHoldSet
		if d.Changed {
			kind = MomentHoldChanged
		}
		return s.Speaker.Notes(Moment{Kind: kind, Hold: &d.Hold, By: actor.User, Waiting: d.Waiting, Channel: d.Channel})
	})
	return d, s.limited(ctx, actor, 0, ask.Verb, err)
}

// knownEnv refuses an environment that no district serves.
func (s *Service) knownEnv(ctx context.Context, env string) error {
	if env == "" {
		return nil
	}
	all, err := s.Store.Districts(ctx)
	if err != nil {
		return err
	}
	var known []string
	for _, d := range all {
		known = append(known, d.Environments...)
	}
	if slices.Contains(known, env) {
		return nil
	}
	return bcn.E(bcn.CodeUnknownName, "what", "environment", "name", env)
}

// Lift unlocks or thaws, for the owner and for administrators; false: there was
// nothing to lift. Errors: lock_owned, freeze_owned, refused_person,
// could_not_check.
func (s *Service) Lift(ctx context.Context, o Origin, actor bcn.Actor, kind bcn.HoldKind, app, env string) (HoldView, bool, error) {
	all, err := s.Store.Holds(ctx)
	if err != nil {
		return HoldView{}, false, err
	}
	at := slices.IndexFunc(all, func(h bcn.Hold) bool { return h.Kind == kind && h.App == app && h.Env == env })
	if at < 0 {
		return HoldView{}, false, s.toKnown(ctx, actor, "lift", nil)
	}
	if err := s.mayLift(ctx, actor, all[at]); err != nil {
		return HoldView{}, false, s.Refuse(ctx, actor, 0, "lift", err)
	}
	v, err := s.Store.Lift(ctx, o, actor.User, all[at].ID, func(v HoldView) []Note {
		return s.Speaker.Notes(Moment{Kind: MomentHoldLifted, Hold: &v.Hold, By: actor.User, Waiting: v.Waiting, Channel: v.Channel})
	})
	if errors.Is(err, ErrMoved) {
		return v, false, nil
	}
	return v, err == nil, err
}

// mayLift lets the owner and administrators pass.
func (s *Service) mayLift(ctx context.Context, actor bcn.Actor, h bcn.Hold) error {
	if actor.Kind == bcn.Person && actor.User != "" && actor.User == h.Owner {
		_, err := s.Authz.Person(ctx, actor)
		return err
	}
	teams, err := s.Authz.Eligible(ctx, actor, []string{admins})
	if err != nil || len(teams) > 0 {
		return err
	}
	return HoldOwned(h)
}

// HoldOwned says whose a hold is, and what somebody else can do.
func HoldOwned(h bcn.Hold) error {
	if h.Kind == bcn.HoldFreeze {
		return bcn.E(bcn.CodeFreezeOwned, "env", h.Env, "by", h.Owner)
	}
	return bcn.E(bcn.CodeLockOwned, "app", h.App, "env", h.Env, "by", h.Owner)
}

// SweepHolds ends holds whose time is over and reminds owners; it answers how
// many.
func (s *Service) SweepHolds(ctx context.Context) (int, error) {
	return s.Store.SweepHolds(ctx, func(v HoldView, over bool) []Note {
		kind := MomentHoldReminder
		if over {
			kind = MomentHoldOver
		}
		return s.Speaker.Notes(Moment{Kind: kind, Hold: &v.Hold, Waiting: v.Waiting, Channel: v.Channel})
	})
}

// HoldViews answers what holds now and what waits, the oldest first.
func (s *Service) HoldViews(ctx context.Context) ([]HoldView, error) { return s.Store.HoldViews(ctx) }
