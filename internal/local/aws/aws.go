package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cfn"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Defaults of Options; the account and the region of the sample.
const (
	DefaultAccount = "123456789012"
	DefaultRegion  = "us-east-1"
)

// Options say what kind of AWS to make. The zero value is an empty account in
// which things take seconds where AWS takes minutes.
type Options struct {
	Account   string           // twelve digits; default DefaultAccount
	Region    string           // default DefaultRegion
	Clock     wire.Clock       // default the machine's, which Advance can move
	RoleDelay time.Duration    // how long a new role cannot be assumed; default none
	Sample    bool             // put in what the sample app needs
	OnCall    func(CallRecord) // called after each call, before its answer; must not block

	Speed         cluster.Speed        // how long the cluster takes; default cluster.DevSpeed
	ChangeSetTime time.Duration        // until a change set is made; default cfn's, 400 ms
	Poll          time.Duration        // between two steps of a stack operation; default cfn's, 500 ms
	Page          int                  // items of a page of CloudFormation; default cfn's, 100
	FailStep      func(cfn.Step) error // fails steps of stack operations on demand
}

// Server is a local AWS: New makes it, Start lets it listen.
type Server struct {
	parts  parts
	front  *front
	relay  *relay
	sample bool

	mu       sync.Mutex
	url      string
	http     *http.Server
	finished chan struct{}
	stop     func() bool
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
		o.Clock = wire.NewShiftedClock(0)
	}
	if o.Speed == (cluster.Speed{}) {
		o.Speed = cluster.DevSpeed()
	}
	clock := &relay{to: o.Clock}
	log := &callLog{}
	p := assemble(newAccount(o.Account, o.Region, clock, o.RoleDelay), o, clock, log)
	s := &Server{
		parts: p, relay: clock, sample: o.Sample,
		front: &front{
			account: p.account, services: p.services(), faults: &Faults{}, log: log, onCall: o.OnCall, sessions: p.sessions,
			told: &skews{seen: map[time.Duration]bool{}}, images: p.cluster,
		},
	}
	if o.Sample {
		if err := s.putSample(); err != nil {
			s.shut()
			return nil, err
		}
	}
	return s, nil
}

// shut ends the simulations.
func (s *Server) shut() {
	s.parts.sessions.Close()
	s.parts.stacks.Close()
	s.parts.cluster.Close()
}

// Cluster is what runs; tests put images into its registry.
func (s *Server) Cluster() *cluster.Cluster { return s.parts.cluster }

// Sessions is who is in; tests register machines there and make it lie.
func (s *Server) Sessions() *sessions.Service { return s.parts.sessions }

// Account is what is stored.
func (s *Server) Account() *Account { return s.parts.account }

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

// Close stops listening, ends open connections and stops what runs; it waits
// for the listener.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.shut()
	if s.http == nil {
		return nil
	}
	s.stop()
	err := s.http.Close()
	<-s.finished
	return err
}
