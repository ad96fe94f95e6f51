package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/text"
)

// The commands of bcn's own schedules, which nobody can type.
const ownReminders, ownDigest, ownDrift, ownAudit = "bcn-reminders", "bcn-digest", "bcn-drift", "bcn-audit"

// ownSchedules are bcn's own: who must approve is reminded, a channel gets its
// figures once a week, and it is looked for drift.
func (a *App) ownSchedules(heritages []bcn.Heritage) []bcn.Schedule {
	system := bcn.Actor{Kind: bcn.System}
	quiet := bcn.ScheduleOptions{OnConflict: bcn.ConflictSkip, OnMissed: "run_once", Quiet: true}
	out := []bcn.Schedule{{Name: ownReminders, Spec: "every 15m", Zone: "UTC", Command: ownReminders, Owner: system, File: true, Options: quiet}}
	if watch := a.o.Config.Drift.Watch; watch != "" && watch != config.Off {
		out = append(out, bcn.Schedule{Name: ownDrift, Spec: watch, Zone: "UTC", Command: ownDrift, Owner: system, File: true, Options: quiet})
	}
	if at := a.o.Config.Audit.Reconcile; at != "" && at != config.Off {
		out = append(out, bcn.Schedule{Name: ownAudit, Spec: at, Zone: "UTC", Command: ownAudit, Owner: system, File: true, Options: quiet})
	}
	channels := []string{}
	for _, h := range heritages {
		channels = append(channels, cmp.Or(h.Channel, a.o.Config.Slack.Channels.Announce))
	}
	channels = append(channels, a.o.Config.Slack.Channels.Announce)
	slices.Sort(channels)
	for _, channel := range slices.Compact(channels) {
		if channel == "" {
			continue
		}
		name := ownDigest
		if channel != a.o.Config.Slack.Channels.Announce {
			name += "-" + strings.ToLower(channel)
		}
		out = append(out, bcn.Schedule{
			Name: name, Spec: "0 9 * * mon", Zone: "UTC", Command: ownDigest, Owner: system, Channel: channel, File: true, Options: quiet,
		})
	}
	return out
}

// runner runs what is scheduled: bcn's own commands, and those of people.
type runner struct{ a *App }

var _ scheduler.Runner = runner{}

// Check answers what a command would do; see scheduler.Runner.
func (r runner) Check(ctx context.Context, actor bcn.Actor, command string) (scheduler.Checked, error) {
	if actor.Kind == bcn.System {
		return scheduler.Checked{Verb: command}, nil
	}
	c, err := r.a.registry.Check(ctx, actor, command)
	return scheduler.Checked{Verb: c.Verb, App: c.App, Env: c.Env, District: c.District, Changes: c.Changes, Gated: c.Gated}, err
}

// RunAs runs a command; see scheduler.Runner.
func (r runner) RunAs(ctx context.Context, actor bcn.Actor, o deploy.Origin, command string) (chat.Message, bool, error) {
	switch {
	case actor.Kind != bcn.System:
		return r.a.registry.RunAs(ctx, actor, o, command)
	case command == ownReminders:
		return chat.Message{}, false, errors.Join(r.a.remind(ctx), r.a.store.RemindFollowUps(ctx, r.a.card.FollowUpReminder))
	case command == ownDigest:
		return r.a.digest(ctx, o.Channel)
	case command == ownAudit: // comparing does the rest, window by window
		return chat.Message{}, false, r.a.nightlyAudit(ctx)
	case command == ownDrift: // watching does it, step by step
		return chat.Message{}, false, r.a.store.LookForDrift(ctx)
	default:
		return chat.Message{}, false, bcn.E(bcn.CodeNotSchedulable, "verb", command)
	}
}

// digest is what a channel gets once a week: the figures of its apps, and in
// the channel of the announcements how often access was given and extended.
func (a *App) digest(ctx context.Context, channel string) (chat.Message, bool, error) {
	const week = 7 * 24 * time.Hour
	m, has, err := a.registry.Digest(ctx, channel, week)
	if err != nil || channel != a.o.Config.Slack.Channels.Announce {
		return m, has, err
	}
	g, err := a.store.GrantFigures(ctx, week)
	if err != nil || g.Grants == 0 {
		return m, has, err
	}
	line := a.text.Say(a.o.Config.Language, text.DigestAccess, text.Args{"grants": g.Grants, "opened": g.Opened, "extended": g.Extended})
	if !has {
		m.Text = line
	}
	m.Blocks = append(m.Blocks, chat.Block{Section: line})
	return m, true, nil
}

// figures reads what became of deploys.
type figures struct{ a *App }

// Digest answers the figures by app and environment; see commands.Figures.
func (f figures) Digest(ctx context.Context, last time.Duration) ([]commands.DigestLine, error) {
	all, err := f.a.store.Figures(ctx, last)
	out := make([]commands.DigestLine, 0, len(all))
	for _, x := range all {
		out = append(out, commands.DigestLine{App: x.App, Env: x.Env, Deploys: x.Deploys, Failed: x.Failed, Lead: x.Lead, Restore: x.Restore})
	}
	return out, err
}

// syncSchedules puts the schedules of bot.yaml and bcn's own into force. What
// is wrong with one is told, and does not stop bcn.
func (a *App) syncSchedules(ctx context.Context) error {
	heritages, err := a.store.Heritages(ctx)
	if err != nil {
		return err
	}
	all := append(schedulesOf(a.o.Config, a.api.Self().Team), a.ownSchedules(heritages)...)
	if err := a.scheduler.Sync(ctx, all); err != nil {
		a.log.Error("schedules of bot.yaml", "error", err)
	}
	return nil
}

// wakeEvery is how often it is looked for schedules whose time has come: one
// indexed query.
const wakeEvery = time.Second

// waking makes the ticks whose time has come.
func (a *App) waking(ctx context.Context) {
	tick := time.NewTicker(min(wakeEvery, a.o.Pace.Reconcile))
	defer tick.Stop()
	for {
		n, err := a.scheduler.Wake(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Error("wake schedules", "error", err)
		}
		if n > 0 {
			a.log.Info("schedules woke", "schedules", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// renderTick reads a run of a schedule and shows it.
func (a *App) renderTick(ctx context.Context, id bcn.ID) (chat.Message, error) {
	k, err := a.store.Tick(ctx, id)
	if err != nil {
		return chat.Message{}, err
	}
	v := scheduler.View{Tick: k}
	if v.Schedule, err = a.store.Schedule(ctx, k.Schedule); err != nil {
		return chat.Message{}, err
	}
	if k.Change != 0 {
		c, err := a.store.Change(ctx, k.Change)
		if err != nil {
			return chat.Message{}, err
		}
		v.Change = &c
		v.CardURL, _ = links{a}.Card(ctx, c.ID)
	}
	return a.card.Tick(v), nil
}

var _ scheduler.Speaker = (*card.Presenter)(nil)

// zone is a person's time zone, as Slack knows it.
func (a *App) zone(ctx context.Context, user string) *time.Location {
	p, err := a.api.Profile(ctx, user, zeroTime)
	if err != nil || p.TZ == "" {
		return time.UTC
	}
	z, err := time.LoadLocation(p.TZ)
	if err != nil {
		return time.UTC
	}
	return z
}
