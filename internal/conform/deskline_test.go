package conform_test

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// line is one Socket Mode connection, by hand: nothing is acknowledged that a
// row does not acknowledge.
type line struct {
	d      *desk
	conn   *websocket.Conn
	frames chan object
	pings  chan struct{}
	hello  object
}

// address asks for a socket's address.
func (d *desk) address() string {
	d.t.Helper()
	for range 20 {
		a := d.callAs(d.app, "apps.connections.open")
		if a.status == http.StatusTooManyRequests {
			seconds, _ := strconv.Atoi(a.retryAfter)
			d.pass(time.Duration(max(seconds, 1)) * time.Second)
			continue
		}
		if a.says() != "ok" {
			d.t.Fatalf("apps.connections.open: %s", a.says())
		}
		return a.at("url")
	}
	d.t.Fatal("apps.connections.open: limited again and again")
	return ""
}

// dial opens a socket and waits for its first frame.
func (d *desk) dial(more string) *line {
	d.t.Helper()
	l, status := d.tryDial(d.address() + more)
	if l == nil {
		d.t.Fatalf("the handshake was answered %d", status)
	}
	return l
}

func (d *desk) tryDial(address string) (l *line, status int) {
	d.t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(d.within(), address, nil)
	if resp != nil {
		status = resp.StatusCode
		_ = resp.Body.Close()
	}
	if err != nil {
		return nil, status
	}
	l = &line{d: d, conn: conn, frames: make(chan object, 100), pings: make(chan struct{}, 100)}
	pong := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		select {
		case l.pings <- struct{}{}:
		default:
		}
		return pong(data)
	})
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(l.frames)
		for {
			var f object
			if conn.ReadJSON(&f) != nil {
				return
			}
			l.frames <- f
		}
	}()
	d.t.Cleanup(func() { _ = conn.Close(); <-read })
	l.hello = l.next()
	return l, status
}

// open is this row's socket.
func (d *desk) open() *line {
	d.t.Helper()
	if d.line == nil {
		d.line = d.dial("")
	}
	return d.line
}

// next is the next frame; an empty one where the socket was closed.
func (l *line) next() object {
	l.d.t.Helper()
	select {
	case f := <-l.frames:
		return f
	case <-time.After(l.d.patience):
		l.d.t.Fatal("no frame came")
		return nil
	}
}

// envelope is the next envelope of a type; what else comes is acknowledged.
func (l *line) envelope(kind string) object {
	l.d.t.Helper()
	for {
		f := l.next()
		if f == nil {
			l.d.t.Fatal("the socket was closed")
		}
		if f["type"] == kind {
			return f
		}
		if f["envelope_id"] != nil {
			l.ack(f, nil)
		}
	}
}

// ack acknowledges an envelope, with a payload where there is one.
func (l *line) ack(f, payload object) {
	l.d.t.Helper()
	out := object{"envelope_id": f["envelope_id"]}
	if payload != nil {
		out["payload"] = payload
	}
	if err := l.conn.WriteJSON(out); err != nil {
		l.d.t.Fatal(err)
	}
}

// respond posts to a response_url.
func (d *desk) respond(address, body string) string {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.within(), http.MethodPost, address, bytes.NewReader([]byte(body)))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return d.send(req).says()
}
