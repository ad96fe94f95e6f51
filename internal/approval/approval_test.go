package approval_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
)

var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func pending(needs ...bcn.Need) bcn.Request {
	return bcn.Request{ID: 1042, State: bcn.RequestPending, Requester: "U0DEV", Needs: needs, ExpiresAt: now.Add(time.Hour)}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	leads := bcn.Need{Teams: []string{"leads"}, Count: 1}
	two := bcn.Need{Teams: []string{"leads"}, Count: 2}
	approve := func(person string, teams ...string) approval.Ballot {
		return approval.Ballot{Person: person, Verdict: bcn.Approve, Teams: teams}
	}
	decided := func(r bcn.Request, person string, teams ...string) bcn.Request {
		r.Decisions = append(r.Decisions, bcn.Decision{Person: person, Verdict: bcn.Approve, Teams: teams})
		return r
	}
	in := func(r bcn.Request, s bcn.RequestState) bcn.Request { r.State = s; return r }
	for _, c := range []struct {
		name   string
		r      bcn.Request
		b      approval.Ballot
		at     time.Time
		event  bcn.RequestEvent
		refuse bcn.Code
	}{
		{"a lead approves", pending(leads), approve("U0LEAD", "leads"), now, bcn.RequestApprove, ""},
		{"a lead rejects", pending(leads), approval.Ballot{Person: "U0LEAD", Verdict: bcn.Reject, Teams: []string{"leads"}}, now, bcn.RequestReject, ""},
		{"the requester never counts, even as a lead", pending(leads), approve("U0DEV", "leads"), now, "", bcn.CodeOwnRequest},
		{"who is in no eligible team is refused", pending(leads), approve("U0ONCALL"), now, "", bcn.CodeNotEligible},
		{"another team is no eligible team", pending(leads), approve("U0ONCALL", "oncall"), now, "", bcn.CodeNotEligible},
		{"at the moment of expiry it is too late", pending(leads), approve("U0LEAD", "leads"), now.Add(time.Hour), "", bcn.CodeExpired},
		{"one of two is not enough", pending(two), approve("U0LEAD", "leads"), now, "", ""},
		{"the second completes the quorum", decided(pending(two), "U0LEAD2", "leads"), approve("U0LEAD", "leads"), now, bcn.RequestApprove, ""},
		{"nobody decides twice", decided(pending(two), "U0LEAD", "leads"), approve("U0LEAD", "leads"), now, "", bcn.CodeDecidedBefore},
		{
			"who approved rejects it after all, while others are missing", decided(pending(two), "U0LEAD", "leads"),
			approval.Ballot{Person: "U0LEAD", Verdict: bcn.Reject, Teams: []string{"leads"}},
			now, bcn.RequestReject, "",
		},
		{
			"nobody takes back what everybody approved", in(decided(pending(leads), "U0LEAD", "leads"), bcn.RequestApproved),
			approval.Ballot{Person: "U0LEAD", Verdict: bcn.Reject, Teams: []string{"leads"}},
			now, "", bcn.CodeAlreadyDecided,
		},
		{"what is approved is decided", in(pending(leads), bcn.RequestApproved), approve("U0LEAD", "leads"), now, "", bcn.CodeAlreadyDecided},
		{"what is superseded is not approved", in(pending(leads), bcn.RequestSuperseded), approve("U0LEAD", "leads"), now, "", bcn.CodeSuperseded},
		{"two groups need two people", pending(leads, bcn.Need{Teams: []string{"security"}, Count: 1}), approve("U0LEAD", "leads", "security"), now, "", ""},
		{
			"a person in both groups gives way to where they are needed",
			decided(pending(leads, bcn.Need{Teams: []string{"security"}, Count: 1}), "U0BOTH", "leads", "security"),
			approve("U0LEAD", "leads"), now, bcn.RequestApprove, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			event, err := approval.Decide(c.r, c.b, c.at)
			if event != c.event || bcn.CodeOf(err) != c.refuse {
				t.Fatalf("got %q, %v; want %q, %q", event, err, c.event, c.refuse)
			}
		})
	}
}

// Whatever people click, an approval has as many different eligible people
// behind it as its needs ask for, and never the requester.
func TestNoQuorumWithoutPeople(t *testing.T) {
	t.Parallel()
	teams := []string{"leads", "security", "oncall"}
	rapid.Check(t, func(t *rapid.T) {
		member := map[string][]string{}
		for i := range rapid.IntRange(1, 5).Draw(t, "people") {
			member[fmt.Sprintf("U%d", i)] = rapid.SliceOfDistinct(rapid.SampledFrom(teams), rapid.ID[string]).Draw(t, "teams")
		}
		r := pending()
		r.Requester = "U0"
		for range rapid.IntRange(1, 3).Draw(t, "needs") {
			r.Needs = append(r.Needs, bcn.Need{Teams: []string{rapid.SampledFrom(teams).Draw(t, "team")}, Count: rapid.IntRange(1, 2).Draw(t, "count")})
		}
		for range 12 {
			person := fmt.Sprintf("U%d", rapid.IntRange(0, len(member)-1).Draw(t, "clicks"))
			event, err := approval.Decide(r, approval.Ballot{Person: person, Verdict: bcn.Approve, Teams: member[person]}, now)
			if err != nil {
				continue
			}
			r.Decisions = append(r.Decisions, bcn.Decision{Person: person, Verdict: bcn.Approve, Teams: member[person]})
			if event == bcn.RequestApprove {
				r.State = bcn.RequestApproved
			}
		}
		if r.State == bcn.RequestApproved && !fills(r, member) {
			t.Fatalf("approved without its quorum: %+v", r)
		}
	})
}

// fills tries every assignment of people to places: the slow, plain way.
func fills(r bcn.Request, member map[string][]string) bool {
	var places []string
	for _, n := range r.Needs {
		for range n.Count {
			places = append(places, n.Teams[0])
		}
	}
	var try func(i int, used map[string]bool) bool
	try = func(i int, used map[string]bool) bool {
		if i == len(places) {
			return true
		}
		for _, d := range r.Decisions {
			if used[d.Person] || d.Person == r.Requester {
				continue
			}
			for _, team := range member[d.Person] {
				if team == places[i] {
					used[d.Person] = true
					if try(i+1, used) {
						return true
					}
					used[d.Person] = false
				}
			}
		}
		return false
	}
	return try(0, map[string]bool{})
}
