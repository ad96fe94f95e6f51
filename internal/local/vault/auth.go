package vault

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"time"
)

func (s *Server) lookupSelf(w http.ResponseWriter, r *http.Request) {
	t := s.may(w, r, "read")
	if t == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var expires any
	if !t.ends.IsZero() {
		expires = t.ends.UTC().Format(time.RFC3339Nano)
	}
	data(w, map[string]any{
		"id": r.Header.Get("X-Vault-Token"), "policies": t.policies, "ttl": int(s.left(t) / time.Second), "creation_ttl": int(t.ttl / time.Second),
		"renewable": t.ttl > 0, "expire_time": expires, "num_uses": 0, "orphan": true, "type": "service", "entity_id": "", "path": "auth/local/login",
	})
}

// left is how long a token lives on; s.mu is held.
func (s *Server) left(t *token) time.Duration {
	if t.ends.IsZero() {
		return 0
	}
	return max(t.ends.Sub(s.now()), 0)
}

// renewSelf extends a token by its time, up to the longest it may live.
func (s *Server) renewSelf(w http.ResponseWriter, r *http.Request) {
	t := s.may(w, r, "update")
	if t == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.ttl == 0 {
		refuse(w, http.StatusBadRequest, "lease is not renewable")
		return
	}
	t.ends = s.now().Add(t.ttl)
	if !t.last.IsZero() && t.last.Before(t.ends) {
		t.ends = t.last
	}
	auth(w, r.Header.Get("X-Vault-Token"), t, s.left(t))
}

func (s *Server) appRole(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Role   string `json:"role_id"`
		Secret string `json:"secret_id"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Role == "" {
		refuse(w, http.StatusBadRequest, "missing role_id")
		return
	}
	s.logIn(w, "approle/"+in.Role, in.Secret, http.StatusBadRequest, "invalid role or secret ID")
}

func (s *Server) kubernetes(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Role string `json:"role"`
		JWT  string `json:"jwt"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Role == "" || in.JWT == "" {
		refuse(w, http.StatusBadRequest, "missing role or jwt")
		return
	}
	s.logIn(w, "kubernetes/"+in.Role, in.JWT, http.StatusForbidden, "permission denied")
}

func (s *Server) logIn(w http.ResponseWriter, name, secret string, status int, wrong string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, ok := s.roles[name]
	if !ok || subtle.ConstantTimeCompare([]byte(who.secret), []byte(secret)) != 1 {
		refuse(w, status, wrong)
		return
	}
	given := s.give(who.login)
	auth(w, given, s.tokens[given], s.left(s.tokens[given]))
}
