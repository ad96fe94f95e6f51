package ci

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// flaky is bcn behind a proxy that drops the answers to the first requests for
// a deploy, and breaks each stream off after a line.
type flaky struct {
	mu      sync.Mutex
	drops   int
	changes map[string]string // by key
	posts   int
	states  []string // still to be told, one a stream
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/v1/token" {
		_, _ = io.WriteString(w, `{"heritage": "hello", "app": "hello", "environment": "production"}`)
		return
	}
	if r.Method == http.MethodPost {
		f.posts++
		if key := r.Header.Get(KeyHeader); f.changes[key] == "" {
			f.changes[key] = "#" + string(rune('7'+len(f.changes)))
		}
		if f.drops > 0 {
			f.drops--
			panic(http.ErrAbortHandler)
		}
	}
	s := Step{Change: "#7", State: f.states[0], Ended: len(f.states) == 1, OK: len(f.states) == 1}
	if len(f.states) > 1 {
		f.states = f.states[1:]
	}
	if err := json.NewEncoder(w).Encode(s); err != nil {
		panic(err)
	}
}

func TestALostAnswerIsAskedForAgainUnderTheSameKey(t *testing.T) {
	t.Parallel()
	f := &flaky{drops: 2, changes: map[string]string{}, states: []string{"planning", "applying", "succeeded"}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	c := Client{Base: server.URL, Token: "x", HTTP: server.Client(), Patience: 20 * time.Second}
	var told []string
	last, err := c.Deploy(t.Context(), "hello", "production", "v2", "", true, func(s Step) { told = append(told, s.State) })
	if err != nil || !last.OK || last.Change != "#7" || len(told) != 3 {
		t.Errorf("%+v %v, told %v", last, err, told)
	}
	if f.posts != 3 || len(f.changes) != 1 {
		t.Errorf("%d requests made %v", f.posts, f.changes)
	}
}

func TestARunHasAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	f := &flaky{changes: map[string]string{}, states: []string{"planning"}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	c := Client{Base: server.URL, Token: "x", HTTP: server.Client(), Patience: time.Second}
	for range 2 {
		if _, err := c.Deploy(t.Context(), "hello", "production", "v2", "", false, func(Step) {}); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.changes) != 2 || f.changes[""] != "" {
		t.Errorf("the keys %v", f.changes)
	}
}
