package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Who types what where, in every command of Slack.
const (
	team, app, person, channel = "T0BENCH", "A0BENCH", "U0BENCH", "C0BENCH"
	command                    = "deploy hello production v2 --reason the usual"
)

// Slack is as much of Slack as a socket needs: auth.test,
// apps.connections.open, a WebSocket that says hello, slash commands down and
// acknowledgements up. It takes what it is given: strictness is
// internal/local/slack's, this one must only be cheap.
type Slack struct {
	http *http.Server
	url  string

	mu      sync.Mutex // one writer on the socket, and the map
	conn    *websocket.Conn
	waiting map[string]chan<- struct{}
	open    chan struct{} // closed when the first socket was greeted
	opened  sync.Once
	last    atomic.Int64
}

// StartSlack listens on a free port of loopback.
func StartSlack(ctx context.Context) (*Slack, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the bench's Slack: %w", err)
	}
	s := &Slack{url: l.Addr().String(), waiting: map[string]chan<- struct{}{}, open: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/auth.test", answer(map[string]any{
		"ok": true, "team_id": team, "user_id": "U0BCN", "bot_id": "B0BCN", "user": "bcn", "url": "http://" + s.url,
	}))
	mux.HandleFunc("/api/apps.connections.open", answer(map[string]any{"ok": true, "url": "ws://" + s.url + "/socket"}))
	mux.HandleFunc("/socket", s.socket)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.http.Serve(l) }() // ends with ErrServerClosed by Close
	return s, nil
}

// APIURL is the base of the Web API.
func (s *Slack) APIURL() string { return "http://" + s.url + "/api/" }

// Close ends the server and its socket.
func (s *Slack) Close() error {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	var err error
	if conn != nil {
		err = conn.Close()
	}
	return errors.Join(s.http.Close(), err)
}

// Open waits for the first socket.
func (s *Slack) Open(ctx context.Context) error {
	select {
	case <-s.open:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a socket: %w", ctx.Err())
	}
}

// Command sends one slash command and answers how long its acknowledgement
// took to arrive. An error means that it did not within the 3 s that Slack
// gives.
func (s *Slack) Command() (time.Duration, error) {
	id := strconv.FormatInt(s.last.Add(1), 10)
	frame := fmt.Appendf(nil, `{"envelope_id":"env-%s","type":"slash_commands","accepts_response_payload":true,"payload":{`+
		`"team_id":%q,"channel_id":%q,"user_id":%q,"command":"/bcn","text":%q,"api_app_id":%q,`+
		`"trigger_id":"trigger-%s","response_url":"http://%s/answer"}}`, id, team, channel, person, command, app, id, s.url)
	acked := make(chan struct{})
	began := time.Now()
	s.mu.Lock()
	s.waiting["env-"+id] = acked
	err := s.conn.WriteMessage(websocket.TextMessage, frame)
	s.mu.Unlock()
	if err != nil {
		return 0, fmt.Errorf("send a command: %w", err)
	}
	late := time.NewTimer(3 * time.Second)
	defer late.Stop()
	select {
	case <-acked:
		return time.Since(began), nil
	case <-late.C:
		return 0, errors.New("a command was not acknowledged within 3 s")
	}
}

func (s *Slack) socket(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // loopback, and no secret is on it
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	s.mu.Lock()
	s.conn = conn
	err = conn.WriteJSON(map[string]any{
		"type": "hello", "num_connections": 1, "debug_info": map[string]any{"approximate_connection_time": 18060},
		"connection_info": map[string]any{"app_id": app},
	})
	s.mu.Unlock()
	if err != nil {
		return
	}
	s.opened.Do(func() { close(s.open) })
	stop := make(chan struct{})
	defer close(stop)
	go ping(conn, stop)
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return
		}
		s.acknowledged(frame)
	}
}

// ping is what slack-go waits for: it leaves a socket that sends none for 30 s,
// whatever else arrives.
func ping(conn *websocket.Conn, stop <-chan struct{}) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			_ = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) // reading notices
		}
	}
}

func (s *Slack) acknowledged(frame []byte) {
	var ack struct {
		EnvelopeID string `json:"envelope_id"`
	}
	if json.Unmarshal(frame, &ack) != nil {
		return
	}
	s.mu.Lock()
	waiting := s.waiting[ack.EnvelopeID]
	delete(s.waiting, ack.EnvelopeID)
	s.mu.Unlock()
	if waiting != nil {
		close(waiting)
	}
}

func answer(body map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}
}
