package ci

import (
	"bufio"
	"bytes"
	"context"
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

// Deploy asks for a deploy and tells each step. Without wait it returns after
// the first. It fails with a *RefusedError where bcn says no, and answers the
// last step otherwise. Where the stream breaks off it is taken up again; the
// deploy itself is asked for once.
func (c *Client) Deploy(ctx context.Context, app, env, tag, reason string, wait bool, tell func(Step)) (Step, error) {
	var t struct{ Heritage, App, Environment string }
	err := c.retry(ctx, func() error {
		return c.call(ctx, http.MethodGet, "/v1/token", nil, func(r io.Reader) error { return json.NewDecoder(r).Decode(&t) })
	})
	if err != nil {
		return Step{}, err
	}
	if t.App != app || t.Environment != env {
		return Step{}, &RefusedError{Code: "token_bad", Message: fmt.Sprintf("the token is for %s in %s, not for %s in %s", t.App, t.Environment, app, env)}
	}
	base := "/v1/heritages/" + url.PathEscape(t.Heritage)
	var last Step
	read := func(r io.Reader) error { return steps(r, wait, &last, tell) }
	err = c.call(ctx, http.MethodPost, base+"/deploy", map[string]string{"tag": tag, "reason": reason}, read)
	if last.Change == "" {
		return last, err
	}
	if err == nil && (last.Ended || !wait) {
		return last, nil
	}
	err = c.retry(ctx, func() error {
		return c.call(ctx, http.MethodGet, base+"/changes/"+strings.TrimPrefix(last.Change, "#"), nil, read)
	})
	return last, err
}

// errBroke is a stream that ended before the change did.
var errBroke = errors.New("the connection broke off")

// steps reads lines until the last one.
func steps(r io.Reader, wait bool, last *Step, tell func(Step)) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var s Step
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return fmt.Errorf("bcn's answer is not understood: %w", err)
		}
		if !s.Beat && (s.State != last.State || s.Code != last.Code) {
			tell(s)
		}
		*last = s
		if s.Ended || !wait {
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

func (c *Client) call(ctx context.Context, method, path string, body any, read func(io.Reader) error) error {
	sent, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		sent = nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Base, "/")+path, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Content-Type", "application/json")
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
