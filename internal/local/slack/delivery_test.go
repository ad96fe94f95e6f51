package slack_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
	local "github.com/bcn-bot/bcn/internal/local/slack"
)

// clocked is a workspace whose time stands still.
func clocked(t *testing.T) (*local.Workspace, *wire.ManualClock) {
	t.Helper()
	clock := wire.NewManualClock(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))
	return start(t, local.Options{Clock: clock}), clock
}

// slashLater types a command and answers what comes of it, later.
func slashLater(t *testing.T, w *local.Workspace) <-chan local.Reply {
	t.Helper()
	out := make(chan local.Reply, 1)
	ctx := within(t)
	go func() {
		r, err := w.Slash(ctx, "U0DEV", "C0DEPLOYS", "help")
		if err != nil {
			r.Error = err.Error()
		}
		out <- r
	}()
	return out
}

func delivered(t *testing.T, w *local.Workspace, kind string, n int) {
	t.Helper()
	if err := w.WaitFor(within(t), func() bool { return w.Delivered(kind) >= n }); err != nil {
		t.Fatalf("%d of %d deliveries: %v", w.Delivered(kind), n, err)
	}
}

// dial opens a socket by hand and answers it with its hello.
func dial(t *testing.T, w *local.Workspace) (*websocket.Conn, map[string]any) {
	t.Helper()
	_, url, err := api(w).StartSocketModeContext(within(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, resp, err := websocket.DefaultDialer.DialContext(within(t), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return conn, frame(t, conn)
}

func frame(t *testing.T, conn *websocket.Conn) map[string]any {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	var f map[string]any
	if err := conn.ReadJSON(&f); err != nil {
		t.Fatalf("reading a frame: %v", err)
	}
	return f
}

func TestDeadlines(t *testing.T) {
	t.Parallel()

	t.Run("a command that is not acknowledged in three seconds fails for its user and is not repeated", func(t *testing.T) {
		t.Parallel()
		w, clock := clocked(t)
		connect(t, w, nil)
		done := slashLater(t, w)
		delivered(t, w, "slash_commands", 1)
		clock.Advance(3*time.Second - 1)
		select {
		case r := <-done:
			t.Fatalf("too early: %+v", r)
		default:
		}
		clock.Advance(1)
		if r := <-done; r.Error != "operation_timeout" {
			t.Errorf("reply %+v", r)
		}
		if eph := w.Ephemerals("U0DEV"); len(eph) != 1 || !strings.Contains(eph[0].Text, "operation_timeout") {
			t.Errorf("ephemerals %+v", eph)
		}
		clock.Advance(time.Hour)
		if n := w.Delivered("slash_commands"); n != 1 {
			t.Errorf("delivered %d times", n)
		}
	})

	t.Run("an event that is not acknowledged comes again at once, after one minute and after five, and then no more", func(t *testing.T) {
		t.Parallel()
		w, clock := clocked(t)
		b := connect(t, w, nil)
		if _, err := w.Mention(within(t), "U0DEV", "C0DEPLOYS", "", "help"); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		ids := map[string]bool{}
		for attempt, wait := range []time.Duration{0, 3 * time.Second, 63 * time.Second, 303 * time.Second} {
			clock.Advance(wait)
			e := b.next(t)
			if e.Request.RetryAttempt != attempt || (attempt > 0) != (e.Request.RetryReason == "timeout") {
				t.Errorf("attempt %d: %+v", attempt, e.Request)
			}
			seen[e.Request.EnvelopeID] = true
			ids[e.Data.(slackevents.EventsAPIEvent).Data.(*slackevents.EventsAPICallbackEvent).EventID] = true
		}
		clock.Advance(time.Hour)
		if len(seen) != 4 || len(ids) != 1 || w.Delivered("events_api") != 4 {
			t.Errorf("%d envelopes, %d event ids, %d deliveries", len(seen), len(ids), w.Delivered("events_api"))
		}
	})

	t.Run("an event that found no socket is delivered by a retry", func(t *testing.T) {
		t.Parallel()
		w, clock := clocked(t)
		if _, err := w.DM(within(t), "U0DEV", "help"); err != nil {
			t.Fatal(err)
		}
		b := connect(t, w, ack)
		clock.Advance(time.Minute)
		e := b.next(t)
		m := e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.MessageEvent)
		if e.Request.RetryAttempt != 2 || m.Text != "help" || m.ChannelType != "im" || m.User != "U0DEV" || m.Channel != "D0DEV" {
			t.Errorf("attempt %d, %+v", e.Request.RetryAttempt, m)
		}
	})
}

func TestSockets(t *testing.T) {
	t.Parallel()

	t.Run("hello says how many sockets there are and how long this one will live", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{ConnectionTime: 90 * time.Second})
		dial(t, w)
		_, hello := dial(t, w)
		debug := hello["debug_info"].(map[string]any)
		info := hello["connection_info"].(map[string]any)
		if hello["type"] != "hello" || hello["num_connections"] != 2.0 || debug["approximate_connection_time"] != 90.0 || info["app_id"] != local.AppID {
			t.Errorf("hello %v", hello)
		}
	})

	t.Run("the eleventh socket is refused with too_many_websockets", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{Limits: map[string]local.Limit{}})
		for i := range 10 {
			if _, hello := dial(t, w); hello["type"] != "hello" {
				t.Fatalf("socket %d: %v", i, hello)
			}
		}
		if _, f := dial(t, w); f["type"] != "disconnect" || f["reason"] != local.DisconnectTooMany {
			t.Errorf("eleventh: %v", f)
		}
	})

	t.Run("a ticket opens one socket", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		_, url, err := api(w).StartSocketModeContext(within(t))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{101, 401} {
			conn, resp, _ := websocket.DefaultDialer.DialContext(within(t), url, nil)
			if resp == nil || resp.StatusCode != want {
				t.Fatalf("dial %d: %+v", i, resp)
			}
			_ = resp.Body.Close()
			if conn != nil {
				t.Cleanup(func() { _ = conn.Close() })
			}
		}
	})

	t.Run("each command goes to one of the sockets", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		one, two := connect(t, w, ack), connect(t, w, ack)
		for range 20 {
			if r, err := w.Slash(within(t), "U0DEV", "C0DEPLOYS", "help"); err != nil || r.Error != "" {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		if a, b := len(one.events), len(two.events); a+b != 20 || a == 0 || b == 0 {
			t.Errorf("%d and %d", a, b)
		}
	})

	t.Run("after refresh_requested slack-go comes back and gets the next command", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		connect(t, w, ack)
		w.Disconnect(local.DisconnectRefresh)
		if err := w.WaitFor(within(t), func() bool {
			r, err := w.Slash(within(t), "U0DEV", "C0DEPLOYS", "help")
			return err == nil && r.Error == ""
		}); err != nil {
			t.Error(err)
		}
	})

	t.Run("with Socket Mode switched off every socket is told link_disabled", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		conn, _ := dial(t, w)
		w.SocketMode(false)
		if f := frame(t, conn); f["reason"] != local.DisconnectLinkOff {
			t.Errorf("frame %v", f)
		}
		if _, f := dial(t, w); f["reason"] != local.DisconnectLinkOff {
			t.Errorf("new socket: %v", f)
		}
		w.SocketMode(true)
		if _, f := dial(t, w); f["type"] != "hello" {
			t.Errorf("switched on again: %v", f)
		}
	})

	t.Run("an acknowledgement of 20 KB is dropped without a word", func(t *testing.T) {
		t.Parallel()
		w, clock := clocked(t)
		conn, _ := dial(t, w)
		done := slashLater(t, w)
		env := frame(t, conn)["envelope_id"]
		large, _ := json.Marshal(map[string]any{"envelope_id": env, "payload": map[string]any{"text": strings.Repeat("x", 20*1024)}})
		if err := conn.WriteMessage(websocket.TextMessage, large); err != nil {
			t.Fatal(err)
		}
		// A second command that is answered shows that the first answer was read.
		other := slashLater(t, w)
		if err := conn.WriteJSON(map[string]any{"envelope_id": frame(t, conn)["envelope_id"]}); err != nil {
			t.Fatal(err)
		}
		if r := <-other; r.Error != "" {
			t.Errorf("second: %+v", r)
		}
		clock.Advance(3 * time.Second)
		if r := <-done; r.Error != "operation_timeout" {
			t.Errorf("first: %+v", r)
		}
	})

	t.Run("an acknowledgement over another socket does not count", func(t *testing.T) {
		t.Parallel()
		w, clock := clocked(t)
		one, _ := dial(t, w)
		done := slashLater(t, w)
		env := frame(t, one)["envelope_id"]
		two, _ := dial(t, w)
		if err := two.WriteJSON(map[string]any{"envelope_id": env}); err != nil {
			t.Fatal(err)
		}
		// The pong shows that the workspace has read what came before the ping.
		pong := make(chan struct{})
		two.SetPongHandler(func(string) error { close(pong); return nil })
		if err := two.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		go func() { _, _, _ = two.ReadMessage() }()
		<-pong
		clock.Advance(3 * time.Second)
		if r := <-done; r.Error != "operation_timeout" {
			t.Errorf("reply %+v", r)
		}
	})
}

func TestSocketFaults(t *testing.T) {
	t.Parallel()

	t.Run("a duplicate has an envelope of its own and the same trigger", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		b := connect(t, w, ack)
		w.SocketFault(local.SocketFault{Type: "slash_commands", Times: 1, Duplicate: true})
		if _, err := w.Slash(within(t), "U0DEV", "C0DEPLOYS", "help"); err != nil {
			t.Fatal(err)
		}
		one, two := b.next(t), b.next(t)
		if one.Request.EnvelopeID == two.Request.EnvelopeID ||
			one.Data.(slack.SlashCommand).TriggerID != two.Data.(slack.SlashCommand).TriggerID {
			t.Errorf("%+v and %+v", one.Request, two.Request)
		}
	})

	t.Run("a lost acknowledgement is a timeout for the person", func(t *testing.T) {
		t.Parallel()
		w, clock := clocked(t)
		acked := make(chan struct{}, 1)
		connect(t, w, func(c *socketmode.Client, e socketmode.Event) {
			ack(c, e)
			acked <- struct{}{}
		})
		w.SocketFault(local.SocketFault{Times: 1, LoseAck: true})
		done := slashLater(t, w)
		<-acked
		clock.Advance(3 * time.Second)
		if r := <-done; r.Error != "operation_timeout" {
			t.Errorf("reply %+v", r)
		}
	})

	t.Run("a delayed envelope arrives when its time has come", func(t *testing.T) {
		t.Parallel()
		w, clock := clocked(t)
		connect(t, w, ack)
		defer w.SocketFault(local.SocketFault{Delay: time.Second})()
		if _, err := w.DM(within(t), "U0DEV", "hello"); err != nil {
			t.Fatal(err)
		}
		if n := w.Delivered("events_api"); n != 0 {
			t.Fatalf("delivered %d at once", n)
		}
		clock.Advance(time.Second)
		delivered(t, w, "events_api", 1)
	})
}

func TestEvents(t *testing.T) {
	t.Parallel()

	t.Run("a mention in a thread carries the thread", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		b := connect(t, w, ack)
		_, ts, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("deploying", false))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Mention(within(t), "U0DEV", "C0DEPLOYS", ts, "status hello"); err != nil {
			t.Fatal(err)
		}
		m := b.next(t).Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.AppMentionEvent)
		if m.ThreadTimeStamp != ts || m.Text != "<@U0BCN> status hello" || m.User != "U0DEV" || m.Channel != "C0DEPLOYS" {
			t.Errorf("event %+v", m)
		}
	})

	t.Run("where the bot is not, a mention makes no event", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		connect(t, w, ack)
		if _, err := w.Mention(within(t), "U0DEV", "C0RANDOM", "", "help"); err != nil {
			t.Fatal(err)
		}
		if n := w.Delivered("events_api"); n != 0 {
			t.Errorf("%d events", n)
		}
		if eph := w.Ephemerals("U0DEV"); len(eph) != 1 {
			t.Errorf("the person was not told: %+v", eph)
		}
	})

	t.Run("without its scope an event is not sent", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{Scopes: []string{"chat:write"}})
		connect(t, w, ack)
		if _, err := w.Mention(within(t), "U0DEV", "C0DEPLOYS", "", "help"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.DM(within(t), "U0DEV", "help"); err != nil {
			t.Fatal(err)
		}
		if n := w.Delivered("events_api"); n != 0 {
			t.Errorf("%d events", n)
		}
	})

	t.Run("the bot hears its own direct messages", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		b := connect(t, w, ack)
		if _, _, err := api(w).PostMessageContext(within(t), "U0DEV", slack.MsgOptionText("your deploy is done", false)); err != nil {
			t.Fatal(err)
		}
		m := b.next(t).Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.MessageEvent)
		if m.BotID != local.BotID || m.Channel != "D0DEV" {
			t.Errorf("event %+v", m)
		}
	})
}
