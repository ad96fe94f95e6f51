package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// subjects makes each access one of its own: none waits for another.
var subjects atomic.Int64

// granted makes a grant of ten minutes that two leads approved.
func granted(t *testing.T, s *store.Store) bcn.Grant {
	t.Helper()
	ctx := context.Background()
	c, err := s.New(ctx, deploy.Origin{}, bcn.Change{
		Kind: bcn.KindAccess, Subject: fmt.Sprint("access:", subjects.Add(1)), App: "hello", Env: "production",
		Requester: bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, Channel: "C0DEPLOYS",
	}, deploy.Wish{Kind: bcn.KindAccess, Access: &deploy.AccessWish{}}, []deploy.Note{{Key: "card", Role: deploy.RoleCard, Channel: "C0DEPLOYS"}})
	if err != nil {
		t.Fatal(err)
	}
	apply(t, s, deploy.Move{From: claim(t, s, c.ID), Event: bcn.EventPlanned, Plan: storedPlan(fmt.Sprintf(`{"access":{"seconds":600},"id":%d}`, c.ID))})
	asked := claim(t, s, c.ID)
	apply(t, s, deploy.Move{From: asked, Event: bcn.EventAsk, Ask: &bcn.Request{
		ID: c.ID, Hash: asked.Plan.Hash, Requester: "U0DEV",
		Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 2}}, ExpiresAt: asked.Now.Add(time.Hour),
	}})
	approve(t, s, c.ID, "U0LEAD", false)
	approve(t, s, c.ID, "U0LEADTWO", true)
	m := starting(t, s, c.ID)
	end := m.From.Now.Add(10 * time.Minute).Truncate(time.Second)
	m.Audit = map[string]any{"hash": m.From.Plan.Hash}
	m.Grant = &deploy.GrantMove{New: true, Row: bcn.Grant{
		ID: c.ID, State: bcn.GrantApproved, Person: "U0DEV", OpenUntil: end, StartsAt: &m.From.Now, EndsAt: &end, Task: "task/1", Ready: true,
	}}
	if err := start(s, m); err != nil {
		t.Fatal(err)
	}
	return grantOf(t, s, c.ID)
}

func grantOf(t *testing.T, s *store.Store, id bcn.ID) bcn.Grant {
	t.Helper()
	g, err := s.Grant(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// mint begins a pick-up, to one key.
func mint(c deploy.Claimed) (deploy.Move, error) {
	g := *c.Grant
	g.Key = "age1key"
	g.Mints++
	return deploy.Move{Grant: &deploy.GrantMove{Event: bcn.GrantMint, Row: g}}, nil
}

// end ends a grant, as everybody may who has it.
func end(c deploy.Claimed) (deploy.Move, error) {
	g := *c.Grant
	g.Why, g.EndedAt = bcn.WhyDone, &c.Now
	return deploy.Move{Event: bcn.EventApplied, Grant: &deploy.GrantMove{Event: bcn.GrantEnd, Row: g}}, nil
}

func touch(s *store.Store, id bcn.ID, f func(deploy.Claimed) (deploy.Move, error)) error {
	_, err := s.Touch(context.Background(), deploy.Origin{}, id, f)
	return err
}

func TestTouch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("what was approved is picked up, written down and proven again", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		g := granted(t, s)
		c, err := s.Touch(ctx, deploy.Origin{}, g.ID, mint)
		if err != nil || c.Grant.State != bcn.GrantMinting || c.Grant.Mints != 1 || !c.Grant.EndsAt.Equal(*g.EndsAt) {
			t.Fatalf("%+v: %v", c.Grant, err)
		}
		if n := number(t, owner, fill(`select count(*) from audit_entry where change = {id} and kind = 'grant.mint'`, g.ID, 0)); n != 1 {
			t.Errorf("%d entries in the log", n)
		}
		if again := claim(t, s, g.ID); !again.Proven || again.Grant.State != bcn.GrantMinting {
			t.Errorf("read again it is %s, proven %v", again.Grant.State, again.Proven)
		}
		if _, err := s.VerifyAudit(ctx); err != nil {
			t.Error(err)
		}
	})

	t.Run("a step that was under way writes nothing any more", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		g := granted(t, s)
		late := claim(t, s, g.ID)
		if err := touch(s, g.ID, end); err != nil {
			t.Fatal(err)
		}
		row := *late.Grant
		row.Warned = true
		if _, err := s.Apply(ctx, deploy.Move{From: late, Grant: &deploy.GrantMove{Row: row}}); !errors.Is(err, deploy.ErrMoved) {
			t.Fatalf("a zombie wrote: %v", err)
		}
		if now := grantOf(t, s, g.ID); now.State != bcn.GrantEnding || now.Warned {
			t.Errorf("the grant is %s, warned %v", now.State, now.Warned)
		}
		if now := claim(t, s, g.ID); now.Change.State != bcn.ChangeVerifying {
			t.Errorf("the change is %s", now.Change.State)
		}
	})

	t.Run("a refusal writes nothing and settles nothing", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		g := granted(t, s)
		if _, err := s.Put(ctx, chat.Request{Key: "k"}); err != nil {
			t.Fatal(err)
		}
		before := storetest.Text(t, owner, `select (select to_jsonb(g) from access_grant g)::text || (select to_jsonb(c) from change c)::text
			|| (select to_jsonb(i) from inbox i)::text || (select count(*) from audit_entry) || (select count(*) from river_job)`)
		_, err := s.Touch(ctx, deploy.Origin{Key: "k"}, g.ID, func(c deploy.Claimed) (deploy.Move, error) {
			return deploy.Move{}, bcn.E(bcn.CodeGrantOver, "id", c.Change.ID.String())
		})
		if bcn.CodeOf(err) != bcn.CodeGrantOver {
			t.Fatal(err)
		}
		after := storetest.Text(t, owner, `select (select to_jsonb(g) from access_grant g)::text || (select to_jsonb(c) from change c)::text
			|| (select to_jsonb(i) from inbox i)::text || (select count(*) from audit_entry) || (select count(*) from river_job)`)
		if before != after {
			t.Errorf("before %s\nafter  %s", before, after)
		}
	})

	t.Run("a job that sleeps looks at once", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		g := granted(t, s)
		exec(t, owner, `delete from river_job`)
		if err := touch(s, g.ID, mint); err != nil {
			t.Fatal(err)
		}
		exec(t, owner, `update river_job set state = 'scheduled', scheduled_at = now() + interval '1 hour'`)
		if err := touch(s, g.ID, end); err != nil {
			t.Fatal(err)
		}
		const due = `select count(*) from river_job where state = 'available' and scheduled_at <= now() and (args->>'id')::bigint = {id}`
		if n := number(t, owner, fill(due, g.ID, 0)); n != 1 {
			t.Errorf("%d jobs are due", n)
		}
		if n := number(t, owner, `select count(*) from river_job where kind = 'change'`); n != 1 {
			t.Errorf("%d jobs", n)
		}
	})

	t.Run("of many keys at once one is bound", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		g := granted(t, s)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for n := range errs {
			all.Go(func() {
				key := fmt.Sprint("age1key", n)
				errs[n] = touch(s, g.ID, func(c deploy.Claimed) (deploy.Move, error) {
					row := *c.Grant
					if row.Key != "" {
						return deploy.Move{}, bcn.E(bcn.CodeGrantKey)
					}
					row.Key = key
					return deploy.Move{Grant: &deploy.GrantMove{Row: row}}, nil
				})
			})
		}
		all.Wait()
		bound := 0
		for n, err := range errs {
			switch bcn.CodeOf(err) {
			case "":
				bound++
				if got := grantOf(t, s, g.ID).Key; got != fmt.Sprint("age1key", n) {
					t.Errorf("key %d was bound, and %s is written", n, got)
				}
			case bcn.CodeGrantKey:
			default:
				t.Error(err)
			}
		}
		if bound != 1 {
			t.Errorf("%d keys were bound", bound)
		}
	})

	t.Run("of a pick-up and an end at once none gets lost, and the end stays", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		g := granted(t, s)
		var all sync.WaitGroup
		all.Go(func() {
			if err := touch(s, g.ID, end); err != nil {
				t.Error(err)
			}
		})
		var minted error
		all.Go(func() { minted = touch(s, g.ID, mint) })
		all.Wait()
		now := grantOf(t, s, g.ID)
		if now.State != bcn.GrantEnding || (minted == nil) != (now.Mints == 1) || minted != nil && !errors.Is(minted, store.ErrConflict) {
			t.Errorf("it is %s after %d pick-ups: %v", now.State, now.Mints, minted)
		}
	})

	t.Run("what does not exist is unknown", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		err := touch(s, 4711, func(deploy.Claimed) (deploy.Move, error) { t.Error("asked"); return deploy.Move{}, nil })
		if bcn.CodeOf(err) != bcn.CodeUnknownID {
			t.Fatal(err)
		}
	})
}

// forgedGrants is what somebody can do who may write everything in the
// database, but does not hold BCN_KEY. {other} is another grant of the same.
var forgedGrants = []struct{ name, sql string }{
	{"when it ends", `update access_grant set ends_at = ends_at + interval '1 hour' where id = {id}`},
	{"that it ends", `update access_grant set ends_at = null where id = {id}`},
	{"when it began", `update access_grant set starts_at = starts_at + interval '1 hour' where id = {id}`},
	{"until when it can be opened", `update access_grant set open_until = open_until + interval '1 hour' where id = {id}`},
	{"whose it is", `update access_grant set person = 'U0OTHER' where id = {id}`},
	{"whose key it is bound to", `update access_grant set key = 'age1other' where id = {id}`},
	{"what is entered", `update access_grant set task = 'task/2' where id = {id}`},
	{"where it stands", `update access_grant set state = 'live' where id = {id}`},
	{"its seal", `update access_grant set mac = '' where id = {id}`},
	{"it is another grant's", `update access_grant g set ends_at = o.ends_at, starts_at = o.starts_at, open_until = o.open_until, mac = o.mac
		from access_grant o where g.id = {id} and o.id = {other}`},
	{"the plan's bytes", `update plan set bytes = bytes || ' ' where change = {id}`},
	{"the plan's bytes with the right hash", `update plan set bytes = '{}', hash = encode(sha256('{}'), 'hex') where change = {id}`},
	{"the plan's seal", `update plan set mac = '\x00' where change = {id}`},
	{"the plan of another grant", `update plan p set bytes = o.bytes, hash = o.hash, mac = o.mac from plan o where p.change = {id} and o.change = {other}`},
	{"the log does not hold the plan", unlocked + `delete from audit_entry where change = {id} and kind = 'change.planned'`},
	{"the log does not hold the start", unlocked + `delete from audit_entry where change = {id} and kind = 'change.start'`},
	{"the log holds the start of another plan", unlocked + `update audit_entry set body = replace(body, '"hash":"', '"hash":"0') where change = {id} and kind = 'change.start'`},
	{"the log holds the start of another grant", unlocked + `update audit_entry set change = 0 where change = {id} and kind = 'change.start';
		update audit_entry set change = {id} where change = {other} and kind = 'change.start'`},
}

func TestNothingForgedIsOpened(t *testing.T) {
	t.Parallel()
	for _, c := range forgedGrants {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, owner := pg.Store(t)
			other, g := granted(t, s), granted(t, s)
			exec(t, owner, fill(c.sql, g.ID, other.ID))
			before := grantOf(t, s, g.ID)
			if err := touch(s, g.ID, mint); bcn.CodeOf(err) != bcn.CodeTampered {
				t.Errorf("opened: %v", err)
			}
			if now := grantOf(t, s, g.ID); now.State != before.State || now.Mints != 0 || now.Key != before.Key {
				t.Errorf("it is %s, %d pick-ups, for %s", now.State, now.Mints, now.Key)
			}
			if err := touch(s, g.ID, end); err != nil {
				t.Errorf("it cannot be ended: %v", err)
			}
			if err := touch(s, other.ID, mint); err != nil && c.name != "the log holds the start of another grant" {
				t.Errorf("the other one cannot be opened: %v", err)
			}
		})
	}

	t.Run("a grant that ended is not open again", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		g := granted(t, s)
		if err := touch(s, g.ID, mint); err != nil {
			t.Fatal(err)
		}
		exec(t, owner, `create table kept as select * from access_grant`)
		if err := touch(s, g.ID, end); err != nil {
			t.Fatal(err)
		}
		const seal = `update access_grant set state = 'minting', mac = (select mac from kept)`
		for _, c := range []struct{ name, sql string }{
			{"by its state", `update access_grant set state = 'minting'`},
			{"by its state and its seal", seal},
			{"with its change and a seal", seal + `; update change set state = 'applying'`},
			{"by its whole row, with the seal that it had", `delete from access_grant; insert into access_grant select * from kept`},
		} {
			exec(t, owner, c.sql)
			if err := touch(s, g.ID, mint); bcn.CodeOf(err) != bcn.CodeTampered {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if !claim(t, s, g.ID).Proven {
			t.Error("the seal does not hold: only the log was to speak against it")
		}
	})
}

func TestGrantLists(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	first, second := granted(t, s), granted(t, s)
	err := touch(s, first.ID, func(c deploy.Claimed) (deploy.Move, error) {
		g := *c.Grant
		g.Sessions = []bcn.GrantSession{{ID: "bcn-g1-1-a", Started: c.Now}, {ID: "ecs-execute-command-b", Started: c.Now, ByBot: true}}
		return deploy.Move{Grant: &deploy.GrantMove{Row: g}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for session, want := range map[string]bcn.ID{"bcn-g1-1-a": first.ID, "ecs-execute-command-b": first.ID, "ecs-execute-command": 0, "other": 0, "": 0, `"}]`: 0} {
		if got, err := s.SessionOwner(ctx, session); err != nil || got != want {
			t.Errorf("the session %q is of %s: %v", session, got, err)
		}
	}
	open, err := s.OpenGrants(ctx)
	if err != nil || len(open) != 2 || open[0].ID != first.ID || open[1].ID != second.ID {
		t.Errorf("open: %+v: %v", open, err)
	}
	exec(t, owner, `update change set wish = jsonb_set(wish, '{Access}', '{"extends": 1001}') where id = `+second.ID.String()[1:])
	if f, err := s.GrantFigures(ctx, time.Hour); err != nil || f.Grants != 2 || f.Extended != 1 {
		t.Errorf("figures: %+v: %v", f, err)
	}
	if f, err := s.GrantFigures(ctx, 0); err != nil || f.Grants != 0 {
		t.Errorf("figures of no time: %+v: %v", f, err)
	}
	if _, err := s.Grant(ctx, 4711); !errors.Is(err, deploy.ErrNone) {
		t.Errorf("an unknown grant: %v", err)
	}
}

func TestShiftClock(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	g := granted(t, s)
	exec(t, owner, `update river_job set state = 'scheduled', scheduled_at = now() + interval '1 hour'`)
	for _, ahead := range []time.Duration{10 * time.Minute, 24 * time.Hour, 0} {
		if err := store.ShiftClock(ctx, owner, ahead); err != nil {
			t.Fatal(err)
		}
		now, err := s.Now(ctx)
		if off := now.Sub(time.Now().Add(ahead)); err != nil || off.Abs() > time.Minute {
			t.Errorf("%s ahead it is off by %s: %v", ahead, off, err)
		}
	}
	if n := number(t, owner, `select count(*) from river_job where kind = 'change' and scheduled_at > now()`); n != 0 {
		t.Errorf("%d jobs sleep on", n)
	}
	if c := claim(t, s, g.ID); !c.Proven {
		t.Error("the grant is no longer proven")
	}
}
