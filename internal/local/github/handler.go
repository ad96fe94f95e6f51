package github

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/bcn-bot/bcn/internal/local/loopback"
)

// answer is what a route says: a value as JSON, or text.
type answer struct {
	status int
	body   any
	text   string // in place of body, where it is set
	kind   string // content type of text
	link   string // the Link header, where the list goes on
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

// docsURL is what GitHub's errors point to.
const docsURL = "https://docs.github.com/rest"

func refuse(status int, message string) answer {
	return answer{status: status, body: map[string]any{"message": message, "documentation_url": docsURL, "status": strconv.Itoa(status)}}
}

func notFound() answer { return refuse(http.StatusNotFound, "Not Found") }

// Handler serves the API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { s.serve(w, req, r) })
	}
	s.web(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		s.write(w, req, refuse(http.StatusNotImplemented, "the local GitHub does not know "+req.Method+" "+req.URL.Path))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// Only this machine's programs may ask: neither a page in a browser nor a
		// name that was made to point here.
		host, _, err := net.SplitHostPort(req.Host)
		if err != nil {
			host = req.Host
		}
		if !loopback.Is(host) || req.Header.Get("Origin") != "" {
			http.Error(w, "only for programs of this machine", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, req)
	})
}

// serve checks faults, credentials and the rate limit before a route.
func (s *Server) serve(w http.ResponseWriter, req *http.Request, r route) {
	s.mu.Lock()
	s.calls[r.pattern]++
	fault := s.fault(req.URL.Path)
	s.mu.Unlock()
	if fault != nil && s.fail(w, req, fault) {
		return
	}
	if refused, bad := s.authenticate(req, r.app); bad {
		s.write(w, req, refused)
		return
	}
	s.mu.Lock()
	said := r.answer(req)
	s.mu.Unlock()
	s.write(w, req, said)
}

// authenticate accepts a token, or for the app's own routes a JWT of the app
// (docs.github.com, "Generating a JSON Web Token for a GitHub App").
func (s *Server) authenticate(req *http.Request, app bool) (answer, bool) {
	kind, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if token == "" || !strings.EqualFold(kind, "bearer") && !strings.EqualFold(kind, "token") {
		return refuse(http.StatusUnauthorized, "Requires authentication"), true
	}
	if app {
		if err := s.checkJWT(token); err != nil {
			return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded"), true
		}
		return answer{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tokens[token] {
		return refuse(http.StatusUnauthorized, "Bad credentials"), true
	}
	if now := s.o.Now(); now.After(s.resets) {
		s.used, s.resets = 0, now.Add(time.Hour)
	}
	if s.used >= s.o.Limit {
		return refuse(http.StatusForbidden, "API rate limit exceeded"), true
	}
	return answer{}, false
}

func (s *Server) checkJWT(token string) error {
	claims := jwt.RegisteredClaims{}
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return &s.key.PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}))
	if err != nil {
		return err
	}
	if claims.Issuer != strconv.Itoa(AppID) || claims.ExpiresAt == nil || claims.ExpiresAt.Sub(s.o.Now()) > 10*time.Minute {
		return jwt.ErrTokenInvalidClaims
	}
	return nil
}

// fail does what a fault says, and whether that was all.
func (s *Server) fail(w http.ResponseWriter, req *http.Request, f *Fault) bool {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-req.Context().Done():
			return true
		}
	}
	status := http.StatusForbidden
	if f.TooMany {
		status = http.StatusTooManyRequests
	}
	switch {
	case f.Cut:
		panic(http.ErrAbortHandler)
	case f.Primary:
		s.rate(w, 0, s.o.Now().Add(f.Reset))
		s.send(w, refuse(status, "API rate limit exceeded"))
	case f.Secondary:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
		}
		s.send(w, answer{status: status, body: map[string]any{
			"message":           "You have exceeded a secondary rate limit",
			"documentation_url": docsURL + "/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits",
		}})
	case f.Status != 0:
		s.send(w, refuse(f.Status, http.StatusText(f.Status)))
	default:
		return false
	}
	return true
}

// write sends an answer with GitHub's headers. What the client has already, by
// its entity tag, is not sent again and costs nothing of the rate.
func (s *Server) write(w http.ResponseWriter, req *http.Request, said answer) {
	tag := `"` + tagOf(said) + `"`
	same := said.status == http.StatusOK && req.Header.Get("If-None-Match") == tag
	s.mu.Lock()
	if !same && said.status != http.StatusUnauthorized {
		s.used = min(s.used+1, s.o.Limit)
	}
	left, resets := s.o.Limit-s.used, s.resets
	s.mu.Unlock()
	s.rate(w, left, resets)
	if said.status == http.StatusOK {
		w.Header().Set("ETag", tag)
	}
	if same {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.send(w, said)
}

// tagOf is the entity tag: of a commit's SHA the SHA itself, as GitHub does.
func tagOf(said answer) string {
	if said.kind == mediaSHA {
		return said.text
	}
	raw, _ := json.Marshal(said.body) //nolint:errchkjson // maps of strings and numbers
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// rate writes the headers that count.
func (s *Server) rate(w http.ResponseWriter, left int, resets time.Time) {
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(s.o.Limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	h.Set("X-RateLimit-Used", strconv.Itoa(s.o.Limit-left))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(resets.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
}

func (s *Server) send(w http.ResponseWriter, said answer) {
	if said.link != "" {
		w.Header().Set("Link", said.link)
	}
	if said.text != "" {
		w.Header().Set("Content-Type", said.kind+"; charset=utf-8")
		w.WriteHeader(said.status)
		_, _ = w.Write([]byte(said.text))
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(said.status)
	_ = json.NewEncoder(w).Encode(said.body) //nolint:errchkjson // the client is gone
}
