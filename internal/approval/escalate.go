package approval

import (
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// EscalateAfter is how much of a request's time passes before the next group is
// told, in quarters.
const EscalateAfter = 3

// EscalatesAt is when the next group of a request may decide as well.
func EscalatesAt(asked, expires time.Time) time.Time {
	return asked.Add(expires.Sub(asked) / 4 * EscalateAfter)
}

// Escalated says whether the next group may decide by now.
func Escalated(r bcn.Request, now time.Time) bool {
	return len(r.Escalate) > 0 && !r.EscalatedAt.IsZero() && !now.Before(r.EscalatedAt)
}

// Widened is the request as it is decided at that moment: once it was escalated
// the next group's people fill any of its places, each one.
func Widened(r bcn.Request, now time.Time) bcn.Request {
	if !Escalated(r, now) {
		return r
	}
	r.Needs = slices.Clone(r.Needs)
	for i, n := range r.Needs {
		r.Needs[i].Instead = slices.Concat(n.Instead, r.Escalate)
	}
	return r
}

// Called lists the teams that are to be called for a request: those whose
// people can still fill a place, without those whose members do not count.
// Where that leaves nobody it is all that may decide.
func Called(r bcn.Request, now time.Time) []string {
	r = Widened(r, now)
	counts := func(teams []string) []string {
		return slices.DeleteFunc(teams, func(t string) bool { return slices.Contains(r.Outside, t) })
	}
	if missing := counts(Teams(Remaining(r, Approvals(r)))); len(missing) > 0 {
		return missing
	}
	return Teams(r.Needs)
}

// Deciding lists every team that it matters to be in, now or once it is
// escalated.
func Deciding(r bcn.Request) []string {
	out := Asked(r)
	for _, t := range r.Escalate {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// Instead gives needs as the rules say them now what was decided of them when
// it was asked: that others stand in for a group that has nobody.
func Instead(now, asked []bcn.Need) []bcn.Need {
	out := slices.Clone(now)
	for i, n := range out {
		j := slices.IndexFunc(asked, func(a bcn.Need) bool { return slices.Equal(a.Teams, n.Teams) })
		if j >= 0 {
			out[i].Instead = asked[j].Instead
		}
	}
	return out
}
