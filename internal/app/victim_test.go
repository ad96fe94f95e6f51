package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/slackbot"
)

// killAt names the environment variable with the point at which a victim kills
// itself, killCount the one that says at which passing of it, from 1.
const killAt, killCount = "TEST_KILL_AT", "TEST_KILL_COUNT"

// victim is `bot serve` in a process of its own, which SIGKILLs itself at a
// point of its work. It ends with the test that started it, whose end closes
// its standard input.
func victim() int {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	o, err := replica(os.Getenv, os.Stderr)
	if err == nil {
		err = runVictim(o)
	}
	fmt.Fprintln(os.Stderr, "the victim ended by itself:", err)
	return 1
}

func runVictim(o Options) error {
	n, err := strconv.Atoi(os.Getenv(killCount))
	if err != nil {
		return err
	}
	k := &killer{point: os.Getenv(killAt)}
	k.left.Store(int64(n))
	o.AWS.HTTP = awsKills{k, &http.Client{Timeout: 30 * time.Second}}
	ctx := context.Background()
	a, err := New(ctx, o)
	if err != nil {
		return err
	}
	a.store.SetFaults(k.at)
	side := a.slackSide()
	side.Inbox, side.Handler = inboxKills{a.store, k}, handlerKills{handler{a}, k}
	side.Outbox = &outboxKills{Outbox: outbox{a}, k: k, what: map[int64]string{}}
	side.Hooks.Acked = func(kind string, _ time.Duration, _ error) { k.at("after the acknowledgement of " + kind) }
	a.bot = slackbot.New(side)
	return a.Run(ctx)
}

// killer kills its own process at the n-th passing of a point, as kill -9 does:
// nothing is flushed, closed or rolled back by us.
type killer struct {
	point string
	left  atomic.Int64
}

func (k *killer) at(point string) {
	if point != k.point || k.left.Add(-1) != 0 {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// awsKills are the points before a call to AWS and after its effect.
type awsKills struct {
	k  *killer
	do awsx.Doer
}

func (a awsKills) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	action := actionOf(r, body)
	a.k.at("before " + action)
	answer, err := a.do.Do(r)
	a.k.at("after " + action)
	return answer, err
}

// actionOf names what AWS is asked for, in whichever protocol it is. The role
// that is assumed for a grant, which has a policy, is told from bcn's own.
func actionOf(r *http.Request, body []byte) string {
	if _, action, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return action
	}
	if strings.HasPrefix(r.URL.Path, "/schedules/") {
		return map[string]string{http.MethodPost: "Create", http.MethodGet: "Get", http.MethodDelete: "Delete"}[r.Method] + "Schedule"
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	action := form.Get("Action")
	if action == "AssumeRole" && form.Has("Policy") {
		action += " of a grant"
	}
	return action
}

// inboxKills are the points around storing what people did.
type inboxKills struct {
	slackbot.Inbox
	k *killer
}

func (i inboxKills) Put(ctx context.Context, r chat.Request) (bool, error) {
	i.k.at("before storing a " + string(r.Source))
	fresh, err := i.Inbox.Put(ctx, r)
	i.k.at("after storing a " + string(r.Source))
	return fresh, err
}

// handlerKills is the point at which a request was run but its actor not told.
type handlerKills struct {
	slackbot.Handler
	k *killer
}

func (h handlerKills) Handle(ctx context.Context, key string) slackbot.Outcome {
	out := h.Handler.Handle(ctx, key)
	h.k.at("after running a " + string(out.Request.Source))
	return out
}

// outboxKills are the points before a message is posted, and after Slack has it
// but we have not written that down.
type outboxKills struct {
	slackbot.Outbox
	k    *killer
	mu   sync.Mutex
	what map[int64]string
}

func (o *outboxKills) Claim(ctx context.Context, limit int) ([]slackbot.Out, error) {
	due, err := o.Outbox.Claim(ctx, limit)
	for _, m := range due {
		what := messageKind(m)
		o.mu.Lock()
		o.what[m.ID] = what
		o.mu.Unlock()
		o.k.at("before posting " + what)
	}
	return due, err
}

func (o *outboxKills) Posted(ctx context.Context, id int64, channel, ts string, version int64) error {
	o.mu.Lock()
	what := o.what[id]
	o.mu.Unlock()
	o.k.at("after posting " + what)
	return o.Outbox.Posted(ctx, id, channel, ts, version)
}

func messageKind(m slackbot.Out) string {
	switch {
	case m.UpdateTS != "":
		return "an edit"
	case m.ThreadTS != "":
		return "a line of the thread"
	case m.Channel == "C0DEPLOY":
		return "the announcement"
	default:
		return "the card"
	}
}

// doom starts a victim; the channel is closed when it is dead. kill kills it
// at no particular point.
func (w *world) doom(t *testing.T, point string, count int) (dead <-chan struct{}, kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = []string{killAt + "=" + point, killCount + "=" + strconv.Itoa(count)}
	for name, value := range w.environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stderr = w.log
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // it was killed
	}()
	kill = func() { _ = cmd.Process.Kill() } // it may be dead
	t.Cleanup(func() {
		kill()
		<-done
	})
	return done, kill
}
