package schedule

import (
	"testing"
	"time"
)

func TestNextOfEventBridge(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) // a Friday
	for _, c := range []struct {
		name, expression, zone, want string // empty: it cannot be said
	}{
		{"each day", "cron(0 3 * * ? *)", "", "2027-01-02T03:00:00Z"},
		{"weekdays by name", "cron(0 9 ? * MON-FRI *)", "UTC", "2027-01-04T09:00:00Z"},
		{"2 is Monday", "cron(0 9 ? * 2 *)", "UTC", "2027-01-04T09:00:00Z"},
		{"a range of numbers", "cron(0 9 ? * 2-6 *)", "UTC", "2027-01-04T09:00:00Z"},
		{"a zone", "cron(0 9 ? * 2 *)", "Asia/Tokyo", "2027-01-04T00:00:00Z"},
		{"steps stay", "cron(0/15 * * * ? *)", "UTC", "2027-01-01T12:15:00Z"},
		{"once", "at(2027-02-01T10:00:00)", "Asia/Tokyo", "2027-02-01T01:00:00Z"},
		{"once, and over", "at(2026-02-01T10:00:00)", "UTC", ""},
		{"a rate counts from when it was made", "rate(5 minutes)", "", ""},
		{"the last day of a month", "cron(0 9 L * ? *)", "UTC", ""},
		{"the third Friday", "cron(0 9 ? * 6#3 *)", "UTC", ""},
		{"one year", "cron(0 9 1 1 ? 2028)", "UTC", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at, ok := NextOfEventBridge(c.expression, c.zone, now)
			got := ""
			if ok {
				got = at.UTC().Format(time.RFC3339)
			}
			if got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
}
