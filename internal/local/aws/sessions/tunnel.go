package sessions

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"sync"
)

// A port is forwarded as the agent does since 3.0.196: all connections share
// the data channel, which carries the frames of smux, version 1 (github.com/
// xtaci/smux, frame.go). A frame is its version, command, length and stream,
// both numbers little-endian, and then its data.
const (
	muxVersion = 1
	muxHeader  = 8
	muxOpen    = 0 // a stream begins
	muxClose   = 1 // a stream has ended
	muxData    = 2
	muxNothing = 3 // keeps the connection alive
)

const (
	maxFlows    = 128     // connections at a time
	maxBuffered = 4 << 20 // bytes that may wait for their destination
)

// The flags of a message of type payloadFlag.
const (
	flagTerminate    = 2
	flagConnectError = 3
)

var errMux = errors.New("not a frame of a forwarded port")

// muxFrame is one frame.
type muxFrame struct {
	command byte
	stream  uint32
	data    []byte // at most 65,535 bytes
}

func (f muxFrame) marshal() []byte {
	b := make([]byte, muxHeader, muxHeader+len(f.data))
	b[0], b[1] = muxVersion, f.command
	binary.LittleEndian.PutUint16(b[2:], uint16(len(f.data)))
	binary.LittleEndian.PutUint32(b[4:], f.stream)
	return append(b, f.data...)
}

// cutMux takes the first frame off; ok is false where it is not whole yet.
func cutMux(b []byte) (f muxFrame, rest []byte, ok bool, err error) {
	if len(b) < muxHeader {
		return f, b, false, nil
	}
	if b[0] != muxVersion || b[1] > muxNothing {
		return f, nil, false, errMux
	}
	end := muxHeader + int(binary.LittleEndian.Uint16(b[2:]))
	if len(b) < end {
		return f, b, false, nil
	}
	f = muxFrame{command: b[1], stream: binary.LittleEndian.Uint32(b[4:]), data: bytes.Clone(b[muxHeader:end])}
	return f, b[end:], true, nil
}

// tunnel is the far side of a forwarded port.
type tunnel struct {
	stream *stream
	dial   func() (net.Conn, error)

	mu       sync.Mutex
	partial  []byte // of a frame
	flows    map[uint32]*flow
	buffered int
	closed   bool
}

// flow is one connection through the tunnel.
type flow struct {
	id    uint32
	conn  net.Conn
	queue [][]byte
	more  *sync.Cond // of the tunnel's mu
	done  bool       // the client has closed it
}

func newTunnel(st *stream, dial func() (net.Conn, error)) *tunnel {
	return &tunnel{stream: st, dial: dial, flows: map[uint32]*flow{}}
}

// full says whether what the client sends has to wait.
func (t *tunnel) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buffered >= maxBuffered
}

// feed takes what the client sent; an error is a client that speaks otherwise.
func (t *tunnel) feed(data []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.partial = append(t.partial, data...)
	for {
		f, rest, ok, err := cutMux(t.partial)
		if err != nil || !ok {
			return err
		}
		t.take(f)
		t.partial = rest
	}
}

// take does what a frame says; the caller holds mu.
func (t *tunnel) take(x muxFrame) {
	f := t.flows[x.stream]
	switch {
	case t.closed:
	case x.command == muxOpen && f == nil && len(t.flows) < maxFlows:
		f = &flow{id: x.stream, more: sync.NewCond(&t.mu)}
		t.flows[x.stream] = f
		t.stream.service.after(func() { t.run(f) })
	case f == nil: // one that has ended
	case x.command == muxData:
		f.queue = append(f.queue, x.data)
		t.buffered += len(x.data)
		f.more.Signal()
	case x.command == muxClose:
		f.done = true
		f.more.Signal()
	}
}

// run connects and carries both ways until either side closes.
func (t *tunnel) run(f *flow) {
	conn, err := t.dial()
	if err != nil {
		t.stream.flag(flagConnectError)
		t.end(f)
		return
	}
	defer func() { _ = conn.Close() }()
	t.mu.Lock()
	f.conn = conn
	closed := t.closed
	t.mu.Unlock()
	if closed {
		return
	}
	t.stream.service.after(func() {
		t.carry(f, conn)
		t.end(f)
	})
	for {
		data, ok := t.next(f)
		if !ok {
			return
		}
		if _, err := conn.Write(data); err != nil {
			return
		}
	}
}

// carry brings what the destination says to the client.
func (t *tunnel) carry(f *flow, conn net.Conn) {
	buffer := make([]byte, outputChunk-muxHeader)
	for {
		n, err := conn.Read(buffer)
		if n > 0 {
			t.stream.output(muxFrame{command: muxData, stream: f.id, data: buffer[:n]}.marshal())
		}
		if err != nil {
			return
		}
	}
}

// next waits for what is to be written; ok is false once there is nothing more.
func (t *tunnel) next(f *flow) (data []byte, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(f.queue) == 0 && !f.done && !t.closed && t.flows[f.id] == f {
		f.more.Wait()
	}
	if len(f.queue) == 0 || t.closed || t.flows[f.id] != f {
		return nil, false
	}
	data, f.queue = f.queue[0], f.queue[1:]
	t.buffered -= len(data)
	return data, true
}

// end tells the client that a connection is over, and forgets it.
func (t *tunnel) end(f *flow) {
	t.mu.Lock()
	if t.flows[f.id] == f {
		delete(t.flows, f.id)
	}
	for _, data := range f.queue {
		t.buffered -= len(data)
	}
	f.queue = nil
	f.more.Signal()
	closed := t.closed
	t.mu.Unlock()
	if !closed {
		t.stream.output(muxFrame{command: muxClose, stream: f.id}.marshal())
	}
}

// close cuts all connections. It may be called twice.
func (t *tunnel) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, f := range t.flows {
		if f.conn != nil {
			_ = f.conn.Close() // may have ended by itself
		}
		f.more.Signal()
	}
}
