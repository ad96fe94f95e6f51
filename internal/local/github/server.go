package github

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/loopback"
)

// Options say what the local GitHub is like. The zero value is usable.
type Options struct {
	Now   func() time.Time // nil: time.Now
	Limit int              // requests an hour; 0: 5,000, as for a person's token
}

// AppID is the id of the one app that is known, and Installation that of its
// installation in every account.
const (
	AppID        = 1001
	Installation = 2002
)

// Server is a local GitHub. It is safe for concurrent use.
type Server struct {
	o   Options
	key *rsa.PrivateKey

	mu     sync.Mutex
	tokens map[string]bool // valid
	teams  map[string]*team
	repos  map[string]*repo
	faults []*Fault
	used   int
	resets time.Time
	calls  map[string]int // by route

	devices map[string]*device // by device code
	owners  map[string]string  // login by token of a person
	people  map[int64]string   // logins by id, of the accounts that were asked about
	renamed map[string]int64   // ids of accounts by login, where it is not the first account of that name

	served loopback.Server
}

// New makes a local GitHub with the team acme/leads, in which lee is.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Limit == 0 {
		o.Limit = 5000
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("crypto/rand: " + err.Error()) // documented never to happen
	}
	s := &Server{
		o: o, key: key, tokens: map[string]bool{"ghp_local" + secret(): true},
		teams: map[string]*team{}, repos: map[string]*repo{}, calls: map[string]int{}, devices: map[string]*device{}, owners: map[string]string{},
	}
	s.SetMember("acme", "leads", "lee", Active)
	return s
}

func secret() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)
}

// Start listens on an address of the loopback interface, such as 127.0.0.1:0,
// and refuses any other.
func (s *Server) Start(addr string) error { return s.served.Start("local GitHub", addr, s.Handler()) }

// Close stops listening and cuts what is open.
func (s *Server) Close() error { return s.served.Close() }

// URL is the base address of the API, for GITHUB_API_URL.
func (s *Server) URL() string { return s.served.URL() }

// Token is a token that is accepted, for GITHUB_TOKEN; "" after Revoke.
func (s *Server) Token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token := range s.tokens {
		if token[:4] == "ghp_" {
			return token
		}
	}
	return ""
}

// Revoke makes every token invalid.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// AppKey is the private key of the app AppID, for GITHUB_APP_PRIVATE_KEY.
func (s *Server) AppKey() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(s.key)})
}

// Calls counts the requests of a route, named by its pattern such as
// "GET /orgs/{org}/teams/{slug}".
func (s *Server) Calls(route string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[route]
}
