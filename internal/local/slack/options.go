package slack

import (
	"log/slog"
	"net/http"
	"time"
)

// Clock tells the time and calls back later.
type Clock interface {
	Now() time.Time
	// After calls f once, d later by this clock, and answers how to stop it.
	After(d time.Duration, f func()) (stop func())
}

// Options say what the workspace is like. The zero value is usable.
type Options struct {
	// Clock tells all times; default: the machine's.
	Clock Clock
	// Command is the slash command that the app registered; default "/bcn".
	Command string
	// Scopes the bot token has; default: DefaultScopes.
	Scopes []string
	// Limits of calls; default: DefaultLimits. An empty, non-nil map has none.
	Limits map[string]Limit
	// ConnectionTime is what hello says of a socket's expected life; default
	// 18,060 s, as Slack sends it.
	ConnectionTime time.Duration
	// PingInterval is the time between a socket's pings; default 5 s.
	PingInterval time.Duration
	// Enterprise puts the workspace into an organisation with this id.
	Enterprise string
	// Controls are more buttons for the page, each with what it does.
	Controls []Control
	// Log gets one line per refused call; default: nothing is logged.
	Log *slog.Logger
}

// Control is a button in the bar on top of the page, such as a switch for a
// fault. Do runs in the request's context; what it answers is shown.
type Control struct {
	ID    string // stable, for data-control
	Label string
	// Field is what stands at first in a field beside the button, whose text Do
	// finds in the form as "value"; empty: there is no field.
	Field string
	Do    func(r *http.Request) (string, error)
}

// DefaultScopes are those of bcn's app manifest.
func DefaultScopes() []string {
	return []string{
		"app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "files:write",
		"groups:history", "groups:read", "im:history", "im:read", "im:write", "reactions:write",
		"team:read", "usergroups:read", "users:read", "users:read.email",
	}
}

// Times that Slack gives for things (docs.slack.dev, Socket Mode and "Handling
// user interaction").
const (
	ackDeadline     = 3 * time.Second
	responseURLLife = 30 * time.Minute
	responseURLUses = 5
	triggerLife     = 3 * time.Second
	maxSockets      = 10
	maxAckBytes     = 20 * 1024
)

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	if o.Command == "" {
		o.Command = "/bcn"
	}
	if o.Scopes == nil {
		o.Scopes = DefaultScopes()
	}
	if o.Limits == nil {
		o.Limits = DefaultLimits()
	}
	if o.ConnectionTime == 0 {
		o.ConnectionTime = 18060 * time.Second
	}
	if o.PingInterval == 0 {
		o.PingInterval = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) After(d time.Duration, f func()) (stop func()) {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}
