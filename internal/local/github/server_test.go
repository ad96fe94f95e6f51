package github_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	local "github.com/bcn-bot/bcn/internal/local/github"
)

func start(t *testing.T, o local.Options) *local.Server {
	t.Helper()
	s := local.New(o)
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// get asks for a path and answers the status, the body and the headers.
func get(t *testing.T, s *local.Server, path string, edit func(*http.Request)) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token())
	if edit != nil {
		edit(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), resp.Header
}

func TestStrictness(t *testing.T) {
	t.Parallel()
	const membership = "orgs/acme/teams/leads/memberships/lee"

	t.Run("tokens are checked", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{})
		for name, header := range map[string]string{"none": "", "a wrong one": "Bearer ghp_wrong", "another scheme": "Basic " + s.Token()} {
			status, _, _ := get(t, s, membership, func(r *http.Request) { r.Header.Set("Authorization", header) })
			if status != http.StatusUnauthorized {
				t.Errorf("%s: %d", name, status)
			}
		}
	})
	t.Run("what the client has is not sent again and costs nothing", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{})
		_, _, first := get(t, s, membership, nil)
		status, body, second := get(t, s, membership, func(r *http.Request) { r.Header.Set("If-None-Match", first.Get("ETag")) })
		if status != http.StatusNotModified || body != "" || first.Get("X-RateLimit-Remaining") != second.Get("X-RateLimit-Remaining") {
			t.Errorf("%d %q, %s then %s left", status, body, first.Get("X-RateLimit-Remaining"), second.Get("X-RateLimit-Remaining"))
		}
		s.SetMember("acme", "leads", "lee", local.Pending)
		status, body, _ = get(t, s, membership, func(r *http.Request) { r.Header.Set("If-None-Match", first.Get("ETag")) })
		if status != http.StatusOK || !strings.Contains(body, "pending") {
			t.Errorf("after a change: %d %s", status, body)
		}
	})
	t.Run("the hour's requests run out", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{Limit: 1})
		get(t, s, membership, nil)
		status, _, header := get(t, s, membership, nil)
		if status != http.StatusForbidden || header.Get("X-RateLimit-Remaining") != "0" || header.Get("X-RateLimit-Reset") == "" {
			t.Errorf("%d with %s left", status, header.Get("X-RateLimit-Remaining"))
		}
	})
	t.Run("an unknown call is refused by name", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{})
		if status, body, _ := get(t, s, "gists/1", nil); status != http.StatusNotImplemented || !strings.Contains(body, "GET /gists/1") {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("pages of other origins and other host names are refused", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{})
		for name, edit := range map[string]func(*http.Request){
			"origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
			"host":   func(r *http.Request) { r.Host = "evil.example" },
		} {
			if status, _, _ := get(t, s, membership, edit); status != http.StatusForbidden {
				t.Errorf("%s: %d", name, status)
			}
		}
	})
	t.Run("only the loopback interface is served", func(t *testing.T) {
		t.Parallel()
		for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "nonsense"} {
			if err := local.New(local.Options{}).Start(addr); err == nil {
				t.Errorf("%s is served", addr)
			}
		}
	})
}
