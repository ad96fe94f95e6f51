package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The moments of deputies.
const (
	MomentDeputyNamed   MomentKind = "deputy_named"
	MomentDeputyRemoved MomentKind = "deputy_removed"
)

// Deputizing is what became of a deputy.
type Deputizing struct {
	bcn.Deputation
	By string // who removed them: Slack user id
}

// MaxDeputy is how long somebody may stand for another at most, by one word.
const MaxDeputy = 31 * 24 * time.Hour

// NameDeputy lets deputy decide in the actor's place until a time. The actor
// must be one who may approve something, and deputy somebody whose word counts.
// Errors: deputy_self, deputy_time, no_approves, refused_person, could_not_check.
func (s *Service) NameDeputy(ctx context.Context, o Origin, actor bcn.Actor, deputy string, until time.Time) (bcn.Deputation, error) {
	d := bcn.Deputation{Absent: actor.User, Deputy: deputy, Until: until}
	err := s.mayName(ctx, actor, d)
	if err == nil {
		err = s.mayStand(ctx, bcn.Actor{Kind: bcn.Person, User: deputy, Team: actor.Team})
	}
	if err != nil {
		return d, s.Refuse(ctx, actor, 0, "approvals deputy", err)
	}
	return s.Store.NameDeputy(ctx, o, d, s.Speaker.Notes(Moment{Kind: MomentDeputyNamed, Deputy: &Deputizing{Deputation: d}}))
}

// mayStand refuses a deputy from whom nothing is taken; the refusal says that
// it is about them, and not about who named them.
func (s *Service) mayStand(ctx context.Context, deputy bcn.Actor) error {
	_, err := s.Authz.Person(ctx, deputy)
	if refused(err) {
		var e *bcn.Error
		errors.As(err, &e)
		return bcn.E(bcn.CodeRefusedPerson, "why", e.Params["why"], "deputy", deputy.User).Wrap(err)
	}
	return err
}

func (s *Service) mayName(ctx context.Context, actor bcn.Actor, d bcn.Deputation) error {
	if d.Deputy == d.Absent {
		return bcn.E(bcn.CodeDeputySelf)
	}
	if d.Until.Sub(s.Authz.Now()) > MaxDeputy {
		return bcn.E(bcn.CodeDeputyTime, "most", MaxDeputy.String())
	}
	teams := s.Authz.Approving()
	in, err := s.Authz.Eligible(ctx, actor, teams)
	if err == nil && len(in) == 0 {
		err = bcn.E(bcn.CodeNoApproves, "who", strings.Join(teams, ", "))
	}
	return err
}

// AllDeputies answers who stands for whom now, the one that ends first in front.
func (s *Service) AllDeputies(ctx context.Context) ([]bcn.Deputation, error) {
	return s.Store.Deputies(ctx, time.Time{})
}

// RemoveDeputy ends that somebody stands for absent (empty: the actor): deputy,
// or whoever does where it is empty. It may be done by the absent person, the
// deputy themselves and administrators. Errors: no_deputy, not_allowed,
// refused_person, could_not_check.
func (s *Service) RemoveDeputy(ctx context.Context, o Origin, actor bcn.Actor, deputy, absent string) ([]bcn.Deputation, error) {
	if absent == "" {
		absent = actor.User
	}
	admin := []string{"admins"}
	in, err := s.Authz.Eligible(ctx, actor, admin)
	if actor.User == absent || actor.User == deputy {
		_, err = s.Authz.Person(ctx, actor)
	} else if err == nil && !slices.Equal(in, admin) {
		err = bcn.E(bcn.CodeNotAllowed, "verb", "approvals deputy remove", "who", admin[0])
	}
	if err != nil {
		return nil, s.Refuse(ctx, actor, 0, "approvals deputy remove", err)
	}
	gone, err := s.Store.RemoveDeputies(ctx, o, actor.User, absent, deputy, func(gone []bcn.Deputation) []Note {
		var notes []Note
		for _, d := range gone {
			notes = append(notes, s.Speaker.Notes(Moment{Kind: MomentDeputyRemoved, Deputy: &Deputizing{d, actor.User}})...)
		}
		return notes
	})
	if err == nil && len(gone) == 0 {
		err = bcn.E(bcn.CodeNoDeputy, "who", absent)
	}
	return gone, err
}
