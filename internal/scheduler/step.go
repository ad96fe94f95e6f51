package scheduler

import (
	"context"
	"errors"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/schedule"
)

// Tick does what is next for a tick, and says when to look again; zero means
// that somebody will tell.
func (s *Service) Tick(ctx context.Context, id bcn.ID) (time.Duration, error) {
	c, ok, err := s.Store.ClaimTick(ctx, id)
	if err != nil || !ok {
		return 0, err
	}
	var again time.Duration
	renew := func(ctx context.Context) error { return s.Store.RenewTick(ctx, c) }
	err = deploy.WhileHeld(ctx, s.Renew, renew, func(ctx context.Context) (err error) {
		again, err = s.step(ctx, c) // a command that shows something may take longer than a lease
		return err
	})
	if errors.Is(err, deploy.ErrMoved) {
		return 0, nil // another has it
	}
	if err == nil {
		return deploy.Early(again), nil
	}
	park := s.parks(c, err)
	s.Log.Warn("step of a tick failed", "tick", int64(id), "schedule", c.Schedule.Name, "state", c.Tick.State, "failures", c.Failures+1, "parked", park, "error", err)
	var notes []deploy.Note
	if park {
		notes = s.Speaker.TickNotes(Moment{Kind: MomentParked, Schedule: c.Schedule, Tick: c.Tick})
	}
	if err := s.Store.FailedTick(ctx, c, park, notes); err != nil && !errors.Is(err, deploy.ErrMoved) {
		return 0, err
	}
	if park {
		return 0, nil
	}
	return min(time.Duration(c.Failures+1)*time.Second, s.Poll), nil
}

// parks says that a tick is left to a person. What is outside comes back; what
// is ours does not mend itself.
func (s *Service) parks(c Claimed, cause error) bool {
	code := bcn.CodeOf(cause)
	return code != bcn.CodeUnavailable && code != bcn.CodeCouldNotCheck && c.Failures+1 >= s.ParkAfter
}

// step is what each state does next: the whole life of a tick.
func (s *Service) step(ctx context.Context, c Claimed) (time.Duration, error) {
	if c.Tick.State == bcn.TickRunning {
		return s.running(ctx, c)
	}
	if c.Tampered {
		s.Log.Error("schedule does not match its seal", "schedule", int64(c.Schedule.ID), "name", c.Schedule.Name, "tick", int64(c.Tick.ID))
		return s.skip(ctx, c, bcn.CodeTampered, map[string]string{"what": "schedule"})
	}
	if code := stopped(c); code != "" {
		return s.skip(ctx, c, code, map[string]string{"name": c.Schedule.Name, "by": c.Schedule.By})
	}
	if c.Tick.State == bcn.TickDue {
		return s.due(ctx, c)
	}
	if why := late(c); why != "" {
		return s.skip(ctx, c, bcn.CodeMissed, map[string]string{"name": c.Schedule.Name, "why": string(why)})
	}
	if !c.Now.Before(c.Tick.At) {
		return s.write(ctx, Move{From: c, Event: bcn.TickCome, Row: c.Tick, Again: time.Millisecond, Quiet: true})
	}
	return s.ahead(ctx, c)
}

func (s *Service) write(ctx context.Context, m Move) (time.Duration, error) {
	_, err := s.Store.ApplyTick(ctx, m)
	return m.Again, err
}

// stopped says why a tick does not run: its schedule is paused or removed, or
// has other times by now, or none. One that was asked for by hand runs beside
// a pause.
func stopped(c Claimed) bcn.Code {
	switch {
	case c.Schedule.State == bcn.ScheduleRemoved:
		return bcn.CodeSkippedBy
	case c.Tick.By != "":
		return ""
	case c.Schedule.State == bcn.SchedulePaused:
		return bcn.CodePaused
	case c.Schedule.State == bcn.ScheduleDone, displaced(c):
		return bcn.CodeSkippedBy
	}
	return ""
}

// displaced says that a tick is ahead which its schedule no longer has.
func displaced(c Claimed) bool {
	if c.Tick.State == bcn.TickDue || !c.Tick.At.After(c.Now) {
		return false
	}
	spec, err := specOf(c.Schedule)
	if err != nil {
		return false
	}
	at, ok := spec.Next(c.Tick.At.Add(-time.Nanosecond))
	return !ok || !at.Equal(c.Tick.At)
}

// late says why a tick whose time passed while nobody looked does not run, as
// for those that were not made yet; empty: it runs.
func late(c Claimed) schedule.SkipReason {
	spec, err := specOf(c.Schedule)
	if c.Tick.By != "" || err != nil {
		return ""
	}
	due := schedule.Missed(spec, c.Tick.At.Add(-time.Nanosecond), c.Now, schedule.Policy{Mode: schedule.OnMissed(c.Schedule.Options.OnMissed)})
	for _, x := range due.Skipped {
		if x.At.Equal(c.Tick.At) {
			return x.Why
		}
	}
	if !c.Tick.At.After(due.Before) {
		return schedule.SkipOverBound
	}
	return ""
}

// ahead does what comes before a tick's time: its approval is asked, and its
// channel told.
func (s *Service) ahead(ctx context.Context, c Claimed) (time.Duration, error) {
	o, k := c.Schedule.Options, c.Tick
	ask, announce := k.At.Add(-o.AskBefore), k.At.Add(-o.Announce)
	switch {
	case o.AskBefore > 0 && !k.Asked && !c.Now.Before(ask):
		return s.ask(ctx, c)
	case o.Announce > 0 && k.State == bcn.TickPlanned && !c.Now.Before(announce):
		told := k
		told.State = bcn.TickAnnounced
		return s.write(ctx, Move{
			From: c, Event: bcn.TickAnnounce, Row: k, Again: time.Millisecond,
			Notes: s.Speaker.TickNotes(Moment{Kind: MomentAnnounced, Schedule: c.Schedule, Tick: told, Change: c.Change}),
		})
	}
	again := k.At.Sub(c.Now)
	for _, at := range []time.Time{ask, announce} {
		if at.After(c.Now) {
			again = min(again, at.Sub(c.Now))
		}
	}
	return s.write(ctx, Move{From: c, Row: k, Again: again, Quiet: true})
}

// ask runs the command ahead of its time: what it asks for is planned and
// approved now, and starts at the tick. What its owner may not do is not run.
func (s *Service) ask(ctx context.Context, c Claimed) (time.Duration, error) {
	if over, again, err := s.ownerGone(ctx, c); over || err != nil {
		return again, err
	}
	checked, err := s.Runner.Check(ctx, c.Schedule.Owner, c.Schedule.Command)
	if refused(err) {
		return s.skipWith(ctx, c, err)
	}
	if err != nil {
		return 0, err
	}
	k := c.Tick
	k.Asked = true
	if len(checked.Gated) == 0 || !checked.Changes {
		return s.write(ctx, Move{From: c, Row: k, Again: time.Millisecond, Quiet: true})
	}
	k.Tries = 1
	_, _, err = s.Runner.RunAs(ctx, c.Schedule.Owner, s.origin(c, 1, k.At), c.Schedule.Command)
	if refused(err) {
		return s.skipWith(ctx, c, err)
	}
	if err != nil {
		return 0, err
	}
	change, err := s.Store.ChangeOfTick(ctx, k.ID, 1)
	if err != nil {
		return 0, err
	}
	k.Change = change.ID
	return s.write(ctx, Move{From: c, Row: k, Again: time.Millisecond})
}

func (s *Service) origin(c Claimed, try int, notBefore time.Time) deploy.Origin {
	return deploy.Origin{Channel: c.Schedule.Channel, Tick: c.Tick.ID, Try: try, TickFence: c.Tick.Fence, NotBefore: notBefore}
}

// refused says that a command was answered and not just out of reach.
func refused(err error) bool {
	switch bcn.CodeOf(err) {
	case "", bcn.CodeInternal, bcn.CodeUnavailable, bcn.CodeCouldNotCheck:
		return false
	default:
		return true
	}
}

// due runs the command when its turn has come.
func (s *Service) due(ctx context.Context, c Claimed) (time.Duration, error) {
	if len(c.Ahead) > 0 {
		return s.conflict(ctx, c)
	}
	if over, again, err := s.ownerGone(ctx, c); over || err != nil {
		return again, err
	}
	checked, err := s.Runner.Check(ctx, c.Schedule.Owner, c.Schedule.Command)
	if refused(err) {
		return s.skipWith(ctx, c, err)
	}
	if err != nil {
		return 0, err
	}
	if w, held := behind(c, checked); held {
		return s.held(ctx, c, w)
	}
	k := c.Tick
	k.Code, k.Params = "", nil // what it waited behind
	switch {
	case c.Change == nil:
		k.Tries = 1
	case c.Change.State.Ended(), k.By == "" && undecided(c.Change.State): // it was asked ahead, and does not come to run
		return s.neverRan(ctx, c)
	default:
		k.Change, k.Tries = c.Change.ID, max(k.Tries, 1)
	}
	running := k
	running.State = bcn.TickRunning
	return s.write(ctx, Move{
		From: c, Event: bcn.TickRun, Row: k, Again: time.Millisecond,
		Notes: s.Speaker.TickNotes(Moment{Kind: MomentStarted, Schedule: c.Schedule, Tick: running, Change: c.Change}),
	})
}

// conflict does what the schedule says where it is still running.
func (s *Service) conflict(ctx context.Context, c Claimed) (time.Duration, error) {
	ahead := c.Ahead[0]
	switch c.Schedule.Options.OnConflict {
	case bcn.ConflictQueue:
	case bcn.ConflictOnce:
		if c.Behind { // the later one waits in its place
			return s.skip(ctx, c, bcn.CodeOverlap, map[string]string{"id": ahead.ID.String()})
		}
	default:
		return s.skip(ctx, c, bcn.CodeOverlap, map[string]string{"id": ahead.ID.String()})
	}
	return s.write(ctx, Move{From: c, Row: c.Tick, Again: s.Poll, Quiet: true}) // it is told when the one before ends
}

// undecided says that what was asked ahead is not approved.
func undecided(s bcn.ChangeState) bool {
	return s.BeforeApplying() && s != bcn.ChangeQueued
}

// neverRan says why what was approved, or was to be, did not run.
func (s *Service) neverRan(ctx context.Context, c Claimed) (time.Duration, error) {
	code, params := c.Change.Code, c.Change.Params
	if code == bcn.CodeExpired || undecided(c.Change.State) {
		code, params = bcn.CodeNotApproved, map[string]string{"id": c.Change.ID.String()}
	}
	return s.skip(ctx, c, code, params)
}

// running follows what the tick asked for to its end.
func (s *Service) running(ctx context.Context, c Claimed) (time.Duration, error) {
	change, err := s.Store.ChangeOfTick(ctx, c.Tick.ID, c.Tick.Tries)
	switch {
	case errors.Is(err, deploy.ErrNone):
		return s.run(ctx, c)
	case err != nil:
		return 0, err
	}
	c.Tick.Change = change.ID
	if !change.State.Ended() {
		if limit := c.Schedule.Options.Timeout; limit > 0 && c.Tick.StartedAt != nil && c.Now.Sub(*c.Tick.StartedAt) >= limit {
			return s.tooLong(ctx, c, change)
		}
		return s.write(ctx, Move{From: c, Row: c.Tick, Again: s.Poll, Quiet: c.Change != nil && c.Change.ID == change.ID})
	}
	if change.State == bcn.ChangeSucceeded || change.Code == bcn.CodeNoChange || change.Code == bcn.CodePlanOnly {
		return s.end(ctx, c, &change, bcn.TickSucceed, change.Code, change.Params)
	}
	if c.Tick.Code == bcn.CodeTimedOut {
		return s.failed(ctx, c, &change, bcn.CodeTimedOut, c.Tick.Params)
	}
	return s.failed(ctx, c, &change, change.Code, change.Params)
}

// run runs the command, once for each try.
func (s *Service) run(ctx context.Context, c Claimed) (time.Duration, error) {
	reply, has, err := s.Runner.RunAs(ctx, c.Schedule.Owner, s.origin(c, c.Tick.Tries, time.Time{}), c.Schedule.Command)
	if refused(err) {
		var e *bcn.Error
		errors.As(err, &e)
		return s.failed(ctx, c, nil, e.Code, e.Params)
	}
	if err != nil {
		return 0, err
	}
	_, err = s.Store.ChangeOfTick(ctx, c.Tick.ID, c.Tick.Tries)
	switch {
	case errors.Is(err, deploy.ErrNone): // it made no change: what it answered is all
		return s.answered(ctx, c, reply, has)
	case err != nil:
		return 0, err
	}
	return s.write(ctx, Move{From: c, Row: c.Tick, Again: time.Millisecond})
}

func (s *Service) answered(ctx context.Context, c Claimed, reply chat.Message, has bool) (time.Duration, error) {
	m := Move{From: c, Event: bcn.TickSucceed, Row: c.Tick}
	if has {
		m.Notes = s.Speaker.TickNotes(Moment{Kind: MomentAnswered, Schedule: c.Schedule, Tick: c.Tick, Reply: &reply})
	}
	m.Notes = append(m.Notes, s.endNotes(c, nil, bcn.TickSucceeded, "", nil)...)
	return s.write(ctx, m)
}

// failed runs the command again where the schedule says so.
func (s *Service) failed(ctx context.Context, c Claimed, change *bcn.Change, code bcn.Code, params map[string]string) (time.Duration, error) {
	if c.Tick.Tries <= c.Schedule.Options.Retries && code != bcn.CodeTimedOut && retried(code) {
		k := c.Tick
		k.Tries++
		return s.write(ctx, Move{From: c, Event: bcn.TickRun, Row: k, Again: s.Retry})
	}
	return s.end(ctx, c, change, bcn.TickFail, code, params)
}

// retried says that trying again may help: what a person decided stays decided.
func retried(code bcn.Code) bool {
	switch code {
	case bcn.CodeRejected, bcn.CodeCancelled, bcn.CodeNotAllowed, bcn.CodeRefusedPerson, bcn.CodeExpired, bcn.CodeSkippedBy:
		return false
	default:
		return true
	}
}

// tooLong stops what runs longer than its schedule allows. The tick keeps why:
// what was stopped on its way says only that it was cancelled.
func (s *Service) tooLong(ctx context.Context, c Claimed, change bcn.Change) (time.Duration, error) {
	params := map[string]string{"after": c.Schedule.Options.Timeout.String()}
	err := s.Cancel.Withdraw(ctx, change.ID, bcn.CodeTimedOut, params)
	if err != nil && bcn.CodeOf(err) != bcn.CodeTooLate && !errors.Is(err, deploy.ErrMoved) {
		return 0, err
	}
	k := c.Tick
	k.Code, k.Params = bcn.CodeTimedOut, params
	return s.write(ctx, Move{From: c, Row: k, Again: s.Poll, Quiet: true})
}

func (s *Service) end(ctx context.Context, c Claimed, change *bcn.Change, event bcn.TickEvent, code bcn.Code, params map[string]string) (time.Duration, error) {
	k := c.Tick
	k.Code, k.Params = code, params
	next, _ := k.State.Next(event)
	return s.write(ctx, Move{From: c, Event: event, Row: k, Notes: s.endNotes(c, change, next, code, params)})
}

func (s *Service) skip(ctx context.Context, c Claimed, code bcn.Code, params map[string]string) (time.Duration, error) {
	return s.end(ctx, c, c.Change, bcn.TickSkip, code, params)
}

func (s *Service) skipWith(ctx context.Context, c Claimed, err error) (time.Duration, error) {
	var e *bcn.Error
	if !errors.As(err, &e) {
		return 0, err
	}
	return s.skip(ctx, c, e.Code, e.Params)
}

func (s *Service) endNotes(c Claimed, change *bcn.Change, state bcn.TickState, code bcn.Code, params map[string]string) []deploy.Note {
	k := c.Tick
	k.State, k.Code, k.Params = state, code, params
	return s.Speaker.TickNotes(Moment{Kind: MomentEnded, Schedule: c.Schedule, Tick: k, Change: change})
}

// ownerGone pauses the schedule of somebody who is no longer one whose word
// counts.
func (s *Service) ownerGone(ctx context.Context, c Claimed) (over bool, again time.Duration, err error) {
	if c.Schedule.Owner.Kind != bcn.Person {
		return false, 0, nil
	}
	_, err = s.Authz.Person(ctx, c.Schedule.Owner)
	var e *bcn.Error
	if err == nil || !errors.As(err, &e) || e.Code != bcn.CodeRefusedPerson {
		return false, 0, err
	}
	k := c.Tick
	k.Code, k.Params = bcn.CodeOwnerGone, map[string]string{"who": c.Schedule.Owner.User, "why": e.Params["why"]}
	ended := k
	ended.State = bcn.TickSkipped
	notes := s.Speaker.TickNotes(Moment{Kind: MomentPaused, Schedule: c.Schedule, Tick: ended})
	notes = append(notes, s.Speaker.TickNotes(Moment{Kind: MomentEnded, Schedule: c.Schedule, Tick: ended})...)
	again, err = s.write(ctx, Move{From: c, Event: bcn.TickSkip, Row: k, Pause: bcn.CodeOwnerGone, Notes: notes})
	return true, again, err
}
