package deploy

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Decides answers on which of the requests the actor's word would count now. It
// is for lists: what it reads may be a minute old, and Decide reads it again.
// Errors: refused_person, could_not_check.
func (s *Service) Decides(ctx context.Context, actor bcn.Actor, pending []bcn.Request) (map[bcn.ID]bool, error) {
	out := map[bcn.ID]bool{}
	if len(pending) == 0 {
		return out, nil
	}
	alike := map[bcn.Matter][]bcn.Request{}
	for _, r := range pending {
		alike[r.Matter] = append(alike[r.Matter], r)
	}
	for _, of := range alike {
		if err := s.decidesAlike(ctx, actor, of, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// decidesAlike is Decides of requests about one matter.
func (s *Service) decidesAlike(ctx context.Context, actor bcn.Actor, pending []bcn.Request, out map[bcn.ID]bool) error {
	var teams []string
	for _, r := range pending {
		teams = append(teams, approval.Deciding(r)...)
	}
	slices.Sort(teams)
	teams = slices.Compact(teams)
	judge := s.Authz.About(pending[0].Matter)
	own, err := judge.RecentVoter(ctx, actor, teams)
	if err != nil {
		return err
	}
	stand, err := s.standsFor(ctx, judge, actor, teams)
	if err != nil {
		return err
	}
	now := s.Authz.Now()
	for _, r := range pending {
		r = approval.Widened(r, now)
		b := approval.Choose(r, approval.Ballot{Person: actor.User, Verdict: bcn.Approve, Teams: own.Teams, Accounts: own.Accounts}, stand)
		out[r.ID] = approval.Helps(r, b)
	}
	return nil
}

// MayDecide says whether Decide would take the actor's word on a request now,
// and records nothing but a refusal. It is for windows: Decide asks again.
// Errors: as Decide.
func (s *Service) MayDecide(ctx context.Context, actor bcn.Actor, id bcn.ID, v bcn.Verdict) error {
	r, err := s.Store.Request(ctx, id)
	if errors.Is(err, ErrNone) {
		return bcn.E(bcn.CodeUnknownID, "id", id.String()).Wrap(err)
	}
	if err != nil {
		return err
	}
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return err
	}
	if owns, err := s.ownsLock(ctx, actor, c, r); err != nil || owns {
		return err
	}
	ballot, asker, err := s.ballot(ctx, r, actor, v)
	if err == nil && v == bcn.Approve {
		err = s.decidable(ctx, c)
	}
	if err == nil {
		r.Accounts = asker
		_, err = approval.Decide(r, ballot, s.Authz.Now())
	}
	if err != nil {
		return s.Refuse(ctx, actor, id, string(v), err)
	}
	return nil
}

// Missing are the needs of a request that its recorded approvals do not fill.
func Missing(r bcn.Request) []bcn.Need { return approval.Remaining(r, approval.Approvals(r)) }

// standsFor answers for whom the actor may decide now, and in which teams these
// are.
func (s *Service) standsFor(ctx context.Context, judge *authz.Authorizer, actor bcn.Actor, teams []string) ([]approval.Standing, error) {
	all, err := s.Store.Deputies(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	var stand []approval.Standing
	for _, d := range all {
		if d.Deputy != actor.User {
			continue
		}
		them, err := judge.RecentVoter(ctx, bcn.Actor{Kind: bcn.Person, User: d.Absent, Team: actor.Team}, teams)
		if refused(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		stand = append(stand, approval.Standing{Absent: d.Absent, Teams: them.Teams, Accounts: them.Accounts})
	}
	return stand, nil
}
