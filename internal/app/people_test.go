package app

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// Promise 2: who may is asked when they decide, and once more before anything
// runs.
func TestPeopleChangeMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pagerDuty()
	w.bot()
	w.setUp("/bcn deploy hello production v1")
	onCallAsksNobody(t, w)
	developers := []string{"U0DEV", "U0DEV2", "U0YUKI"}

	t.Run("lee is removed from the leads before the click: refused, written down, nothing decided", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting("v2")
		w.github.RemoveMember("acme", "leads", "lee")
		defer w.github.SetMember("acme", "leads", "lee", localgithub.Active)
		r.press("U0LEAD", "approve")
		w.told("U0LEAD", "may not decide")
		if n := ask[int](t, w, `select count(*) from decision where request = $1`, int64(r.id)); n != 0 {
			t.Errorf("%d decisions", n)
		}
		if n := ask[int](t, w, `select count(*) from audit_entry where change = $1 and kind = 'refused' and actor = 'U0LEAD'`, int64(r.id)); n != 1 {
			t.Errorf("%d refusals are written down", n)
		}
		r.press("U0DEV", "cancel")
		r.says("closed")
	})
	for _, c := range []struct {
		name   string
		before func(w *world) error
		after  func(w *world) error
		says   string
	}{
		{
			name:   "the requester leaves the team between the approval and the start",
			before: func(w *world) error { return w.slack.SetGroup("S0DEVELOPERS", "U0DEV2") },
			after:  func(w *world) error { return w.slack.SetGroup("S0DEVELOPERS", developers...) },
			says:   "may not use",
		},
		{
			name:   "the requester is deactivated between the approval and the start",
			before: func(w *world) error { return w.slack.EditUser("U0DEV", func(u *localslack.User) { u.Deleted = true }) },
			after:  func(w *world) error { return w.slack.EditUser("U0DEV", func(u *localslack.User) { u.Deleted = false }) },
			says:   "deactivated",
		},
		{
			name:   "the approver is deactivated between the approval and the start",
			before: func(w *world) error { return w.slack.EditUser("U0LEAD", func(u *localslack.User) { u.Deleted = true }) },
			after: func(w *world) error {
				return w.slack.EditUser("U0LEAD", func(u *localslack.User) { u.Deleted = false })
			},
			says: "who may approve",
		},
		{
			name: "the approver leaves the team between the approval and the start",
			before: func(w *world) error {
				w.github.RemoveMember("acme", "leads", "lee")
				return nil
			},
			after: func(w *world) error {
				w.github.SetMember("acme", "leads", "lee", localgithub.Active)
				return nil
			},
			says: "who may approve",
		},
	} {
		t.Run(c.name+": nothing runs", func(t *testing.T) {
			w := w.in(t)
			w.halt(true)
			r := w.waiting("v2")
			r.press("U0LEAD", "approve")
			r.state(bcn.ChangeQueued)
			if err := c.before(w); err != nil {
				t.Fatal(err)
			}
			w.nothingRuns(r, c.says)
			if err := c.after(w); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Run("the requester is deactivated before the click: refused", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting("v2")
		if err := w.slack.EditUser("U0DEV", func(u *localslack.User) { u.Deleted = true }); err != nil {
			t.Fatal(err)
		}
		r.press("U0LEAD", "approve")
		w.told("U0LEAD", "deactivated")
		if err := w.slack.EditUser("U0DEV", func(u *localslack.User) { u.Deleted = false }); err != nil {
			t.Fatal(err)
		}
		r.press("U0LEAD", "reject")
		r.says("closed", "Rejected")
	})
	t.Run("guests, strangers and the requester do not decide, and it is written down", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting("v2")
		for user, says := range map[string]string{"U0GUEST": "guests", "U0EXT": "workspace", "U0DEV": "somebody else", "U0DEV2": "may not decide"} {
			r.press(user, "approve")
			w.told(user, says)
		}
		if n := ask[int](t, w, `select count(*) from decision where request = $1`, int64(r.id)); n != 0 {
			t.Errorf("%d decisions", n)
		}
		r.press("U0DEV2", "cancel")
		w.told("U0DEV2", "somebody else")
		r.state(bcn.ChangeWaiting)
		r.press("U0DEV", "cancel")
		r.says("closed")
	})
	t.Run("who is away is stood in for, from the app's own page", func(t *testing.T) { standsIn(t, w.in(t)) })
	breaksGlass(t, w)
	t.Run("nobody clicks: it expires by itself, and a late click decides nothing", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting("v1")
		held := r.says("waits for approval") // the card as somebody has it on their screen
		w.later(t)
		r.says("closed", "expired", "Ask again", "Change")
		w.press("U0LEAD", held, "approve")
		w.told("U0LEAD", "expired")
		if n := ask[string](t, w, `select state from request where id = $1`, int64(r.id)); n != "expired" || r.ran() != 0 {
			t.Errorf("the request is %s, %d executions", n, r.ran())
		}
		w.until("its change sets are gone", `select not leftover from change where id = $1`, int64(r.id))
	})
	t.Run("what went without approval and nobody looked at is told again and again", func(t *testing.T) {
		remindsOfGlass(t, w.in(t))
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
	w.noSecrets(t)
}

// later makes it two hours later for the database, whose time decides.
func (w *world) later(t *testing.T) {
	t.Helper()
	w.sql(t, `create or replace function bcn_now() returns timestamptz language sql volatile
		as 'select clock_timestamp() + interval ''2 hours'''`)
}
