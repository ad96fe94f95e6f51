package app

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/bcn-bot/bcn/internal/apply"
	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/ci"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/directory"
	"github.com/bcn-bot/bcn/internal/githubx"
	"github.com/bcn-bot/bcn/internal/grant"
	"github.com/bcn-bot/bcn/internal/login"
	"github.com/bcn-bot/bcn/internal/registry"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/source"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/text"
	"github.com/bcn-bot/bcn/internal/ticket"
	"github.com/bcn-bot/bcn/internal/vault"
)

// Options is what a bot is made of: the same for `bot serve` and `bot dev`.
type Options struct {
	Config  *config.Config
	Process *config.Process
	AWS     awsx.Options
	Log     *slog.Logger
	Pace    Pace
	Now     func() time.Time // for what is said of time; default time.Now
	// Registries reaches image registries other than ECR; nil: over the network.
	Registries http.RoundTripper
}

// Pace is how often things are looked at; the zero value is production's.
type Pace struct {
	AtOnce    bool          // open all sockets at the start
	Poll      time.Duration // of a running change; default 1 s
	Jobs      time.Duration // between two looks for jobs that are due; default 300 ms
	Reconcile time.Duration // default 5 s
	TrailLag  time.Duration // after which CloudTrail is taken to know of a call; default 15 min
	Orphaned  time.Duration // age of an inbox row that nobody runs; default 10 s
	Lease     time.Duration // default 15 s
	Unlimited bool          // Slack's published limits are left to Slack
	Settle    time.Duration // of a grant's sessions; default 15 s
	Look      time.Duration // at what a tick runs, beside being told; default 15 s
	Retry     time.Duration // before a tick's command is run again; default 1 min
	Page      time.Duration // how long closing access may take before people are called; default 30 s
}

func (p *Pace) fill() {
	for _, d := range []struct {
		at  *time.Duration
		def time.Duration
	}{{&p.Poll, time.Second}, {&p.Reconcile, 5 * time.Second}, {&p.Orphaned, 10 * time.Second}, {&p.Lease, 15 * time.Second}, {&p.TrailLag, trailLag}} {
		if *d.at == 0 {
			*d.at = d.def
		}
	}
}

// App is a wired bot.
type App struct {
	o         Options
	log       *slog.Logger
	store     *store.Store
	api       *slackbot.API
	bot       *slackbot.Bot
	registry  *commands.Registry
	deploy    *deploy.Service
	grant     *grant.Service
	scheduler *scheduler.Service
	ci        *ci.Service
	login     *login.Service
	aws       *awsx.AWS
	trailPace *rate.Limiter
	apply     *apply.Apply
	github    *githubx.Client
	vault     *vault.Client // nil: no team is decided by it
	dir       *directory.Directory
	card      *card.Presenter
	text      *text.Catalogue
	metrics   *metrics
	httpAddr  string // where serveHTTP listens
	steps     []step
	// githubQuiet is when GitHub or Vault last did not tell a card who may approve.
	githubQuiet atomic.Pointer[time.Time]
}

// step is something that was started and must be stopped.
type step struct {
	name string
	stop func(context.Context) error
}

// New connects and wires. It fails with a sentence for the operator where the
// database, Slack or the configuration is not usable.
func New(ctx context.Context, o Options) (*App, error) {
	o.Pace.fill()
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &App{o: o, log: o.Log}
	a.githubQuiet.Store(&time.Time{})
	if err := a.wire(ctx); err != nil {
		return nil, errors.Join(err, a.stop())
	}
	return a, nil
}

func (a *App) wire(ctx context.Context) error {
	p := a.o.Process
	if err := store.Migrate(ctx, p.MigrateDatabaseURL.Reveal(), p.DatabaseURL.Reveal(), a.log); err != nil {
		return err
	}
	key := audit.Key(p.Key.Reveal())
	var err error
	if a.store, err = store.Open(ctx, store.Options{URL: p.DatabaseURL.Reveal(), Key: key, Log: a.log, Lease: a.o.Pace.Lease, Jobs: a.o.Pace.Jobs}); err != nil {
		return err
	}
	a.onStop("database", func(context.Context) error { a.store.Close(); return nil })
	if a.text, err = text.New(text.WithCommand(a.o.Config.Slack.Command)); err != nil {
		return err
	}
	a.metrics = newMetrics()
	if err := a.wireSlack(ctx); err != nil {
		return err
	}
	if err := a.wireDeploy(ctx, key); err != nil {
		return err
	}
	if err := a.sawRules(ctx); err != nil {
		return fmt.Errorf("compare the rules with those of the last start: %w", err)
	}
	a.bot = slackbot.New(a.slackSide())
	return nil
}

func (a *App) wireSlack(ctx context.Context) error {
	p, c := a.o.Process, a.o.Config
	a.api = slackbot.NewAPI(slackbot.APIOptions{
		BotToken: p.SlackBotToken.Reveal(), AppToken: p.SlackAppToken.Reveal(), URL: p.SlackAPIURL,
		Unlimited: a.o.Pace.Unlimited,
	})
	if _, err := a.api.Identify(ctx); err != nil {
		return fmt.Errorf("ask Slack who the bot is: %w", err)
	}
	var err error
	a.github, err = githubx.New(githubx.Options{
		URL: p.GitHubAPIURL, Token: p.GitHubToken.Reveal(),
		AppID: p.GitHubAppID, PrivateKey: []byte(p.GitHubAppPrivateKey.Reveal()),
	})
	if err != nil {
		return err
	}
	if err := a.wireVault(ctx); err != nil {
		return err
	}
	a.dir = directory.New(directory.Options{Teams: c.Teams, People: c.People, Slack: a.api, GitHub: a.github, Vault: a.vaultSide(), Links: a.store})
	return nil
}

func (a *App) wireDeploy(ctx context.Context, key audit.Key) error {
	c := a.o.Config
	aws, err := awsx.New(ctx, a.o.AWS)
	if err != nil {
		return err
	}
	installation, err := a.store.Installation(ctx)
	if err != nil {
		return err
	}
	a.aws, a.trailPace = aws, newTrailPace()
	a.apply = apply.New(aws, apply.Options{AccessInput: accessOf(c)})
	a.card = card.New(card.Options{
		Text: a.text, Lang: c.Language, Approvals: c.Slack.Channels.Approvals,
		Announce: c.Slack.Channels.Announce, Security: c.Slack.Channels.Security, ChannelOf: a.channelOf,
	})
	sources := source.New(source.Options{Root: c.Sources.Root, Allow: c.Sources.GitHub, GitHub: a.github})
	self := a.api.Self()
	judge := authz.New(authz.Options{
		Rules: c.Rules, People: a.api, Teams: a.dir, Oncall: a.oncall(), Persons: c.People, Links: a.store,
		Workspace: authz.Workspace{Team: self.Team, Enterprise: self.Enterprise},
	})
	rails, err := guardrails(c)
	if err != nil {
		return err
	}
	images := registry.New(aws, registry.Options{Transport: a.o.Registries})
	a.deploy = deploy.New(deploy.Options{
		Guardrails: rails,
		Store:      a.store, Refusals: a.store, Channels: a.api, Speaker: a.card, Sources: sources, Authz: judge, Members: a.dir,
		Tickets: ticket.New(ticket.Options{Token: a.o.Process.TicketToken, People: c.People, Log: a.log}),
		Images:  images, Scans: images, References: a.apply, Rules: a.apply, Stacks: a.apply, Fleet: a.apply, Traffic: a.apply, Tasks: apply.Oneoffs{Apply: a.apply}, Secrets: a.apply, Districts: a.apply,
		Log: a.log, Installation: installation, ExternalID: ExternalID(key), Tags: tagMap(c), Grants: grants(c), FileSystems: fileSystems(c),
		Approvals: c.Slack.Channels.Approvals, Announce: c.Slack.Channels.Announce, Poll: a.o.Pace.Poll, Renew: a.o.Pace.Lease / 3,
	})
	a.grant = grant.New(grant.Options{
		Store: a.store, AWS: a.apply, Changes: a.deploy, Authz: judge, Speaker: a.card, Log: a.log, Installation: installation,
		Port: databases(c), Key: c.Access.Key, LogGroup: c.Access.LogGroup, Administrators: administrators, Poll: a.o.Pace.Poll,
		Settle: a.o.Pace.Settle, Page: a.o.Pace.Page,
	})
	a.deploy.Access = a.grant
	a.scheduler = scheduler.New(scheduler.Options{
		Store: a.store, Runner: runner{a}, Authz: judge, Cancel: a.deploy, Channels: a.api, Refusals: a.store, Speaker: a.card,
		Log: a.log, Administrators: administrators, Zone: a.zone, Poll: a.o.Pace.Look, Retry: a.o.Pace.Retry,
		Renew: a.o.Pace.Lease / 3,
	})
	a.ci = ci.New(ci.Options{
		Store: a.store, Changes: a.deploy, Who: who{a}, Refusals: a.deploy, Speaker: a.card, Log: a.log, Poll: a.o.Pace.Poll,
		Channel: cmp.Or(c.Slack.Channels.Announce, c.Slack.Channels.Approvals),
	})
	a.login = login.New(login.Options{
		Store: a.store, GitHub: a.github, Authz: judge, Speaker: a.card, People: c.People, ClientID: a.o.Process.GitHubClientID, Log: a.log,
	})
	a.registry = commands.New(commands.Options{
		Logins: a.login, Deciders: a.deploy, Cards: links{a},
		Text: a.text, Changes: a.deploy, Access: a.grant, Secrets: a.deploy, Tokens: a.ci, Schedules: a.scheduler, Holds: a.deploy, Deputies: a.deploy, Figures: figures{a}, Reads: a.store, Guardrails: a.deploy, Drifts: drifts{a}, AuditLog: auditLog{a}, Early: a.early,
		Lang: c.Language, Announce: c.Slack.Channels.Announce, Live: live{a}, Logs: logs{a}, FileTasks: logs{a}, Who: who{a},
		Links: links{a}, Command: c.Slack.Command, Now: a.o.Now,
	})
	return nil
}

// ExternalID makes a district's external id from BCN_KEY, so that `bot iam`
// can print it before anything is stored, and only who holds the key knows it.
func ExternalID(key audit.Key) func(string) string {
	return func(district string) string {
		return hex.EncodeToString(key.MAC("external-id", []byte(district))[:16])
	}
}

func tagMap(c *config.Config) map[string]string {
	out := map[string]string{}
	for _, t := range c.Tags {
		out[t.Key] = t.Value
	}
	return out
}

func grants(c *config.Config) []render.Grant {
	var out []render.Grant
	for _, g := range c.Secrets {
		out = append(out, render.Grant{App: g.App, Path: g.Path})
	}
	return out
}

func fileSystems(c *config.Config) []render.FileSystemGrant {
	var out []render.FileSystemGrant
	for _, g := range c.Volumes {
		out = append(out, render.FileSystemGrant{App: g.App, FileSystem: g.FileSystem})
	}
	return out
}

func (a *App) onStop(name string, f func(context.Context) error) {
	a.steps = append(a.steps, step{name, f})
}

// stopWithin is how long everything together may take to stop.
const stopWithin = 20 * time.Second

// stop undoes what was started, last in, first out.
func (a *App) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	for i := len(a.steps) - 1; i >= 0; i-- {
		if err := a.steps[i].stop(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, fmt.Errorf("stop %s: %w", a.steps[i].name, err))
		}
	}
	a.steps = nil
	return errors.Join(errs...)
}
