package card_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// holds are a lock, one that a rollback made, and two freezes.
func holds() (lock, rolled, freeze, all bcn.Hold) {
	end := at.Add(2 * time.Hour)
	lock = bcn.Hold{ID: 1, Kind: bcn.HoldLock, App: "hello", Env: "production", Owner: "U0LEAD", Reason: evil, Since: at, Until: &end}
	rolled = bcn.Hold{ID: 2, Kind: bcn.HoldLock, App: "hello", Env: "production", Owner: "U0DEV", Change: 1042, From: 12, To: 11, Reason: "the cart is empty", Since: at}
	freeze = bcn.Hold{ID: 3, Kind: bcn.HoldFreeze, Env: "production", Owner: "U0LEAD", Reason: "the sale", Since: at, Until: &end}
	all = bcn.Hold{ID: 4, Kind: bcn.HoldFreeze, Owner: "U0ADMIN", Reason: "the network", Since: at}
	return lock, rolled, freeze, all
}

// heldCards are the cards of what waits, of what locked, and of what is to be
// unlocked.
func heldCards() []view {
	lock, rolled, freeze, all := holds()
	held := func(state bcn.ChangeState, h bcn.Hold) card.View {
		c := deployment(state)
		c.HeldBy = h.ID
		v := card.View{Change: c, Hash: hash}
		v.Waits = &h
		if state != bcn.ChangeWaitingTurn {
			v.Plan = plan()
		}
		return v
	}
	back := card.View{Change: deployment(bcn.ChangeSucceeded), Plan: plan(func(p *bcn.Plan) { p.Kind, p.Restores = bcn.KindRollback, 11 }), Hash: hash}
	back.Change.Kind, back.Lock = bcn.KindRollback, &rolled
	steal := card.View{Change: deployment(bcn.ChangeWaiting), Plan: plan(func(p *bcn.Plan) {
		*p = bcn.Plan{Kind: bcn.KindUnlock, App: "hello", Env: "production", Needs: p.Needs, Lock: &lock}
	}), Hash: hash}
	steal.Change.Kind, steal.Change.Tag = bcn.KindUnlock, ""
	ended := func(state bcn.ChangeState, by ...string) card.View {
		c := steal.Change
		if c.State = state; len(by) > 0 {
			c.Code, c.Params = bcn.CodeLockLifted, map[string]string{"app": "hello", "env": "production", "by": by[0]}
		}
		return card.View{Change: c, Plan: steal.Plan, Hash: hash}
	}
	return []view{
		{"somebody's lock was taken away", ended(bcn.ChangeSucceeded)},
		{"its owner lifted it, who was asked", ended(bcn.ChangeClosed, "U0LEAD")},
		{"its time was over before anybody decided", ended(bcn.ChangeClosed, bcn.SystemIdentity)},
		{"waits behind a lock, not planned", held(bcn.ChangeWaitingTurn, lock)},
		{"waits behind a freeze, and for approval", held(bcn.ChangeWaiting, freeze)},
		{"approved, and waits behind a freeze of all", held(bcn.ChangeQueued, all)},
		{"runs: nothing of it is said any more", held(bcn.ChangeApplying, lock)},
		{"a rollback that locked", back},
		{"somebody's lock is to be taken away", steal},
	}
}

// heldMoments are what is told of locks and freezes.
func heldMoments() map[string]deploy.Moment {
	lock, rolled, freeze, all := holds()
	waits := deployment(bcn.ChangeWaitingTurn)
	unlock := deployment(bcn.ChangeSucceeded)
	unlock.Kind, unlock.Reason = bcn.KindUnlock, "the fix has to go out"
	back := deployment(bcn.ChangeSucceeded)
	back.Kind = bcn.KindRollback
	own := waits
	own.Requester.User = lock.Owner
	waiting := []bcn.Change{waits, waits}
	taken := &bcn.Plan{Kind: bcn.KindUnlock, App: "hello", Env: "production", Lock: &lock}
	return map[string]deploy.Moment{
		"01 a change waits":                          {Kind: deploy.MomentHeld, Change: waits, Hold: &lock},
		"02 the owner's own schedule waits":          {Kind: deploy.MomentHeld, Change: own, Hold: &lock},
		"03 a change waits behind a freeze":          {Kind: deploy.MomentHeld, Change: waits, Hold: &all},
		"04 somebody locks":                          {Kind: deploy.MomentHoldSet, Hold: &lock, By: lock.Owner, Channel: "C0HELLO"},
		"05 somebody freezes":                        {Kind: deploy.MomentHoldSet, Hold: &freeze, By: freeze.Owner},
		"06 it is changed":                           {Kind: deploy.MomentHoldChanged, Hold: &lock, By: lock.Owner},
		"07 its owner unlocks":                       {Kind: deploy.MomentHoldLifted, Hold: &lock, By: lock.Owner, Waiting: waiting},
		"08 an administrator unlocks":                {Kind: deploy.MomentHoldLifted, Hold: &lock, By: "U0ADMIN"},
		"09 its time is over":                        {Kind: deploy.MomentHoldOver, Hold: &freeze, Waiting: waiting},
		"10 its end is near":                         {Kind: deploy.MomentHoldReminder, Hold: &freeze, Waiting: waiting},
		"11 it has no end":                           {Kind: deploy.MomentHoldReminder, Hold: &rolled},
		"12 somebody wants it taken away":            {Kind: deploy.MomentPlanned, Change: unlock, Plan: taken, Hash: hash},
		"13 it was taken away":                       {Kind: deploy.MomentEnded, Change: unlock, Plan: taken},
		"14 a rollback locked":                       {Kind: deploy.MomentEnded, Change: back, Plan: plan(), Hold: &rolled},
		"15 somebody breaks the glass and goes past": {Kind: deploy.MomentOverrode, Change: waits, Hold: &freeze},
	}
}

func TestHeldCards(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, v := range heldCards() {
				m := p.Card(v.v)
				if fault := faults(m); fault != "" {
					t.Errorf("%s: there is %s:\n%s", v.name, fault, shown(m))
				}
				fmt.Fprintf(&b, "### %s\n%s\n", v.name, shown(m))
			}
			moments := heldMoments()
			for _, name := range slices.Sorted(maps.Keys(moments)) {
				fmt.Fprintf(&b, "### %s\n%s\n", name, told(p.Notes(moments[name])))
			}
			golden(t, "testdata/holds."+lang+".golden", b.String())
		})
	}
}
