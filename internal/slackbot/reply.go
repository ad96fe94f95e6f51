package slackbot

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// Slack takes at most 5 answers by a response_url within 30 minutes
// (docs.slack.dev, "Handling user interaction").
const (
	responseURLLife = 29 * time.Minute
	responseURLUses = 5
	maxRoutes       = 10_000
)

// routes remembers the response_urls of requests. They are as good as a token
// for their channel, so they live in memory only.
type routes struct {
	now func() time.Time

	mu   sync.Mutex
	urls map[string]*route
}

type route struct {
	url  string
	till time.Time
	left int
}

func newRoutes(now func() time.Time) *routes { return &routes{now: now, urls: map[string]*route{}} }

func (r *routes) keep(key, address string) {
	if address == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if len(r.urls) >= maxRoutes {
		for k, v := range r.urls {
			if v.till.Before(now) {
				delete(r.urls, k)
			}
		}
		if len(r.urls) >= maxRoutes {
			return // answered by the next route
		}
	}
	if r.urls[key] == nil {
		r.urls[key] = &route{url: address, till: now.Add(responseURLLife), left: responseURLUses}
	}
}

// use answers the response_url of a request and counts the use.
func (r *routes) use(key string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.urls[key]
	if v == nil || v.left == 0 || v.till.Before(r.now()) {
		delete(r.urls, key)
		return "", false
	}
	v.left--
	return v.url, true
}

// Reply tells the actor of a request something, alone: by the response_url
// where this process still has it, in a direct conversation there, after a
// mention or a window by an ephemeral message, else by a direct message. A message that is
// longer than one can be is shortened. It fails where no route worked.
func (b *Bot) Reply(ctx context.Context, r chat.Request, m chat.Message) error {
	var failed error
	if target, ok := b.routes.use(r.Key); ok {
		err := b.respond(ctx, target, m, b.lang(r.User))
		if err == nil {
			return nil
		}
		failed = err
	}
	if r.Source == chat.FromMention || r.Source == chat.FromModal && r.Channel != "" {
		err := b.api.postEphemeral(ctx, Out{Channel: r.Channel, User: r.User, ThreadTS: r.Thread}, b.compose(m, b.lang(r.User)))
		if err == nil {
			return nil
		}
		failed = errors.Join(failed, err)
	}
	if err := b.direct(ctx, r, m); err != nil {
		return errors.Join(failed, err)
	}
	return nil
}

// direct writes into the direct messages with the actor: where the request was
// made there, in its thread.
func (b *Bot) direct(ctx context.Context, r chat.Request, m chat.Message) error {
	out := Out{Direct: true, User: r.User}
	if r.Source == chat.FromDirect || strings.HasPrefix(r.Channel, "D") {
		out = Out{Channel: r.Channel, ThreadTS: r.Thread}
	}
	channel, err := b.api.place(ctx, out)
	if err != nil {
		return err
	}
	_, err = b.api.post(ctx, out, channel, b.compose(m, b.lang(r.User)))
	return err
}

// respond posts to a response_url. A message is left as it is: only the card's
// own edits change it.
func (b *Bot) respond(ctx context.Context, target string, m chat.Message, lang string) error {
	if !b.api.mayAnswer(target) {
		return fmt.Errorf("response_url: not an address of Slack's")
	}
	c := b.compose(m, lang)
	started := b.api.now()
	err := slack.PostWebhookCustomHTTPContext(ctx, target, b.api.http, &slack.WebhookMessage{
		Text: c.text, Blocks: &slack.Blocks{BlockSet: c.blocks},
		ResponseType: slack.ResponseTypeEphemeral, ReplaceOriginal: false,
	})
	b.opts.Hooks.Posted("response_url", b.api.now().Sub(started), word(err))
	if err != nil {
		return fmt.Errorf("response_url: %w", withoutURL(err))
	}
	return nil
}

// mayAnswer says that an address belongs to the Slack that the API talks to.
func (a *API) mayAnswer(target string) bool {
	u, err := url.Parse(target)
	if err != nil || u.User != nil {
		return false
	}
	if a.real {
		return u.Scheme == "https" && (u.Host == "hooks.slack.com" || u.Host == "hooks.slack-gov.com")
	}
	return u.Scheme == "http" || u.Scheme == "https"
}

// withoutURL takes the address from a transport error: it works as a token.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// ephemeral is a message as an acknowledgement carries it.
func (b *Bot) ephemeral(m chat.Message, lang string) any {
	c := b.compose(m, lang)
	return map[string]any{"response_type": slack.ResponseTypeEphemeral, "text": c.text, "blocks": c.blocks}
}

// composed is a message in Slack's form; more holds what does not fit.
type composed struct {
	text   string
	blocks []slack.Block
	more   [][]slack.Block
}

// compose renders a message that stands alone: what does not fit is cut.
func (b *Bot) compose(m chat.Message, lang string) composed {
	all := pages(blocks(m), string(b.opts.Text.Say(lang, text.SlackCut, nil)))
	return composed{text: fallback(m), blocks: all[0]}
}

// composeThread renders a message whose rest goes into its thread.
func (b *Bot) composeThread(m chat.Message) composed {
	all := pages(blocks(m), string(b.opts.Text.Say(b.opts.Language, text.SlackRest, nil)))
	return composed{text: fallback(m), blocks: all[0], more: all[1:]}
}

// word is Slack's word for an error, or a general one, for counting.
func word(err error) string {
	switch {
	case err == nil:
		return ""
	case reason(err) != "":
		return reason(err)
	default:
		return "error"
	}
}
