package loopback_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/bcn-bot/bcn/internal/local/loopback"
)

func get(t *testing.T, url string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

func TestServer(t *testing.T) {
	t.Parallel()
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") })

	t.Run("it serves until it is closed", func(t *testing.T) {
		t.Parallel()
		var s loopback.Server
		if err := s.Start("a part", "127.0.0.1:0", h); err != nil {
			t.Fatal(err)
		}
		if body, err := get(t, s.URL()); err != nil || body != "here" {
			t.Errorf("it says %q, %v", body, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := get(t, s.URL()); err == nil {
			t.Error("it still answers")
		}
	})
	t.Run("nobody else's address", func(t *testing.T) {
		t.Parallel()
		for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:80", ":80", "example.com:80", "127.0.0.1"} {
			var s loopback.Server
			if err := s.Start("a part", addr, h); err == nil {
				_ = s.Close()
				t.Errorf("it listens on %s", addr)
			}
		}
	})
	t.Run("what was not started closes", func(t *testing.T) {
		t.Parallel()
		var s loopback.Server
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
