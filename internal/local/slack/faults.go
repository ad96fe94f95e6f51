package slack

import (
	"slices"
	"time"
)

// Fault makes calls of the Web API go wrong.
type Fault struct {
	// Method is the Web API method; "socket" for the WebSocket handshake,
	// "response_url" for those, "" for every method.
	Method string
	// Times is how many calls it hits; 0: until it is cleared.
	Times int
	// RetryAfter answers 429 with this Retry-After (whole seconds).
	RetryAfter time.Duration
	// Status answers this HTTP status without JSON, such as 503 or 409.
	Status int
	// Error answers this error code.
	Error string
	// Delay holds the answer back, by the clock; the effect is immediate.
	Delay time.Duration
	// LoseAnswer lets the call have its effect and cuts the connection.
	LoseAnswer bool
}

// SocketFault makes envelopes go wrong.
type SocketFault struct {
	// Type is the envelope's type; "" for every type.
	Type string
	// Times is how many envelopes it hits; 0: until it is cleared.
	Times int
	// Lose never sends the envelope; the person sees a timeout.
	Lose bool
	// LoseAck ignores the acknowledgement.
	LoseAck bool
	// Duplicate sends the envelope twice, with two envelope ids.
	Duplicate bool
	// Delay holds the envelope back, by the clock.
	Delay time.Duration
}

type activeFault struct {
	call   *Fault
	socket *SocketFault
	left   int // -1: for ever
}

// Fault switches a fault of the Web API on; lift switches it off.
func (w *Workspace) Fault(f Fault) (lift func()) {
	return w.addFault(&activeFault{call: &f, left: times(f.Times)})
}

// SocketFault switches a fault of envelopes on; lift switches it off.
func (w *Workspace) SocketFault(f SocketFault) (lift func()) {
	return w.addFault(&activeFault{socket: &f, left: times(f.Times)})
}

// ClearFaults switches all faults off.
func (w *Workspace) ClearFaults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
}

func times(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

func (w *Workspace) addFault(f *activeFault) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, f)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.faults = slices.DeleteFunc(w.faults, func(o *activeFault) bool { return o == f })
	}
}

// take finds the first fault that matches and counts it. The lock is held.
func (w *Workspace) take(match func(*activeFault) bool) *activeFault {
	i := slices.IndexFunc(w.faults, match)
	if i < 0 {
		return nil
	}
	f := w.faults[i]
	if f.left > 0 {
		f.left--
	}
	if f.left == 0 {
		w.faults = slices.Delete(w.faults, i, i+1)
	}
	return f
}

// callFault is the fault that hits a call of a method. The lock is held.
func (w *Workspace) callFault(method string) Fault {
	f := w.take(func(f *activeFault) bool {
		return f.call != nil && (f.call.Method == method || f.call.Method == "" && method != "socket" && method != "response_url")
	})
	if f == nil {
		return Fault{}
	}
	return *f.call
}

// httpFault is the status that a fault gives to a plain HTTP request, or 0. The
// lock is held.
func (w *Workspace) httpFault(method string) int { return w.callFault(method).Status }

func (w *Workspace) socketFault(kind string) SocketFault {
	f := w.take(func(f *activeFault) bool { return f.socket != nil && (f.socket.Type == "" || f.socket.Type == kind) })
	if f == nil {
		return SocketFault{}
	}
	return *f.socket
}
