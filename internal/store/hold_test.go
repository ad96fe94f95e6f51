package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
)

const hour = time.Hour

// hold locks or freezes.
func hold(t *testing.T, s *store.Store, actor string, w deploy.HoldWish) deploy.HoldDone {
	t.Helper()
	d, err := s.Hold(context.Background(), deploy.Origin{}, actor, w, func(deploy.HoldDone) []deploy.Note { return nil })
	if err != nil {
		t.Fatalf("%s %s %s: %v", w.Kind, w.App, w.Env, err)
	}
	return d
}

func lift(t *testing.T, s *store.Store, actor string, id bcn.ID) deploy.HoldView {
	t.Helper()
	v, err := s.Lift(context.Background(), deploy.Origin{}, actor, id, func(deploy.HoldView) []deploy.Note { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// later makes the database's time run ahead.
func later(t *testing.T, owner string, ahead time.Duration) {
	t.Helper()
	if err := store.ShiftClock(context.Background(), owner, ahead); err != nil {
		t.Fatal(err)
	}
}

func lockOf(app string) deploy.HoldWish {
	return deploy.HoldWish{Kind: bcn.HoldLock, App: app, Env: "production", Reason: "the migration"}
}

// asked is a deploy of an app in production, by dana unless others say so.
func asked(t *testing.T, s *store.Store, app string, by bcn.Actor, o deploy.Origin) bcn.Change {
	t.Helper()
	c, err := s.New(context.Background(), o, bcn.Change{
		Kind: bcn.KindDeploy, Subject: "heritage:" + app, App: app, Env: "production", Heritage: app, Requester: by, Channel: "C0DEPLOY",
	}, deploy.Wish{Kind: bcn.KindDeploy, App: app, Env: "production"}, []deploy.Note{{Key: "card", Role: deploy.RoleCard, Channel: "C0DEPLOY"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var dana = bcn.Actor{Kind: bcn.Person, User: "U0DEV"}

// ready makes a deploy of dana's that nobody needs to approve, up to its start.
func ready(t *testing.T, s *store.Store, app string) deploy.Move {
	t.Helper()
	c := asked(t, s, app, dana, deploy.Origin{})
	apply(t, s, deploy.Move{From: claim(t, s, c.ID), Event: bcn.EventPlanned, Plan: storedPlan(`{}`)})
	apply(t, s, deploy.Move{From: claim(t, s, c.ID), Event: bcn.EventQueue, Audit: map[string]any{"gated": "false"}})
	return starting(t, s, c.ID)
}

func TestLocks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("what somebody else locked waits from the start, and says behind what", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		d := hold(t, s, "U0LEAD", deploy.HoldWish{Kind: bcn.HoldLock, App: "hello", Env: "production", Reason: "the migration", For: 2 * hour})
		c := asked(t, s, "hello", dana, deploy.Origin{})
		if c.State != bcn.ChangeWaitingTurn || c.HeldBy != d.Hold.ID || c.Code != bcn.CodeLocked || c.Params["by"] != "U0LEAD" || c.Params["reason"] != "the migration" || c.Params["until"] == "" {
			t.Fatalf("it is %s, held by %s: %s %v", c.State, c.HeldBy, c.Code, c.Params)
		}
		if other := asked(t, s, "other", dana, deploy.Origin{}); other.State != bcn.ChangePlanning {
			t.Errorf("another app's deploy is %s", other.State)
		}
		if own := asked(t, s, "hello", bcn.Actor{Kind: bcn.Person, User: "U0LEAD"}, deploy.Origin{}); own.State != bcn.ChangePlanning {
			t.Errorf("its owner's deploy is %s", own.State)
		}
		token := asked(t, s, "hello", bcn.Actor{Kind: bcn.Person, User: "U0LEAD", Via: "token #7"}, deploy.Origin{})
		if token.State != bcn.ChangeWaitingTurn || token.HeldBy != d.Hold.ID {
			t.Errorf("a deploy by its owner's token is %s", token.State)
		}
		views, err := s.HoldViews(ctx)
		if err != nil || len(views) != 1 || len(views[0].Waiting) != 2 || views[0].Waiting[0].ID != c.ID {
			t.Errorf("shown as %+v: %v", views, err)
		}
	})

	t.Run("a lock that comes late holds what is about to start", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		m := ready(t, s, "hello")
		d := hold(t, s, "U0LEAD", lockOf("hello"))
		if err := start(s, m); bcn.CodeOf(err) != bcn.CodeLocked {
			t.Fatalf("it started: %v", err)
		}
		lift(t, s, "U0LEAD", d.Hold.ID)
		if err := start(s, m); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("a freeze holds everything in its environment, its owner's too", func(t *testing.T) {
		t.Parallel()
		for _, env := range []string{"production", ""} {
			s, _ := pg.Store(t)
			m := ready(t, s, "hello")
			hold(t, s, "U0DEV", deploy.HoldWish{Kind: bcn.HoldFreeze, Env: env, Reason: "the sale"})
			if err := start(s, m); bcn.CodeOf(err) != bcn.CodeFrozen {
				t.Errorf("it started under a freeze of %q: %v", env, err)
			}
		}
		s, _ := pg.Store(t)
		m := ready(t, s, "hello")
		hold(t, s, "U0DEV", deploy.HoldWish{Kind: bcn.HoldFreeze, Env: "staging", Reason: "the sale"})
		if err := start(s, m); err != nil {
			t.Errorf("held by a freeze of another environment: %v", err)
		}
	})

	t.Run("once its time is over it holds nothing, though nobody wrote that down", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		m := ready(t, s, "hello")
		hold(t, s, "U0LEAD", deploy.HoldWish{Kind: bcn.HoldLock, App: "hello", Env: "production", Reason: "soon over", For: hour})
		later(t, owner, hour)
		if err := start(s, m); err != nil {
			t.Fatal(err)
		}
		if again := hold(t, s, "U0OTHER", lockOf("hello")); again.Changed || again.Hold.Owner != "U0OTHER" {
			t.Errorf("locked anew: %+v", again)
		}
	})

	t.Run("its owner changes it, and nobody else", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		first := hold(t, s, "U0LEAD", lockOf("hello"))
		second := hold(t, s, "U0LEAD", deploy.HoldWish{Kind: bcn.HoldLock, App: "hello", Env: "production", Reason: "it takes longer", For: hour})
		if first.Changed || !second.Changed || second.Hold.ID != first.Hold.ID || second.Hold.Reason != "it takes longer" || second.Hold.Until == nil {
			t.Fatalf("first %+v, then %+v", first, second)
		}
		_, err := s.Hold(ctx, deploy.Origin{}, "U0DEV", lockOf("hello"), func(deploy.HoldDone) []deploy.Note { return nil })
		if bcn.CodeOf(err) != bcn.CodeLockOwned {
			t.Fatalf("taken over: %v", err)
		}
		if _, err := s.Lift(ctx, deploy.Origin{}, "U0LEAD", first.Hold.ID+1, nil); !errors.Is(err, deploy.ErrMoved) {
			t.Errorf("lifted what is not there: %v", err)
		}
		if _, err := s.VerifyAudit(ctx); err != nil {
			t.Error(err)
		}
	})
}

// What is starting while it is locked is either refused or was first: once Hold
// has answered, nothing starts any more.
func TestNothingStartsBehindALock(t *testing.T) {
	t.Parallel()
	for range 4 {
		t.Run("whoever is first", func(t *testing.T) {
			t.Parallel()
			s, _ := pg.Store(t)
			moves := []deploy.Move{ready(t, s, "one"), ready(t, s, "two"), ready(t, s, "three")}
			var wait sync.WaitGroup
			errs := make([]error, len(moves))
			for i, m := range moves {
				wait.Go(func() { errs[i] = start(s, m) })
			}
			frozen := hold(t, s, "U0LEAD", deploy.HoldWish{Kind: bcn.HoldFreeze, Reason: "now"})
			begun := busy(t, s)
			wait.Wait()
			if after := busy(t, s); !slices.Equal(begun, after) {
				t.Errorf("when the freeze %s was answered %v ran, and then %v", frozen.Hold.ID, begun, after)
			}
			for i, err := range errs {
				ran := slices.Contains(begun, moves[i].From.Change.ID)
				if ran != (err == nil) || err != nil && bcn.CodeOf(err) != bcn.CodeFrozen {
					t.Errorf("%s ran %t: %v", moves[i].From.Change.ID, ran, err)
				}
			}
		})
	}
}

func busy(t *testing.T, s *store.Store) []bcn.ID {
	t.Helper()
	open, err := s.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []bcn.ID
	for _, c := range open {
		if c.State.Busy() {
			out = append(out, c.ID)
		}
	}
	return out
}

func TestWhatWaitedGoesOn(t *testing.T) {
	t.Parallel()
	turn := func(t *testing.T, s *store.Store, id bcn.ID) bcn.Change {
		t.Helper()
		return apply(t, s, deploy.Move{From: claim(t, s, id), Event: bcn.EventTurn})
	}

	t.Run("in the order in which it was asked for, one after the other", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		d := hold(t, s, "U0LEAD", lockOf("hello"))
		first, second := asked(t, s, "hello", dana, deploy.Origin{}), asked(t, s, "hello", dana, deploy.Origin{})
		lift(t, s, "U0LEAD", d.Hold.ID)
		if c := turn(t, s, second.ID); c.State != bcn.ChangeWaitingTurn || c.Behind != first.ID {
			t.Fatalf("the second is %s behind %s", c.State, c.Behind)
		}
		if c := turn(t, s, first.ID); c.State != bcn.ChangePlanning || c.HeldBy != 0 || c.Code != "" {
			t.Fatalf("the first is %s, held by %s: %s", c.State, c.HeldBy, c.Code)
		}
		if c := turn(t, s, second.ID); c.State != bcn.ChangeWaitingTurn {
			t.Fatalf("the second is %s while the first is planned", c.State)
		}
		if third := asked(t, s, "hello", dana, deploy.Origin{}); third.State != bcn.ChangeWaitingTurn {
			t.Errorf("one that came last is %s", third.State)
		}
		apply(t, s, deploy.Move{From: claim(t, s, first.ID), Event: bcn.EventClose, Code: bcn.CodeNoChange})
		if c := turn(t, s, second.ID); c.State != bcn.ChangePlanning {
			t.Errorf("the second is %s after the first has ended", c.State)
		}
	})

	t.Run("what waits for people keeps nobody waiting", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		d := hold(t, s, "U0LEAD", lockOf("hello"))
		first, second := asked(t, s, "hello", dana, deploy.Origin{}), asked(t, s, "hello", dana, deploy.Origin{})
		lift(t, s, "U0LEAD", d.Hold.ID)
		turn(t, s, first.ID)
		planned := apply(t, s, deploy.Move{From: claim(t, s, first.ID), Event: bcn.EventPlanned, Plan: storedPlan(`{}`)})
		c := claim(t, s, planned.ID)
		apply(t, s, deploy.Move{From: c, Event: bcn.EventAsk, Ask: &bcn.Request{
			ID: planned.ID, Hash: c.Plan.Hash, Requester: "U0DEV", Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 1}}, ExpiresAt: c.Now.Add(hour),
		}})
		if c := turn(t, s, second.ID); c.State != bcn.ChangePlanning {
			t.Errorf("the second is %s while the first waits for approval", c.State)
		}
	})

	t.Run("a hold that is over is written down, told, and lets go on", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		d := hold(t, s, "U0LEAD", deploy.HoldWish{Kind: bcn.HoldLock, App: "hello", Env: "production", Reason: "the migration", For: hour})
		c := asked(t, s, "hello", dana, deploy.Origin{})
		exec(t, owner, `delete from river_job`)
		sweep := func() (told []deploy.HoldView, overs []bool) {
			_, err := s.SweepHolds(context.Background(), func(v deploy.HoldView, over bool) []deploy.Note {
				told, overs = append(told, v), append(overs, over)
				return []deploy.Note{{Key: "x", Role: deploy.RoleDirect, To: v.Hold.Owner}}
			})
			if err != nil {
				t.Fatal(err)
			}
			return told, overs
		}
		if told, _ := sweep(); len(told) != 0 {
			t.Fatalf("swept at once: %+v", told)
		}
		later(t, owner, hour-5*time.Minute)
		if told, overs := sweep(); len(told) != 1 || overs[0] || len(told[0].Waiting) != 1 {
			t.Fatalf("its owner is told %+v %v", told, overs)
		}
		if told, _ := sweep(); len(told) != 0 {
			t.Fatalf("told twice: %+v", told)
		}
		later(t, owner, hour)
		if told, overs := sweep(); len(told) != 1 || !overs[0] || told[0].Hold.ID != d.Hold.ID {
			t.Fatalf("over: %+v %v", told, overs)
		}
		if n := number(t, owner, `select count(*) from river_job where kind = 'change' and args ->> 'id' = '`+c.ID.String()[1:]+`'`); n != 1 {
			t.Errorf("%d jobs look at what waited", n)
		}
		if n := number(t, owner, `select count(*) from outbox where role = 'direct' and recipient = 'U0LEAD'`); n != 2 {
			t.Errorf("%d messages to its owner", n)
		}
	})

	t.Run("one without an end is reminded of again and again", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		hold(t, s, "U0LEAD", lockOf("hello"))
		for i := range 2 {
			later(t, owner, time.Duration(i+1)*4*hour)
			n, err := s.SweepHolds(context.Background(), func(deploy.HoldView, bool) []deploy.Note { return nil })
			if err != nil || n != 1 {
				t.Fatalf("%d were swept: %v", n, err)
			}
		}
		if n := number(t, owner, `select count(*) from hold where tell_at > bcn_now() + interval '3 hours'`); n != 1 {
			t.Error("it will not be reminded of again")
		}
	})

	t.Run("what is held is left alone by the reconciler, until it is lifted", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		d := hold(t, s, "U0LEAD", lockOf("hello"))
		asked(t, s, "hello", dana, deploy.Origin{})
		exec(t, owner, `delete from river_job`)
		if n, err := s.Reconcile(context.Background()); n != 0 || err != nil {
			t.Fatalf("%d jobs while it is locked: %v", n, err)
		}
		lift(t, s, "U0LEAD", d.Hold.ID)
		exec(t, owner, `delete from river_job`)
		if n, err := s.Reconcile(context.Background()); n != 1 || err != nil {
			t.Fatalf("%d jobs once it is unlocked: %v", n, err)
		}
	})

	t.Run("who asked for a lock to be taken away learns that it was lifted", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		d := hold(t, s, "U0LEAD", lockOf("hello"))
		c, err := s.New(context.Background(), deploy.Origin{}, bcn.Change{
			Kind: bcn.KindUnlock, Subject: "lock:hello", App: "hello", Env: "production", Requester: dana, Channel: "C0DEPLOY",
		}, deploy.Wish{Kind: bcn.KindUnlock}, nil)
		if err != nil || c.State != bcn.ChangePlanning {
			t.Fatalf("it is %s: %v", c.State, err)
		}
		lift(t, s, "U0LEAD", d.Hold.ID)
		if got := read(t, s, c.ID); got.State != bcn.ChangeClosed || got.Code != bcn.CodeLockLifted {
			t.Errorf("it is %s: %s", got.State, got.Code)
		}
	})
}
