package sessions

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron is cron(minutes hours day-of-month month day-of-week year) in a zone.
type cron struct {
	zone                   *time.Location
	minutes, hours, months []int
	years                  []int
	days                   func(date time.Time) bool // of the month, or of the week: one of them is ?
}

// bounds of cron's fields, and the names that stand for numbers.
var (
	monthNames = []string{"", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

func readCron(text string, zone *time.Location) (*cron, bool) {
	f := strings.Fields(text)
	if len(f) != 6 || (f[2] == "?") == (f[4] == "?") {
		return nil, false
	}
	c, all := &cron{zone: zone}, true
	read := func(field string, least, most int, names []string) []int {
		list, ok := numbers(field, least, most, names)
		all = all && ok
		return list
	}
	c.minutes, c.hours = read(f[0], 0, 59, nil), read(f[1], 0, 23, nil)
	c.months, c.years = read(f[3], 1, 12, monthNames), read(f[5], 1970, 2199, nil)
	var ok bool
	if f[4] == "?" {
		c.days, ok = daysOfMonth(f[2])
	} else {
		c.days, ok = daysOfWeek(f[4])
	}
	return c, all && ok
}

// numbers reads a field's list: a, a-b, *, each perhaps with /step behind it,
// and commas between.
func numbers(field string, least, most int, names []string) ([]int, bool) {
	var out []int
	for _, part := range strings.Split(field, ",") {
		span, text, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return nil, false
			}
			step = n
		}
		from, to, ok := aSpan(span, least, most, names)
		if stepped && !strings.ContainsAny(span, "*-") {
			to = most // a/n: every nth from a
		}
		if !ok || from > to {
			return nil, false
		}
		for n := from; n <= to; n += step {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), true
}

// aSpan reads *, a or a-b.
func aSpan(text string, least, most int, names []string) (from, to int, ok bool) {
	if text == "*" {
		return least, most, true
	}
	a, b, isSpan := strings.Cut(text, "-")
	from, ok = number(a, least, most, names)
	if !ok || !isSpan {
		return from, from, ok
	}
	to, ok = number(b, least, most, names)
	return from, to, ok
}

func number(text string, least, most int, names []string) (int, bool) {
	if i := slices.Index(names, strings.ToUpper(text)); i > 0 {
		return i, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= least && n <= most
}

// daysOfMonth reads numbers, L (the last day) and nW (the weekday nearest to
// the nth, in its month).
func daysOfMonth(field string) (func(time.Time) bool, bool) {
	if field == "L" {
		return func(d time.Time) bool { return d.Day() == lastDay(d) }, true
	}
	if text, near := strings.CutSuffix(field, "W"); near {
		n, ok := number(text, 1, 31, nil)
		return func(d time.Time) bool { return n <= lastDay(d) && d.Day() == weekday(d, n) }, ok
	}
	list, ok := numbers(field, 1, 31, nil)
	return func(d time.Time) bool { return slices.Contains(list, d.Day()) }, ok
}

func lastDay(d time.Time) int { return time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// weekday is the day from Monday to Friday that is nearest to the nth of a
// month, without leaving it.
func weekday(d time.Time, n int) int {
	switch time.Date(d.Year(), d.Month(), n, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if n == 1 {
			return 3
		}
		return n - 1
	case time.Sunday:
		if n == lastDay(d) {
			return n - 2
		}
		return n + 1
	}
	return n
}

// daysOfWeek reads numbers and names (1 is Sunday), L (Saturday), nL (the last
// such day of the month) and n#k (the kth of the month).
func daysOfWeek(field string) (func(time.Time) bool, bool) {
	if field == "L" {
		field = "7"
	}
	if text, last := strings.CutSuffix(field, "L"); last {
		n, ok := number(text, 1, 7, dayNames)
		return func(d time.Time) bool { return weekdayNumber(d) == n && d.Day()+7 > lastDay(d) }, ok
	}
	if text, nth, is := strings.Cut(field, "#"); is {
		n, ok := number(text, 1, 7, dayNames)
		k, fits := number(nth, 1, 5, nil)
		return func(d time.Time) bool { return weekdayNumber(d) == n && (d.Day()+6)/7 == k }, ok && fits
	}
	list, ok := numbers(field, 1, 7, dayNames)
	return func(d time.Time) bool { return slices.Contains(list, weekdayNumber(d)) }, ok
}

func weekdayNumber(d time.Time) int { return int(d.Weekday()) + 1 }

// next answers the first occurrence after a time. A wall clock's time that a
// day does not have is left out; one that it has twice comes once ("Daylight
// savings time on EventBridge Scheduler").
func (c *cron) next(after time.Time) (time.Time, bool) {
	local := after.In(c.zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	for end := day.AddDate(never, 0, 0); day.Before(end); day = day.AddDate(0, 0, 1) {
		if !slices.Contains(c.years, day.Year()) {
			if day.Year() > c.years[len(c.years)-1] {
				return time.Time{}, false
			}
			continue
		}
		if !slices.Contains(c.months, int(day.Month())) || !c.days(day) {
			continue
		}
		if at, ok := c.on(day, after); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

// on answers the first occurrence of a day that is after a time.
func (c *cron) on(day, after time.Time) (time.Time, bool) {
	for _, h := range c.hours {
		for _, m := range c.minutes {
			at := time.Date(day.Year(), day.Month(), day.Day(), h, m, 0, 0, c.zone)
			if at.Hour() == h && at.Minute() == m && at.Day() == day.Day() && at.After(after) {
				return at, true
			}
		}
	}
	return time.Time{}, false
}
