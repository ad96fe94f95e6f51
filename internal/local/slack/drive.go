package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What a person cannot do, because Slack's own client would not let them, or
// because there is no workspace any more.
var (
	ErrNoSuchUser  = errors.New("no such user")
	ErrDeactivated = errors.New("the user is deactivated")
	ErrNotThere    = errors.New("the user is not in this channel")
	ErrArchived    = errors.New("the channel is archived")
	ErrNoButton    = errors.New("the user sees no such button")
	ErrClosed      = errors.New("the workspace is closed")
)

// Reply is how Slack answered a command or a click.
type Reply struct {
	// Message is what rode on the acknowledgement; nil if nothing did.
	Message *Message
	// Error is the code the person saw: operation_timeout, dispatch_failed,
	// invalid_command_response, or empty when it was acknowledged.
	Error string
}

// Slash types the app's command with text (without the command itself) and
// waits until it is acknowledged or failed.
func (w *Workspace) Slash(ctx context.Context, user, channel, text string) (Reply, error) {
	w.mu.Lock()
	u, c, err := w.present(user, channel)
	if err != nil {
		w.mu.Unlock()
		return Reply{}, fmt.Errorf("%s in %s: %w", w.opts.Command, channel, err)
	}
	if !slices.Contains(w.opts.Scopes, "commands") {
		w.mu.Unlock()
		return Reply{Error: "dispatch_unknown_error"}, nil
	}
	payload := w.slashPayload(u, c, text)
	w.mu.Unlock()
	done := make(chan Reply, 1)
	w.deliver(&delivery{
		kind: typeSlash, accepts: true, payload: payload,
		acked:  func(p []byte) { done <- w.slashAnswer(user, channel, p) },
		failed: func(code string) { done <- w.slashFailed(user, channel, code) },
	})
	return w.await(ctx, done)
}

func (w *Workspace) await(ctx context.Context, done <-chan Reply) (Reply, error) {
	select {
	case r := <-done:
		return r, nil
	case <-w.closing:
		return Reply{}, ErrClosed
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
}

// slashAnswer shows what rode on a command's acknowledgement.
func (w *Workspace) slashAnswer(user, channel string, payload []byte) Reply {
	if len(payload) == 0 || string(payload) == "null" || string(payload) == `""` {
		return Reply{}
	}
	w.mu.Lock()
	p, bad := w.parseAnswer(payload)
	if bad != nil {
		w.mu.Unlock()
		return w.slashFailed(user, channel, "invalid_command_response")
	}
	defer w.mu.Unlock()
	if p == nil {
		return Reply{}
	}
	m := &Message{Channel: channel, User: BotUserID, Text: p.Text, Blocks: p.Blocks}
	if p.ResponseType != "in_channel" {
		m.EphemeralTo = user
	}
	w.add(m)
	shown := *m
	return Reply{Message: &shown}
}

// slashFailed shows Slack's own words for a command that went wrong.
func (w *Workspace) slashFailed(user, channel, code string) Reply {
	w.tell(user, channel, "", fmt.Sprintf("%s failed with the error \"%s\"", w.opts.Command, code), code)
	return Reply{Error: code}
}

// Tell shows one person a text in a channel, as Slackbot's.
func (w *Workspace) Tell(user, channel, text string) { w.tell(user, channel, "", text, "") }

// tell is Slackbot's word to one person.
func (w *Workspace) tell(user, channel, thread, text, code string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(&Message{Channel: channel, Thread: thread, User: slackbotID, Text: text, EphemeralTo: user, Failure: code})
}

// Click presses a button of a message as the person holds it in their hands:
// the message may have changed since. It waits until the click is acknowledged
// or failed.
func (w *Workspace) Click(ctx context.Context, user string, m Message, actionID string) (Reply, error) {
	w.mu.Lock()
	payload, err := w.click(user, &m, actionID)
	w.mu.Unlock()
	if err != nil {
		return Reply{}, fmt.Errorf("click on %s: %w", actionID, err)
	}
	done := make(chan Reply, 1)
	w.deliver(&delivery{
		kind: typeInteractive, payload: payload,
		acked: func([]byte) { done <- Reply{} }, // an answer on a click counts for nothing
		failed: func(code string) {
			w.tell(user, m.Channel, m.Thread, fmt.Sprintf("The button did not work: \"%s\"", code), code)
			done <- Reply{Error: code}
		},
	})
	return w.await(ctx, done)
}

func (w *Workspace) click(user string, m *Message, actionID string) (map[string]any, error) {
	u, _, err := w.present(user, m.Channel)
	if err != nil {
		return nil, err
	}
	if m.EphemeralTo != "" && m.EphemeralTo != user {
		return nil, ErrNoButton
	}
	var payload map[string]any
	walkBlocks(m.Blocks, func(blockID string, e map[string]any) {
		if payload == nil && str(e, "action_id") == actionID {
			payload = w.clickPayload(u, m, blockID, e)
		}
	})
	if payload == nil {
		return nil, ErrNoButton
	}
	return payload, nil
}

// Say posts a message as a person, in a thread if thread is not empty, and
// answers it. A mention of the bot in a channel where it is makes an
// app_mention event, a direct message makes a message event; both are on their
// way when Say returns.
func (w *Workspace) Say(_ context.Context, user, channel, thread, text string) (Message, error) {
	w.mu.Lock()
	_, c, err := w.present(user, channel)
	if err == nil && thread != "" && c.find(thread) == nil {
		err = errors.New("no such thread")
	}
	if err == nil && strings.TrimSpace(text) == "" {
		err = errors.New("nothing to say")
	}
	if err != nil {
		w.mu.Unlock()
		return Message{}, fmt.Errorf("message in %s: %w", channel, err)
	}
	m := &Message{Channel: c.ID, Thread: thread, User: user, Text: w.typed(text, false)}
	m.Blocks, _ = json.Marshal(richText(m.Text)) //nolint:errchkjson // maps of texts
	w.add(m)
	shown := *m
	event := w.eventFor(m)
	absent := event == nil && c.IM == "" && strings.Contains(m.Text, "<@"+BotUserID+">")
	w.mu.Unlock()
	if absent {
		w.tell(user, channel, thread, "<@"+BotUserID+"> is not in this channel, so it was not told.", "")
	}
	if event != nil {
		w.event(event, 0)
	}
	return shown, nil
}

// Mention is Say with the bot's name in front.
func (w *Workspace) Mention(ctx context.Context, user, channel, thread, text string) (Message, error) {
	return w.Say(ctx, user, channel, thread, "@bcn "+text)
}

// DM is Say in a person's direct message with the bot.
func (w *Workspace) DM(ctx context.Context, user, text string) (Message, error) {
	w.mu.Lock()
	if w.user(user) == nil {
		w.mu.Unlock()
		return Message{}, ErrNoSuchUser
	}
	c := w.im(user).ID
	w.mu.Unlock()
	return w.Say(ctx, user, c, "", text)
}

// eventFor is the event that a new message makes, or nil. The lock is held.
func (w *Workspace) eventFor(m *Message) map[string]any {
	c := w.channel(m.Channel)
	switch {
	case m.EphemeralTo != "":
		return nil
	case c.IM != "":
		if !slices.Contains(w.opts.Scopes, "im:history") {
			return nil
		}
		return w.imEvent(m, "")
	case m.FromBot() || !c.has(BotUserID) || !strings.Contains(m.Text, "<@"+BotUserID+">"):
		return nil
	case !slices.Contains(w.opts.Scopes, "app_mentions:read"):
		return nil
	}
	return w.mentionEvent(m)
}

// present checks that a person can act in a channel. The lock is held.
func (w *Workspace) present(user, channel string) (*User, *Channel, error) {
	u := w.user(user)
	if u == nil || u.Bot && !u.Forced {
		return nil, nil, ErrNoSuchUser
	}
	if u.Deleted && !u.Forced {
		return nil, nil, ErrDeactivated
	}
	if channel == imID(user) {
		return u, w.im(user), nil
	}
	c := w.channel(channel)
	switch {
	case c == nil || !c.has(user):
		return nil, nil, ErrNotThere
	case c.Archived:
		return nil, nil, ErrArchived
	}
	return u, c, nil
}

// add puts a message into its channel, with its time. The lock is held.
func (w *Workspace) add(m *Message) {
	m.TS = w.nextTS()
	c := w.channel(m.Channel)
	c.messages = append(c.messages, m)
	w.change()
}
