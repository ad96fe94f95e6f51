package app

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// lockedByRollback is what an administrator's restart meets after dana has
// rolled back: it waits behind her lock, she is told, nobody else lifts it, and
// when she does it goes on by itself.
func (w *world) lockedByRollback(r request) {
	w.t.Helper()
	r.says("Waits", "<@U0DEV> locked", "rolled back from 2 to 1", "the cart is empty", "Unlock")
	r.state(bcn.ChangeWaitingTurn)
	w.wait(func(m localslack.Message) bool {
		return strings.Contains(shown(m), "wants to restart hello production") && strings.Contains(shown(m), "waits behind this") && m.Thread == ""
	}, "dana is told who waits")
	w.slash("U0ADMIN", deploys, "lock hello production this is mine now")
	w.told("U0ADMIN", "belongs to <@U0DEV>", "--steal")
	w.slash("U0LEAD", deploys, "unlock hello production")
	w.told("U0LEAD", "belongs to <@U0DEV>")
	w.slash("U0DEV", deploys, "locks")
	w.told("U0DEV", "Locks and freezes", "rolled back from 2 to 1", r.id.String())
	w.stolen()
	if n := r.ran(); n != 0 {
		w.t.Errorf("%d change sets ran while it was locked", n)
	}
	r.press("U0LEAD", "typed") // the button is its owner's
	w.told("U0LEAD", "belongs to <@U0DEV>")
	r.press("U0DEV", "typed")
	w.told("U0DEV", "Unlocked", "What waited goes on", r.id.String())
}

// stolen asks for dana's lock to be taken away: she says no, and then the next
// request is withdrawn.
func (w *world) stolen() {
	w.t.Helper()
	w.slash("U0LEAD", deploys, "unlock hello production --steal the fix has to go out")
	card := w.card(deploys, "wants the lock of", "the fix has to go out", "rolled back from 2 to 1", "waits for approval")
	s := request{w, idOf(w.t, card), card}
	s.press("U0LEAD", "approve")
	w.told("U0LEAD", "asked for")
	s.press("U0DEV", "reject")
	s.ends(bcn.ChangeClosed, bcn.CodeRejected)
}

// A lock is taken away by whom the rule names; a freeze holds what is approved,
// its owner's too, until it is thawed.
func TestLocksAndFreezes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()

	t.Run("a lock is taken away once a lead has approved it, and its owner is told by whom", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0ADMIN", deploys, "lock hello production the network is changed for 2h")
		w.told("U0ADMIN", "Locked", "until")
		w.slash("U0ADMIN", deploys, "lock hello production it takes longer for 3h")
		w.told("U0ADMIN", "yours already", "it takes longer")
		r := w.dana("unlock hello production --steal the fix has to go out", "it takes longer", "waits for approval")
		r.press("U0LEAD", "approve")
		r.ends(bcn.ChangeSucceeded, "")
		w.wait(func(m localslack.Message) bool { return strings.Contains(shown(m), "<@U0DEV> lifted your lock") }, "the owner is told")
		w.slash("U0DEV", deploys, "locks")
		w.told("U0DEV", "Nothing is locked or frozen")
	})
	t.Run("a freeze holds what is approved, says so, and is thawed by its owner alone", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting("v2")
		w.slash("U0LEAD", deploys, "freeze nowhere for the sale")
		w.told("U0LEAD", "nowhere")
		w.slash("U0LEAD", deploys, "freeze production the sale is on")
		w.told("U0LEAD", "Frozen")
		r.says("froze the environment", "the sale is on")
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeQueued)
		r.says("approved", "Waits", "the sale is on", "Thaw")
		w.slash("U0DEV", deploys, "thaw production")
		w.told("U0DEV", "froze", "ask one of them")
		if n := r.ran(); n != 0 {
			t.Errorf("%d change sets ran while it was frozen", n)
		}
		r.press("U0DEV", "cancel")
		r.ends(bcn.ChangeClosed, bcn.CodeCancelled)
		w.slash("U0LEAD", deploys, "thaw production")
		w.told("U0LEAD", "Thawed")
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
}
