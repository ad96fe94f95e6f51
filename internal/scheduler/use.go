package scheduler

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/schedule"
)

var _ commands.Schedules = (*Service)(nil)

// Draft reads what is to be added, and keeps it until it is saved; see
// commands.Schedules.
func (s *Service) Draft(ctx context.Context, actor bcn.Actor, in bcn.Schedule) (commands.ScheduleView, error) {
	now, err := s.Store.Now(ctx)
	if err != nil {
		return commands.ScheduleView{}, err
	}
	in.Owner, in.By, in.AddedAt, in.State = actor, actor.User, now.Truncate(time.Microsecond), bcn.ScheduleDraft
	if in.Channel != "" {
		if err := s.Channels.CanPost(ctx, in.Channel); err != nil {
			return commands.ScheduleView{}, err
		}
	}
	view, err := s.understand(ctx, &in, now)
	if err != nil {
		return view, s.refuse(ctx, actor, 0, "schedule add", err)
	}
	if in.Name != "" {
		if _, err := s.Store.ScheduleByName(ctx, in.Name); !errors.Is(err, deploy.ErrNone) {
			return view, errors.Join(err, bcn.E(bcn.CodeNameTaken, "name", in.Name, "by", "schedule"))
		}
	}
	view.Schedule, err = s.Store.NewSchedule(ctx, deploy.Origin{}, in)
	return view, err
}

// scheduleName is how a schedule may be called: it is typed, and is no number.
var scheduleName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// understand checks a schedule and its command, fills in what was left out, and
// says what was understood.
func (s *Service) understand(ctx context.Context, in *bcn.Schedule, now time.Time) (commands.ScheduleView, error) {
	var v commands.ScheduleView
	if in.Name != "" && !scheduleName.MatchString(in.Name) {
		return v, bcn.E(bcn.CodeBadName, "name", in.Name, "rule", "a-z0-9-")
	}
	if in.Owner.Kind == bcn.Person && strings.HasPrefix(in.Name, "bcn-") {
		return v, bcn.E(bcn.CodeReservedName, "name", in.Name)
	}
	checked, err := s.Runner.Check(ctx, in.Owner, in.Command)
	if err != nil {
		return v, err
	}
	v.Gated = checked.Gated
	unsaid := in.Options.AskBefore == 0
	if err := s.defaults(&in.Options, checked); err != nil {
		return v, err
	}
	if in.Options.After != "" {
		if err := s.follows(ctx, in); err != nil {
			return v, err
		}
		in.Zone = "UTC"
		v.Schedule = *in
		return v, nil
	}
	spec, err := schedule.Parse(in.Spec, in.Zone, in.AddedAt)
	if err != nil {
		return v, badSchedule(in.Spec, err)
	}
	in.Spec, in.Zone = spec.String(), spec.Zone().String()
	if next := spec.Upcoming(now, 2); unsaid && len(next) == 2 && in.Options.AskBefore > next[1].Sub(next[0])/2 {
		in.Options.AskBefore = next[1].Sub(next[0]) / 2 // a run is decided before the next is asked for
	}
	if err := withinTurn(spec, in.Options, now); err != nil {
		return v, err
	}
	in.NextAt, in.WakeAt = upcoming(spec, in.Options, now)
	v.Schedule, v.Means, v.Next = *in, schedule.Describe(spec), spec.Upcoming(now, 3)
	return v, nil
}

// withinTurn refuses to begin with a run before the one ahead of it has come:
// its channel would be told of a whole row of them.
func withinTurn(spec schedule.Spec, o bcn.ScheduleOptions, now time.Time) error {
	next := spec.Upcoming(now, 4)
	for i := 1; i < len(next); i++ {
		between := next[i].Sub(next[i-1])
		flag, said := "announce", o.Announce
		if o.AskBefore > said {
			flag, said = "ask-before", o.AskBefore
		}
		if said > between {
			return bcn.E(bcn.CodeAheadTooLong, "flag", flag, "said", commands.Short(said), "between", commands.Short(between))
		}
	}
	return nil
}

// defaults fills in what nobody said. What needs approval is asked ahead, or
// the approval would come too late.
func (s *Service) defaults(o *bcn.ScheduleOptions, c Checked) error {
	mode, err := schedule.ParseOnMissed(o.OnMissed)
	if err != nil {
		return badSchedule(o.OnMissed, err)
	}
	if o.OnConflict == "" {
		o.OnConflict = bcn.ConflictSkip
		if mode == schedule.CatchUp { // one after the other, or none would be caught up
			o.OnConflict = bcn.ConflictQueue
		}
	}
	o.OnMissed = string(mode)
	if len(c.Gated) > 0 && o.AskBefore == 0 && o.After == "" {
		o.AskBefore = s.AskBefore
	}
	if o.After != "" {
		o.AskBefore, o.Announce = 0, 0
	}
	return nil
}

// badSchedule explains what package schedule does not understand.
func badSchedule(spec string, err error) error {
	var p *schedule.Problem
	if !errors.As(err, &p) {
		return err
	}
	e := bcn.E(bcn.CodeBadSchedule, "spec", spec, "problem", string(p.What), "where", column(p.Where))
	maps.Copy(e.Params, p.Params)
	return e.Wrap(err)
}

func column(n int) string {
	if n == 0 {
		return ""
	}
	return bcn.ID(n).String()[1:]
}

// follows refuses a chain that leads back to itself, or to nothing.
func (s *Service) follows(ctx context.Context, in *bcn.Schedule) error {
	seen := map[string]bool{in.Name: true}
	for name := in.Options.After; name != ""; {
		if seen[name] {
			return bcn.E(bcn.CodeScheduleLoop, "name", in.Name, "after", in.Options.After)
		}
		seen[name] = true
		before, err := s.byName(ctx, name)
		if err != nil {
			return err
		}
		if name == in.Options.After { // it may have been named by its number
			in.Options.After = before.Name
		}
		name = before.Options.After
	}
	return nil
}

func (s *Service) byName(ctx context.Context, name string) (bcn.Schedule, error) {
	sch, err := s.Store.ScheduleByName(ctx, name)
	if errors.Is(err, deploy.ErrNone) {
		return sch, bcn.E(bcn.CodeUnknownName, "what", "schedule", "name", name, "suggestion", s.near(ctx, name)).Wrap(err)
	}
	return sch, err
}

// near is the schedule whose name is nearly that; empty for none.
func (s *Service) near(ctx context.Context, name string) string {
	all, err := s.Store.Schedules(ctx)
	if err != nil {
		return ""
	}
	best, least := "", 1+len(name)/3
	for _, sch := range all {
		if d := levenshtein.ComputeDistance(name, sch.Name); d <= least && (best == "" || d < levenshtein.ComputeDistance(name, best)) {
			best = sch.Name
		}
	}
	return best
}

// Save makes a draft a schedule; see commands.Schedules.
func (s *Service) Save(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) (commands.ScheduleView, error) {
	var v commands.ScheduleView
	sch, err := s.Store.ChangeSchedule(ctx, o, actor.User, "save", id, func(in bcn.Schedule, now time.Time) (bcn.Schedule, error) {
		if in.State != bcn.ScheduleDraft {
			return in, bcn.E(bcn.CodeStaleCard, "id", id.String(), "what", "draft")
		}
		if in.Owner.User != actor.User {
			return in, notYours(in)
		}
		spec, err := specOf(in)
		if err != nil {
			return in, badSchedule(in.Spec, err)
		}
		in.State = bcn.ScheduleActive
		in.NextAt, in.WakeAt = upcoming(spec, in.Options, now)
		if in.NextAt == nil && in.Options.After == "" { // its only time passed since it was shown
			return in, badSchedule(in.Spec, &schedule.Problem{What: schedule.ProblemPast})
		}
		v.Next = spec.Upcoming(now, 3)
		return in, nil
	})
	if errors.Is(err, deploy.ErrNone) {
		err = bcn.E(bcn.CodeStaleCard, "id", id.String(), "what", "draft").Wrap(err)
	}
	if err != nil {
		return v, s.refuse(ctx, actor, id, "schedule save", err)
	}
	v.Schedule = sch
	if checked, err := s.Runner.Check(ctx, sch.Owner, sch.Command); err == nil { // saved it is in any case
		v.Gated = checked.Gated
	}
	return v, nil
}

// Drop forgets the actor's draft; see commands.Schedules.
func (s *Service) Drop(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error {
	_, err := s.Store.ChangeSchedule(ctx, o, actor.User, "drop", id, func(in bcn.Schedule, _ time.Time) (bcn.Schedule, error) {
		switch {
		case in.State != bcn.ScheduleDraft:
			return in, bcn.E(bcn.CodeStaleCard, "id", id.String(), "what", "draft")
		case in.Owner.User != actor.User:
			return in, notYours(in)
		}
		in.State = bcn.ScheduleRemoved
		return in, nil
	})
	if errors.Is(err, deploy.ErrNone) {
		return nil // it was forgotten already
	}
	return err
}

func notYours(sch bcn.Schedule) error {
	return bcn.E(bcn.CodeNotYours, "id", sch.ID.String(), "what", "schedule", "name", sch.Name, "by", sch.Owner.User)
}

// Edit changes a schedule; see commands.Schedules.
func (s *Service) Edit(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string, change func(*bcn.Schedule)) (commands.ScheduleView, error) {
	old, err := s.changeable(ctx, actor, name, "schedule edit")
	if err != nil {
		return commands.ScheduleView{}, err
	}
	now, err := s.Store.Now(ctx)
	if err != nil {
		return commands.ScheduleView{}, err
	}
	edited := old
	change(&edited)
	if edited.Spec != old.Spec || edited.Zone != old.Zone {
		edited.AddedAt = now.Truncate(time.Microsecond) // intervals count from here
	}
	edited.Owner = actor // whoever decides what runs answers for it
	if edited.Channel != old.Channel {
		if err := s.Channels.CanPost(ctx, edited.Channel); err != nil {
			return commands.ScheduleView{}, err
		}
	}
	v, err := s.understand(ctx, &edited, now)
	if err != nil {
		return v, s.refuse(ctx, actor, old.ID, "schedule edit", err)
	}
	v.Schedule, err = s.Store.ChangeSchedule(ctx, o, actor.User, "edit", old.ID, func(now bcn.Schedule, _ time.Time) (bcn.Schedule, error) {
		edited.State, edited.Why, edited.By, edited.SkipAt = now.State, now.Why, actor.User, nil
		return edited, nil
	})
	return v, err
}

// changeable answers a schedule that the actor may change: its owner, an
// administrator, or somebody whom the rules let run its command.
func (s *Service) changeable(ctx context.Context, actor bcn.Actor, name, what string) (bcn.Schedule, error) {
	sch, err := s.byName(ctx, name)
	if err != nil {
		return sch, err
	}
	if sch.File && what == "schedule edit" || sch.File && what == "schedule remove" {
		return sch, bcn.E(bcn.CodeScheduleInFile, "name", sch.Name)
	}
	if _, err := s.Authz.Person(ctx, actor); err != nil {
		return sch, s.refuse(ctx, actor, sch.ID, what, err)
	}
	if actor.User == sch.Owner.User {
		return sch, nil
	}
	in, err := s.Authz.Eligible(ctx, actor, []string{s.Administrators})
	if err != nil || len(in) > 0 {
		return sch, err
	}
	mine, err := s.Runner.Check(ctx, actor, sch.Command)
	if err == nil && s.asMuch(ctx, sch, mine) {
		return sch, nil
	}
	if err != nil && !refused(err) {
		return sch, err
	}
	return sch, s.refuse(ctx, actor, sch.ID, what, notYours(sch))
}

// asMuch says that the rules demand no more approval of somebody than of the
// schedule's owner, in whose name it runs: nobody gets by a run of another's
// what they would have to ask for.
func (s *Service) asMuch(ctx context.Context, sch bcn.Schedule, mine Checked) bool {
	if len(mine.Gated) == 0 {
		return true
	}
	owners, err := s.Runner.Check(ctx, sch.Owner, sch.Command)
	return err == nil && len(owners.Gated) > 0
}

// refuse writes a refusal down; where that is not possible it stands all the
// same.
func (s *Service) refuse(ctx context.Context, actor bcn.Actor, id bcn.ID, what string, cause error) error {
	if !refused(cause) {
		return cause
	}
	switch bcn.CodeOf(cause) {
	case bcn.CodeNotAllowed, bcn.CodeNotYours, bcn.CodeRefusedPerson:
		if err := s.Refusals.Refused(ctx, actor.User, id, what, cause); err != nil {
			s.Log.Error("write refusal", "actor", actor.User, "what", what, "error", err)
		}
	default: // nothing that concerns anybody's rights
	}
	return cause
}

// Pause stops a schedule; see commands.Schedules.
func (s *Service) Pause(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (commands.ScheduleView, error) {
	return s.turn(ctx, o, actor, name, "pause", func(in bcn.Schedule, _ time.Time) (bcn.Schedule, error) {
		in.State, in.Why = bcn.SchedulePaused, ""
		return in, nil
	})
}

// Resume lets a schedule go on from now; see commands.Schedules. A tick that
// was skipped meanwhile, though its time is still to come, stays skipped.
func (s *Service) Resume(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (commands.ScheduleView, error) {
	last, err := s.lastTick(ctx, name)
	if err != nil {
		return commands.ScheduleView{}, err
	}
	v, err := s.turn(ctx, o, actor, name, "resume", func(in bcn.Schedule, now time.Time) (bcn.Schedule, error) {
		if in.Why == bcn.CodeOwnerGone {
			in.Owner = actor // somebody has to answer for it
		}
		spec, err := specOf(in)
		if err != nil {
			return in, err
		}
		if last.After(now) {
			now, in.SkipAt = last, &last
		}
		in.State, in.Why = bcn.ScheduleActive, ""
		in.NextAt, in.WakeAt = upcoming(spec, in.Options, now)
		if in.NextAt == nil && in.Options.After == "" {
			return in, badSchedule(in.Spec, &schedule.Problem{What: schedule.ProblemPast})
		}
		return in, nil
	})
	v.Next = slices.DeleteFunc(v.Next, func(at time.Time) bool { return !at.After(last) })
	return v, err
}

// lastTick is the time of a schedule's latest tick; zero: it has none.
func (s *Service) lastTick(ctx context.Context, name string) (time.Time, error) {
	sch, err := s.byName(ctx, name)
	if err != nil {
		return time.Time{}, err
	}
	ticks, err := s.Store.Ticks(ctx, sch.ID, 1)
	if err != nil || len(ticks) == 0 {
		return time.Time{}, err
	}
	return ticks[0].At, nil
}

// Remove ends a schedule; see commands.Schedules.
func (s *Service) Remove(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (commands.ScheduleView, error) {
	return s.turn(ctx, o, actor, name, "remove", func(in bcn.Schedule, _ time.Time) (bcn.Schedule, error) {
		in.State = bcn.ScheduleRemoved
		return in, nil
	})
}

func (s *Service) turn(ctx context.Context, o deploy.Origin, actor bcn.Actor, name, event string, f func(bcn.Schedule, time.Time) (bcn.Schedule, error)) (commands.ScheduleView, error) {
	sch, err := s.changeable(ctx, actor, name, "schedule "+event)
	if err != nil {
		return commands.ScheduleView{}, err
	}
	actorIs := actor
	sch, err = s.Store.ChangeSchedule(ctx, o, actorIs.User, event, sch.ID, func(in bcn.Schedule, now time.Time) (bcn.Schedule, error) {
		in.By = actorIs.User
		return f(in, now)
	})
	if err != nil {
		return commands.ScheduleView{}, err
	}
	return s.view(ctx, sch)
}

// Run makes a tick now; see commands.Schedules.
func (s *Service) Run(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (bcn.Tick, error) {
	sch, err := s.changeable(ctx, actor, name, "schedule run")
	if err != nil {
		return bcn.Tick{}, err
	}
	return s.Store.TickNow(ctx, o, actor.User, sch.ID, 0)
}

// Skip skips the next tick only; see commands.Schedules.
func (s *Service) Skip(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (bcn.Tick, error) {
	sch, err := s.changeable(ctx, actor, name, "schedule skip")
	if err != nil {
		return bcn.Tick{}, err
	}
	k, err := s.Store.SkipNext(ctx, o, actor.User, sch.ID, 0)
	if errors.Is(err, deploy.ErrNone) {
		err = bcn.E(bcn.CodeNoTick, "name", sch.Name).Wrap(err)
	}
	return k, err
}

// SkipTick skips an announced tick, by its button.
func (s *Service) SkipTick(ctx context.Context, o deploy.Origin, actor bcn.Actor, tick bcn.ID) (bcn.Tick, error) {
	sch, err := s.aheadOf(ctx, actor, tick, "schedule skip")
	if err != nil {
		return bcn.Tick{}, err
	}
	k, err := s.Store.SkipNext(ctx, o, actor.User, sch.ID, tick)
	return k, begun(tick, err)
}

// begun explains that the tick of a button has begun meanwhile.
func begun(tick bcn.ID, err error) error {
	if errors.Is(err, deploy.ErrNone) {
		return bcn.E(bcn.CodeTooLate, "id", tick.String()).Wrap(err)
	}
	return err
}

// aheadOf answers the schedule of a tick that has not begun, which the actor
// may change.
func (s *Service) aheadOf(ctx context.Context, actor bcn.Actor, tick bcn.ID, what string) (bcn.Schedule, error) {
	_, name, err := s.stillAhead(ctx, tick)
	if err != nil {
		return bcn.Schedule{}, err
	}
	return s.changeable(ctx, actor, name, what)
}

// RunTick runs an announced tick at once.
func (s *Service) RunTick(ctx context.Context, o deploy.Origin, actor bcn.Actor, tick bcn.ID) (bcn.Tick, error) {
	sch, err := s.aheadOf(ctx, actor, tick, "schedule run")
	if err != nil {
		return bcn.Tick{}, err
	}
	k, err := s.Store.TickNow(ctx, o, actor.User, sch.ID, tick)
	return k, begun(tick, err)
}

// PauseTick pauses the schedule of a tick.
func (s *Service) PauseTick(ctx context.Context, o deploy.Origin, actor bcn.Actor, tick bcn.ID) (commands.ScheduleView, error) {
	k, err := s.Store.Tick(ctx, tick)
	if errors.Is(err, deploy.ErrNone) {
		return commands.ScheduleView{}, bcn.E(bcn.CodeUnknownID, "id", tick.String())
	}
	if err != nil {
		return commands.ScheduleView{}, err
	}
	return s.Pause(ctx, o, actor, k.Schedule.String())
}

// stillAhead answers a tick that has not begun, and the number of its schedule.
func (s *Service) stillAhead(ctx context.Context, tick bcn.ID) (bcn.Tick, string, error) {
	k, err := s.Store.Tick(ctx, tick)
	switch {
	case errors.Is(err, deploy.ErrNone):
		return k, "", bcn.E(bcn.CodeUnknownID, "id", tick.String())
	case err != nil:
		return k, "", err
	case k.State != bcn.TickPlanned && k.State != bcn.TickAnnounced && k.State != bcn.TickDue:
		return k, "", bcn.E(bcn.CodeTooLate, "id", tick.String())
	}
	return k, k.Schedule.String(), nil
}

// Zone is the reader's time zone; see commands.Schedules.
func (s *Service) Zone(ctx context.Context, user string) *time.Location {
	if s.Options.Zone == nil {
		return time.UTC
	}
	if z := s.Options.Zone(ctx, user); z != nil {
		return z
	}
	return time.UTC
}
