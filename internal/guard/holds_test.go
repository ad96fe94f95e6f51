package guard_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestBehind(t *testing.T) {
	t.Parallel()
	past, later := noon, noon.Add(time.Hour)
	lock := bcn.Hold{ID: 1, Kind: bcn.HoldLock, App: "hello", Env: "production", Owner: "U0LEAD"}
	env := bcn.Hold{ID: 2, Kind: bcn.HoldFreeze, Env: "production", Owner: "U0DEV", Until: &later}
	all := bcn.Hold{ID: 3, Kind: bcn.HoldFreeze, Owner: "U0DEV"}
	over := bcn.Hold{ID: 4, Kind: bcn.HoldFreeze, Owner: "U0DEV", Until: &past}
	dana, lee := bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, bcn.Actor{Kind: bcn.Person, User: "U0LEAD"}
	ship := guard.Asked{Kind: bcn.KindDeploy, App: "hello", Env: "production", By: dana}
	of := func(f func(*guard.Asked)) guard.Asked {
		a := ship
		f(&a)
		return a
	}
	for _, c := range []struct {
		name  string
		holds []bcn.Hold
		a     guard.Asked
		by    bcn.ID
		code  bcn.Code
	}{
		{"a lock holds what others ask for", []bcn.Hold{lock}, ship, 1, bcn.CodeLocked},
		{"and lets its owner through", []bcn.Hold{lock}, of(func(a *guard.Asked) { a.By = lee }), 0, ""},
		{"but not their schedules", []bcn.Hold{lock}, of(func(a *guard.Asked) { a.By, a.Clock = lee, true }), 1, bcn.CodeLocked},
		{"nor a token of theirs", []bcn.Hold{lock}, of(func(a *guard.Asked) { a.By = lee; a.By.Via = "token #7" }), 1, bcn.CodeLocked},
		{"nor a machine of the same name", []bcn.Hold{lock}, of(func(a *guard.Asked) { a.By = bcn.Actor{Kind: bcn.System, User: "U0LEAD"} }), 1, bcn.CodeLocked},
		{"it is of one app", []bcn.Hold{lock}, of(func(a *guard.Asked) { a.App = "shop" }), 0, ""},
		{"in one environment", []bcn.Hold{lock}, of(func(a *guard.Asked) { a.Env = "staging" }), 0, ""},
		{"a freeze holds its owner too", []bcn.Hold{env}, ship, 2, bcn.CodeFrozen},
		{"not another environment", []bcn.Hold{env}, of(func(a *guard.Asked) { a.Env = "staging" }), 0, ""},
		{"that of all is said before that of one", []bcn.Hold{lock, env, all}, ship, 3, bcn.CodeFrozen},
		{"a freeze before a lock", []bcn.Hold{lock, env}, ship, 2, bcn.CodeFrozen},
		{"what is over holds nothing", []bcn.Hold{over}, ship, 0, ""},
		{"an endpoint waits where its district serves what is frozen", []bcn.Hold{env}, guard.Asked{Kind: bcn.KindEndpointUpdate, Envs: []string{"staging", "production"}, By: dana}, 2, bcn.CodeFrozen},
		{"and not where it does not", []bcn.Hold{env}, guard.Asked{Kind: bcn.KindEndpointUpdate, Envs: []string{"staging"}, By: dana}, 0, ""},
		{"access is let through", []bcn.Hold{lock, all}, of(func(a *guard.Asked) { a.Kind = bcn.KindAccess }), 0, ""},
		{"so is a plan", []bcn.Hold{lock, all}, of(func(a *guard.Asked) { a.Kind = bcn.KindPlan }), 0, ""},
		{"and what takes a lock away", []bcn.Hold{lock, all}, of(func(a *guard.Asked) { a.Kind = bcn.KindUnlock }), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, held := guard.Behind(c.holds, c.a, noon)
			if held != (c.by != 0) || w.Hold.ID != c.by || w.Code != c.code {
				t.Errorf("behind %s %s", w.Hold.ID, w.Code)
			}
		})
	}
}

// Who goes past goes past all of them: none is left out, none is named twice.
func TestAllBehind(t *testing.T) {
	t.Parallel()
	past := noon
	holds := []bcn.Hold{
		{ID: 1, Kind: bcn.HoldLock, App: "hello", Env: "production", Owner: "U0LEAD"},
		{ID: 2, Kind: bcn.HoldFreeze, Env: "production", Owner: "U0DEV"},
		{ID: 3, Kind: bcn.HoldFreeze, Owner: "U0DEV"},
		{ID: 4, Kind: bcn.HoldFreeze, Owner: "U0DEV", Until: &past},
		{ID: 5, Kind: bcn.HoldLock, App: "shop", Env: "production", Owner: "U0LEAD"},
	}
	dana := bcn.Actor{Kind: bcn.Person, User: "U0DEV"}
	var ids []bcn.ID
	for _, w := range guard.AllBehind(holds, guard.Asked{Kind: bcn.KindDeploy, App: "hello", Env: "production", By: dana}, noon) {
		ids = append(ids, w.Hold.ID)
	}
	if !slices.Equal(ids, []bcn.ID{3, 2, 1}) {
		t.Errorf("behind %v", ids)
	}
}

// Whatever is locked and frozen: what a change waits behind is one of the holds,
// about the change and not over, and a change goes on exactly when none of them
// would hold it by itself.
func TestBehindIsAnyOfThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"hello", "shop"})
		envs := rapid.SampledFrom([]string{"production", "staging"})
		people := rapid.SampledFrom([]string{"U0DEV", "U0LEAD"})
		var holds []bcn.Hold
		for i := range rapid.IntRange(0, 6).Draw(t, "holds") {
			h := bcn.Hold{ID: bcn.ID(i + 1), Kind: bcn.HoldFreeze, Owner: people.Draw(t, "owner")}
			if rapid.Bool().Draw(t, "lock") {
				h.Kind, h.App = bcn.HoldLock, names.Draw(t, "app")
			}
			if h.App != "" || rapid.Bool().Draw(t, "one environment") {
				h.Env = envs.Draw(t, "env")
			}
			if rapid.Bool().Draw(t, "ends") {
				end := noon.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "end")) * time.Hour)
				h.Until = &end
			}
			holds = append(holds, h)
		}
		a := guard.Asked{
			Kind: rapid.SampledFrom([]bcn.Kind{bcn.KindDeploy, bcn.KindRun, bcn.KindPlan, bcn.KindAccess}).Draw(t, "kind"),
			App:  names.Draw(t, "its app"), Env: envs.Draw(t, "its env"), Clock: rapid.Bool().Draw(t, "by the clock"),
			By: bcn.Actor{Kind: bcn.Person, User: people.Draw(t, "by")},
		}
		alone := map[bcn.ID]bool{}
		for _, h := range holds {
			if _, held := guard.Behind([]bcn.Hold{h}, a, noon); held {
				alone[h.ID] = true
			}
		}
		w, held := guard.Behind(holds, a, noon)
		if held != (len(alone) > 0) || held && !alone[w.Hold.ID] {
			t.Fatalf("behind %v (%t), of %v", w.Hold, held, alone)
		}
	})
}
