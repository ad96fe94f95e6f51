package schedule_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/schedule"
)

func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", "2026-11-23 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

// told writes ticks by their clock: what runs, and what is skipped and why.
func told(due schedule.Due) []string {
	out := []string{}
	for _, r := range due.Run {
		out = append(out, r.Format("15:04 run"))
	}
	for _, s := range due.Skipped {
		out = append(out, s.At.Format("15:04 ")+string(s.Why))
	}
	if !due.Before.IsZero() {
		out = append(out, due.Before.Format("15:04 and before"))
	}
	return out
}

func TestMissedTicks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, last, now string
		policy          schedule.Policy
		want            []string
	}{
		"nothing has come":                            {"@hourly", "10:00:00", "10:59:59", schedule.Policy{}, []string{}},
		"the last tick does not come again":           {"@hourly", "10:00:00", "10:00:00", schedule.Policy{}, []string{}},
		"a tick that has just come runs":              {"@hourly", "10:00:00", "11:00:00", schedule.Policy{}, []string{"11:00 run"}},
		"and runs where missed ones are skipped":      {"@hourly", "10:00:00", "11:00:59", schedule.Policy{Mode: schedule.Skip}, []string{"11:00 run"}},
		"a minute late it was missed":                 {"@hourly", "10:00:00", "11:01:00", schedule.Policy{Mode: schedule.Skip}, []string{"11:00 missed"}},
		"one that was missed runs once":               {"@hourly", "10:00:00", "11:30:00", schedule.Policy{}, []string{"11:00 run"}},
		"the latest of several runs":                  {"*/30 * * * *", "10:00:00", "11:20:00", schedule.Policy{}, []string{"11:00 run", "10:30 superseded"}},
		"an hour is not too old":                      {"0 11 * * *", "10:00:00", "12:00:00", schedule.Policy{}, []string{"11:00 run"}},
		"more than an hour is":                        {"0 11 * * *", "10:00:00", "12:00:01", schedule.Policy{}, []string{"11:00 too_old"}},
		"another limit":                               {"0 11 * * *", "10:00:00", "14:00:00", schedule.Policy{Limit: 3 * time.Hour}, []string{"11:00 run"}},
		"old ones are too old, not superseded":        {"0 * * * *", "09:00:00", "12:30:00", schedule.Policy{}, []string{"12:00 run", "10:00 too_old", "11:00 too_old"}},
		"catching up runs all in order":               {"0 * * * *", "09:00:00", "12:30:00", schedule.Policy{Mode: schedule.CatchUp}, []string{"10:00 run", "11:00 run", "12:00 run"}},
		"catching up has a bound":                     {"0 * * * *", "09:00:00", "12:30:00", schedule.Policy{Mode: schedule.CatchUp, Max: 2}, []string{"11:00 run", "12:00 run", "10:00 over_bound"}},
		"skipping, one of several has just come":      {"*/30 * * * *", "10:00:00", "11:30:02", schedule.Policy{Mode: schedule.Skip}, []string{"11:30 run", "10:30 missed", "11:00 missed"}},
		"a single time that was missed runs once":     {"at 2026-11-23 11:00", "10:00:00", "11:59:00", schedule.Policy{}, []string{"11:00 run"}},
		"a single time that is too old does not":      {"at 2026-11-23 11:00", "10:00:00", "19:59:00", schedule.Policy{}, []string{"11:00 too_old"}},
		"a clock that was set back brings up nothing": {"@hourly", "12:00:00", "10:30:00", schedule.Policy{}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, c.text, "UTC")
			if d := cmp.Diff(c.want, told(schedule.Missed(s, at(c.last), at(c.now), c.policy))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestEveryMissedTickIsTreatedOnce asks for the ticks of a year as it passes,
// with the bot up and down: none is lost and none comes twice.
func TestEveryMissedTickIsTreatedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"*/30 * * * *", "30 1 * * *", "0 */2 * * *", "every 7h", "every 3d", "* 1 1 * *"}).Draw(t, "text")
		s, err := schedule.Parse(text, rapid.SampledFrom(zones()).Draw(t, "zone"), added())
		if err != nil {
			t.Fatal(err)
		}
		policy := schedule.Policy{
			Mode: rapid.SampledFrom([]schedule.OnMissed{"", schedule.RunOnce, schedule.Skip, schedule.CatchUp}).Draw(t, "mode"),
			Max:  rapid.IntRange(0, 5).Draw(t, "max"),
		}
		last, now := added(), added()
		expected := added()
		for range 50 {
			now = now.Add(time.Duration(rapid.IntRange(0, 30*3600).Draw(t, "passes")) * time.Second)
			due := schedule.Missed(s, last, now, policy)
			treated := map[time.Time]bool{}
			for _, r := range due.Run {
				treated[r] = true
			}
			for _, k := range due.Skipped {
				if treated[k.At] {
					t.Fatalf("%v runs and is skipped", k.At)
				}
				treated[k.At] = true
			}
			for next, ok := s.Next(expected); ok && !next.After(now); next, ok = s.Next(next) {
				if !treated[next] && next.After(due.Before) {
					t.Fatalf("%v is lost at %v", next, now)
				}
				delete(treated, next)
				expected = next
			}
			if len(treated) > 0 {
				t.Fatalf("never due: %v", treated)
			}
			last = now
			if policy.Mode == schedule.RunOnce && len(due.Run) > 1 {
				t.Fatalf("run once runs %v", due.Run)
			}
		}
	})
}

func TestAYearOfMissedMinutes(t *testing.T) {
	t.Parallel()
	s := parse(t, "* * * * *", "Europe/London")
	now := added().AddDate(1, 0, 0)
	t.Run("runs once and names the latest", func(t *testing.T) {
		t.Parallel()
		due := schedule.Missed(s, added(), now, schedule.Policy{})
		if len(due.Run) != 1 || len(due.Skipped) != 99 || !due.Before.Equal(due.Skipped[0].At.Add(-time.Minute)) {
			t.Errorf("%d run, %d skipped, before %v", len(due.Run), len(due.Skipped), due.Before)
		}
	})
	t.Run("catches up with a hundred", func(t *testing.T) {
		t.Parallel()
		due := schedule.Missed(s, added(), now, schedule.Policy{Mode: schedule.CatchUp})
		if len(due.Run) != 100 || len(due.Skipped) != 100 || due.Before.IsZero() {
			t.Errorf("%d run, %d skipped, before %v", len(due.Run), len(due.Skipped), due.Before)
		}
	})
}

func TestWordsForMissedTicks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]schedule.OnMissed{
		"": schedule.RunOnce, "run-once": schedule.RunOnce, "SKIP": schedule.Skip, "catch_up": schedule.CatchUp,
	} {
		if got, err := schedule.ParseOnMissed(text); err != nil || got != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	_, err := schedule.ParseOnMissed("later")
	if err == nil || err.Error() != `column 0: unknown_on_missed known="run_once, skip, catch_up" text="later"` {
		t.Errorf("got %v", err)
	}
}

func TestWakeIsBeforeTheTick(t *testing.T) {
	t.Parallel()
	tick := at("12:00:00")
	for _, c := range []struct {
		ask, announce time.Duration
		want          string
	}{
		{0, 0, "12:00:00"},
		{4 * time.Hour, 10 * time.Minute, "08:00:00"},
		{0, 10 * time.Minute, "11:50:00"},
		{-time.Hour, -time.Minute, "12:00:00"},
	} {
		if got := schedule.Wake(tick, c.ask, c.announce); !got.Equal(at(c.want)) {
			t.Errorf("asked %v and announced %v before: got %v, want %s", c.ask, c.announce, got, c.want)
		}
	}
}
