package ci

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Step is one line of what bcn says about a deploy; see docs/ci.md.
type Step struct {
	Change  string `json:"change"`
	State   string `json:"state"`
	Beat    bool   `json:"beat"`
	Card    string `json:"card"`
	Ended   bool   `json:"ended"`
	OK      bool   `json:"ok"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// RefusedError is an answer of bcn's that says no: trying again helps nobody.
type RefusedError struct {
	Status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *RefusedError) Error() string { return e.Message }

// Client asks for deploys from a machine of CI.
type Client struct {
	Base     string // where bcn listens
	Token    string
	HTTP     *http.Client
	Patience time.Duration // how long bcn may be away before the client gives up
}

// silence is how long a stream may say nothing: bcn speaks every 15 seconds.
const silence = time.Minute

// KeyHeader is the header in which a machine says which wish of its own a
// request is (IETF draft-ietf-httpapi-idempotency-key-header): asked again with
// the same key, for the same tag, it joins the change that is there.
const KeyHeader = "Idempotency-Key"

// breath is between two streams: one that breaks off is not taken up at once.
const breath = 500 * time.Millisecond

// Deploy asks for a deploy and tells each step. Without wait it returns after
// the first. It fails with a *RefusedError where bcn says no, and answers the
// last step otherwise. Where the answer or the stream breaks off it is taken up
// again; the deploy itself is asked for once, under one key.
func (c *Client) Deploy(ctx context.Context, app, env, tag, reason string, wait bool, tell func(Step)) (Step, error) {
	var t struct{ Heritage, App, Environment string }
	err := c.retry(ctx, func() error {
		return c.call(ctx, request{method: http.MethodGet, path: "/v1/token"}, func(r io.Reader) error { return json.NewDecoder(r).Decode(&t) })
	})
	if err != nil {
		return Step{}, err
	}
	if t.App != app || t.Environment != env {
		return Step{}, &RefusedError{Code: "token_bad", Message: fmt.Sprintf("the token is for %s in %s, not for %s in %s", t.App, t.Environment, app, env)}
	}
	base := "/v1/heritages/" + url.PathEscape(t.Heritage)
	key, wish := rand.Text(), map[string]string{"tag": tag, "reason": reason}
	l := listener{wait: wait, tell: tell}
	for {
		err := c.retry(ctx, func() error {
			q := request{http.MethodPost, base + "/deploy", wish, key}
			if l.last.Change != "" {
				q = request{method: http.MethodGet, path: base + "/changes/" + strings.TrimPrefix(l.last.Change, "#")}
			}
			l.heard = false
			err := c.call(ctx, q, l.read)
			if errors.Is(err, errBroke) && l.heard { // bcn is there: patience begins anew
				return nil
			}
			return err
		})
		var no *RefusedError
		if err != nil && l.last.Change == "" && !errors.As(err, &no) {
			err = fmt.Errorf("whether bcn was asked is not known, look for its card in chat: %w", err)
		}
		if err != nil || l.last.Ended || !wait {
			return l.last, err
		}
		select {
		case <-time.After(breath):
		case <-ctx.Done():
			return l.last, ctx.Err()
		}
	}
}

// errBroke is a stream that ended before the change did.
var errBroke = errors.New("the connection broke off")

// listener hears what bcn says of one change, over as many streams as it takes.
type listener struct {
	wait  bool
	tell  func(Step)
	last  Step
	heard bool // something, since it was last false
}

// read reads lines until the last one.
func (l *listener) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var s Step
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return fmt.Errorf("bcn's answer is not understood: %w", err)
		}
		if !s.Beat && (s.State != l.last.State || s.Code != l.last.Code) {
			l.tell(s)
		}
		l.last, l.heard = s, true
		if s.Ended || !l.wait {
			return nil
		}
	}
	return errors.Join(errBroke, lines.Err())
}

// retry tries again what failed outside, for as long as the client is patient.
func (c *Client) retry(ctx context.Context, f func() error) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := f()
		var no *RefusedError
		if errors.As(err, &no) && no.Status != http.StatusTooManyRequests && no.Status < http.StatusInternalServerError {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(backoff.NewExponentialBackOff()), backoff.WithMaxElapsedTime(c.Patience))
	return err
}

// request is one of the three that a client sends.
type request struct {
	method, path string
	body         map[string]string // nil: none
	key          string
}

func (c *Client) call(ctx context.Context, q request, read func(io.Reader) error) error {
	var sent []byte
	if q.body != nil {
		var err error
		if sent, err = json.Marshal(q.body); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, strings.TrimSuffix(c.Base, "/")+q.path, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Content-Type", "application/json")
	if q.key != "" {
		req.Header.Set(KeyHeader, q.key)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		no := &RefusedError{Status: res.StatusCode}
		if json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(no) != nil || no.Message == "" {
			no.Message = "bcn answers " + res.Status
		}
		return no
	}
	quiet := time.AfterFunc(silence, cancel)
	defer quiet.Stop()
	return read(watched{res.Body, quiet})
}

// watched puts the end of the client's patience off with everything it reads.
type watched struct {
	io.Reader
	quiet *time.Timer
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.quiet.Reset(silence)
	return n, err
}
