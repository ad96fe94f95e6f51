package access

import (
	"slices"
	"time"
)

// StopAfter is how long after a grant's end the StopTask that is armed outside
// the bot comes.
const StopAfter = time.Minute

// Sweeps are the times at which a grant's sessions are listed and terminated,
// the first at its end. A session that was started in the last second may come
// into the list later, so one empty list proves nothing.
func Sweeps(end time.Time) []time.Time {
	return []time.Time{end, end.Add(15 * time.Second), end.Add(time.Minute), end.Add(5 * time.Minute)}
}

// SweepsAfter are those that are left once nothing was found open at a time.
func SweepsAfter(end, clean time.Time) []time.Time {
	return slices.DeleteFunc(Sweeps(end), func(at time.Time) bool { return !at.After(clean) })
}
