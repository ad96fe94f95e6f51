package sessions

import (
	"regexp"
	"strconv"
	"time"
)

// when is a schedule's expression, read: the times at which it runs.
// Source: EventBridge Scheduler User Guide, "Schedule types".
type when struct {
	once  time.Time     // of at(...); zero: it recurs
	every time.Duration // of rate(...)
	cron  *cron
}

// never is how far ahead an occurrence is looked for.
const never = 300 // years; cron's end in 2199

var (
	atExpression   = regexp.MustCompile(`^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$`)
	rateExpression = regexp.MustCompile(`^rate\(([1-9]\d{0,8}) (minute|hour|day)s?\)$`)
	cronExpression = regexp.MustCompile(`^cron\((.+)\)$`)
)

// readWhen reads an expression in a time zone.
func readWhen(text string, zone *time.Location) (when, error) {
	if m := atExpression.FindStringSubmatch(text); m != nil {
		at, err := time.ParseInLocation("2006-01-02T15:04:05", m[1], zone)
		if err != nil {
			return when{}, invalid("Invalid Schedule Expression %s.", text)
		}
		return when{once: at}, nil
	}
	if m := rateExpression.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[m[2]]
		return when{every: time.Duration(n) * unit}, nil
	}
	if m := cronExpression.FindStringSubmatch(text); m != nil {
		c, ok := readCron(m[1], zone)
		if ok {
			return when{cron: c}, nil
		}
	}
	return when{}, invalid("Invalid Schedule Expression %s.", text)
}

// first answers the first occurrence of a schedule that is made now. A rate
// starts at once ("If you do not provide a StartDate for a rate-based
// schedule, your schedule starts invoking the target immediately").
func (w when) first(now time.Time) (time.Time, bool) {
	switch {
	case !w.once.IsZero():
		return w.once, !w.once.Before(now)
	case w.every > 0:
		return now, true
	}
	return w.cron.next(now)
}

// next answers the first occurrence after a time; made is when the schedule
// was, from which a rate counts, a day being 24 hours.
func (w when) next(made, after time.Time) (time.Time, bool) {
	switch {
	case !w.once.IsZero():
		return w.once, w.once.After(after)
	case w.every > 0:
		past := after.Sub(made)
		return after.Add(w.every - past%w.every), true
	}
	return w.cron.next(after)
}
