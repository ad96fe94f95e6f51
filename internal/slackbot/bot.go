package slackbot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// Options say how the bot listens and speaks.
type Options struct {
	API      *API
	Inbox    Inbox
	Handler  Handler
	Modals   Modals // nil: no command opens a window
	Homes    Homes  // nil: the app has no page of its own
	Outbox   Outbox
	Refusals Refusals // nil: what is refused at the door is in the process's log alone
	Text     *text.Catalogue

	Language string // for people whose locale is not known, and for channels; empty: en
	Sockets  int    // 0: 2
	// Stagger is the least and the most time between the first socket and the
	// second, so that Slack never refreshes both at once; zero: 10 to 40
	// minutes. AtOnce opens all of them when the bot starts.
	Stagger [2]time.Duration
	AtOnce  bool
	// Storm: a socket that lives shorter counts as a failure; 0: 1 minute.
	Storm time.Duration

	Handlers int           // requests run at once; 0: 16
	Drain    time.Duration // how long running requests are waited for at the end; 0: 10 s
	Hooks    Hooks
	Log      *slog.Logger
}

// maxWaiting bounds the requests that wait in memory for a handler.
const maxWaiting = 1024

// Bot listens on sockets, runs what people ask for, and empties the outbox.
type Bot struct {
	opts   Options
	api    *API
	log    *slog.Logger
	health *health
	routes *routes
	views  *views
	homes  *homes

	// background outlives Run's context by the time that draining takes.
	background context.Context //nolint:containedctx // the life of what envelopes started, ended by Run
	work       chan chat.Request
	envelopes  sync.WaitGroup
}

// New makes a bot; Run starts it.
func New(o Options) *Bot {
	if o.Language == "" {
		o.Language = text.English
	}
	if o.Sockets == 0 {
		o.Sockets = 2
	}
	if o.Stagger == [2]time.Duration{} {
		o.Stagger = [2]time.Duration{10 * time.Minute, 40 * time.Minute}
	}
	if o.AtOnce {
		o.Stagger = [2]time.Duration{}
	}
	if o.Storm == 0 {
		o.Storm = time.Minute
	}
	if o.Handlers == 0 {
		o.Handlers = 16
	}
	if o.Drain == 0 {
		o.Drain = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Hooks = o.Hooks.fill()
	return &Bot{
		opts: o, api: o.API, log: o.Log, health: newHealth(o.API.now, o.Hooks), routes: newRoutes(o.API.now), views: newViews(o.API.now), homes: newHomes(),
		background: context.Background(), work: make(chan chat.Request, maxWaiting),
	}
}

// Run listens and speaks until ctx ends; then it closes its sockets, finishes
// what it took, and answers nil. It may be called once. It fails with a
// FatalError where Slack will not have the bot, such as for a bad token.
func (b *Bot) Run(ctx context.Context) error {
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	b.background = background
	if b.api.Self().Team == "" {
		if err := b.identify(ctx); err != nil {
			return err
		}
	}
	var handlers sync.WaitGroup
	for range b.opts.Handlers {
		handlers.Go(b.worker)
	}
	sending, stop := context.WithCancel(background)
	var speaking sync.WaitGroup
	speaking.Go(func() { newSender(b).run(sending) })
	if b.opts.Homes != nil {
		speaking.Go(func() { b.homing(sending) })
	}

	listen := &supervisor{
		api: b.api, log: b.log, slots: b.opts.Sockets, stagger: b.opts.Stagger, storm: b.opts.Storm,
		deliver: b.deliver, health: b.health, greeted: make(chan struct{}),
	}
	err := listen.run(ctx)

	// Nothing arrives any more. What was taken is finished, within Drain.
	late := time.AfterFunc(b.opts.Drain, end)
	defer late.Stop()
	b.envelopes.Wait()
	close(b.work)
	handlers.Wait()
	b.envelopes.Wait() // answers that handlers started
	stop()
	speaking.Wait()
	return err
}

// identify asks who the bot is until Slack answers, or refuses for good.
func (b *Bot) identify(ctx context.Context) error {
	for {
		_, err := b.api.Identify(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the bot was asked to end before it began
		}
		if remedy, fatal := fatalReasons[reason(err)]; fatal {
			if reason(err) == "invalid_auth" || reason(err) == "not_authed" || reason(err) == "not_allowed_token_type" {
				remedy = "the bot token is not good; check SLACK_BOT_TOKEN (xoxb-...)"
			}
			return &FatalError{Reason: reason(err), Remedy: remedy}
		}
		b.log.Error("slack does not answer", "error", err)
		if sleep(ctx, 5*time.Second) != nil {
			return nil //nolint:nilerr // the same
		}
	}
}

// Health says how the connection stands.
func (b *Bot) Health() Health { return b.health.read() }

// Ready answers an error where the bot has had no socket for longer than
// grace, unless it goes on as a worker.
func (b *Bot) Ready(grace time.Duration) error {
	h := b.Health()
	if h.Sockets > 0 || h.Worker {
		return nil
	}
	if down := b.api.now().Sub(h.Since); down > grace {
		return fmt.Errorf("no socket to Slack for %s", down.Round(time.Second))
	}
	return nil
}
