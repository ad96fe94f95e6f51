package authz

import (
	"context"
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// Why says in which respect a rule is not about what is asked; Matches: it is.
type Why string

// The respects, in the order in which a rule is read.
const (
	Matches        Why = ""
	NotVerb        Why = "verb"
	NotEnv         Why = "environment"
	NotApp         Why = "app"
	NotDistrict    Why = "district"
	NotDestructive Why = "destructive"
	NotIAM         Why = "iam"
	NotTeam        Why = "team" // it is about it, and does not allow the actor
)

// mismatch answers the first respect in which a rule is not about what is
// asked, whoever asks. A matcher that is left out matches all.
func mismatch(r config.Rule, ask Ask) Why {
	switch {
	case !gives(r.To, ask):
		return NotVerb
	case !matchesOr(r.On, ask.Env):
		return NotEnv
	case !matchesOr(r.Apps, ask.App):
		return NotApp
	case !matchesOr(r.Districts, ask.District):
		return NotDistrict
	case !says(r.Destructive, ask.Destructive, ask):
		return NotDestructive
	case !says(r.IAM, ask.IAM, ask):
		return NotIAM
	default:
		return Matches
	}
}

// Step is one rule that was read.
type Step struct {
	Index int
	Rule  config.Rule
	Why   Why
}

// Explain answers the rules as they are read for what is asked, up to the one
// that matches; where none does, all of them.
func (a *Authorizer) Explain(ctx context.Context, actor bcn.Actor, ask Ask) ([]Step, error) {
	var out []Step
	for i, r := range a.o.Rules {
		s := Step{Index: i, Rule: r, Why: mismatch(r, ask)}
		if s.Why == Matches && !slices.Contains(r.Allow, Everyone) {
			in, err := a.o.Teams.TeamsOf(ctx, actor.User, r.Allow, ask.matter(), a.o.Now())
			if err != nil {
				return nil, err
			}
			if len(in) == 0 {
				s.Why = NotTeam
			}
		}
		if out = append(out, s); s.Why == Matches {
			break
		}
	}
	return out, nil
}

// Aspects are the further questions about a plan that is dangerous in both ways:
// each way alone, so that whichever rule comes first does not hide the other.
func Aspects(ask Ask) []Ask {
	if !ask.Destructive || !ask.IAM {
		return nil
	}
	destructive, iam := ask, ask
	destructive.IAM, iam.Destructive = false, false
	return []Ask{destructive, iam}
}

// Foresee answers what the rules will have said once a plan is known that is as
// the ask says: the stricter answer of those for the command and for the plan.
func (a *Authorizer) Foresee(ctx context.Context, actor bcn.Actor, ask Ask) (Verdict, error) {
	known := ask
	ask.DestructiveNotKnown, known.DestructiveNotKnown = true, false
	v, err := a.Judge(ctx, actor, ask)
	if err != nil {
		return v, err
	}
	whole, err := a.Judge(ctx, actor, known)
	if err != nil {
		return whole, err
	}
	for _, aspect := range Aspects(known) {
		also, err := a.Judge(ctx, actor, aspect)
		if bcn.CodeOf(err) == bcn.CodeNotAllowed {
			continue
		}
		if err != nil {
			return also, err
		}
		whole = Stricter(also, whole)
	}
	return Stricter(v, whole), nil
}
