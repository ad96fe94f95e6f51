package slackbot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/slack-go/slack/socketmode"

	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// deliver takes an envelope off the socket: the work is done beside the
// socket's loop, by at most maxFlight at once.
func (b *Bot) deliver(s *socket, env socketmode.Request) {
	arrived := b.api.now()
	ctx, cancel := context.WithTimeout(b.background, 2*ackDeadline)
	err := s.flight.Acquire(ctx, 1)
	cancel()
	if err != nil {
		b.log.Warn("envelope not taken: too many at once", "kind", env.Type)
		return
	}
	b.envelopes.Go(func() {
		defer s.flight.Release(1)
		defer b.recovered("envelope")
		b.opts.Hooks.Envelope(env.Type, env.RetryAttempt)
		b.envelope(s, env, arrived)
	})
}

// envelope stores what an envelope asks for, and only then acknowledges it.
func (b *Bot) envelope(s *socket, env socketmode.Request, arrived time.Time) {
	p, ok, err := project(env, b.api.Self(), arrived)
	switch {
	case err != nil:
		b.log.Warn("envelope not understood", "kind", env.Type, "error", err)
		fallthrough
	case !ok:
		_ = b.ack(s, env, arrived, nil)
		return
	case b.foreign(p.Request):
		b.log.Warn("envelope refused: another workspace or app", "team", p.Team, "app", p.App)
		b.refuse(s, env, arrived, p, text.SlackForeign)
		b.refusedForeign(p.Request)
		return
	case p.Source == chat.FromHome:
		if b.ack(s, env, arrived, nil) == nil {
			b.homeOpened(p.Request)
		}
		return
	case p.text && b.immediate(s, env, arrived, p):
		return
	case p.Source == chat.FromModal:
		b.submitted(s, env, arrived, p)
		return
	}
	if b.opts.Modals != nil {
		p.Request = b.opts.Modals.Tidy(p.Request)
	}
	fresh, err := b.put(p.Request)
	if err != nil {
		b.notStored(s, env, arrived, p, err)
		return
	}
	if err := b.ack(s, env, arrived, nil); err != nil {
		b.notAcked(p, fresh, err)
		return
	}
	if fresh {
		b.routes.keep(p.Key, p.responseURL)
		b.opening(p)
		b.enqueue(p.Request)
	}
}

// immediate answers help and parse errors inside the acknowledgement. An answer
// that does not fit follows by the response_url.
func (b *Bot) immediate(s *socket, env socketmode.Request, arrived time.Time, p projected) bool {
	m, ok := b.opts.Handler.Immediate(p.Request, b.lang(p.User))
	if !ok {
		return false
	}
	if err := b.ack(s, env, arrived, b.ephemeral(m, b.lang(p.User))); errors.Is(err, errAckTooLarge) {
		if b.ack(s, env, arrived, nil) == nil {
			b.routes.keep(p.Key, p.responseURL)
			b.answer(p.Request, m)
		}
	}
	return true
}

func (b *Bot) put(r chat.Request) (bool, error) {
	ctx, cancel := context.WithTimeout(b.background, ackDeadline)
	defer cancel()
	return b.opts.Inbox.Put(ctx, r)
}

// ack acknowledges and counts.
func (b *Bot) ack(s *socket, env socketmode.Request, arrived time.Time, payload any) error {
	err := s.ack(env.EnvelopeID, payload)
	b.opts.Hooks.Acked(env.Type, b.api.now().Sub(arrived), err)
	return err
}

// notStored says that nothing was done. What Slack delivers again by itself is
// left unacknowledged, so that it does. The insert may have happened all the
// same, so the row is marked.
func (b *Bot) notStored(s *socket, env socketmode.Request, arrived time.Time, p projected, err error) {
	b.log.Error("request not stored", "key", p.Key, "user", p.User, "error", err)
	b.unacked(p.Key)
	if !p.again {
		b.refuse(s, env, arrived, p, text.SlackNotStored)
	}
}

// refuse acknowledges with a sentence for the actor alone.
func (b *Bot) refuse(s *socket, env socketmode.Request, arrived time.Time, p projected, id text.ID) {
	m := b.sentence(p.User, id)
	if p.text {
		_ = b.ack(s, env, arrived, b.ephemeral(m, b.lang(p.User)))
		return
	}
	if b.ack(s, env, arrived, nil) == nil && p.responseURL != "" {
		b.routes.keep(p.Key, p.responseURL)
		b.answer(p.Request, m)
	}
}

// notAcked marks a row that must not be run, and tells its user; what Slack
// delivers again by itself will be run then.
func (b *Bot) notAcked(p projected, fresh bool, err error) {
	b.log.Error("acknowledgement not written", "key", p.Key, "user", p.User, "error", err)
	if !fresh {
		return // a redelivery of what runs or ran
	}
	b.unacked(p.Key)
	if !p.again {
		b.routes.keep(p.Key, p.responseURL)
		b.answer(p.Request, b.sentence(p.User, text.SlackNotRun))
	}
}

// unacked marks a row in the background, trying for a while: the store may be
// what is down.
func (b *Bot) unacked(key string) {
	b.envelopes.Go(func() {
		for try := range 5 {
			ctx, cancel := context.WithTimeout(b.background, ackDeadline)
			err := b.opts.Inbox.Unacked(ctx, key)
			cancel()
			if err == nil {
				return
			}
			b.log.Error("row not marked as unacknowledged", "key", key, "error", err)
			if sleep(b.background, time.Second<<try) != nil {
				return
			}
		}
	})
}

// enqueue hands a stored request to the handlers. Where they are far behind
// the row is left to the reconciler, which finds it in the inbox.
func (b *Bot) enqueue(r chat.Request) {
	select {
	case b.work <- r:
	default:
		b.log.Warn("handlers are behind; the request is left to the reconciler", "key", r.Key)
	}
}

// worker runs requests until there are no more.
func (b *Bot) worker() {
	for r := range b.work {
		if b.background.Err() == nil {
			b.handle(r)
		}
	}
}

// handle runs one request and answers it.
func (b *Bot) handle(r chat.Request) {
	started := b.api.now()
	defer func() { b.opts.Hooks.Handled(string(r.Source), b.api.now().Sub(started)) }()
	defer func() {
		if v := recover(); v != nil {
			err := b.panicked("handler", v)
			b.reply(r, chat.Message{Text: b.opts.Text.Error(b.lang(r.User), err)})
		}
	}()
	defer b.homes.touched()
	out := b.opts.Handler.Handle(b.background, r.Key)
	if b.filled(r, out) {
		return
	}
	if out.HasReply {
		b.reply(r, out.Reply)
	}
}

// answer replies in the background.
func (b *Bot) answer(r chat.Request, m chat.Message) {
	b.envelopes.Go(func() {
		defer b.recovered("answer")
		b.reply(r, m)
	})
}

func (b *Bot) reply(r chat.Request, m chat.Message) {
	ctx, cancel := context.WithTimeout(b.background, httpTimeout)
	defer cancel()
	if err := b.Reply(ctx, r, m); err != nil {
		b.log.Error("reply not delivered", "key", r.Key, "user", r.User, "error", err)
	}
}

// sentence says one of the catalogue's in the user's language.
func (b *Bot) sentence(user string, id text.ID) chat.Message {
	return chat.Message{Text: b.opts.Text.Say(b.lang(user), id, nil)}
}

// lang is the language of a person whose locale is known, else the default.
func (b *Bot) lang(user string) string {
	if locale := b.api.Locale(user); locale != "" {
		return text.Lang(locale)
	}
	return b.opts.Language
}

func (b *Bot) recovered(where string) {
	if v := recover(); v != nil {
		_ = b.panicked(where, v)
	}
}

// panicked logs a panic under the reference that the person is shown.
func (b *Bot) panicked(where string, v any) error {
	err := fmt.Errorf("panic in %s: %v", where, v)
	b.log.Error("panic", "where", where, "ref", text.Ref(err), "error", err, "stack", string(debug.Stack()))
	return err
}
