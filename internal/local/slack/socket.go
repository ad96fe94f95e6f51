package slack

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// socket is one Socket Mode connection.
type socket struct {
	conn     *websocket.Conn
	writing  sync.Mutex
	draining bool // told to go; gets no more envelopes (under the workspace's lock)
	life     time.Duration
}

// Disconnect reasons that Slack sends (chat.md, section 1.1).
const (
	DisconnectWarning = "warning"
	DisconnectRefresh = "refresh_requested"
	DisconnectLinkOff = "link_disabled"
	DisconnectTooMany = "too_many_websockets"
)

// graceAfterDisconnect is how long a socket that was told to go stays open.
const graceAfterDisconnect = 10 * time.Second

// serveSocket turns a ticket from apps.connections.open into a socket.
func (w *Workspace) serveSocket(rw http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "https://api.slack.com" {
		http.Error(rw, "sockets are not for web pages", http.StatusForbidden)
		return
	}
	ticket := r.URL.Query().Get("ticket")
	w.mu.Lock()
	known := w.tickets[ticket]
	delete(w.tickets, ticket)
	refusal := w.httpFault("socket")
	w.mu.Unlock()
	if refusal != 0 {
		http.Error(rw, http.StatusText(refusal), refusal)
		return
	}
	if !known {
		http.Error(rw, "the ticket is unknown or was used", http.StatusUnauthorized)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // checked above
	conn, err := up.Upgrade(rw, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	w.mu.Lock()
	open := w.track()
	w.mu.Unlock()
	if !open {
		_ = conn.Close()
		return
	}
	defer w.work.Done()
	w.runSocket(&socket{conn: conn, life: w.life(r)})
}

// debugLife is how long a socket lives whose address was given
// debug_reconnects=true, so that clients can be tried (docs.slack.dev, "Using
// Socket Mode").
const debugLife = 360 * time.Second

// life is what hello says of how long a socket will live.
func (w *Workspace) life(r *http.Request) time.Duration {
	if r.URL.Query().Get("debug_reconnects") == "true" {
		return debugLife
	}
	return w.opts.ConnectionTime
}

// runSocket greets, then reads acknowledgements until the socket ends.
func (w *Workspace) runSocket(s *socket) {
	defer s.cut()
	if reason := w.greet(s); reason != "" {
		s.send(disconnectFrame(reason))
		s.close()
		return
	}
	defer w.forget(s)
	if s.life == debugLife {
		defer w.opts.Clock.After(s.life-graceAfterDisconnect, func() { w.retire(s, DisconnectWarning) })()
	}
	stop := make(chan struct{})
	defer close(stop)
	w.work.Go(func() { s.ping(w.opts.PingInterval, stop) })
	s.conn.SetReadLimit(1 << 20)
	for {
		_, data, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		w.acknowledge(s, data)
	}
}

// greet says hello and admits the socket, or answers why not. Hello is written
// before the socket may get its first envelope.
func (w *Workspace) greet(s *socket) (refused string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.linkOff:
		return DisconnectLinkOff
	case len(w.sockets) >= maxSockets:
		return DisconnectTooMany
	}
	s.writing.Lock()
	w.sockets = append(w.sockets, s)
	hello := map[string]any{
		"type": "hello", "num_connections": len(w.sockets),
		"debug_info": map[string]any{
			"host": "applink-local-1", "build_number": 1, "started": w.opts.Clock.Now().UTC().Format("2006-01-02 15:04:05.000"),
			"approximate_connection_time": int(s.life / time.Second),
		},
		"connection_info": map[string]any{"app_id": AppID},
	}
	w.change()
	w.work.Go(func() { // the lock of the socket is handed over, so that hello is first
		defer s.writing.Unlock()
		s.write(hello)
	})
	return ""
}

func (w *Workspace) forget(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sockets = slices.DeleteFunc(w.sockets, func(o *socket) bool { return o == s })
	w.change()
}

// ping keeps the socket alive; the client answers by itself, and reconnects
// when it misses them.
func (s *socket) ping(every time.Duration, stop <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.conn.WriteControl(websocket.PingMessage, []byte("Ping from applink-local-1"), time.Now().Add(5*time.Second)); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

func (s *socket) send(v any) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.write(v)
}

// write sends one frame; a broken socket ends its reader, which is where it is
// noticed. The lock for writing is held.
func (s *socket) write(v any) {
	_ = s.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	if err := s.conn.WriteJSON(v); err != nil {
		s.cut()
	}
}

func (s *socket) close() {
	frame := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = s.conn.WriteControl(websocket.CloseMessage, frame, time.Now().Add(time.Second))
}

func (s *socket) cut() { _ = s.conn.Close() }

func disconnectFrame(reason string) any {
	return map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-local-1"}}
}

// Sockets is the number of open sockets.
func (w *Workspace) Sockets() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sockets)
}

// Disconnect tells every socket to go, for one of Slack's reasons. After a
// warning or a refresh the sockets stay open for ten seconds and get no more
// envelopes; after the others they are closed. link_disabled stays in force,
// also for new sockets, until SocketMode(true).
func (w *Workspace) Disconnect(reason string) {
	w.mu.Lock()
	sockets := slices.Clone(w.sockets)
	for _, s := range sockets {
		s.draining = true
	}
	w.linkOff = w.linkOff || reason == DisconnectLinkOff
	w.mu.Unlock()
	for _, s := range sockets {
		w.retire(s, reason)
	}
}

// retire tells one socket to go.
func (w *Workspace) retire(s *socket, reason string) {
	w.mu.Lock()
	s.draining = true
	w.mu.Unlock()
	s.send(disconnectFrame(reason))
	if reason == DisconnectWarning || reason == DisconnectRefresh {
		w.opts.Clock.After(graceAfterDisconnect, s.cut)
		return
	}
	s.close()
	s.cut()
}

// SocketMode switches Socket Mode of the app on or off.
func (w *Workspace) SocketMode(on bool) {
	if !on {
		w.Disconnect(DisconnectLinkOff)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.linkOff = false
}

// CutSockets ends all connections without a word, like a broken network.
func (w *Workspace) CutSockets() {
	w.mu.Lock()
	sockets := slices.Clone(w.sockets)
	w.mu.Unlock()
	for _, s := range sockets {
		s.cut()
	}
}

// acknowledge takes a frame from the client. What is no acknowledgement, is too
// long, or came over another socket than its envelope, counts for nothing; the
// first two as in Slack, the last because Slack does not promise otherwise.
func (w *Workspace) acknowledge(s *socket, data []byte) {
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if len(data) >= maxAckBytes || json.Unmarshal(data, &ack) != nil {
		w.opts.Log.Warn("acknowledgement dropped", "bytes", len(data))
		return
	}
	w.mu.Lock()
	d := w.pending[ack.EnvelopeID]
	if d == nil || d.socket != s || d.loseAck {
		w.mu.Unlock()
		return
	}
	delete(w.pending, ack.EnvelopeID)
	d.stopTimer()
	w.mu.Unlock()
	d.acked(ack.Payload)
}
