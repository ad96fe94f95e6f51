package app

import (
	"cmp"
	"context"
	"encoding/base64"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/config"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localpagerduty "github.com/bcn-bot/bcn/internal/local/pagerduty"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

var pg storetest.Cluster

// TestMain runs the tests, or the bot of a crash test, which is this binary
// again.
func TestMain(m *testing.M) {
	if os.Getenv(killAt) != "" {
		os.Exit(victim())
	}
	// The worlds wait more than they compute: more of them than processors.
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(max(6, 2*runtime.NumCPU()))); err != nil {
		panic(err)
	}
	os.Exit(pg.Main(m))
}

// patience bounds every wait of a test; what is waited for is signalled. Where
// guards are taken away a test waits in vain, and BCN_TEST_PATIENCE says how long.
var patience = cmp.Or(patienceAsked(), 2*time.Minute)

func patienceAsked() time.Duration {
	d, err := time.ParseDuration(os.Getenv("BCN_TEST_PATIENCE"))
	if err != nil {
		return 0
	}
	return d
}

// world is a whole bcn for one test: a database of its own, the local Slack,
// AWS and GitHub over the wire, and one or more replicas of the bot.
type world struct {
	t      *testing.T
	slack  *localslack.Workspace
	aws    *localaws.Server
	github *localgithub.Server
	pager  *localpagerduty.Server // nil: there is none
	app    string                 // DATABASE_URL
	owner  string
	config string // bot.yaml
	log    *syncBuffer
}

// syncBuffer collects log lines of several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// quick is a cluster whose rollouts take about a second.
func quick() cluster.Speed {
	const step = 30 * time.Millisecond
	return cluster.Speed{
		Scheduler: step, Provision: step, Pull: step, Activate: step, Stop: step, Deprovision: step,
		Settle: step, LoadBalancer: step, Health: 0.01,
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{t: t, config: worldConfig(), log: &syncBuffer{}}
	w.app, w.owner = pg.Database(t)
	var err error
	if w.slack, err = localslack.New(localslack.Options{Limits: map[string]localslack.Limit{}}); err != nil {
		t.Fatal(err)
	}
	w.start("slack", w.slack.Start(ctx, "127.0.0.1:0"), w.slack.Close)
	w.aws, err = localaws.New(localaws.Options{Sample: true, Speed: quick(), ChangeSetTime: 20 * time.Millisecond, Poll: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	w.start("aws", w.aws.Start(ctx, "127.0.0.1:0"), w.aws.Close)
	w.github = localgithub.New(localgithub.Options{})
	w.start("github", w.github.Start("127.0.0.1:0"), w.github.Close)
	return w
}

// in is the world for a subtest: failures are the subtest's.
func (w *world) in(t *testing.T) *world {
	c := *w
	c.t = t
	return &c
}

func (w *world) start(name string, err error, stop func() error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("start %s: %v", name, err)
	}
	w.t.Cleanup(func() {
		if err := stop(); err != nil {
			w.t.Errorf("stop %s: %v", name, err)
		}
	})
}

// environment is what a bot of this world is started with.
func (w *world) environment() map[string]string {
	env := map[string]string{
		"SLACK_BOT_TOKEN": w.slack.BotToken(), "SLACK_APP_TOKEN": w.slack.AppToken(), "SLACK_API_URL": w.slack.APIURL(),
		"DATABASE_URL": w.app, "MIGRATE_DATABASE_URL": w.owner, "BCN_KEY": base64.StdEncoding.EncodeToString(storetest.Key),
		"GITHUB_TOKEN": w.github.Token(), "GITHUB_API_URL": w.github.URL(), "GITHUB_CLIENT_ID": localgithub.ClientID, "BCN_HTTP_ADDR": "127.0.0.1:0",
		"AWS_ENDPOINT_URL": w.aws.URL(), "AWS_REGION": localaws.DefaultRegion,
		"TEST_CONFIG": w.config, "TEST_ROOT": w.root(),
	}
	if w.pager != nil {
		env["PAGERDUTY_TOKEN"], env["PAGERDUTY_API_URL"] = w.pager.Token(), w.pager.URL()
	}
	return env
}

// pagerDuty is a PagerDuty by which nobody is on call (yet).
func (w *world) pagerDuty() {
	w.t.Helper()
	w.pager = localpagerduty.New(localpagerduty.Options{})
	w.start("pagerduty", w.pager.Start("127.0.0.1:0"), w.pager.Close)
	w.pager.SetSchedule(devSchedule)
}

// worldConfig is the sample's bot.yaml without the team of which Vault decides:
// a world has no Vault, without which no bot starts that has such a team.
func worldConfig() string {
	keepers := regexp.MustCompile(`(?m)^  keepers:.*\n    vault_policy:.*\n|^  - { allow: \[keepers\].*\n`)
	return keepers.ReplaceAllString(string(devConfig), "")
}

// replica makes the options of a bot from the environment of a world.
func replica(getenv func(string) string, log io.Writer) (Options, error) {
	p, wrong := config.FromEnv(getenv, os.ReadFile)
	if len(wrong) > 0 {
		return Options{}, problems(wrong)
	}
	c, wrong := config.Load("bot.yaml", []byte(getenv("TEST_CONFIG")), config.Options{})
	if len(wrong) > 0 {
		return Options{}, problems(wrong)
	}
	c.Sources.Root = getenv("TEST_ROOT")
	return Options{
		Config: c, Process: p, Log: NewLog(log, p.LogLevel),
		AWS: awsx.Options{Region: p.AWSRegion, Endpoint: p.AWSEndpointURL, Isolated: true, MaxBackoff: 200 * time.Millisecond},
		Pace: Pace{
			AtOnce: true, Unlimited: true, Poll: 50 * time.Millisecond, Jobs: 60 * time.Millisecond, Reconcile: 300 * time.Millisecond,
			Orphaned: time.Second, Lease: 2 * time.Second, Look: 300 * time.Millisecond, Retry: 300 * time.Millisecond,
		},
	}, nil
}

// bot starts a replica and answers how to stop it.
func (w *world) bot() (a *App, stop func()) {
	w.t.Helper()
	env := w.environment()
	o, err := replica(func(name string) string { return env[name] }, w.log)
	if err != nil {
		w.t.Fatal(err)
	}
	if a, err = New(w.t.Context(), o); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("bot: %v", err)
		}
	})
	w.t.Cleanup(stop)
	w.connected()
	return a, stop
}

// connected waits until a bot listens.
func (w *world) connected() {
	w.t.Helper()
	if err := w.slack.WaitFor(w.deadline(), func() bool { return w.slack.Sockets() > 0 }); err != nil {
		w.t.Fatalf("%v\n%s", err, w.log)
	}
}

// root is the repository, below which examples/hello is.
func (w *world) root() string {
	w.t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		w.t.Fatal(err)
	}
	return dir
}

func (w *world) deadline() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

// setUp registers the sample app as an administrator would.
func (w *world) setUp(more ...string) {
	w.t.Helper()
	w.type1(append(w.aws.SampleCommands(), more...)...)
}

// type1 types commands as an administrator, each when the one before is done.
func (w *world) type1(commands ...string) {
	w.t.Helper()
	d := &Dev{Slack: w.slack, AWS: w.aws}
	for _, command := range commands {
		if err := d.type1(w.t.Context(), command); err != nil {
			w.t.Fatalf("%s: %v\n%s", command, err, w.log)
		}
	}
}

// slash types a command and answers what rode on the acknowledgement.
func (w *world) slash(user, channel, text string) string {
	w.t.Helper()
	r, err := w.slack.Slash(w.deadline(), user, channel, text)
	if err != nil || r.Error != "" {
		w.t.Fatalf("/bcn %s: %v %s", text, err, r.Error)
	}
	if r.Message != nil {
		return r.Message.Text + shown(*r.Message)
	}
	return ""
}

// shown is all text of a message, blocks too.
func shown(m localslack.Message) string { return m.Text + " " + m.Shown() }

// card waits for the newest card in the channel that shows all the words.
func (w *world) card(channel string, words ...string) localslack.Message {
	w.t.Helper()
	return w.wait(func(m localslack.Message) bool {
		return m.Channel == channel && m.Thread == "" && m.EphemeralTo == "" && m.FromBot() && all(shown(m), words)
	}, "a card with "+strings.Join(words, ", "))
}

// inThread waits for a message in a thread.
func (w *world) inThread(card localslack.Message, words ...string) localslack.Message {
	w.t.Helper()
	return w.wait(func(m localslack.Message) bool {
		return m.Channel == card.Channel && m.Thread == card.TS && all(shown(m), words)
	}, "in the thread: "+strings.Join(words, ", "))
}

// told waits for what only the user sees.
func (w *world) told(user string, words ...string) localslack.Message {
	w.t.Helper()
	return w.wait(func(m localslack.Message) bool { return m.EphemeralTo == user && all(shown(m), words) },
		user+" is told: "+strings.Join(words, ", "))
}

func (w *world) wait(match func(localslack.Message) bool, what string) localslack.Message {
	w.t.Helper()
	m, err := w.slack.Wait(w.deadline(), match)
	if err != nil {
		w.t.Fatalf("waiting for %s: %v\n%s\n%s", what, err, w.everything(), w.log)
	}
	return m
}

func all(s string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(s, word) {
			return false
		}
	}
	return true
}

// everything is what the channels hold, for a failing test.
func (w *world) everything() string {
	var b strings.Builder
	for _, c := range []string{"C0DEPLOYS", "C0APPROVE", "C0DEPLOY"} {
		for _, m := range w.slack.Messages(c) {
			b.WriteString(c + " " + m.TS + " " + m.Thread + " " + m.EphemeralTo + ": " + m.Text + "\n")
		}
	}
	return b.String()
}

// press clicks the button with the action on a message.
func (w *world) press(user string, m localslack.Message, action string) {
	w.t.Helper()
	for _, b := range m.Buttons() {
		if strings.Contains(b.ActionID, ":"+action+":") {
			r, err := w.slack.Click(w.deadline(), user, m, b.ActionID)
			if err != nil || r.Error != "" {
				w.t.Fatalf("%s presses %s: %v %s", user, action, err, r.Error)
			}
			if action == "reject" { // a window asks why
				w.fills(user, w.window(user, "Why?"), "reason", "not now")
			}
			return
		}
	}
	w.t.Fatalf("no button %s on %s: %+v", action, m.Text, m.Buttons())
}

// open reads the world's database.
func (w *world) open() *store.Store {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), store.Options{URL: w.app, Key: storetest.Key, MaxConns: 4})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Close)
	return s
}
