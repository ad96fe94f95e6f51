package schedule

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	cronForm = regexp.MustCompile(`^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$`)
	rateForm = regexp.MustCompile(`^rate\((\d{1,9}) (minute|hour|day)s?\)$`)
)

// NextOfEventBridge answers when a schedule of EventBridge Scheduler runs next, where that
// can be said: a rate counts from when AWS made it. What comes more than five
// years later is left out.
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
	if m == nil {
		return time.Time{}, false
	}
	day, ok := dayOf(m[3], m[5], m[6])
	if !ok {
		return time.Time{}, false
	}
	dom, dow := m[3], m[5] // what day has read, any day has
	if strings.ContainsAny(dom, "LW") {
		dom = "*"
	}
	if strings.ContainsAny(dow, "L#") {
		dow = "*"
	}
	fields := []string{m[1], m[2], dom, strings.ToLower(m[4]), weekdays(strings.ToLower(dow))}
	spec, err := Parse(strings.ReplaceAll(strings.Join(fields, " "), "?", "*"), zone, now)
	if err != nil {
		return time.Time{}, false
	}
	return nextOn(spec, day, now)
}

// nextOn looks for the first time on a day that holds, for at most five years.
func nextOn(spec Spec, day func(time.Time) bool, now time.Time) (time.Time, bool) {
	until := now.AddDate(5, 0, 0)
	for at := now; ; {
		next, ok := spec.Next(at)
		if !ok || next.After(until) {
			return time.Time{}, false
		}
		local := next.In(spec.Zone())
		if day(local) {
			return next, true
		}
		at = time.Date(local.Year(), local.Month(), local.Day(), 23, 59, 59, 0, spec.Zone())
		if !at.After(next) {
			at = next
		}
	}
}

// Rate answers the period of a rate of EventBridge Scheduler, and false for any
// other expression.
func Rate(expression string) (time.Duration, bool) {
	m := rateForm.FindStringSubmatch(expression)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[m[2]]
	if err != nil || n <= 0 || n > int(5*365*24*time.Hour/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
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
