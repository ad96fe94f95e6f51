package scheduler

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/schedule"
)

// historyLength is how many ticks Show answers.
const historyLength = 10

// List answers the schedules that are not removed; see commands.Schedules.
func (s *Service) List(ctx context.Context) ([]commands.ScheduleView, error) {
	all, err := s.Store.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	last, err := s.Store.LastTicks(ctx)
	if err != nil {
		return nil, err
	}
	var out []commands.ScheduleView
	for _, sch := range all {
		v, err := s.view(ctx, sch)
		if err != nil {
			return nil, err
		}
		if k, ok := last[sch.ID]; ok {
			v.Last = &k
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b commands.ScheduleView) int { // people's own first
		return cmp.Compare(ranks(a.Schedule), ranks(b.Schedule))
	})
	return out, nil
}

func ranks(sch bcn.Schedule) int {
	if sch.Owner.Kind == bcn.Person {
		return 0
	}
	return 1
}

// housekeeping is what bcn does for itself, many times a day: nobody plans
// around it.
func housekeeping(sch bcn.Schedule) bool { return sch.Owner.Kind != bcn.Person && sch.Channel == "" }

// specIn reads the times of a schedule that has some.
func specIn(sch bcn.Schedule) (schedule.Spec, bool) {
	spec, err := specOf(sch)
	return spec, err == nil && sch.Options.After == ""
}

// view says when a schedule runs. One that cannot be read is shown without.
func (s *Service) view(ctx context.Context, sch bcn.Schedule) (commands.ScheduleView, error) {
	v := commands.ScheduleView{Schedule: sch}
	spec, readable := specIn(sch)
	if !readable {
		return v, nil
	}
	now, err := s.Store.Now(ctx)
	if err != nil {
		return v, err
	}
	v.Means = schedule.Describe(spec)
	if sch.State == bcn.ScheduleActive {
		v.Next = spec.Upcoming(now, 3)
	}
	return v, nil
}

// Show answers one schedule with its history; see commands.Schedules.
func (s *Service) Show(ctx context.Context, name string) (commands.ScheduleView, error) {
	sch, err := s.byName(ctx, name)
	if err != nil {
		return commands.ScheduleView{}, err
	}
	v, err := s.view(ctx, sch)
	if err != nil {
		return v, err
	}
	ticks, err := s.Store.Ticks(ctx, sch.ID, historyLength)
	if err != nil {
		return v, err
	}
	for _, k := range ticks {
		t := commands.TickView{Tick: k}
		if k.Change != 0 {
			c, err := s.Store.Change(ctx, k.Change)
			if err != nil {
				return v, err
			}
			t.Change = &c
		}
		if v.Last == nil && k.State.Ended() {
			v.Last = &t.Tick
		}
		v.History = append(v.History, t)
	}
	if checked, err := s.Runner.Check(ctx, sch.Owner, sch.Command); err == nil {
		v.Gated = checked.Gated
	}
	return v, nil
}

// week is how far the calendar looks; expected is how long a run is taken to
// last where none has been seen.
const week, expected = 7 * 24 * time.Hour, 10 * time.Minute

// Calendar answers the coming week; see commands.Schedules.
func (s *Service) Calendar(ctx context.Context, app string) (commands.CalendarView, error) {
	var v commands.CalendarView
	now, err := s.Store.Now(ctx)
	if err != nil {
		return v, err
	}
	all, err := s.Store.Schedules(ctx)
	if err != nil {
		return v, err
	}
	holds, err := s.Store.Holds(ctx)
	if err != nil {
		return v, err
	}
	var entries []schedule.Entry
	var abouts []Checked
	for _, sch := range all {
		spec, err := specOf(sch)
		if err != nil || sch.Options.After != "" || sch.State != bcn.ScheduleActive || housekeeping(sch) {
			continue
		}
		about, lasts, err := s.about(ctx, sch)
		if err != nil {
			return v, err
		}
		if app != "" && about.App != app {
			continue
		}
		e := schedule.Entry{ID: sch.ID.String(), Subject: about.App + "/" + about.Env, Spec: spec, Lasts: lasts}
		if about.App == "" {
			e.Subject = e.ID // it meets nobody
		}
		if sch.SkipAt != nil {
			e.Skip = []time.Time{*sch.SkipAt}
		}
		entries, v.Of, abouts = append(entries, e), append(v.Of, sch), append(abouts, about)
	}
	v.Agenda = schedule.Calendar(entries, now, now.Add(week), schedule.Bounds{})
	v.Held = meetings(holds, v, abouts)
	return v, nil
}

// about says what a schedule's command is about, and how long its last success
// took. A command that is refused by now is about nothing.
func (s *Service) about(ctx context.Context, sch bcn.Schedule) (Checked, time.Duration, error) {
	checked, err := s.Runner.Check(ctx, sch.Owner, sch.Command)
	if err != nil && !refused(err) {
		return checked, 0, err
	}
	lasts := expected
	ticks, err := s.Store.Ticks(ctx, sch.ID, historyLength)
	if err != nil && !errors.Is(err, deploy.ErrNone) {
		return checked, 0, err
	}
	for _, k := range ticks {
		if k.State == bcn.TickSucceeded && k.StartedAt != nil && k.EndedAt != nil {
			lasts = k.EndedAt.Sub(*k.StartedAt)
			break
		}
	}
	return checked, lasts, nil
}
