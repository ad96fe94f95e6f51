package schedule

import (
	"math/bits"
	"time"
)

// Next is the first tick later than a time, in the schedule's zone; false if
// none is left.
func (s Spec) Next(after time.Time) (time.Time, bool) {
	switch {
	case !s.once.IsZero():
		at := wholeMinute(reach(s.once, s.zone))
		return at, at.After(after)
	case s.every != 0:
		return s.nextInterval(after)
	case s.cron == nil:
		return time.Time{}, false
	case s.everyHour():
		return s.nextReal(after)
	}
	wall, ok := s.following(reached(after, s.zone))
	if !ok {
		return time.Time{}, false
	}
	return wholeMinute(reach(wall, s.zone)), true
}

// Upcoming are the next ticks later than a time, at most n.
func (s Spec) Upcoming(after time.Time, n int) []time.Time {
	var out []time.Time
	for len(out) < n {
		next, ok := s.Next(after)
		if !ok {
			break
		}
		out = append(out, next)
		after = next
	}
	return out
}

// Wake is when a tick first needs attention: the longer of the times by which
// its approval is asked and its announcement made before it.
func Wake(next time.Time, askBefore, announce time.Duration) time.Time {
	return next.Add(-max(askBefore, announce, 0))
}

// everyHour says whether all 24 hours are meant.
func (s Spec) everyHour() bool { return bits.OnesCount64(s.cron.Hour&^star) == 24 }

// following is the next reading later than one that the fields match. robfig
// looks five years ahead; 29 February may be eight years away.
func (s Spec) following(wall time.Time) (time.Time, bool) {
	next := s.cron.Next(wall)
	if next.IsZero() {
		next = s.cron.Next(wall.AddDate(4, 0, 0))
	}
	return next, !next.IsZero()
}

// nextReal is the next real minute whose reading matches: it looks for a
// reading in each stretch of time in which the offset of the zone is the same.
func (s Spec) nextReal(after time.Time) (time.Time, bool) {
	const stretches = 100 // in nine years; Morocco has four a year
	t := after.In(s.zone)
	wall := reading(t)
	for range stretches {
		next, ok := s.following(wall)
		if !ok {
			return time.Time{}, false
		}
		_, offset := t.Zone()
		at := next.Add(-time.Duration(offset) * time.Second).In(s.zone)
		end := steady(t)
		if end.IsZero() || at.Before(end) {
			return at, true
		}
		t, wall = end, reading(end).Add(-1)
	}
	return time.Time{}, false
}

// nextInterval counts from the minute of adding: whole days by readings, so
// that the local time stays, anything else by elapsed time.
func (s Spec) nextInterval(after time.Time) (time.Time, bool) {
	const centuries = 200 * 366 * day
	calendar := s.every%day == 0
	from, until := s.added, after
	if calendar {
		from, until = reading(s.added.In(s.zone)), reached(after, s.zone)
	}
	passed := until.Sub(from)
	if passed > centuries {
		return time.Time{}, false
	}
	n := int64(1)
	if passed > 0 {
		n = int64(passed/s.every) + 1
	}
	next := from.Add(time.Duration(n) * s.every)
	if calendar {
		return wholeMinute(reach(next, s.zone)), true
	}
	return next.In(s.zone), true
}
