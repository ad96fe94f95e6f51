package slackbot

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"
)

// methodLimits are Slack's published tiers for the methods that bcn calls
// (docs.slack.dev, "Rate limits"): requests a minute per app and workspace.
// chat.postMessage is limited per channel instead. A method that is not listed
// is only slowed by 429.
var methodLimits = map[string]struct{ perMinute, burst int }{
	"apps.connections.open":        {20, 4}, // sources disagree between tier 1 and 3: see reference on Socket Mode
	"chat.update":                  {50, 8},
	"chat.postEphemeral":           {100, 20},
	"chat.getPermalink":            {100, 20}, // special tier: several hundred a minute
	"conversations.history":        {50, 10},
	"conversations.replies":        {50, 10},
	"conversations.info":           {50, 20},
	"conversations.open":           {50, 20},
	"users.info":                   {100, 40},
	"views.publish":                {100, 20},
	"views.open":                   {100, 20},
	"files.getUploadURLExternal":   {100, 20},
	"files.completeUploadExternal": {100, 20},
	"views.update":                 {100, 20},
	"usergroups.users.list":        {20, 10},
}

// limits slow bcn down to what Slack allows, per method and, for posts, per
// channel. A 429 stops its method until Retry-After.
type limits struct {
	now func() time.Time

	mu       sync.Mutex
	methods  map[string]*rate.Limiter
	channels map[string]*rate.Limiter
	paused   map[string]time.Time

	// Posts to one channel: one a second, with short bursts (docs.slack.dev,
	// "Rate limits", chat.postMessage).
	perChannel rate.Limit
	burst      int
}

func newLimits(now func() time.Time, unlimited bool) *limits {
	l := &limits{
		now: now, methods: map[string]*rate.Limiter{}, channels: map[string]*rate.Limiter{}, paused: map[string]time.Time{},
		perChannel: 1, burst: 3,
	}
	for m, tier := range methodLimits {
		l.methods[m] = rate.NewLimiter(rate.Limit(float64(tier.perMinute)/60), tier.burst)
	}
	if unlimited {
		l.perChannel = rate.Inf
		for m := range l.methods {
			l.methods[m].SetLimit(rate.Inf)
		}
	}
	return l
}

// errBusy says that a call would have had to wait longer than its caller can.
type errBusy struct{ wait time.Duration }

func (e errBusy) Error() string { return "rate limit: next call in " + e.wait.String() }

// take reserves a call and answers how long to wait before it is made, or
// errBusy where that is longer than patience; then nothing is reserved.
func (l *limits) take(method, channel string, patience time.Duration) (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	wait := l.paused[method].Sub(now)
	if wait > patience {
		return 0, errBusy{wait}
	}
	var held []*rate.Reservation
	for _, limiter := range l.limiters(method, channel) {
		r := limiter.ReserveN(now, 1)
		held = append(held, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if wait > patience {
		for _, r := range held {
			r.CancelAt(now)
		}
		return 0, errBusy{wait}
	}
	return max(wait, 0), nil
}

func (l *limits) limiters(method, channel string) []*rate.Limiter {
	var found []*rate.Limiter
	if m := l.methods[method]; m != nil {
		found = append(found, m)
	}
	if method == "chat.postMessage" {
		c := l.channels[channel]
		if c == nil {
			if len(l.channels) > 1000 { // a full limiter forgets nothing by being made anew
				clear(l.channels)
			}
			c = rate.NewLimiter(l.perChannel, l.burst)
			l.channels[channel] = c
		}
		found = append(found, c)
	}
	return found
}

// spare says how many calls of the method could be made at once.
func (l *limits) spare(method string) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused[method].After(l.now()) {
		return 0
	}
	return l.methods[method].TokensAt(l.now())
}

// pause stops the method until d has passed.
func (l *limits) pause(method string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.now().Add(d); until.After(l.paused[method]) {
		l.paused[method] = until
	}
}

// call makes a call within the limits: it waits at most patience for its turn,
// also where Slack answers 429 with a Retry-After that fits into it, and then
// once more tries. It fails with errBusy where the turn is further away.
func (l *limits) call(ctx context.Context, method, channel string, patience time.Duration, f func(ctx context.Context) error) error {
	deadline := l.now().Add(patience)
	for {
		wait, err := l.take(method, channel, max(deadline.Sub(l.now()), 0))
		if err != nil {
			return err
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		err = f(ctx)
		var limited *slack.RateLimitedError
		if !errors.As(err, &limited) {
			return err
		}
		l.pause(method, max(limited.RetryAfter, time.Second))
	}
}

// sleep waits, or answers the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
