package schedule

import (
	"math/bits"
	"slices"
	"time"
)

// Kind is the shape of a schedule, so that a sentence can be chosen for it.
type Kind string

// The shapes; each comment names the fields of Understanding that it fills.
const (
	KindOnce     Kind = "once"     // At
	KindInterval Kind = "interval" // Every, Since
	KindSteps    Kind = "steps"    // Every: from midnight, or from the full hour
	KindHourly   Kind = "hourly"   // Minutes
	KindDaily    Kind = "daily"    // Times
	KindWeekly   Kind = "weekly"   // Times, Weekdays
	KindMonthly  Kind = "monthly"  // Times, Days
	KindYearly   Kind = "yearly"   // Times, Days, Months
	KindMixed    Kind = "mixed"    // whatever is restricted
)

// Kinds are all of them, for the test that demands a sentence for each.
func Kinds() []Kind {
	return []Kind{
		KindOnce, KindInterval, KindSteps, KindHourly, KindDaily, KindWeekly, KindMonthly, KindYearly, KindMixed,
	}
}

// maxTimes is how many times of day are worth naming one by one.
const maxTimes = 12

// Understanding is what was understood, for the echo before it is saved. An
// empty list means that nothing is restricted.
type Understanding struct {
	Kind     Kind
	Zone     string
	At       time.Time     // in the zone
	Every    time.Duration // whole minutes
	Since    time.Time     // the interval counts from here, in the zone
	Minutes  []int
	Hours    []int
	Times    []Clock // hours and minutes combined, if they are at most 12 a day
	Days     []int   // of the month
	Months   []time.Month
	Weekdays []time.Weekday
	Either   bool // one of Days and Weekdays suffices
}

// Describe says in parts what was understood.
func Describe(s Spec) Understanding {
	if s.zone == nil {
		return Understanding{}
	}
	u := Understanding{Zone: s.zone.String()}
	switch {
	case !s.once.IsZero():
		u.Kind, u.At = KindOnce, reach(s.once, s.zone)
	case s.every != 0:
		u.Kind, u.Every, u.Since = KindInterval, s.every, s.added.In(s.zone)
	case s.cron != nil:
		u.fields(s)
	}
	return u
}

func (u *Understanding) fields(s Spec) {
	c := s.cron
	u.Minutes = values[int](c.Minute, 0, 60)
	u.Hours = values[int](c.Hour, 0, 24)
	u.Months = values[time.Month](c.Month, 1, 12)
	u.days(c.Dom, c.Dow)
	u.times(c.Minute, c.Hour)
	if u.Every = u.steps(); u.Every > 0 {
		u.Kind = KindSteps
		return
	}
	u.Kind = u.kind()
}

// steps answers the interval between ticks if it is the same at all times of
// all days, else 0. Once a day is not an interval.
func (u *Understanding) steps() time.Duration {
	full := slices.Equal(u.Minutes, []int{0})
	switch {
	case !u.anyDay():
		return 0
	case u.Hours == nil && u.Minutes == nil:
		return time.Minute
	case u.Hours == nil && full:
		return time.Hour
	case u.Hours == nil:
		return time.Duration(evenly(u.Minutes, 60)) * time.Minute
	case full:
		return time.Duration(evenly(u.Hours, 24)) * time.Hour
	}
	return 0
}

// kind is the shape of what has no steps.
func (u *Understanding) kind() Kind {
	switch {
	case u.anyDay() && u.Hours == nil:
		return KindHourly
	case u.Times == nil || u.Either:
		return KindMixed
	case u.anyDay():
		return KindDaily
	case u.Days == nil && u.Months == nil:
		return KindWeekly
	case u.Weekdays == nil && u.Months == nil:
		return KindMonthly
	case u.Weekdays == nil && u.Days != nil:
		return KindYearly
	}
	return KindMixed
}

func (u *Understanding) anyDay() bool { return u.Days == nil && u.Weekdays == nil && u.Months == nil }

// days knows that either field suffices if both are restricted, as robfig has
// it: then one that holds every day makes the other meaningless.
func (u *Understanding) days(dom, dow uint64) {
	u.Days, u.Weekdays = values[int](dom, 1, 31), values[time.Weekday](dow, 0, 7)
	if dom&star != 0 || dow&star != 0 {
		return
	}
	u.Either = u.Days != nil && u.Weekdays != nil
	if !u.Either {
		u.Days, u.Weekdays = nil, nil
	}
}

func (u *Understanding) times(minutes, hours uint64) {
	m, h := bits.OnesCount64(minutes&^star), bits.OnesCount64(hours&^star)
	if m*h > maxTimes || h == 24 {
		return
	}
	for _, hour := range u.Hours {
		for _, minute := range u.Minutes {
			u.Times = append(u.Times, Clock{hour, minute})
		}
	}
}

// values are the bits of a field, nil if all of them are set.
func values[T ~int](set uint64, first, count int) []T {
	var out []T
	for v := first; v < first+count; v++ {
		if set&(1<<v) != 0 {
			out = append(out, T(v))
		}
	}
	if len(out) == count {
		return nil
	}
	return out
}

// evenly answers the step of values that begin at 0 and go around without a
// shorter one at the end, or 0; a single value is no step.
func evenly(vs []int, around int) int {
	if len(vs) < 2 || vs[0] != 0 || around%len(vs) != 0 {
		return 0
	}
	step := around / len(vs)
	for i, v := range vs {
		if v != i*step {
			return 0
		}
	}
	return step
}
