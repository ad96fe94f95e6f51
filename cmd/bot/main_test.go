package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/store/storetest"
)

var pg storetest.Cluster

// asBot makes the test binary be the bot, so that tests start real processes.
const asBot = "BCN_TEST_AS_BOT"

func TestMain(m *testing.M) {
	if os.Getenv(asBot) != "" {
		main()
		return
	}
	os.Exit(pg.Main(m))
}

// patience bounds every wait; what is waited for is a line or an answer.
const patience = 90 * time.Second

// bot prepares a process with nothing of this one's environment.
func bot(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir = "../.."
	cmd.Env = append([]string{asBot + "=1", "HOME=" + os.TempDir(), "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true"}, env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// process is a bot that runs, and the lines that it printed.
type process struct {
	lines chan string
	log   *syncWriter
}

type syncWriter struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *syncWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *syncWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// start runs a bot until the test ends.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := bot(ctx, env, args...)
	p := &process{lines: make(chan string, 100), log: &syncWriter{}}
	cmd.Stderr = p.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		cancel()
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, context.Canceled) {
			t.Errorf("bot %s: %v", strings.Join(args, " "), err)
		}
	})
	return p
}

// line waits for the next line that the process prints.
func (p *process) line(t *testing.T) string {
	t.Helper()
	select {
	case l, ok := <-p.lines:
		if !ok {
			t.Fatalf("the process ended: %s", p.log)
		}
		return l
	case <-time.After(patience):
		t.Fatalf("no line: %s", p.log)
	}
	return ""
}

// runBot runs a command to its end.
func runBot(t *testing.T, env []string, args ...string) (out, errs string, code int) {
	t.Helper()
	cmd := bot(t.Context(), env, args...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return o.String(), e.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return o.String(), e.String(), 0
}

func TestCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "barcelona.yml")
	write(t, broken, "environments:\n  production:\n    name: hello\n    image_nam: x\n    services:\n      - { name: web, memory: lots, command: run }\n")
	config := filepath.Join(dir, "bot.yaml")
	write(t, config, "language: de\nteamz: {}\n")
	key := "BCN_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	for _, c := range []struct {
		name string
		env  []string
		args []string
		code int
		out  []string
		errs []string
	}{
		{
			"render prints one object of stacks", nil,
			[]string{"render", "-f", "examples/hello/barcelona.yml", "-e", "production", "--tag", "v2"},
			0,
			[]string{`"heritage-hello"`, `"hello"`, "AWS::ECS::Service"},
			nil,
		},
		{
			"render writes a file per stack", nil,
			[]string{"render", "-f", "examples/hello/barcelona.yml", "-e", "production", "--tag", "v2", "--out", filepath.Join(dir, "out")},
			0,
			[]string{"heritage-hello.json", "hello.json"},
			nil,
		},
		{
			"render of an environment that is not there", nil,
			[]string{"render", "-f", "examples/hello/barcelona.yml", "-e", "prodution", "--tag", "v2"},
			1, nil,
			[]string{"production"},
		},
		{
			"validate says what is wrong, and where", nil,
			[]string{"validate", "-f", broken},
			1,
			[]string{broken + ":4:5", "image_name", broken + ":6:30"},
			nil,
		},
		{"validate of the sample", nil, []string{"validate", "-f", "examples/hello/barcelona.yml"}, 0, []string{"is valid"}, nil},
		{"validate of a worker", nil, []string{"validate", "-f", "examples/worker/barcelona.yml"}, 0, []string{"is valid"}, nil},
		{"validate of Redash", nil, []string{"validate", "-f", "examples/redash/barcelona.yml"}, 0, []string{"is valid"}, nil},
		{
			"validate warns of other tools' sections", nil,
			[]string{"validate", "-f", "examples/rails/barcelona.yml"},
			0,
			[]string{`barcelona.yml:138:1: nothing reads the key "review"`, "is valid"},
			nil,
		},
		{"the schema is what editors read", nil, []string{"schema"}, 0, []string{"https://json-schema.org/draft/2020-12/schema", `"scheduled_tasks"`}, nil},
		{"manifest", nil, []string{"manifest"}, 0, []string{"socket_mode_enabled: true", "should_escape: true"}, nil},
		{
			"serve without anything names everything that is missing", nil,
			[]string{"serve"},
			1, nil,
			[]string{"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DATABASE_URL", "BCN_KEY"},
		},
		{
			"serve with a broken bot.yaml names every fault with its place",
			[]string{"SLACK_BOT_TOKEN=xoxb-1", "SLACK_APP_TOKEN=xapp-1", "DATABASE_URL=postgres://127.0.0.1:1/x", key, "AWS_ENDPOINT_URL=http://127.0.0.1:1"},
			[]string{"serve", "--config", config},
			1, nil,
			[]string{config + ":1:", config + ":2:", "teams"},
		},
		{"serve with a Slack that is not Slack's and a real AWS", []string{
			"SLACK_BOT_TOKEN=xoxb-1", "SLACK_APP_TOKEN=xapp-1",
			"DATABASE_URL=postgres://127.0.0.1:1/x", key, "SLACK_API_URL=http://127.0.0.1:1/api/",
		}, []string{"serve"}, 1, nil, []string{"SLACK_API_URL"}},
		{"migrate without a database", []string{"DATABASE_URL=postgres://127.0.0.1:1/x?connect_timeout=1"}, []string{"migrate"}, 3, nil, []string{"127.0.0.1:1"}},
		{"a password is not shown", []string{"DATABASE_URL=postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=1"}, []string{"migrate"}, 3, nil, []string{"127.0.0.1:1"}},
		{
			"iam prints a template",
			[]string{key},
			[]string{"iam", "--district", "default", "--account", "123456789012", "--region", "us-east-1", "--principal", "arn:aws:iam::123456789012:role/bcn"},
			0,
			[]string{"AWS::IAM::Role", "sts:ExternalId", "PermissionsBoundary"},
			nil,
		},
		{"an unknown command", nil, []string{"deply"}, 2, nil, []string{"deply"}},
		{"a flag that is missing", nil, []string{"render"}, 2, nil, []string{"--environment"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, errs, code := runBot(t, c.env, c.args...)
			if code != c.code {
				t.Errorf("exit %d, want %d\n%s\n%s", code, c.code, out, errs)
			}
			for _, want := range c.out {
				if !strings.Contains(out, want) {
					t.Errorf("the output lacks %q:\n%s", want, out)
				}
			}
			for _, want := range c.errs {
				if !strings.Contains(errs, want) {
					t.Errorf("the errors lack %q:\n%s", want, errs)
				}
			}
			if strings.Contains(out+errs, "goroutine") || strings.Contains(out+errs, "hunter2") {
				t.Errorf("internals are shown:\n%s\n%s", out, errs)
			}
		})
	}
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read answers all of a body.
func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}
