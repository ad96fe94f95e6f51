package vault

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/loopback"
	"github.com/bcn-bot/bcn/internal/vault/acl"
)

// maxRequest is the size in bytes of which a request is read.
const maxRequest = 1 << 20

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	read := func(pattern string, answer func(http.ResponseWriter, string)) {
		mux.HandleFunc("GET /v1/"+pattern, func(w http.ResponseWriter, r *http.Request) {
			if s.may(w, r, "read") != nil {
				answer(w, r.PathValue("x"))
			}
		})
	}
	read("identity/entity/name/{x}", func(w http.ResponseWriter, name string) { s.entity(w, strings.ToLower(name)) })
	read("identity/entity/id/{x}", s.entityByID)
	read("identity/group/id/{x}", s.group)
	read("sys/policies/acl/{x}", s.policy)
	mux.HandleFunc("GET /v1/auth/token/lookup-self", s.lookupSelf)
	for _, method := range []string{http.MethodPut, http.MethodPost} {
		mux.HandleFunc(method+" /v1/auth/token/renew-self", s.renewSelf)
		mux.HandleFunc(method+" /v1/auth/approle/login", s.appRole)
		mux.HandleFunc(method+" /v1/auth/kubernetes/login", s.kubernetes)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "no handler for route: the local Vault has no "+r.Method+" "+r.URL.Path)
	})
	return s.guarded(mux)
}

// guarded is what holds for every call.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.reads[strings.TrimPrefix(r.URL.Path, "/v1/")]++
		fault, sealed := s.fault, s.sealed
		s.mu.Unlock()
		host, _, _ := strings.Cut(strings.TrimPrefix(r.Host, "[::1]"), ":")
		switch {
		case host != "" && !loopback.Is(host):
			refuse(w, http.StatusMisdirectedRequest, "not a loopback address: "+r.Host)
		case fault.Hang:
			<-r.Context().Done()
		case fault.Status != 0:
			w.Header().Set("Location", "http://127.0.0.1:1/")
			refuse(w, fault.Status, http.StatusText(fault.Status))
		case sealed:
			refuse(w, http.StatusServiceUnavailable, "Vault is sealed")
		default:
			r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
			next.ServeHTTP(w, r)
		}
	})
}

// may answers the caller's token where its policies give what is asked, and
// else refuses.
func (s *Server) may(w http.ResponseWriter, r *http.Request, capability string) *token {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[r.Header.Get("X-Vault-Token")]
	if t == nil || !t.ends.IsZero() && !s.now().Before(t.ends) {
		refuse(w, http.StatusForbidden, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
		return nil
	}
	var policies []acl.Policy
	for _, name := range t.policies {
		policies = append(policies, s.parsed[name])
	}
	if can, err := acl.New(policies...).Can(strings.TrimPrefix(r.URL.Path, "/v1/"), capability); err != nil || !can {
		refuse(w, http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n")
		return nil
	}
	return t
}

func (s *Server) entityByID(w http.ResponseWriter, id string) {
	s.mu.Lock()
	name := ""
	for n, e := range s.entities {
		if e.id == id {
			name = n
		}
	}
	s.mu.Unlock()
	s.entity(w, name)
}

func (s *Server) entity(w http.ResponseWriter, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.entities[name]
	if !ok {
		refuse(w, http.StatusNotFound)
		return
	}
	direct, inherited := s.groupsOf(name)
	data(w, map[string]any{
		"id": e.id, "name": e.Name, "disabled": e.Disabled, "policies": e.Policies, "namespace_id": "root", "metadata": nil, "aliases": []any{},
		"direct_group_ids": some(direct), "inherited_group_ids": some(inherited), "group_ids": some(append(direct, inherited...)),
	})
}

// some writes no groups as Vault does: an empty list.
func some(list []string) []string { return append([]string{}, list...) }

func (s *Server) group(w http.ResponseWriter, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, g := range s.groups {
		if g.id == id {
			data(w, map[string]any{"id": id, "name": name, "policies": g.Policies, "type": "internal", "namespace_id": "root"})
			return
		}
	}
	refuse(w, http.StatusNotFound)
}

func (s *Server) policy(w http.ResponseWriter, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules, ok := s.policies[strings.ToLower(name)]
	if !ok {
		refuse(w, http.StatusNotFound)
		return
	}
	data(w, map[string]any{"name": strings.ToLower(name), "policy": rules})
}

func data(w http.ResponseWriter, d map[string]any) {
	answer(w, http.StatusOK, map[string]any{"request_id": uuid(), "lease_id": "", "renewable": false, "lease_duration": 0, "data": d, "wrap_info": nil, "warnings": nil, "auth": nil})
}

// auth answers a token as a login or a renewal does.
func auth(w http.ResponseWriter, name string, t *token, left time.Duration) {
	answer(w, http.StatusOK, map[string]any{"request_id": uuid(), "lease_id": "", "renewable": false, "lease_duration": 0, "data": nil, "auth": map[string]any{
		"client_token": name, "policies": t.policies, "token_policies": t.policies, "lease_duration": int((left + time.Second - 1) / time.Second),
		"renewable": t.ttl > 0, "token_type": "service", "mfa_requirement": nil,
	}})
}

// refuse writes an error; without words it is what is not there.
func refuse(w http.ResponseWriter, status int, words ...string) {
	answer(w, status, map[string]any{"errors": some(words)})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // plain values; who went away gets nothing
}
