package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/text"
)

// locks are the world's locks and freezes; lee's is somebody else's.
type locks struct{ w *world }

func (x *locks) hold(a bcn.Actor, w deploy.HoldWish, kind bcn.HoldKind) (deploy.HoldDone, error) {
	x.w.called("%s %s %s/%s %q for %s", kind, a.User, w.App, w.Env, w.Reason, w.For)
	h := bcn.Hold{ID: 7, Kind: kind, App: w.App, Env: w.Env, Owner: a.User, Reason: w.Reason, Since: start}
	if w.For != 0 {
		end := start.Add(w.For)
		h.Until = &end
	}
	d := deploy.HoldDone{HoldView: deploy.HoldView{Hold: h}}
	for _, v := range x.w.holds {
		if v.Hold.Kind == kind && v.Hold.App == w.App && v.Hold.Env == w.Env {
			if v.Hold.Owner != a.User {
				return d, deploy.HoldOwned(v.Hold)
			}
			d.Changed = true
		}
	}
	return d, nil
}

func (x *locks) Lock(_ context.Context, _ deploy.Origin, a bcn.Actor, w deploy.HoldWish) (deploy.HoldDone, error) {
	return x.hold(a, w, bcn.HoldLock)
}

func (x *locks) Freeze(_ context.Context, _ deploy.Origin, a bcn.Actor, w deploy.HoldWish) (deploy.HoldDone, error) {
	return x.hold(a, w, bcn.HoldFreeze)
}

func (x *locks) Lift(_ context.Context, _ deploy.Origin, a bcn.Actor, kind bcn.HoldKind, app, env string) (deploy.HoldView, bool, error) {
	x.w.called("lift %s %s %s/%s", a.User, kind, app, env)
	for _, v := range x.w.holds {
		if v.Hold.Kind == kind && v.Hold.App == app && v.Hold.Env == env {
			if v.Hold.Owner != a.User {
				return v, false, deploy.HoldOwned(v.Hold)
			}
			return v, true, nil
		}
	}
	return deploy.HoldView{}, false, nil
}

func (x *locks) HoldViews(context.Context) ([]deploy.HoldView, error) { return x.w.holds, nil }

// held is a world with dana's lock, lee's, and two freezes.
func held(w *world) {
	end := start.Add(2 * time.Hour)
	waiting := bcn.Change{ID: 1043, Kind: bcn.KindDeploy, App: "hello", Env: "production", Tag: "v3", State: bcn.ChangeWaitingTurn, Requester: bcn.Actor{Kind: bcn.Person, User: "U0ONCALL"}}
	w.holds = []deploy.HoldView{
		{Hold: bcn.Hold{ID: 1, Kind: bcn.HoldLock, App: "hello", Env: "production", Owner: "U0DEV", Reason: "<!here> *the* migration", Since: start, Until: &end}, Waiting: []bcn.Change{waiting}},
		{Hold: bcn.Hold{ID: 2, Kind: bcn.HoldLock, App: "hello", Env: "staging", Owner: "U0LEAD", Change: 1031, From: 3, To: 2, Reason: "the cart is empty", Since: start}},
		{Hold: bcn.Hold{ID: 3, Kind: bcn.HoldFreeze, Env: "production", Owner: "U0LEAD", Reason: "the sale", Since: start, Until: &end}},
		{Hold: bcn.Hold{ID: 4, Kind: bcn.HoldFreeze, Owner: "U0ADMIN", Reason: "the network", Since: start}},
	}
}

// lockTurns is what people type about locks and freezes, rightly and wrongly.
func lockTurns() []turn {
	dana, lee, admin := "U0DEV", "U0LEAD", "U0ADMIN"
	behind := func(h int) func(*world) {
		return func(w *world) { held(w); w.held = &w.holds[h].Hold }
	}
	return []turn{
		{user: dana, text: "lock --help"},
		{user: dana, text: "help unlock"},
		{user: dana, text: "help freeze"},
		{user: dana, text: "lock hello production the migration runs"},
		{user: dana, text: "lock hello production the migration runs for 2h"},
		{user: dana, text: "lock hello production for the migration, for 3 days"},
		{user: dana, text: "lock hello production it's *ours* &amp; <!here> for 90m"},
		{user: dana, text: "lock hello production it takes longer", world: held},
		{user: dana, text: "lock hello staging mine now", world: held},
		{user: dana, text: "lock hello production"},
		{user: dana, text: "lock hello production for 2h"},
		{user: dana, text: "lock hello production why for 60d"},
		{user: dana, text: "lock hello production why for 2x"},
		{user: dana, text: "lock hello prod why"},
		{user: dana, text: "lck hello production why"},
		{user: dana, text: "lock"},
		{user: dana, text: "unlock hello production", world: held},
		{user: dana, text: "unlock hello production"},
		{user: dana, text: "unlock hello staging", world: held},
		{user: dana, text: "unlock hello staging --steal the fix has to go out", world: held},
		{user: dana, text: "unlock hello staging --steal", world: held},
		{user: dana, action: "typed", value: "unlock hello production", world: held},
		{user: lee, action: "typed", value: "unlock hello production", world: held},
		{user: admin, text: "locks"},
		{user: dana, text: "locks", world: held},
		{user: admin, text: "locks hello", world: held},
		{user: "U0STRANGER", text: "locks", world: held},
		{user: lee, text: "freeze production the sale is on for 3d"},
		{user: lee, text: "freeze all the network is rebuilt"},
		{user: dana, text: "freeze production me too", world: held},
		{user: lee, text: "freeze produktion the sale is on for 3d"},
		{user: lee, text: "freeze demo the sale is on"},
		{user: lee, text: "freeze ALL the network is rebuilt"},
		{user: lee, text: "thaw prod", world: held},
		{user: lee, text: "freeze production"},
		{user: lee, text: "freeze"},
		{user: lee, text: "thaw production", world: held},
		{user: lee, text: "thaw all", world: held},
		{user: lee, text: "thaw staging"},
		{user: dana, text: "deploy hello production v3", world: behind(1)},
		{user: dana, text: "deploy hello production v3", world: behind(2)},
		{user: dana, text: "restart hello production", world: behind(3)},
		{user: dana, text: "status hello production", world: held},
	}
}

func TestLockConversations(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range lockTurns() {
				said := x.text
				if x.action != "" {
					said = fmt.Sprintf("[%s %s]", x.action, x.value)
				}
				fmt.Fprintf(&b, "### %s: %s\n%s\n", x.user, said, answer(t, x, lang))
			}
			golden(t, "testdata/locks."+lang+".golden", b.String())
		})
	}
}

// behindHold answers what a new change of the world waits behind.
func (w *world) behindHold() *bcn.Error {
	switch {
	case w.held == nil:
		return nil
	case w.held.Kind == bcn.HoldFreeze:
		return &bcn.Error{Code: bcn.CodeFrozen, Params: guard.HoldParams(*w.held)}
	default:
		return &bcn.Error{Code: bcn.CodeLocked, Params: guard.HoldParams(*w.held)}
	}
}
