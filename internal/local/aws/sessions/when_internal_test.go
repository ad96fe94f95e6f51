package sessions

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The expectations are those of a calendar, and of the examples in EventBridge
// Scheduler's User Guide, "Schedule types".
func TestExpressions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expression, zone, after, want string }{
		{"cron(15 10 L * ? *)", "UTC", "2026-11-21T10:00:00Z", "2026-11-30T10:15:00Z 2026-12-31T10:15:00Z 2027-01-31T10:15:00Z 2027-02-28T10:15:00Z"},
		{"cron(15 10 ? * 6L 2022-2023)", "UTC", "2022-11-21T00:00:00Z", "2022-11-25T10:15:00Z 2022-12-30T10:15:00Z"},
		{"cron(0 9 ? * MON-FRI *)", "Asia/Tokyo", "2026-11-20T00:00:00Z", "2026-11-23T09:00:00+09:00 2026-11-24T09:00:00+09:00"},
		{"cron(0/15 * ? * * *)", "UTC", "2026-11-21T10:00:00Z", "2026-11-21T10:15:00Z 2026-11-21T10:30:00Z"},
		{"cron(5,35 8-10/2 1 JAN,jul ? *)", "UTC", "2026-11-21T10:00:00Z", "2027-01-01T08:05:00Z 2027-01-01T08:35:00Z 2027-01-01T10:05:00Z"},
		{"cron(0 0 ? * 2#3 *)", "UTC", "2026-11-21T10:00:00Z", "2026-12-21T00:00:00Z 2027-01-18T00:00:00Z"},
		{"cron(0 12 15W * ? *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-16T12:00:00Z 2026-12-15T12:00:00Z"},
		{"cron(0 12 1W * ? *)", "UTC", "2026-07-02T00:00:00Z", "2026-08-03T12:00:00Z 2026-09-01T12:00:00Z"},
		{"cron(0 12 31W * ? *)", "UTC", "2026-01-01T00:00:00Z", "2026-01-30T12:00:00Z 2026-03-31T12:00:00Z"},
		{"cron(0 12 29 2 ? *)", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T12:00:00Z 2032-02-29T12:00:00Z"},
		// Summer time begins on 2027-03-14 at 2:00 in New York and ends on 2026-11-01 at 2:00.
		{"cron(30 2 * * ? *)", "America/New_York", "2027-03-13T03:00:00-05:00", "2027-03-15T02:30:00-04:00"},
		{"cron(30 1 * * ? *)", "America/New_York", "2026-10-31T03:00:00-04:00", "2026-11-01T01:30:00-04:00 2026-11-02T01:30:00-05:00"},
		{"at(2026-11-22T09:00:00)", "Asia/Tokyo", "2026-11-21T00:00:00Z", "2026-11-22T09:00:00+09:00"},
	} {
		t.Run(c.expression+" in "+c.zone, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			w, err := readWhen(c.expression, zone)
			if err != nil {
				t.Fatal(err)
			}
			at, _ := time.Parse(time.RFC3339, c.after)
			for _, want := range strings.Fields(c.want) {
				next, ok := w.next(at, at)
				if expected, _ := time.Parse(time.RFC3339, want); !ok || !next.Equal(expected) {
					t.Fatalf("after %s comes %s, want %s", at, next, want)
				}
				at = next
			}
		})
	}
	t.Run("a rate starts at once and keeps its pace", func(t *testing.T) {
		t.Parallel()
		w, err := readWhen("rate(2 days)", time.UTC)
		made := time.Date(2026, 11, 21, 10, 0, 7, 0, time.UTC)
		first, _ := w.first(made)
		next, _ := w.next(made, made.Add(50*time.Hour))
		if err != nil || !first.Equal(made) || !next.Equal(made.Add(96*time.Hour)) {
			t.Error(first, next, err)
		}
	})
	t.Run("that are none are refused", func(t *testing.T) {
		t.Parallel()
		for _, x := range []string{
			"", "cron()", "cron(0 9 * * * *)", "cron(0 9 ? * ? *)", "cron(60 9 * * ? *)", "cron(0 24 * * ? *)", "cron(0 9 32 * ? *)", "cron(0 9 0 * ? *)",
			"cron(0 9 * 13 ? *)", "cron(0 9 ? * 8 *)", "cron(0 9 ? * MON#6 *)", "cron(0 9 * * ? 1969)", "cron(5-1 9 * * ? *)", "cron(*/0 9 * * ? *)",
			"cron(0 9 W * ? *)", "rate(1)", "rate(-1 hours)", "rate(1 week)", "at(2026-11-22)", "at(2026-13-22T09:00:00)", "every day",
		} {
			if w, err := readWhen(x, time.UTC); err == nil {
				t.Errorf("%q is %+v", x, w)
			}
		}
	})
}

func TestCronNeverComesBeforeItsTime(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		minute, hour := rapid.IntRange(0, 59).Draw(r, "minute"), rapid.IntRange(0, 23).Draw(r, "hour")
		c := &cron{
			zone: zone, minutes: []int{minute}, hours: []int{hour}, months: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
			years: []int{2026, 2027}, days: func(time.Time) bool { return true },
		}
		after := time.Unix(1767225600+rapid.Int64Range(0, 360*86400).Draw(r, "after"), 0)
		at, ok := c.next(after)
		if !ok || !at.After(after) || at.Sub(after) > 49*time.Hour || at.Hour() != hour || at.Minute() != minute {
			r.Fatalf("%d:%d after %s is %s", hour, minute, after, at)
		}
	})
}
