package vault_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	local "github.com/bcn-bot/bcn/internal/local/vault"
	"github.com/bcn-bot/bcn/internal/vault"
)

const path = "secret/barcelona/districts/tokyo/heritages/hello/production"

// reads is the policy that docs/security.md gives bcn.
const reads = `
path "identity/entity/id/+"   { capabilities = ["read"] }
path "identity/entity/name/+" { capabilities = ["read"] }
path "identity/group/id/+"    { capabilities = ["read"] }
path "sys/policies/acl/+"     { capabilities = ["read"] }
`

// clock is the time, ahead by what a test moves it.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) move(d time.Duration) { c.ahead.Add(int64(d)) }

// world is a local Vault with dana in it, and its clock.
func world(t *testing.T) (*local.Server, *clock) {
	t.Helper()
	at := &clock{}
	s := local.New(local.Options{Now: at.Now})
	for name, rules := range map[string]string{"bcn": reads, "change": `path "` + path + `" { capabilities = ["update"] }`} {
		if err := s.SetPolicy(name, rules); err != nil {
			t.Fatal(err)
		}
	}
	s.SetEntity(local.Entity{Name: "dana", Policies: []string{"change"}})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, at
}

func bot(s *local.Server) string {
	return s.NewToken(local.Login{Policies: []string{"bcn"}, TTL: time.Hour})
}

func client(t *testing.T, o vault.Options) *vault.Client {
	t.Helper()
	c, err := vault.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func can(t *testing.T, c *vault.Client, ref string) (bool, error) {
	t.Helper()
	e, err := c.Entity(t.Context(), ref)
	if err != nil {
		return false, err
	}
	return e.Can(path, "update")
}

func TestEntity(t *testing.T) {
	t.Parallel()
	t.Run("is found by its name and by its id", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		c := client(t, vault.Options{Addr: s.URL(), Token: bot(s)})
		id := s.SetEntity(local.Entity{Name: "Lee", Policies: []string{"change"}})
		for _, ref := range []string{"lee", id} {
			if in, err := can(t, c, ref); !in || err != nil {
				t.Errorf("%s: %v, %v", ref, in, err)
			}
		}
	})
	t.Run("has the policies of its groups, and of the groups that these are in", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		c := client(t, vault.Options{Addr: s.URL(), Token: bot(s)})
		s.SetEntity(local.Entity{Name: "kim"})
		s.SetGroup("web", local.Group{Entities: []string{"kim"}})
		if in, err := can(t, c, "kim"); in || err != nil {
			t.Fatalf("without a policy: %v, %v", in, err)
		}
		s.SetGroup("engineers", local.Group{Policies: []string{"change"}, Groups: []string{"web"}})
		if in, err := can(t, c, "kim"); !in || err != nil {
			t.Fatalf("through a group's group: %v, %v", in, err)
		}
		if err := s.SetPolicy("frozen", `path "`+path+`" { capabilities = ["deny"] }`); err != nil {
			t.Fatal(err)
		}
		s.SetGroup("contractors", local.Group{Policies: []string{"frozen"}, Entities: []string{"kim"}})
		if in, err := can(t, c, "kim"); in || err != nil {
			t.Errorf("denied by another group: %v, %v", in, err)
		}
	})
	t.Run("that is not there, or is disabled, can do nothing, and that is certain", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		c := client(t, vault.Options{Addr: s.URL(), Token: bot(s)})
		if e, err := c.Entity(t.Context(), "nobody"); e.Known || err != nil {
			t.Errorf("%+v, %v", e, err)
		}
		s.SetEntity(local.Entity{Name: "dana", Policies: []string{"change"}, Disabled: true})
		if in, err := can(t, c, "dana"); in || err != nil {
			t.Errorf("disabled: %v, %v", in, err)
		}
		s.DeleteEntity("dana")
		if in, err := can(t, c, "dana"); in || err != nil {
			t.Errorf("deleted: %v, %v", in, err)
		}
	})
	t.Run("is read anew each time", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		c := client(t, vault.Options{Addr: s.URL(), Token: bot(s)})
		if in, _ := can(t, c, "dana"); !in {
			t.Fatal("dana may not")
		}
		if err := s.SetPolicy("change", `path "`+path+`" { capabilities = ["read"] }`); err != nil {
			t.Fatal(err)
		}
		if in, err := can(t, c, "dana"); in || err != nil {
			t.Errorf("%v, %v", in, err)
		}
	})
}

// What is not known is an error, and no error shows the token.
func TestEntityFailsClosed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		wrong func(t *testing.T, s *local.Server, at *clock)
		token func(s *local.Server) string
	}{
		{"sealed", func(_ *testing.T, s *local.Server, _ *clock) { s.Seal(true) }, bot},
		{"down", func(_ *testing.T, s *local.Server, _ *clock) { s.SetFault(local.Fault{Status: http.StatusBadGateway}) }, bot},
		{"sends elsewhere", func(_ *testing.T, s *local.Server, _ *clock) {
			s.SetFault(local.Fault{Status: http.StatusTemporaryRedirect})
		}, bot},
		{"answers nothing", func(_ *testing.T, s *local.Server, _ *clock) { s.SetFault(local.Fault{Status: http.StatusNoContent}) }, bot},
		{"answers a 404 that is not its own", func(_ *testing.T, s *local.Server, _ *clock) { s.SetFault(local.Fault{Status: http.StatusNotFound}) }, bot},
		{"a wrong token", nil, func(*local.Server) string { return "hvs.wrong" }},
		{"a token that has ended", func(_ *testing.T, _ *local.Server, at *clock) { at.move(2 * time.Hour) }, bot},
		{"a token without the policy", nil, func(s *local.Server) string { return s.NewToken(local.Login{TTL: time.Hour}) }},
		{"a policy that is not there", func(_ *testing.T, s *local.Server, _ *clock) { s.DeletePolicy("change") }, bot},
		{"a policy that is not understood", func(_ *testing.T, s *local.Server, _ *clock) { s.StorePolicy("change", `path "a" { expires = 1 }`) }, bot},
		{"a policy that one cannot be given", func(_ *testing.T, s *local.Server, _ *clock) {
			s.SetEntity(local.Entity{Name: "dana", Policies: []string{"change", "root"}})
		}, bot},
		{"a policy whose name leads elsewhere", func(_ *testing.T, s *local.Server, _ *clock) {
			s.SetEntity(local.Entity{Name: "dana", Policies: []string{"change", "../../identity/group"}})
		}, bot},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, at := world(t)
			token := c.token(s)
			v := client(t, vault.Options{Addr: s.URL(), Token: token})
			if c.wrong != nil {
				c.wrong(t, s, at)
			}
			in, err := can(t, v, "dana")
			if in || err == nil {
				t.Fatalf("%v, %v", in, err)
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
	t.Run("hangs", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		v := client(t, vault.Options{Addr: s.URL(), Token: bot(s)})
		s.SetFault(local.Fault{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if e, err := v.Entity(ctx, "dana"); e.Known || err == nil {
			t.Errorf("%+v, %v", e, err)
		}
	})
	t.Run("a name that would lead elsewhere is not asked for", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		v := client(t, vault.Options{Addr: s.URL(), Token: bot(s)})
		for _, ref := range []string{"", "a/b", "..", "a?b", "a b", "%2e"} {
			if e, err := v.Entity(t.Context(), ref); e.Known || err == nil {
				t.Errorf("%q: %+v, %v", ref, e, err)
			}
		}
	})
	t.Run("an answer about somebody else is none", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			`{"data":{"id":"1","name":"lee","disabled":false,"policies":[],"group_ids":[]}}`,
			`{"data":{"id":"1","name":"dana","policies":[],"group_ids":[]}}`,
			`{"data":{"id":"1","name":"dana","disabled":false,"policies":["change"]}}`,
			`{"data":{"id":"1","name":"dana","disabled":false,"policies":"change","group_ids":[]}}`,
			`{"data":{}}`, `{}`, `<html>`, ``,
		} {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
			v := client(t, vault.Options{Addr: s.URL, Token: "t"})
			e, err := v.Entity(t.Context(), "dana")
			s.Close()
			if err == nil {
				t.Errorf("%s: %+v", body, e)
			}
		}
	})
}

func TestLogin(t *testing.T) {
	t.Parallel()
	login := local.Login{Policies: []string{"bcn"}, TTL: time.Hour}
	appRole := func(s *local.Server) vault.Options {
		s.SetAppRole("role", "secret", login)
		return vault.Options{Addr: s.URL(), AppRole: &vault.AppRole{RoleID: "role", SecretID: "secret"}}
	}
	for name, options := range map[string]func(t *testing.T, s *local.Server) vault.Options{
		"by AppRole": func(_ *testing.T, s *local.Server) vault.Options { return appRole(s) },
		"by Kubernetes": func(t *testing.T, s *local.Server) vault.Options {
			t.Helper()
			file := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(file, []byte("jwt"), 0o600); err != nil {
				t.Fatal(err)
			}
			s.SetKubernetes("bcn", "jwt", login)
			return vault.Options{Addr: s.URL(), Kubernetes: &vault.Kubernetes{Role: "bcn", TokenFile: file}}
		},
	} {
		t.Run(name+", and again when the token is gone", func(t *testing.T) {
			t.Parallel()
			s, at := world(t)
			o := options(t, s)
			o.Now = at.Now
			v := client(t, o)
			if in, err := can(t, v, "dana"); !in || err != nil {
				t.Fatalf("%v, %v", in, err)
			}
			s.RevokeTokens()
			at.move(time.Minute)
			if in, err := can(t, v, "dana"); !in || err != nil {
				t.Fatalf("after the token was revoked: %v, %v", in, err)
			}
			at.move(2 * time.Hour)
			if in, err := can(t, v, "dana"); !in || err != nil {
				t.Fatalf("after it ended: %v, %v", in, err)
			}
		})
	}
	t.Run("what is refused right after a login is not asked for with another", func(t *testing.T) {
		t.Parallel()
		s, at := world(t)
		s.SetAppRole("role", "secret", local.Login{TTL: time.Hour}) // without bcn's policy
		v := client(t, vault.Options{Addr: s.URL(), AppRole: &vault.AppRole{RoleID: "role", SecretID: "secret"}, Now: at.Now})
		for range 5 {
			if in, err := can(t, v, "dana"); in || err == nil {
				t.Fatalf("%v, %v", in, err)
			}
		}
		if n := s.Calls("auth/approle/login"); n != 1 {
			t.Errorf("%d logins", n)
		}
	})
	t.Run("a wrong secret id is refused, and the error does not show it", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		o := appRole(s)
		o.AppRole.SecretID = "not-the-secret"
		in, err := can(t, client(t, o), "dana")
		if in || err == nil || strings.Contains(err.Error(), "not-the-secret") {
			t.Errorf("%v, %v", in, err)
		}
	})
	t.Run("there is one way to a token", func(t *testing.T) {
		t.Parallel()
		for _, o := range []vault.Options{{}, {Token: "t", AppRole: &vault.AppRole{}}} {
			if _, err := vault.New(o); err == nil {
				t.Errorf("%+v", o)
			}
		}
	})
}

func TestToken(t *testing.T) {
	t.Parallel()
	s, _ := world(t)
	for _, l := range []local.Login{{Policies: []string{"bcn"}, TTL: time.Hour}, {Policies: []string{"bcn"}}} {
		got, err := client(t, vault.Options{Addr: s.URL(), Token: s.NewToken(l)}).Token(t.Context())
		if err != nil || got.Renewable != (l.TTL > 0) || got.Ends != (l.TTL > 0) || got.TTL > l.TTL || got.TTL < l.TTL-time.Minute || len(got.Policies) != 2 {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// lines is a log that is read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
	at chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.b.Write(p)
	select {
	case l.at <- struct{}{}:
	default:
	}
	return n, err
}

// wait waits until the log says something so many times.
func (l *lines) wait(t *testing.T, what string, times int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		l.mu.Lock()
		said := l.b.String()
		l.mu.Unlock()
		if strings.Count(said, what) >= times {
			return
		}
		select {
		case <-l.at:
		case <-ctx.Done():
			t.Fatalf("never %q: %s", what, said)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, s *local.Server, o vault.Options) *lines {
		t.Helper()
		said := &lines{at: make(chan struct{}, 1)}
		o.Addr, o.Log, o.Retry = s.URL(), slog.New(slog.NewTextHandler(said, nil)), 20*time.Millisecond
		v := client(t, o)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); v.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-ended })
		return said
	}
	t.Run("a token that was given is renewed", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		run(t, s, vault.Options{Token: bot(s)}).wait(t, "renewed the token", 1)
		if s.Calls("auth/token/renew-self") == 0 {
			t.Error("it was not renewed")
		}
	})
	t.Run("where it can be extended no more there is a new login", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		s.SetAppRole("role", "secret", local.Login{Policies: []string{"bcn"}, TTL: 2 * time.Second, Max: 2 * time.Second})
		run(t, s, vault.Options{AppRole: &vault.AppRole{RoleID: "role", SecretID: "secret"}}).wait(t, "logging in again", 2)
		if n := s.Calls("auth/approle/login"); n < 2 {
			t.Errorf("%d logins", n)
		}
	})
	t.Run("where a given one ends, that is said", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		run(t, s, vault.Options{Token: s.NewToken(local.Login{Policies: []string{"bcn"}, TTL: 2 * time.Second, Max: 2 * time.Second})}).
			wait(t, "give bcn another", 1)
	})
	t.Run("a Vault that is sealed at the start is asked until it answers", func(t *testing.T) {
		t.Parallel()
		s, _ := world(t)
		s.SetAppRole("role", "secret", local.Login{Policies: []string{"bcn"}, TTL: time.Hour})
		s.Seal(true)
		said := run(t, s, vault.Options{AppRole: &vault.AppRole{RoleID: "role", SecretID: "secret"}})
		said.wait(t, "no token of Vault that works", 1)
		s.Seal(false)
		said.wait(t, "renewed the token", 1)
	})
}
