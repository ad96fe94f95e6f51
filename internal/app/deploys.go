package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/ci"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

const (
	// maxWish is how long a request for a deploy may be, in bytes.
	maxWish = 8 << 10
	// beat is how often a stream says that it is alive, so that no proxy closes it.
	beat = 15 * time.Second
	// tokenPerSecond and tokenBurst bound the requests of one token.
	tokenPerSecond, tokenBurst = 2, 20
	// wrongPerSecond and wrongBurst bound what one address is told of tokens that
	// are none. Those that are some do not wait behind them: all of CI may come
	// through one proxy.
	wrongPerSecond, wrongBurst = 1, 10
	// maxStreams is how many streams of one token are open at a time.
	maxStreams = 10
)

// deployServer answers CI:
//
//	GET  /v1/token                             ► {heritage, app, environment, expires}
//	POST /v1/heritages/{name}/deploy           {tag, reason} ► a line of JSON for each step;
//	                                           with Idempotency-Key, once
//	GET  /v1/heritages/{name}/changes/{number} ► the same, of what was asked before
//
// Who asks proves it with a token of that heritage (Authorization: Bearer). A
// stream ends with a line whose "ended" is true. One that breaks off says
// nothing about the deploy, which goes on: it can be followed again.
type deployServer struct {
	ci     *ci.Service
	text   *text.Catalogue
	card   func(context.Context, bcn.ID) (string, bool)
	log    *slog.Logger
	tokens *visitors
	wrong  *visitors

	mu      sync.Mutex
	streams map[bcn.ID]int // open, by token
}

func (a *App) deploys() http.Handler {
	d := &deployServer{
		ci: a.ci, text: a.text, card: links{a}.Card, log: a.log,
		tokens: newVisitors(tokenPerSecond, tokenBurst, time.Now), wrong: newVisitors(wrongPerSecond, wrongBurst, time.Now), streams: map[bcn.ID]int{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/token", d.proven(d.token))
	mux.HandleFunc("POST /v1/heritages/{name}/deploy", d.proven(d.deploy))
	mux.HandleFunc("GET /v1/heritages/{name}/changes/{number}", d.proven(d.follow))
	return mux
}

// proven lets in who has a token that works, and for whose heritage it is.
func (d *deployServer) proven(serve func(http.ResponseWriter, *http.Request, bcn.Token) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		presented, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		t, err := d.ci.Authenticate(r.Context(), strings.TrimSpace(presented))
		if name := r.PathValue("name"); err == nil && name != "" && name != t.Heritage {
			err = bcn.E(bcn.CodeTokenBad)
		}
		if code := bcn.CodeOf(err); code == bcn.CodeTokenBad && !d.wrong.admits(r.RemoteAddr) || err == nil && !d.tokens.admits(t.ID.String()) {
			err = bcn.E(codeTooMany)
		}
		if err == nil {
			err = serve(w, r, t)
		}
		if err != nil {
			d.refuse(w, r, t, err)
		}
	}
}

// refusal is the answer to what was not done.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (d *deployServer) refuse(w http.ResponseWriter, r *http.Request, t bcn.Token, err error) {
	code, status, level := bcn.CodeOf(err), http.StatusUnprocessableEntity, slog.LevelInfo
	switch code {
	case bcn.CodeTokenBad:
		status, level = http.StatusUnauthorized, slog.LevelWarn
		w.Header().Set("WWW-Authenticate", "Bearer")
	case bcn.CodeNotAllowed, bcn.CodeRefusedPerson:
		status, level = http.StatusForbidden, slog.LevelWarn
	case codeTooMany:
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", "2")
	case codeMalformed, bcn.CodeUsage:
		code, status = codeMalformed, http.StatusBadRequest
	case bcn.CodeUnavailable, bcn.CodeCouldNotCheck, bcn.CodeNotReady:
		status = http.StatusServiceUnavailable
	case bcn.CodeInternal, "":
		code, status, level = bcn.CodeInternal, http.StatusInternalServerError, slog.LevelError
		d.log.Error("serve CI", "token", int64(t.ID), "path", r.URL.Path, "error", err)
	}
	d.log.Log(context.Background(), level, "CI refused", "token", int64(t.ID), "heritage", t.Heritage, "method", r.Method, "code", string(code))
	var said string
	switch code {
	case codeMalformed:
		said = `what was sent is not understood: send {"tag": "v2", "reason": "why"}, and a key of 8 to 128 characters without spaces, if any`
	case codeTooMany:
		said = "too many requests: wait a moment"
	default:
		said = d.sentence(err)
	}
	send(w, status, refusal{Code: string(code), Message: said})
}

// sentence is what people would be told, without Slack's marks.
func (d *deployServer) sentence(err error) string {
	return chat.Unmarked(d.text.Error(text.English, err))
}

func (d *deployServer) token(w http.ResponseWriter, _ *http.Request, t bcn.Token) error {
	send(w, http.StatusOK, tokenAnswer{Heritage: t.Heritage, App: t.App, Environment: t.Env, Expires: t.ExpiresAt})
	return nil
}

// tokenAnswer says what a token is for.
type tokenAnswer struct {
	Heritage    string    `json:"heritage"`
	App         string    `json:"app"`
	Environment string    `json:"environment"`
	Expires     time.Time `json:"expires"`
}

func (d *deployServer) deploy(w http.ResponseWriter, r *http.Request, t bcn.Token) error {
	var wish struct {
		Tag    string `json:"tag"`
		Reason string `json:"reason"`
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxWish))
	body.DisallowUnknownFields()
	if err := body.Decode(&wish); err != nil || body.More() || wish.Tag == "" {
		return bcn.E(codeMalformed)
	}
	id, err := d.ci.Deploy(r.Context(), t, r.Header.Get(ci.KeyHeader), wish.Tag, wish.Reason)
	if err != nil {
		return err
	}
	d.log.Info("CI deploys", "token", int64(t.ID), "heritage", t.Heritage, "change", int64(id))
	return d.stream(w, r, t, id)
}

func (d *deployServer) follow(w http.ResponseWriter, r *http.Request, t bcn.Token) error {
	id, err := bcn.ParseID(r.PathValue("number"))
	if err != nil {
		return err
	}
	return d.stream(w, r, t, id)
}

// stepLine is one line of a stream.
type stepLine struct {
	Change  string `json:"change"`
	State   string `json:"state"`
	Beat    bool   `json:"beat,omitempty"` // nothing moved since the line before
	Card    string `json:"card,omitempty"` // its address in Slack
	Ended   bool   `json:"ended"`
	OK      bool   `json:"ok"` // it ended and what was asked for runs
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// stream writes a line for each step, until the change has ended or nobody
// listens any more.
func (d *deployServer) stream(w http.ResponseWriter, r *http.Request, t bcn.Token, id bcn.ID) error {
	if !d.opened(t.ID) {
		return bcn.E(codeTooMany)
	}
	defer d.closed(t.ID)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // that of the request would end the stream
	begun := false
	err := d.ci.Follow(r.Context(), t, id, beat, func(p ci.Progress) error {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "application/x-ndjson")
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
		}
		_ = control.SetWriteDeadline(time.Now().Add(beat))
		if err := json.NewEncoder(w).Encode(d.line(r.Context(), p)); err != nil {
			return err
		}
		return control.Flush()
	})
	if begun && err != nil { // its line was the answer; the client asks again
		if !errors.Is(err, context.Canceled) {
			d.log.Info("stream to CI broke off", "token", int64(t.ID), "change", int64(id), "error", err)
		}
		return nil
	}
	return err
}

func (d *deployServer) opened(token bcn.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.streams[token] >= maxStreams {
		return false
	}
	d.streams[token]++
	return true
}

func (d *deployServer) closed(token bcn.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streams[token]--
	if d.streams[token] == 0 {
		delete(d.streams, token)
	}
}

func (d *deployServer) line(ctx context.Context, p ci.Progress) stepLine {
	c := p.Change
	l := stepLine{Change: c.ID.String(), State: string(c.State), Beat: p.Beat, Ended: c.State.Ended()}
	l.Card, _ = d.card(ctx, c.ID)
	l.OK = c.State == bcn.ChangeSucceeded || c.State == bcn.ChangeClosed && c.Code == bcn.CodeNoChange
	if c.Code != "" {
		l.Code, l.Message = string(c.Code), d.sentence(&bcn.Error{Code: c.Code, Params: c.Params})
	}
	return l
}

var _ ci.Changes = (*deploy.Service)(nil)
