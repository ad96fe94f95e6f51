package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ClientID is that of the one OAuth app that is known; its device flow is on.
const ClientID = "Iv1.0123456789abcdef"

// device is a code that somebody may enter.
type device struct {
	user     string // what is entered
	interval time.Duration
	asked    time.Time // last
	expires  time.Time
	login    string // who entered it
	denied   bool
}

// What GitHub gives a code (docs.github.com, "Authorizing OAuth apps").
const (
	deviceFor      = 15 * time.Minute
	deviceInterval = 5 * time.Second
)

// ErrNoCode says that there is no such code, or it has expired or was entered
// already.
var ErrNoCode = errors.New("no such code")

// Enter is somebody entering a code at the page that GitHub names, and allowing
// the app. An empty code is the newest.
func (s *Server) Enter(code, login string) error {
	return s.decide(code, func(d *device) { d.login = login })
}

// Deny is somebody entering a code and cancelling.
func (s *Server) Deny(code string) error { return s.decide(code, func(d *device) { d.denied = true }) }

func (s *Server) decide(code string, how func(*device)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found *device
	for _, d := range s.devices {
		open := d.login == "" && !d.denied && s.o.Now().Before(d.expires)
		if open && (code == "" && (found == nil || d.expires.After(found.expires)) || strings.EqualFold(d.user, strings.TrimSpace(code))) {
			found = d
		}
	}
	if found == nil {
		return ErrNoCode
	}
	how(found)
	return nil
}

// web are the pages that are no API: they take no token.
func (s *Server) web(mux *http.ServeMux) {
	mux.HandleFunc("POST /login/device/code", s.form(s.postDevice))
	mux.HandleFunc("POST /login/oauth/access_token", s.form(s.postAccessToken))
	mux.HandleFunc("GET /login/device", s.devicePage)
}

// form reads what is posted, as a form or as JSON, and answers as JSON only
// whoever asks for it: others get a form, as from GitHub.
func (s *Server) form(answers func(url.Values) (int, map[string]any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls[r.Pattern]++
		fault := s.fault(r.URL.Path)
		s.mu.Unlock()
		if fault != nil && s.fail(w, r, fault) {
			return
		}
		status, said := http.StatusBadRequest, map[string]any{"error": "bad_request"}
		if given, err := posted(r); err == nil {
			s.mu.Lock()
			status, said = answers(given)
			s.mu.Unlock()
		}
		if strings.Contains(r.Header.Get("Accept"), "application/json") {
			s.send(w, answer{status: status, body: said})
			return
		}
		out := url.Values{}
		for name, v := range maps.All(said) {
			out.Set(name, fmt.Sprint(v))
		}
		s.send(w, answer{status: status, text: out.Encode(), kind: "application/x-www-form-urlencoded"})
	}
}

func posted(r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	if kind != "application/json" {
		err := r.ParseForm()
		return r.Form, err
	}
	var given map[string]string
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		return nil, err
	}
	out := url.Values{}
	for name, v := range given {
		out.Set(name, v)
	}
	return out, nil
}

// postDevice gives a code.
func (s *Server) postDevice(given url.Values) (int, map[string]any) {
	if given.Get("client_id") != ClientID {
		return http.StatusNotFound, map[string]any{"error": "Not Found"}
	}
	user := strings.ToUpper(secret()[:8])
	d := &device{user: user[:4] + "-" + user[4:], interval: deviceInterval, expires: s.o.Now().Add(deviceFor)}
	code := secret() + secret()[:8]
	s.devices[code] = d
	return http.StatusOK, map[string]any{
		"device_code": code, "user_code": d.user, "verification_uri": s.served.URL() + "login/device",
		"expires_in": int(deviceFor.Seconds()), "interval": int(d.interval.Seconds()),
	}
}

// postAccessToken gives a token for a code that was entered, once.
func (s *Server) postAccessToken(given url.Values) (int, map[string]any) {
	says := func(why string) (int, map[string]any) {
		return http.StatusOK, map[string]any{"error": why, "error_description": strings.ReplaceAll(why, "_", " "), "error_uri": docsURL}
	}
	d, now := s.devices[given.Get("device_code")], s.o.Now()
	switch {
	case given.Get("client_id") != ClientID:
		return says("incorrect_client_credentials")
	case given.Get("grant_type") != "urn:ietf:params:oauth:grant-type:device_code":
		return says("unsupported_grant_type")
	case d == nil:
		return says("incorrect_device_code")
	case !now.Before(d.expires):
		return says("expired_token")
	case d.denied:
		return says("access_denied")
	}
	early := !d.asked.IsZero() && now.Sub(d.asked) < d.interval
	d.asked = now
	if early {
		d.interval += deviceInterval
		status, said := says("slow_down")
		said["interval"] = int(d.interval.Seconds())
		return status, said
	}
	if d.login == "" {
		return says("authorization_pending")
	}
	delete(s.devices, given.Get("device_code"))
	token := "gho_" + secret()
	s.tokens[token], s.owners[token] = true, d.login
	return http.StatusOK, map[string]any{"access_token": token, "token_type": "bearer", "scope": ""}
}

// getUser is whoever a token is of.
func (s *Server) getUser(r *http.Request) answer {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	login := s.owners[token]
	if login == "" {
		login = "bcn-bot"
	}
	return ok(map[string]any{"login": login, "id": s.idOf(login), "type": "User"})
}

// devicePage is where a code is entered: as whom is chosen, since nobody has a
// password here.
func (s *Server) devicePage(w http.ResponseWriter, r *http.Request) {
	q, said := r.URL.Query(), ""
	if login := q.Get("login"); login != "" && q.Get("user_code") != "" {
		err := s.Enter(q.Get("user_code"), login)
		if q.Get("deny") != "" {
			err = s.Deny(q.Get("user_code"))
		}
		said = "Done: you may close this page."
		if err != nil {
			said = "That code is not known, or has expired."
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
	options := ""
	for _, login := range s.logins() {
		options += "<option>" + html.EscapeString(login) + "</option>"
	}
	fmt.Fprintf(w, `<!doctype html><title>Local GitHub: device</title><h1>Enter your code</h1><p>%s</p><form>
<label>Code <input name="user_code" value="%s" required></label> <label>as <input name="login" list="people" required></label><datalist id="people">%s</datalist>
<button>Allow</button> <button name="deny" value="1">Cancel</button></form>`, said, html.EscapeString(q.Get("user_code")), options)
}

// logins are those that are in some team.
func (s *Server) logins() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for _, t := range s.teams {
		for login := range t.members {
			seen[login] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
