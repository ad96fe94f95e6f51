package schedule

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Days that five fields cannot say (EventBridge Scheduler User Guide,
// "Cron-based schedules"): L is the last day of the month, W the weekday that is
// nearest to a day, # the n-th of a weekday, and a sixth field has the years.
var (
	nearestForm = regexp.MustCompile(`^([1-9]|[12][0-9]|3[01])W$`)
	lastForm    = regexp.MustCompile(`^([1-7]|[A-Z]{3})L$`)
	nthForm     = regexp.MustCompile(`^([1-7]|[A-Z]{3})#([1-5])$`)
	yearForm    = regexp.MustCompile(`^(\d{4})(?:-(\d{4}))?(?:/(\d{1,3}))?$`)
)

// dayOf answers whether a day holds of what the other fields do not say; false
// where it cannot be read.
func dayOf(dom, dow, years string) (func(time.Time) bool, bool) {
	var all []func(time.Time) bool
	for _, read := range []func() (func(time.Time) bool, bool){
		func() (func(time.Time) bool, bool) { return monthDay(strings.ToUpper(dom)) },
		func() (func(time.Time) bool, bool) { return weekDay(strings.ToUpper(dow)) },
		func() (func(time.Time) bool, bool) { return yearIn(years) },
	} {
		holds, ok := read()
		if !ok {
			return nil, false
		}
		if holds != nil {
			all = append(all, holds)
		}
	}
	return func(t time.Time) bool {
		return !slices.ContainsFunc(all, func(holds func(time.Time) bool) bool { return !holds(t) })
	}, true
}

// monthDay reads L, LW and nW; nil for what five fields can say.
func monthDay(field string) (func(time.Time) bool, bool) {
	m := nearestForm.FindStringSubmatch(field)
	switch {
	case field == "L":
		return func(t time.Time) bool { return t.Day() == lastDay(t) }, true
	case field == "LW":
		return func(t time.Time) bool { return t.Day() == workday(t, lastDay(t)) }, true
	case m != nil:
		n, err := strconv.Atoi(m[1])
		return func(t time.Time) bool { return n <= lastDay(t) && t.Day() == workday(t, n) }, err == nil
	default:
		return nil, !strings.ContainsAny(field, "LW")
	}
}

// weekDay reads nL and n#m; nil for what five fields can say.
func weekDay(field string) (func(time.Time) bool, bool) {
	if field == "L" { // Saturday
		return func(t time.Time) bool { return t.Weekday() == time.Saturday }, true
	}
	if m := lastForm.FindStringSubmatch(field); m != nil {
		day, ok := dayNamed(m[1])
		return func(t time.Time) bool { return t.Weekday() == day && t.Day() > lastDay(t)-7 }, ok
	}
	if m := nthForm.FindStringSubmatch(field); m != nil {
		day, ok := dayNamed(m[1])
		nth := int(m[2][0] - '0')
		return func(t time.Time) bool { return t.Weekday() == day && (t.Day()+6)/7 == nth }, ok
	}
	return nil, !strings.Contains(field, "#") && !regexp.MustCompile(`(^|[^A-Z])L|[0-9]L`).MatchString(field)
}

// dayNamed reads a weekday: 1 is Sunday.
func dayNamed(s string) (time.Weekday, bool) {
	if len(s) == 1 {
		return time.Weekday(s[0] - '1'), true
	}
	i := slices.Index([]string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, s)
	return time.Weekday(i), i >= 0
}

// yearIn reads the years; nil for all.
func yearIn(field string) (func(time.Time) bool, bool) {
	if field == "*" {
		return nil, true
	}
	var in []func(int) bool
	for one := range strings.SplitSeq(field, ",") {
		m := yearForm.FindStringSubmatch(one)
		if m == nil {
			return nil, false
		}
		from, step := number(m[1]), max(number(m[3]), 1)
		to := number(m[2])
		switch {
		case m[2] != "":
		case m[3] != "":
			to = 2199
		default:
			to = from
		}
		in = append(in, func(y int) bool { return y >= from && y <= to && (y-from)%step == 0 })
	}
	return func(t time.Time) bool {
		return slices.ContainsFunc(in, func(holds func(int) bool) bool { return holds(t.Year()) })
	}, true
}

// number reads digits; 0 for none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func lastDay(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 12, 0, 0, 0, time.UTC).Day()
}

// workday is the day from Monday to Friday that is nearest to a day of t's
// month, and in that month.
func workday(t time.Time, day int) int {
	switch time.Date(t.Year(), t.Month(), day, 12, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if day == 1 {
			return 3
		}
		return day - 1
	case time.Sunday:
		if day == lastDay(t) {
			return day - 2
		}
		return day + 1
	default:
		return day
	}
}
