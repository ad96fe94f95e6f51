package githubx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/githubx"
	local "github.com/bcn-bot/bcn/internal/local/github"
)

// start serves a local GitHub until the test ends.
func start(t *testing.T, o local.Options) *local.Server {
	t.Helper()
	s := local.New(o)
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(t *testing.T, s *local.Server, o githubx.Options) *githubx.Client {
	t.Helper()
	o.URL = s.URL()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	o.Transport = transport
	c, err := githubx.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTeamMember(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("active is in; invited, removed and unknown are not", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{})
		s.SetMember("acme", "leads", "invited", local.Pending)
		s.SetMember("acme", "leads", "left", local.Active)
		s.RemoveMember("acme", "leads", "left")
		c := client(t, s, githubx.Options{Token: s.Token()})
		for login, want := range map[string]bool{"lee": true, "LEE": true, "invited": false, "left": false, "nobody": false} {
			if got, err := c.TeamMember(ctx, "acme", "leads", login); got != want || err != nil {
				t.Errorf("%s: %v, %v", login, got, err)
			}
		}
	})

	t.Run("a team that cannot be read is an error and no no", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{})
		c := client(t, s, githubx.Options{Token: s.Token()})
		if _, err := c.TeamMember(ctx, "acme", "gone", "lee"); !errors.Is(err, githubx.ErrNotFound) {
			t.Errorf("a team that is not there: %v", err)
		}
		for name, fault := range map[string]local.Fault{
			"an outage": {Status: 503}, "a cut connection": {Cut: true}, "a bad gateway of HTML": {Status: 502},
			"a long secondary limit":           {Secondary: true, RetryAfter: time.Minute},
			"a secondary limit without a time": {Secondary: true, TooMany: true},
		} {
			s.Fault(fault)
			if in, err := c.TeamMember(ctx, "acme", "leads", "lee"); in || err == nil {
				t.Errorf("%s: %v, %v", name, in, err)
			}
			s.ClearFaults()
			c = client(t, s, githubx.Options{Token: s.Token()}) // go-github remembers a limit
		}
		s.Revoke()
		if in, err := c.TeamMember(ctx, "acme", "leads", "lee"); in || err == nil {
			t.Errorf("a revoked token: %v, %v", in, err)
		}
	})

	t.Run("a limit of up to two seconds is waited for", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{})
		c := client(t, s, githubx.Options{Token: s.Token()})
		s.Fault(local.Fault{Times: 1, Secondary: true, RetryAfter: time.Second})
		if in, err := c.TeamMember(ctx, "acme", "leads", "lee"); !in || err != nil {
			t.Errorf("%v, %v", in, err)
		}
	})

	t.Run("an exhausted hour is an error", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{Limit: 2})
		c := client(t, s, githubx.Options{Token: s.Token()})
		var failed error
		for range 4 {
			if _, err := c.TeamMember(ctx, "acme", "leads", "lee"); err != nil {
				failed = err
			}
		}
		if failed == nil {
			t.Error("four requests of two went through")
		}
	})

	t.Run("without credentials nothing is asked", func(t *testing.T) {
		t.Parallel()
		s := start(t, local.Options{})
		if _, err := client(t, s, githubx.Options{}).TeamMember(ctx, "acme", "leads", "lee"); !errors.Is(err, githubx.ErrNotConfigured) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTeamMembers(t *testing.T) {
	t.Parallel()
	s := start(t, local.Options{})
	for i := range 250 {
		s.SetMember("acme", "all", fmt.Sprintf("person-%03d", i), local.Active)
	}
	s.SetMember("acme", "all", "invited", local.Pending)
	logins, err := client(t, s, githubx.Options{Token: s.Token()}).TeamMembers(context.Background(), "acme", "all")
	if err != nil || len(logins) != 250 || logins["invited"] != 0 || logins["person-000"] == 0 {
		t.Errorf("%d logins, %v", len(logins), err)
	}
}

func TestLoginOf(t *testing.T) {
	t.Parallel()
	s := start(t, local.Options{})
	c := client(t, s, githubx.Options{Token: s.Token()})
	members, err := c.TeamMembers(t.Context(), "acme", "leads")
	if err != nil {
		t.Fatal(err)
	}
	lee := members["lee"]
	s.Rename("lee", "lee-renamed")
	s.SetMember("acme", "leads", "lee", local.Active) // somebody else took the name
	if login, err := c.LoginOf(t.Context(), "acme", lee); login != "lee-renamed" || err != nil {
		t.Errorf("renamed: %q, %v", login, err)
	}
	if members, err = c.TeamMembers(t.Context(), "acme", "leads"); err != nil || members["lee-renamed"] != lee || members["lee"] == lee {
		t.Errorf("members: %v, %v", members, err)
	}
	if login, err := c.LoginOf(t.Context(), "acme", 7); login != "" || err != nil {
		t.Errorf("nobody: %q, %v", login, err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := start(t, local.Options{})
	old := s.Commit("acme", "hello", "main", map[string]string{"barcelona.yml": "old", "dir/x": "y"})
	s.Tag("acme", "hello", "v1", old)
	now := s.Commit("acme", "hello", "main", map[string]string{"barcelona.yml": "new"})
	c := client(t, s, githubx.Options{Token: s.Token()})

	t.Run("a name is resolved to the commit it stands for", func(t *testing.T) {
		t.Parallel()
		for ref, want := range map[string]string{"HEAD": now, "main": now, "v1": old, old: old, now[:9]: now} {
			if got, err := c.Commit(ctx, "acme", "hello", ref); got != want || err != nil {
				t.Errorf("%s: %s, %v", ref, got, err)
			}
		}
		if _, err := c.Commit(ctx, "acme", "hello", "nowhere"); !errors.Is(err, githubx.ErrNotFound) {
			t.Errorf("an unknown branch: %v", err)
		}
		if _, err := c.Commit(ctx, "acme", "other", "main"); !errors.Is(err, githubx.ErrNotFound) {
			t.Errorf("an unknown repository: %v", err)
		}
	})
	t.Run("a file is the one of its commit", func(t *testing.T) {
		t.Parallel()
		if got, err := c.File(ctx, "acme", "hello", old, "barcelona.yml", 100); string(got) != "old" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := c.File(ctx, "acme", "hello", old, "barcelona.yml", 2); !errors.Is(err, githubx.ErrTooLarge) {
			t.Errorf("over the limit: %v", err)
		}
		for _, path := range []string{"dir", "nothing.yml"} {
			if _, err := c.File(ctx, "acme", "hello", old, path, 100); !errors.Is(err, githubx.ErrNotFound) {
				t.Errorf("%s: %v", path, err)
			}
		}
	})
}

func TestApp(t *testing.T) {
	t.Parallel()
	s := start(t, local.Options{})
	s.Commit("dana", "own", "main", map[string]string{"barcelona.yml": "x"})
	c := client(t, s, githubx.Options{AppID: local.AppID, PrivateKey: s.AppKey()})
	if in, err := c.TeamMember(context.Background(), "acme", "leads", "lee"); !in || err != nil {
		t.Errorf("in an organisation: %v, %v", in, err)
	}
	if _, err := c.Commit(context.Background(), "dana", "own", "HEAD"); err != nil {
		t.Errorf("of a person: %v", err)
	}
	if _, err := c.Commit(context.Background(), "elsewhere", "own", "HEAD"); !errors.Is(err, githubx.ErrNotFound) {
		t.Errorf("where the app is not installed: %v", err)
	}
	other := local.New(local.Options{})
	stranger := client(t, s, githubx.Options{AppID: local.AppID, PrivateKey: other.AppKey()})
	if in, err := stranger.TeamMember(context.Background(), "acme", "leads", "lee"); in || err == nil {
		t.Errorf("with another app's key: %v, %v", in, err)
	}
	if _, err := githubx.New(githubx.Options{AppID: 1, PrivateKey: []byte("no key")}); err == nil {
		t.Error("a key that is none is taken")
	}
}
