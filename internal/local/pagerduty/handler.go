package pagerduty

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PagerDuty's codes of errors (REST API, "Errors").
const (
	codeInvalid = 2001
	codeAuth    = 2006
	codeMissing = 2100
	codeTooMany = 2020
)

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oncalls", s.oncalls)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, codeMissing, "the local PagerDuty has no "+r.Method+" "+r.URL.Path)
	})
	return mux
}

func (s *Server) oncalls(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls++
	fault := s.fault
	s.mu.Unlock()
	switch {
	case !local(r.Host):
		refuse(w, http.StatusMisdirectedRequest, codeInvalid, "not a loopback address: "+r.Host)
	case fault.Hang:
		<-r.Context().Done()
	case fault.Status == http.StatusTooManyRequests:
		refuse(w, fault.Status, codeTooMany, "Rate Limit Exceeded")
	case fault.Status != 0:
		refuse(w, fault.Status, codeInvalid, http.StatusText(fault.Status))
	case r.Header.Get("Authorization") != "Token token="+s.token:
		refuse(w, http.StatusUnauthorized, codeAuth, "Unauthorized")
	case r.Header.Get("Accept") != "application/vnd.pagerduty+json;version=2":
		refuse(w, http.StatusNotAcceptable, codeInvalid, "Accept must be application/vnd.pagerduty+json;version=2")
	default:
		s.list(w, r.URL.Query())
	}
}

// local says that a request was meant for this machine, and not for a name that
// was made to lead here.
func local(host string) bool {
	return strings.HasPrefix(host, "127.0.0.1:") || strings.HasPrefix(host, "localhost:") || strings.HasPrefix(host, "[::1]:")
}

// oncall is an entry as it is on the wire.
type oncall struct {
	Policy   map[string]string `json:"escalation_policy"`
	Level    int               `json:"escalation_level"`
	Schedule map[string]string `json:"schedule"`
	User     map[string]string `json:"user"`
	Start    *time.Time        `json:"start"`
	End      *time.Time        `json:"end"`
}

// list answers who is on call now by the schedules that are asked for: since
// and until, which bcn does not give, are the current time.
func (s *Server) list(w http.ResponseWriter, q url.Values) {
	for name := range q {
		if !slices.Contains([]string{"schedule_ids[]", "include[]", "earliest", "limit", "offset"}, name) {
			refuse(w, http.StatusBadRequest, codeInvalid, "the local PagerDuty does not know the parameter "+name)
			return
		}
	}
	limit, errL := strconv.Atoi(cmp.Or(q.Get("limit"), "25"))
	offset, errO := strconv.Atoi(cmp.Or(q.Get("offset"), "0"))
	if errL != nil || errO != nil || limit < 1 || limit > 100 || offset < 0 {
		refuse(w, http.StatusBadRequest, codeInvalid, "Invalid Input Provided")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []oncall{}
	for _, id := range q["schedule_ids[]"] {
		shifts, known := s.schedules[id]
		if !known {
			refuse(w, http.StatusBadRequest, codeInvalid, "Invalid Input Provided")
			return
		}
		for i, x := range shifts {
			if now := s.now(); (x.Start == nil || !now.Before(*x.Start)) && (x.End == nil || now.Before(*x.End)) {
				all = append(all, wire(id, i, x, slices.Contains(q["include[]"], "users")))
			}
		}
	}
	from := min(offset, len(all))
	to := min(from+limit, len(all))
	answer(w, http.StatusOK, map[string]any{
		"oncalls": all[from:to], "limit": limit, "offset": offset, "more": to < len(all), "total": nil,
	})
}

// wire writes an entry; who is on call is a reference, without an address,
// unless users are included.
func wire(schedule string, n int, x Shift, users bool) oncall {
	name, _, _ := strings.Cut(x.Email, "@")
	user := map[string]string{"id": fmt.Sprintf("PUSER%02d", n), "type": "user_reference", "summary": name}
	if users {
		user["type"], user["name"], user["email"] = "user", name, x.Email
	}
	return oncall{
		Policy: map[string]string{"id": "PPOLICY", "type": "escalation_policy_reference", "summary": "local"}, Level: max(x.Level, 1),
		Schedule: map[string]string{"id": schedule, "type": "schedule_reference", "summary": schedule}, User: user, Start: x.Start, End: x.End,
	}
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	answer(w, status, map[string]any{"error": map[string]any{"message": message, "code": code}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // plain values; who went away gets nothing
}
