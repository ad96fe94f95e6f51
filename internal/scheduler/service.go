package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/schedule"
)

// Canceller stops what a tick asked for when it takes too long.
// *deploy.Service implements it.
type Canceller interface {
	Withdraw(ctx context.Context, id bcn.ID, code bcn.Code, params map[string]string) error
}

// Channels checks that bcn can post where a schedule reports.
type Channels interface {
	CanPost(ctx context.Context, channel string) error
}

// Options is what a Service needs.
type Options struct {
	Store    Store
	Runner   Runner
	Authz    *authz.Authorizer
	Cancel   Canceller
	Channels Channels
	Refusals deploy.Refusals
	Speaker  Speaker
	Log      *slog.Logger

	// Administrators is the team whose members may change any schedule.
	Administrators string
	// Zone answers a person's time zone; nil: UTC.
	Zone func(ctx context.Context, user string) *time.Location

	AskBefore time.Duration // how long before a tick approval is asked where nobody said; default 4 h
	Poll      time.Duration // between two looks at what runs, beside being told; default 15 s
	Retry     time.Duration // before a command that failed is run again; default 1 min
	Renew     time.Duration // between two renewals of a lease; default 5 s, a third of the lease
	ParkAfter int           // failed steps in a row; default 20
}

// Service is the engine of scheduled work.
type Service struct{ Options }

// New makes a Service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Renew == 0 {
		o.Renew = 5 * time.Second
	}
	if o.ParkAfter == 0 {
		o.ParkAfter = 20
	}
	for at, def := range map[*time.Duration]time.Duration{&o.AskBefore: 4 * time.Hour, &o.Poll: 15 * time.Second, &o.Retry: time.Minute} {
		if *at == 0 {
			*at = def
		}
	}
	return &Service{o}
}

// wakeAtOnce bounds how many schedules one transaction wakes.
const wakeAtOnce = 100

// Wake makes the ticks whose time has come, and says how many schedules it woke.
func (s *Service) Wake(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := s.Store.WakeSchedules(ctx, wakeAtOnce, s.next)
		total += n
		if err != nil || n < wakeAtOnce {
			return total, err
		}
	}
}

// next decides which ticks of a schedule come into being now, and when it is
// looked at again. What can no longer be read wakes nobody again.
func (s *Service) next(sch bcn.Schedule, now time.Time) (Woken, error) {
	spec, err := specOf(sch)
	if err != nil || sch.NextAt == nil {
		s.Log.Error("a stored schedule cannot be read", "schedule", int64(sch.ID), "name", sch.Name, "error", err)
		return Woken{}, nil
	}
	var w Woken
	from := *sch.NextAt
	if from.After(now) { // it wakes ahead of its tick
		w.Ticks = append(w.Ticks, Planned{At: from})
	} else {
		due := schedule.Missed(spec, from.Add(-time.Minute), now, schedule.Policy{Mode: schedule.OnMissed(sch.Options.OnMissed)})
		for _, at := range due.Run {
			w.Ticks = append(w.Ticks, Planned{At: at})
		}
		if n := len(due.Skipped); n > 0 && len(due.Run) == 0 { // the last of them tells it
			w.Ticks = append(w.Ticks, Planned{At: due.Skipped[n-1].At})
			due.Skipped = due.Skipped[:n-1]
		}
		for _, x := range due.Skipped {
			w.Ticks = append(w.Ticks, Planned{At: x.At, Skip: bcn.CodeMissed, Why: string(x.Why)})
		}
		from = now
	}
	w.NextAt, w.WakeAt = upcoming(spec, sch.Options, from)
	return w, nil
}

// upcoming is a schedule's next tick after a time, and when it wakes for it.
func upcoming(spec schedule.Spec, o bcn.ScheduleOptions, after time.Time) (next, wake *time.Time) {
	at, ok := spec.Next(after)
	if !ok {
		return nil, nil
	}
	at = at.UTC()
	w := schedule.Wake(at, o.AskBefore, o.Announce).UTC()
	return &at, &w
}

// specOf reads a stored schedule. One that follows another has no ticks of its
// own.
func specOf(sch bcn.Schedule) (schedule.Spec, error) {
	if sch.Options.After != "" {
		return schedule.Spec{}, nil
	}
	return schedule.Parse(sch.Spec, sch.Zone, sch.AddedAt)
}
