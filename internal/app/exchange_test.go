package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/engineer"
)

// counter is an exchanger with one open grant.
type counter struct {
	mu     sync.Mutex
	bound  string
	err    error // of both
	opened int
	end    time.Time
}

func (c *counter) Bound(_ context.Context, _ bcn.ID, recipient string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return c.err
	case c.bound == "":
		return bcn.E(bcn.CodeGrantKey, "fingerprint", "")
	case c.bound != recipient:
		return bcn.E(bcn.CodeGrantKey, "fingerprint", "1111-2222-3333-4444-5555")
	}
	return nil
}

func (c *counter) OpenByKey(_ context.Context, id bcn.ID, recipient string) (deploy.Opened, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return deploy.Opened{}, c.err
	}
	c.opened++
	line, err := access.Seal(recipient, access.Credentials{
		AccessKeyID: access.NewSecret("ASIAEXAMPLE"), SecretAccessKey: access.NewSecret("s3cr3t-key"), SessionToken: access.NewSecret("t0ken-text"),
		Expiration: c.end, Grant: id, End: c.end, Target: access.Target{
			Kind: access.Instance, District: "default", Account: "123456789012", Region: "us-east-1", Node: "i-0a11ce00000000001", Session: 10 * time.Minute,
		},
	})
	return deploy.Opened{Sealed: line}, err
}

func (c *counter) set(f func(*counter)) { c.mu.Lock(); defer c.mu.Unlock(); f(c) }

// hub is an exchange that listens, with a clock and a log of its own.
type hub struct {
	*counter
	url string
	log *lockedBuffer

	mu  sync.Mutex
	now time.Time
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}
func (b *lockedBuffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

func (h *hub) clock() time.Time        { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
func (h *hub) advance(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.now = h.now.Add(d) }

func newHub(t *testing.T) *hub {
	t.Helper()
	now := time.Now()
	return listening(t, &hub{counter: &counter{end: now.Add(10 * time.Minute)}, log: &lockedBuffer{}, now: now})
}

// replica is another process of the same bcn.
func (h *hub) replica(t *testing.T) *hub {
	t.Helper()
	return listening(t, &hub{counter: h.counter, log: &lockedBuffer{}, now: h.now})
}

func listening(t *testing.T, h *hub) *hub {
	t.Helper()
	s := httptest.NewServer(newExchange(h.counter, audit.Key(strings.Repeat("k", 32)), slog.New(slog.NewJSONHandler(h.log, nil)), h.clock))
	t.Cleanup(s.Close)
	h.url = s.URL
	return h
}

// post sends a body as it is and answers the status, the code or the whole, and the headers.
func (h *hub) post(t *testing.T, path, body string) (int, map[string]string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	if err := json.Unmarshal(text, &out); err != nil {
		out["text"] = string(text)
	}
	return resp.StatusCode, out, resp.Header
}

func asJSON(t *testing.T, fields map[string]string) string {
	t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func exchangeParty(t *testing.T) (access.Secret, string) {
	t.Helper()
	identity, recipient, err := access.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return identity, recipient
}

// answer gets a challenge for grant 1042 and opens it.
func (h *hub) answer(t *testing.T, identity access.Secret, recipient string) string {
	t.Helper()
	status, out, _ := h.post(t, "/v1/access/1042/challenge", asJSON(t, map[string]string{"recipient": recipient}))
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	text, err := access.Respond(identity, 1042, out["challenge"])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestExchange(t *testing.T) {
	t.Parallel()
	const credentials = "/v1/access/1042/credentials"
	t.Run("who can open the challenge is answered, sealed, by any replica", func(t *testing.T) {
		t.Parallel()
		h := newHub(t)
		identity, recipient := exchangeParty(t)
		h.set(func(c *counter) { c.bound = recipient })
		second := h.replica(t)
		status, out, header := second.post(t, credentials, asJSON(t, map[string]string{"recipient": recipient, "answer": h.answer(t, identity, recipient)}))
		if status != http.StatusOK || header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %v %v", status, out, header)
		}
		c, err := access.Open(identity, out["sealed"])
		if err != nil || c.Grant != 1042 || c.SecretAccessKey.Reveal() != "s3cr3t-key" {
			t.Fatalf("%v", err)
		}
	})
	t.Run("nothing is handed over without a proof", func(t *testing.T) {
		t.Parallel()
		h := newHub(t)
		identity, recipient := exchangeParty(t)
		_, another := exchangeParty(t)
		h.set(func(c *counter) { c.bound = recipient })
		good := h.answer(t, identity, recipient)
		parsed, err := access.ParseAnswer(good)
		if err != nil {
			t.Fatal(err)
		}
		later, foreign, changed := parsed, parsed, parsed
		later.Until = later.Until.Add(time.Hour)
		foreign.MAC = audit.Key(strings.Repeat("x", 32)).MAC("access exchange")
		changed.Grant = 7
		for name, ask := range map[string]struct{ path, recipient, answer string }{
			"no answer":             {credentials, recipient, ""},
			"not an answer":         {credentials, recipient, "hello"},
			"replayed for a grant":  {"/v1/access/1043/credentials", recipient, good},
			"replayed for a key":    {credentials, another, good},
			"with another time":     {credentials, recipient, later.String()},
			"of another bcn":        {credentials, recipient, foreign.String()},
			"of another grant":      {"/v1/access/7/credentials", recipient, changed.String()},
			"with something behind": {credentials, recipient, good + "A"},
		} {
			if status, out, _ := h.post(t, ask.path, asJSON(t, map[string]string{"recipient": ask.recipient, "answer": ask.answer})); status != http.StatusForbidden || out["code"] != "no_proof" {
				t.Errorf("%s: %d %v", name, status, out)
			}
		}
		h.advance(time.Minute + time.Second)
		if status, out, _ := h.post(t, credentials, asJSON(t, map[string]string{"recipient": recipient, "answer": good})); status != http.StatusForbidden {
			t.Errorf("too old: %d %v", status, out)
		}
		if h.opened != 0 {
			t.Errorf("opened %d times", h.opened)
		}
	})
	t.Run("a key that is not bound gets no challenge", func(t *testing.T) {
		t.Parallel()
		h := newHub(t)
		_, recipient := exchangeParty(t)
		for want, set := range map[string]func(*counter){
			"unbound":    func(c *counter) { c.bound = "" },
			"grant_key":  func(c *counter) { c.bound = "another" },
			"grant_over": func(c *counter) { c.err = bcn.E(bcn.CodeGrantOver) },
			"unknown_id": func(c *counter) { c.err = bcn.E(bcn.CodeUnknownID) },
		} {
			h.set(func(c *counter) { c.err = nil; set(c) })
			status, out, _ := h.post(t, "/v1/access/1042/challenge", asJSON(t, map[string]string{"recipient": recipient}))
			if status != http.StatusNotFound || out["code"] != want || len(out) != 1 {
				t.Errorf("%s: %d %v", want, status, out)
			}
		}
		h.set(func(c *counter) { c.err = errors.New("password=hunter2") })
		if status, out, _ := h.post(t, "/v1/access/1042/challenge", asJSON(t, map[string]string{"recipient": recipient})); status != http.StatusInternalServerError || out["code"] != "internal" {
			t.Errorf("a fault of ours: %d %v", status, out)
		}
		if strings.Contains(h.log.String(), "hunter2") {
			t.Error("its text is logged")
		}
	})
	t.Run("what is not a question is refused before anything is asked", func(t *testing.T) {
		t.Parallel()
		h := newHub(t)
		_, recipient := exchangeParty(t)
		h.set(func(c *counter) { c.bound = recipient })
		good := asJSON(t, map[string]string{"recipient": recipient})
		for name, ask := range map[string][2]string{
			"too long":        {"/v1/access/1042/challenge", asJSON(t, map[string]string{"recipient": recipient, "answer": strings.Repeat("a", 5000)})},
			"not JSON":        {"/v1/access/1042/challenge", "hello"},
			"nothing":         {"/v1/access/1042/challenge", ""},
			"another field":   {"/v1/access/1042/challenge", asJSON(t, map[string]string{"recipient": recipient, "person": "U0LEAD"})},
			"two":             {"/v1/access/1042/challenge", good + good},
			"no key":          {"/v1/access/1042/challenge", `{}`},
			"an identity":     {"/v1/access/1042/challenge", `{"recipient":"AGE-SECRET-KEY-1"}`},
			"no number":       {"/v1/access/x/challenge", good},
			"a negative one":  {"/v1/access/-1/challenge", good},
			"too large a one": {"/v1/access/99999999999999999999/challenge", good},
		} {
			if status, out, _ := h.post(t, ask[0], ask[1]); status != http.StatusBadRequest || out["code"] != "malformed" {
				t.Errorf("%s: %d %v", name, status, out)
			}
		}
	})
	t.Run("requests of one address are limited", func(t *testing.T) {
		t.Parallel()
		h := newHub(t)
		limited := 0
		for range burst + 5 {
			if status, _, header := h.post(t, "/v1/access/1042/challenge", "x"); status == http.StatusTooManyRequests && header.Get("Retry-After") != "" {
				limited++
			}
		}
		if limited != 5 {
			t.Errorf("%d", limited)
		}
		h.advance(time.Second)
		if status, _, _ := h.post(t, "/v1/access/1042/challenge", "x"); status != http.StatusBadRequest {
			t.Errorf("a second later: %d", status)
		}
	})
	t.Run("many addresses share what is left, and nothing grows", func(t *testing.T) {
		t.Parallel()
		now := time.Now()
		x := newExchange(&counter{}, nil, slog.New(slog.DiscardHandler), func() time.Time { return now })
		codes := map[int]int{}
		for i := range maxVisitors + burst + 10 {
			w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/access/1/challenge", strings.NewReader("x"))
			r.RemoteAddr = "10.0." + string(rune('a'+i/100)) + "." + string(rune(i%100+200)) + ":1"
			x.ServeHTTP(w, r)
			codes[w.Code]++
		}
		if codes[http.StatusTooManyRequests] != 10 {
			t.Errorf("%v", codes)
		}
	})
}

// TestEngineerByHTTP joins both sides.
func TestEngineerByHTTP(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	var out, errs lockedBuffer
	plugin := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(plugin, []byte("#!/bin/sh\necho 1.2.792.0\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	o := engineer.Options{
		In: strings.NewReader(""), Out: &out, Err: &errs, URL: h.url, Cache: t.TempDir(), Plugin: plugin, Now: h.clock,
		Environ: []string{"AWS_ENDPOINT_URL=" + h.url}, // where no AWS is
	}
	process := func() (string, error) {
		out.mu.Lock()
		out.b.Reset()
		out.mu.Unlock()
		err := engineer.CredentialProcess(t.Context(), o, 1042)
		return out.String(), err
	}
	if text, err := process(); err == nil || text != "" || !strings.Contains(err.Error(), "was not opened on this machine") {
		t.Fatal(text, err)
	}
	waited := 0
	o.Wait = func(context.Context, time.Duration) error {
		waited++
		if waited == 3 {
			h.set(func(c *counter) { c.bound = strings.Fields(out.String())[4] })
		}
		return nil
	}
	err := engineer.Open(t.Context(), o, 1042)
	if !errors.Is(err, engineer.ErrOutside) || !strings.Contains(err.Error(), "i-0a11ce00000000001") {
		t.Fatalf("it did not come as far as AWS: %v", err)
	}
	if want := "/bcn access open 1042 " + h.bound + " --bind"; strings.TrimSpace(out.String()) != want || waited != 3 {
		t.Errorf("%d waits, and %q", waited, out.String())
	}
	for range 2 {
		text, err := process()
		var got struct {
			Version                     int
			SecretAccessKey, Expiration string
		}
		if json.Unmarshal([]byte(text), &got) != nil || err != nil || got.Version != 1 || got.SecretAccessKey != "s3cr3t-key" {
			t.Fatal(err)
		}
	}
	if h.opened != 1 {
		t.Errorf("opened %d times: what is kept is not used", h.opened)
	}
	h.set(func(c *counter) { c.end = c.end.Add(time.Hour) }) // a grant that is longer than its first credentials
	h.advance(9*time.Minute + 55*time.Second)
	if _, err := process(); err != nil || h.opened != 2 {
		t.Errorf("what is about to end is not renewed: %v", err)
	}
	h.set(func(c *counter) { c.bound = "another" })
	h.advance(time.Hour - 5*time.Second)
	if text, err := process(); err == nil || text != "" || !strings.Contains(err.Error(), "bound to another key") {
		t.Errorf("%v", err)
	}
	for _, text := range []string{h.log.String(), errs.String()} {
		for _, secret := range []string{"s3cr3t-key", "t0ken-text", "ASIAEXAMPLE", "AGE-SECRET", "bcn-answer", "bcn-sealed"} {
			if text == "" || strings.Contains(text, secret) {
				t.Errorf("%s is in %q", secret, text)
			}
		}
	}
}
