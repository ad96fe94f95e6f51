package authz

import (
	"context"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Approving lists the teams that approve something by any rule, sorted: those
// that rules name, those that are asked next, and the administrators, who stand
// in where a group has nobody.
func (a *Authorizer) Approving() []string {
	out := []string{administrators}
	for _, r := range a.o.Rules {
		if r.Approve != nil {
			out = slices.Concat(out, r.Approve.By, r.Approve.Escalate)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Recently is Eligible with answers of up to a minute of age: for lists and
// cards, which decide nothing.
func (a *Authorizer) Recently(ctx context.Context, actor bcn.Actor, teams []string) ([]string, error) {
	v, err := a.voter(ctx, actor, teams, time.Time{})
	return v.Teams, err
}
