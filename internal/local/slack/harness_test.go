package slack_test

import (
	"context"
	"errors"
	"io"
	"log"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/goleak"

	local "github.com/bcn-bot/bcn/internal/local/slack"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Idle connections of clients, which end when their server has gone.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// patience bounds every wait; a test that works needs milliseconds.
const patience = 10 * time.Second

// start serves a workspace until the test ends.
func start(t *testing.T, o local.Options) *local.Workspace {
	t.Helper()
	w, err := local.New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	if err := w.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return w
}

func api(w *local.Workspace) *slack.Client {
	return slack.New(w.BotToken(), slack.OptionAPIURL(w.APIURL()), slack.OptionAppLevelToken(w.AppToken()))
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// bot is a Socket Mode client that answers through handle; nil leaves an
// envelope without an acknowledgement.
type bot struct {
	*socketmode.Client
	events chan socketmode.Event // what arrived, but for the connection's own events
}

// connect runs a socket until the test ends and waits until it is open.
func connect(t *testing.T, w *local.Workspace, handle func(*socketmode.Client, socketmode.Event)) *bot {
	t.Helper()
	b := &bot{
		Client: socketmode.New(api(w), socketmode.OptionLog(log.New(io.Discard, "", 0))),
		events: make(chan socketmode.Event, 100),
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- b.RunContext(ctx) }()
	looped := make(chan struct{})
	hello := make(chan struct{}, 10)
	go func() {
		defer close(looped)
		for {
			select {
			case e := <-b.Events:
				b.take(e, hello, handle)
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-looped
		if err := <-ran; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("RunContext: %v", err)
		}
	})
	select {
	case <-hello:
	case <-time.After(patience):
		t.Fatal("no hello")
	}
	return b
}

func (b *bot) take(e socketmode.Event, hello chan<- struct{}, handle func(*socketmode.Client, socketmode.Event)) {
	switch e.Type {
	case socketmode.EventTypeHello:
		hello <- struct{}{}
	case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeEventsAPI:
		b.events <- e
		if handle != nil {
			handle(b.Client, e)
		}
	}
}

// next is the next envelope.
func (b *bot) next(t *testing.T) socketmode.Event {
	t.Helper()
	select {
	case e := <-b.events:
		return e
	case <-time.After(patience):
		t.Fatal("no envelope came")
		return socketmode.Event{}
	}
}

// ack acknowledges everything without an answer.
func ack(c *socketmode.Client, e socketmode.Event) { _ = c.Ack(*e.Request) }

// button is a message with one button.
func button(actionID, value string) slack.MsgOption {
	return slack.MsgOptionBlocks(
		slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "Deploy *hello*?", false, false), nil, nil),
		slack.NewActionBlock("decide", slack.NewButtonBlockElement(actionID, value, slack.NewTextBlockObject(slack.PlainTextType, "Approve", false, false))),
	)
}
