package slackbot

import (
	"sync"
	"time"
)

// Health is how the connection to Slack stands.
type Health struct {
	Sockets     int       // open now
	Connections int       // of the whole app, as the last hello told
	Worker      bool      // there were too many sockets: this process has none and only works
	LastHello   time.Time // when a socket was last opened
	LastEvent   time.Time // when anything last arrived, pings too
	Since       time.Time // since when Sockets is 0; zero where it is not
}

// Hooks are called to count; nil ones are not. They must be quick.
type Hooks struct {
	Envelope func(kind string, retry int)                        // an envelope arrived
	Acked    func(kind string, took time.Duration, err error)    // it was acknowledged, or could not be
	Handled  func(source string, took time.Duration)             // a request was run
	Posted   func(method string, took time.Duration, err string) // a message was sent; err is Slack's word
	Sockets  func(open int)                                      // their number changed
}

// fill makes every hook callable.
func (h Hooks) fill() Hooks {
	if h.Envelope == nil {
		h.Envelope = func(string, int) {}
	}
	if h.Acked == nil {
		h.Acked = func(string, time.Duration, error) {}
	}
	if h.Handled == nil {
		h.Handled = func(string, time.Duration) {}
	}
	if h.Posted == nil {
		h.Posted = func(string, time.Duration, string) {}
	}
	if h.Sockets == nil {
		h.Sockets = func(int) {}
	}
	return h
}

type health struct {
	now   func() time.Time
	hooks Hooks

	mu sync.Mutex
	h  Health
}

func newHealth(now func() time.Time, hooks Hooks) *health {
	return &health{now: now, hooks: hooks, h: Health{Since: now()}}
}

func (h *health) opened(connections int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.h.Sockets++
	h.h.Connections, h.h.Worker, h.h.LastHello, h.h.Since = connections, false, h.now(), time.Time{}
	h.hooks.Sockets(h.h.Sockets)
}

func (h *health) closed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.h.Sockets--
	if h.h.Sockets == 0 {
		h.h.Since = h.now()
	}
	h.hooks.Sockets(h.h.Sockets)
}

func (h *health) event() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.h.LastEvent = h.now()
}

func (h *health) setWorker() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.h.Worker = h.h.Sockets == 0
}

func (h *health) read() Health {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.h
}
