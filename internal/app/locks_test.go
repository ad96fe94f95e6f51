package app

import (
	"strings"

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

// taken takes the administrator's lock, which a rollback left, away: once a lead
// has approved it, and its owner is told by whom.
func (w *world) taken() {
	w.t.Helper()
	w.slash("U0ADMIN", deploys, "lock hello production it takes longer for 3h")
	w.told("U0ADMIN", "yours already", "it takes longer", "until")
	r := w.dana("unlock hello production --steal the fix has to go out", "it takes longer", "waits for approval")
	r.press("U0LEAD", "approve")
	r.ends(bcn.ChangeSucceeded, "")
	w.wait(func(m localslack.Message) bool { return strings.Contains(shown(m), "<@U0DEV> lifted your lock") }, "the owner is told")
	w.slash("U0DEV", deploys, "locks")
	w.told("U0DEV", "Nothing is locked or frozen")
}

// frozen freezes production: what is approved says that it waits, and only who
// froze it thaws it.
func (w *world) frozen() {
	w.t.Helper()
	r := w.waiting("v1")
	w.slash("U0LEAD", deploys, "freeze nowhere for the sale")
	w.told("U0LEAD", "nowhere")
	w.slash("U0LEAD", deploys, "freeze production the sale is on")
	w.told("U0LEAD", "Frozen")
	r.says("froze the environment", "the sale is on")
	r.press("U0LEAD", "approve")
	r.says("Waits", "starts then", "the sale is on", "Thaw")
	w.slash("U0DEV", deploys, "thaw production")
	w.told("U0DEV", "froze", "ask one of them")
	if n := r.ran(); n != 0 {
		w.t.Errorf("%d change sets ran while it was frozen", n)
	}
	r.press("U0DEV", "cancel")
	r.ends(bcn.ChangeClosed, bcn.CodeCancelled)
	w.slash("U0LEAD", deploys, "thaw production")
	w.told("U0LEAD", "Thawed")
}
