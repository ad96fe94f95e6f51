// Package approval decides what a person's answer to a request leads to. It is
// pure: what is stored, who the person is and the time are given to it.
package approval

import (
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Ballot is one person's answer. Teams are those of the request's teams that
// the person is in, by a read that began after the click arrived; of a deputy
// they are those of the person that For names.
type Ballot struct {
	Person  string
	For     string // empty: for themselves
	Verdict bcn.Verdict
	Teams   []string
	// Accounts are those that are known of the person, and of whom For names. Two
	// ballots that share one are of one person, whatever account they came from.
	Accounts []string
}

// Decide answers the event that follows from a ballot: RequestApprove once the
// quorum is complete, RequestReject, or "" while others must still answer. It
// refuses with a code whatever must not count.
func Decide(r bcn.Request, b Ballot, now time.Time) (bcn.RequestEvent, error) {
	if err := open(r, now); err != nil {
		return "", err
	}
	r = Widened(r, now)
	if requesters(r, b) {
		return "", bcn.E(bcn.CodeOwnRequest, "who", Who(r.Needs), "id", r.ID.String())
	}
	if !eligible(r.Needs, b.Teams) {
		return "", bcn.E(bcn.CodeNotEligible, "who", Who(r.Needs))
	}
	if inside(r, b.Teams) {
		return "", bcn.E(bcn.CodeNotOutside, "teams", strings.Join(r.Outside, ", "), "who", Who(r.Needs))
	}
	if d, ok := decidedBefore(r, b); ok {
		return "", answered(r, d, b)
	}
	if b.Verdict == bcn.Reject {
		return bcn.RequestReject, nil
	}
	ballots := append(Approvals(r), b)
	if len(Remaining(r, ballots)) == 0 {
		return bcn.RequestApprove, nil
	}
	return "", nil
}

// open refuses what is decided or expired.
func open(r bcn.Request, now time.Time) error {
	switch r.State {
	case bcn.RequestPending:
		if !now.Before(r.ExpiresAt) {
			return bcn.E(bcn.CodeExpired, "id", r.ID.String())
		}
		return nil
	case bcn.RequestExpired:
		return bcn.E(bcn.CodeExpired, "id", r.ID.String())
	case bcn.RequestSuperseded:
		return bcn.E(bcn.CodeSuperseded, "id", r.ID.String())
	default:
		return bcn.E(bcn.CodeAlreadyDecided, "id", r.ID.String(), "state", string(r.State), "by", LastDecider(r))
	}
}

// LastDecider answers who decided last, empty for nobody.
func LastDecider(r bcn.Request) string {
	if len(r.Decisions) == 0 {
		return ""
	}
	return r.Decisions[len(r.Decisions)-1].Person
}

// Complete says whether the recorded approvals of people other than the
// requester fill every need. It is asked again before anything runs, with the
// teams that the approvers are in then.
func Complete(r bcn.Request, ballots []Ballot) bool { return len(Remaining(r, ballots)) == 0 }

// Approvals are the recorded approvals that count, as ballots.
func Approvals(r bcn.Request) []Ballot {
	var out []Ballot
	for _, d := range r.Decisions {
		if d.Verdict == bcn.Approve && !d.Void {
			out = append(out, cast(d))
		}
	}
	return out
}

// Remaining answers what is still missing when each person fills at most one
// place. Places are filled along augmenting paths (bipartite matching), so that
// a person who could stand for two groups counts where they are needed.
func Remaining(r bcn.Request, ballots []Ballot) []bcn.Need {
	h := hall{places: expand(r.Needs), ballots: ballots}
	h.taken = make([]int, len(h.places))
	for i, b := range ballots {
		if !requesters(r, b) && !inside(r, b.Teams) && !repeated(ballots[:i], b) {
			h.seat(i, make([]bool, len(h.places)))
		}
	}
	return h.empty(r.Needs)
}

// hall is the table of places: each is one person of one need.
type hall struct {
	places  []place
	ballots []Ballot
	taken   []int // place -> index of its ballot + 1; 0: empty
}

type place struct {
	need  int
	teams []string
}

// expand makes a place for each person that is needed; a need without a count
// needs one.
func expand(needs []bcn.Need) []place {
	var places []place
	for i, n := range needs {
		for range max(n.Count, 1) {
			places = append(places, place{need: i, teams: n.Of()})
		}
	}
	return places
}

// seat finds the ballot a place, moving others where that helps.
func (h *hall) seat(ballot int, seen []bool) bool {
	for p, place := range h.places {
		if seen[p] || !overlap(place.teams, h.ballots[ballot].Teams) {
			continue
		}
		seen[p] = true
		if h.taken[p] == 0 || h.seat(h.taken[p]-1, seen) {
			h.taken[p] = ballot + 1
			return true
		}
	}
	return false
}

// empty answers the needs with the places that nobody fills.
func (h *hall) empty(needs []bcn.Need) []bcn.Need {
	missing := make([]int, len(needs))
	for p, place := range h.places {
		if h.taken[p] == 0 {
			missing[place.need]++
		}
	}
	var out []bcn.Need
	for i, n := range needs {
		if missing[i] > 0 {
			out = append(out, bcn.Need{Teams: n.Teams, Count: missing[i], Instead: n.Instead})
		}
	}
	return out
}

func eligible(needs []bcn.Need, teams []string) bool {
	for _, n := range needs {
		if overlap(n.Of(), teams) {
			return true
		}
	}
	return false
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// Teams lists every team that may decide, each once.
func Teams(needs []bcn.Need) []string {
	var out []string
	for _, n := range needs {
		for _, t := range n.Of() {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// Who names the teams that may decide.
func Who(needs []bcn.Need) string { return strings.Join(Teams(needs), ", ") }
