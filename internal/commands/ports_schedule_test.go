package commands_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/schedule"
)

// schedules is scheduled work: what it is asked to do is written down, and what
// it holds is plain data.
type schedules struct{ w *world }

var _ commands.Schedules = (*schedules)(nil)

func (s *schedules) Draft(_ context.Context, a bcn.Actor, in bcn.Schedule) (commands.ScheduleView, error) {
	spec, err := schedule.Parse(in.Spec, in.Zone, start)
	if in.Options.After == "" && err != nil {
		var p *schedule.Problem
		errors.As(err, &p)
		e := bcn.E(bcn.CodeBadSchedule, "spec", in.Spec, "problem", string(p.What), "where", fmt.Sprint(p.Where))
		for k, v := range p.Params {
			e.Params[k] = v
		}
		return commands.ScheduleView{}, e
	}
	in.ID, in.Owner, in.State, in.AddedAt = 1060, a, bcn.ScheduleDraft, start
	s.w.called("Draft %s %q %q %s %q in=%s %+v", a.User, in.Name, in.Spec, in.Zone, in.Command, in.Channel, in.Options)
	v := commands.ScheduleView{Schedule: in, Gated: s.w.gated}
	if in.Options.After == "" {
		v.Means, v.Next = schedule.Describe(spec), spec.Upcoming(start, 3)
	}
	s.w.draft = v
	return v, nil
}

func (s *schedules) Drop(context.Context, deploy.Origin, bcn.Actor, bcn.ID) error { return nil }

func (s *schedules) Save(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) (commands.ScheduleView, error) {
	if id != 1060 {
		return commands.ScheduleView{}, bcn.E(bcn.CodeStaleCard, "id", id.String(), "what", "draft")
	}
	s.w.called("Save %s %s", a.User, id)
	v := s.w.draft
	if v.Schedule.ID == 0 {
		v = someSchedules()[0]
	}
	v.Schedule.State = bcn.ScheduleActive
	return v, nil
}

func (s *schedules) Edit(_ context.Context, _ deploy.Origin, a bcn.Actor, name string, change func(*bcn.Schedule)) (commands.ScheduleView, error) {
	v, err := s.find(name)
	if err != nil {
		return v, err
	}
	change(&v.Schedule)
	s.w.called("Edit %s %q %q %s %q in=%s %+v", a.User, v.Schedule.Name, v.Schedule.Spec, v.Schedule.Zone, v.Schedule.Command, v.Schedule.Channel, v.Schedule.Options)
	v.Schedule.Owner, v.Means = a, schedule.Understanding{}
	return v, nil
}

func (s *schedules) find(name string) (commands.ScheduleView, error) {
	for _, v := range s.w.schedules {
		if v.Schedule.Name == name || v.Schedule.ID.String() == "#"+strings.TrimPrefix(name, "#") {
			return v, nil
		}
	}
	return commands.ScheduleView{}, bcn.E(bcn.CodeUnknownName, "what", "schedule", "name", name, "suggestion", "nightly")
}

func (s *schedules) List(context.Context) ([]commands.ScheduleView, error) { return s.w.schedules, nil }

func (s *schedules) Show(_ context.Context, name string) (commands.ScheduleView, error) {
	return s.find(name)
}

func (s *schedules) Run(_ context.Context, _ deploy.Origin, a bcn.Actor, name string) (bcn.Tick, error) {
	s.w.called("Run %s %s", a.User, name)
	return bcn.Tick{ID: 1070, At: start}, nil
}

func (s *schedules) Skip(_ context.Context, _ deploy.Origin, a bcn.Actor, name string) (bcn.Tick, error) {
	v, err := s.find(name)
	if err != nil || len(v.Next) == 0 {
		return bcn.Tick{}, errors.Join(err, bcn.E(bcn.CodeNoTick, "name", name))
	}
	s.w.called("Skip %s %s", a.User, name)
	return bcn.Tick{ID: 1071, At: v.Next[0]}, nil
}

func (s *schedules) turned(what string, a bcn.Actor, name string) (commands.ScheduleView, error) {
	v, err := s.find(name)
	if err == nil && v.Schedule.Owner.User != a.User {
		err = bcn.E(bcn.CodeNotYours, "id", v.Schedule.ID.String(), "what", "schedule", "name", v.Schedule.Name, "by", v.Schedule.Owner.User)
	}
	if err != nil {
		return commands.ScheduleView{}, err
	}
	s.w.called("%s %s %s", what, a.User, name)
	return v, nil
}

func (s *schedules) Pause(_ context.Context, _ deploy.Origin, a bcn.Actor, name string) (commands.ScheduleView, error) {
	return s.turned("Pause", a, name)
}

func (s *schedules) Resume(_ context.Context, _ deploy.Origin, a bcn.Actor, name string) (commands.ScheduleView, error) {
	return s.turned("Resume", a, name)
}

func (s *schedules) Remove(_ context.Context, _ deploy.Origin, a bcn.Actor, name string) (commands.ScheduleView, error) {
	return s.turned("Remove", a, name)
}

func (s *schedules) SkipTick(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) (bcn.Tick, error) {
	s.w.called("SkipTick %s %s", a.User, id)
	return bcn.Tick{ID: id}, nil
}

func (s *schedules) RunTick(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) (bcn.Tick, error) {
	s.w.called("RunTick %s %s", a.User, id)
	return bcn.Tick{ID: id}, nil
}

func (s *schedules) PauseTick(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) (commands.ScheduleView, error) {
	s.w.called("PauseTick %s %s", a.User, id)
	return s.w.schedules[0], nil
}

func (s *schedules) Calendar(_ context.Context, app string) (commands.CalendarView, error) {
	var v commands.CalendarView
	var entries []schedule.Entry
	for _, x := range s.w.schedules {
		in := x.Schedule
		spec, err := schedule.Parse(in.Spec, in.Zone, start)
		if err != nil || in.State != bcn.ScheduleActive || app != "" && !strings.Contains(in.Command, " "+app+" ") {
			continue
		}
		subject := in.ID.String()
		if strings.Contains(in.Command, "hello staging") {
			subject = "hello/staging"
		}
		entries = append(entries, schedule.Entry{ID: subject, Subject: subject, Spec: spec, Lasts: 10 * time.Minute})
		v.Of = append(v.Of, in)
	}
	v.Agenda = schedule.Calendar(entries, start, start.Add(7*24*time.Hour), schedule.Bounds{})
	return v, nil
}

// Zone is Tokyo for lee, and London for the others.
func (s *schedules) Zone(_ context.Context, user string) *time.Location {
	name := "Europe/London"
	if user == "U0LEAD" {
		name = "Asia/Tokyo"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// Digest answers what the world holds of the last week, and nothing of less.
func (s *schedules) Digest(_ context.Context, last time.Duration) ([]commands.DigestLine, error) {
	if last < 7*24*time.Hour {
		return nil, nil
	}
	return s.w.figures, nil
}

// someSchedules are one of each kind, in several states.
func someSchedules() []commands.ScheduleView {
	dana, admin := bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, bcn.Actor{Kind: bcn.Person, User: "U0ADMIN"}
	view := func(id bcn.ID, name, spec, zone, command string, owner bcn.Actor) commands.ScheduleView {
		in := bcn.Schedule{ID: id, Name: name, Spec: spec, Zone: zone, Command: command, Owner: owner, Channel: "C0DEPLOY", State: bcn.ScheduleActive, AddedAt: start, By: owner.User}
		in.Options = bcn.ScheduleOptions{OnConflict: bcn.ConflictSkip, OnMissed: "run_once"}
		v := commands.ScheduleView{Schedule: in}
		if parsed, err := schedule.Parse(spec, zone, start); err == nil {
			v.Means, v.Next = schedule.Describe(parsed), parsed.Upcoming(start, 3)
		}
		return v
	}
	begun, ended := start.Add(-7*time.Hour), start.Add(-7*time.Hour+125*time.Second)
	tick := func(id bcn.ID, state bcn.TickState, code bcn.Code, params ...string) bcn.Tick {
		return bcn.Tick{ID: id, At: begun, State: state, Code: code, Params: bcn.E(code, params...).Params, StartedAt: &begun, EndedAt: &ended}
	}
	nightly := view(1061, "nightly", "0 2 * * *", "Asia/Tokyo", "deploy hello staging latest", dana)
	nightly.Schedule.SkipAt, nightly.Schedule.Options.Announce = &nightly.Next[0], 10*time.Minute
	good, bad := tick(1071, bcn.TickSucceeded, ""), tick(1072, bcn.TickFailed, bcn.CodeRolloutFailed, "service", "web", "why", "unhealthy <!here>")
	good.Change, bad.Change, bad.By = 1040, 1039, "U0LEAD"
	skipped := tick(1073, bcn.TickSkipped, bcn.CodeSkippedBy, "by", "U0LEAD")
	skipped.StartedAt, skipped.By = nil, "U0LEAD"
	missed := tick(1074, bcn.TickSkipped, bcn.CodeMissed, "why", "too_old")
	nightly.Last = &good
	nightly.History = []commands.TickView{{Tick: good}, {Tick: bad}, {Tick: skipped}, {Tick: missed}}
	weekly := view(1062, "weekly", "0 15 * * 4", "Europe/London", "deploy hello production latest --reason weekly <!channel> *release*", dana)
	weekly.Schedule.Options = bcn.ScheduleOptions{AskBefore: 4 * time.Hour, OnConflict: bcn.ConflictQueue, OnMissed: "catch_up", Retries: 2, Timeout: 90 * time.Minute, Quiet: true}
	weekly.Gated = []string{"leads"}
	after := view(1063, "report", "", "UTC", "status hello staging", admin)
	after.Schedule.Options.After, after.Schedule.File, after.Last = "nightly", true, &bad
	still := view(1064, "old", "every 30m", "Europe/London", "status shop", admin)
	still.Schedule.State, still.Schedule.Why, still.Next = bcn.SchedulePaused, bcn.CodeOwnerGone, nil
	early := view(1065, "early", "55 16 * * 1-5", "UTC", "deploy hello staging v2", admin)
	return []commands.ScheduleView{nightly, weekly, after, still, early}
}
