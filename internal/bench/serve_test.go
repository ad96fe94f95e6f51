package bench_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/app"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/config"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// served is `bot serve` as it is shipped, a process of its own, against local
// parts that take no time.
type served struct {
	slack *localslack.Workspace
	aws   *localaws.Server
	app   string // the database's address, for bcn
	owner string // the same, for the schema's owner
	pid   int
	calls chan localaws.CallRecord // what arrived at the local AWS
	asked tally                    // what was asked of the local Slack and AWS
}

// tally counts calls by their name.
type tally struct {
	mu    sync.Mutex
	calls map[string]int
}

func (t *tally) add(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls == nil {
		t.calls = map[string]int{}
	}
	t.calls[name]++
}

// so is what was counted until now.
func (t *tally) so() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.calls)
}

// serve builds the bot, fills its database with the statements, starts it, and
// waits for its sockets.
func serve(b *testing.B, statements ...string) *served {
	b.Helper()
	s := &served{calls: make(chan localaws.CallRecord, 1)}
	env := s.environment(b, statements...)
	s.start(b, env)
	s.connected(b)
	return s
}

// serveUnlimited runs the same bot in this process, at the same pace but for
// Slack's published limits, which it leaves to Slack, and this one has none.
func serveUnlimited(b *testing.B) *served {
	b.Helper()
	s := &served{calls: make(chan localaws.CallRecord, 1)}
	env := map[string]string{}
	for _, v := range s.environment(b) {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	process, wrong := config.FromEnv(func(name string) string { return env[name] }, os.ReadFile)
	if len(wrong) > 0 {
		b.Fatal(wrong)
	}
	c, err := app.ReadConfig("../app/dev.yaml")
	if err != nil {
		b.Fatal(err)
	}
	c.Sources.Root = root(b)
	a, err := app.New(b.Context(), app.Options{
		Config: c, Process: process, Log: app.NewLog(io.Discard, process.LogLevel), Pace: app.Pace{Unlimited: true},
		AWS: awsx.Options{Region: process.AWSRegion, Endpoint: process.AWSEndpointURL, Isolated: true},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(b.Context()))
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Errorf("the bot ended: %v", err)
		}
	})
	s.connected(b)
	return s
}

// environment starts all that a bot needs, and answers what it is started with.
func (s *served) environment(b *testing.B, statements ...string) []string {
	b.Helper()
	s.local(b)
	s.app, s.owner = pg.Database(b)
	fill(b, s.owner, statements...)
	github := localgithub.New(localgithub.Options{})
	if err := github.Start("127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { closed(b, github) })
	return []string{
		"SLACK_BOT_TOKEN=" + s.slack.BotToken(), "SLACK_APP_TOKEN=" + s.slack.AppToken(), "SLACK_API_URL=" + s.slack.APIURL(),
		"DATABASE_URL=" + s.app, "MIGRATE_DATABASE_URL=" + s.owner, "BCN_KEY=" + base64.StdEncoding.EncodeToString(storetest.Key),
		"GITHUB_TOKEN=" + github.Token(), "GITHUB_API_URL=" + github.URL(), "BCN_HTTP_ADDR=127.0.0.1:0", "BCN_LOG_LEVEL=error",
		"AWS_ENDPOINT_URL=" + s.aws.URL(), "AWS_REGION=" + localaws.DefaultRegion,
		"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=example",
	}
}

// connected waits for the bot's sockets.
func (s *served) connected(b *testing.B) {
	b.Helper()
	opening, stop := context.WithTimeout(b.Context(), 30*time.Second)
	defer stop()
	if err := s.slack.WaitFor(opening, func() bool { return s.slack.Sockets() > 0 }); err != nil {
		b.Fatal(err)
	}
}

// root is the repository, below which the sample is.
func root(b *testing.B) string {
	b.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		b.Fatal(err)
	}
	return dir
}

// local starts a Slack without limits and an AWS without delays.
func (s *served) local(b *testing.B) {
	b.Helper()
	var err error
	if s.slack, err = localslack.New(localslack.Options{Limits: map[string]localslack.Limit{}}); err != nil {
		b.Fatal(err)
	}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.add(path.Base(r.URL.Path))
		s.slack.Handler().ServeHTTP(w, r)
	}))
	s.slack.Attach(page.URL)
	b.Cleanup(func() {
		closed(b, s.slack)
		page.Close()
	})
	const step = time.Millisecond
	s.aws, err = localaws.New(localaws.Options{
		Sample: true, ChangeSetTime: step, Poll: step,
		Speed: cluster.Speed{
			Scheduler: step, Provision: step, Pull: step, Activate: step, Stop: step, Deprovision: step,
			Settle: step, LoadBalancer: step, Health: 0.01,
		},
		OnCall: func(r localaws.CallRecord) {
			s.asked.add(r.Action)
			if r.Action == "ExecuteChangeSet" {
				select {
				case s.calls <- r:
				default: // nobody waits for it
				}
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	// The context of a benchmark ends before its clean-up, and the bot stops there.
	if err := s.aws.Start(context.WithoutCancel(b.Context()), "127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { closed(b, s.aws) })
}

func closed(b *testing.B, c io.Closer) {
	b.Helper()
	if err := c.Close(); err != nil {
		b.Error(err)
	}
}

// start runs the shipped binary in the repository.
func (s *served) start(b *testing.B, env []string) {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "bot")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/bot")
	build.Dir, build.Env = root(b), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build the bot: %v\n%s", err, out)
	}
	var log bytes.Buffer
	bot := exec.CommandContext(context.WithoutCancel(b.Context()), binary, "serve", "--config", "internal/app/dev.yaml")
	bot.Dir, bot.Env, bot.Stderr = root(b), env, &log
	if err := bot.Start(); err != nil {
		b.Fatal(err)
	}
	s.pid = bot.Process.Pid
	b.Cleanup(func() {
		err := bot.Process.Signal(syscall.SIGTERM)
		if waited := bot.Wait(); err != nil || waited != nil {
			b.Errorf("the bot ended: %v %v\n%s", err, waited, log.String())
		}
	})
}

// resident answers how much memory the bot's process holds, in MiB, once it
// has been left alone for a while: all of it, and without what is a copy of the
// binary's file (0 where the system does not tell).
func (s *served) resident(b *testing.B) (all, own float64) {
	b.Helper()
	select {
	case <-time.After(15 * time.Second):
	case <-b.Context().Done():
	}
	if raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid)); err == nil {
		return mebibytes(b, strings.Fields(after(string(raw), "VmRSS:"))[0]), mebibytes(b, strings.Fields(after(string(raw), "RssAnon:"))[0])
	}
	out, err := exec.CommandContext(b.Context(), "ps", "-o", "rss=", "-p", strconv.Itoa(s.pid)).Output()
	if err != nil {
		b.Fatalf("ask ps for the bot's memory: %v", err)
	}
	return mebibytes(b, strings.TrimSpace(string(out))), 0
}

func after(s, mark string) string {
	_, rest, _ := strings.Cut(s, mark)
	return rest
}

func mebibytes(b *testing.B, kib string) float64 {
	b.Helper()
	n, err := strconv.ParseFloat(kib, 64)
	if err != nil {
		b.Fatalf("read the bot's memory: %v", err)
	}
	return n / 1024
}

// BenchmarkMemory shows what `bot serve` holds in memory when nobody asks it
// for anything, and while so many requests wait for a decision.
func BenchmarkMemory(b *testing.B) {
	for _, requests := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("pending=%d", requests), func(b *testing.B) {
			var statements []string
			if requests > 0 {
				statements = pending(requests)
			}
			s := serve(b, statements...)
			for b.Loop() {
				all, own := s.resident(b)
				b.ReportMetric(all, "MiB")
				b.ReportMetric(own, "own-MiB")
			}
			b.ReportMetric(0, "ns/op") // of waiting: says nothing
		})
	}
}
