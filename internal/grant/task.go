package grant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// rememberedFor is how long ECS surely knows a task that was started, and its
// token: what was asked for longer ago and is not found was never started, or
// is gone (DESIGN.md section 5, effects that AWS cannot deduplicate for ever).
const rememberedFor = 30 * time.Minute

// name is unique to the grant: of its task and its token.
func name(id bcn.ID) string { return "bcn-g" + id.String()[1:] }

// schedule is the name of what stops the grant's task (roles.StopSchedules).
func schedule(id bcn.ID) string { return "bcn_g" + id.String()[1:] + "-stop" }

// prepare makes what a running clock needs before anybody is let in: a task of
// the grant's own, and the StopTask outside bcn. Each is written down before
// the next; done says that the step has ended with a write.
func (s *Service) prepare(ctx context.Context, r running) (done bool, again time.Duration, err error) {
	g := r.grant
	if g.EndsAt == nil {
		return false, 0, nil
	}
	switch {
	case r.plan.Kind == bcn.KindAccess && g.TaskAsked == nil:
		now := r.Now
		r.grant.TaskAsked = &now
		again, err = s.write(ctx, r, deploy.Move{Again: time.Millisecond, Quiet: true})
		return true, again, err
	case r.plan.Kind == bcn.KindAccess && g.Task == "":
		again, err = s.taskStep(ctx, r)
		return true, again, err
	case r.plan.Access.StopTask && g.Schedule == "":
		again, err = s.armStep(ctx, r)
		return true, again, err
	case !g.Ready:
		again, err = s.readyStep(ctx, r)
		return true, again, err
	}
	return false, 0, nil
}

// taskStep starts the task, or finds the one that an earlier step started.
func (s *Service) taskStep(ctx context.Context, r running) (time.Duration, error) {
	task, err := s.startTask(ctx, r)
	if final(err) {
		return s.over(ctx, r, bcn.WhyFailed, err)
	}
	if err != nil {
		return 0, err
	}
	r.grant.Task = task.ARN
	s.Log.Info("task of a grant started", "change", int64(r.Change.ID), "task", task.ARN)
	return s.write(ctx, r, deploy.Move{Again: time.Millisecond, Quiet: true})
}

// startTask starts the grant's task once. Before a repetition it is looked for:
// the answer to an earlier call may have been lost.
func (s *Service) startTask(ctx context.Context, r running) (Task, error) {
	t := s.Changes.Target(r.Change, r.plan.District)
	asked := r.Now.Sub(*r.grant.TaskAsked)
	if asked > 0 {
		task, err := s.AWS.FindTask(ctx, t, name(r.Change.ID))
		if err == nil || !errors.Is(err, deploy.ErrNone) {
			return task, err
		}
		if asked > rememberedFor {
			return Task{}, bcn.E(bcn.CodeUnknownOutcome, "what", "RunTask")
		}
	}
	return s.AWS.StartTask(ctx, t, TaskStart{
		TaskDefinition: r.plan.Access.TaskDefinition, Container: r.plan.Access.Container, Until: *r.grant.EndsAt,
		Name: name(r.Change.ID), Owner: s.Installation,
	})
}

// final says that AWS will not change its answer by being asked again.
func final(err error) bool {
	switch bcn.CodeOf(err) {
	case "", bcn.CodeInternal, bcn.CodeUnavailable, bcn.CodeCouldNotCheck:
		return false
	default:
		return true
	}
}

// armStep arms the StopTask that comes also when bcn is dead.
func (s *Service) armStep(ctx context.Context, r running) (time.Duration, error) {
	if err := s.arm(ctx, &r); err != nil {
		if final(err) {
			return s.over(ctx, r, bcn.WhyFailed, err)
		}
		return 0, err
	}
	return s.write(ctx, r, deploy.Move{Again: time.Millisecond, Quiet: true})
}

// arm makes AWS stop the task a minute after the end. What was armed for the
// grant that this one extends would cut it, and is no longer needed then.
func (s *Service) arm(ctx context.Context, r *running) error {
	name := schedule(r.Change.ID)
	err := s.AWS.Arm(ctx, s.Changes.Target(r.Change, r.plan.District), name, r.grant.Task, r.grant.EndsAt.Add(access.StopAfter))
	if err == nil && r.continues() {
		err = s.AWS.Disarm(ctx, s.system(r.Change, r.plan.District), schedule(r.plan.Access.Extends))
	}
	if err == nil {
		r.grant.Schedule = name
	}
	return err
}

// continues says that the grant goes on in the running task of another.
func (r running) continues() bool {
	return r.plan.Kind == bcn.KindAccessLive && r.plan.Access.Extends != 0
}

// armed says that a StopTask may be armed: it was written down, or whoever
// armed it did not live to do so.
func (r running) armed() bool {
	return r.grant.Schedule != "" || r.plan.Access != nil && r.plan.Access.StopTask && r.grant.Task != "" && r.grant.EndsAt != nil
}

// readyStep waits for the task's agent.
func (s *Service) readyStep(ctx context.Context, r running) (time.Duration, error) {
	task, err := s.AWS.Task(ctx, s.Changes.Target(r.Change, r.plan.District), r.grant.Task, r.plan.Access.Container)
	switch {
	case errors.Is(err, deploy.ErrNone) && !r.told():
		return s.write(ctx, r, deploy.Move{Again: min(s.Poll, r.grant.EndsAt.Sub(r.Now)), Quiet: true})
	case errors.Is(err, deploy.ErrNone), err == nil && task.Status == "STOPPED":
		return s.over(ctx, r, bcn.WhyGone, stopped(r, task))
	case err != nil:
		return 0, err
	case !task.Ready:
		return s.write(ctx, r, deploy.Move{Again: min(s.Poll, r.grant.EndsAt.Sub(r.Now)), Quiet: true})
	}
	r.grant.Ready = true
	return s.write(ctx, r, deploy.Move{Again: time.Millisecond})
}

// listedWithin is how long ECS may take to know a task that it just started:
// what it answers is behind what it did (Amazon ECS API reference, RunTask,
// eventual consistency).
const listedWithin = 5 * time.Minute

// told says that ECS's word counts that a task is not there: it was seen, or
// was started so long ago that it would have been.
func (r running) told() bool {
	g := r.grant
	return r.plan.Kind != bcn.KindAccess || g.Ready || g.TaskAsked == nil || r.Now.Sub(*g.TaskAsked) > listedWithin
}

func stopped(r running, t Task) error {
	return bcn.E(bcn.CodeTaskStopped, "task", taskID(r.grant.Task), "why", t.Reason).Wrap(fmt.Errorf("status %s", t.Status))
}

// taskGone says that the task that was to be entered has stopped.
func (s *Service) taskGone(ctx context.Context, r running) (bool, error) {
	if r.grant.Task == "" {
		return false, nil
	}
	task, err := s.AWS.Task(ctx, s.system(r.Change, r.plan.District), r.grant.Task, r.plan.Access.Container)
	if errors.Is(err, deploy.ErrNone) && r.told() || err == nil && task.Status == "STOPPED" {
		return true, stopped(r, task)
	}
	return false, nil
}
