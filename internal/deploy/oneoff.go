package deploy

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

const (
	// rememberedFor is how long ECS surely knows a task that was started, and
	// its token: what was asked for longer ago and is not found was never
	// started, or is gone (DESIGN.md section 5, effects that AWS cannot
	// deduplicate for ever).
	rememberedFor = 30 * time.Minute
	// listedWithin is how long ECS may take to know a task that it just started
	// (Amazon ECS API reference, RunTask, eventual consistency).
	listedWithin = 5 * time.Minute
	// assumable is how long a role that was just made may not be taken on by
	// ECS (IAM user guide, "Changes that I make are not always immediately visible").
	assumable = 2 * time.Minute
	// gateStep is the stack before which before_deploy runs: roles, log group
	// and definition are there, no service has changed.
	gateStep = 1
	// exited is how ECS explains that a container ended by itself
	// (stoppedReason of a task, "Essential container in task exited").
	exited = "Essential container in task exited"
	// tailLines is how many of a one-off's last log lines its thread gets.
	tailLines = 30
)

// gated says that a one-off task has to end well before anything more happens.
func (r running) gated() bool {
	if r.plan.Oneoff == nil || r.Oneoff.Passed() && !r.Forged {
		return false
	}
	if r.Change.Kind == bcn.KindRun {
		return true
	}
	_, executed := r.follows[r.plan.Heritage]
	return r.Change.Step == gateStep && !executed
}

// oneoffOf names the task in codes and sentences.
func (r running) oneoffOf() string {
	if r.Change.Kind == bcn.KindRun {
		return "run"
	}
	return "before_deploy"
}

// gate does what is next for the one-off task of an applying change. Its
// intent is written down before ECS is called, its ARN after.
func (s *Service) gate(ctx context.Context, r running) (time.Duration, error) {
	o := r.Oneoff
	switch {
	case r.Forged:
		stopped, err := s.stopForged(ctx, r)
		if err != nil {
			return 0, err
		}
		return s.endUnapplied(ctx, r, bcn.CodeTampered, map[string]string{"what": "oneoff", "stopped": stopped})
	case o == nil || o.Unknown: // unknown, and a person said: run it again
		return s.intend(ctx, r)
	case o.Task == "" && !o.Ended():
		return s.startOneoff(ctx, r)
	case !o.Ended():
		return s.watchOneoff(ctx, r)
	default:
		return s.oneoffFailed(ctx, r)
	}
}

// stopForged stops what was started in the change's name and answers the ARNs.
// Nothing that the row says is believed: the definition is the plan's or the
// base stack's, and every try's name begins alike.
func (s *Service) stopForged(ctx context.Context, r running) (string, error) {
	definition := r.plan.Oneoff.Definition
	if definition == "" {
		d, err := s.Tasks.Definition(ctx, r.target, bcn.Heritage{App: r.plan.App, Env: r.plan.Env, Name: r.plan.Heritage})
		if err != nil {
			return "", s.orOver(err)
		}
		definition = d.ARN
	}
	arns, err := s.Tasks.Started(ctx, r.target, definition, bcn.OneoffNames(r.Change.ID))
	if err != nil {
		return "", err
	}
	for _, arn := range arns {
		if err := s.Tasks.Stop(ctx, r.target, arn, "bcn: its record was changed"); err != nil {
			return "", err
		}
		s.Log.Warn("one-off of a changed record stopped", "change", int64(r.Change.ID), "task", arn)
	}
	return strings.Join(arns, ", "), nil
}

// intend writes down which task will be asked for.
func (s *Service) intend(ctx context.Context, r running) (time.Duration, error) {
	o := bcn.NewOneoff(1, r.Now)
	if r.Oneoff != nil {
		o.Try += r.Oneoff.Try
	}
	d, err := s.Tasks.Definition(ctx, r.target, bcn.Heritage{App: r.plan.App, Env: r.plan.Env, Name: r.plan.Heritage})
	if err != nil {
		return 0, s.orOver(err)
	}
	// A run's was named when it was planned; a deploy's was made by this change.
	if d.Digest != r.plan.Digest || r.plan.Oneoff.Definition != "" && r.plan.Oneoff.Definition != d.ARN {
		return s.endUnapplied(ctx, r, bcn.CodePlanMoved, map[string]string{"moved": "stack heritage-" + r.plan.Heritage})
	}
	o.Definition, o.Container = d.ARN, d.Container
	return s.move(ctx, Move{From: r.Claimed, Oneoff: &o, Again: time.Millisecond, Quiet: true})
}

// orOver keeps an error that a look again may mend; any other one is ours.
func (s *Service) orOver(err error) error {
	if errors.Is(err, ErrNone) {
		return bcn.E(bcn.CodeUnavailable, "what", "CloudFormation").Wrap(err)
	}
	return err
}

// endUnapplied ends a change whose one-off did not open its gate; a base that
// was changed before it goes back.
func (s *Service) endUnapplied(ctx context.Context, r running, code bcn.Code, params map[string]string) (time.Duration, error) {
	if r.restorable() {
		return s.restore(ctx, r, code, params)
	}
	return s.finish(ctx, r, bcn.EventFail, code, params)
}

// startOneoff starts the task once. Before a repetition it is looked for: the
// answer to an earlier call may have been lost.
func (s *Service) startOneoff(ctx context.Context, r running) (time.Duration, error) {
	o := *r.Oneoff
	asked := r.Now.Sub(o.AskedAt)
	arn, err := s.Tasks.Find(ctx, r.target, s.order(r))
	switch {
	case errors.Is(err, ErrNone) && asked > rememberedFor:
		return s.unknownOneoff(ctx, r)
	case errors.Is(err, ErrNone):
		arn, err = s.Tasks.Start(ctx, r.target, s.order(r))
	}
	if refusal := (*bcn.Error)(nil); errors.As(err, &refusal) && final(refusal.Code) {
		if assuming(refusal) && asked < assumable {
			return 0, bcn.E(bcn.CodeUnavailable, "what", "IAM").Wrap(err)
		}
		o.EndedAt, o.Reason = &r.Now, refusalText(refusal)
		s.Log.Warn("one-off refused", "change", int64(r.Change.ID), "error", err)
		return s.move(ctx, Move{From: r.Claimed, Oneoff: &o, Again: time.Millisecond, Notes: s.oneoffNotes(r, o, nil)})
	}
	if err != nil {
		return 0, err
	}
	o.Task, o.TakenAt = arn, &r.Now
	s.Log.Info("one-off started", "change", int64(r.Change.ID), "task", arn)
	return s.move(ctx, Move{From: r.Claimed, Oneoff: &o, Again: time.Millisecond, Notes: s.oneoffNotes(r, o, nil)})
}

// order is what ECS is asked for, and what a task has to be to count as it.
func (s *Service) order(r running) TaskOrder {
	return TaskOrder{
		Definition: r.Oneoff.Definition, Container: r.Oneoff.Container, Command: r.plan.Oneoff.Command, Env: r.plan.Oneoff.Env,
		CPU: r.plan.Oneoff.CPU, Memory: r.plan.Oneoff.Memory, Name: r.Oneoff.Name(r.Change.ID), Owner: s.Installation,
	}
}

// final says that AWS will not change its answer by being asked again.
func final(code bcn.Code) bool {
	switch code {
	case "", bcn.CodeInternal, bcn.CodeUnavailable, bcn.CodeCouldNotCheck:
		return false
	default:
		return true
	}
}

// unknownOneoff leaves it to a person whether the task is to run again.
func (s *Service) unknownOneoff(ctx context.Context, r running) (time.Duration, error) {
	o := *r.Oneoff
	o.Unknown = true
	return s.move(ctx, Move{
		From: r.Claimed, Event: bcn.EventBlock, Code: bcn.CodeUnknownOutcome, Params: map[string]string{"what": r.oneoffOf()},
		Step: r.Change.Step, Phase: r.Phase, Oneoff: &o, Urgent: true,
	})
}

// watchOneoff looks at the task, and stops one that takes too long.
func (s *Service) watchOneoff(ctx context.Context, r running) (time.Duration, error) {
	o := *r.Oneoff
	st, err := s.Tasks.Look(ctx, r.target, o.Task)
	switch {
	case errors.Is(err, ErrNone) && r.Now.Sub(o.Since()) > listedWithin:
		return s.unknownOneoff(ctx, r) // it was longer ago than ECS remembers
	case errors.Is(err, ErrNone):
		return s.move(ctx, Move{From: r.Claimed, Again: s.Poll, Quiet: true})
	case err != nil:
		return 0, err
	}
	began := o.StartedAt == nil && st.Started != nil
	o.StartedAt = st.Started
	if st.Stopped {
		return s.oneoffStopped(ctx, r, o, st)
	}
	if o.Why == "" && r.Now.Sub(o.Since()) >= r.plan.Oneoff.Timeout {
		if err := s.Tasks.Stop(ctx, r.target, o.Task, "bcn: "+r.oneoffOf()+" took longer than "+r.plan.Oneoff.Timeout.String()); err != nil {
			return 0, err
		}
		o.Why = bcn.CodeOneoffTimedOut
	}
	return s.move(ctx, Move{From: r.Claimed, Oneoff: &o, Again: s.lookAgainAfter(r.Now.Sub(o.Since())), Quiet: !began})
}

// lookAgainAfter looks rarely at what takes long.
func (s *Service) lookAgainAfter(age time.Duration) time.Duration {
	return max(s.Poll, min(age/30, 10*time.Second))
}

// oneoffStopped writes the end down, with the last log lines for the thread.
func (s *Service) oneoffStopped(ctx context.Context, r running, o bcn.Oneoff, st TaskState) (time.Duration, error) {
	o.EndedAt, o.ExitCode, o.Reason = &r.Now, st.ExitCode, st.Reason
	if o.ExitCode != nil && strings.HasPrefix(o.Reason, exited) {
		o.Reason = strings.TrimPrefix(strings.TrimPrefix(o.Reason, exited), ": ") // the exit code says it
	}
	lines, err := s.Tasks.Tail(ctx, r.target, o.Task, tailLines)
	if err != nil {
		s.Log.Warn("read the log of a one-off", "change", int64(r.Change.ID), "error", err)
	}
	s.Log.Info("one-off ended", "change", int64(r.Change.ID), "task", o.Task, "why", o.Why, "reason", o.Reason)
	return s.move(ctx, Move{From: r.Claimed, Oneoff: &o, Again: time.Millisecond, Notes: s.oneoffNotes(r, o, lines)})
}

func (s *Service) oneoffNotes(r running, o bcn.Oneoff, lines []string) []Note {
	return s.Speaker.Notes(Moment{Kind: MomentOneoff, Change: r.Change, Plan: &r.plan, Oneoff: &o, Lines: lines})
}

// oneoffFailed ends a change whose task did not end well: nothing of what was
// to follow happens.
func (s *Service) oneoffFailed(ctx context.Context, r running) (time.Duration, error) {
	code, params := r.oneoffWhy()
	return s.endUnapplied(ctx, r, code, params)
}

// stopOneoff stops the task of a change that is cancelled, and waits until it
// runs no more; done says that nothing of it runs.
func (s *Service) stopOneoff(ctx context.Context, r running) (done bool, again time.Duration, err error) {
	if r.plan.Oneoff != nil && r.Forged {
		_, err := s.stopForged(ctx, r)
		return err == nil, 0, err
	}
	if r.plan.Oneoff == nil || r.Oneoff == nil || r.Oneoff.Ended() {
		return true, 0, nil
	}
	o := *r.Oneoff
	if o.Task == "" {
		switch arn, err := s.Tasks.Find(ctx, r.target, s.order(r)); {
		case errors.Is(err, ErrNone):
			return s.neverStarted(ctx, r)
		case err != nil:
			return false, 0, err
		default:
			o.Task, o.TakenAt = arn, &r.Now
		}
	}
	st, err := s.Tasks.Look(ctx, r.target, o.Task)
	switch {
	case errors.Is(err, ErrNone) && r.Now.Sub(o.Since()) > listedWithin:
		return true, 0, nil
	case err != nil && !errors.Is(err, ErrNone):
		return false, 0, err
	case st.Stopped:
		again, err = s.oneoffStopped(ctx, r, o, st)
		return false, again, err
	}
	if err := s.Tasks.Stop(ctx, r.target, o.Task, "bcn: "+r.oneoffOf()+" was cancelled"); err != nil {
		return false, 0, err
	}
	o.Why = bcn.CodeCancelled
	again, err = s.move(ctx, Move{From: r.Claimed, Oneoff: &o, Again: s.Poll, Quiet: true})
	return false, again, err
}

// neverStarted waits until it is certain that a cancelled task was not started.
// The step that was overtaken may be calling ECS still, but no longer than its
// lease; and ECS may take a while to list what it has taken.
func (s *Service) neverStarted(ctx context.Context, r running) (done bool, again time.Duration, err error) {
	o := *r.Oneoff
	if o.CancelAt == nil {
		o.CancelAt = &r.Now
	}
	if r.Now.Sub(*o.CancelAt) > 3*s.Renew+listedWithin {
		return true, 0, nil
	}
	again, err = s.move(ctx, Move{From: r.Claimed, Oneoff: &o, Again: s.lookAgainAfter(r.Now.Sub(*o.CancelAt)), Quiet: true})
	return false, again, err
}
