package grant

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// End ends a grant for its requester, one who may approve it, or an
// administrator; see commands.Access.
func (s *Service) End(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) (bcn.ID, error) {
	if id == 0 {
		var err error
		if id, err = s.only(ctx, actor); err != nil {
			return 0, err
		}
	}
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return id, err
	}
	if !c.Kind.Access() {
		return id, bcn.E(bcn.CodeUnknownID, "id", id.String())
	}
	if c.State.BeforeApplying() {
		return id, s.Changes.Cancel(ctx, o, actor, id)
	}
	return id, s.Close(ctx, o, actor, id)
}

// only is the one grant that the actor has.
func (s *Service) only(ctx context.Context, actor bcn.Actor) (bcn.ID, error) {
	all, err := s.Store.OpenGrants(ctx)
	if err != nil {
		return 0, err
	}
	var mine []string
	var id bcn.ID
	for _, g := range all {
		if g.Person == actor.User && g.State.Open() {
			mine, id = append(mine, g.ID.String()), g.ID
		}
	}
	switch len(mine) {
	case 0:
		return 0, bcn.E(bcn.CodeNoGrant)
	case 1:
		return id, nil
	default:
		return 0, bcn.E(bcn.CodeSeveralGrants, "ids", strings.Join(mine, ", "))
	}
}

// Close ends a running grant; see deploy.Access. Whoever has it may always end
// it: nothing is asked that could be out of reach.
func (s *Service) Close(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error {
	g, err := s.Store.Grant(ctx, id)
	if errors.Is(err, deploy.ErrNone) {
		return bcn.E(bcn.CodeTooLate, "id", id.String()).Wrap(err)
	}
	if err != nil {
		return err
	}
	why := bcn.WhyDone
	if actor.User != g.Person {
		why = bcn.WhyEnded
		if err := s.mayEnd(ctx, actor, id); err != nil {
			return s.Changes.Refuse(ctx, actor, id, "end access", err)
		}
	}
	_, err = s.Store.Touch(ctx, o, id, func(c deploy.Claimed) (deploy.Move, error) {
		r, err := open(c)
		if err != nil {
			return deploy.Move{}, err
		}
		if !r.grant.State.Open() {
			return deploy.Move{}, bcn.E(bcn.CodeGrantOver, "id", id.String(), "state", string(r.grant.State))
		}
		return r.overMove(why, actor.User, nil), nil
	})
	return err
}

// Vouch is an administrator's word that nothing of a grant is open that bcn
// cannot close or cannot see closed; see commands.Access.
func (s *Service) Vouch(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error {
	in, err := s.Authz.Eligible(ctx, actor, []string{s.Administrators})
	if err == nil && len(in) == 0 {
		err = bcn.E(bcn.CodeNotYours, "id", id.String())
	}
	if err != nil {
		return s.Changes.Refuse(ctx, actor, id, "settle access", err)
	}
	if _, err := s.Store.Grant(ctx, id); errors.Is(err, deploy.ErrNone) {
		return bcn.E(bcn.CodeUnknownID, "id", id.String()).Wrap(err)
	} else if err != nil {
		return err
	}
	_, err = s.Store.Touch(ctx, o, id, func(c deploy.Claimed) (deploy.Move, error) {
		if c.Grant.State != bcn.GrantEndFailed {
			return deploy.Move{}, bcn.E(bcn.CodeTooLate, "id", id.String())
		}
		g, now := *c.Grant, c.Now
		g.By, g.VerifiedAt, g.SweptAt = actor.User, &now, &now
		return deploy.Move{
			Event: bcn.EventSucceed, Grant: &deploy.GrantMove{Event: bcn.GrantSettle, Row: g}, Urgent: true,
			Audit: map[string]any{"actor": actor.User},
		}, nil
	})
	return err
}

// mayEnd reads afresh whether somebody else may end a grant.
func (s *Service) mayEnd(ctx context.Context, actor bcn.Actor, id bcn.ID) error {
	teams := []string{s.Administrators}
	r, err := s.Store.Request(ctx, id)
	if err != nil && !errors.Is(err, deploy.ErrNone) {
		return err
	}
	if err == nil {
		teams = append(teams, approval.Teams(r.Needs)...)
	}
	in, err := s.Authz.About(r.Matter).Eligible(ctx, actor, slices.Compact(slices.Sorted(slices.Values(teams))))
	if err == nil && len(in) == 0 {
		return bcn.E(bcn.CodeNotYours, "id", id.String())
	}
	return err
}

// stillExtends refuses an extension of what somebody else has ended: it was to
// end at once, and not to go on.
func (s *Service) stillExtends(ctx context.Context, c bcn.Change, p bcn.Plan) error {
	if p.Access.Extends == 0 {
		return nil
	}
	old, err := s.Store.Grant(ctx, p.Access.Extends)
	if err != nil {
		return err
	}
	if old.Why == bcn.WhyEnded || old.Why == bcn.WhyRemoved {
		return bcn.E(bcn.CodeAccessRemoved, "id", c.ID.String())
	}
	return nil
}

// Extend asks for more time on what a grant opens; see commands.Access.
func (s *Service) Extend(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID, by time.Duration) (deploy.Asked, error) {
	c, _, _, err := s.read(ctx, id)
	if err != nil {
		return deploy.Asked{}, err
	}
	o.Channel, o.Thread = c.Channel, c.Thread // its card is not for the direct message with the button
	return s.Changes.Ask(ctx, o, actor, deploy.Wish{Kind: c.Kind, Access: &deploy.AccessWish{Extends: id, For: by}})
}
