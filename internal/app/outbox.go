package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/store"
)

var zeroTime time.Time

// outbox gives Slack's side the messages that are due; a card is rendered from
// what is true when it is sent.
type outbox struct{ a *App }

var _ slackbot.Outbox = outbox{}

// Claim leases messages and renders the cards among them.
func (b outbox) Claim(ctx context.Context, limit int) ([]slackbot.Out, error) {
	due, err := b.a.store.ClaimOutbox(ctx, limit)
	if err != nil {
		return nil, err
	}
	var out []slackbot.Out
	for _, o := range due {
		m := slackbot.Out{
			ID: o.ID, Channel: o.Channel, User: o.Recipient, ThreadTS: o.ThreadTS, UpdateTS: o.TS, Broadcast: o.Broadcast,
			Direct: o.Role == deploy.RoleDirect, Version: o.Version, Unconfirmed: o.Unconfirmed, Priority: o.Priority,
		}
		if o.Body != nil {
			m.Body = *o.Body
		} else if m.Body, err = b.a.render(ctx, o); err != nil {
			b.a.log.Error("render card", "change", int64(o.Change), "tick", int64(o.Tick), "error", err)
			if err := b.Retry(ctx, o.ID, 5*time.Second, "render"); err != nil {
				return out, err
			}
			continue
		}
		out = append(out, m)
	}
	return out, nil
}

// Posted records where a message is.
func (b outbox) Posted(ctx context.Context, id int64, channel, ts string, version int64) error {
	return b.a.store.Posted(ctx, id, channel, ts, version)
}

// Retry gives a message back.
func (b outbox) Retry(ctx context.Context, id int64, after time.Duration, reason string) error {
	b.a.log.Info("message delayed", "message", id, "after", after, "reason", reason)
	return b.a.store.RetryOutbox(ctx, id, after)
}

// Drop ends a message; the requester is told in person of a lost card, and
// what a lost link would have said.
func (b outbox) Drop(ctx context.Context, id int64, reason string) error {
	b.a.log.Warn("message dropped", "message", id, "reason", reason)
	d, err := b.a.store.DropOutbox(ctx, id, reason)
	if err != nil || d.Change == 0 || (d.Role != deploy.RoleCard && d.Role != deploy.RoleLink) {
		return err
	}
	c, err := b.a.store.Change(ctx, d.Change)
	if err != nil {
		return err
	}
	body := d.Body
	if body == nil {
		sentence := b.a.text.Error(b.a.o.Config.Language, bcn.E(bcn.CodeChannelNotPosted, "channel", c.Channel))
		body = &chat.Message{Text: sentence, Blocks: []chat.Block{{Section: sentence}}}
	}
	return b.a.store.Say(ctx, d.Change, []deploy.Note{{Key: "dropped:" + string(d.Role), Role: deploy.RoleDirect, To: c.Requester.User, Body: *body}})
}

// Wake tells when a message may have become due.
func (b outbox) Wake() <-chan struct{} { return b.a.store.Woken() }

// render shows a change or a tick as it is.
func (a *App) render(ctx context.Context, o store.Out) (chat.Message, error) {
	if o.Tick != 0 {
		return a.renderTick(ctx, o.Tick)
	}
	return a.renderCard(ctx, o.Change)
}

// renderCard reads a change and shows it.
func (a *App) renderCard(ctx context.Context, id bcn.ID) (chat.Message, error) {
	c, w, err := a.store.ChangeAndWish(ctx, id)
	if err != nil {
		return chat.Message{}, err
	}
	v := card.View{Change: c, Wish: w}
	if v.Halt, err = a.store.Halt(ctx); err != nil {
		return chat.Message{}, err
	}
	if v.Waits, v.Lock, err = a.holdsOf(ctx, c); err != nil {
		return chat.Message{}, err
	}
	if v.Rollouts, err = a.store.Progress(ctx, id); err != nil {
		return chat.Message{}, err
	}
	stored, err := a.store.Plan(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return chat.Message{}, err
	}
	if err == nil {
		v.Plan, v.Hash = &bcn.Plan{}, stored.Hash
		if err := json.Unmarshal(stored.Bytes, v.Plan); err != nil {
			return chat.Message{}, fmt.Errorf("read the plan of %s: %w", id, err)
		}
	}
	r, err := a.store.Request(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return chat.Message{}, err
	}
	if err == nil {
		v.Request = &r
		v.Approvers = a.mentions(ctx, r)
	}
	g, err := a.store.Grant(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return chat.Message{}, err
	}
	if err == nil {
		v.Grant = &g
	}
	o, err := a.store.Oneoff(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return chat.Message{}, err
	}
	if err == nil {
		v.Oneoff = &o
	}
	if c.Glass {
		if v.FollowUp, err = a.followUp(ctx, id); err != nil {
			return chat.Message{}, err
		}
	}
	return a.card.Card(v), nil
}

// followUp reads the follow-up of a change that went by break-glass. One that is
// not as it was written is nil: the card is shown all the same.
func (a *App) followUp(ctx context.Context, id bcn.ID) (*bcn.FollowUp, error) {
	f, err := a.store.FollowUp(ctx, id)
	if bcn.CodeOf(err) == bcn.CodeTampered {
		a.log.Error("the follow-up of a change is not as it was written", "change", int64(id))
		return nil, nil //nolint:nilnil // none is shown
	}
	if err != nil {
		return nil, err
	}
	return &f, nil
}
