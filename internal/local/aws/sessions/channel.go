package sessions

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// ChannelPath is where the data channels are, each under its session's id.
const ChannelPath = "/v1/data-channel/"

const (
	maxMessage = 64 << 10         // bytes of a client's message
	openLimit  = 10 * time.Second // for a client to show its token, by the machine's clock
)

// Authorize is wire.Call's: nil where the caller may do the action.
type Authorize func(action, resource string, keys map[string][]string) error

// Channel serves one data channel until it closes. allow is of who signed the
// request; nil is a request that nobody signed, for which the token has to do,
// as it does for plugins before 1.2.764 and for clients without credentials.
// Who signs needs ssmmessages:OpenDataChannel on the session (Systems Manager
// User Guide, "Sample IAM policies for Session Manager"), except for ECS Exec,
// whose session is not the caller's own.
func (s *Service) Channel(w http.ResponseWriter, r *http.Request, allow Authorize) {
	s.mu.Lock()
	x := s.find("", strings.TrimPrefix(r.URL.Path, ChannelPath))
	s.mu.Unlock()
	if x == nil {
		http.Error(w, "no such session", http.StatusNotFound)
		return
	}
	if allow != nil && !x.exec {
		if err := x.authorize(allow, "ssmmessages:OpenDataChannel"); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
	}
	if !s.enter() {
		http.Error(w, "the local AWS is closed", http.StatusServiceUnavailable)
		return
	}
	defer s.running.Done()
	upgrader := websocket.Upgrader{HandshakeTimeout: openLimit}
	conn, err := upgrader.Upgrade(w, r, http.Header{"Date": w.Header()["Date"]})
	if err != nil {
		return // the upgrader has answered
	}
	defer func() { _ = conn.Close() }()
	conn.SetReadLimit(maxMessage)
	if !s.opened(x, conn) || !x.stream.attach(conn) {
		_ = conn.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(websocket.ClosePolicyViolation, "the token is not valid"), time.Now().Add(writeLimit))
		return
	}
	s.mark(x, statusConnected)
	x.stream.serve(conn)
	if x.stream.detach(conn) {
		s.mark(x, statusDisconnected)
	}
}

// CutConnections ends all data channels' connections without a word, as a
// network does; their sessions can be resumed.
func (s *Service) CutConnections() {
	s.mu.Lock()
	open := slices.Clone(s.sessions)
	s.mu.Unlock()
	for _, x := range open {
		if x.stream.cut() {
			s.mark(x, statusDisconnected)
		}
	}
}

// cut ends the connection and says whether there was one.
func (st *stream) cut() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.conn == nil {
		return false
	}
	_ = st.conn.Close()
	st.conn = nil
	return !st.closed
}

// enter counts something that runs, unless the service is closed.
func (s *Service) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	return true
}

// after runs f in a goroutine that Close waits for; once the service is closed
// too, since what f does is to clean up.
func (s *Service) after(f func()) { s.running.Go(f) }

// opened reads the client's first message, which must hold the token.
func (s *Service) opened(x *session, conn *websocket.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(openLimit))
	kind, data, err := conn.ReadMessage()
	if err != nil || kind != websocket.TextMessage {
		return false
	}
	var open struct{ MessageSchemaVersion, RequestId, TokenValue, ClientId string }
	if json.Unmarshal(data, &open) != nil || open.MessageSchemaVersion != "1.0" || open.RequestId == "" || open.ClientId == "" {
		return false
	}
	_ = conn.SetReadDeadline(time.Time{})
	return s.redeem(x, open.TokenValue)
}

// serve reads a client's messages until its connection ends, and repeats what
// it does not acknowledge.
func (st *stream) serve(conn *websocket.Conn) {
	done, repeated := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(repeated)
		tick := time.NewTicker(resendAfter / 2)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				st.repeat()
			case <-done:
				return
			}
		}
	}()
	defer func() { close(done); <-repeated }()
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if kind != websocket.BinaryMessage {
			continue
		}
		if f, err := parseFrame(data); err == nil {
			st.receive(f)
		}
	}
}
