package apply

import (
	"context"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/render"
)

var _ deploy.Stoppeds = Oneoffs{}

// Scheduled implements deploy.Stoppeds. EventBridge Scheduler starts the tasks
// in a group that is called like the schedule.
func (a Oneoffs) Scheduled(ctx context.Context, t bcn.Target, heritage string) ([]bcn.ScheduledRun, error) {
	s := a.aws.For(t)
	// One that begins to stop between the two lists may be in both.
	arns, err := s.TasksOfFamily(ctx, t.District.Cluster, render.Family(heritage, render.ScheduleContainer))
	if err != nil || len(arns) == 0 {
		return nil, err
	}
	tasks, err := s.Tasks(ctx, t.District.Cluster, unique(arns))
	if err != nil {
		return nil, err
	}
	var out []bcn.ScheduledRun
	for _, v := range tasks {
		r := bcn.ScheduledRun{Task: v.ARN, Name: v.Group, Reason: v.Reason}
		if v.Status == "STOPPED" {
			r.EndedAt = v.StoppedAt
		}
		if !v.StartedAt.IsZero() {
			r.StartedAt = &v.StartedAt
		}
		for _, c := range v.Containers {
			if c.Name == render.ScheduleContainer {
				r.ExitCode = c.ExitCode
				if c.Reason != "" {
					r.Reason = c.Reason
				}
			}
		}
		out = append(out, r)
	}
	return out, nil
}
