package bcn

import "time"

// ScheduledRun is one run of a scheduled task of barcelona.yml, which AWS
// started by the clock and which has ended.
type ScheduledRun struct {
	Task      string // ARN of the ECS task: unique
	Heritage  string
	Name      string // of the scheduled task
	StartedAt *time.Time
	EndedAt   time.Time
	ExitCode  *int   // nil where it never ran
	Reason    string // why it stopped, in ECS's words
}

// Failed says that it did not end well.
func (r ScheduledRun) Failed() bool { return r.ExitCode == nil || *r.ExitCode != 0 }
