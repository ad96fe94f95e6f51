package slackbot_test

import (
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

// runs answers what Run ended with.
func (r *rig) runs() error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		r.ended <- err
		return err
	case <-time.After(wait):
		r.t.Fatal("the bot does not end")
		return nil
	}
}

func TestSockets(t *testing.T) {
	t.Parallel()

	t.Run("two sockets that age are replaced one by one without a lost command", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{
			workspace: local.Options{ConnectionTime: 3 * time.Second, Limits: map[string]local.Limit{}},
			bot:       slackbot.Options{Sockets: 2, AtOnce: true, Storm: 100 * time.Millisecond},
			do:        func(chat.Request) (chat.Message, bool) { return chat.Message{}, false },
		})
		var typed sync.WaitGroup
		for worker := range 4 {
			typed.Go(func() {
				for i := 0; r.calls.count("apps.connections.open") < 4; i++ {
					reply, err := r.Slash(r.ctx(), dev, deploys, fmt.Sprintf("status %d %d", worker, i))
					if err != nil || reply.Error != "" {
						t.Errorf("a command was lost: %q, %v", reply.Error, err)
						return
					}
				}
			})
		}
		typed.Wait()
	})

	t.Run("a refreshed socket is still read until its successor is open", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{bot: slackbot.Options{Storm: time.Millisecond}})
		r.slash(dev, "status 1")
		r.Disconnect(local.DisconnectRefresh)
		if err := r.WaitFor(r.ctx(), func() bool { return r.Sockets() == 2 }); err != nil {
			t.Fatal(err)
		}
		r.slash(dev, "status 2")
		r.ran(2)
	})

	t.Run("what was on its way over a refreshed socket is acknowledged over it", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{bot: slackbot.Options{Storm: time.Millisecond}})
		hold := make(chan struct{})
		r.inbox.mu.Lock()
		r.inbox.hold = hold
		r.inbox.mu.Unlock()
		asked := make(chan local.Reply, 1)
		go func() { reply, _ := r.Slash(r.ctx(), dev, deploys, "status"); asked <- reply }()
		r.inbox.until(t, "it is being stored", func() bool { return r.inbox.puts == 1 })
		r.Disconnect(local.DisconnectRefresh)
		if err := r.WaitFor(r.ctx(), func() bool { return r.calls.count("apps.connections.open") == 2 && r.Sockets() == 2 }); err != nil {
			t.Fatal(err)
		}
		close(hold)
		if reply := <-asked; reply.Error != "" {
			t.Errorf("the command failed: %s", reply.Error)
		}
		r.ran(1)
	})
}

func TestSocketTrouble(t *testing.T) {
	t.Parallel()

	t.Run("a network that cuts every socket is not stormed", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for r.WaitFor(r.t.Context(), func() bool { return r.Sockets() > 0 || r.t.Context().Err() != nil }) == nil && r.t.Context().Err() == nil {
				r.CutSockets()
				if r.calls.count("apps.connections.open") > 20 {
					return
				}
			}
		}()
		select {
		case <-done:
		case <-time.After(3 * time.Second):
		}
		if n := r.calls.count("apps.connections.open"); n > 8 {
			t.Errorf("%d sockets were asked for within 3 s", n)
		}
	})
}

func TestSocketFatal(t *testing.T) {
	t.Parallel()

	t.Run("the wrong token ends the bot and says which variable to mend", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{noSocket: true, before: func(r *rig) { r.Revoke(true) }})
		fatal, ok := errors.AsType[*slackbot.FatalError](r.runs())
		if !ok || fatal.Reason != "token_revoked" {
			t.Errorf("got %v", fatal)
		}
	})

	t.Run("Socket Mode switched off ends the bot", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.SocketMode(false)
		fatal, ok := errors.AsType[*slackbot.FatalError](r.runs())
		if !ok || fatal.Reason != "link_disabled" || !strings.Contains(fatal.Error(), "Socket Mode is switched off") {
			t.Errorf("got %v", fatal)
		}
	})

	t.Run("an answer of Slack's that is fatal ends the bot", func(t *testing.T) {
		t.Parallel()
		for _, word := range []string{"invalid_auth", "missing_scope", "not_allowed_token_type", "token_expired"} {
			r := start(t, setup{noSocket: true, before: func(r *rig) {
				r.Fault(local.Fault{Method: "apps.connections.open", Error: word})
			}})
			if fatal, ok := errors.AsType[*slackbot.FatalError](r.runs()); !ok || fatal.Reason != word {
				t.Errorf("%s: got %v", word, fatal)
			}
		}
	})

	for name, refuse := range map[string]func(*rig){
		"409 on the handshake": func(r *rig) { r.Fault(local.Fault{Method: "socket", Status: 409}) },
		"too_many_websockets":  func(r *rig) { r.Fault(local.Fault{Method: "apps.connections.open", Error: "too_many_websockets"}) },
	} {
		t.Run("with "+name+" the process goes on as a worker", func(t *testing.T) {
			t.Parallel()
			r := start(t, setup{noSocket: true, before: refuse})
			r.outbox.add(slackbot.Out{ID: 1, Channel: deploys, Body: chat.Message{Text: "still working"}})
			if fate := r.outbox.await(t, 1); fate != "posted" {
				t.Errorf("message: %s", fate)
			}
			if err := r.bot.Ready(0); err != nil && r.bot.Health().Worker {
				t.Errorf("a worker is not ready: %v", err)
			}
		})
	}

	t.Run("an outage of Slack is waited out", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{before: func(r *rig) {
			r.Fault(local.Fault{Method: "apps.connections.open", Status: 503, Times: 2})
		}})
		r.slash(dev, "status")
		if h := r.bot.Health(); h.Sockets != 1 || h.Connections != 1 || h.LastHello.IsZero() || h.LastEvent.IsZero() {
			t.Errorf("health %+v", h)
		}
	})
}
