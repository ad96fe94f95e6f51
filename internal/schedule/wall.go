package schedule

import "time"

// Readings of a clock on the wall are times in UTC here, so that their
// arithmetic knows no zone.

// reading is what a clock in t's zone shows at t.
func reading(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// reach is the first instant at which a clock in the zone shows the reading or
// a later one: the first of two if it comes twice, the end of the gap if it is
// skipped.
func reach(wall time.Time, zone *time.Location) time.Time {
	t := wall.Add(-48 * time.Hour).In(zone) // no offset is as long: the clock shows less
	for {
		_, offset := t.Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if at.Before(t) {
			return t
		}
		end := steady(t)
		if end.IsZero() || at.Before(end) {
			return at
		}
		t = end
	}
}

// steady is a time later than t until which the zone's offset stays as it is;
// zero if it stays for ever. ZoneBounds answers an end before t on the last day
// of a leap year beyond a zone's listed changes (golang/go#81583); then it is
// the end of that day in UTC, on which no zone has a rule to change.
func steady(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	if end.IsZero() || end.After(t) {
		return end
	}
	return t.Truncate(day).Add(day)
}

// reached is the latest reading that a clock in the zone has shown until t: in
// an hour that is repeated, the end of its first pass. The readings with a
// reach after t are those later than it.
func reached(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	now := reading(t)
	if start, _ := t.ZoneBounds(); !start.IsZero() {
		if before := reading(start.Add(-1)); before.After(now) {
			return before
		}
	}
	return now
}

// wholeMinute is the first whole minute not before t.
func wholeMinute(t time.Time) time.Time {
	if m := t.Truncate(time.Minute); m.Before(t) {
		return m.Add(time.Minute)
	}
	return t
}
