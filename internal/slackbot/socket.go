package slackbot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/semaphore"
)

const (
	// maxAck is where Slack silently drops an acknowledgement (reference on
	// Socket Mode, "ack size"); a frame must also not be fragmented, so the
	// write buffer is larger.
	maxAck      = 20 * 1024
	writeBuffer = 32 * 1024
	// ackDeadline bounds the wait for the store and for the write, which
	// together stay under the 3 s that Slack gives (4 s only where both fail).
	ackDeadline = 2 * time.Second
	// Slack pings every few seconds. We ping too, since some networks drop what
	// is idle in our direction; without anything for silence a socket is dead.
	pingEvery = 15 * time.Second
	silence   = 45 * time.Second
	// maxFlight bounds the envelopes of a socket that are being stored and
	// acknowledged at once; the store batches them.
	maxFlight = 64
	// maxEnvelope bounds what one frame may hold.
	maxEnvelope = 1 << 20
)

var (
	errAckTooLarge = errors.New("acknowledgement is not under 20 KB")
	errNoHello     = errors.New("no hello")
)

// errDisconnect is Slack's disconnect message.
type errDisconnect struct{ reason string }

func (e errDisconnect) Error() string { return "slack disconnects: " + e.reason }

// socket is one Socket Mode connection.
type socket struct {
	ws    *websocket.Conn
	hello socketmode.Request

	write   sync.Mutex          // gorilla allows one writer
	flight  *semaphore.Weighted // envelopes that are not acknowledged yet
	leaving chan struct{}       // closed when Slack says that it will close
	leave   sync.Once
	reason  atomic.Value // string: of the disconnect message
	seen    func()       // something arrived
}

// dial connects and waits for the hello.
func dial(ctx context.Context, dialer *websocket.Dialer, url string, seen func()) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, httpTimeout)
	defer cancel()
	ws, resp, err := dialer.DialContext(ctx, url, http.Header{"Origin": {"https://api.slack.com"}})
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		if resp != nil {
			// The status decides what happens next: 409 is one socket too many.
			return nil, errors.Join(slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}, err)
		}
		return nil, fmt.Errorf("dial: %w", err)
	}
	s := &socket{ws: ws, flight: semaphore.NewWeighted(maxFlight), leaving: make(chan struct{}), seen: seen}
	stop := context.AfterFunc(ctx, func() { _ = ws.Close() })
	defer stop()
	if err := s.greet(); err != nil {
		_ = ws.Close()
		return nil, err
	}
	return s, nil
}

// greet reads the hello, or the disconnect that came instead.
func (s *socket) greet() error {
	s.ws.SetReadLimit(maxEnvelope)
	s.alive()
	s.ws.SetPongHandler(func(string) error { s.alive(); return nil })
	pong := s.ws.PingHandler()
	s.ws.SetPingHandler(func(data string) error { s.alive(); return pong(data) })
	var first socketmode.Request
	if err := s.ws.ReadJSON(&first); err != nil {
		return fmt.Errorf("%w: %w", errNoHello, err)
	}
	switch first.Type {
	case socketmode.RequestTypeHello:
		s.hello = first
		return nil
	case socketmode.RequestTypeDisconnect:
		return errDisconnect{first.Reason}
	default:
		return fmt.Errorf("%w but %q", errNoHello, first.Type)
	}
}

// alive pushes the moment at which the socket counts as dead.
func (s *socket) alive() {
	_ = s.ws.SetReadDeadline(time.Now().Add(silence))
	s.seen()
}

// read delivers every envelope until the connection ends. A frame that is not
// JSON is skipped. deliver must not block for long: pings are answered by
// reading.
func (s *socket) read(deliver func(socketmode.Request)) error {
	for {
		_, frame, err := s.ws.ReadMessage()
		if err != nil {
			return err
		}
		s.alive()
		var env socketmode.Request
		if json.Unmarshal(frame, &env) != nil {
			continue
		}
		switch env.Type {
		case socketmode.RequestTypeHello:
		case socketmode.RequestTypeDisconnect:
			s.reason.Store(env.Reason)
			s.leave.Do(func() { close(s.leaving) })
		default:
			deliver(env)
		}
	}
}

// ping keeps the connection from being idle, until ctx ends.
func (s *socket) ping(ctx context.Context) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if s.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(ackDeadline)) != nil {
				_ = s.ws.Close()
				return
			}
		}
	}
}

// ack writes an acknowledgement. nil means that it left this process.
func (s *socket) ack(envelope string, payload any) error {
	frame, err := json.Marshal(socketmode.Response{EnvelopeID: envelope, Payload: payload})
	if err != nil {
		return fmt.Errorf("encode acknowledgement: %w", err)
	}
	if len(frame) >= maxAck {
		return errAckTooLarge
	}
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.ws.SetWriteDeadline(time.Now().Add(ackDeadline)); err != nil {
		return err
	}
	return s.ws.WriteMessage(websocket.TextMessage, frame)
}

// goodbye sends the close frame, once what the socket delivered is acknowledged
// or after ackDeadline twice. Reading goes on until Slack closes: what it sent
// before it read the frame can be stored but not acknowledged any more.
func (s *socket) goodbye(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*ackDeadline)
	defer cancel()
	if s.flight.Acquire(ctx, maxFlight) == nil {
		defer s.flight.Release(maxFlight)
	}
	_ = s.ws.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(ackDeadline))
}

// life is how long Slack expects the connection to last; 0 where it does not say.
func (s *socket) life() time.Duration {
	return time.Duration(s.hello.DebugInfo.ApproximateConnectionTime) * time.Second
}

// ended explains why reading ended: Slack's reason where it gave one.
func (s *socket) ended(err error) error {
	if reason, ok := s.reason.Load().(string); ok {
		return errDisconnect{reason}
	}
	return err
}
