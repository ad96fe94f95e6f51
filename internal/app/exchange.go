package app

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

const (
	// answerFor is how long an answer to a challenge is good for.
	answerFor = time.Minute
	// maxExchange is how long a request of the exchange may be, in bytes: a
	// recipient and an answer.
	maxExchange = 4 << 10
	// exchangePatience bounds one pick-up: people and rules are read meanwhile.
	exchangePatience = 25 * time.Second
	// perSecond and burst bound the requests of one address; a client asks
	// every two seconds.
	perSecond, burst = 5, 30
)

// exchanger is what a grant's engine does for who holds its key. Errors carry
// bcn codes.
type exchanger interface {
	// Bound proves that the recipient is bound to the grant, and the grant open.
	// Errors: unknown_id, grant_not_yet, grant_over, grant_key (with the
	// fingerprint of the key that is bound, if any is).
	Bound(ctx context.Context, id bcn.ID, recipient string) error
	// OpenByKey hands over to that key, for the person who bound it in chat.
	// Errors: as commands.Access.Open.
	OpenByKey(ctx context.Context, id bcn.ID, recipient string) (deploy.Opened, error)
}

// exchange answers engineers' machines inside the company's network:
//
//	POST /v1/access/{id}/challenge    {recipient}         ► {challenge}, sealed to the key
//	POST /v1/access/{id}/credentials  {recipient, answer} ► {sealed}
//	GET  /v1/access                                       ► {exchange: 1}
//
// The proof is the key alone, which its owner bound to the grant in chat: who
// cannot open the challenge has no answer, and learns no more than a code. An
// answer is bcn's MAC over grant, key and time, so that every replica can check
// it and none remembers it. What is answered is sealed to the key in any case.
func exchange(e exchanger, key audit.Key, log *slog.Logger) http.Handler {
	return newExchange(e, key, log, time.Now)
}

func newExchange(e exchanger, key audit.Key, log *slog.Logger, now func() time.Time) http.Handler {
	x := &exchangeServer{e: e, key: key, log: log, now: now, visitors: newVisitors(perSecond, burst, now)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/access", func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, map[string]int{"exchange": 1}) })
	mux.Handle("POST /v1/access/{id}/challenge", x.asked("challenge", x.challenge))
	mux.Handle("POST /v1/access/{id}/credentials", x.asked("credentials", x.credentials))
	return mux
}

type exchangeServer struct {
	e   exchanger
	key audit.Key
	log *slog.Logger
	now func() time.Time

	visitors *visitors
}

// question is what a machine sends.
type question struct {
	Recipient string `json:"recipient"`
	Answer    string `json:"answer"`
}

// The codes of the exchange alone.
const (
	codeUnbound   bcn.Code = "unbound" // no key is bound yet
	codeTooMany   bcn.Code = "too_many"
	codeMalformed bcn.Code = "malformed"
	codeNoProof   bcn.Code = "no_proof" // the answer is not bcn's, not of this grant and key, or too old
)

// asked checks a request's form, answers it, and logs the grant and the code.
func (x *exchangeServer) asked(what string, answer func(context.Context, bcn.ID, question) (map[string]string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		id := bcn.ID(n)
		var q question
		switch {
		case !x.visitors.admits(r.RemoteAddr):
			x.refuse(w, id, what, bcn.E(codeTooMany))
			return
		case err != nil, n <= 0, !readQuestion(w, r, &q):
			x.refuse(w, 0, what, bcn.E(codeMalformed))
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), exchangePatience)
		defer cancel()
		out, err := answer(ctx, id, q)
		if err != nil {
			x.refuse(w, id, what, err)
			return
		}
		x.log.Info("access exchange", "grant", int64(id), "what", what, "code", "ok")
		send(w, http.StatusOK, out)
	}
}

func readQuestion(w http.ResponseWriter, r *http.Request, q *question) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxExchange))
	d.DisallowUnknownFields()
	if err := d.Decode(q); err != nil || d.More() {
		return false
	}
	_, err := access.Fingerprint(q.Recipient)
	return err == nil
}

// challenge seals an answer to the key, once it is bound to the open grant.
func (x *exchangeServer) challenge(ctx context.Context, id bcn.ID, q question) (map[string]string, error) {
	if err := x.e.Bound(ctx, id, q.Recipient); err != nil {
		return nil, err
	}
	until := x.now().Add(answerFor).Truncate(time.Second)
	sealed, err := access.Challenge(q.Recipient, access.Answer{Grant: id, Until: until, MAC: x.mac(id, q.Recipient, until)})
	if err != nil {
		return nil, bcn.E(bcn.CodeInternal).Wrap(err)
	}
	return map[string]string{"challenge": sealed}, nil
}

// credentials hands over to who could open the challenge.
func (x *exchangeServer) credentials(ctx context.Context, id bcn.ID, q question) (map[string]string, error) {
	a, err := access.ParseAnswer(q.Answer)
	// What is in the answer says nothing before its MAC is right.
	if err != nil || !audit.Equal(a.MAC, x.mac(id, q.Recipient, a.Until)) || a.Grant != id || !x.now().Before(a.Until) {
		return nil, bcn.E(codeNoProof)
	}
	out, err := x.e.OpenByKey(ctx, id, q.Recipient)
	if err != nil {
		return nil, err
	}
	if out.Sealed == "" {
		return nil, bcn.E(bcn.CodeInternal)
	}
	return map[string]string{"sealed": out.Sealed}, nil
}

func (x *exchangeServer) mac(id bcn.ID, recipient string, until time.Time) []byte {
	return x.key.MAC("access exchange", binary.BigEndian.AppendUint64(nil, uint64(id)), []byte(recipient), binary.BigEndian.AppendUint64(nil, uint64(until.Unix())))
}

// refuse answers a code and nothing else, and logs no more than that.
func (x *exchangeServer) refuse(w http.ResponseWriter, id bcn.ID, what string, err error) {
	code := bcn.CodeOf(err)
	var e *bcn.Error
	if code == bcn.CodeGrantKey && errors.As(err, &e) && e.Params["fingerprint"] == "" {
		code = codeUnbound
	}
	status, level := http.StatusNotFound, slog.LevelInfo
	switch code {
	case codeTooMany:
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", "2")
	case codeMalformed:
		status = http.StatusBadRequest
	case codeNoProof:
		status, level = http.StatusForbidden, slog.LevelWarn
	case bcn.CodeUnavailable, bcn.CodeCouldNotCheck, bcn.CodeNotReady:
		status = http.StatusServiceUnavailable
	case bcn.CodeInternal, "":
		code, status, level = bcn.CodeInternal, http.StatusInternalServerError, slog.LevelError
	}
	x.log.Log(context.Background(), level, "access exchange", "grant", int64(id), "what", what, "code", string(code))
	send(w, status, map[string]string{"code": string(code)})
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // the client may have gone
}
