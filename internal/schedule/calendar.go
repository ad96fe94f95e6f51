package schedule

import (
	"cmp"
	"slices"
	"time"
)

// Entry is a schedule in a calendar.
type Entry struct {
	ID      string
	Subject string // what its command is about; runs of one subject may meet
	Spec    Spec
	Lasts   time.Duration // how long a run is expected to take; at least a minute counts
	Skip    []time.Time   // ticks that are not to run
}

// Occurrence is one tick of an entry, and when its run is expected to end.
type Occurrence struct {
	Entry int // index of the entry
	At    time.Time
	End   time.Time
}

// Overlap is two occurrences of one subject that would run at the same time,
// the earlier one first.
type Overlap struct {
	First, Second int // indices of occurrences
	From, To      time.Time
}

// Cut says from when on an entry is incomplete.
type Cut struct {
	Entry int
	From  time.Time
}

// Bounds keep a calendar readable. A field that is zero has its default.
type Bounds struct {
	PerEntry int // occurrences of one entry; 50
	Total    int // occurrences of all; 500
	Overlaps int // 100
}

func (b Bounds) defaults() Bounds {
	b.PerEntry = cmp.Or(max(b.PerEntry, 0), 50)
	b.Total = cmp.Or(max(b.Total, 0), 500)
	b.Overlaps = cmp.Or(max(b.Overlaps, 0), 100)
	return b
}

// Agenda is what will run, sorted by time and then by the order of the
// entries. What is left out because of a bound begins at a Cut; overlaps are
// those of the occurrences in it.
type Agenda struct {
	Occurrences []Occurrence
	Cuts        []Cut
	Overlaps    []Overlap
}

// Calendar merges what entries do from a time on and before another.
func Calendar(entries []Entry, from, to time.Time, bounds Bounds) Agenda {
	b := bounds.defaults()
	var a Agenda
	for i, e := range entries {
		a.add(i, e, from, to, b.PerEntry)
	}
	slices.SortStableFunc(a.Occurrences, func(x, y Occurrence) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Entry, y.Entry))
	})
	a.truncate(b.Total)
	a.overlap(entries, b.Overlaps)
	return a
}

// add puts in the occurrences of one entry.
func (a *Agenda) add(i int, e Entry, from, to time.Time, limit int) {
	count := 0
	for at, ok := e.Spec.Next(from.Add(-1)); ok && at.Before(to); at, ok = e.Spec.Next(at) {
		if slices.ContainsFunc(e.Skip, at.Equal) {
			continue
		}
		if count == limit {
			a.Cuts = append(a.Cuts, Cut{i, at})
			return
		}
		count++
		a.Occurrences = append(a.Occurrences, Occurrence{i, at, at.Add(max(e.Lasts, time.Minute))})
	}
}

// truncate keeps the first occurrences, and moves the cuts of those that are
// left out.
func (a *Agenda) truncate(limit int) {
	if len(a.Occurrences) <= limit {
		return
	}
	first := map[int]time.Time{}
	for _, c := range a.Cuts {
		first[c.Entry] = c.From
	}
	for _, o := range a.Occurrences[limit:] {
		if at, cut := first[o.Entry]; !cut || o.At.Before(at) {
			first[o.Entry] = o.At
		}
	}
	a.Occurrences = a.Occurrences[:limit]
	a.Cuts = a.Cuts[:0]
	for entry, at := range first {
		a.Cuts = append(a.Cuts, Cut{entry, at})
	}
	slices.SortFunc(a.Cuts, func(x, y Cut) int { return cmp.Compare(x.Entry, y.Entry) })
}

// overlap finds, going through time, which runs of a subject have not ended
// when another begins.
func (a *Agenda) overlap(entries []Entry, limit int) {
	running := map[string][]int{}
	for i, o := range a.Occurrences {
		subject := entries[o.Entry].Subject
		if subject == "" {
			continue
		}
		still := slices.DeleteFunc(running[subject], func(j int) bool { return !a.Occurrences[j].End.After(o.At) })
		for _, j := range still {
			if len(a.Overlaps) == limit {
				return
			}
			to := a.Occurrences[j].End
			if o.End.Before(to) {
				to = o.End
			}
			a.Overlaps = append(a.Overlaps, Overlap{j, i, o.At, to})
		}
		running[subject] = append(still, i)
	}
}
