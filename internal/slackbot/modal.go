package slackbot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack/socketmode"

	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

const (
	// triggerLife is how long a trigger_id opens a window (docs.slack.dev,
	// "Modals": three seconds).
	triggerLife = 3 * time.Second
	// keepWithin bounds what is done with a submission before it is
	// acknowledged: Slack gives three seconds, of which the store may have had
	// some.
	keepWithin = 2500 * time.Millisecond
	// viewsFor is how long a window waits to be filled.
	viewsFor = 5 * time.Minute
)

// views are the windows that were opened for requests and wait to be filled.
// What a process forgets is answered by a message.
type views struct {
	now func() time.Time

	mu    sync.Mutex
	byKey map[string]*opened
}

// opened is one window; done is closed when Slack has answered.
type opened struct {
	done  chan struct{}
	id    string // empty: Slack did not open it
	modal chat.Modal
	till  time.Time
}

func newViews(now func() time.Time) *views { return &views{now: now, byKey: map[string]*opened{}} }

func (v *views) keep(key string, m chat.Modal) *opened {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	for k, o := range v.byKey {
		if o.till.Before(now) {
			delete(v.byKey, k)
		}
	}
	o := &opened{done: make(chan struct{}), modal: m, till: now.Add(viewsFor)}
	v.byKey[key] = o
	return o
}

func (v *views) take(key string) *opened {
	v.mu.Lock()
	defer v.mu.Unlock()
	o := v.byKey[key]
	delete(v.byKey, key)
	return o
}

// opening shows the window that a request asks for while it is still being
// found out what goes into it: the trigger is good for three seconds only.
func (b *Bot) opening(p projected) {
	if b.opts.Modals == nil || p.trigger == "" {
		return
	}
	m, ok := b.opts.Modals.Loading(p.Request, b.lang(p.User))
	if !ok {
		return
	}
	o := b.views.keep(p.Key, m)
	b.envelopes.Go(func() {
		defer b.recovered("window")
		defer close(o.done)
		ctx, cancel := context.WithTimeout(b.background, triggerLife)
		defer cancel()
		id, err := b.api.openView(ctx, p.trigger, m)
		if err != nil { // too late, most of the time: a button opens it then
			b.log.Info("window not opened", "key", p.Key, "user", p.User, "reason", word(err))
		}
		o.id = id
	})
}

// filled puts the outcome of a request into the window that was opened for it.
// It answers false where there is none, so that it has to be said otherwise.
func (b *Bot) filled(r chat.Request, out Outcome) bool {
	o := b.views.take(r.Key)
	if o == nil {
		return false
	}
	<-o.done
	if o.id == "" {
		return false
	}
	m := o.modal
	m.Body = out.Reply.Blocks
	if out.Reply.Modal != nil {
		m = *out.Reply.Modal
		m.Channel, m.Thread = r.Channel, r.Thread
	} else if !out.HasReply {
		return false
	}
	ctx, cancel := context.WithTimeout(b.background, httpTimeout)
	defer cancel()
	err := b.api.updateView(ctx, o.id, m)
	if reason(err) == "not_found" {
		// Closed meanwhile. What would have been filled in is not wanted any more;
		// what would have been shown has not been seen.
		return out.Reply.Modal != nil && out.Reply.Modal.Submit != ""
	}
	if err != nil {
		b.log.Error("window not filled", "key", r.Key, "user", r.User, "error", err)
	}
	return err == nil
}

// submitted takes a window that was sent: what is wrong is shown in it; what is
// secret is put where it belongs, before the row is acknowledged, and is in
// none.
func (b *Bot) submitted(s *socket, env socketmode.Request, arrived time.Time, p projected) {
	lang := b.lang(p.User)
	sent := chat.Submission{Request: p.Request, Fields: p.fields}
	if b.opts.Modals == nil {
		_ = b.ack(s, env, arrived, nil)
		return
	}
	if wrong := b.opts.Modals.Check(sent, lang); len(wrong) > 0 {
		_ = b.ack(s, env, arrived, inputErrors(wrong))
		return
	}
	p.Request = b.opts.Modals.Fill(sent)
	sent.Request = p.Request
	fresh, err := b.put(p.Request)
	if err != nil {
		b.log.Error("window not stored", "key", p.Key, "user", p.User, "error", err)
		b.unackedNow(p.Key)
		_ = b.ack(s, env, arrived, b.wrongEverywhere(p, text.SlackNotStored))
		return
	}
	if wrong := b.keepFields(sent, fresh, lang, arrived); len(wrong) > 0 {
		b.unackedNow(p.Key) // nobody runs it; the window stays, and may be sent again
		_ = b.ack(s, env, arrived, inputErrors(wrong))
		return
	}
	if err := b.ack(s, env, arrived, map[string]any{"response_action": "clear"}); err != nil {
		b.notAcked(p, fresh, err)
		return
	}
	if fresh {
		b.enqueue(p.Request)
	}
}

func (b *Bot) keepFields(sent chat.Submission, fresh bool, lang string, arrived time.Time) map[string]string {
	if !fresh { // sent twice: the first one is being done
		return nil
	}
	ctx, cancel := context.WithTimeout(b.background, keepWithin-b.api.now().Sub(arrived))
	defer cancel()
	return b.opts.Modals.Keep(ctx, sent, lang)
}

// unackedNow marks a row before its window is shown as not taken: it may be
// sent again at once, under the same key. Where that cannot be done in time it
// is tried further.
func (b *Bot) unackedNow(key string) {
	ctx, cancel := context.WithTimeout(b.background, 300*time.Millisecond)
	defer cancel()
	if err := b.opts.Inbox.Unacked(ctx, key); err != nil {
		b.unacked(key)
	}
}

// wrongEverywhere says the same below each input.
func (b *Bot) wrongEverywhere(p projected, id text.ID) any {
	wrong := map[string]string{}
	for name := range p.fields {
		wrong[name] = b.opts.Text.Plain(b.lang(p.User), id, nil)
	}
	return inputErrors(wrong)
}

// inputErrors keeps the window open with a sentence below the inputs that it is
// about (docs.slack.dev, "Modals", response_action).
func inputErrors(wrong map[string]string) any {
	return map[string]any{"response_action": "errors", "errors": wrong}
}

// openView opens a window and answers its id.
func (a *API) openView(ctx context.Context, trigger string, m chat.Modal) (string, error) {
	v, err := view(m)
	if err != nil {
		return "", err
	}
	var id string
	err = a.limits.call(ctx, "views.open", "", time.Second, func(ctx context.Context) error {
		answer, err := a.web.OpenViewContext(ctx, trigger, v)
		if err == nil {
			id = answer.ID
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("views.open: %w", err)
	}
	return id, nil
}

// updateView shows another content in a window.
func (a *API) updateView(ctx context.Context, id string, m chat.Modal) error {
	v, err := view(m)
	if err != nil {
		return err
	}
	err = a.limits.call(ctx, "views.update", "", postPatience, func(ctx context.Context) error {
		_, err := a.web.UpdateViewContext(ctx, v, "", "", id)
		return err
	})
	if err != nil {
		return fmt.Errorf("views.update: %w", err)
	}
	return nil
}
