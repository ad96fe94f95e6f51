package approval_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestOutsideOfTheRequestersTeam(t *testing.T) {
	t.Parallel()
	r := pending(bcn.Need{Teams: []string{"leads"}, Count: 1})
	r.Outside = []string{"developers"}
	for _, c := range []struct {
		name    string
		teams   []string
		verdict bcn.Verdict
		event   bcn.RequestEvent
		refuse  bcn.Code
	}{
		{"somebody from outside approves", []string{"leads"}, bcn.Approve, bcn.RequestApprove, ""},
		{"somebody from inside does not", []string{"leads", "developers"}, bcn.Approve, "", bcn.CodeNotOutside},
		{"and does not reject", []string{"leads", "developers"}, bcn.Reject, "", bcn.CodeNotOutside},
		{"somebody from inside alone is not asked", []string{"developers"}, bcn.Approve, "", bcn.CodeNotEligible},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			event, err := approval.Decide(r, approval.Ballot{Person: "U0LEAD", Verdict: c.verdict, Teams: c.teams}, now)
			if event != c.event || bcn.CodeOf(err) != c.refuse {
				t.Errorf("%q, %v", event, err)
			}
		})
	}
	t.Run("an approval from inside fills no place when it is looked at again", func(t *testing.T) {
		t.Parallel()
		if approval.Complete(r, []approval.Ballot{{Person: "U0LEAD", Teams: []string{"leads", "developers"}}}) {
			t.Error("it counts")
		}
	})
	t.Run("whoever decides is looked up in those teams too", func(t *testing.T) {
		t.Parallel()
		if got := approval.Asked(r); !slices.Equal(got, []string{"leads", "developers"}) {
			t.Error(got)
		}
	})
	t.Run("where only insiders are asked nobody can", func(t *testing.T) {
		t.Parallel()
		in := r
		in.Outside = []string{"leads"}
		if !approval.Nobody(in) || approval.Nobody(r) {
			t.Error("it says otherwise")
		}
	})
}

// Whatever the needs, whoever is outside, and whatever people do in whatever
// order: what is approved has its quorum of different people, none of them the
// requester and none from inside; and the same history always leads to the same.
func TestNoHistoryRunsWithoutItsQuorum(t *testing.T) {
	t.Parallel()
	teams := []string{"leads", "security", "oncall", "developers"}
	some := rapid.SliceOfDistinct(rapid.SampledFrom(teams), rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		member := map[string][]string{}
		for i := range rapid.IntRange(1, 6).Draw(t, "people") {
			member[fmt.Sprintf("U%d", i)] = some.Draw(t, "teams")
		}
		begun := pending()
		begun.Requester, begun.Outside = "U0", some.Draw(t, "outside")
		for range rapid.IntRange(1, 3).Draw(t, "needs") {
			need := bcn.Need{Teams: []string{rapid.SampledFrom(teams).Draw(t, "team")}, Count: rapid.IntRange(1, 2).Draw(t, "count")}
			begun.Needs = append(begun.Needs, need)
		}
		type click struct {
			who     string
			verdict bcn.Verdict
		}
		var clicks []click
		for range rapid.IntRange(1, 15).Draw(t, "clicks") {
			who := fmt.Sprintf("U%d", rapid.IntRange(0, len(member)-1).Draw(t, "who"))
			verdict := bcn.Approve
			if rapid.IntRange(0, 9).Draw(t, "rejects") == 0 {
				verdict = bcn.Reject
			}
			clicks = append(clicks, click{who, verdict})
		}
		replay := func() bcn.Request {
			r := begun
			r.Decisions = nil
			for _, c := range clicks {
				event, err := approval.Decide(r, approval.Ballot{Person: c.who, Verdict: c.verdict, Teams: member[c.who]}, now)
				if err != nil {
					continue
				}
				r.Decisions = append(r.Decisions, bcn.Decision{Person: c.who, Verdict: c.verdict, Teams: member[c.who]})
				if event != "" {
					var ok bool
					if r.State, ok = r.State.Next(event); !ok {
						t.Fatalf("%q does not belong to its state", event)
					}
				}
			}
			return r
		}
		r := replay()
		if again := replay(); again.State != r.State || len(again.Decisions) != len(r.Decisions) {
			t.Fatalf("%s and then %s", r.State, again.State)
		}
		for _, d := range r.Decisions {
			inside := slices.ContainsFunc(member[d.Person], func(x string) bool { return slices.Contains(r.Outside, x) })
			if d.Person == r.Requester || inside {
				t.Fatalf("%s counts", d.Person)
			}
		}
		if r.State == bcn.RequestApproved && !fills(r, member) {
			t.Fatalf("approved without its quorum: %+v", r)
		}
	})
}
