package slackbot

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
)

// Homes fill the app's own page, which each person sees alone.
type Homes interface {
	// Home answers what a person sees there, by what is true now; false where it
	// could not be found out, so that the page stays as it is.
	Home(ctx context.Context, actor bcn.Actor, lang string) (chat.Message, bool)
}

const (
	// homeFor is how long a page that was opened is kept up to date.
	homeFor = time.Hour
	// maxHomes bounds the pages that are.
	maxHomes = 100
	// homeEvery is how often they are looked at for what other processes did.
	homeEvery = 30 * time.Second
	// homeSettle lets what belongs together happen before a page is made anew.
	homeSettle = 300 * time.Millisecond
)

// homes are the pages that people opened lately. What a process forgets is
// filled when it is opened again.
type homes struct {
	mu    sync.Mutex
	pages map[string]*page // by Slack user id
	touch chan struct{}    // something was decided, or asked for
}

type page struct {
	actor bcn.Actor
	till  time.Time
	shown [sha256.Size]byte
}

func newHomes() *homes { return &homes{pages: map[string]*page{}, touch: make(chan struct{}, 1)} }

// touched tells that pages may have changed.
func (h *homes) touched() {
	select {
	case h.touch <- struct{}{}:
	default:
	}
}

// opened remembers a page, in place of the one that ends first where there are
// too many.
func (h *homes) opened(a bcn.Actor, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages[a.User] == nil && len(h.pages) >= maxHomes {
		var oldest string
		for user, p := range h.pages {
			if oldest == "" || p.till.Before(h.pages[oldest].till) {
				oldest = user
			}
		}
		delete(h.pages, oldest)
	}
	h.pages[a.User] = &page{actor: a, till: now.Add(homeFor)}
}

// live answers whose pages are kept up to date.
func (h *homes) live(now time.Time) []bcn.Actor {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []bcn.Actor
	for user, p := range h.pages {
		if p.till.Before(now) {
			delete(h.pages, user)
			continue
		}
		out = append(out, p.actor)
	}
	return out
}

// changed says whether a page would show something else, and remembers it.
func (h *homes) changed(user string, sum [sha256.Size]byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pages[user]
	if p == nil || p.shown == sum {
		return false
	}
	p.shown = sum
	return true
}

// homeOpened fills the page of somebody who looks at it.
func (b *Bot) homeOpened(r chat.Request) {
	if b.opts.Homes == nil {
		return
	}
	b.homes.opened(r.Actor(), b.api.now())
	b.homes.touched()
}

// homing keeps the pages up to date until ctx ends.
func (b *Bot) homing(ctx context.Context) {
	tick := time.NewTicker(homeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-b.homes.touch:
			if sleep(ctx, homeSettle) != nil {
				return
			}
		}
		for _, a := range b.homes.live(b.api.now()) {
			if err := b.fillHome(ctx, a); err != nil && ctx.Err() == nil {
				b.log.Warn("page not filled", "user", a.User, "reason", word(err))
			}
		}
	}
}

func (b *Bot) fillHome(ctx context.Context, a bcn.Actor) error {
	defer b.recovered("page")
	ctx, cancel := context.WithTimeout(ctx, httpTimeout)
	defer cancel()
	m, ok := b.opts.Homes.Home(ctx, a, b.lang(a.User))
	if !ok {
		return nil
	}
	body, err := json.Marshal(m)
	if err != nil || !b.homes.changed(a.User, sha256.Sum256(body)) {
		return err
	}
	return b.api.publishHome(ctx, a.User, m)
}

// publishHome shows a message as a person's page (docs.slack.dev,
// "views.publish"): at most 100 blocks.
func (a *API) publishHome(ctx context.Context, user string, m chat.Message) error {
	all := blocks(m)
	v := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: all[:min(len(all), maxViewBlock)]}}
	err := a.limits.call(ctx, "views.publish", "", postPatience, func(ctx context.Context) error {
		_, err := a.web.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: user, View: v})
		return err
	})
	if err != nil {
		return fmt.Errorf("views.publish: %w", err)
	}
	return nil
}
