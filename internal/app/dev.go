package app

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/config"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localpagerduty "github.com/bcn-bot/bcn/internal/local/pagerduty"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	localvault "github.com/bcn-bot/bcn/internal/local/vault"
	"github.com/bcn-bot/bcn/internal/pgdev"
)

//go:embed dev.yaml
var devConfig []byte

// devSchedule is the schedule of dev.yaml by which people are on call.
const devSchedule = "PDEVONCALL"

// setupChannel is where the sample app's setup is typed.
const setupChannel, administrator = "C0APPROVE", "U0ADMIN"

// Dev is everything local: PostgreSQL, Slack, AWS, GitHub and the bot.
type Dev struct {
	Slack  *localslack.Workspace
	AWS    *localaws.Server
	GitHub *localgithub.Server
	Pager  *localpagerduty.Server
	Vault  *localvault.Server
	App    *App
	steps  []step

	owner string       // address of the database as its owner
	clock sync.Mutex   // held while the clocks are moved
	ahead atomic.Int64 // how far they are ahead, a time.Duration

	byHands atomic.Int64 // how often something was changed past bcn
}

// DevOptions is what `bot dev` takes.
type DevOptions struct {
	Addr string // of the page
	Root string // dir: sources are below it
	Log  *slog.Logger
	Pace Pace
}

// RunDev starts everything local, registers the sample app, prints the page's
// address and works until ctx ends.
func RunDev(ctx context.Context, addr string, stdout, stderr io.Writer) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	level := slog.LevelWarn
	if os.Getenv("BCN_LOG_LEVEL") == "info" || os.Getenv("BCN_LOG_LEVEL") == "debug" {
		level = slog.LevelInfo
	}
	fmt.Fprintln(stdout, "bcn: starting PostgreSQL, a Slack workspace, an AWS account, GitHub and the bot, all local")
	d, err := NewDev(ctx, DevOptions{Addr: addr, Root: root, Log: NewLog(stderr, level), Pace: Pace{AtOnce: true}})
	if err != nil {
		return Outside(err)
	}
	fmt.Fprintf(stdout, "bcn: open %s\n", d.Slack.URL())
	setup := make(chan error, 1)
	go func() {
		err := d.Setup(ctx, stdout)
		if err != nil && ctx.Err() == nil {
			fmt.Fprintln(stderr, "bcn:", err)
		}
		setup <- err
	}()
	err = d.App.Run(ctx)
	if setupErr := <-setup; setupErr != nil && ctx.Err() == nil {
		err = errors.Join(err, setupErr)
	}
	return Outside(errors.Join(err, d.Close()))
}

// NewDev starts the local parts and wires a bot to them. AWS_*, SLACK_*,
// GITHUB_* and DATABASE_URL but the last are not read.
func NewDev(ctx context.Context, o DevOptions) (*Dev, error) {
	d := &Dev{}
	if err := d.start(ctx, o); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Dev) start(ctx context.Context, o DevOptions) error {
	var err error
	if d.Slack, err = localslack.New(localslack.Options{Controls: d.controls()}); err != nil {
		return err
	}
	d.onStop("slack", func(context.Context) error { return d.Slack.Close() })
	if err := d.Slack.Start(ctx, o.Addr); err != nil {
		return fmt.Errorf("%w (choose another address with --addr)", err)
	}
	if d.AWS, err = localaws.New(localaws.Options{Sample: true}); err != nil {
		return err
	}
	d.onStop("aws", func(context.Context) error { return d.AWS.Close() })
	if err := d.AWS.Start(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	if err := d.database(ctx); err != nil {
		return err
	}
	d.GitHub = localgithub.New(localgithub.Options{})
	d.onStop("github", func(context.Context) error { return d.GitHub.Close() })
	if err := d.GitHub.Start("127.0.0.1:0"); err != nil {
		return err
	}
	d.Pager = localpagerduty.New(localpagerduty.Options{})
	d.onStop("pagerduty", func(context.Context) error { return d.Pager.Close() })
	if err := d.Pager.Start("127.0.0.1:0"); err != nil {
		return err
	}
	d.Vault = localvault.New(localvault.Options{})
	d.onStop("vault", func(context.Context) error { return d.Vault.Close() })
	if err := d.Vault.Start("127.0.0.1:0"); err != nil {
		return err
	}
	if err := d.Vault.Sample(); err != nil {
		return err
	}
	d.Pager.SetSchedule(devSchedule) // nobody is on call, until a control says so
	p, err := d.process(ctx)
	if err != nil {
		return err
	}
	c, wrong := config.Load("dev.yaml", devConfig, config.Options{})
	if len(wrong) > 0 {
		return problems(wrong)
	}
	c.Sources.Root = o.Root
	d.App, err = New(ctx, Options{
		Config: c, Process: p, Log: o.Log, Pace: o.Pace,
		AWS: awsx.Options{Region: localaws.DefaultRegion, Endpoint: d.AWS.URL(), Isolated: true},
		Now: d.now, Registries: d.AWS.Registries(),
	})
	if err != nil {
		return err
	}
	d.owner = p.MigrateDatabaseURL.Reveal()
	return d.Advance(ctx, 0) // a database of one's own may have been left ahead
}

// process is the environment that the local parts make.
func (d *Dev) process(ctx context.Context) (*config.Process, error) {
	database := os.Getenv("DATABASE_URL")
	if database == "" {
		server, err := pgdev.Start(ctx, true)
		if err != nil {
			return nil, err
		}
		d.onStop("postgresql", func(context.Context) error { return server.Stop() })
		database = server.URL("postgres")
	}
	key, err := devKey()
	if err != nil {
		return nil, err
	}
	env := map[string]string{
		"SLACK_BOT_TOKEN": d.Slack.BotToken(), "SLACK_APP_TOKEN": d.Slack.AppToken(), "SLACK_API_URL": d.Slack.APIURL(),
		"DATABASE_URL": database, "BCN_KEY": key, "GITHUB_TOKEN": d.GitHub.Token(), "GITHUB_API_URL": d.GitHub.URL(), "GITHUB_CLIENT_ID": localgithub.ClientID,
		"BCN_HTTP_ADDR": "127.0.0.1:0", "PAGERDUTY_TOKEN": d.Pager.Token(), "PAGERDUTY_API_URL": d.Pager.URL(),
		"VAULT_ADDR": d.Vault.URL(), "VAULT_ROLE_ID": localvault.SampleRole, "VAULT_SECRET_ID": d.Vault.SampleSecret(),
	}
	p, wrong := config.FromEnv(func(name string) string { return env[name] }, os.ReadFile)
	if len(wrong) > 0 {
		return nil, problems(wrong)
	}
	return p, nil
}

// devKey makes and keeps a BCN_KEY: a database of one's own (DATABASE_URL)
// outlives the process, and its audit chain needs the same key.
func devKey() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the key: %w", err)
	}
	path := filepath.Join(dir, "bcn", "dev.key")
	if old, err := os.ReadFile(path); err == nil {
		return strings.TrimSpace(string(old)), nil
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	key := base64.StdEncoding.EncodeToString(raw)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make a place for the key: %w", err)
	}
	return key, os.WriteFile(path, []byte(key+"\n"), 0o600)
}

func (d *Dev) onStop(name string, f func(context.Context) error) {
	d.steps = append(d.steps, step{name, f})
}

// Close stops the local parts, last in, first out.
func (d *Dev) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	for i := len(d.steps) - 1; i >= 0; i-- {
		errs = append(errs, d.steps[i].stop(ctx))
	}
	d.steps = nil
	return errors.Join(errs...)
}

// Setup types what an administrator would type to register the sample app,
// each command when the one before is done, and deploys its first version.
func (d *Dev) Setup(ctx context.Context, stdout io.Writer) error {
	if err := d.Slack.WaitFor(ctx, func() bool { return d.Slack.Sockets() > 0 }); err != nil {
		return fmt.Errorf("wait for the bot's socket: %w", err)
	}
	typed := append(d.AWS.SampleCommands(), "/bcn deploy hello production v1")
	for i, command := range typed {
		if err := d.type1(ctx, command); err != nil {
			return fmt.Errorf("set up the sample app: %s: %w", command, err)
		}
		fmt.Fprintf(stdout, "bcn: %d/%d %s\n", i+1, len(typed), command)
	}
	fmt.Fprintf(stdout, "bcn: ready. At %s, as dana, in #deploys, type: /bcn deploy hello production v2\n", d.Slack.URL())
	fmt.Fprintf(stdout, "bcn: for a district of its own, press \"Apply roles\" at the top of the page, and type the command that it answers as ada\n")
	fmt.Fprintf(stdout, "bcn: for access, as olu: /bcn access hello production for 2m --reason incident; once lee approved it, in a terminal:\n"+
		"     AWS_ENDPOINT_URL=%s AWS_REGION=%s BCN_URL=http://%s bin/bot access open ID\n", d.AWS.URL(), localaws.DefaultRegion, d.App.httpAddr)
	return nil
}

// setupPatience bounds one command of the setup.
const setupPatience = 2 * time.Minute

func (d *Dev) type1(ctx context.Context, command string) error {
	ctx, cancel := context.WithTimeout(ctx, setupPatience)
	defer cancel()
	seen := map[string]bool{}
	for _, m := range d.Slack.Messages(setupChannel) {
		seen[m.TS] = true
	}
	reply, err := d.Slack.Slash(ctx, administrator, setupChannel, strings.TrimPrefix(command, "/bcn "))
	if err != nil {
		return err
	}
	if reply.Error != "" {
		return errors.New(reply.Error)
	}
	if reply.Message != nil {
		return errors.New(reply.Message.Text)
	}
	last, err := d.Slack.Wait(ctx, func(m localslack.Message) bool {
		return m.Channel == setupChannel && !seen[m.TS] && m.Thread == "" && (strings.Contains(m.Text, "✅") || failed(m.Text))
	})
	if err != nil {
		return err
	}
	if failed(last.Text) {
		return errors.New(last.Text)
	}
	return nil
}

// failed says that a card shows an end that is not success.
func failed(card string) bool {
	for _, mark := range []string{"❌", "⚪", "↩️", "🚨"} {
		if strings.Contains(card, mark) {
			return true
		}
	}
	return false
}
