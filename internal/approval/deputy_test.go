package approval_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
)

func waitingFor(count int, decisions ...bcn.Decision) bcn.Request {
	at := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	return bcn.Request{
		ID: 7, State: bcn.RequestPending, Requester: "dana", Needs: []bcn.Need{{Teams: []string{"leads"}, Count: count}},
		Escalate: []string{"admins"}, EscalatedAt: at.Add(45 * time.Minute), CreatedAt: at, ExpiresAt: at.Add(time.Hour), Decisions: decisions,
	}
}

func by(person, absent string, v bcn.Verdict) bcn.Decision {
	return bcn.Decision{Person: person, For: absent, Verdict: v, Teams: []string{"leads"}}
}

func TestDeputies(t *testing.T) {
	t.Parallel()
	leads := []string{"leads"}
	for _, c := range []struct {
		name   string
		r      bcn.Request
		ballot approval.Ballot
		event  bcn.RequestEvent
		code   bcn.Code
	}{
		{"a deputy decides for somebody else", waitingFor(1), approval.Ballot{Person: "olu", For: "lee", Teams: leads}, bcn.RequestApprove, ""},
		{"a deputy does not decide what the absent person asked for", waitingFor(1), approval.Ballot{Person: "olu", For: "dana", Teams: leads}, "", bcn.CodeOwnRequest},
		{"who asked is no deputy", waitingFor(1), approval.Ballot{Person: "dana", For: "lee", Teams: leads}, "", bcn.CodeOwnRequest},
		{"after the absent person", waitingFor(2, by("lee", "", bcn.Approve)), approval.Ballot{Person: "olu", For: "lee", Teams: leads}, "", bcn.CodeDecidedBefore},
		{"the absent person after the deputy", waitingFor(2, by("olu", "lee", bcn.Approve)), approval.Ballot{Person: "lee", Teams: leads}, "", bcn.CodeDecidedBefore},
		{"two deputies of one person", waitingFor(2, by("olu", "lee", bcn.Approve)), approval.Ballot{Person: "ann", For: "lee", Teams: leads}, "", bcn.CodeDecidedBefore},
		{"somebody who decided for themselves, through their deputy", waitingFor(2, by("olu", "", bcn.Approve)), approval.Ballot{Person: "ann", For: "olu", Teams: leads}, "", bcn.CodeDecidedBefore},
		{"two voices are two", waitingFor(2, by("olu", "lee", bcn.Approve)), approval.Ballot{Person: "ann", Teams: leads}, bcn.RequestApprove, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.ballot.Verdict = bcn.Approve
			event, err := approval.Decide(c.r, c.ballot, c.r.CreatedAt)
			if event != c.event || bcn.CodeOf(err) != c.code {
				t.Errorf("%q %v", event, err)
			}
			if c.code != "" && approval.Helps(c.r, c.ballot) {
				t.Error("it is said to help")
			}
		})
	}
	t.Run("the absent person may still reject what their deputy approved", func(t *testing.T) {
		t.Parallel()
		r := waitingFor(2, by("olu", "lee", bcn.Approve))
		if event, err := approval.Decide(r, approval.Ballot{Person: "lee", Teams: leads, Verdict: bcn.Reject}, r.CreatedAt); event != bcn.RequestReject {
			t.Error(event, err)
		}
	})
	t.Run("a deputy rejects what they approved as one, and not what the absent person did", func(t *testing.T) {
		t.Parallel()
		no := approval.Ballot{Person: "olu", For: "lee", Teams: leads, Verdict: bcn.Reject}
		if event, err := approval.Decide(waitingFor(2, by("olu", "lee", bcn.Approve)), no, waitingFor(1).CreatedAt); event != bcn.RequestReject {
			t.Error(event, err)
		}
		if event, err := approval.Decide(waitingFor(2, by("lee", "", bcn.Approve)), no, waitingFor(1).CreatedAt); bcn.CodeOf(err) != bcn.CodeDecidedBefore {
			t.Error(event, err)
		}
	})
	t.Run("who comes second is told who was first", func(t *testing.T) {
		t.Parallel()
		r := waitingFor(2, by("olu", "lee", bcn.Approve))
		for person, want := range map[string]string{"lee": "olu", "olu": ""} {
			_, err := approval.Decide(r, approval.Ballot{Person: person, Teams: leads, Verdict: bcn.Approve}, waitingFor(1).CreatedAt)
			var e *bcn.Error
			if !errors.As(err, &e) || e.Code != bcn.CodeDecidedBefore || e.Params["by"] != want {
				t.Errorf("%s: %v", person, err)
			}
		}
	})
	t.Run("what a deputy decided who was removed since binds nobody", func(t *testing.T) {
		t.Parallel()
		void := by("olu", "lee", bcn.Approve)
		void.Void = true
		for _, person := range []string{"lee", "olu"} {
			r := waitingFor(2, void)
			yes := approval.Ballot{Person: person, Teams: leads, Verdict: bcn.Approve}
			if event, err := approval.Decide(r, yes, r.CreatedAt); event != "" || err != nil || !approval.Helps(r, yes) {
				t.Errorf("%s: %q %v", person, event, err)
			}
		}
		if event, err := approval.Decide(waitingFor(2, void, by("ann", "", bcn.Approve)), approval.Ballot{Person: "lee", Teams: leads, Verdict: bcn.Approve}, waitingFor(1).CreatedAt); event != bcn.RequestApprove {
			t.Error(event, err)
		}
	})
	t.Run("a removed deputy fills no place", func(t *testing.T) {
		t.Parallel()
		void := by("olu", "lee", bcn.Approve)
		void.Void = true
		if event, err := approval.Decide(waitingFor(2, void), approval.Ballot{Person: "ann", Teams: leads, Verdict: bcn.Approve}, waitingFor(2).CreatedAt); event != "" || err != nil {
			t.Error(event, err)
		}
	})
	t.Run("one's own word comes first, and what keeps one from deciding is not lent away", func(t *testing.T) {
		t.Parallel()
		r := waitingFor(1)
		stand := []approval.Standing{{Absent: "dana", Teams: leads}, {Absent: "lee", Teams: leads}}
		if b := approval.Choose(r, approval.Ballot{Person: "olu", Teams: leads, Verdict: bcn.Approve}, stand); b.For != "" {
			t.Errorf("for %s", b.For)
		}
		if b := approval.Choose(r, approval.Ballot{Person: "olu", Verdict: bcn.Approve}, stand); b.For != "lee" {
			t.Errorf("for %q", b.For)
		}
		r.Outside = []string{"developers"}
		if b := approval.Choose(r, approval.Ballot{Person: "olu", Teams: []string{"developers"}, Verdict: bcn.Approve}, stand); b.For != "" {
			t.Errorf("who is inside decides for %s", b.For)
		}
	})
}

func TestEscalation(t *testing.T) {
	t.Parallel()
	r := waitingFor(1)
	admin := approval.Ballot{Person: "ada", Verdict: bcn.Approve, Teams: []string{"admins"}}
	for at, want := range map[time.Duration]bcn.Code{0: bcn.CodeNotEligible, 45*time.Minute - time.Microsecond: bcn.CodeNotEligible, 45 * time.Minute: "", 59 * time.Minute: "", time.Hour: bcn.CodeExpired} {
		if _, err := approval.Decide(r, admin, r.CreatedAt.Add(at)); bcn.CodeOf(err) != want {
			t.Errorf("after %s: %v, want %q", at, err, want)
		}
	}
	if got := approval.EscalatesAt(r.CreatedAt, r.ExpiresAt); !got.Equal(r.EscalatedAt) {
		t.Errorf("it escalates at %s", got)
	}
	r.EscalatedAt = time.Time{}
	if _, err := approval.Decide(r, admin, r.CreatedAt.Add(50*time.Minute)); bcn.CodeOf(err) != bcn.CodeNotEligible {
		t.Errorf("never escalated: %v", err)
	}
	if got := approval.Instead([]bcn.Need{{Teams: []string{"leads"}, Count: 2}, {Teams: []string{"security"}}}, []bcn.Need{{Teams: []string{"leads"}, Count: 1, Instead: []string{"admins"}}}); len(got[0].Instead) != 1 || got[0].Count != 2 || got[1].Instead != nil {
		t.Errorf("%+v", got)
	}
}

// Whoever stands for whom: no two recorded approvals share a voice, and neither
// the requester nor whoever stands for them is among them.
func TestVoicesAreCountedOnce(t *testing.T) {
	t.Parallel()
	people := []string{"dana", "lee", "olu", "ann", "ada"}
	rapid.Check(t, func(t *rapid.T) {
		r := waitingFor(rapid.IntRange(1, 4).Draw(t, "count"))
		for range rapid.IntRange(0, 12).Draw(t, "ballots") {
			b := approval.Ballot{
				Person: rapid.SampledFrom(people).Draw(t, "person"), For: rapid.SampledFrom(append(people, "")).Draw(t, "for"),
				Verdict: bcn.Approve, Teams: rapid.SampledFrom([][]string{{"leads"}, {"admins"}, nil}).Draw(t, "teams"),
			}
			event, err := approval.Decide(r, b, r.CreatedAt)
			if err != nil {
				continue
			}
			r.Decisions = append(r.Decisions, bcn.Decision{Person: b.Person, For: b.For, Verdict: b.Verdict, Teams: b.Teams})
			if event != "" {
				break
			}
		}
		var voices []string
		for _, d := range r.Decisions {
			for _, v := range slices.Compact([]string{d.Person, d.For}) {
				if v == "" {
					continue
				}
				if v == "dana" || slices.Contains(voices, v) || !slices.Contains(d.Teams, "leads") {
					t.Fatalf("%s counts: %+v", v, r.Decisions)
				}
				voices = append(voices, v)
			}
		}
	})
}

func TestWhoIsCalled(t *testing.T) {
	t.Parallel()
	r := waitingFor(1, by("lee", "", bcn.Approve))
	r.Needs = append(r.Needs, bcn.Need{Teams: []string{"developers", "security"}, Count: 1})
	r.Outside = []string{"developers"}
	early, late := r.CreatedAt, r.EscalatedAt
	for _, c := range []struct {
		name  string
		r     bcn.Request
		at    time.Time
		teams string
	}{
		{"who can fill what is missing, and is not from inside", r, early, "security"},
		{"the next group once it may decide", r, late, "security admins"},
		{"everybody before anybody approved", waitingFor(2), early, "leads"},
		{"everybody once all approved", waitingFor(1, by("lee", "", bcn.Approve)), early, "leads"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(approval.Called(c.r, c.at), " "); got != c.teams {
				t.Errorf("%q, want %q", got, c.teams)
			}
		})
	}
}
