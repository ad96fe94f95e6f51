package slackbot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/chat"
	local "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/slackbot"
)

func TestSurfaces(t *testing.T) {
	t.Parallel()

	t.Run("a command is stored, acknowledged, run, and answered to its author alone", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		if shown := r.slash(dev, "status <!channel>"); shown != nil {
			t.Errorf("the acknowledgement carried %q", shown.Text)
		}
		m := r.sees("the answer", func(m local.Message) bool { return strings.HasPrefix(m.Text, "you said status") })
		if m.EphemeralTo != dev || strings.Contains(m.Shown(), "<!channel>") {
			t.Errorf("shown to %q: %q", m.EphemeralTo, m.Shown())
		}
	})

	t.Run("help rides on the acknowledgement and is not stored", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		if shown := r.slash(dev, "help"); shown == nil || shown.Text != "this is the help" || shown.EphemeralTo != dev {
			t.Errorf("got %+v", shown)
		}
		if r.inbox.puts != 0 {
			t.Error("it was stored")
		}
	})

	t.Run("a mention is answered where it stands, to its author alone", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		parent, err := r.Say(r.ctx(), dev, deploys, "", "what runs?")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Mention(r.ctx(), dev, deploys, parent.TS, "status"); err != nil {
			t.Fatal(err)
		}
		m := r.sees("the answer", func(m local.Message) bool { return m.Text == "you said status" })
		if m.EphemeralTo != dev || m.Channel != deploys || m.Thread != parent.TS {
			t.Errorf("answered in %s, thread %q, to %q", m.Channel, m.Thread, m.EphemeralTo)
		}
	})

	t.Run("a direct message is answered there", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		asked, err := r.DM(r.ctx(), dev, "whoami")
		if err != nil {
			t.Fatal(err)
		}
		m := r.sees("the answer", func(m local.Message) bool { return m.Text == "you said whoami" })
		if m.Channel != asked.Channel || m.EphemeralTo != "" {
			t.Errorf("answered in %s to %q", m.Channel, m.EphemeralTo)
		}
	})
}

func TestClicksAndLanguages(t *testing.T) {
	t.Parallel()

	t.Run("a click carries its action and value, and leaves the card as it is", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		card := r.card()
		if _, err := r.Click(r.ctx(), lead, card, "bcn:approve:0"); err != nil {
			t.Fatal(err)
		}
		m := r.sees("the answer", func(m local.Message) bool { return m.Text == "you said approve1042" })
		if m.EphemeralTo != lead {
			t.Errorf("shown to %q", m.EphemeralTo)
		}
		if now, _ := r.Message(deploys, card.TS); now.EditedTS != "" || len(now.Buttons()) != 1 {
			t.Error("the card was changed")
		}
	})

	t.Run("a person whose locale is known is answered in their language", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.inbox.mu.Lock()
		r.inbox.fail = errors.New("down")
		r.inbox.mu.Unlock()
		if _, err := r.api.Profile(r.ctx(), "U0YUKI", time.Time{}); err != nil {
			t.Fatal(err)
		}
		if shown := r.slash("U0YUKI", "status"); shown == nil || !strings.Contains(shown.Text, "保存できなかった") {
			t.Errorf("got %+v", shown)
		}
	})
}

// card posts a card with one button.
func (r *rig) card() local.Message {
	r.t.Helper()
	r.outbox.add(slackbot.Out{ID: 900, Channel: deploys, Body: chat.Message{Text: "a card", Blocks: []chat.Block{
		{Section: "*a card*"},
		{Buttons: []chat.Button{{Action: chat.ActionApprove, Value: "1042", Label: "Approve", Style: chat.Primary}}},
	}}})
	if fate := r.outbox.await(r.t, 900); fate != "posted" {
		r.t.Fatalf("card: %s", fate)
	}
	m, _ := r.Message(deploys, r.outbox.at(900))
	return m
}

func TestDelivery(t *testing.T) {
	t.Parallel()

	t.Run("what Slack delivers again runs once", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.SocketFault(local.SocketFault{Type: "events_api", Times: 1, LoseAck: true})
		if _, err := r.Mention(r.ctx(), dev, deploys, "", "status"); err != nil {
			t.Fatal(err)
		}
		r.inbox.until(t, "it was delivered twice", func() bool { return r.inbox.puts == 2 })
		r.ran(1)
		r.drained()
		if keys := r.handler.keys(); len(keys) != 1 {
			t.Errorf("ran %v", keys)
		}
	})

	t.Run("one click in two envelopes runs once", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		card := r.card()
		r.SocketFault(local.SocketFault{Type: "interactive", Times: 1, Duplicate: true})
		if _, err := r.Click(r.ctx(), lead, card, "bcn:approve:0"); err != nil {
			t.Fatal(err)
		}
		r.inbox.until(t, "both envelopes arrived", func() bool { return r.inbox.puts == 2 })
		r.drained()
		if keys := r.handler.keys(); len(keys) != 1 {
			t.Errorf("ran %v", keys)
		}
	})

	t.Run("slow handlers do not stop acknowledgements", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		r := start(t, setup{
			bot: slackbot.Options{Handlers: 1},
			do:  func(chat.Request) (chat.Message, bool) { <-release; return chat.Message{}, false },
		})
		var typed sync.WaitGroup
		started := time.Now()
		for i := range 100 {
			typed.Go(func() {
				if reply, err := r.Slash(r.ctx(), dev, deploys, fmt.Sprintf("status %d", i)); err != nil || reply.Error != "" {
					t.Errorf("command %d: %q, %v", i, reply.Error, err)
				}
			})
		}
		typed.Wait()
		if took := time.Since(started); took > 3*time.Second {
			t.Errorf("100 acknowledgements took %s", took)
		}
		close(release)
		r.ran(100)
	})
}

func TestUnstored(t *testing.T) {
	t.Parallel()

	t.Run("what cannot be stored in time is answered, marked, and not run", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.inbox.mu.Lock()
		r.inbox.hold = make(chan struct{})
		r.inbox.mu.Unlock()
		if shown := r.slash(dev, "deploy hello production v2"); shown == nil || !strings.Contains(shown.Text, "could not store") || shown.EphemeralTo != dev {
			t.Errorf("got %+v", shown)
		}
		r.inbox.until(t, "the row is marked", func() bool { return len(r.inbox.unacked) == 1 })
		r.drained()
		if keys := r.handler.keys(); len(keys) != 0 {
			t.Errorf("ran %v", keys)
		}
	})

	t.Run("a mention that cannot be stored is left to Slack's next delivery", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.inbox.mu.Lock()
		r.inbox.fail = errors.New("down")
		r.inbox.mu.Unlock()
		if _, err := r.Mention(r.ctx(), dev, deploys, "", "status"); err != nil {
			t.Fatal(err)
		}
		r.inbox.until(t, "it was tried", func() bool { return r.inbox.puts == 1 })
		r.inbox.mu.Lock()
		r.inbox.fail = nil
		r.inbox.mu.Unlock()
		r.ran(1)
	})
}

func TestUnacked(t *testing.T) {
	t.Parallel()

	t.Run("where the acknowledgement cannot be written nothing runs, and the user is told", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		hold := make(chan struct{})
		r.inbox.mu.Lock()
		r.inbox.hold = hold
		r.inbox.mu.Unlock()
		asked := make(chan error, 1)
		go func() { _, err := r.Slash(r.ctx(), dev, deploys, "deploy hello production v2"); asked <- err }()
		r.inbox.until(t, "it is being stored", func() bool { return r.inbox.puts == 1 })
		r.CutSockets()
		if err := r.WaitFor(r.ctx(), func() bool { return r.bot.Health().Sockets == 0 || r.calls.count("apps.connections.open") > 1 }); err != nil {
			t.Fatal(err)
		}
		close(hold)
		r.inbox.until(t, "the row is marked", func() bool { return len(r.inbox.unacked) == 1 })
		r.sees("the user is told", func(m local.Message) bool { return m.EphemeralTo == dev && strings.Contains(m.Text, "was not run") })
		if err := <-asked; err != nil {
			t.Error(err)
		}
		r.drained()
		if keys := r.handler.keys(); len(keys) != 0 {
			t.Errorf("ran %v", keys)
		}
	})

	t.Run("a panic in a handler is answered with a reference", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{do: func(chat.Request) (chat.Message, bool) { panic("secret detail") }})
		r.slash(dev, "status")
		m := r.sees("the answer", func(m local.Message) bool { return m.EphemeralTo == dev && strings.Contains(m.Text, "reference") })
		if strings.Contains(m.Shown(), "secret") {
			t.Errorf("shown: %q", m.Shown())
		}
		r.slash(dev, "help")
	})
}

// drained ends the bot, so that nothing is on its way any more.
func (r *rig) drained() {
	r.t.Helper()
	r.stop()
	select {
	case err := <-r.ended:
		r.ended <- err
	case <-time.After(wait):
		r.t.Fatal("the bot does not end")
	}
}

func TestShutdown(t *testing.T) {
	t.Parallel()

	t.Run("what was taken is finished and answered, and nothing more is taken", func(t *testing.T) {
		t.Parallel()
		begun, release := make(chan struct{}), make(chan struct{})
		r := start(t, setup{do: func(chat.Request) (chat.Message, bool) {
			close(begun)
			<-release
			return chat.Message{Text: "finished"}, true
		}})
		r.slash(dev, "status")
		<-begun
		r.stop()
		if err := r.WaitFor(r.ctx(), func() bool { return r.Sockets() == 0 }); err != nil {
			t.Fatal(err)
		}
		close(release)
		r.sees("the answer", func(m local.Message) bool { return m.Text == "finished" })
		r.drained()
	})

	t.Run("a handler that does not end is not waited for longer than asked", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		r := start(t, setup{bot: slackbot.Options{Drain: 50 * time.Millisecond}, do: func(chat.Request) (chat.Message, bool) {
			<-release
			return chat.Message{}, false
		}})
		r.slash(dev, "status")
		r.ran(1)
		started := time.Now()
		r.stop()
		time.AfterFunc(300*time.Millisecond, func() { close(release) }) // a handler that ends with its context
		r.drained()
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestReplyAfterRestart(t *testing.T) {
	t.Parallel()
	r := start(t, setup{})
	gone := chat.Request{Key: "slash:of another process", Source: chat.FromSlash, Team: local.TeamID, User: dev, Channel: deploys}
	if err := r.bot.Reply(context.Background(), gone, chat.Message{Text: "done meanwhile"}); err != nil {
		t.Fatal(err)
	}
	m := r.sees("a direct message", func(m local.Message) bool { return m.Text == "done meanwhile" })
	if !strings.HasPrefix(m.Channel, "D") {
		t.Errorf("answered in %s", m.Channel)
	}
}
