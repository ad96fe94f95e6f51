package deploy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

const (
	// hopelessAfter is how many tasks of a new version must have ended by
	// themselves, and more than run, before its rollout is given up. One may be
	// an accident of a machine.
	hopelessAfter = 2
	// newestStopped is how many stopped tasks are looked at.
	newestStopped = 10
)

// Check is a health check that a service fails.
type Check struct {
	Service string
	Path    string // of the load balancer's check; empty: not known
	Why     string // in the load balancer's words, with the status
}

// hopeless finds a service whose new version cannot run: its image cannot be
// pulled, or its first tasks exit. It answers what is known of the tasks.
func (s *Service) hopeless(ctx context.Context, r running, rollouts []Rollout) (service string, tasks []Stopped, err error) {
	var suspects []Rollout
	for _, x := range rollouts {
		if x.Digest == r.plan.Digest && x.Desired > 0 && x.Running < newestStopped && !x.Steady {
			suspects = append(suspects, x)
		}
	}
	if len(suspects) == 0 {
		return "", nil, nil
	}
	stopped, err := s.Fleet.StoppedTasks(ctx, r.target, r.plan.Heritage, render.LogGroup(r.plan.District.Name, r.plan.Heritage),
		r.Change.StartedAt.Add(-clockSkew), newestStopped)
	if err != nil {
		return "", nil, err
	}
	for _, x := range suspects {
		var own []Stopped
		for _, t := range stopped {
			if t.Service == x.Service && t.TaskDefinition == x.TaskDefinition && t.cannotRun() {
				own = append(own, t)
			}
		}
		if len(own) >= hopelessAfter && len(own) > x.Running {
			return x.Service, own[:hopelessAfter], nil
		}
	}
	return "", nil, nil
}

// cannotRun says that another try would end the same: the image cannot be
// pulled (ECS developer guide, "CannotPullContainer task errors"), or the
// program ended by itself.
func (t Stopped) cannotRun() bool {
	return strings.Contains(t.Reason+t.Detail, "CannotPull") || t.ExitCode != nil && strings.HasPrefix(t.Reason, exited)
}

// cause says in a few words why a task stopped.
func (t Stopped) cause() string {
	switch {
	case strings.Contains(t.Reason, "CannotPull"):
		return t.Reason
	case strings.Contains(t.Detail, "CannotPull"):
		return t.Detail
	case t.ExitCode != nil && strings.HasPrefix(t.Reason, exited):
		return strings.TrimSpace(fmt.Sprintf("exit code %d %s", *t.ExitCode, t.Detail))
	default: // the load balancer's check, without the ARN of its target group
		why, _, _ := strings.Cut(t.Reason, " in (target-group")
		return why
	}
}

// because is why the current stack failed. Where CloudFormation only says that
// ECS gave up, it is why the newest task stopped.
func (s *Service) because(ctx context.Context, r running) (bcn.Code, map[string]string) {
	code, params := r.why()
	if !strings.Contains(params["why"], "Circuit Breaker") || r.plan.Heritage == "" {
		return code, params
	}
	stopped, err := s.Fleet.StoppedTasks(ctx, r.target, r.plan.Heritage, render.LogGroup(r.plan.District.Name, r.plan.Heritage),
		r.Change.StartedAt.Add(-clockSkew), 1)
	if err != nil {
		s.Log.Warn("read stopped tasks", "change", int64(r.Change.ID), "error", err)
	}
	if len(stopped) > 0 {
		params["why"] = "its tasks stop: " + stopped[0].cause()
	}
	return code, params
}

// giveUp writes down that the rollout cannot succeed, and why; then the
// operation is stopped, so that CloudFormation rolls back now and not when it
// has waited long enough.
func (s *Service) giveUp(ctx context.Context, r running, service string, tasks []Stopped, m Move) (time.Duration, error) {
	why := tasks[0].cause()
	s.Log.Warn("rollout given up", "change", int64(r.Change.ID), "service", service, "why", why)
	failed := &StackEvent{LogicalID: service, Type: serviceType, Reason: why}
	m.Code, m.Params = bcn.CodeStackFailed, map[string]string{"stack": r.plan.Heritage, "resource": service, "why": why}
	m.Quiet, m.Again = false, time.Millisecond
	m.Notes = append(m.Notes, s.Speaker.Notes(Moment{Kind: MomentGivenUp, Change: r.Change, Plan: &r.plan, Failed: failed})...)
	m.Notes = append(m.Notes, s.Speaker.Notes(Moment{Kind: MomentFailing, Change: r.Change, Plan: &r.plan, Failed: failed, Stopped: tasks})...)
	return s.move(ctx, m)
}

const serviceType = "AWS::ECS::Service"

// givenUp says that the current operation is to be stopped.
func (r running) givenUp() bool {
	return r.Change.State == bcn.ChangeApplying && r.Phase == PhaseApply && r.Change.Code == bcn.CodeStackFailed
}

// stopGivenUp stops the operation of a rollout that was given up. Too late is
// no error: then it has ended by itself, and is verified as any other.
func (s *Service) stopGivenUp(ctx context.Context, r running) error {
	sp, ok := r.current()
	f := r.follows[sp.Name]
	if !ok || !r.givenUp() || rollingBack(f.Status) || cleaningUp(f.Status) {
		return nil
	}
	if err := s.stopStack(ctx, r, sp); err != nil && bcn.CodeOf(err) != bcn.CodeTooLate {
		return err
	}
	return nil
}

// checks names the health checks that services fail, with their paths as the
// file has them.
func (r running) checks(rollouts []Rollout) []Check {
	var out []Check
	for _, x := range rollouts {
		if x.Unhealthy != "" {
			out = append(out, Check{Service: x.Service, Path: r.healthPath(x.Service), Why: x.Unhealthy})
		}
	}
	return out
}

func (r running) healthPath(service string) string {
	f, problems := manifest.Parse("plan", r.plan.Manifest)
	if manifest.Failed(problems) {
		return ""
	}
	h, problem := f.Environment(r.plan.Env)
	if problem != nil {
		return ""
	}
	for _, s := range h.Services {
		if s.Name == service && len(s.Listeners) > 0 {
			return s.Listeners[0].HealthPath
		}
	}
	return ""
}
