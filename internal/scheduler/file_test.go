package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// filed is a bot: its store, and what the doubles of chat answer.
type filed struct {
	*scheduler.Service
	store *store.Store
	owner string // address of the database as its owner
	chat  *typed
}

func newFiled(t *testing.T) *filed {
	t.Helper()
	s, owner := pg.Store(t)
	chat := &typed{}
	return &filed{store: s, owner: owner, chat: chat, Service: scheduler.New(scheduler.Options{
		Authz: authz.New(authz.Options{People: chat, Workspace: authz.Workspace{Team: "T0HOME"}}),
		Store: s, Runner: chat, Channels: chat, Refusals: s, Speaker: silent{},
	})}
}

func dana(user string) bcn.Actor { return bcn.Actor{Kind: bcn.Person, User: user, Team: "T0HOME"} }

// inFile is a schedule of bot.yaml as internal/app reads it.
func inFile(name, spec, command string, with ...func(*bcn.Schedule)) bcn.Schedule {
	s := bcn.Schedule{
		Name: name, Spec: spec, Zone: "UTC", Command: command, Channel: "C0DEPLOY", File: true, Owner: dana("U0DEV"),
		Options: bcn.ScheduleOptions{OnConflict: bcn.ConflictSkip, OnMissed: "run_once"},
	}
	for _, f := range with {
		f(&s)
	}
	return s
}

func announced(d time.Duration) func(*bcn.Schedule) {
	return func(s *bcn.Schedule) { s.Options.Announce = d }
}

func (f *filed) sync(t *testing.T, in ...bcn.Schedule) {
	t.Helper()
	if err := f.Sync(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func (f *filed) faults(t *testing.T, in ...bcn.Schedule) string {
	t.Helper()
	err := f.Sync(t.Context(), in)
	var wrong *scheduler.FileError
	if !errors.As(err, &wrong) {
		t.Fatalf("no fault of the file: %v", err)
	}
	return wrong.Error()
}

// row answers a schedule that is there.
func (f *filed) row(t *testing.T, name string) bcn.Schedule {
	t.Helper()
	s, err := f.store.ScheduleByName(t.Context(), name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

func (f *filed) gone(t *testing.T, name string) {
	t.Helper()
	if _, err := f.store.ScheduleByName(t.Context(), name); !errors.Is(err, deploy.ErrNone) {
		t.Errorf("%s is there: %v", name, err)
	}
}

// ticks are those of a schedule that was there, newest first.
func (f *filed) ticks(t *testing.T, id bcn.ID) []bcn.Tick {
	t.Helper()
	list, err := f.store.Ticks(t.Context(), id, 10)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (f *filed) wake(t *testing.T) {
	t.Helper()
	if _, err := f.Wake(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (f *filed) step(t *testing.T, tick bcn.ID) bcn.Tick {
	t.Helper()
	if _, err := f.Tick(t.Context(), tick); err != nil {
		t.Fatal(err)
	}
	k, err := f.store.Tick(t.Context(), tick)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// audited are the entries about schedules, each as kind/actor.
func (f *filed) audited(t *testing.T) string {
	t.Helper()
	return storetest.Text(t, f.owner, `select coalesce(string_agg(kind || '/' || actor, ' ' order by seq), '') from audit_entry where kind like 'schedule.%'`)
}

func (f *filed) now(t *testing.T) time.Time {
	t.Helper()
	now, err := f.store.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// soon is a single time, minutes from now.
func (f *filed) soon(t *testing.T, d time.Duration) string {
	t.Helper()
	return f.now(t).Add(d).UTC().Format("at 2006-01-02 15:04")
}

// later moves the database's clock forward.
func (f *filed) later(t *testing.T, by string) {
	t.Helper()
	storetest.Exec(t, f.owner, `create or replace function bcn_now() returns timestamptz language sql volatile as
		'select clock_timestamp() + interval ''`+by+`'''`)
}

func TestTheFileIsPutIntoForce(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	f.sync(t, inFile("nightly", "0 2 * * *", "deploy hello staging latest", announced(10*time.Minute)),
		inFile("smoke", "", "run hello staging -- bin/smoke", func(s *bcn.Schedule) { s.Options.After = "nightly" }))

	got := f.row(t, "nightly")
	if got.State != bcn.ScheduleActive || !got.File || got.Owner != dana("U0DEV") || got.By != "bot.yaml" {
		t.Errorf("%+v", got)
	}
	if got.NextAt == nil || got.NextAt.UTC().Format("15:04") != "02:00" || got.NextAt.Sub(*got.WakeAt) != 10*time.Minute {
		t.Errorf("next %v, wakes %v", got.NextAt, got.WakeAt)
	}
	if after := f.row(t, "smoke"); after.NextAt != nil || after.Options.After != "nightly" {
		t.Errorf("%+v", after)
	}
	if got := f.audited(t); got != "schedule.add/bot.yaml schedule.add/bot.yaml" {
		t.Error(got)
	}
}

func TestTheSameFileChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	f.chat.gated = []string{"leads"}
	file := []bcn.Schedule{
		inFile("nightly", "0  2 * * *", "deploy hello staging latest"), inFile("often", "every 45m", "status"),
		inFile("smoke", "", "status", func(s *bcn.Schedule) { s.Options.After = "nightly" }),
	}
	f.sync(t, file...)
	before, audited := f.all(t), f.audited(t)
	f.sync(t, file...)
	if diff := cmp.Diff(before, f.all(t)); diff != "" {
		t.Error(diff)
	}
	if got := f.audited(t); got != audited {
		t.Errorf("audited %s", got)
	}
}

func (f *filed) all(t *testing.T) []bcn.Schedule {
	t.Helper()
	all, err := f.store.Schedules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhatTheFileChangesIsChanged(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	f.sync(t, inFile("often", "every 45m", "status"))
	first := f.row(t, "often")

	t.Run("another command leaves its times", func(t *testing.T) {
		f.later(t, "10 minutes")
		f.sync(t, inFile("often", "every 45m", "status hello", announced(5*time.Minute)))
		got := f.row(t, "often")
		if got.Command != "status hello" || !got.AddedAt.Equal(first.AddedAt) || !got.NextAt.Equal(*first.NextAt) {
			t.Errorf("%+v", got)
		}
		if got.NextAt.Sub(*got.WakeAt) != 5*time.Minute {
			t.Errorf("wakes %v for %v", got.WakeAt, got.NextAt)
		}
	})
	t.Run("other times count anew", func(t *testing.T) {
		f.sync(t, inFile("often", "every 50m", "status hello"))
		got := f.row(t, "often")
		if got.ID != first.ID || got.Spec != "every 50m" || !got.AddedAt.After(first.AddedAt) || got.NextAt.Before(got.AddedAt.Add(49*time.Minute)) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("by bot.yaml", func(t *testing.T) {
		if got := f.audited(t); got != "schedule.add/bot.yaml schedule.edit/bot.yaml schedule.edit/bot.yaml" {
			t.Error(got)
		}
	})
}

func TestAPauseOfAPersonStays(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	f.sync(t, inFile("often", "every 45m", "status"))
	f.change(t, "often", func(s *bcn.Schedule) { s.State, s.By = bcn.SchedulePaused, "U0LEAD" })
	f.sync(t, inFile("often", "every 50m", "status hello"))
	if got := f.row(t, "often"); got.State != bcn.SchedulePaused || got.By != "U0LEAD" || got.Spec != "every 50m" {
		t.Errorf("%+v", got)
	}
}

// change is what a person does in chat.
func (f *filed) change(t *testing.T, name string, change func(*bcn.Schedule)) {
	t.Helper()
	_, err := f.store.ChangeSchedule(t.Context(), deploy.Origin{}, "U0LEAD", "pause", f.row(t, name).ID, func(s bcn.Schedule, _ time.Time) (bcn.Schedule, error) {
		change(&s)
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAScheduleWhoseOwnerIsGoneGoesOnWithAnother(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	f.sync(t, inFile("often", "every 45m", "status"))
	f.change(t, "often", func(s *bcn.Schedule) { s.State, s.Why = bcn.SchedulePaused, bcn.CodeOwnerGone })
	f.sync(t, inFile("often", "every 45m", "status"))
	if got := f.row(t, "often"); got.State != bcn.SchedulePaused {
		t.Errorf("it goes on as somebody who is gone: %+v", got)
	}
	f.sync(t, inFile("often", "every 45m", "status", func(s *bcn.Schedule) { s.Owner = dana("U0LEAD") }))
	if got := f.row(t, "often"); got.State != bcn.ScheduleActive || got.Why != "" || got.Owner.User != "U0LEAD" {
		t.Errorf("%+v", got)
	}
}

func TestWhatTheFileNoLongerNamesDoesNotRun(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	for name, second := range map[string][]bcn.Schedule{
		"a schedule that was removed": nil,
		"a schedule with other times": {inFile("nightly", "0 3 * * *", "status", announced(25*time.Hour))},
		"a schedule that follows another": {
			inFile("other", "0 4 * * *", "status"),
			inFile("nightly", "", "status", func(s *bcn.Schedule) { s.Options.After = "other" }),
		},
	} {
		f.sync(t, inFile("nightly", "0 2 * * *", "status", announced(25*time.Hour)))
		id := f.row(t, "nightly").ID
		f.wake(t)
		ahead := f.ticks(t, id)
		if len(ahead) == 0 {
			t.Fatalf("%s has no tick ahead", name)
		}
		f.sync(t, second...)
		if got := f.step(t, ahead[0].ID); got.State != bcn.TickSkipped || got.Params["by"] != "bot.yaml" {
			t.Errorf("the tick of %s is %s %v", name, got.State, got.Params)
		}
		f.sync(t)
		f.gone(t, "nightly")
	}
}

func TestATickThatOtherTimesHaveTooStays(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	f.sync(t, inFile("nightly", "0 2 * * *", "status", announced(25*time.Hour)))
	id := f.row(t, "nightly").ID
	f.wake(t)
	first := f.ticks(t, id)[0]
	f.sync(t, inFile("nightly", "0 2,14 * * *", "status", announced(25*time.Hour)))
	if got := f.step(t, first.ID); got.State.Ended() {
		t.Errorf("the tick is %s", got.State)
	}
}

func TestTheFileLeavesSchedulesOfChatAlone(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	now := f.now(t)
	chat := inFile("nightly", "0 2 * * *", "status", func(s *bcn.Schedule) {
		s.File, s.State, s.By, s.AddedAt, s.Owner = false, bcn.ScheduleActive, "U0LEAD", now, dana("U0LEAD")
	})
	if _, err := f.store.NewSchedule(t.Context(), deploy.Origin{}, chat); err != nil {
		t.Fatal(err)
	}
	before := f.row(t, "nightly")
	got := f.faults(t, inFile("nightly", "0 3 * * *", "deploy hello staging latest"), inFile("other", "0 3 * * *", "status"))
	if !strings.Contains(got, "schedule nightly of bot.yaml: U0LEAD added a schedule of that name in chat") {
		t.Error(got)
	}
	f.row(t, "other") // the rest is in force
	f.sync(t)
	if diff := cmp.Diff(before, f.row(t, "nightly")); diff != "" {
		t.Error(diff)
	}
}

func TestARefusedCommandIsToldAndStands(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	f.chat.refuse = map[string]error{
		"deploy hello production latest": bcn.E(bcn.CodeNotAllowed, "verb", "deploy"),
		"C0LOST":                         bcn.E(bcn.CodeChannelNotPosted, "channel", "C0LOST"),
	}
	got := f.faults(t, inFile("release", "0 3 * * *", "deploy hello production latest"), inFile("other", "0 3 * * *", "status"),
		inFile("lost", "0 3 * * *", "status", func(s *bcn.Schedule) { s.Channel = "C0LOST" }))
	want := "schedule release of bot.yaml: not_allowed verb=\"deploy\"\nschedule lost of bot.yaml: channel_not_posted channel=\"C0LOST\""
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := len(f.all(t)); got != 3 {
		t.Errorf("%d schedules", got)
	}
}

func TestApprovalIsAskedAheadUnlessItIsKnownThatNobodyMust(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	file := inFile("release", "0 3 * * *", "deploy hello production latest")
	down := map[string]error{file.Command: bcn.E(bcn.CodeCouldNotCheck)}
	for _, step := range []struct {
		name  string
		gated []string
		down  map[string]error
		want  time.Duration
	}{
		{"it is not known", nil, down, 4 * time.Hour},
		{"nobody must approve", nil, nil, 0},
		{"it is not known, and was", nil, down, 0},
		{"leads must approve", []string{"leads"}, nil, 4 * time.Hour},
	} {
		f.chat.gated, f.chat.refuse = step.gated, step.down
		f.sync(t, file)
		if got := f.row(t, "release"); got.Options.AskBefore != step.want || got.NextAt.Sub(*got.WakeAt) != step.want {
			t.Errorf("where %s it is asked %s before", step.name, got.Options.AskBefore)
		}
	}
}

func TestASingleTimeRunsOnceHoweverOftenTheBotStarts(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	file := []bcn.Schedule{
		inFile("release", f.soon(t, 30*time.Minute), "status", announced(time.Hour)),
		inFile("over", "at 2020-02-29 09:30", "status"),
	}
	f.sync(t, file...)
	f.gone(t, "over")
	id := f.row(t, "release").ID
	stands := func(state bcn.ScheduleState, ticks int) {
		t.Helper()
		f.sync(t, file...)
		f.wake(t)
		if got := f.all(t); len(got) != 1 || got[0].ID != id || got[0].NextAt != nil || got[0].State != state {
			t.Fatalf("%+v", got)
		}
		if got := f.ticks(t, id); len(got) != ticks {
			t.Fatalf("%+v", got)
		}
	}
	f.wake(t)
	stands(bcn.ScheduleActive, 1) // its only tick is ahead
	if _, err := f.store.SkipNext(t.Context(), deploy.Origin{}, "U0LEAD", id, 0); err != nil {
		t.Fatal(err)
	}
	stands(bcn.ScheduleDone, 1) // its time is ahead, and somebody skipped it
	f.later(t, "2 hours")
	stands(bcn.ScheduleDone, 1)
	if got := f.audited(t); got != "schedule.add/bot.yaml schedule.done/bcn-system" {
		t.Error(got)
	}
	t.Run("another time in the file is another run", func(t *testing.T) {
		file[0].Spec = f.soon(t, 30*time.Minute)
		f.sync(t, file...)
		f.wake(t)
		stands(bcn.ScheduleActive, 2)
	})
	t.Run("a time that has passed is none", func(t *testing.T) {
		ahead := f.ticks(t, id)[0]
		file[0].Spec = "at 2020-02-29 09:30"
		stands(bcn.ScheduleDone, 2)
		if got := f.step(t, ahead.ID); got.State != bcn.TickSkipped {
			t.Errorf("the tick is %s", got.State)
		}
	})
	t.Run("it is gone when the file does not name it", func(t *testing.T) {
		f.sync(t)
		f.gone(t, "release")
	})
}

func TestATimeThatIsTooFarIsAFault(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	if got := f.faults(t, inFile("far", "at 2999-01-01 00:00", "status")); !strings.Contains(got, "schedule far of bot.yaml: bad_schedule") {
		t.Error(got)
	}
}

func TestSeveralProcessesMayStartAtOnce(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	f.sync(t, inFile("old", "0 2 * * *", "status"), inFile("kept", "every 45m", "status"))
	file := []bcn.Schedule{inFile("kept", "every 50m", "status")}
	for i := range 8 {
		file = append(file, inFile(fmt.Sprintf("new-%d", i), "every 45m", "status"))
	}
	const processes = 6
	var all sync.WaitGroup
	errs := make([]error, processes)
	for i := range processes {
		all.Go(func() { errs[i] = f.Sync(context.Background(), file) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := len(f.all(t)); got != 9 {
		t.Errorf("%d schedules", got)
	}
	counted := map[string]int{}
	for _, e := range strings.Fields(f.audited(t)) {
		counted[e]++
	}
	want := map[string]int{"schedule.add/bot.yaml": 10, "schedule.edit/bot.yaml": 1, "schedule.remove/bot.yaml": 1}
	if diff := cmp.Diff(want, counted); diff != "" {
		t.Error(diff)
	}
}

// What was approved ahead of its time starts by itself at the tick: it must not
// once its schedule has been changed, paused or removed.
func TestWhatWasAskedAheadDoesNotOutliveItsSchedule(t *testing.T) {
	t.Parallel()
	weekly := inFile("weekly", "0 9 * * 4", "deploy hello production v1", func(s *bcn.Schedule) { s.Options.AskBefore = 7 * 24 * time.Hour })
	for name, end := range map[string]func(t *testing.T, f *filed){
		"its command is another": func(t *testing.T, f *filed) {
			t.Helper()
			other := weekly
			other.Command = "deploy hello production v2"
			f.sync(t, other)
		},
		"its owner is another": func(t *testing.T, f *filed) {
			t.Helper()
			other := weekly
			other.Owner = dana("U0LEAD")
			f.sync(t, other)
		},
		"it is removed": func(t *testing.T, f *filed) { t.Helper(); f.sync(t) },
		"it is paused": func(t *testing.T, f *filed) {
			t.Helper()
			f.change(t, "weekly", func(s *bcn.Schedule) { s.State = bcn.SchedulePaused })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFiled(t)
			f.chat.gated, f.chat.makes = []string{"leads"}, f.store
			f.sync(t, weekly)
			id := f.row(t, "weekly").ID
			f.wake(t)
			tick := f.ticks(t, id)[0]
			asked := f.step(t, tick.ID)
			if asked.Change == 0 || !asked.Asked {
				t.Fatalf("nothing was asked: %+v", asked)
			}
			end(t, f)
			if got := f.step(t, tick.ID); got.State != bcn.TickSkipped {
				t.Errorf("the tick is %s", got.State)
			}
			c, err := f.store.Change(t.Context(), asked.Change)
			if err != nil || c.State != bcn.ChangeClosed {
				t.Errorf("the change is %s: %v", c.State, err)
			}
		})
	}
}
