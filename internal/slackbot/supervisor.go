package slackbot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/gorilla/websocket"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"
)

// supervisor keeps some sockets open. Each slot replaces its own socket before
// Slack does: the new one is opened first, and the old one is read until Slack
// closes it, since only Slack knows when it has sent its last envelope there.
type supervisor struct {
	api      *API
	log      *slog.Logger
	slots    int
	stagger  [2]time.Duration // between the first slot's hello and the others'
	storm    time.Duration    // a socket that lived shorter counts as a failure
	deliver  func(*socket, socketmode.Request)
	health   *health
	wg       sync.WaitGroup // sockets that are still being read
	greeted  chan struct{}  // closed by the first hello
	greeting sync.Once
}

const (
	// workerPause is how long a process without a socket waits before it tries
	// again: old processes of a rolling deploy are gone by then.
	workerPause = time.Minute
	// linger is how long a replaced socket is read where Slack does not close it.
	linger = 5 * time.Minute
	// lead is how long before the end of its life a socket is replaced.
	lead = 2 * time.Minute
	// defaultLife is used where the hello names no time; Slack's is about 5 h.
	defaultLife = 4 * time.Hour
)

// run holds the slots open until ctx ends or one of them ends with a
// FatalError. It answers once every socket is closed.
func (s *supervisor) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for n := range s.slots {
		group.Go(func() error {
			if n > 0 && !s.await(ctx, n) {
				return nil
			}
			return s.slot(ctx, n)
		})
	}
	err := group.Wait()
	s.wg.Wait()
	return err
}

// await waits until the slot's turn: later than the first, so that Slack never
// refreshes two sockets at the same moment.
func (s *supervisor) await(ctx context.Context, n int) bool {
	select {
	case <-s.greeted:
	case <-ctx.Done():
		return false
	}
	pause := s.stagger[0]
	if spread := s.stagger[1] - s.stagger[0]; spread > 0 {
		pause += rand.N(spread) //nolint:gosec // jitter, not a secret
	}
	return sleep(ctx, time.Duration(n)*pause) == nil
}

// slot keeps one socket open.
func (s *supervisor) slot(ctx context.Context, n int) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.Multiplier = 500*time.Millisecond, 5*time.Minute, 2
	for {
		opened := time.Now()
		cur, err := s.open(ctx)
		if err == nil {
			s.log.Info("slack socket open", "slot", n, "connections", cur.hello.NumConnections, "life", cur.life())
			err = s.watch(ctx, cur)
			s.wg.Go(func() { cur.outlive(ctx) })
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the bot was asked to end
		}
		what, asked, err := judge(err)
		if what == give {
			return err
		}
		pause := s.pause(wait, what, asked, time.Since(opened))
		s.log.Info("slack socket to be opened again", "slot", n, "why", fmt.Sprint(err), "in", pause)
		if sleep(ctx, pause) != nil {
			return nil //nolint:nilerr // the bot was asked to end
		}
	}
}

// pause is the storm guard: a socket that was dropped at once waits longer
// each time, with jitter; one that lived long is replaced at once.
func (s *supervisor) pause(wait *backoff.ExponentialBackOff, what next, asked, lived time.Duration) time.Duration {
	if what == worker {
		s.health.setWorker()
		return workerPause + rand.N(workerPause) //nolint:gosec // jitter, not a secret
	}
	if lived >= s.storm {
		wait.Reset()
		return asked
	}
	return max(asked, wait.NextBackOff())
}

// live is a socket that is being read.
type live struct {
	*socket
	done chan struct{} // closed when reading ended
	err  error         // why; set before done is closed
}

// outlive waits until Slack closes a socket that was replaced; where it does
// not, or the bot ends, the socket is closed from here.
func (l *live) outlive(ctx context.Context) {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	select {
	case <-l.done:
		return
	case <-timer.C:
	case <-ctx.Done():
	}
	l.goodbye(context.WithoutCancel(ctx))
	select {
	case <-l.done:
	case <-time.After(ackDeadline):
	}
	_ = l.ws.Close()
	<-l.done
}

// open asks for an address, dials it, and begins to read.
func (s *supervisor) open(ctx context.Context) (*live, error) {
	var url string
	err := s.api.limits.call(ctx, "apps.connections.open", "", 0, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, httpTimeout)
		defer cancel()
		var err error
		_, url, err = s.api.web.StartSocketModeContext(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("apps.connections.open: %w", err)
	}
	dialer := &websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: httpTimeout, WriteBufferSize: writeBuffer,
	}
	sock, err := dial(ctx, dialer, url, s.health.event)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	s.api.learnApp(sock.hello.ConnectionInfo.AppID)
	s.health.opened(sock.hello.NumConnections)
	s.greeting.Do(func() { close(s.greeted) })
	l := &live{socket: sock, done: make(chan struct{})}
	s.wg.Go(func() { s.read(context.WithoutCancel(ctx), l) })
	return l, nil
}

// read reads the socket to its end, which is not that of ctx.
func (s *supervisor) read(ctx context.Context, l *live) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.wg.Go(func() { l.ping(ctx) })
	err := l.read(func(env socketmode.Request) { s.deliver(l.socket, env) })
	_ = l.ws.Close()
	s.health.closed()
	l.err = l.ended(err)
	close(l.done)
}

// errAged says that a socket is to be replaced before Slack does it.
var errAged = errors.New("its time is nearly over")

// watch waits until the socket needs a successor, and says why. The socket may
// still be open then.
func (s *supervisor) watch(ctx context.Context, l *live) error {
	life := l.life()
	if life == 0 {
		life = defaultLife
	}
	// A little at random, so that slots drift apart.
	ahead := min(lead, life/10)
	timer := time.NewTimer(life - ahead - rand.N(ahead+1)) //nolint:gosec // jitter, not a secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errAged
	case <-l.leaving:
		return l.ended(nil)
	case <-l.done:
		return l.err
	}
}
