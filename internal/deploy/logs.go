package deploy

import (
	"context"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// LogQuery says which lines of an app's log are wanted.
type LogQuery struct {
	Service string        // or a scheduled task; empty: all, one-off tasks too
	Since   time.Duration // how long ago at most
	Grep    string        // what a line contains; empty: anything
	Limit   int           // lines
}

// LogTail is the end of a log.
type LogTail struct {
	Lines    []LogLine // oldest first
	More     bool      // older ones were left out
	Wrote    bool      // there is a log at all
	Services []string  // that wrote last, by name
	Runs     []string  // what runs of the heritage: its services and scheduled tasks; none while nothing is deployed
}

// LogLine is one line.
type LogLine struct {
	At     time.Time
	Source string // the service and the beginning of its task's id: web/0a1b2c3d
	Text   string
}

// Runs names what runs of an app in an environment, as its last release says:
// its services and scheduled tasks, sorted; none while nothing is deployed.
func (s *Service) Runs(ctx context.Context, app, env string) ([]string, error) {
	d, err := s.standing(ctx, app, env)
	if err != nil || d.before == nil {
		return nil, err
	}
	out := slices.Concat(serviceNames(d.before), taskNames(d.before))
	slices.Sort(out)
	return slices.Compact(out), nil
}

func taskNames(h *manifest.Heritage) []string {
	var out []string
	for _, t := range h.ScheduledTasks {
		out = append(out, t.Name)
	}
	return out
}
