package app

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/store"
)

// drifts finds out what was changed outside.
type drifts struct{ a *App }

var _ commands.Drifts = drifts{}

// Drift looks at the two stacks of a heritage.
func (l drifts) Drift(ctx context.Context, h bcn.Heritage) (deploy.DriftReport, error) {
	return l.ofHeritage(ctx, h, nil)
}

// AcceptDrift records that somebody accepts a difference.
func (l drifts) AcceptDrift(ctx context.Context, o deploy.Origin, actor bcn.Actor, h bcn.Heritage, mark string) (string, error) {
	return l.a.store.AcceptDrift(ctx, o, actor, h.Name, mark)
}

func (l drifts) ofHeritage(ctx context.Context, h bcn.Heritage, say func([]deploy.Drifted) []deploy.Note) (deploy.DriftReport, error) {
	report, err := l.look(ctx, h.District, func(bcn.District) ([]string, error) {
		return []string{h.BaseStack(), h.ServicesStack()}, nil
	})
	if err != nil {
		return report, err
	}
	return l.a.store.SawDrift(ctx, h.Name, report, say)
}

// DriftOfDistrict looks at the stack of a district that bcn made, and at those
// of its endpoints.
func (l drifts) DriftOfDistrict(ctx context.Context, name string) (deploy.DriftReport, error) {
	return l.ofDistrict(ctx, name, nil)
}

func (l drifts) ofDistrict(ctx context.Context, name string, say func([]deploy.Drifted) []deploy.Note) (deploy.DriftReport, error) {
	adopted, endpoints := false, map[string]string{} // by stack
	report, err := l.look(ctx, name, func(d bcn.District) ([]string, error) {
		var stacks []string
		if adopted = !d.Made(); !adopted {
			stacks = append(stacks, render.DistrictStack(name))
		}
		all, err := l.a.store.Endpoints(ctx)
		for _, e := range all {
			if e.District == name {
				endpoints[render.EndpointStack(e.Name)] = e.Name
				stacks = append(stacks, render.EndpointStack(e.Name))
			}
		}
		return stacks, err
	})
	if err != nil {
		return report, err
	}
	for i, d := range report.Resources {
		report.Resources[i].Endpoint = endpoints[d.Stack]
	}
	report.Adopted = adopted
	return l.a.store.SawDistrictDrift(ctx, name, report, say)
}

// AcceptDriftOfDistrict records that somebody accepts a difference.
func (l drifts) AcceptDriftOfDistrict(ctx context.Context, o deploy.Origin, actor bcn.Actor, name, mark string) (string, error) {
	return l.a.store.AcceptDistrictDrift(ctx, o, actor, name, mark)
}

func (l drifts) look(ctx context.Context, district string, of func(bcn.District) ([]string, error)) (deploy.DriftReport, error) {
	d, err := l.a.store.District(ctx, district)
	if err != nil {
		return deploy.DriftReport{}, err
	}
	stacks, err := of(d)
	if err != nil {
		return deploy.DriftReport{}, err
	}
	return l.a.apply.Drift(ctx, l.a.deploy.SystemTarget(d), stacks)
}

// early tells who asked that the answer takes its time. It is said again where
// another process has to answer.
func (a *App) early(ctx context.Context, o deploy.Origin, actor bcn.Actor, m chat.Message) {
	if o.Key == "" {
		return
	}
	r := chat.Request{Key: o.Key, Source: chat.FromMention, Channel: o.Channel, Thread: o.Thread, User: actor.User}
	if err := a.bot.Reply(ctx, r, m); err != nil {
		a.log.Warn("say that it takes its time", "key", o.Key, "error", err)
	}
}

// watchedEvery is how often it is looked for what the watch has to look at: the schedule only writes down that it is time.
const watchedEvery = 5 * time.Second

// watching looks for drift, at one app or district after the other: a look takes
// longer than a run of a schedule may.
func (a *App) watching(ctx context.Context) {
	tick := time.NewTicker(min(watchedEvery, a.o.Pace.Reconcile))
	defer tick.Stop()
	for {
		for ctx.Err() == nil {
			if more, err := a.watchOne(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("look for drift", "error", err)
				break
			} else if !more {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// watchOne looks at the app that has waited longest, or where none waits at the
// district. What cannot be looked at now, because it is being changed, is tried
// again a while later.
func (a *App) watchOne(ctx context.Context) (more bool, err error) {
	if h, err := a.store.TakeDriftLook(ctx); !errors.Is(err, store.ErrNotFound) {
		if err != nil {
			return false, err
		}
		report, err := drifts{a}.ofHeritage(ctx, h, a.announcing(h.Channel, func(fresh []deploy.Drifted) chat.Message { return a.registry.DriftFound(h, fresh) }))
		return true, a.watched(report, err, "heritage", h.Name, func() error { return a.store.DriftLookDone(ctx, h.Name) })
	}
	d, err := a.store.TakeDistrictDriftLook(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	report, err := drifts{a}.ofDistrict(ctx, d, a.announcing("", func(fresh []deploy.Drifted) chat.Message { return a.registry.DistrictDriftFound(d, fresh) }))
	return true, a.watched(report, err, "district", d, func() error { return a.store.DistrictDriftLookDone(ctx, d) })
}

// announcing tells what is new in the channel, or in that of announcements;
// where there is neither it says nothing, and what is new stays so.
func (a *App) announcing(channel string, words func([]deploy.Drifted) chat.Message) func([]deploy.Drifted) []deploy.Note {
	channel = cmp.Or(channel, a.o.Config.Slack.Channels.Announce)
	return func(fresh []deploy.Drifted) []deploy.Note {
		if channel == "" {
			return nil
		}
		return []deploy.Note{{Key: "drift", Role: deploy.RoleAnnounce, Channel: channel, Body: words(fresh)}}
	}
}

// watched ends a look that came to its end.
func (a *App) watched(report deploy.DriftReport, err error, what, name string, done func() error) error {
	if err != nil {
		a.log.Warn("look for drift", what, name, "error", err)
		return nil
	}
	a.log.Info("looked for drift", what, name, "resources", len(report.Resources))
	return done()
}
