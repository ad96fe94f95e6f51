package scheduler_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	s := f.hourly(t, "status", announced(10*time.Minute))
	f.at(t, s.NextAt.Add(-5*time.Minute))
	f.wake(t)
	k := f.steps(t, f.only(t, s.ID).ID)
	if _, err := f.Pause(t.Context(), deploy.Origin{}, s.Owner, "hourly"); err != nil {
		t.Fatal(err)
	}
	if k = f.steps(t, k.ID); k.State != bcn.TickSkipped || k.Code != bcn.CodePaused {
		t.Fatalf("the announced tick is %s %s", k.State, k.Code)
	}
	v, err := f.Resume(t.Context(), deploy.Origin{}, s.Owner, "hourly")
	if err != nil {
		t.Fatal(err)
	}
	then := s.NextAt.Add(time.Hour)
	if len(v.Next) == 0 || !v.Next[0].Equal(then) || !v.Schedule.NextAt.Equal(then) {
		t.Errorf("it says that it runs next %v; the tick of %v was skipped", v.Next, s.NextAt)
	}
	f.at(t, then)
	f.wake(t)
	if got := f.ticks(t, s.ID); len(got) != 2 || !got[0].At.Equal(then) {
		t.Errorf("%+v", got)
	}
}

// What passed while nobody decided is not promised.
func TestASingleTimeThatHasPassed(t *testing.T) {
	t.Parallel()
	past := func(t *testing.T, err error) {
		t.Helper()
		var e *bcn.Error
		if !errors.As(err, &e) || e.Code != bcn.CodeBadSchedule || e.Params["problem"] != "past" {
			t.Errorf("%v", err)
		}
	}
	t.Run("is not saved any more", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		v, err := f.Draft(t.Context(), dana("U0DEV"), bcn.Schedule{Name: "once", Spec: f.soon(t, 10*time.Minute), Zone: "UTC", Command: "status", Channel: "C0DEPLOY"})
		if err != nil {
			t.Fatal(err)
		}
		f.later(t, "1 hour")
		_, err = f.Save(t.Context(), deploy.Origin{}, dana("U0DEV"), v.Schedule.ID)
		past(t, err)
	})
	t.Run("is not resumed any more", func(t *testing.T) {
		t.Parallel()
		f := newFiled(t)
		v, err := f.Draft(t.Context(), dana("U0DEV"), bcn.Schedule{Name: "once", Spec: f.soon(t, 10*time.Minute), Zone: "UTC", Command: "status", Channel: "C0DEPLOY"})
		if err == nil {
			_, err = f.Save(t.Context(), deploy.Origin{}, dana("U0DEV"), v.Schedule.ID)
		}
		if err == nil {
			_, err = f.Pause(t.Context(), deploy.Origin{}, dana("U0DEV"), "once")
		}
		if err != nil {
			t.Fatal(err)
		}
		f.later(t, "1 hour")
		_, err = f.Resume(t.Context(), deploy.Origin{}, dana("U0DEV"), "once")
		past(t, err)
	})
}

func TestATickThatIsSkippedIsShownSo(t *testing.T) {
	t.Parallel()
	for name, lead := range map[string]time.Duration{"before it was announced": time.Hour, "after": 5 * time.Minute} {
		f := newFiled(t)
		s := f.hourly(t, "status", announced(10*time.Minute))
		f.at(t, s.NextAt.Add(-lead))
		f.wake(t)
		k, err := f.Skip(t.Context(), deploy.Origin{}, s.Owner, "hourly")
		if err != nil || !k.At.Equal(*s.NextAt) {
			t.Fatalf("%s: %+v, %v", name, k, err)
		}
		if got := f.row(t, "hourly"); got.SkipAt == nil || !got.SkipAt.Equal(*s.NextAt) {
			t.Errorf("%s: skips %v", name, got.SkipAt)
		}
		for i, want := range []bcn.TickState{bcn.TickSkipped, bcn.TickSucceeded} {
			f.at(t, s.NextAt.Add(time.Duration(i)*time.Hour))
			f.wake(t)
			f.steps(t, f.ticks(t, s.ID)[0].ID)
			for _, k := range f.ticks(t, s.ID) {
				if k.At.Equal(s.NextAt.Add(time.Duration(i)*time.Hour)) && k.State != want {
					t.Errorf("%s: the tick of %s is %s %s", name, k.At, k.State, k.Code)
				}
			}
		}
	}
}
