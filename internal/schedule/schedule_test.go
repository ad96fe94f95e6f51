package schedule_test

import (
	"testing"
	"time"

	_ "time/tzdata" // the same zones on every machine

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/schedule"
)

// added is a Sunday.
func added() time.Time { return time.Date(2026, 11, 22, 10, 7, 30, 0, time.UTC) }

func parse(t *testing.T, text, zone string) schedule.Spec {
	t.Helper()
	s, err := schedule.Parse(text, zone, added())
	if err != nil {
		t.Fatalf("%q in %s: %v", text, zone, err)
	}
	return s
}

func local(ticks []time.Time) []string {
	out := []string{}
	for _, at := range ticks {
		out = append(out, at.Format("2006-01-02 15:04 -07:00"))
	}
	return out
}

func TestWhatIsUnderstood(t *testing.T) {
	t.Parallel()
	const tokyo, london = "Asia/Tokyo", "Europe/London"
	for name, c := range map[string]struct {
		text, zone string
		want       []string
	}{
		"five fields":                         {"0 2 * * *", tokyo, []string{"2026-11-23 02:00 +09:00", "2026-11-24 02:00 +09:00", "2026-11-25 02:00 +09:00"}},
		"names of days in any case":           {"0 10 * * MON,thursday", london, []string{"2026-11-23 10:00 +00:00", "2026-11-26 10:00 +00:00", "2026-11-30 10:00 +00:00"}},
		"names of months":                     {"0 0 1 jan,Feb *", london, []string{"2027-01-01 00:00 +00:00", "2027-02-01 00:00 +00:00", "2028-01-01 00:00 +00:00"}},
		"ranges and steps":                    {"*/20 9-10 * * mon-fri", london, []string{"2026-11-23 09:00 +00:00", "2026-11-23 09:20 +00:00", "2026-11-23 09:40 +00:00", "2026-11-23 10:00 +00:00"}},
		"a step from a number":                {"50/5 * * * *", london, []string{"2026-11-22 10:50 +00:00", "2026-11-22 10:55 +00:00", "2026-11-22 11:50 +00:00"}},
		"seven is Sunday":                     {"0 0 * * 7", london, []string{"2026-11-29 00:00 +00:00", "2026-12-06 00:00 +00:00"}},
		"a range up to Sunday":                {"0 0 * * 6-7", london, []string{"2026-11-28 00:00 +00:00", "2026-11-29 00:00 +00:00", "2026-12-05 00:00 +00:00"}},
		"a range up to sun":                   {"0 0 * * sat-sun", london, []string{"2026-11-28 00:00 +00:00", "2026-11-29 00:00 +00:00", "2026-12-05 00:00 +00:00"}},
		"day of month or weekday":             {"0 0 25 * mon", london, []string{"2026-11-23 00:00 +00:00", "2026-11-25 00:00 +00:00", "2026-11-30 00:00 +00:00"}},
		"29 February":                         {"0 0 29 2 *", london, []string{"2028-02-29 00:00 +00:00", "2032-02-29 00:00 +00:00"}},
		"blanks around and tabs between":      {"  0 2\t* * * ", tokyo, []string{"2026-11-23 02:00 +09:00"}},
		"@hourly":                             {"@hourly", tokyo, []string{"2026-11-22 20:00 +09:00", "2026-11-22 21:00 +09:00"}},
		"@daily":                              {"@daily", tokyo, []string{"2026-11-23 00:00 +09:00", "2026-11-24 00:00 +09:00"}},
		"@midnight":                           {"@midnight", tokyo, []string{"2026-11-23 00:00 +09:00"}},
		"@weekly":                             {"@WEEKLY", tokyo, []string{"2026-11-29 00:00 +09:00"}},
		"@monthly":                            {"@monthly", tokyo, []string{"2026-12-01 00:00 +09:00"}},
		"@yearly":                             {"@yearly", tokyo, []string{"2027-01-01 00:00 +09:00"}},
		"@annually":                           {"@annually", tokyo, []string{"2027-01-01 00:00 +09:00"}},
		"an interval that divides the hour":   {"every 30m", london, []string{"2026-11-22 10:30 +00:00", "2026-11-22 11:00 +00:00"}},
		"as robfig writes it":                 {"@every 30m", london, []string{"2026-11-22 10:30 +00:00", "2026-11-22 11:00 +00:00"}},
		"an interval that divides the day":    {"every 6 hours", tokyo, []string{"2026-11-23 00:00 +09:00", "2026-11-23 06:00 +09:00"}},
		"an interval that divides neither":    {"every 1h30m", london, []string{"2026-11-22 11:38 +00:00", "2026-11-22 13:08 +00:00"}},
		"days count from the local time":      {"every 3 days", tokyo, []string{"2026-11-25 19:08 +09:00", "2026-11-28 19:08 +09:00"}},
		"a week":                              {"every week", london, []string{"2026-11-29 10:08 +00:00"}},
		"every minute":                        {"every minute", london, []string{"2026-11-22 10:08 +00:00", "2026-11-22 10:09 +00:00"}},
		"one time":                            {"at 2027-01-05 09:30", tokyo, []string{"2027-01-05 09:30 +09:00"}},
		"one time with a T":                   {"AT 2027-01-05T09:30", tokyo, []string{"2027-01-05 09:30 +09:00"}},
		"one time that the clock skips":       {"at 2027-03-28 01:30", london, []string{"2027-03-28 02:00 +01:00"}},
		"one time that comes twice":           {"at 2027-10-31 01:30", london, []string{"2027-10-31 01:30 +01:00"}},
		"mondays":                             {"Mondays at 10", london, []string{"2026-11-23 10:00 +00:00", "2026-11-30 10:00 +00:00"}},
		"weekdays":                            {"weekdays at 9:30", london, []string{"2026-11-23 09:30 +00:00", "2026-11-24 09:30 +00:00"}},
		"weekends in the evening":             {"every weekend at 9:30 pm", london, []string{"2026-11-22 21:30 +00:00", "2026-11-28 21:30 +00:00"}},
		"several days":                        {"every mon, thu and saturdays at 15:00", london, []string{"2026-11-23 15:00 +00:00", "2026-11-26 15:00 +00:00", "2026-11-28 15:00 +00:00"}},
		"daily":                               {"daily at 12am", london, []string{"2026-11-23 00:00 +00:00"}},
		"every day at noon":                   {"every day at 12pm", london, []string{"2026-11-22 12:00 +00:00"}},
		"five words that are not five fields": {"mon tue and wed at 7", london, []string{"2026-11-23 07:00 +00:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := local(parse(t, c.text, c.zone).Upcoming(added(), len(c.want)))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
