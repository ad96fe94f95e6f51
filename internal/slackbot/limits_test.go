package slackbot

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/slack-go/slack"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	fine := func(context.Context) error { return nil }

	t.Run("a short burst, then one message a second and channel, channels beside each other", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, started := newLimits(time.Now, false), time.Now()
			for _, channel := range []string{"C1", "C2", "C1", "C2", "C1", "C1", "C1", "C2"} {
				if err := l.call(ctx, "chat.postMessage", channel, time.Minute, fine); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(started); took != 2*time.Second {
				t.Errorf("took %s, want 2 s", took)
			}
		})
	})

	t.Run("edits stay under 50 a minute", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, started := newLimits(time.Now, false), time.Now()
			for range 58 {
				if err := l.call(ctx, "chat.update", "", time.Hour, fine); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(started); took < time.Minute {
				t.Errorf("58 edits took %s", took)
			}
		})
	})

	t.Run("a 429 of up to the caller's patience is waited for", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, calls, started := newLimits(time.Now, false), 0, time.Now()
			err := l.call(ctx, "users.info", "", 2*time.Second, func(context.Context) error {
				calls++
				if calls == 1 {
					return &slack.RateLimitedError{RetryAfter: 2 * time.Second}
				}
				return nil
			})
			if err != nil || calls != 2 || time.Since(started) != 2*time.Second {
				t.Errorf("%v after %d calls and %s", err, calls, time.Since(started))
			}
		})
	})
}

func TestLimitsRefuse(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	fine := func(context.Context) error { return nil }

	t.Run("a longer 429 is told at once, and stops only its own method", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, calls := newLimits(time.Now, false), 0
			limited := func(context.Context) error {
				calls++
				return &slack.RateLimitedError{RetryAfter: 30 * time.Second}
			}
			for range 2 {
				busy, ok := errors.AsType[errBusy](l.call(ctx, "users.info", "", 2*time.Second, limited))
				if !ok || busy.wait != 30*time.Second {
					t.Errorf("got %v, %v", busy.wait, ok)
				}
			}
			if calls != 1 {
				t.Errorf("Slack was asked %d times, want once", calls)
			}
			if err := l.call(ctx, "usergroups.users.list", "", 0, fine); err != nil {
				t.Errorf("another method: %v", err)
			}
		})
	})

	t.Run("who cannot wait takes nothing", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := newLimits(time.Now, false)
			for range 3 {
				if err := l.call(ctx, "chat.postMessage", "C1", 0, fine); err != nil {
					t.Fatal(err)
				}
			}
			for range 10 {
				if _, ok := errors.AsType[errBusy](l.call(ctx, "chat.postMessage", "C1", 0, fine)); !ok {
					t.Fatal("a fourth message in the same second")
				}
			}
			<-time.After(time.Second)
			if err := l.call(ctx, "chat.postMessage", "C1", 0, fine); err != nil {
				t.Errorf("after a second: %v", err)
			}
		})
	})
}

func TestJudge(t *testing.T) {
	t.Parallel()
	refused := func(word string) error { return slack.SlackErrorResponse{Err: word} }
	cases := []struct {
		name string
		err  error
		want next
		wait time.Duration
	}{
		{"Socket Mode was switched off", errDisconnect{"link_disabled"}, give, 0},
		{"a bad token", refused("invalid_auth"), give, 0},
		{"a token without the scope", refused("missing_scope"), give, 0},
		{"the wrong kind of token", refused("not_allowed_token_type"), give, 0},
		{"an expired token", refused("token_expired"), give, 0},
		{"no access to the team", refused("team_access_not_granted"), give, 0},
		{"too many sockets", errDisconnect{"too_many_websockets"}, worker, 0},
		{"409 on the handshake", errors.Join(slack.StatusCodeError{Code: 409}, errors.New("bad handshake")), worker, 0},
		{"a refresh", errDisconnect{"refresh_requested"}, again, 0},
		{"a warning", errDisconnect{"warning"}, again, 0},
		{"a limit", &slack.RateLimitedError{RetryAfter: 30 * time.Second}, again, 30 * time.Second},
		{"our own limit", errBusy{3 * time.Second}, again, 3 * time.Second},
		{"Slack is down", slack.StatusCodeError{Code: 503}, again, 0},
		{"the network", errors.New("connection reset"), again, 0},
		{"a person who writes a fatal word", errors.New("link_disabled"), again, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, wait, err := judge(errors.Join(errors.New("wrapped"), c.err))
			_, fatal := errors.AsType[*FatalError](err)
			if got != c.want || wait != c.wait || fatal != (c.want == give) {
				t.Errorf("got %v, %s, %v", got, wait, err)
			}
		})
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	newSupervisor := func() (*supervisor, *backoff.ExponentialBackOff) {
		wait := backoff.NewExponentialBackOff()
		wait.InitialInterval, wait.MaxInterval, wait.Multiplier = time.Second, time.Minute, 2
		return &supervisor{storm: time.Minute, health: newHealth(time.Now, Hooks{}.fill())}, wait
	}

	t.Run("sockets that are dropped at once are opened ever more seldom", func(t *testing.T) {
		t.Parallel()
		s, wait := newSupervisor()
		var total time.Duration
		for range 20 {
			total += s.pause(wait, again, 0, time.Second)
		}
		if total < 5*time.Minute {
			t.Errorf("20 sockets within %s", total)
		}
	})
	t.Run("a socket that lived long is replaced at once, and the next one counts anew", func(t *testing.T) {
		t.Parallel()
		s, wait := newSupervisor()
		for range 10 {
			s.pause(wait, again, 0, time.Second)
		}
		if got := s.pause(wait, again, 0, time.Hour); got != 0 {
			t.Errorf("waited %s", got)
		}
		if got := s.pause(wait, again, 0, time.Second); got > 2*time.Second {
			t.Errorf("then waited %s", got)
		}
	})
	t.Run("what Slack asks for is waited at least", func(t *testing.T) {
		t.Parallel()
		s, wait := newSupervisor()
		if got := s.pause(wait, again, 30*time.Second, time.Second); got < 30*time.Second {
			t.Errorf("waited %s", got)
		}
	})
	t.Run("a worker tries again after a minute or two", func(t *testing.T) {
		t.Parallel()
		s, wait := newSupervisor()
		got := s.pause(wait, worker, 0, time.Second)
		if got < time.Minute || got > 2*time.Minute || !s.health.read().Worker {
			t.Errorf("waits %s, worker %v", got, s.health.read().Worker)
		}
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()

	t.Run("a response_url is used five times within half an hour", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newRoutes(time.Now)
			r.keep("k", "https://hooks.slack.com/x")
			for i := range 6 {
				if _, ok := r.use("k"); ok != (i < 5) {
					t.Errorf("use %d: %v", i+1, ok)
				}
			}
			r.keep("old", "https://hooks.slack.com/x")
			<-time.After(30 * time.Minute)
			if _, ok := r.use("old"); ok {
				t.Error("used after half an hour")
			}
		})
	})
	t.Run("only Slack is answered, where Slack is Slack", func(t *testing.T) {
		t.Parallel()
		a := NewAPI(APIOptions{})
		for target, want := range map[string]bool{
			"https://hooks.slack.com/commands/T/1/x": true,
			"http://hooks.slack.com/commands/T/1/x":  false,
			"https://hooks.slack.com.evil.example/x": false,
			"https://u:p@hooks.slack.com/x":          false,
			"http://169.254.169.254/latest":          false,
		} {
			if got := a.mayAnswer(target); got != want {
				t.Errorf("%s: %v", target, got)
			}
		}
	})
}
