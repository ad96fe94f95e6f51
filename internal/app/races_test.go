package app

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// leads is how many people may decide, clicks how often each presses.
const leads, clicks = 20, 5

// Promise 2 and 4: however many decide at once, it is decided once, by a
// quorum of different people.
func TestConcurrentDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	people := w.manyLeads(t)
	w.config = strings.Replace(w.config, "count: 1, within: 1h", "count: 2, within: 1h", 1)
	w.bot()
	w.bot()
	w.setUp("/bcn deploy hello production v1")

	t.Run("100 approvals at once decide once, with a quorum of two", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting("v2")
		w.all(people, func(user string) { w.click(user, r.card, "approve") })
		r.state(bcn.ChangeSucceeded)
		w.decidedOnce(r)
		if n := ask[int](t, w, `select count(distinct person) from decision where request = $1 and verdict = 'approve'`, int64(r.id)); n != 2 {
			t.Errorf("%d approvals are recorded, 2 were needed", n)
		}
		if r.ran() != 2 {
			t.Errorf("%d change sets were executed", r.ran())
		}
	})
	t.Run("approvals, rejections and a cancel at once end in one of them", func(t *testing.T) {
		for range 4 {
			w := w.in(t)
			r := w.waiting("v1")
			var all sync.WaitGroup
			all.Go(func() { w.all(people[:6], func(user string) { w.click(user, r.card, "approve") }) })
			all.Go(func() {
				w.all(people[6:8], func(user string) { w.slash(user, deploys, "reject "+r.id.String()+" not now") })
			})
			all.Go(func() { w.click("U0DEV", r.card, "cancel") })
			all.Wait()
			w.until("it is decided", `select state not in ('waiting', 'planning') from change where id = $1`, int64(r.id))
			w.until("it has ended", `select state in ('succeeded', 'closed') or state in ('cancelled', 'rolled_back') from change where id = $1`, int64(r.id))
			w.decidedOnce(r)
		}
	})
	t.Run("one person alone is no quorum, however often they press and with whatever role", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting("v1")
		w.all([]string{people[0], people[0], people[0], "U0DEV", "U0ONCALL", "U0GUEST"}, func(user string) { w.click(user, r.card, "approve") })
		w.until("one approval is recorded", `select count(*) = 1 from decision where request = $1`, int64(r.id))
		r.state(bcn.ChangeWaiting)
		r.says("Still needed")
		if r.ran() != 0 {
			t.Error("it ran")
		}
		r.press("U0DEV", "cancel")
		r.says("closed")
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
}

// manyLeads makes people who may approve.
func (w *world) manyLeads(t *testing.T) []string {
	t.Helper()
	var people []string
	for i := range leads {
		id := fmt.Sprintf("U0LEAD%02d", i)
		if err := w.slack.AddUser(localslack.User{ID: id, Name: strings.ToLower(id), RealName: id, Locale: "en-US", Team: localslack.TeamID}); err != nil {
			t.Fatal(err)
		}
		if err := w.slack.Join(deploys, id); err != nil {
			t.Fatal(err)
		}
		people = append(people, id)
	}
	w.config = strings.Replace(w.config, "leads:      { github_team: acme/leads }", "leads:      { members: ["+strings.Join(people, ", ")+"] }", 1)
	return people
}

// all lets people do something at the same time, several times each.
func (w *world) all(people []string, do func(user string)) {
	var all sync.WaitGroup
	for _, user := range people {
		for range clicks {
			all.Go(func() { do(user) })
		}
	}
	all.Wait()
}

// click presses a button of the card as it was, and cares for no answer.
func (w *world) click(user string, card localslack.Message, action string) {
	r, err := w.slack.Click(w.deadline(), user, card, buttonOf(card, action))
	if err != nil || r.Error != "" {
		w.t.Errorf("%s presses %s: %v %s", user, action, err, r.Error)
	}
}

// decidedOnce says that the request left its state once, and the change with it.
func (w *world) decidedOnce(r request) {
	w.t.Helper()
	moves := ask[int](w.t, w, `select count(*) from audit_entry where change = $1
		and (kind = 'change.queue' or (kind = 'change.close' and body::jsonb->>'from' = 'waiting'))`, int64(r.id))
	if moves != 1 {
		w.t.Errorf("it was decided %d times", moves)
	}
	if n := ask[int](w.t, w, `select count(*) from audit_entry where change = $1 and kind = 'change.start'`, int64(r.id)); n > 1 {
		w.t.Errorf("it was started %d times", n)
	}
}
