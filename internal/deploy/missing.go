package deploy

import (
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/schedule"
)

// What a run that is due may take to begin, and how far back one is looked for:
// EventBridge Scheduler tries for 15 minutes (render's retry policy), and ECS
// knows a task that stopped for an hour.
//
// The clock is what is compared, and not the metrics of EventBridge Scheduler:
// TargetErrorCount has no dimension below a group of schedules, so that it could
// not say whose run it was, and reading it would be one more right.
const (
	missingAfter = 20 * time.Minute
	missingUntil = 50 * time.Minute
	missingEarly = time.Minute // clocks differ
	// rateTries is how long after its time a run of a rate may begin. The run from
	// which the next is counted may have begun as late.
	rateTries = 15 * time.Minute
)

// missingRuns answers the newest run of each task that was due and did not
// begin. What was due before the release that brought it is not known to be.
func missingRuns(now time.Time, tasks []FileTask, runs []bcn.ScheduledRun) []bcn.ScheduledRun {
	var out []bcn.ScheduledRun
	for _, f := range tasks {
		name := render.ScheduleName(f.Heritage.Name, f.Task.Name)
		if period, ok := schedule.Rate(f.Task.Schedule); ok {
			own := slices.DeleteFunc(slices.Clone(runs), func(r bcn.ScheduledRun) bool { return r.Name != name })
			if due, missing := missingOfRate(f, period, now, own); missing {
				out = append(out, bcn.MissingRun(f.Heritage.Name, f.Task.Name, due))
			}
			continue
		}
		due, ok := lastDue(f, now)
		if !ok {
			continue
		}
		if !slices.ContainsFunc(runs, func(r bcn.ScheduledRun) bool { return r.Name == name && begunSince(r, due) }) {
			out = append(out, bcn.MissingRun(f.Heritage.Name, f.Task.Name, due))
		}
	}
	return out
}

// missingOfRate answers when a run of a rate was due that did not begin. AWS
// alone knows the times, which count from when it made the schedule; but one
// comes in each period after a run that was seen, or after the release.
func missingOfRate(f FileTask, period time.Duration, now time.Time, runs []bcn.ScheduledRun) (time.Time, bool) {
	if !f.Task.Enabled {
		return time.Time{}, false
	}
	var seen time.Time // when the newest run began
	for _, r := range runs {
		if r.StartedAt == nil && r.EndedAt.IsZero() {
			return time.Time{}, false // one waits to begin
		}
		seen = later(seen, begun(r))
	}
	if f.Last != nil {
		seen = later(seen, begun(*f.Last))
	}
	from, early := later(seen, f.Since), time.Duration(0)
	due := from.Add(period)
	if seen.After(f.Since) { // nothing reset the times since
		early = rateTries
		if behind := now.Add(-missingAfter).Sub(due); behind > 0 {
			due = due.Add(behind.Truncate(period))
		}
	}
	// Later ECS may have forgotten the run that was due.
	if age := now.Sub(due); age < missingAfter || age > missingUntil-rateTries {
		return due, false
	}
	return due, !slices.ContainsFunc(runs, func(r bcn.ScheduledRun) bool {
		return !begun(r).Before(due.Add(-early-missingEarly)) && begun(r).After(from)
	})
}

// begun is when a run began; of one that never did, when it was to.
func begun(r bcn.ScheduledRun) time.Time {
	if r.StartedAt != nil {
		return *r.StartedAt
	}
	return r.EndedAt
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// lastDue is when a task was due last, of the times at which it can be said
// whether it began.
func lastDue(f FileTask, now time.Time) (due time.Time, ok bool) {
	if !f.Task.Enabled {
		return due, false
	}
	at := now.Add(-missingUntil)
	if f.Since.After(at) {
		at = f.Since
	}
	for {
		next, known := schedule.NextOfEventBridge(f.Task.Schedule, f.Task.Timezone, at)
		if !known || now.Sub(next) < missingAfter {
			return due, ok
		}
		due, ok, at = next, true, next
	}
}

// begunSince says that a run is one that was due then: it began since, or it
// ended or waits to begin without ever having begun.
func begunSince(r bcn.ScheduledRun, due time.Time) bool {
	due = due.Add(-missingEarly)
	if r.StartedAt != nil {
		return !r.StartedAt.Before(due)
	}
	return r.EndedAt.IsZero() || !r.EndedAt.Before(due)
}
