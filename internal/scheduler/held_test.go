package scheduler_test

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// frozen is an hourly deploy whose tick comes while everything is frozen.
func (f *filed) frozen(t *testing.T, how bcn.OnConflict) (bcn.Hold, bcn.Tick) {
	t.Helper()
	f.chat.makes = f.store
	s := f.hourly(t, release, with(func(o *bcn.ScheduleOptions) { o.OnConflict = how }))
	w := deploy.HoldWish{Kind: bcn.HoldFreeze, Reason: "the sale"}
	d, err := f.store.Hold(t.Context(), deploy.Origin{}, "U0LEAD", w, func(deploy.HoldDone) []deploy.Note { return nil })
	if err != nil {
		t.Fatal(err)
	}
	f.at(t, *s.NextAt)
	f.wake(t)
	return d.Hold, f.steps(t, f.only(t, s.ID).ID)
}

func TestAScheduleMeetsAFreeze(t *testing.T) {
	t.Parallel()
	t.Run("and is left out, which says why", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		_, k := f.frozen(t, bcn.ConflictSkip)
		if k.State != bcn.TickSkipped || k.Code != bcn.CodeFrozen || k.Params["reason"] != "the sale" || k.Change != 0 {
			t.Errorf("it is %s %s %v, with the change %s", k.State, k.Code, k.Params, k.Change)
		}
	})
	for _, how := range []bcn.OnConflict{bcn.ConflictQueue, bcn.ConflictOnce} {
		t.Run("and waits behind it, to run when it is lifted: "+string(how), func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			h, k := f.frozen(t, how)
			if k.State != bcn.TickDue || k.Code != bcn.CodeFrozen || k.Change != 0 {
				t.Fatalf("it is %s %s, with the change %s", k.State, k.Code, k.Change)
			}
			if _, err := f.store.Lift(t.Context(), deploy.Origin{}, "U0LEAD", h.ID, func(deploy.HoldView) []deploy.Note { return nil }); err != nil {
				t.Fatal(err)
			}
			if k = f.steps(t, k.ID); k.State != bcn.TickRunning || k.Code != "" || k.Change == 0 {
				t.Errorf("then it is %s %s, with the change %s", k.State, k.Code, k.Change)
			}
		})
	}
	t.Run("which the calendar shows", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		s := f.hourly(t, release)
		day := deploy.HoldWish{Kind: bcn.HoldFreeze, Reason: "the sale", For: 24 * time.Hour}
		if _, err := f.store.Hold(t.Context(), deploy.Origin{}, "U0LEAD", day, func(deploy.HoldDone) []deploy.Note { return nil }); err != nil {
			t.Fatal(err)
		}
		v, err := f.Calendar(t.Context(), "")
		if err != nil || len(v.Held) != 1 || v.Held[0].Hold.Reason != "the sale" || len(v.Held[0].Meets) != 1 || v.Of[v.Held[0].Meets[0]].ID != s.ID {
			t.Errorf("%+v: %v", v.Held, err)
		}
	})
}
