package deploy

import (
	"context"
	"slices"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// To take away somebody else's lock is a change like any other, with nothing of
// AWS in it: the plan names the lock, those approve it whom the rule for unlock
// names, and it is done when it is applied. The lock's owner decides it, too:
// their yes lifts the lock at once, their no ends the request.

// describeUnlock finds the lock that somebody wants to be taken away.
func (s *Service) describeUnlock(ctx context.Context, c bcn.Change) (bcn.Change, error) {
	lock, err := s.lockOf(ctx, c.App, c.Env)
	if err == nil && lock.Owner == c.Requester.User {
		err = bcn.E(bcn.CodeOwnLock, "app", c.App, "env", c.Env)
	}
	return c, err
}

// lockOf answers the lock of an app in an environment, or not_locked.
func (s *Service) lockOf(ctx context.Context, app, env string) (bcn.Hold, error) {
	all, err := s.Store.Holds(ctx)
	if err != nil {
		return bcn.Hold{}, err
	}
	at := slices.IndexFunc(all, func(h bcn.Hold) bool { return h.Kind == bcn.HoldLock && h.App == app && h.Env == env })
	if at < 0 {
		return bcn.Hold{}, bcn.E(bcn.CodeNotLocked, "app", app, "env", env)
	}
	return all[at], nil
}

// planUnlock names the lock that is taken away.
func (s *Service) planUnlock(ctx context.Context, c Claimed) (bcn.Plan, error) {
	h, err := s.bound(ctx, c.Change.App, c.Change.Env)
	if err != nil {
		return bcn.Plan{}, err
	}
	d, err := s.district(ctx, h.District)
	if err != nil {
		return bcn.Plan{}, err
	}
	lock, err := s.lockOf(ctx, h.App, h.Env)
	return bcn.Plan{App: h.App, Env: h.Env, Heritage: h.Name, District: d, Lock: &lock}, err
}

// sameLock says that the lock is still the one that the plan names.
func (s *Service) sameLock(ctx context.Context, p bcn.Plan) error {
	lock, err := s.lockOf(ctx, p.App, p.Env)
	if err == nil && (lock.ID != p.Lock.ID || lock.Owner != p.Lock.Owner) {
		return bcn.E(bcn.CodePlanMoved, "moved", "lock")
	}
	return err
}

// takesApproval makes sure that nobody takes a lock away alone: where the rule
// names no approvers, they are those of Authorizer.Approvers.
func (s *Service) takesApproval(ask authz.Ask, v authz.Verdict) authz.Verdict {
	if ask.Verb != string(bcn.KindUnlock) || v.Gated() {
		return v
	}
	return v.ApprovedBy(s.Authz.Approvers(ask))
}

// ownsLock says that a request that waits is to take away the actor's own lock.
func (s *Service) ownsLock(ctx context.Context, actor bcn.Actor, c bcn.Change, r bcn.Request) (bool, error) {
	if c.Kind != bcn.KindUnlock || r.State != bcn.RequestPending || actor.Kind != bcn.Person || actor.User == r.Requester {
		return false, nil
	}
	lock, err := s.lockOf(ctx, c.App, c.Env)
	if bcn.CodeOf(err) == bcn.CodeNotLocked {
		return false, nil
	}
	return err == nil && lock.Owner == actor.User, err
}

// ownerDecides lets the owner of a lock answer who wants it taken away; false:
// the change is not about a lock of theirs.
func (s *Service) ownerDecides(ctx context.Context, o Origin, actor bcn.Actor, c bcn.Change, r bcn.Request, v bcn.Verdict, reason string) (bool, Decided, error) {
	owns, err := s.ownsLock(ctx, actor, c, r)
	if err != nil || !owns {
		return false, Decided{}, err
	}
	if _, err := s.Authz.Person(ctx, actor); err != nil {
		return true, Decided{}, s.Refuse(ctx, actor, c.ID, string(v), err)
	}
	if v == bcn.Approve {
		_, _, err = s.Lift(ctx, o, actor, bcn.HoldLock, c.App, c.Env) // which ends the request
	} else {
		params := map[string]string{"by": actor.User, "reason": reason}
		ended := c
		ended.State, ended.Code, ended.Params = bcn.ChangeClosed, bcn.CodeRejected, params
		notes := s.Speaker.Notes(Moment{Kind: MomentEnded, Change: ended, Request: &r, Code: bcn.CodeRejected})
		_, err = s.Store.Interrupt(ctx, o, actor.User, c.ID, bcn.EventClose, bcn.CodeRejected, params, notes)
	}
	if err != nil {
		return true, Decided{}, err
	}
	r, err = s.Store.Request(ctx, c.ID)
	return true, Decided{Request: r, Complete: true}, err
}
