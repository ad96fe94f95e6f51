package sessions

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"github.com/creack/pty"
	"github.com/gorilla/websocket"
)

// agentVersion is what the handshake tells of the agent.
const agentVersion = "3.3.3050.0"

const (
	maxWaiting  = 512             // messages that may wait for their acknowledgement
	maxEarly    = 512             // messages that may be ahead of those before them
	outputChunk = 1024            // bytes of a message of output, as the agent's
	writeLimit  = 2 * time.Second // for one message to a client, by the machine's clock
	leaveLimit  = time.Second     // for a client to go when it was told to, likewise
	resendAfter = 200 * time.Millisecond
)

// stream is the far side of a data channel: it outlives connections, so that
// a session can be resumed where it was.
type stream struct {
	service *Service
	session *session
	work    work

	mu       sync.Mutex
	room     *sync.Cond // when waiting gets shorter, or the stream closes
	conn     *websocket.Conn
	next     int64    // number of the next message to the client
	waiting  []unread // for their acknowledgement, the oldest first
	expected int64    // number of the next message from the client
	early    map[int64]frame
	size     pty.Winsize
	shell    *shell
	tunnel   *tunnel
	record   *recorder
	active   time.Time // when somebody last typed
	gone     bool      // the shell has ended
	closed   bool
}

// unread is a message that the client has not acknowledged.
type unread struct {
	frame frame
	sent  time.Time // by the machine's clock: this is about the network
}

func newStream(s *Service, x *session, w work) *stream {
	st := &stream{
		service: s, session: x, work: w, early: map[int64]frame{},
		size: pty.Winsize{Cols: 80, Rows: 24}, active: x.started,
	}
	if x.log != "" {
		st.record = &recorder{service: s, session: x, user: w.user}
	}
	st.room = sync.NewCond(&st.mu)
	return st
}

func (st *stream) lastActive() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.active
}

// write sends to the client that is there now; the caller holds mu. A client
// that does not read is cut off, and gets the message when it comes back.
func (st *stream) write(f frame) {
	if st.conn == nil {
		return
	}
	_ = st.conn.SetWriteDeadline(time.Now().Add(writeLimit))
	if st.conn.WriteMessage(websocket.BinaryMessage, f.marshal()) != nil {
		_ = st.conn.Close()
	}
}

// send writes a numbered message, which is repeated until it is acknowledged;
// the caller holds mu.
func (st *stream) send(payload uint32, data []byte) {
	f := newFrame(outputStream, payload, data)
	f.sequence = st.next
	if st.next == 0 {
		f.flags = flagFirst
	}
	st.next++
	st.waiting = append(st.waiting, unread{frame: f, sent: time.Now()})
	st.write(f)
}

func (st *stream) sendJSON(payload uint32, v any) {
	data, _ := json.Marshal(v) //nolint:errchkjson // maps of texts and numbers
	st.send(payload, data)
}

// attach takes a client in the place of the one before.
func (st *stream) attach(conn *websocket.Conn) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return false
	}
	if st.conn != nil {
		_ = st.conn.Close()
	}
	st.conn = conn
	st.active = st.service.clock.Now()
	st.write(newFrame(startPublication, 0, nil))
	if st.next > 0 {
		for i := range st.waiting {
			st.waiting[i].sent = time.Now()
			st.write(st.waiting[i].frame)
		}
		return true
	}
	kind := map[string]any{"SessionType": "Standard_Stream", "Properties": nil}
	if to := st.work.to; to != nil {
		kind = map[string]any{"SessionType": "Port", "Properties": to.properties()}
	}
	st.sendJSON(payloadHandshakeRequest, map[string]any{
		"AgentVersion":           agentVersion,
		"RequestedClientActions": []any{map[string]any{"ActionType": "SessionType", "ActionParameters": kind}},
	})
	return true
}

// detach forgets a client that went; another may have come before.
func (st *stream) detach(conn *websocket.Conn) (last bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.conn != conn {
		return false
	}
	st.conn = nil
	return !st.closed
}

// repeat sends the oldest message again that nobody acknowledged.
func (st *stream) repeat() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.waiting) > 0 && time.Since(st.waiting[0].sent) >= resendAfter {
		st.waiting[0].sent = time.Now()
		st.write(st.waiting[0].frame)
	}
}

// receive takes one message of a client.
func (st *stream) receive(f frame) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return
	}
	switch f.kind {
	case acknowledge:
		st.acknowledged(f.data)
	case inputStream:
		st.input(f)
	}
}

func (st *stream) acknowledged(data []byte) {
	var ack struct {
		Sequence *int64 `json:"AcknowledgedMessageSequenceNumber"`
	}
	if json.Unmarshal(data, &ack) != nil || ack.Sequence == nil {
		return
	}
	for i, w := range st.waiting {
		if w.frame.sequence == *ack.Sequence {
			st.waiting = append(st.waiting[:i], st.waiting[i+1:]...)
			st.room.Broadcast()
			return
		}
	}
}

// input takes numbered messages in their order, once each.
func (st *stream) input(f frame) {
	if f.sequence > st.expected && len(st.early) >= maxEarly || st.tunnel != nil && st.tunnel.full() {
		return // not acknowledged: it will come again
	}
	st.acknowledge(f)
	if f.sequence >= st.expected {
		st.early[f.sequence] = f
	}
	for {
		next, ok := st.early[st.expected]
		if !ok {
			return
		}
		delete(st.early, st.expected)
		st.expected++
		st.take(next)
	}
}

func (st *stream) acknowledge(f frame) {
	data, _ := json.Marshal(map[string]any{ //nolint:errchkjson // texts and numbers
		"AcknowledgedMessageType": f.kind, "AcknowledgedMessageId": f.uuid(),
		"AcknowledgedMessageSequenceNumber": f.sequence, "IsSequentialMessage": true,
	})
	ack := newFrame(acknowledge, 0, data)
	ack.flags = flagFirst | flagLast
	st.write(ack)
}

// take does what a message of the client says.
func (st *stream) take(f frame) {
	switch f.payload {
	case payloadHandshakeResponse:
		st.shaken(f.data)
	case payloadSize:
		var size struct{ Cols, Rows uint16 }
		if json.Unmarshal(f.data, &size) == nil && size.Cols > 0 && size.Rows > 0 {
			st.size = pty.Winsize{Cols: size.Cols, Rows: size.Rows}
			if st.shell != nil {
				_ = pty.Setsize(st.shell.tty, &st.size) // a shell that ended has no size
			}
		}
	case payloadOutput:
		st.active = st.service.clock.Now()
		switch {
		case st.shell != nil:
			_, _ = st.shell.tty.Write(f.data) // a shell that ended reads nothing
		case st.tunnel != nil && st.tunnel.feed(f.data) != nil:
			st.end("")
		}
	case payloadFlag:
		if len(f.data) == 4 && binary.BigEndian.Uint32(f.data) == flagTerminate {
			st.end("")
		}
	}
}

// end ends the session from within; the caller holds mu.
func (st *stream) end(output string) {
	st.service.after(func() { st.service.finish(st.session, output) })
}

// flag tells the client something about a forwarded port.
func (st *stream) flag(value uint32) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.closed {
		st.send(payloadFlag, binary.BigEndian.AppendUint32(nil, value))
	}
}

// shaken ends the handshake and starts the shell or the tunnel, once.
func (st *stream) shaken(data []byte) {
	var response struct{ Errors []string }
	if json.Unmarshal(data, &response) != nil || len(response.Errors) > 0 || st.shell != nil || st.tunnel != nil {
		return
	}
	st.sendJSON(payloadHandshakeComplete, map[string]any{"HandshakeTimeToComplete": 0, "CustomerMessage": ""})
	if to := st.work.to; to != nil {
		st.tunnel = newTunnel(st, st.service.dialer(*to))
		return
	}
	sh, err := startShell(st.work.argv, st.work.user, st.size)
	if err != nil {
		st.send(payloadOutput, []byte("Unable to start command: "+err.Error()+"\r\n"))
		st.end("")
		return
	}
	st.shell = sh
	st.service.after(func() { st.pump(sh) })
}

// pump carries what the shell writes to the client, and ends the session with
// the shell.
func (st *stream) pump(sh *shell) {
	buffer := make([]byte, outputChunk)
	for {
		n, err := sh.tty.Read(buffer)
		if n > 0 {
			st.output(append([]byte(nil), buffer[:n]...))
		}
		if err != nil {
			break
		}
	}
	st.mu.Lock()
	sh.kill() // what it left behind on its terminal
	st.gone = true
	st.mu.Unlock()
	sh.wait()
	st.service.left(st.session)
}

// output waits until the client has kept up.
func (st *stream) output(data []byte) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for len(st.waiting) >= maxWaiting && !st.closed {
		st.room.Wait()
	}
	if st.closed {
		return
	}
	st.send(payloadOutput, data)
	st.record.write(data)
}

// close tells the client that it is over, and why where there is something to
// say, and kills the shell. It may be called twice.
func (st *stream) close(output string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return
	}
	st.closed = true
	st.room.Broadcast()
	if st.shell != nil && !st.gone {
		st.shell.kill()
	}
	if st.tunnel != nil {
		st.tunnel.close()
	}
	st.record.flush()
	f := newFrame(channelClosed, 0, nil)
	f.data, _ = json.Marshal(map[string]any{ //nolint:errchkjson // texts and numbers
		"MessageId": f.uuid(), "CreatedDate": strconv.FormatInt(f.created.UnixMilli(), 10), "DestinationId": st.session.target,
		"SessionId": st.session.id, "MessageType": channelClosed, "SchemaVersion": 1, "Output": output,
	})
	f.flags = flagFirst | flagLast
	st.write(f)
	if st.conn != nil {
		// Closing at once could take the message back that was just sent, where
		// the client's own are still unread.
		_ = st.conn.SetReadDeadline(time.Now().Add(leaveLimit))
	}
}

// publish tells the client that the far side is there, or is not.
func (st *stream) publish(online bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	kind := pausePublication
	if online {
		kind = startPublication
	}
	st.write(newFrame(kind, 0, nil))
}
