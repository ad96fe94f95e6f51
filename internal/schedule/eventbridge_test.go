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
		{"the last day of a month", "cron(0 9 L * ? *)", "UTC", "2027-01-31T09:00:00Z"},
		{"the last day of February", "cron(0 9 L 2 ? *)", "UTC", "2027-02-28T09:00:00Z"},
		{"the last weekday of a month", "cron(0 9 LW * ? *)", "UTC", "2027-01-29T09:00:00Z"},
		{"the weekday nearest to a Saturday", "cron(0 9 2W * ? *)", "UTC", "2027-02-02T09:00:00Z"},
		{"the weekday nearest to a Sunday", "cron(0 9 3W * ? *)", "UTC", "2027-01-04T09:00:00Z"},
		{"the first, a Saturday, is no day of the month before", "cron(0 9 1W 5 ? *)", "UTC", "2027-05-03T09:00:00Z"},
		{"the last, a Sunday, is no day of the month after", "cron(0 9 31W 1 ? *)", "UTC", "2027-01-29T09:00:00Z"},
		{"no 31st", "cron(0 9 31W 4,5 ? *)", "UTC", "2027-05-31T09:00:00Z"},
		{"the third Friday", "cron(0 9 ? * 6#3 *)", "UTC", "2027-01-15T09:00:00Z"},
		{"the third Friday by name", "cron(0 9 ? * FRI#3 *)", "UTC", "2027-01-15T09:00:00Z"},
		{"the fifth Monday", "cron(0 9 ? * 2#5 *)", "UTC", "2027-03-29T09:00:00Z"},
		{"the last Friday", "cron(0 9 ? * 6L *)", "UTC", "2027-01-29T09:00:00Z"},
		{"Saturday, which is the last of a week", "cron(0 9 ? * L *)", "UTC", "2027-01-02T09:00:00Z"},
		{"the last day where it is another day already", "cron(0 1 L * ? *)", "Asia/Tokyo", "2027-01-30T16:00:00Z"},
		{"each minute of the last day", "cron(* * L * ? *)", "UTC", "2027-01-31T00:00:00Z"},
		{"one year", "cron(0 9 1 1 ? 2028)", "UTC", "2028-01-01T09:00:00Z"},
		{"years", "cron(0 9 1 1 ? 2026,2029-2035/2)", "UTC", "2029-01-01T09:00:00Z"},
		{"every third year", "cron(0 9 1 1 ? 2025/3)", "UTC", "2028-01-01T09:00:00Z"},
		{"a year that is over", "cron(0 9 1 1 ? 2020)", "UTC", ""},
		{"what is no weekday", "cron(0 9 ? * XYZ#3 *)", "UTC", ""},
		{"a list of last days", "cron(0 9 L,15 * ? *)", "UTC", ""},
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

func TestRate(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]time.Duration{
		"rate(1 minute)": time.Minute, "rate(5 minutes)": 5 * time.Minute, "rate(1 hour)": time.Hour, "rate(2 days)": 48 * time.Hour,
		"rate(0 minutes)": 0, "rate(-1 minutes)": 0, "rate(5 weeks)": 0, "rate(999999999 days)": 0, "cron(* * * * ? *)": 0, "": 0,
	} {
		if got, ok := Rate(expression); got != want || ok != (want > 0) {
			t.Errorf("%s: %s, %v", expression, got, ok)
		}
	}
}
