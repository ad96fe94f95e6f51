package access

import "time"

// StopAfter is how long after a grant's end the StopTask that is armed outside
// the bot comes.
const StopAfter = time.Minute

// Sweeps are the times at which a grant's sessions are listed and terminated,
// the first at its end. A session that was started in the last second may come
// into the list later, so one empty list proves nothing.
func Sweeps(end time.Time) []time.Time {
	return []time.Time{end, end.Add(15 * time.Second), end.Add(time.Minute), end.Add(5 * time.Minute)}
}

// NextSweep is the first sweep after the last one that was done; zero for
// none. ok is false where all are done.
func NextSweep(end, last time.Time) (next time.Time, ok bool) {
	for _, at := range Sweeps(end) {
		if at.After(last) {
			return at, true
		}
	}
	return time.Time{}, false
}

// Latest is when AWS itself has ended the last session of a grant, also with
// the bot dead. ok is false where nothing but the bot ends it: AWS does not say
// that a document caps the sessions of a forwarded port, and a live task has no
// document; with a StopTask armed it ends StopAfter the end.
func Latest(t Target, end time.Time) (at time.Time, ok bool) {
	switch t.Kind {
	case OwnTask:
		return end, true
	case Instance:
		class, err := Class(t.Session)
		return end.Add(class), err == nil
	default:
		return time.Time{}, false
	}
}
