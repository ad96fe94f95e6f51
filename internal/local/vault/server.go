package vault

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/loopback"
	"github.com/bcn-bot/bcn/internal/vault/acl"
)

// Options say what the local Vault is like. The zero value is usable.
type Options struct {
	Now func() time.Time // nil: time.Now
}

// Entity is somebody in Vault.
type Entity struct {
	Name     string
	Disabled bool
	Policies []string
}

// Group is one of Vault's identity groups.
type Group struct {
	Policies []string
	Entities []string // names
	Groups   []string // names of groups whose members are members
}

// Login is what a login gives.
type Login struct {
	Policies []string
	TTL      time.Duration // of the token; 0: it does not end
	Max      time.Duration // the longest it can be renewed to, from the login on; 0: always
}

// Fault makes every call go wrong until it is cleared.
type Fault struct {
	Status int  // answers this status, such as 502
	Hang   bool // never answers
}

// Server is a local Vault. It is safe for concurrent use.
type Server struct {
	now func() time.Time

	mu       sync.Mutex
	sealed   bool
	fault    Fault
	policies map[string]string
	parsed   map[string]acl.Policy
	entities map[string]entity // by name in lower case
	groups   map[string]group  // by name
	tokens   map[string]*token
	roles    map[string]role // by "approle/" + role id, "kubernetes/" + role
	reads    map[string]int  // by path

	served loopback.Server
}

type entity struct {
	Entity
	id string
}

type group struct {
	Group
	id string
}

// role is who may log in.
type role struct {
	secret string // secret id, or the service account's token
	login  Login
}

// token is one that was given.
type token struct {
	policies []string
	ttl      time.Duration
	ends     time.Time // zero: never
	last     time.Time // no renewal beyond; zero: none
}

// defaultPolicy is the part of Vault's policy default that matters here.
const defaultPolicy = `
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
`

// New makes a local Vault with the policy default, and nobody in it.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		now: o.Now, policies: map[string]string{}, parsed: map[string]acl.Policy{}, entities: map[string]entity{},
		groups: map[string]group{}, tokens: map[string]*token{}, roles: map[string]role{}, reads: map[string]int{},
	}
	if err := s.SetPolicy("default", defaultPolicy); err != nil {
		panic(err) // it is written above
	}
	return s
}

// Start listens on an address of the loopback interface, such as 127.0.0.1:0,
// and refuses any other.
func (s *Server) Start(addr string) error { return s.served.Start("local Vault", addr, s.handler()) }

// Close stops listening and cuts what is open.
func (s *Server) Close() error { return s.served.Close() }

// URL is where it listens, for VAULT_ADDR.
func (s *Server) URL() string { return strings.TrimSuffix(s.served.URL(), "/") }

// SetPolicy writes an ACL policy. The error says why it is none.
func (s *Server) SetPolicy(name, rules string) error {
	p, err := acl.Parse(name, rules)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policies[name], s.parsed[name] = rules, p
	return nil
}

// StorePolicy writes a policy as it is, for what only the real one understands.
func (s *Server) StorePolicy(name, rules string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policies[name] = rules
	delete(s.parsed, name)
}

// DeletePolicy removes a policy; whoever is given it keeps its name.
func (s *Server) DeletePolicy(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.policies, name)
	delete(s.parsed, name)
}

// SetEntity makes or changes an entity, by its name, and answers its id.
func (s *Server) SetEntity(e Entity) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(e.Name)
	id := s.entities[key].id
	if id == "" {
		id = uuid()
	}
	s.entities[key] = entity{e, id}
	return id
}

// DeleteEntity removes one by its name.
func (s *Server) DeleteEntity(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entities, strings.ToLower(name))
}

// SetGroup makes or changes a group.
func (s *Server) SetGroup(name string, g Group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.groups[name].id
	if id == "" {
		id = uuid()
	}
	s.groups[name] = group{g, id}
}

// NewToken makes a token.
func (s *Server) NewToken(l Login) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.give(l)
}

// give makes a token; s.mu is held.
func (s *Server) give(l Login) string {
	name := "hvs.local" + random(12)
	t := &token{policies: append([]string{"default"}, l.Policies...), ttl: l.TTL}
	if l.TTL > 0 {
		t.ends = s.now().Add(l.TTL)
	}
	if l.Max > 0 {
		t.last = s.now().Add(l.Max)
	}
	s.tokens[name] = t
	return name
}

// SetAppRole lets whoever has the role's id and secret id log in.
func (s *Server) SetAppRole(roleID, secretID string, l Login) {
	s.setRole("approle/"+roleID, secretID, l)
}

// SetKubernetes lets the service account with that token log in as a role.
func (s *Server) SetKubernetes(name, jwt string, l Login) { s.setRole("kubernetes/"+name, jwt, l) }

func (s *Server) setRole(name, secret string, l Login) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[name] = role{secret, l}
}

// RevokeTokens ends all tokens.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Seal seals or unseals it.
func (s *Server) Seal(sealed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sealed = sealed
}

// SetFault switches a fault on; the zero Fault switches it off.
func (s *Server) SetFault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Calls is how often a path, such as identity/entity/name/dana, was asked.
func (s *Server) Calls(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads[path]
}

// groupsOf answers the groups that an entity is in by itself, and those that it
// is in through them; s.mu is held.
func (s *Server) groupsOf(name string) (direct, inherited []string) {
	in := map[string]bool{}
	for n, g := range s.groups {
		if slices.ContainsFunc(g.Entities, func(e string) bool { return strings.EqualFold(e, name) }) {
			in[n] = true
			direct = append(direct, g.id)
		}
	}
	for grew := true; grew; {
		grew = false
		for n, g := range s.groups {
			if !in[n] && slices.ContainsFunc(g.Groups, func(child string) bool { return in[child] }) {
				in[n], grew = true, true
				inherited = append(inherited, g.id)
			}
		}
	}
	return direct, inherited
}

func random(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)
}

func uuid() string {
	x := random(16)
	return fmt.Sprintf("%s-%s-%s-%s-%s", x[:8], x[8:12], x[12:16], x[16:20], x[20:])
}
