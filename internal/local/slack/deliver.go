package slack

import (
	"time"
)

// Envelope types.
const (
	typeSlash       = "slash_commands"
	typeInteractive = "interactive"
	typeEvents      = "events_api"
)

// delivery is one envelope on its way.
type delivery struct {
	kind    string
	accepts bool // whether an answer may ride on the acknowledgement
	payload map[string]any
	attempt int // of an event, from 0
	reason  string

	acked  func(payload []byte)
	failed func(code string) // operation_timeout or dispatch_failed

	socket  *socket
	loseAck bool
	stop    func()
}

func (d *delivery) stopTimer() {
	if d.stop != nil {
		d.stop()
	}
}

// deliver sends an envelope to any one socket and waits, by the clock, for the
// acknowledgement. It does not block; no lock is held.
func (w *Workspace) deliver(d *delivery) {
	w.mu.Lock()
	fault := w.socketFault(d.kind)
	w.mu.Unlock()
	if fault.Delay > 0 {
		w.opts.Clock.After(fault.Delay, func() { w.dispatch(d, fault) })
		return
	}
	w.dispatch(d, fault)
}

func (w *Workspace) dispatch(d *delivery, fault SocketFault) {
	w.mu.Lock()
	select {
	case <-w.closing:
		w.mu.Unlock()
		return
	default:
	}
	s := w.nextSocket()
	if s == nil {
		w.mu.Unlock()
		d.failed("dispatch_failed")
		return
	}
	id := w.nextID("env-") + "-" + secret()[:12]
	d.socket, d.loseAck = s, fault.LoseAck
	w.pending[id] = d
	w.delivered[d.kind]++
	d.stop = w.opts.Clock.After(ackDeadline, func() { w.expire(id) })
	copies := []string{id}
	if fault.Duplicate {
		copies = append(copies, w.nextID("env-")+"-"+secret()[:12])
	}
	w.change()
	w.mu.Unlock()
	if fault.Lose {
		return // nobody hears of it; the deadline runs
	}
	for _, env := range copies {
		s.send(d.frame(env))
	}
}

func (d *delivery) frame(envelopeID string) map[string]any {
	f := map[string]any{"envelope_id": envelopeID, "type": d.kind, "accepts_response_payload": d.accepts, "payload": d.payload}
	if d.kind == typeEvents {
		f["retry_attempt"], f["retry_reason"] = d.attempt, d.reason
	}
	return f
}

// expire gives an envelope up that nobody acknowledged.
func (w *Workspace) expire(id string) {
	w.mu.Lock()
	d := w.pending[id]
	delete(w.pending, id)
	w.mu.Unlock()
	if d != nil {
		d.failed("operation_timeout")
	}
}

// nextSocket takes turns; which socket gets an envelope is not promised. The
// lock is held.
func (w *Workspace) nextSocket() *socket {
	for range w.sockets {
		w.turn++
		if s := w.sockets[w.turn%len(w.sockets)]; !s.draining {
			return s
		}
	}
	return nil
}

// retryAfter are the waits before an event is delivered again (chat.md, 1.1).
var retryAfter = [...]time.Duration{0, time.Minute, 5 * time.Minute}

// event delivers an event until it is acknowledged or three retries are over.
func (w *Workspace) event(payload map[string]any, attempt int) {
	d := &delivery{kind: typeEvents, payload: payload, attempt: attempt, acked: func([]byte) {}}
	if attempt > 0 {
		d.reason = "timeout"
	}
	d.failed = func(string) {
		if attempt >= len(retryAfter) {
			return
		}
		again := func() { w.event(payload, attempt+1) }
		if wait := retryAfter[attempt]; wait > 0 {
			w.opts.Clock.After(wait, again)
			return
		}
		again()
	}
	w.deliver(d)
}

// Delivered is how many envelopes of a type (slash_commands, interactive,
// events_api) were handed to a socket, redeliveries included.
func (w *Workspace) Delivered(kind string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.delivered[kind]
}
