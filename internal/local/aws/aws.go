package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Defaults of Options; the account and the region of the sample.
const (
	DefaultAccount = "123456789012"
	DefaultRegion  = "us-east-1"
)

// Options say what kind of AWS to make. The zero value is an empty account.
type Options struct {
	Account   string           // twelve digits; default DefaultAccount
	Region    string           // default DefaultRegion
	Clock     wire.Clock       // default the machine's
	RoleDelay time.Duration    // how long a new role cannot be assumed; default none
	Sample    bool             // put in what the sample app needs
	OnCall    func(CallRecord) // called after each call, before its answer; must not block
}

// Server is a local AWS: New makes it, Start lets it listen.
type Server struct {
	account *Account
	front   *front
	region  string

	mu       sync.Mutex
	url      string
	http     *http.Server
	finished chan struct{}
	stop     func() bool
	sample   *Sample
}

// New makes an account. With Options.Sample it is filled before New returns.
func New(o Options) (*Server, error) {
	if o.Account == "" {
		o.Account = DefaultAccount
	}
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if o.Clock == nil {
		o.Clock = wire.SystemClock{}
	}
	a := newAccount(o.Account, o.Region, o.Clock, o.RoleDelay)
	s := &Server{account: a, region: o.Region}
	services, err := registry(a)
	if err != nil {
		return nil, err
	}
	s.front = &front{account: a, services: services, faults: &Faults{}, log: &callLog{}, onCall: o.OnCall}
	return s, nil
}

// Account is what is stored.
func (s *Server) Account() *Account { return s.account }

// Faults makes calls go wrong on demand.
func (s *Server) Faults() *Faults { return s.front.faults }

// Calls lists the calls so far, oldest first; it keeps the last 10,000.
func (s *Server) Calls() []CallRecord { return s.front.log.all() }

// Handler serves the account over HTTP, for a listener of one's own; Start has
// one. It answers only under loopback names.
func (s *Server) Handler() http.Handler { return s.front }

// Start listens on addr (host:port, port 0 for any free one), which must be on
// loopback, until ctx ends or Close.
func (s *Server) Start(ctx context.Context, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address of the local AWS: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the local AWS binds loopback only, not %q", host)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return errors.New("the local AWS was started already")
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("local AWS: %w", err)
	}
	s.url = "http://" + l.Addr().String()
	s.http = &http.Server{Handler: s.front, ReadHeaderTimeout: 10 * time.Second}
	s.finished = make(chan struct{})
	go func() {
		defer close(s.finished)
		_ = s.http.Serve(l) // ends with ErrServerClosed by Close
	}()
	s.stop = context.AfterFunc(ctx, func() { _ = s.http.Close() })
	return nil
}

// URL is where it listens (http://127.0.0.1:PORT), "" before Start.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Close stops listening and ends open connections; it waits for the listener.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		return nil
	}
	s.stop()
	err := s.http.Close()
	<-s.finished
	return err
}
