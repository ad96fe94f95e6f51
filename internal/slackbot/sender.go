package slackbot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

const (
	// maxSending bounds what the sender holds at once. One message a second per
	// channel: all of it is sent well within a lease, even to one channel.
	maxSending = 10
	// The outbox leases for 30 s. A message that is not begun after waitTime is
	// given back, one that is takes at most sendTime, and what became of it is
	// found out and recorded before leaseTime is over.
	waitTime  = 10 * time.Second
	sendTime  = 10 * time.Second
	leaseTime = 28 * time.Second
	// outboxPoll is how often the outbox is asked without being woken.
	outboxPoll = time.Second
	// settle is how long a post whose fate is unknown is given to appear before
	// it is looked up.
	settle = 2 * time.Second
	// reserve is how many edits are kept free for decisions and verdicts.
	reserve = 4
)

// sender empties the outbox: channels beside each other, the messages of one
// channel one after the other, in the order in which they were claimed.
type sender struct {
	bot    *Bot
	outbox Outbox
	log    *slog.Logger

	mu     sync.Mutex
	queues map[string][]claimed // by channel or user; a key is there while it is being sent
	held   int
	wg     sync.WaitGroup
	free   chan struct{} // receives when held went down
}

// claimed is a message and when it was leased.
type claimed struct {
	Out
	at time.Time
}

func newSender(b *Bot) *sender {
	return &sender{
		bot: b, outbox: b.opts.Outbox, log: b.log,
		queues: map[string][]claimed{}, free: make(chan struct{}, 1),
	}
}

// run sends until ctx ends, and then what it holds.
func (s *sender) run(ctx context.Context) {
	defer s.wg.Wait()
	ticker := time.NewTicker(outboxPoll)
	defer ticker.Stop()
	for {
		more := s.runOnce(ctx)
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-s.outbox.Wake():
		case <-s.free:
		case <-ticker.C:
		}
	}
}

// runOnce claims what there is room for. more says that there may be more.
func (s *sender) runOnce(ctx context.Context) (more bool) {
	if ctx.Err() != nil {
		return false
	}
	room := s.room()
	if room == 0 {
		return false
	}
	at := s.bot.api.now()
	due, err := s.outbox.Claim(ctx, room)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Error("outbox not read", "error", err)
		}
		return false
	}
	for _, o := range due {
		s.queue(claimed{o, at}) //nolint:contextcheck // what is claimed is sent although ctx ends
	}
	return len(due) == room
}

func (s *sender) room() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maxSending - s.held
}

// queue appends the message to its channel's line, and starts the line where
// nobody is at it.
func (s *sender) queue(o claimed) {
	key := first(o.Channel, o.User)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held++
	line, busy := s.queues[key]
	s.queues[key] = append(line, o)
	if !busy {
		s.wg.Go(func() { s.drain(key) })
	}
}

// drain sends a channel's line until it is empty. Where Slack wants a pause,
// the whole line is given back, in order.
func (s *sender) drain(key string) {
	var pause time.Duration
	for {
		o, ok := s.next(key)
		if !ok {
			return
		}
		switch {
		case s.bot.api.now().Sub(o.at) > waitTime:
			s.retry(o.Out, 0, "its channel is busy")
		case o.UpdateTS != "": // edits are limited apart from posts
			s.send(o)
		case pause > 0:
			pause += time.Second
			s.retry(o.Out, pause, "behind a message that waits")
		default:
			pause = s.send(o)
		}
		s.done()
	}
}

func (s *sender) next(key string) (claimed, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.queues[key]
	if len(line) == 0 {
		delete(s.queues, key)
		return claimed{}, false
	}
	s.queues[key] = line[1:]
	return line[0], true
}

func (s *sender) done() {
	s.mu.Lock()
	s.held--
	s.mu.Unlock()
	select {
	case s.free <- struct{}{}:
	default:
	}
}

// send sends one message and records what became of it. It answers the pause
// that the rest of its channel must make.
func (s *sender) send(c claimed) (pause time.Duration) {
	defer s.bot.recovered("sender")
	ctx, cancel := context.WithDeadline(s.bot.background, c.at.Add(leaseTime))
	defer cancel()
	o, started := c.Out, s.bot.api.now()
	sending, sent := context.WithTimeout(ctx, sendTime)
	channel, ts, err := s.deliver(sending, o)
	sent()
	s.bot.opts.Hooks.Posted(method(o), s.bot.api.now().Sub(started), word(err))
	busy, waits := errors.AsType[errBusy](err)
	switch {
	case err == nil:
		s.record("posted", o, s.outbox.Posted(ctx, o.ID, channel, ts, o.Version))
	case waits:
		s.retry(o, busy.wait, err.Error())
		return busy.wait
	case isGone(reason(err)):
		s.log.Warn("message dropped", "outbox", o.ID, "channel", o.Channel, "why", reason(err))
		s.record("dropped", o, s.outbox.Drop(ctx, o.ID, reason(err)))
	case reason(err) != "" && !passing(reason(err)):
		s.log.Error("message refused", "outbox", o.ID, "channel", o.Channel, "why", reason(err))
		s.record("dropped", o, s.outbox.Drop(ctx, o.ID, reason(err)))
	case idempotent(o) || refused(err):
		s.retry(o, 2*time.Second, err.Error())
	default:
		s.log.Warn("message may have been posted; it will be looked up", "outbox", o.ID, "error", err)
		s.settle(ctx, o, channel)
	}
	return 0
}

// deliver posts, edits or shows the message, and answers where it is.
func (s *sender) deliver(ctx context.Context, o Out) (channel, ts string, err error) {
	api := s.bot.api
	channel, err = api.place(ctx, o)
	if err != nil {
		return o.Channel, "", notSent{err}
	}
	if o.Ephemeral {
		return channel, "", api.postEphemeral(ctx, o, s.bot.compose(o.Body, s.bot.opts.Language))
	}
	if o.UpdateTS != "" {
		if o.Priority > 0 && api.limits.spare("chat.update") < reserve {
			return channel, "", errBusy{3 * time.Second}
		}
		return channel, o.UpdateTS, api.update(ctx, o, channel, s.bot.compose(o.Body, s.bot.opts.Language))
	}
	if o.Unconfirmed {
		ts, err = api.find(ctx, o, channel)
		if err != nil {
			return channel, "", notSent{err}
		}
		if ts != "" {
			return channel, ts, nil
		}
	}
	return s.post(ctx, o, channel)
}

// post posts the message, and what does not fit into its thread.
func (s *sender) post(ctx context.Context, o Out, channel string) (string, string, error) {
	c := s.bot.composeThread(o.Body)
	ts, err := s.bot.api.post(ctx, o, channel, c)
	if err != nil {
		return channel, "", err
	}
	rest := Out{Channel: channel, ThreadTS: first(o.ThreadTS, ts)}
	for i, page := range c.more {
		if _, err := s.bot.api.post(ctx, rest, channel, composed{text: c.text, blocks: page}); err != nil {
			// The message itself is posted: posting it again would be worse.
			s.log.Error("rest of a message not posted", "outbox", o.ID, "page", i+2, "error", err)
			break
		}
	}
	return channel, ts, nil
}

// settle finds out what became of a post whose answer was lost. Where Slack
// cannot be asked either, the lease runs out and the outbox answers the
// message as Unconfirmed.
func (s *sender) settle(ctx context.Context, o Out, channel string) {
	if sleep(ctx, settle) != nil {
		return
	}
	ts, err := s.bot.api.find(ctx, o, channel)
	switch {
	case err != nil:
		s.log.Warn("message not looked up", "outbox", o.ID, "error", err)
	case ts != "":
		s.record("posted", o, s.outbox.Posted(ctx, o.ID, channel, ts, o.Version))
	default:
		s.retry(o, 0, "its answer was lost and it is not there") //nolint:contextcheck // recorded also where the time for sending is over
	}
}

func (s *sender) retry(o Out, after time.Duration, why string) {
	ctx, cancel := context.WithTimeout(s.bot.background, sendTime)
	defer cancel()
	s.record("given back", o, s.outbox.Retry(ctx, o.ID, after, why))
}

func (s *sender) record(what string, o Out, err error) {
	if err != nil {
		s.log.Error("outbox not written", "outbox", o.ID, "what", what, "error", err)
	}
}

// notSent is an error from before the message was sent.
type notSent struct{ error }

func (e notSent) Unwrap() error { return e.error }

// idempotent says that sending the message twice does no harm.
func idempotent(o Out) bool { return o.UpdateTS != "" || o.Ephemeral }

// refused says that Slack, or nobody, took the message.
func refused(err error) bool {
	if _, before := errors.AsType[notSent](err); before {
		return true
	}
	status, answered := errors.AsType[slack.StatusCodeError](err)
	return reason(err) != "" || answered && status.Code < 500
}

// passing says that the same message may be taken later.
func passing(reason string) bool {
	switch reason {
	case "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable",
		"request_timeout", "team_added_to_org", "message_limit_exceeded",
		// Ours to mend: the message waits until a person did.
		"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope":
		return true
	default:
		return false
	}
}

func method(o Out) string {
	switch {
	case o.UpdateTS != "":
		return "chat.update"
	case o.Ephemeral:
		return "chat.postEphemeral"
	default:
		return "chat.postMessage"
	}
}

// String names a message for errors and tests.
func (o Out) String() string { return fmt.Sprintf("outbox %d to %s", o.ID, first(o.Channel, o.User)) }
