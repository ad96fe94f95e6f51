package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// release is a daily one that waits for leads.
const release = "deploy hello production latest"

// with changes the options of a schedule.
func with(f func(o *bcn.ScheduleOptions)) func(*bcn.Schedule) {
	return func(s *bcn.Schedule) { f(&s.Options) }
}

// hourly is a schedule of every full hour as somebody adds it, an hour and a
// half ago: its next tick is half an hour away.
func (f *filed) hourly(t *testing.T, command string, more ...func(*bcn.Schedule)) bcn.Schedule {
	t.Helper()
	f.ahead(t, 0)
	now := f.now(t)
	in := inFile("hourly", "0 * * * *", command, more...)
	in.File, in.State, in.By = false, bcn.ScheduleActive, in.Owner.User
	in.AddedAt = now.Add(-time.Hour)
	next := now.Truncate(time.Hour).Add(time.Hour)
	if now.Sub(now.Truncate(time.Hour)) > 20*time.Minute { // away from the full hour
		f.ahead(t, next.Sub(now)+time.Minute)
		next = next.Add(time.Hour)
	}
	wake := next.Add(-max(in.Options.AskBefore, in.Options.Announce))
	in.NextAt, in.WakeAt = &next, &wake
	s, err := f.store.NewSchedule(t.Context(), deploy.Origin{}, in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ahead sets how far the database's clock runs ahead.
func (f *filed) ahead(t *testing.T, d time.Duration) {
	t.Helper()
	if err := store.ShiftClock(t.Context(), f.owner, d); err != nil {
		t.Fatal(err)
	}
}

// at makes it that time.
func (f *filed) at(t *testing.T, at time.Time) {
	t.Helper()
	now := f.now(t)
	us := storetest.Text(t, f.owner, `select (extract(epoch from bcn_now() - clock_timestamp()) * 1e6)::bigint`)
	var ahead int64
	if _, err := fmt.Sscan(us, &ahead); err != nil {
		t.Fatal(err)
	}
	f.ahead(t, time.Duration(ahead)*time.Microsecond+at.Sub(now))
}

// steps moves a tick on until it waits for something.
func (f *filed) steps(t *testing.T, tick bcn.ID) bcn.Tick {
	t.Helper()
	for range 20 {
		again, err := f.Tick(t.Context(), tick)
		if err != nil {
			t.Fatal(err)
		}
		if again == 0 || again > time.Millisecond {
			break
		}
	}
	k, err := f.store.Tick(t.Context(), tick)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// only is the schedule's single tick.
func (f *filed) only(t *testing.T, id bcn.ID) bcn.Tick {
	t.Helper()
	ticks := f.ticks(t, id)
	if len(ticks) != 1 {
		t.Fatalf("%d ticks: %+v", len(ticks), ticks)
	}
	return ticks[0]
}

// becomes sets the state of a change, as its own job would.
func (f *filed) becomes(t *testing.T, change bcn.ID, state bcn.ChangeState, code bcn.Code) {
	t.Helper()
	storetest.Exec(t, f.owner, fmt.Sprintf(`update change set state = '%s', code = '%s' where id = %d`, state, code, int64(change)))
}

func TestATickThatWasMissed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		announce time.Duration // whether it was made before the bot went down
		mode     string
		late     time.Duration
		want     []string // the ticks, oldest first
	}{
		{"runs if it is younger than an hour", 0, "run_once", 40 * time.Minute, []string{"succeeded"}},
		{"is left out if it is older, and the next is not", 0, "run_once", 70 * time.Minute, []string{"skipped too_old", "succeeded"}},
		{"also where it was announced: younger", 10 * time.Minute, "run_once", 40 * time.Minute, []string{"succeeded"}},
		{"also where it was announced: older", 10 * time.Minute, "run_once", 70 * time.Minute, []string{"skipped too_old", "succeeded"}},
		{"is left out by who wants that", 0, "skip", 20 * time.Minute, []string{"skipped missed"}},
		{"is left out by who wants that, also where it was announced", 10 * time.Minute, "skip", 20 * time.Minute, []string{"skipped missed"}},
		{"is made up for, however many there are", 10 * time.Minute, "catch_up", 190 * time.Minute, []string{"succeeded", "succeeded", "succeeded", "succeeded"}},
		{"runs a moment late", 10 * time.Minute, "skip", 20 * time.Second, []string{"succeeded"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			s := f.hourly(t, "status", with(func(o *bcn.ScheduleOptions) {
				o.Announce, o.OnMissed, o.OnConflict = c.announce, c.mode, bcn.ConflictQueue
			}))
			if c.announce > 0 {
				f.at(t, s.NextAt.Add(-5*time.Minute))
				f.wake(t)
				if k := f.steps(t, f.only(t, s.ID).ID); k.State != bcn.TickAnnounced {
					t.Fatalf("the tick is %s", k.State)
				}
			}
			f.at(t, s.NextAt.Add(c.late))
			f.wake(t)
			var got []string
			made := f.ticks(t, s.ID)
			slices.Reverse(made)
			for _, k := range made {
				if k.At.After(f.now(t)) {
					continue
				}
				k = f.steps(t, k.ID)
				got = append(got, strings.TrimSpace(string(k.State)+" "+k.Params["why"]))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// gated makes a release whose approval was asked ahead, and its change.
func (f *filed) gated(t *testing.T, more ...func(*bcn.Schedule)) (bcn.Schedule, bcn.Tick) {
	t.Helper()
	f.chat.gated, f.chat.makes = []string{"leads"}, f.store
	s := f.hourly(t, release, append(more, with(func(o *bcn.ScheduleOptions) { o.AskBefore = 30 * time.Minute }))...)
	f.at(t, s.NextAt.Add(-20*time.Minute))
	f.wake(t)
	k := f.steps(t, f.only(t, s.ID).ID)
	if k.Change == 0 || !k.Asked || k.State != bcn.TickPlanned {
		t.Fatalf("nothing was asked: %+v", k)
	}
	return s, k
}

func (f *filed) changeOf(t *testing.T, k bcn.Tick) bcn.Change {
	t.Helper()
	c, err := f.store.Change(t.Context(), k.Change)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// held says whether the change waits for its tick.
func (f *filed) held(t *testing.T, id bcn.ID) bool {
	t.Helper()
	storetest.Exec(t, f.owner, fmt.Sprintf(`update change set lease_until = null where id = %d`, int64(id)))
	c, ok, err := f.store.Claim(t.Context(), id)
	if err != nil || !ok {
		t.Fatalf("claim: %v %v", ok, err)
	}
	return c.Held
}

func TestWhatIsAskedAhead(t *testing.T) {
	t.Parallel()
	for _, state := range []bcn.ChangeState{bcn.ChangeWaitingTurn, bcn.ChangePlanning, bcn.ChangePlanned, bcn.ChangeWaiting} {
		t.Run("does not run where it is "+string(state)+" at its time, and says so", func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			s, k := f.gated(t)
			f.becomes(t, k.Change, state, "")
			f.at(t, *s.NextAt)
			k = f.steps(t, k.ID)
			if k.State != bcn.TickSkipped || k.Code != bcn.CodeNotApproved {
				t.Errorf("the tick is %s %s", k.State, k.Code)
			}
			if c := f.changeOf(t, k); c.State != bcn.ChangeClosed || c.Code != bcn.CodeExpired {
				t.Errorf("the change is %s %s", c.State, c.Code)
			}
		})
	}
	for _, code := range []bcn.Code{bcn.CodeSuperseded, bcn.CodeRejected, bcn.CodePlanMoved, bcn.CodeNotAllowed} {
		t.Run("does not run where it was closed because "+string(code), func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			s, k := f.gated(t)
			f.becomes(t, k.Change, bcn.ChangeClosed, code)
			f.at(t, *s.NextAt)
			if k = f.steps(t, k.ID); k.State != bcn.TickSkipped || k.Code != code {
				t.Errorf("the tick is %s %s", k.State, k.Code)
			}
		})
	}
	t.Run("runs when its tick does, and not before", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		s, k := f.gated(t)
		f.becomes(t, k.Change, bcn.ChangeQueued, "")
		if c := f.changeOf(t, k); c.NotBefore == nil || !c.NotBefore.Equal(k.At) {
			t.Errorf("not before %v, the tick is at %v", c.NotBefore, k.At)
		}
		f.at(t, s.NextAt.Add(time.Second))
		if !f.held(t, k.Change) {
			t.Error("the change does not wait for its tick")
		}
		storetest.Exec(t, f.owner, `delete from river_job`)
		if k = f.steps(t, k.ID); k.State != bcn.TickRunning || k.Tries != 1 {
			t.Fatalf("the tick is %s", k.State)
		}
		if n := storetest.Text(t, f.owner, `select count(*) from river_job where kind = 'change'`); n != "1" {
			t.Errorf("%s jobs wake the change", n)
		}
		if f.held(t, k.Change) {
			t.Error("the change waits though its tick runs")
		}
		f.becomes(t, k.Change, bcn.ChangeSucceeded, "")
		if k = f.steps(t, k.ID); k.State != bcn.TickSucceeded {
			t.Errorf("the tick is %s %s", k.State, k.Code)
		}
	})
	t.Run("does not run where the bot comes back too late", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		s, k := f.gated(t)
		f.becomes(t, k.Change, bcn.ChangeQueued, "")
		f.at(t, s.NextAt.Add(2*time.Hour))
		if !f.held(t, k.Change) {
			t.Error("the change does not wait for its tick")
		}
		k = f.steps(t, k.ID)
		if c := f.changeOf(t, k); k.Code != bcn.CodeMissed || c.State != bcn.ChangeClosed {
			t.Errorf("the tick is %s %s, the change %s", k.State, k.Code, c.State)
		}
	})
	t.Run("runs at once when somebody says so", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		s, k := f.gated(t)
		f.becomes(t, k.Change, bcn.ChangeQueued, "")
		if _, err := f.Run(t.Context(), deploy.Origin{}, s.Owner, "hourly"); err != nil {
			t.Fatal(err)
		}
		if k = f.steps(t, k.ID); k.State != bcn.TickRunning || f.held(t, k.Change) {
			t.Errorf("the tick is %s", k.State)
		}
	})
	t.Run("waits for its approval where somebody runs it before", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		s, k := f.gated(t)
		f.becomes(t, k.Change, bcn.ChangeWaiting, "")
		if _, err := f.Run(t.Context(), deploy.Origin{}, s.Owner, "hourly"); err != nil {
			t.Fatal(err)
		}
		if k = f.steps(t, k.ID); k.State != bcn.TickRunning {
			t.Errorf("the tick is %s %s", k.State, k.Code)
		}
	})
}

// Rights are asked for at each run; what its owner may not do is not run.
func TestRightsOfARun(t *testing.T) {
	t.Parallel()
	lost := bcn.E(bcn.CodeNotAllowed, "verb", "deploy", "who", "leads")
	for name, at := range map[string]func(t *testing.T, f *filed) (bcn.Schedule, bcn.Tick){
		"at its time": func(t *testing.T, f *filed) (bcn.Schedule, bcn.Tick) {
			t.Helper()
			f.chat.makes = f.store
			s := f.hourly(t, release)
			f.at(t, *s.NextAt)
			f.wake(t)
			return s, f.only(t, s.ID)
		},
		"when its approval is asked": func(t *testing.T, f *filed) (bcn.Schedule, bcn.Tick) {
			t.Helper()
			f.chat.makes, f.chat.gated = f.store, []string{"leads"}
			s := f.hourly(t, release, with(func(o *bcn.ScheduleOptions) { o.AskBefore = 20 * time.Minute }))
			f.at(t, s.NextAt.Add(-15*time.Minute))
			f.wake(t)
			return s, f.only(t, s.ID)
		},
		"between its approval and its time": func(t *testing.T, f *filed) (bcn.Schedule, bcn.Tick) {
			t.Helper()
			s, k := f.gated(t)
			f.becomes(t, k.Change, bcn.ChangeQueued, "")
			f.at(t, *s.NextAt)
			return s, k
		},
	} {
		t.Run("lost "+name+": nothing runs, and it says who may", func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			_, k := at(t, f)
			f.chat.refuse = map[string]error{release: lost}
			k = f.steps(t, k.ID)
			if k.State != bcn.TickSkipped || k.Code != bcn.CodeNotAllowed || k.Params["who"] != "leads" {
				t.Errorf("the tick is %s %s %v", k.State, k.Code, k.Params)
			}
			if n := storetest.Text(t, f.owner, `select count(*) from change where state <> 'closed'`); n != "0" {
				t.Errorf("%s changes", n)
			}
		})
		t.Run("with its owner gone "+name+": nothing runs, and its schedule is paused", func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			s, k := at(t, f)
			f.chat.gone = true
			if k = f.steps(t, k.ID); k.State != bcn.TickSkipped || k.Code != bcn.CodeOwnerGone {
				t.Errorf("the tick is %s %s", k.State, k.Code)
			}
			if got := f.row(t, "hourly"); got.State != bcn.SchedulePaused || got.Why != bcn.CodeOwnerGone {
				t.Errorf("%s is %s %s", s.Name, got.State, got.Why)
			}
			if n := storetest.Text(t, f.owner, `select count(*) from change where state <> 'closed'`); n != "0" {
				t.Errorf("%s changes", n)
			}
		})
		t.Run("out of reach "+name+": it is asked again, and not taken for a refusal", func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			_, k := at(t, f)
			f.chat.refuse = map[string]error{release: bcn.E(bcn.CodeCouldNotCheck)}
			if k = f.steps(t, k.ID); k.State.Ended() || k.State == bcn.TickRunning {
				t.Errorf("the tick is %s %s", k.State, k.Code)
			}
			f.chat.refuse = nil
			before := k.Asked
			if k = f.steps(t, k.ID); k.State != bcn.TickRunning && (before || !k.Asked) {
				t.Errorf("then the tick is %s %s", k.State, k.Code)
			}
		})
	}
}

// three makes a tick that runs, and two that have come behind it.
func (f *filed) three(t *testing.T, how bcn.OnConflict) (first, second, third bcn.Tick) {
	t.Helper()
	f.chat.makes = f.store
	s := f.hourly(t, release, with(func(o *bcn.ScheduleOptions) { o.OnConflict = how }))
	for i := range 3 {
		f.at(t, s.NextAt.Add(time.Duration(i)*time.Hour))
		f.wake(t)
		f.steps(t, f.ticks(t, s.ID)[0].ID)
	}
	all := f.ticks(t, s.ID)
	if len(all) != 3 {
		t.Fatalf("%d ticks", len(all))
	}
	return all[2], f.steps(t, all[1].ID), f.steps(t, all[0].ID)
}

func TestOverlappingRuns(t *testing.T) {
	t.Parallel()
	t.Run("are left out", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		first, second, third := f.three(t, bcn.ConflictSkip)
		if first.State != bcn.TickRunning {
			t.Errorf("the first is %s", first.State)
		}
		for _, k := range []bcn.Tick{second, third} {
			if k.State != bcn.TickSkipped || k.Code != bcn.CodeOverlap || k.Params["id"] != first.ID.String() {
				t.Errorf("%s %s %v", k.State, k.Code, k.Params)
			}
		}
	})
	t.Run("wait, one behind the other", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		first, second, third := f.three(t, bcn.ConflictQueue)
		for _, k := range []bcn.Tick{first, second, third} {
			if k = f.steps(t, k.ID); k.State != bcn.TickRunning {
				t.Fatalf("%s is %s", k.At, k.State)
			}
			if n := storetest.Text(t, f.owner, `select count(*) from tick where state = 'running'`); n != "1" {
				t.Errorf("%s run at once", n)
			}
			f.becomes(t, k.Change, bcn.ChangeSucceeded, "")
			if k = f.steps(t, k.ID); k.State != bcn.TickSucceeded {
				t.Errorf("%s is %s", k.At, k.State)
			}
		}
	})
	t.Run("wait, the last in place of the others", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		first, second, third := f.three(t, bcn.ConflictOnce)
		if second.State != bcn.TickSkipped || third.State != bcn.TickDue {
			t.Fatalf("%s, %s", second.State, third.State)
		}
		first = f.steps(t, first.ID)
		f.becomes(t, first.Change, bcn.ChangeFailed, bcn.CodeRolloutFailed)
		f.steps(t, first.ID)
		if third = f.steps(t, third.ID); third.State != bcn.TickRunning {
			t.Errorf("the last is %s", third.State)
		}
	})
}

// running makes a tick whose change has begun.
func (f *filed) running(t *testing.T, more ...func(*bcn.Schedule)) (bcn.Schedule, bcn.Tick) {
	t.Helper()
	f.chat.makes = f.store
	s := f.hourly(t, release, more...)
	f.at(t, *s.NextAt)
	f.wake(t)
	k := f.steps(t, f.only(t, s.ID).ID)
	if k.State != bcn.TickRunning || k.Change == 0 {
		t.Fatalf("the tick is %s", k.State)
	}
	return s, k
}

func TestARunThatFails(t *testing.T) {
	t.Parallel()
	t.Run("is tried again, as often as its schedule says", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		_, k := f.running(t, with(func(o *bcn.ScheduleOptions) { o.Retries = 2 }))
		changes := map[bcn.ID]bool{}
		for try := 1; try <= 3; try++ {
			if k.State != bcn.TickRunning || k.Tries != try {
				t.Fatalf("it is %s, tried %d times", k.State, k.Tries)
			}
			changes[k.Change] = true
			f.becomes(t, k.Change, bcn.ChangeFailed, bcn.CodeRolloutFailed)
			f.steps(t, k.ID)
			k = f.steps(t, k.ID)
		}
		if k.State != bcn.TickFailed || k.Code != bcn.CodeRolloutFailed || len(changes) != 3 {
			t.Errorf("it is %s %s after %d changes", k.State, k.Code, len(changes))
		}
	})
	for _, code := range []bcn.Code{bcn.CodeRejected, bcn.CodeCancelled, bcn.CodeNotAllowed, bcn.CodeTimedOut} {
		t.Run("is not tried again because "+string(code), func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			_, k := f.running(t, with(func(o *bcn.ScheduleOptions) { o.Retries = 2 }))
			f.becomes(t, k.Change, bcn.ChangeClosed, code)
			if k = f.steps(t, k.ID); k.State != bcn.TickFailed || k.Code != code || k.Tries != 1 {
				t.Errorf("it is %s %s, tried %d times", k.State, k.Code, k.Tries)
			}
		})
	}
	t.Run("is a success where there was nothing to do", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		_, k := f.running(t)
		f.becomes(t, k.Change, bcn.ChangeClosed, bcn.CodeNoChange)
		if k = f.steps(t, k.ID); k.State != bcn.TickSucceeded {
			t.Errorf("it is %s %s", k.State, k.Code)
		}
	})
}

// stopper notes what it is told to stop.
type stopper struct{ told []bcn.Code }

func (s *stopper) Withdraw(_ context.Context, _ bcn.ID, code bcn.Code, _ map[string]string) error {
	s.told = append(s.told, code)
	return nil
}

func TestARunThatTakesTooLongIsStopped(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	var stops stopper
	f.Cancel = &stops
	s, k := f.running(t, with(func(o *bcn.ScheduleOptions) { o.Timeout, o.Retries = 10*time.Minute, 1 }))
	f.at(t, s.NextAt.Add(9*time.Minute))
	f.steps(t, k.ID)
	if len(stops.told) != 0 {
		t.Fatal("it was stopped before its time")
	}
	f.at(t, s.NextAt.Add(11*time.Minute))
	f.steps(t, k.ID)
	if !slices.Equal(stops.told, []bcn.Code{bcn.CodeTimedOut}) {
		t.Fatalf("told %v", stops.told)
	}
	f.becomes(t, k.Change, bcn.ChangeCancelled, bcn.CodeCancelled)
	if k = f.steps(t, k.ID); k.State != bcn.TickFailed || k.Code != bcn.CodeTimedOut {
		t.Errorf("it is %s %s", k.State, k.Code)
	}
}

func TestAChain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ends bcn.ChangeState
		want int
	}{{bcn.ChangeSucceeded, 1}, {bcn.ChangeFailed, 0}, {bcn.ChangeRolledBack, 0}, {bcn.ChangeClosed, 0}} {
		t.Run(fmt.Sprintf("the next runs %d times where the one before is %s", c.want, c.ends), func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			_, k := f.running(t)
			next := inFile("smoke", "", "status", func(s *bcn.Schedule) { s.Options.After, s.State, s.File = "hourly", bcn.ScheduleActive, false })
			next.AddedAt = f.now(t)
			next, err := f.store.NewSchedule(t.Context(), deploy.Origin{}, next)
			if err != nil {
				t.Fatal(err)
			}
			f.becomes(t, k.Change, c.ends, "")
			f.steps(t, k.ID)
			f.chat.makes = nil // what follows only shows something
			ticks := f.ticks(t, next.ID)
			if len(ticks) != c.want {
				t.Fatalf("%d ticks", len(ticks))
			}
			for _, k := range ticks {
				if k = f.steps(t, k.ID); k.State != bcn.TickSucceeded {
					t.Errorf("the next is %s %s", k.State, k.Code)
				}
			}
		})
	}
}

var _ scheduler.Canceller = (*stopper)(nil)
