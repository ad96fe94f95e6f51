package bcn

import (
	"strings"
	"time"
)

// ScheduledRun is one run of a scheduled task of barcelona.yml, which AWS
// started by the clock and which has ended.
type ScheduledRun struct {
	Task      string // ARN of the ECS task, or what stands for one that never was: unique
	Heritage  string
	Name      string // of the scheduled task
	StartedAt *time.Time
	EndedAt   time.Time // zero while it runs
	ExitCode  *int      // nil where it never ran
	Reason    string    // why it stopped, in ECS's words
}

// Failed says that it did not end well.
func (r ScheduledRun) Failed() bool { return r.ExitCode == nil || *r.ExitCode != 0 }

// missing begins what stands for the task of a run that never was.
const missing = "missing:"

// MissingRun is a run that was due and that nobody saw begin.
func MissingRun(heritage, name string, due time.Time) ScheduledRun {
	return ScheduledRun{
		Task:     missing + heritage + "/" + name + "/" + due.UTC().Format(time.RFC3339),
		Heritage: heritage, Name: name, EndedAt: due, Reason: "did not start",
	}
}

// Missing says that it was due and did not begin.
func (r ScheduledRun) Missing() bool { return strings.HasPrefix(r.Task, missing) }
