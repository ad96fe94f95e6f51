package engineer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
)

const (
	// poll is how often the bot is asked again.
	poll = 2 * time.Second
	// pollFor is how long somebody may take to paste a line in chat.
	pollFor = 15 * time.Minute
	// callTimeout bounds one HTTP request: bcn asks Slack and AWS meanwhile.
	callTimeout = 30 * time.Second
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 64 << 10
)

// The codes of the exchange that are no codes of bcn.
const (
	codeUnbound = "unbound"  // no key is bound to the grant yet
	codeLimited = "too_many" // requests
)

// errNoAnswer is a bot that cannot be reached.
var errNoAnswer = errors.New("the bot does not answer")

// codeError is a refusal of the bot's.
type codeError struct {
	code string
	id   bcn.ID
}

// Error says what the code means, and what to do.
func (e *codeError) Error() string {
	what, ok := map[string]string{
		string(bcn.CodeUnknownID):     "there is no such grant",
		string(bcn.CodeNotYours):      "it is somebody else's",
		string(bcn.CodeGrantNotYet):   "it is not approved yet",
		string(bcn.CodeGrantOver):     "it is over; ask for access again",
		string(bcn.CodeGrantKey):      "it is bound to another key: open it where that was made, or end it (/bcn access end) and ask again",
		string(bcn.CodeAccessRemoved): "you are no longer in the team that may",
		string(bcn.CodeHalted):        "bcn is halted",
		codeUnbound:                   "its key is not bound yet: run `bot access open` in a terminal first",
		codeLimited:                   "too many requests; try again in a minute",
	}[e.code]
	if !ok {
		what = "the bot answered " + e.code
	}
	return fmt.Sprintf("grant %d: %s", e.id, what)
}

// passes says whether the same may work a little later.
func (e *codeError) passes() bool {
	switch e.code {
	case codeUnbound, codeLimited, string(bcn.CodeGrantNotYet), string(bcn.CodeNotReady), string(bcn.CodeUnavailable), string(bcn.CodeCouldNotCheck):
		return true
	}
	return false
}

// remote is the bot's listener, asked about one grant.
type remote struct {
	base     string
	client   *http.Client
	id       bcn.ID
	identity access.Secret
	to       string // recipient
}

// base checks the address: https, or this machine.
func base(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("BCN_URL must be an address such as https://bcn.example.com")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return "", fmt.Errorf("BCN_URL must begin with https://, not %s://", u.Scheme)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func (o Options) remote(identity access.Secret, recipient string, id bcn.ID) (*remote, error) {
	at, err := base(o.URL)
	if err != nil {
		return nil, err
	}
	return &remote{base: at, client: httpClient(), id: id, identity: identity, to: recipient}, nil
}

// httpClient follows no redirects: they could lead past https.
func httpClient() *http.Client {
	return &http.Client{
		Timeout:       callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type exchanged struct {
	Code      string `json:"code"`
	Challenge string `json:"challenge"`
	Sealed    string `json:"sealed"`
}

func (r *remote) post(ctx context.Context, what string, body any) (exchanged, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return exchanged{}, fmt.Errorf("write a request: %w", err)
	}
	at := fmt.Sprintf("%s/v1/access/%d/%s", r.base, r.id, what)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(text))
	if err != nil {
		return exchanged{}, fmt.Errorf("write a request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.client.Do(req)
	switch {
	case ctx.Err() != nil:
		return exchanged{}, ErrStopped
	case err != nil:
		return exchanged{}, outside("ask the bot", errors.Join(errNoAnswer, err))
	}
	defer func() { _ = resp.Body.Close() }()
	var out exchanged
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&out); err != nil {
		return exchanged{}, outside("ask the bot", fmt.Errorf("%w: %s is not bcn's exchange (HTTP %d)", errNoAnswer, r.base, resp.StatusCode))
	}
	if resp.StatusCode != http.StatusOK {
		return exchanged{}, &codeError{code: word(out.Code), id: r.id}
	}
	return out, nil
}

// word is a code that can be shown: whoever answers could write anything.
func word(code string) string {
	if code == "" || len(code) > 40 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "something that is no code"
	}
	return code
}

// pickUp proves that the key is here and gets what is handed over.
func (r *remote) pickUp(ctx context.Context) (access.Credentials, string, error) {
	asked, err := r.post(ctx, "challenge", map[string]string{"recipient": r.to})
	if err != nil {
		return access.Credentials{}, "", err
	}
	answer, err := access.Respond(r.identity, r.id, asked.Challenge)
	if err != nil {
		return access.Credentials{}, "", fmt.Errorf("the bot's challenge: %w", err)
	}
	got, err := r.post(ctx, "credentials", map[string]string{"recipient": r.to, "answer": answer})
	if err != nil {
		return access.Credentials{}, "", err
	}
	c, err := access.Open(r.identity, got.Sealed)
	if err != nil {
		return access.Credentials{}, "", fmt.Errorf("the bot's answer: %w", err)
	}
	if c.Grant != r.id {
		return access.Credentials{}, "", fmt.Errorf("the bot answered for grant %d, and this is grant %d", c.Grant, r.id)
	}
	return c, got.Sealed, nil
}

// fetch gets what is handed over by HTTP. The first time the key is bound in
// chat, and waited for. errNoAnswer: the bot cannot be reached at all.
func (o Options) fetch(ctx context.Context, identity access.Secret, recipient, fingerprint string, id bcn.ID) (access.Credentials, string, error) {
	r, err := o.remote(identity, recipient, id)
	if err != nil {
		return access.Credentials{}, "", err
	}
	defer r.client.CloseIdleConnections()
	told := ""
	for begun := o.Now(); ; {
		c, sealed, err := r.pickUp(ctx)
		var refused *codeError
		switch {
		case err == nil:
			return c, sealed, nil
		case told == "" && errors.Is(err, errNoAnswer):
			o.say("%s. By chat instead.", err)
			return c, "", err
		case errors.As(err, &refused) && !refused.passes(), refused == nil && !errors.Is(err, errNoAnswer), o.Now().Sub(begun) > pollFor:
			return c, "", err
		}
		switch {
		case refused == nil:
			told = "?" // it is away for a moment
		case refused.code == codeUnbound && told != codeUnbound:
			o.ask(recipient, fingerprint, id, " --bind")
			o.say("Waiting for it. Ctrl-C stops.")
			told = codeUnbound
		case refused.code != told && told != codeUnbound:
			o.say("%s. Waiting. Ctrl-C stops.", err)
			told = refused.code
		}
		if err := o.Wait(ctx, poll); err != nil {
			return access.Credentials{}, "", err
		}
	}
}
