package scheduler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/schedule"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// fleet is several bots on one database, each of which dies again and again at
// a commit, and is followed by another.
type fleet struct {
	t     *testing.T
	url   string
	db    *pgxpool.Pool // as the schema's owner
	owner string
	lives atomic.Bool
	calm  atomic.Bool // nobody dies any more
	kills atomic.Int64
	all   sync.WaitGroup
}

// replica is one bot's life.
type replica struct {
	f    *fleet
	s    *store.Store
	svc  *scheduler.Service
	dead context.Context
	die  context.CancelFunc
}

// killed is how a goroutine of a dead bot ends.
type killed struct{}

// oneIn is how many commits a bot survives on average, before or after each.
const oneIn = 40

func (f *fleet) replica() *replica {
	s, err := store.Open(context.Background(), store.Options{URL: f.url, Key: storetest.Key, MaxConns: 5, Lease: 10 * time.Second})
	if err != nil {
		f.t.Error(err)
		return nil
	}
	r := &replica{f: f, s: s}
	r.dead, r.die = context.WithCancel(context.Background())
	s.SetFaults(func(string) {
		if r.dead.Err() != nil || !f.calm.Load() && rand.IntN(oneIn) == 0 {
			if r.dead.Err() == nil {
				f.kills.Add(1)
			}
			r.die()
			panic(killed{})
		}
	})
	chat := &typed{makes: s}
	r.svc = scheduler.New(scheduler.Options{
		Authz: authz.New(authz.Options{People: chat, Workspace: authz.Workspace{Team: "T0HOME"}}),
		Store: s, Runner: chat, Channels: chat, Refusals: s, Speaker: silent{}, Poll: 20 * time.Millisecond, Retry: 20 * time.Millisecond,
	})
	return r
}

// run lets bots live and die until the fleet ends.
func (f *fleet) run() {
	for f.lives.Load() {
		r := f.replica()
		if r == nil {
			return
		}
		var parts sync.WaitGroup
		for _, part := range []func(){r.wake, r.reconcile, r.work, r.work} {
			parts.Go(func() { r.repeat(part) })
		}
		parts.Wait()
		r.s.Close()
	}
}

// repeat does a part's work until its bot is dead.
func (r *replica) repeat(part func()) {
	defer func() {
		if x := recover(); x != nil && x != (killed{}) {
			panic(x)
		}
		r.die()
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for r.f.lives.Load() {
		part()
		select {
		case <-tick.C:
		case <-r.dead.Done():
			return
		}
	}
}

func (r *replica) wake() { r.check(errOf(r.svc.Wake(r.dead))) }

func (r *replica) reconcile() { r.check(errOf(r.s.Reconcile(r.dead))) }

func errOf[T any](_ T, err error) error { return err }

// check tells what fails though its bot lives: a deadlock or a conflict of two
// bots is answered by doing it again, as everywhere.
func (r *replica) check(err error) {
	if err != nil && r.dead.Err() == nil && !errors.Is(err, deploy.ErrMoved) {
		r.f.t.Error(err)
	}
}

// work does jobs of the queue as River does. Those of a dead bot stay running
// for ever.
func (r *replica) work() {
	for r.dead.Err() == nil {
		var (
			id   int64
			kind string
			args []byte
		)
		err := r.f.db.QueryRow(r.dead, `update river_job set state = 'running', attempted_at = now() where id = (select id from river_job
			where kind in ('tick', 'change') and state in ('available', 'scheduled', 'retryable') and scheduled_at <= now()
			order by random() limit 1 for update skip locked) returning id, kind, args`).Scan(&id, &kind, &args)
		if errors.Is(err, pgx.ErrNoRows) {
			return
		}
		var of struct{ ID bcn.ID }
		if err = errors.Join(err, json.Unmarshal(args, &of)); err != nil {
			r.check(err)
			return
		}
		again, err := r.job(kind, of.ID)
		r.check(err)
		if again > 0 || err != nil {
			_, err = r.f.db.Exec(r.dead, `update river_job set state = 'scheduled', scheduled_at = now() + $2 where id = $1`, id, again)
		} else {
			_, err = r.f.db.Exec(r.dead, `update river_job set state = 'completed', finalized_at = now() where id = $1`, id)
		}
		r.check(err)
	}
}

func (r *replica) job(kind string, id bcn.ID) (time.Duration, error) {
	if kind == "tick" {
		again, err := r.svc.Tick(r.dead, id)
		if errors.Is(err, deploy.ErrMoved) {
			return time.Millisecond, nil
		}
		return again, err
	}
	// Half of what is asked for fails.
	_, err := r.f.db.Exec(r.dead, `update change set state = case when random() < 0.5 then 'failed' else 'succeeded' end, ended_at = bcn_now()
		where id = $1 and state in ('planning', 'waiting_turn')`, int64(id))
	return 0, err
}

// ahead moves the clock of all.
func (f *fleet) ahead(d time.Duration) {
	f.t.Helper()
	if err := store.ShiftClock(f.t.Context(), f.owner, d); err != nil {
		f.t.Fatal(err)
	}
}

// until waits for a condition on the database.
func (f *fleet) until(what, query string, args ...any) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var yes bool
		if err := f.db.QueryRow(ctx, query, args...).Scan(&yes); err != nil {
			f.t.Fatalf("%s: %v", what, err)
		}
		if yes {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			f.t.Fatalf("%s: it took too long", what)
		}
	}
}

// What runs, and how: of each kind some.
var fleetSchedules = []struct {
	spec, zone string
	o          bcn.ScheduleOptions
}{
	{"every 2m", "UTC", bcn.ScheduleOptions{OnConflict: bcn.ConflictQueue, OnMissed: "catch_up"}},
	{"*/3 * * * *", "Asia/Kolkata", bcn.ScheduleOptions{OnConflict: bcn.ConflictSkip, OnMissed: "catch_up", Announce: 10 * time.Minute, Retries: 1}},
	{"1-59/7 * * * *", "Australia/Lord_Howe", bcn.ScheduleOptions{OnConflict: bcn.ConflictOnce, OnMissed: "run_once", Retries: 2}},
	{"every 5m", "UTC", bcn.ScheduleOptions{OnConflict: bcn.ConflictQueue, OnMissed: "skip"}},
	{"*/10 * * * *", "Europe/London", bcn.ScheduleOptions{OnConflict: bcn.ConflictSkip, OnMissed: "run_once", Announce: 3 * time.Minute}},
}

// Three bots that are killed again and again: no tick is lost, none comes
// twice, and what a try of one asks for is one change.
func TestNoTickIsLostAndNoneComesTwice(t *testing.T) {
	t.Parallel()
	const replicas, jumps, jump = 3, 30, 4 * time.Minute
	app, owner := pg.Database(t)
	f := &fleet{t: t, url: app, owner: owner}
	var err error
	if f.db, err = pgxpool.New(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	defer f.db.Close()
	s, err := store.Open(t.Context(), store.Options{URL: app, Key: storetest.Key})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	added, from := f.add(s)

	f.lives.Store(true)
	for range replicas {
		f.all.Go(f.run)
	}
	defer f.all.Wait()
	defer f.lives.Store(false)
	for i := range jumps {
		f.ahead(time.Duration(i+1) * jump)
		f.until("all have woken", `select not exists (select 1 from schedule where state = 'active' and wake_at <= bcn_now())`)
	}
	end := f.stop()
	f.calm.Store(true)
	for last := jumps * jump; f.number(`select count(*) from tick where state in ('planned', 'announced', 'due', 'running')`) > 0; {
		last += 20 * time.Second // bots that died hold leases, and some ticks are ahead
		f.ahead(last)
		f.until("what is due has been looked at", `select not exists (select 1 from river_job where kind in ('tick', 'change')
			and state in ('available', 'scheduled', 'retryable') and scheduled_at < now() - interval '100 milliseconds')`)
	}
	f.lives.Store(false)
	f.all.Wait()
	t.Logf("%d kills", f.kills.Load())
	if f.kills.Load() < 30 {
		t.Errorf("only %d kills", f.kills.Load())
	}
	f.complete(added, from, end)
	f.askedOnce()
	if _, err := s.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// stop lets no schedule wake any more, and answers when that was.
func (f *fleet) stop() (end time.Time) {
	f.t.Helper()
	err := f.db.QueryRow(f.t.Context(), `with stop as (update schedule set wake_at = null, next_at = null returning 1)
		select bcn_now() from stop limit 1`).Scan(&end)
	if err != nil {
		f.t.Fatal(err)
	}
	return end.Add(-time.Second)
}

func (f *fleet) number(query string) (n int) {
	f.t.Helper()
	if err := f.db.QueryRow(f.t.Context(), query).Scan(&n); err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// add stores the schedules, and answers what each means and from when on.
func (f *fleet) add(s *store.Store) (added map[bcn.ID]schedule.Spec, now time.Time) {
	f.t.Helper()
	now, err := s.Now(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	added = map[bcn.ID]schedule.Spec{}
	for i, x := range fleetSchedules {
		spec, err := schedule.Parse(x.spec, x.zone, now.Truncate(time.Microsecond))
		if err != nil {
			f.t.Fatal(err)
		}
		next, _ := spec.Next(now)
		wake := schedule.Wake(next, x.o.AskBefore, x.o.Announce)
		in := inFile(fmt.Sprint("s", i), x.spec, "deploy hello production latest", func(s *bcn.Schedule) {
			s.Zone, s.Options, s.State, s.AddedAt, s.NextAt, s.WakeAt = x.zone, x.o, bcn.ScheduleActive, now.Truncate(time.Microsecond), &next, &wake
		})
		if in, err = s.NewSchedule(f.t.Context(), deploy.Origin{}, in); err != nil {
			f.t.Fatal(err)
		}
		added[in.ID] = spec
	}
	return added, now
}

// complete compares the ticks up to the end with what the schedules mean.
func (f *fleet) complete(added map[bcn.ID]schedule.Spec, from, end time.Time) {
	f.t.Helper()
	outcome := map[string]int{}
	for id, spec := range added {
		rows, err := f.db.Query(f.t.Context(), `select at, state || ' ' || code from tick where schedule = $1 and at <= $2 order by at`, int64(id), end)
		if err != nil {
			f.t.Fatal(err)
		}
		type made struct {
			At      time.Time
			Outcome string
		}
		got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[made])
		if err != nil {
			f.t.Fatal(err)
		}
		at, _ := spec.Next(from)
		for _, k := range got {
			outcome[k.Outcome]++
			if !k.At.Equal(at) {
				f.t.Errorf("%s: a tick at %s, expected %s", spec, k.At, at)
				break
			}
			at, _ = spec.Next(at)
		}
		if !at.After(end) {
			f.t.Errorf("%s: the tick of %s is lost", spec, at)
		}
	}
	f.t.Log(outcome)
}

// askedOnce counts what ticks asked for.
func (f *fleet) askedOnce() {
	f.t.Helper()
	for what, query := range map[string]string{
		"ticks were planned more or less than once in the log": `select count(*) from tick k where
			(select count(*) from audit_entry where change = k.id and kind in ('tick.planned', 'tick.skipped')) <> 1`,
		"ticks did not end once in the log": `select count(*) from tick k where
			(select count(*) from audit_entry where change = k.id and kind in ('tick.succeed', 'tick.fail', 'tick.skip', 'tick.skipped')) <> 1`,
		"ticks ran more or less often than they were tried": `select count(*) from tick k where
			(select count(*) from audit_entry where change = k.id and kind = 'tick.run') <> k.tries`,
		"tries asked for more or less than one change": `select count(*) from tick k, generate_series(1, k.tries) as n where
			(select count(*) from change where tick = k.id and try = n) <> 1`,
		"changes are of no try": `select count(*) from change c join tick k on k.id = c.tick where c.try not between 1 and k.tries`,
		"changes were asked for more or less than once in the log": `select count(*) from change c where
			(select count(*) from audit_entry where change = c.id and kind in ('change.planning', 'change.waiting_turn')) <> 1`,
		"ticks succeeded without their change": `select count(*) from tick k where state = 'succeeded'
			and not exists (select 1 from change c where c.tick = k.id and c.try = k.tries and c.state = 'succeeded')`,
		"ticks failed with a change that succeeded": `select count(*) from tick k where state in ('failed', 'skipped')
			and exists (select 1 from change c where c.tick = k.id and c.state = 'succeeded')`,
	} {
		if n := f.number(query); n != 0 {
			f.t.Errorf("%d %s", n, what)
		}
	}
}
