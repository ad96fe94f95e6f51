package slackbot_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bcn-bot/bcn/internal/chat"
	local "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wait bounds every wait; a test that works needs milliseconds.
const wait = 20 * time.Second

const deploys, dev, lead = "C0DEPLOYS", "U0DEV", "U0LEAD"

// inbox is a store that forgets: its rows, and gates for what can go wrong.
type inbox struct {
	mu      sync.Mutex
	rows    map[string]chat.Request
	unacked map[string]bool
	puts    int
	hold    chan struct{} // Put waits for it, or for its context
	fail    error
	changed chan struct{}
}

func newInbox() *inbox {
	return &inbox{rows: map[string]chat.Request{}, unacked: map[string]bool{}, changed: make(chan struct{})}
}

func (i *inbox) Put(ctx context.Context, r chat.Request) (bool, error) {
	i.mu.Lock()
	hold, fail := i.hold, i.fail
	i.puts++
	i.notify()
	i.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	if fail != nil {
		return false, fail
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	_, known := i.rows[r.Key]
	fresh := !known || i.unacked[r.Key]
	i.rows[r.Key] = r
	delete(i.unacked, r.Key)
	i.notify()
	return fresh, nil
}

func (i *inbox) Unacked(_ context.Context, key string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.unacked[key] = true
	i.notify()
	return nil
}

// notify wakes who waits; i.mu is held.
func (i *inbox) notify() { close(i.changed); i.changed = make(chan struct{}) }

// until waits for a condition on the inbox.
func (i *inbox) until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(wait)
	for {
		i.mu.Lock()
		ok, changed := cond(), i.changed
		i.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// handler answers help by itself and runs the rest through do.
type handler struct {
	in *inbox
	do func(r chat.Request) (chat.Message, bool)

	mu  sync.Mutex
	ran []chat.Request
}

func (h *handler) Immediate(r chat.Request, _ string) (chat.Message, bool) {
	return chat.Message{Text: "this is the help"}, r.Text == "help"
}

func (h *handler) Handle(_ context.Context, key string) slackbot.Outcome {
	h.in.mu.Lock()
	r := h.in.rows[key]
	h.in.mu.Unlock()
	h.mu.Lock()
	h.ran = append(h.ran, r)
	h.mu.Unlock()
	h.in.mu.Lock()
	h.in.notify()
	h.in.mu.Unlock()
	if h.do == nil {
		return slackbot.Outcome{Request: r, Reply: chat.Message{Text: "you said " + chat.Escape(r.Text+string(r.Action)+r.Value)}, HasReply: true}
	}
	m, ok := h.do(r)
	return slackbot.Outcome{Request: r, Reply: m, HasReply: ok}
}

func (h *handler) keys() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var keys []string
	for _, r := range h.ran {
		keys = append(keys, r.Key)
	}
	return keys
}

// outbox is a queue of messages, and what became of each.
type outbox struct {
	mu      sync.Mutex
	due     []slackbot.Out
	fate    map[int64]string // posted TS, retry, drop REASON
	ts      map[int64]string
	wake    chan struct{}
	changed chan struct{}
}

func newOutbox() *outbox {
	return &outbox{fate: map[int64]string{}, ts: map[int64]string{}, wake: make(chan struct{}, 1), changed: make(chan struct{})}
}

func (o *outbox) add(list ...slackbot.Out) {
	o.mu.Lock()
	o.due = append(o.due, list...)
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) Claim(_ context.Context, limit int) ([]slackbot.Out, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.SortStableFunc(o.due, func(a, b slackbot.Out) int { return a.Priority - b.Priority })
	n := min(limit, len(o.due))
	list := slices.Clone(o.due[:n])
	o.due = o.due[n:]
	return list, nil
}

func (o *outbox) end(id int64, fate string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fate[id] = fate
	close(o.changed)
	o.changed = make(chan struct{})
}

func (o *outbox) Posted(_ context.Context, id int64, _, ts string, _ int64) error {
	o.mu.Lock()
	o.ts[id] = ts
	o.mu.Unlock()
	o.end(id, "posted")
	return nil
}

func (o *outbox) Retry(_ context.Context, id int64, after time.Duration, _ string) error {
	o.end(id, "retry "+after.Round(time.Second).String())
	return nil
}

func (o *outbox) Drop(_ context.Context, id int64, reason string) error {
	o.end(id, "drop "+reason)
	return nil
}

func (o *outbox) Wake() <-chan struct{} { return o.wake }

// await waits for a message's fate.
func (o *outbox) await(t *testing.T, id int64) string {
	t.Helper()
	deadline := time.After(wait)
	for {
		o.mu.Lock()
		fate, changed := o.fate[id], o.changed
		o.mu.Unlock()
		if fate != "" {
			return fate
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("message %d met no fate", id)
		}
	}
}

func (o *outbox) at(id int64) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ts[id]
}

// counting counts the calls of each Web API method.
type counting struct {
	mu    sync.Mutex
	calls map[string]int
	next  *http.Transport
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.calls[path.Base(r.URL.Path)]++
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

func (c *counting) count(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[method]
}

// rig is a bot in a local workspace.
type rig struct {
	*local.Workspace
	t       *testing.T
	api     *slackbot.API
	bot     *slackbot.Bot
	inbox   *inbox
	outbox  *outbox
	handler *handler
	calls   *counting
	stop    context.CancelFunc
	ended   chan error
}

type setup struct {
	workspace local.Options
	bot       slackbot.Options
	do        func(r chat.Request) (chat.Message, bool)
	before    func(*rig) // before the bot runs
	noSocket  bool       // do not wait for a socket
}

// start runs a bot in a workspace until the test ends.
func start(t *testing.T, s setup) *rig {
	t.Helper()
	w, err := local.New(s.workspace)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(context.Background(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	sentences, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	in := newInbox()
	r := &rig{
		Workspace: w, t: t, inbox: in, outbox: newOutbox(), handler: &handler{in: in, do: s.do},
		calls: &counting{calls: map[string]int{}, next: &http.Transport{}}, ended: make(chan error, 1),
	}
	r.api = slackbot.NewAPI(slackbot.APIOptions{
		BotToken: w.BotToken(), AppToken: w.AppToken(), URL: w.APIURL(), HTTP: &http.Client{Transport: r.calls, Timeout: wait},
	})
	o := s.bot
	o.API, o.Inbox, o.Outbox, o.Handler, o.Text = r.api, r.inbox, r.outbox, r.handler, sentences
	if o.Sockets == 0 {
		o.Sockets = 1
	}
	o.Log = slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.bot = slackbot.New(o)
	if s.before != nil {
		s.before(r)
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.ended <- r.bot.Run(ctx) }()
	t.Cleanup(r.close)
	if !s.noSocket {
		if err := w.WaitFor(r.ctx(), func() bool { return w.Sockets() >= o.Sockets }); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *rig) close() {
	r.stop()
	select {
	case err := <-r.ended:
		if fatal := (*slackbot.FatalError)(nil); err != nil && !errors.As(err, &fatal) {
			r.t.Errorf("Run: %v", err)
		}
	case <-time.After(wait):
		r.t.Error("the bot does not end")
	}
	if err := r.Close(); err != nil {
		r.t.Errorf("Close: %v", err)
	}
	r.calls.next.CloseIdleConnections()
}

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	r.t.Cleanup(cancel)
	return ctx
}

// slash types a command and fails the test unless it was acknowledged.
func (r *rig) slash(user, what string) *local.Message {
	r.t.Helper()
	reply, err := r.Slash(r.ctx(), user, deploys, what)
	if err != nil || reply.Error != "" {
		r.t.Fatalf("%q: %q, %v", what, reply.Error, err)
	}
	return reply.Message
}

// sees waits until a message is there.
func (r *rig) sees(what string, match func(local.Message) bool) local.Message {
	r.t.Helper()
	m, err := r.Wait(r.ctx(), match)
	if err != nil {
		r.t.Fatalf("%s: %v", what, err)
	}
	return m
}

// ranOnce waits until so many requests were run.
func (r *rig) ran(n int) {
	r.t.Helper()
	r.inbox.until(r.t, "requests were run", func() bool { return len(r.handler.keys()) >= n })
}

// testLog writes the bot's log into the test's, while it runs.
type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	if l.t.Context().Err() == nil {
		_, _ = l.t.Output().Write(p)
	}
	return len(p), nil
}
