package app

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/text"
)

// handler runs what people did: the edge at which errors become sentences.
type handler struct{ a *App }

var _ slackbot.Handler = handler{}

// Immediate answers help and parse errors.
func (h handler) Immediate(r chat.Request, lang string) (chat.Message, bool) {
	return h.a.registry.Immediate(r, lang)
}

var _ slackbot.Modals = handler{}

// Loading answers what is shown while a window is being filled.
func (h handler) Loading(r chat.Request, lang string) (chat.Modal, bool) {
	return h.a.registry.Loading(r, lang)
}

// Tidy takes out of a request what must not be stored.
func (h handler) Tidy(r chat.Request) chat.Request { return h.a.registry.Tidy(r) }

// Fill answers a window as it is stored.
func (h handler) Fill(s chat.Submission) chat.Request { return h.a.registry.Fill(s) }

// Check says what is wrong with what was filled in.
func (h handler) Check(s chat.Submission, lang string) map[string]string {
	return h.a.registry.CheckFields(s, lang)
}

// Keep puts what is secret where it belongs.
func (h handler) Keep(ctx context.Context, s chat.Submission, lang string) map[string]string {
	wrong := h.a.registry.KeepFields(ctx, s, lang)
	if len(wrong) > 0 {
		h.a.log.Warn("window not kept", "key", s.Key, "user", s.User)
	}
	return wrong
}

var _ slackbot.Homes = handler{}

// Home answers what a person sees on the app's own page.
func (h handler) Home(ctx context.Context, actor bcn.Actor, lang string) (chat.Message, bool) {
	m, err := h.a.registry.Home(ctx, actor, lang)
	if err != nil {
		h.a.log.Warn("page of a person", "user", actor.User, "error", err)
	}
	return m, err == nil
}

// Handle runs a stored request once. An error of ours is tried again by the
// reconciler, and told only when it is given up; what a person can mend is
// told at once.
func (h handler) Handle(ctx context.Context, key string) slackbot.Outcome {
	r, fence, ok, err := h.a.store.ClaimInbox(ctx, key)
	if errors.Is(err, store.ErrPoison) {
		h.a.log.Error("command parked", "key", key, "user", r.User, "ref", text.Ref(err), "error", err)
		return h.reply(r, h.language(ctx, r.User), err)
	}
	if err != nil {
		h.a.log.Error("claim command", "key", key, "error", err)
		return slackbot.Outcome{}
	}
	if !ok {
		return slackbot.Outcome{}
	}
	lang := h.language(ctx, r.User)
	origin := deploy.Origin{Key: key, Fence: fence, Channel: r.Channel, Thread: r.Thread}
	if r.Source == chat.FromClick { // of a mention it is what was typed, not a card
		origin.Message = r.Message
	}
	m, has, err := h.held(ctx, r, origin, lang)
	if err == nil {
		if err = h.a.store.Settle(ctx, key, fence); err == nil {
			return slackbot.Outcome{Request: r, Reply: m, HasReply: has}
		}
	}
	return h.failed(ctx, r, origin, lang, err)
}

// held runs a command while its lease is renewed: looking for drift takes longer
// than one.
func (h handler) held(ctx context.Context, r chat.Request, o deploy.Origin, lang string) (m chat.Message, has bool, err error) {
	renew := func(ctx context.Context) error {
		err := h.a.store.RenewInbox(ctx, o.Key, o.Fence)
		if errors.Is(err, store.ErrConflict) {
			return nil // another has it, or it is done: settling it tells
		}
		return err
	}
	err = deploy.WhileHeld(ctx, h.a.o.Pace.Lease/3, renew, func(ctx context.Context) (err error) {
		m, has, err = h.run(ctx, r, o, lang)
		return err
	})
	return m, has, err
}

// run turns a panic into an error with its stack in the log.
func (h handler) run(ctx context.Context, r chat.Request, o deploy.Origin, lang string) (m chat.Message, has bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			h.a.log.Error("panic", "key", r.Key, "value", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = bcn.E(bcn.CodeInternal)
		}
	}()
	return h.a.registry.Run(ctx, r, r.Actor(), o, lang)
}

func (h handler) failed(ctx context.Context, r chat.Request, o deploy.Origin, lang string, err error) slackbot.Outcome {
	if errors.Is(err, deploy.ErrMoved) {
		return slackbot.Outcome{} // another ran it
	}
	if bcn.CodeOf(err) == bcn.CodeInternal {
		h.a.log.Error("run command", "key", r.Key, "user", r.User, "ref", text.Ref(err), "error", err)
		parked, storeErr := h.a.store.InboxFailed(ctx, o.Key, o.Fence, err.Error())
		if storeErr != nil || !parked {
			return slackbot.Outcome{}
		}
	} else if settleErr := h.a.store.Settle(ctx, o.Key, o.Fence); settleErr != nil {
		h.a.log.Error("settle command", "key", r.Key, "error", settleErr)
	}
	return h.reply(r, lang, err)
}

// reply tells the actor what is wrong.
func (h handler) reply(r chat.Request, lang string, err error) slackbot.Outcome {
	sentence := h.a.text.Error(lang, err)
	return slackbot.Outcome{Request: r, HasReply: true, Reply: chat.Message{Text: sentence, Blocks: []chat.Block{{Section: sentence}}}}
}

// language is the person's own, or the configured one.
func (h handler) language(ctx context.Context, user string) string {
	if l := h.a.api.Locale(user); l != "" {
		return text.Lang(l)
	}
	if p, err := h.a.api.Profile(ctx, user, zeroTime); err == nil && p.Locale != "" {
		return text.Lang(p.Locale)
	}
	return h.a.o.Config.Language
}
