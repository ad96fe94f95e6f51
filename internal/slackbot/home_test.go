package slackbot_test

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	local "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/slackbot"
)

// counter is a page that shows how much was decided.
type counter struct{ decided atomic.Int64 }

func (c *counter) Home(_ context.Context, a bcn.Actor, _ string) (chat.Message, bool) {
	n := strconv.FormatInt(c.decided.Load(), 10)
	return chat.Message{Text: "home", Blocks: []chat.Block{
		{Section: chat.Markup(n + " decided, seen by " + a.User)},
		{Buttons: []chat.Button{{Action: chat.ActionApprove, Value: "7", Label: "Approve"}}},
	}}, true
}

func TestHome(t *testing.T) {
	t.Parallel()
	pages := &counter{}
	r := start(t, setup{
		bot: slackbot.Options{Homes: pages},
		do: func(r chat.Request) (chat.Message, bool) {
			pages.decided.Add(1)
			return chat.Message{Text: chat.Markup("decided " + r.Value)}, true
		},
	})
	shows := func(user, words string) {
		t.Helper()
		err := r.WaitFor(r.ctx(), func() bool {
			v, ok := r.Home(user)
			return ok && strings.Contains(v.Shown(), words)
		})
		if err != nil {
			t.Fatalf("the page of %s does not show %q: %v", user, words, err)
		}
	}
	if err := r.OpenHome(lead); err != nil {
		t.Fatal(err)
	}
	shows(lead, "0 decided, seen by U0LEAD")
	if _, ok := r.Home(dev); ok {
		t.Error("a page that nobody opened is filled")
	}

	// What is pressed on it is done and answered directly, and the page shows it.
	v, _ := r.Home(lead)
	if reply, err := r.ClickHome(r.ctx(), lead, v.HomeButtons()[0]); err != nil || reply.Error != "" {
		t.Fatal(err, reply.Error)
	}
	r.sees("the answer comes directly", func(m local.Message) bool { return m.Channel == "D0LEAD" && strings.Contains(m.Text, "decided 7") })
	shows(lead, "1 decided")
	for key, req := range r.inbox.rows {
		if req.Source == chat.FromHome {
			t.Errorf("%s is stored", key)
		}
	}

	// What shows nothing new is not published again.
	n := r.calls.count("views.publish")
	if err := r.OpenHome(dev); err != nil {
		t.Fatal(err)
	}
	shows(dev, "1 decided, seen by U0DEV")
	if got := r.calls.count("views.publish"); got != n+1 {
		t.Errorf("%d pages were published, not one", got-n)
	}
}
