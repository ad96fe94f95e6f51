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

// DeputyStore keeps who stands for whom while they are away.
type DeputyStore interface {
	// NameDeputy stores that d.Deputy may decide for d.Absent until d.Until, in
	// place of an older word for the same two, and settles the origin's inbox
	// row. It answers it with the moment from which it holds. Errors:
	// deputy_time where Until is over.
	NameDeputy(ctx context.Context, o Origin, d bcn.Deputation, notes []Note) (bcn.Deputation, error)
	// RemoveDeputies ends whoever stands for absent, or deputy alone where it is
	// not empty, and answers what was ended.
	RemoveDeputies(ctx context.Context, o Origin, actor, absent, deputy string, notes func(gone []bcn.Deputation) []Note) ([]bcn.Deputation, error)
	// Deputies answers what held at a moment and was not removed since; the zero
	// time is now, by the database.
	Deputies(ctx context.Context, at time.Time) ([]bcn.Deputation, error)
}

// ballot reads, after the click arrived, as whom a person's answer counts: for
// themselves, or else for an absent person whose deputy they are, who is in the
// teams now. It answers the requester's accounts too, with which they compare.
func (s *Service) ballot(ctx context.Context, r bcn.Request, actor bcn.Actor, v bcn.Verdict) (approval.Ballot, []string, error) {
	teams := approval.Deciding(r)
	me, err := s.Authz.About(r.Matter).OutsideVoter(ctx, actor, teams, r.Outside)
	own := approval.Ballot{Person: actor.User, Verdict: v, Teams: me.Teams, Accounts: me.Accounts}
	if err != nil {
		return own, r.Accounts, err
	}
	if r.Accounts, err = s.Authz.Accounts(ctx, r.Requester); err != nil {
		return own, r.Accounts, err
	}
	r = approval.Widened(r, s.Authz.Now())
	if approval.Helps(r, own) {
		return own, r.Accounts, nil
	}
	all, err := s.Store.Deputies(ctx, time.Time{})
	if err != nil {
		return own, r.Accounts, err
	}
	var stand []approval.Standing
	for _, d := range all {
		if d.Deputy != actor.User || d.Absent == r.Requester {
			continue
		}
		them, err := s.voterStill(ctx, d.Absent, actor.Team, r)
		if err != nil {
			return own, r.Accounts, err
		}
		stand = append(stand, approval.Standing{Absent: d.Absent, Teams: them.Teams, Accounts: them.Accounts})
	}
	return approval.Choose(r, own, stand), r.Accounts, nil
}

// stillCounts reads again as what a recorded approval counts: the teams that
// the person is in now, or whoever they stood for. Somebody who is no longer
// anybody counts for nothing, and neither does a deputy who was removed.
func (s *Service) stillCounts(ctx context.Context, r bcn.Request, d bcn.Decision, home string) (approval.Ballot, error) {
	b := approval.Ballot{Person: d.Person, For: d.For, Verdict: d.Verdict}
	own, err := s.Authz.About(r.Matter).OutsideVoter(ctx, bcn.Actor{Kind: bcn.Person, User: d.Person, Team: home}, approval.Deciding(r), r.Outside)
	if refused(err) {
		return b, nil
	}
	// What was known of them when they decided still makes them that person.
	b.Accounts = slices.Concat(d.Accounts, own.Accounts)
	if d.For == "" {
		b.Teams = own.Teams
	}
	if err != nil || d.For == "" {
		return b, err
	}
	then, err := s.Store.Deputies(ctx, d.At)
	if err != nil || !slices.ContainsFunc(then, func(x bcn.Deputation) bool { return x.Absent == d.For && x.Deputy == d.Person }) {
		return b, err
	}
	absent, err := s.voterStill(ctx, d.For, home, r)
	b.Accounts = append(b.Accounts, absent.Accounts...)
	if len(absent.Teams) > 0 {
		b.Teams = approval.Lent(r, own.Teams, absent.Teams)
	}
	return b, err
}

// voterStill answers as what somebody who does not act now counts for a request:
// a refused person is in no team.
func (s *Service) voterStill(ctx context.Context, user, home string, r bcn.Request) (authz.Voter, error) {
	v, err := s.Authz.About(r.Matter).OutsideVoter(ctx, bcn.Actor{Kind: bcn.Person, User: user, Team: home}, approval.Deciding(r), r.Outside)
	if refused(err) {
		return authz.Voter{}, nil
	}
	return v, err
}

func refused(err error) bool {
	var e *bcn.Error
	return errors.As(err, &e) && e.Code == bcn.CodeRefusedPerson
}
