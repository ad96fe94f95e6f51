package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// manySchedules puts in n schedules that next run in a year, of which the
// first has run as often and some have a tick ahead, and one that follows the
// first.
const manySchedules = `insert into schedule (name, spec, zone, command, owner, channel, options, state, added_at, next_at, wake_at)
		select 'many-' || i, '0 2 * * *', 'UTC', 'status', '{}', 'C0DEPLOYS', '{}', 'active', now(), now() + interval '1 year' + i * interval '1 second',
			now() + interval '1 year' + i * interval '1 second' from generate_series(1, %[1]d) as i;
	insert into schedule (name, spec, zone, command, owner, channel, options, state)
		values ('many-after', '', 'UTC', 'status', '{}', 'C0DEPLOYS', '{"after": "many-1"}', 'active');
	insert into tick (schedule, at, state) select s.id, now() - i * interval '1 minute', 'succeeded'
		from generate_series(1, %[1]d) as i, schedule s where s.name = 'many-1';
	insert into tick (schedule, at, state) select id, now() + interval '1 day', 'announced' from schedule where name like 'many-7%%';
	analyze schedule; analyze tick;`

// schedule is a daily one, whose next tick and waking are given.
func newSchedule(t testing.TB, s *store.Store, name string, next, wake time.Time) bcn.Schedule {
	t.Helper()
	sch, err := s.NewSchedule(context.Background(), deploy.Origin{}, bcn.Schedule{
		Name: name, Spec: "0 2 * * *", Zone: "UTC", Command: "status", Owner: bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, Channel: "C0DEPLOYS",
		State: bcn.ScheduleActive, AddedAt: wake, NextAt: &next, WakeAt: &wake,
	})
	if err != nil {
		t.Fatal(err)
	}
	return sch
}

// dueSchedule stores a schedule and makes its first tick.
func dueSchedule(t *testing.T, s *store.Store) (bcn.Schedule, bcn.Tick) {
	t.Helper()
	ctx := context.Background()
	now, err := s.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sch := newSchedule(t, s, "nightly", now.Add(time.Minute), now.Add(-time.Second))
	if _, err := s.WakeSchedules(ctx, 10, tomorrow); err != nil {
		t.Fatal(err)
	}
	ticks, err := s.Ticks(ctx, sch.ID, 1)
	if err != nil || len(ticks) != 1 {
		t.Fatal(ticks, err)
	}
	return sch, ticks[0]
}

// tomorrow makes the schedule's tick, and the next a day later.
func tomorrow(s bcn.Schedule, _ time.Time) (scheduler.Woken, error) {
	next := s.NextAt.Add(24 * time.Hour)
	return scheduler.Woken{Ticks: []scheduler.Planned{{At: *s.NextAt}}, NextAt: &next, WakeAt: &next}, nil
}

// Each query that is made for every tick, every second or every command is
// answered from an index, however many schedules there are and whatever has
// been.
func TestSchedulesAreFoundByIndexes(t *testing.T) {
	t.Parallel()
	const n = 20_000
	app, owner := pg.Database(t)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	storetest.Exec(t, owner, fmt.Sprintf(manySchedules, n))
	var first bcn.Schedule
	for _, q := range []struct {
		name string
		do   func(s *store.Store) error
	}{
		{"by name", func(s *store.Store) (err error) { first, err = s.ScheduleByName(ctx, "many-1"); return err }},
		{"by a name that nobody has", func(s *store.Store) error {
			if _, err := s.ScheduleByName(ctx, "nobody"); !errors.Is(err, deploy.ErrNone) {
				return fmt.Errorf("found: %w", err)
			}
			return nil
		}},
		{"by number", func(s *store.Store) error { _, err := s.ScheduleByName(ctx, first.ID.String()); return err }},
		{"nothing is due", func(s *store.Store) error { _, err := s.WakeSchedules(ctx, 100, tomorrow); return err }},
		{"a tick now", func(s *store.Store) error {
			_, err := s.TickNow(ctx, deploy.Origin{}, "U0DEV", first.ID, 0)
			return err
		}},
		{"a tick from its claim to its success, and who follows it", func(s *store.Store) error { return wholeTick(ctx, s, first.ID) }},
		{"one is due", func(s *store.Store) error {
			now, err := s.Now(ctx)
			if err != nil {
				return err
			}
			newSchedule(t, s, "due", now.Add(time.Minute), now.Add(-time.Minute))
			if woke, err := s.WakeSchedules(ctx, 100, tomorrow); woke != 1 || err != nil {
				return fmt.Errorf("%d woke: %w", woke, err)
			}
			return nil
		}},
	} {
		before := rowsRead(t, conn)
		s, err := store.Open(ctx, store.Options{URL: app, Key: storetest.Key, MaxConns: 1})
		if err != nil {
			t.Fatal(err)
		}
		err = q.do(s)
		s.Close()
		if err != nil {
			t.Fatalf("%s: %v", q.name, err)
		}
		if rows := rowsRead(t, conn) - before; rows > n/100 {
			t.Errorf("%s: %d rows are read", q.name, rows)
		}
	}
	if number(t, owner, `select count(*) from tick k join schedule s on s.id = k.schedule where s.name = 'many-after' and k.state = 'planned'`) != 1 {
		t.Error("who follows has no tick")
	}
}

// rowsRead counts the rows of schedules and ticks that were read, by any way.
// Connections tell what they read when they end, so there is no other one.
func rowsRead(t *testing.T, conn *pgx.Conn) (rows int64) {
	t.Helper()
	ctx := context.Background()
	for others := 1; others > 0; {
		err := conn.QueryRow(ctx, `select count(*) from pg_stat_activity, pg_sleep(0.01)
			where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`).Scan(&others)
		if err != nil {
			t.Fatal(err)
		}
	}
	err := conn.QueryRow(ctx, `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables where relname in ('schedule', 'tick')`).Scan(&rows)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// wholeTick moves the schedule's only open tick to its success.
func wholeTick(ctx context.Context, s *store.Store, id bcn.ID) error {
	ticks, err := s.Ticks(ctx, id, 1)
	if err != nil {
		return err
	}
	for _, e := range []bcn.TickEvent{bcn.TickCome, bcn.TickRun, bcn.TickSucceed} {
		c, ok, err := s.ClaimTick(ctx, ticks[0].ID)
		if err != nil || !ok {
			return fmt.Errorf("claim: %v %w", ok, err)
		}
		if _, err := s.ApplyTick(ctx, scheduler.Move{From: c, Event: e, Row: c.Tick, Again: time.Millisecond}); err != nil {
			return err
		}
	}
	return nil
}

// A tick is one row for a schedule and a time, whoever makes it how often.
func TestATickComesOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("where its schedule wakes for it twice", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		now, err := s.Now(ctx)
		if err != nil {
			t.Fatal(err)
		}
		at := now.Add(time.Minute).Truncate(time.Minute)
		sch := newSchedule(t, s, "nightly", at, now.Add(-time.Second))
		again := func(_ bcn.Schedule, now time.Time) (scheduler.Woken, error) {
			wake := now.Add(-time.Second) // as if nothing had been advanced
			return scheduler.Woken{Ticks: []scheduler.Planned{{At: at}}, NextAt: &at, WakeAt: &wake}, nil
		}
		for range 3 {
			if n, err := s.WakeSchedules(ctx, 10, again); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		ticks, err := s.Ticks(ctx, sch.ID, 10)
		if err != nil || len(ticks) != 1 {
			t.Errorf("%d ticks, %v", len(ticks), err)
		}
		if n := number(t, owner, `select count(*) from audit_entry where kind = 'tick.planned'`); n != 1 {
			t.Errorf("planned %d times in the log", n)
		}
	})

	t.Run("and its schedule has advanced in the same transaction, or neither", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		now, err := s.Now(ctx)
		if err != nil {
			t.Fatal(err)
		}
		sch := newSchedule(t, s, "nightly", now.Add(time.Minute), now.Add(-time.Second))
		died := errors.New("died")
		killed := func(sch bcn.Schedule, now time.Time) (scheduler.Woken, error) {
			w, _ := tomorrow(sch, now)
			return w, died
		}
		if _, err := s.WakeSchedules(ctx, 10, killed); !errors.Is(err, died) {
			t.Fatal(err)
		}
		dead, cancel := context.WithCancel(ctx)
		s.SetFaults(func(point string) {
			if point == "before the commit of waking schedules" {
				cancel()
			}
		})
		if _, err := s.WakeSchedules(dead, 10, tomorrow); err == nil {
			t.Fatal("it was committed")
		}
		s.SetFaults(func(string) {})
		if ticks, err := s.Ticks(ctx, sch.ID, 10); err != nil || len(ticks) != 0 {
			t.Fatalf("%v %v", ticks, err)
		}
		woke := 0
		for until := time.Now().Add(10 * time.Second); woke == 0 && time.Now().Before(until); { // the server may still hold the row of who died
			if woke, err = s.WakeSchedules(ctx, 10, tomorrow); err != nil {
				t.Fatal(err)
			}
		}
		if again, err := s.WakeSchedules(ctx, 10, tomorrow); woke != 1 || again != 0 || err != nil {
			t.Fatalf("%d woke, and %d again, %v", woke, again, err)
		}
		if ticks, err := s.Ticks(ctx, sch.ID, 10); err != nil || len(ticks) != 1 {
			t.Errorf("%v %v", ticks, err)
		}
	})
}
