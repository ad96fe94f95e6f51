package store_test

import (
	"context"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
)

// mend puts locks and freezes right and answers how many were not.
func mend(t *testing.T, s *store.Store) (told []bcn.Hold) {
	t.Helper()
	mended, err := s.MendHolds(context.Background(), func(h bcn.Hold) []deploy.Note {
		told = append(told, h)
		return nil
	})
	if err != nil || len(mended) != len(told) {
		t.Fatalf("%d mended, %d told, %v", len(mended), len(told), err)
	}
	return told
}

// What holds is what the log says: whoever writes past bcn lets nothing through.
func TestHoldsAreProven(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("whatever column of a lock is changed, nothing starts", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		m := ready(t, s, "hello")
		hold(t, s, "U0LEAD", lockOf("hello"))
		o := newOwner(t, url)
		o.run(`alter table hold drop constraint hold_kind_check`)
		o.run(`alter table hold alter column id drop identity`)
		o.tampering("hold", "true", func(t *testing.T, _ string) {
			if err := start(s, m); bcn.CodeOf(err) != bcn.CodeTampered {
				t.Errorf("it answered: %v", err)
			}
		})
		if err := start(s, m); bcn.CodeOf(err) != bcn.CodeLocked {
			t.Errorf("put back as it was: %v", err)
		}
	})

	for _, c := range []struct{ name, sql string }{
		{"removed", `delete from hold`},
		{"marked as lifted", `update hold set lifted_at = bcn_now(), lifted_by = 'U0LEAD'`},
		{"given an end", `update hold set until_at = bcn_now()`},
		{"given another app", `update hold set app = 'other'`},
		{"replaced by another", `update hold set app = 'other'; insert into hold (kind, app, env, owner) values ('lock', 'hello', 'production', 'U0DEV')`},
	} {
		t.Run("a lock that was "+c.name+" is put back, and told", func(t *testing.T) {
			t.Parallel()
			s, url := pg.Store(t)
			m := ready(t, s, "hello")
			d := hold(t, s, "U0LEAD", lockOf("hello"))
			exec(t, url, c.sql)
			if err := start(s, m); bcn.CodeOf(err) != bcn.CodeTampered {
				t.Errorf("it started: %v", err)
			}
			if told := mend(t, s); len(told) == 0 {
				t.Error("nobody is told")
			}
			if err := start(s, m); bcn.CodeOf(err) != bcn.CodeLocked {
				t.Errorf("once it is put back: %v", err)
			}
			if again := mend(t, s); len(again) != 0 {
				t.Errorf("told again: %v", again)
			}
			lift(t, s, "U0LEAD", d.Hold.ID)
			if err := start(s, m); err != nil {
				t.Errorf("once it is lifted: %v", err)
			}
		})
	}

	t.Run("who made themselves its owner does not lift it", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		d := hold(t, s, "U0LEAD", lockOf("hello"))
		exec(t, url, `update hold set owner = 'U0DEV'`)
		_, err := s.Lift(ctx, deploy.Origin{}, "U0DEV", d.Hold.ID, func(deploy.HoldView) []deploy.Note { return nil })
		if bcn.CodeOf(err) != bcn.CodeTampered {
			t.Errorf("lifted: %v", err)
		}
		_, err = s.Hold(ctx, deploy.Origin{}, "U0DEV", lockOf("hello"), func(deploy.HoldDone) []deploy.Note { return nil })
		if bcn.CodeOf(err) != bcn.CodeTampered {
			t.Errorf("changed: %v", err)
		}
	})

	t.Run("a lock that nobody set is taken away", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		exec(t, url, `insert into hold (kind, app, env, owner) values ('lock', 'hello', 'production', 'U0DEV')`)
		if told := mend(t, s); len(told) != 1 {
			t.Errorf("told %v", told)
		}
		if holds, err := s.Holds(ctx); err != nil || len(holds) != 0 {
			t.Errorf("%v, %v", holds, err)
		}
	})

	t.Run("one from before rows were sealed is sealed where the log agrees", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		d := hold(t, s, "U0LEAD", lockOf("hello"))
		exec(t, url, `update hold set mac = ''`)
		if told := mend(t, s); len(told) != 0 {
			t.Errorf("told %v", told)
		}
		lift(t, s, "U0LEAD", d.Hold.ID)
	})

	t.Run("one that is over is written down as ever", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		w := lockOf("hello")
		w.For = hour
		hold(t, s, "U0LEAD", w)
		later(t, url, 2*hour)
		if told := mend(t, s); len(told) != 0 {
			t.Errorf("told %v", told)
		}
		n, err := s.SweepHolds(ctx, func(deploy.HoldView, bool) []deploy.Note { return nil })
		if n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		if told := mend(t, s); len(told) != 0 {
			t.Errorf("told %v", told)
		}
	})
}

// A task whose row was removed was still asked for: it is not run again.
func TestAOneoffThatWasRemovedIsForged(t *testing.T) {
	t.Parallel()
	s, url := pg.Store(t)
	m := ready(t, s, "hello")
	m.Audit = map[string]any{"hash": m.From.Plan.Hash}
	if err := start(s, m); err != nil {
		t.Fatal(err)
	}
	c := claim(t, s, m.From.Change.ID)
	if c.Forged || c.Oneoff != nil {
		t.Fatalf("before it is asked for: %+v", c.Oneoff)
	}
	o := bcn.NewOneoff(1, c.Now)
	apply(t, s, deploy.Move{From: c, Oneoff: &o})
	if c = claim(t, s, c.Change.ID); c.Forged || c.Oneoff == nil {
		t.Fatalf("as bcn wrote it: %+v", c.Oneoff)
	}
	exec(t, url, `delete from oneoff; update change set lease_until = null`)
	if c = claim(t, s, c.Change.ID); !c.Forged || c.Oneoff != nil {
		t.Errorf("removed: forged %v, %+v", c.Forged, c.Oneoff)
	}
}
