package schedule

import (
	"regexp"
	"strings"
	"time"
)

var cronForm = regexp.MustCompile(`^cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)$`)

// NextOfEventBridge answers when a schedule of EventBridge Scheduler runs next, where that
// can be said: a rate counts from when AWS made it, and what no clock on the
// wall has (L, W, #, years) is left out.
func NextOfEventBridge(expression, zone string, now time.Time) (time.Time, bool) {
	if zone == "" {
		zone = "UTC"
	}
	at, once := strings.CutPrefix(expression, "at(")
	if once {
		loc, err := Zone(zone)
		if err != nil {
			return time.Time{}, false
		}
		t, err := time.ParseInLocation("2006-01-02T15:04:05", strings.TrimSuffix(at, ")"), loc)
		return t, err == nil && t.After(now)
	}
	m := cronForm.FindStringSubmatch(expression)
	if m == nil || strings.ContainsAny(m[3]+m[5], "LW#") {
		return time.Time{}, false
	}
	fields := []string{m[1], m[2], m[3], strings.ToLower(m[4]), weekdays(strings.ToLower(m[5]))}
	spec, err := Parse(strings.ReplaceAll(strings.Join(fields, " "), "?", "*"), zone, now)
	if err != nil {
		return time.Time{}, false
	}
	return spec.Next(now)
}

var weekdayNumber = regexp.MustCompile(`(^|[,-])([1-7])`)

// weekdays brings 1 to 7 from Sunday (EventBridge Scheduler User Guide,
// "Cron-based schedules") to 0 to 6. What follows a slash is no weekday.
func weekdays(field string) string {
	return weekdayNumber.ReplaceAllStringFunc(field, func(m string) string {
		last := len(m) - 1
		return m[:last] + string(m[last]-1)
	})
}
