package slackbot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/text"
)

// wire is a Slack that sends whatever a test wants, and no more.
type wire struct {
	*httptest.Server
	conns chan *websocket.Conn
}

func newWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{conns: make(chan *websocket.Conn, 1)}
	mux := http.NewServeMux()
	say := func(body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(body))
		}
	}
	mux.HandleFunc("/api/auth.test", say(`{"ok":true,"team_id":"T1","user_id":"UBOT","bot_id":"BBOT","user":"bcn"}`))
	mux.HandleFunc("/api/apps.connections.open", func(rw http.ResponseWriter, r *http.Request) {
		say(`{"ok":true,"url":"ws`+strings.TrimPrefix(w.URL, "http")+`/socket"}`)(rw, r)
	})
	mux.HandleFunc("/socket", func(rw http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
		conn, err := up.Upgrade(rw, r, nil)
		if err != nil {
			return
		}
		_ = conn.WriteMessage(websocket.TextMessage, []byte(
			`{"type":"hello","num_connections":1,"connection_info":{"app_id":"A1"},"debug_info":{"approximate_connection_time":18060}}`))
		w.conns <- conn
	})
	w.Server = httptest.NewServer(mux)
	t.Cleanup(w.Close)
	return w
}

// exchange sends frames and answers the acknowledgements by envelope id.
func (w *wire) exchange(t *testing.T, conn *websocket.Conn, frames []string, want int) map[string]json.RawMessage {
	t.Helper()
	for _, f := range frames {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(f)); err != nil {
			t.Fatal(err)
		}
	}
	acks := map[string]json.RawMessage{}
	_ = conn.SetReadDeadline(time.Now().Add(wait))
	for len(acks) < want {
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if err := conn.ReadJSON(&ack); err != nil {
			t.Fatalf("%d of %d acknowledgements: %v", len(acks), want, err)
		}
		acks[ack.EnvelopeID] = ack.Payload
	}
	return acks
}

// refusals is what would be in the audit log.
type refusals chan string

func (r refusals) Refused(_ context.Context, actor string, _ bcn.ID, what string, cause error) error {
	r <- fmt.Sprintf("%s %s %s", actor, what, bcn.CodeOf(cause))
	return nil
}

func TestOddEnvelopes(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	sentences, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	in := newInbox()
	h, refused := &handler{in: in}, make(refusals, 2)
	transport := &http.Transport{}
	bot := slackbot.New(slackbot.Options{
		API: slackbot.NewAPI(slackbot.APIOptions{
			BotToken: "xoxb-1", AppToken: "xapp-1", URL: w.URL + "/api/", HTTP: &http.Client{Transport: transport},
		}),
		Inbox: in, Handler: h, Outbox: newOutbox(), Refusals: refused, Text: sentences, Sockets: 1,
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- bot.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		transport.CloseIdleConnections()
	})
	conn := <-w.conns
	t.Cleanup(func() { _ = conn.Close() })

	slash := func(id, team, app string) string {
		return `{"type":"slash_commands","envelope_id":"` + id + `","accepts_response_payload":true,"payload":{"team_id":"` + team +
			`","api_app_id":"` + app + `","user_id":"U1","channel_id":"C1","text":"status","trigger_id":"t-` + id + `"}}`
	}
	acks := w.exchange(t, conn, []string{
		`this is no JSON`,
		`{"type":"workflow_next","envelope_id":"unknown","payload":{"x":[1,2]}}`,
		`{"type":"slash_commands","envelope_id":"malformed","payload":"not an object"}`,
		`{"type":"interactive","envelope_id":"modal","payload":{"type":"view_submission"}}`,
		`{"type":"events_api","envelope_id":"ratelimited","payload":{"type":"app_rate_limited","team_id":"T1"}}`,
		slash("otherteam", "T2", "A1"), slash("otherapp", "T1", "A2"), slash("ours", "T1", "A1"),
	}, 7)

	for _, id := range []string{"unknown", "malformed", "modal", "ratelimited", "ours"} {
		if payload, acked := acks[id]; !acked || len(payload) > 0 {
			t.Errorf("%s: acknowledged %v with %s", id, acked, payload)
		}
	}
	for _, id := range []string{"otherteam", "otherapp"} {
		if !strings.Contains(string(acks[id]), "another workspace or app") {
			t.Errorf("%s: acknowledged with %s", id, acks[id])
		}
	}
	in.until(t, "ours was run", func() bool { return len(h.keys()) == 1 })
	for range 2 {
		if got := <-refused; got != "U1 status refused_person" {
			t.Errorf("the log holds %q", got)
		}
	}
	if keys := h.keys(); keys[0] != "slash:t-ours" || in.puts != 1 {
		t.Errorf("%d were stored, %v ran", in.puts, keys)
	}
}
