package approval

import (
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Asked lists every team that it matters to be in for a request: whoever
// decides is looked up in these. It is what r.Needs and r.Outside name, with
// those that decide from when it is escalated to them (Widened).
func Asked(r bcn.Request) []string {
	teams := Teams(r.Needs)
	for _, t := range r.Outside {
		if !slices.Contains(teams, t) {
			teams = append(teams, t)
		}
	}
	return teams
}

// inside says whether one of the teams is one that let the requester in, where
// approvers are to be from outside of them. Nobody inside has a say in it, also
// where they are in a team that is asked.
func inside(r bcn.Request, teams []string) bool { return overlap(r.Outside, teams) }

// Nobody says that only people who are inside could decide, now or once it is
// escalated: every team that one of the needs asks is one that does not count.
func Nobody(r bcn.Request) bool {
	return slices.ContainsFunc(r.Needs, func(n bcn.Need) bool {
		return !slices.ContainsFunc(slices.Concat(n.Of(), r.Escalate), func(t string) bool { return !slices.Contains(r.Outside, t) })
	})
}
