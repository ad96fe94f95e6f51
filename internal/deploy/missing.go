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
)

// missingRuns answers the newest run of each task that was due and did not
// begin. A rate, and what no clock on the wall has, is not known to be due; nor
// is what was due before the release that brought it.
func missingRuns(now time.Time, tasks []FileTask, runs []bcn.ScheduledRun) []bcn.ScheduledRun {
	var out []bcn.ScheduledRun
	for _, f := range tasks {
		due, ok := lastDue(f, now)
		if !ok {
			continue
		}
		name := render.ScheduleName(f.Heritage.Name, f.Task.Name)
		if !slices.ContainsFunc(runs, func(r bcn.ScheduledRun) bool { return r.Name == name && begunSince(r, due) }) {
			out = append(out, bcn.MissingRun(f.Heritage.Name, f.Task.Name, due))
		}
	}
	return out
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
