package pagerduty

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/loopback"
)

// Options say what the local PagerDuty is like. The zero value is usable.
type Options struct {
	Now func() time.Time // nil: time.Now
}

// Shift is one person's turn in a schedule.
type Shift struct {
	Email string
	Level int        // of the escalation policy; 1 is asked first
	Start *time.Time // nil: always
	End   *time.Time // nil: without an end
}

// Fault makes every call go wrong until it is cleared.
type Fault struct {
	Status int  // answers this status, such as 503
	Hang   bool // never answers
}

// Server is a local PagerDuty. It is safe for concurrent use.
type Server struct {
	now   func() time.Time
	token string

	mu        sync.Mutex
	schedules map[string][]Shift
	fault     Fault
	calls     int

	served loopback.Server
}

// New makes a local PagerDuty without schedules.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	raw := make([]byte, 10)
	_, _ = rand.Read(raw) // never fails
	return &Server{now: o.Now, token: "local" + hex.EncodeToString(raw), schedules: map[string][]Shift{}}
}

// Start listens on an address of the loopback interface, such as 127.0.0.1:0,
// and refuses any other.
func (s *Server) Start(addr string) error {
	return s.served.Start("local PagerDuty", addr, s.handler())
}

// Close stops listening and cuts what is open.
func (s *Server) Close() error { return s.served.Close() }

// URL is the base address of the API, for PAGERDUTY_API_URL.
func (s *Server) URL() string { return s.served.URL() }

// Token is the one that is accepted, for PAGERDUTY_TOKEN.
func (s *Server) Token() string { return s.token }

// SetSchedule says who is on call when, in place of what was said before.
func (s *Server) SetSchedule(id string, shifts ...Shift) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schedules[id] = shifts
}

// SetFault switches a fault on; the zero Fault switches it off.
func (s *Server) SetFault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Calls is how often it was asked who is on call.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}
