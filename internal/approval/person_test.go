package approval_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// T1: a second account is the same person.
func TestTwoAccountsAreOnePerson(t *testing.T) {
	t.Parallel()
	two := bcn.Need{Teams: []string{"leads"}, Count: 2}
	lee := []string{"slack:U0LEAD", "email:lee@example.com"}
	second := []string{"slack:U0SECOND", "email:lee@example.com"}
	ballot := func(user string, accounts []string) approval.Ballot {
		return approval.Ballot{Person: user, Verdict: bcn.Approve, Teams: []string{"leads"}, Accounts: accounts}
	}
	t.Run("the requester's other account does not approve", func(t *testing.T) {
		t.Parallel()
		r := pending(bcn.Need{Teams: []string{"leads"}, Count: 1})
		r.Requester, r.Accounts = "U0LEAD", lee
		if event, err := approval.Decide(r, ballot("U0SECOND", second), now); event != "" || bcn.CodeOf(err) != bcn.CodeOwnRequest {
			t.Errorf("%q, %v", event, err)
		}
		if approval.Helps(r, ballot("U0SECOND", second)) || approval.Complete(r, []approval.Ballot{ballot("U0SECOND", second)}) {
			t.Error("it counts")
		}
	})
	t.Run("nor somebody who stands for it", func(t *testing.T) {
		t.Parallel()
		r := pending(bcn.Need{Teams: []string{"leads"}, Count: 1})
		r.Requester, r.Accounts = "U0LEAD", lee
		stand := []approval.Standing{{Absent: "U0SECOND", Teams: []string{"leads"}, Accounts: second}}
		own := approval.Ballot{Person: "U0OTHER", Verdict: bcn.Approve, Accounts: []string{"slack:U0OTHER"}}
		if b := approval.Choose(r, own, stand); b.For != "" {
			t.Errorf("stands for %s", b.For)
		}
	})
	t.Run("two accounts of one person are one approval", func(t *testing.T) {
		t.Parallel()
		r := pending(two)
		r.Decisions = []bcn.Decision{{Person: "U0LEAD", Verdict: bcn.Approve, Teams: []string{"leads"}, Accounts: lee}}
		if event, err := approval.Decide(r, ballot("U0SECOND", second), now); event != "" || bcn.CodeOf(err) != bcn.CodeDecidedBefore {
			t.Errorf("%q, %v", event, err)
		}
		if approval.Complete(r, []approval.Ballot{ballot("U0LEAD", lee), ballot("U0SECOND", second)}) {
			t.Error("two accounts fill two places")
		}
	})
	t.Run("two people are two", func(t *testing.T) {
		t.Parallel()
		r := pending(two)
		if !approval.Complete(r, []approval.Ballot{ballot("U0LEAD", lee), ballot("U0OTHER", []string{"slack:U0OTHER"})}) {
			t.Error("they do not count")
		}
	})
}

// However many accounts people have, and with whichever they click: what is
// approved has as many different people behind it as it needs, and none of them
// is the one who asked.
func TestNoQuorumWithoutPersons(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		persons := rapid.IntRange(2, 5).Draw(t, "persons")
		owner := func(account int) int { return account % persons }
		accounts := persons + rapid.IntRange(0, 5).Draw(t, "second accounts")
		known := func(account int) []string {
			return []string{fmt.Sprintf("slack:U%d", account), fmt.Sprintf("email:%d@example.com", owner(account))}
		}
		asks := rapid.IntRange(0, accounts-1).Draw(t, "asks")
		count := rapid.IntRange(1, 3).Draw(t, "count")
		r := pending(bcn.Need{Teams: []string{"leads"}, Count: count})
		r.Requester, r.Accounts = fmt.Sprintf("U%d", asks), known(asks)
		var voices []int
		var ballots []approval.Ballot
		for range 12 {
			i := rapid.IntRange(0, accounts-1).Draw(t, "clicks")
			b := approval.Ballot{Person: fmt.Sprintf("U%d", i), Verdict: bcn.Approve, Teams: []string{"leads"}, Accounts: known(i)}
			ballots = append(ballots, b)
			event, err := approval.Decide(r, b, now)
			if err != nil {
				continue
			}
			if owner(i) == owner(asks) || slices.Contains(voices, owner(i)) {
				t.Fatalf("account %d counts; asked by %d, decided by %v", i, asks, voices)
			}
			voices = append(voices, owner(i))
			r.Decisions = append(r.Decisions, bcn.Decision{Person: b.Person, Verdict: b.Verdict, Teams: b.Teams, Accounts: b.Accounts})
			if event == bcn.RequestApprove {
				r.State = bcn.RequestApproved
			}
		}
		if r.State == bcn.RequestApproved && len(voices) < count {
			t.Fatalf("approved by %v of %d", voices, count)
		}
		if approval.Complete(r, ballots) != (len(voices) >= count) {
			t.Fatalf("looked at again it is complete=%t with %v of %d", approval.Complete(r, ballots), voices, count)
		}
	})
}
