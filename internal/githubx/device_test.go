package githubx_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/githubx"
	"github.com/bcn-bot/bcn/internal/local/github"
)

// The device flow over the wire: each answer of GitHub's is told apart.
func TestDevice(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T) (*githubx.Client, *github.Server, func(time.Duration)) {
		t.Helper()
		var ahead atomic.Int64
		s := github.New(github.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
		if err := s.Start("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		c, err := githubx.New(githubx.Options{URL: s.URL(), Token: s.Token()})
		if err != nil {
			t.Fatal(err)
		}
		return c, s, func(d time.Duration) { ahead.Add(int64(d)) }
	}
	begin := func(t *testing.T, c *githubx.Client) githubx.Device {
		t.Helper()
		d, err := c.StartDevice(t.Context(), github.ClientID)
		if err != nil || d.Code == "" || d.UserCode == "" || d.URL == "" || d.Expires != 15*time.Minute || d.Interval != 5*time.Second {
			t.Fatalf("%+v, %v", d, err)
		}
		return d
	}
	t.Run("pending, too often, entered, spent", func(t *testing.T) {
		t.Parallel()
		c, s, after := start(t)
		d := begin(t, c)
		poll := func() (githubx.Account, error) { return c.PollDevice(t.Context(), github.ClientID, d.Code) }
		if _, err := poll(); !errors.Is(err, githubx.ErrPending) {
			t.Error(err)
		}
		if _, err := poll(); !errors.Is(err, githubx.ErrSlowDown) {
			t.Error(err)
		}
		after(6 * time.Second)
		if _, err := poll(); !errors.Is(err, githubx.ErrSlowDown) {
			t.Errorf("the interval has not grown: %v", err)
		}
		if err := s.Enter(d.UserCode, "Kim"); err != nil {
			t.Fatal(err)
		}
		after(time.Minute)
		if who, err := poll(); err != nil || who.Login != "Kim" || who.ID == 0 {
			t.Error(who, err)
		}
		if _, err := poll(); !errors.Is(err, githubx.ErrExpired) {
			t.Errorf("a code works twice: %v", err)
		}
	})
	t.Run("denied", func(t *testing.T) {
		t.Parallel()
		c, s, _ := start(t)
		d := begin(t, c)
		if err := s.Deny(d.UserCode); err != nil {
			t.Fatal(err)
		}
		if _, err := c.PollDevice(t.Context(), github.ClientID, d.Code); !errors.Is(err, githubx.ErrDenied) {
			t.Error(err)
		}
	})
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		c, s, after := start(t)
		d := begin(t, c)
		after(15 * time.Minute)
		if err := s.Enter(d.UserCode, "kim"); !errors.Is(err, github.ErrNoCode) {
			t.Error(err)
		}
		if _, err := c.PollDevice(t.Context(), github.ClientID, d.Code); !errors.Is(err, githubx.ErrExpired) {
			t.Error(err)
		}
	})
	t.Run("an app that GitHub does not know, and a GitHub that is away", func(t *testing.T) {
		t.Parallel()
		c, s, _ := start(t)
		if _, err := c.StartDevice(t.Context(), "Iv1.unknown"); !errors.Is(err, githubx.ErrNotFound) {
			t.Error(err)
		}
		d := begin(t, c)
		s.Fault(github.Fault{Status: http.StatusServiceUnavailable})
		_, err := c.PollDevice(t.Context(), github.ClientID, d.Code)
		if err == nil || errors.Is(err, githubx.ErrExpired) || errors.Is(err, githubx.ErrDenied) {
			t.Errorf("an outage is %v", err)
		}
	})
}
