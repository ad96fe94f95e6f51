package aws

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// maxBody bounds a request: S3 objects are templates of at most 1 MiB here.
const maxBody = 8 << 20

// protocol is one of AWS's ways of speaking.
type protocol interface {
	decode(r *http.Request, body []byte) (action string, params map[string]any, err *wire.Error)
	encode(w http.ResponseWriter, r *http.Request, action string, result any, requestID string)
	fail(w http.ResponseWriter, r *http.Request, e *wire.Error, requestID string)
	spelling() spelling
}

// front is the HTTP side of the account.
type front struct {
	account  *Account
	services map[string]service // by the name in a signature's scope
	faults   *Faults
	log      *callLog
	onCall   func(CallRecord)
	sessions *sessions.Service
	told     *skews
	images   *cluster.Cluster
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := f.account.clock.Now()
	f.told.tell(now)
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if why := forbidden(r); why != "" {
		http.Error(w, why, http.StatusForbidden)
		return
	}
	if strings.HasPrefix(r.URL.Path, sessions.ChannelPath) && websocket.IsWebSocketUpgrade(r) {
		f.channel(w, r)
		return
	}
	if strings.HasPrefix(r.URL.Path, registriesPath) && r.URL.Path != registriesPath && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		f.registry(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the request is too large or broke off", http.StatusRequestEntityTooLarge)
		return
	}
	x := &exchange{front: f, w: w, r: r, body: body, id: requestID()}
	x.record = CallRecord{ID: x.id, At: now}
	x.serve(r.Context())
}

// forbidden refuses what does not come from this machine's own programs: a web
// page that reaches loopback under a name of its own (DNS rebinding) or from
// another origin.
func forbidden(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	if (ip == nil || !ip.IsLoopback()) && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return "the local AWS answers only to loopback names"
	}
	if site := r.Header.Get("Sec-Fetch-Site"); r.Header.Get("Origin") != "" || site != "" && site != "none" && site != "same-origin" {
		return "the local AWS answers no web page"
	}
	return ""
}

func requestID() string {
	return random(8, lowerHex) + "-" + random(4, lowerHex) + "-4" + random(3, lowerHex) + "-a" + random(3, lowerHex) + "-" + random(12, lowerHex)
}

// exchange is one request on its way through the front.
type exchange struct {
	*front
	w      http.ResponseWriter
	r      *http.Request
	body   []byte
	id     string
	svc    service
	record CallRecord
}

func (x *exchange) serve(ctx context.Context) {
	x.w.Header().Set("X-Amzn-RequestId", x.id)
	sig, bad := parseSignature(x.r)
	svc, known := x.services[sig.service]
	x.svc = svc
	x.record.Service, x.record.Region = sig.service, sig.region
	if !known {
		if bad == nil {
			bad = wire.Errorf(codeInvalidAction, "the local AWS has no service %q", sig.service)
		}
		x.svc.protocol = guess(x.r)
		x.refuse(bad)
		return
	}
	action, params, undecodable := svc.protocol.decode(x.r, x.body)
	x.record.Action, x.record.Params = action, told(sig.service, params)
	fault := x.faults.take(sig.service, action)
	if fault.delay > 0 && !x.wait(ctx, fault.delay) || fault.drop {
		x.hangUp()
	}
	call, err := x.call(sig, bad, action, params)
	switch {
	case err != nil:
	case fault.err != nil:
		err = fault.err
	case undecodable != nil:
		err = undecodable
	}
	var result any
	if err == nil {
		result, err = x.run(ctx, call)
	}
	if fault.dropAfter {
		x.hangUp()
	}
	if err != nil {
		x.refuse(err)
		return
	}
	x.record.Answer = answered(action, result)
	x.note()
	svc.protocol.encode(x.w, x.r, action, result, x.id)
}

// call authenticates the request and makes the Call that handlers get.
func (x *exchange) call(sig signature, bad *wire.Error, action string, params map[string]any) (*wire.Call, error) {
	if bad != nil {
		return nil, bad
	}
	now := x.account.clock.Now()
	p, ses, refused := x.account.identify(sig, now)
	if refused != nil {
		return nil, refused
	}
	x.record.by(p, sig.accessKey)
	if ses != nil {
		if bad := sig.verify(x.r, x.body, ses.secret, x.told); bad != nil {
			return nil, bad
		}
	}
	return &wire.Call{
		Service: sig.service, Action: action, Region: sig.region, Account: x.account.ID, Host: x.r.Host,
		Principal: p, Params: params, Now: now,
		Authorize:   x.account.authorizer(p, ses, sig.region),
		AuthorizeAs: x.account.authorizerAs(sig.region),
	}, nil
}

func (x *exchange) run(ctx context.Context, c *wire.Call) (any, error) {
	result, err := x.svc.handle(ctx, c)
	if err != nil && errors.Is(err, context.Canceled) {
		return nil, &wire.Error{Code: codeInternal, Message: "the caller went away", Status: http.StatusInternalServerError}
	}
	return result, err
}

// wait answers false where the caller went away first.
func (x *exchange) wait(ctx context.Context, d time.Duration) bool {
	done := make(chan struct{})
	defer x.account.clock.After(d, func() { close(done) })()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// hangUp closes the connection without an answer; net/http takes the panic for
// just that.
func (x *exchange) hangUp() {
	x.record.ErrorCode = "dropped"
	x.note()
	panic(http.ErrAbortHandler)
}

func (x *exchange) refuse(err error) {
	e := x.svc.protocol.spelling().spell(err)
	x.record.ErrorCode, x.record.ErrorMessage = e.Code, e.Message
	x.note()
	x.svc.protocol.fail(x.w, x.r, e, x.id)
}

func (x *exchange) note() {
	x.log.add(x.record)
	if x.onCall != nil {
		x.onCall(x.record)
	}
}

// guess chooses in which form to refuse a request that names no service.
func guess(r *http.Request) protocol {
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		return jsonRPC{}
	case r.Method == http.MethodPost:
		return query{}
	}
	return rest{}
}
