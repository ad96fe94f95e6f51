package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bcn-bot/bcn/internal/apply"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/store"
)

// slackSide joins Slack's side and ours.
func (a *App) slackSide() slackbot.Options {
	return slackbot.Options{
		API: a.api, Inbox: a.store, Handler: handler{a}, Modals: handler{a}, Homes: handler{a}, Outbox: outbox{a}, Refusals: a.store, Text: a.text,
		Language: a.o.Config.Language, Sockets: a.o.Config.Slack.Sockets, AtOnce: a.o.Pace.AtOnce,
		Hooks: a.metrics.hooks(), Log: a.log,
	}
}

// Run works until ctx ends, and then stops everything. It fails where
// something cannot go on, such as a token that Slack refuses.
func (a *App) Run(ctx context.Context) error {
	err := a.run(ctx)
	return errors.Join(err, a.stop())
}

func (a *App) run(ctx context.Context) error {
	workers, err := a.store.StartWorkers(context.WithoutCancel(ctx), store.Handlers{
		Change: a.deploy.Tick,
		Follow: func(ctx context.Context, account, region string) (time.Duration, error) {
			return a.deploy.Following(ctx, a.store, a.apply, account, region)
		},
		Tick: a.scheduler.Tick,
		Watch: func(ctx context.Context) (time.Duration, error) {
			return a.deploy.Watching(ctx, a.o.Now(), a.store, apply.Oneoffs{Apply: a.apply})
		},
		Reap: func(ctx context.Context) (time.Duration, error) { return a.deploy.Reap(ctx, a.apply) },
	})
	if err != nil {
		return err
	}
	a.onStop("workers", workers.Stop)
	if err := a.serveHTTP(); err != nil {
		return err
	}
	if err := a.syncSchedules(ctx); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.bot.Run(ctx) })
	g.Go(func() error { a.reconciling(ctx); return nil })
	g.Go(func() error { a.waking(ctx); return nil })
	g.Go(func() error { a.loggingIn(ctx); return nil })
	g.Go(func() error { a.renewing(ctx); return nil })
	g.Go(func() error { a.watching(ctx); return nil })
	g.Go(func() error { a.anchoring(ctx); return nil })
	g.Go(func() error { a.comparing(ctx); return nil })
	g.Go(func() error { a.holding(ctx); return nil })
	a.log.Info("started", "workspace", a.api.Self().Team, "bot", a.api.Self().User)
	err = g.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// reconciling looks at the start and then every few seconds for what no job or
// process takes care of.
func (a *App) reconciling(ctx context.Context) {
	tick := time.NewTicker(a.o.Pace.Reconcile)
	defer tick.Stop()
	for {
		if err := a.reconcileOnce(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("reconcile", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// reconcileOnce kicks stranded changes and runs commands whose process died.
func (a *App) reconcileOnce(ctx context.Context) error {
	n, err := a.store.Reconcile(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		a.log.Info("reconciled", "jobs", n)
	}
	keys, err := a.store.OrphanedInbox(ctx, a.o.Pace.Orphaned)
	if err != nil {
		return fmt.Errorf("find orphaned commands: %w", err)
	}
	var g errgroup.Group
	g.SetLimit(4)
	for _, key := range keys {
		g.Go(func() error {
			a.runOrphan(ctx, key)
			return nil
		})
	}
	_ = g.Wait()   // each tells its own errors
	a.store.Wake() // messages whose time has come
	return errors.Join(a.remind(ctx), a.store.ForgetInbox(ctx), a.store.ForgetDrafts(ctx), a.store.ForgetTicks(ctx))
}

// orphanPatience bounds the run of one command whose process died, so that it
// does not hold up the others for long.
const orphanPatience = 20 * time.Second

func (a *App) runOrphan(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(ctx, orphanPatience)
	defer cancel()
	out := handler{a}.Handle(ctx, key)
	if !out.HasReply {
		return
	}
	if err := a.bot.Reply(ctx, out.Request, out.Reply); err != nil {
		a.log.Warn("reply to an orphaned command", "key", key, "error", err)
	}
}
