package login_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/directory"
	"github.com/bcn-bot/bcn/internal/githubx"
	"github.com/bcn-bot/bcn/internal/local/github"
	"github.com/bcn-bot/bcn/internal/login"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
	"github.com/bcn-bot/bcn/internal/text"
)

var pg storetest.Cluster

func TestMain(m *testing.M) { os.Exit(pg.Main(m)) }

// world is a database, a GitHub over the wire, and the service between them.
type world struct {
	*testing.T
	*login.Service
	store  *store.Store
	owner  string
	github *github.Server
	dir    *directory.Directory
	ahead  atomic.Int64
}

// everybody is who Slack says they are.
type everybody struct{}

func (everybody) Profile(_ context.Context, user string, _ time.Time) (bcn.Profile, error) {
	return bcn.Profile{User: user, Team: home}, nil
}

const home = "T0LOCAL"

func actor(user string) bcn.Actor { return bcn.Actor{Kind: bcn.Person, User: user, Team: home} }

func start(t *testing.T) *world {
	t.Helper()
	w := &world{T: t}
	w.store, w.owner = pg.Store(t)
	w.github = github.New(github.Options{Now: func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }})
	if err := w.github.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.github.Close() })
	client, err := githubx.New(githubx.Options{URL: w.github.URL(), Token: w.github.Token()})
	if err != nil {
		t.Fatal(err)
	}
	words, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	people := []config.Person{{Slack: "U0LEAD", GitHub: "Lee"}}
	w.dir = directory.New(directory.Options{
		Teams: map[string]config.Team{"leads": {GitHubTeam: "acme/leads"}}, People: people, GitHub: client, Links: w.store,
	})
	judge := authz.New(authz.Options{People: everybody{}, Teams: w.dir, Workspace: authz.Workspace{Team: home}, Persons: people, Links: w.store})
	w.Service = login.New(login.Options{
		Store: w.store, GitHub: client, Authz: judge, Speaker: card.New(card.Options{Text: words, Security: "C0SEC"}),
		People: people, ClientID: github.ClientID, Log: slog.New(slog.DiscardHandler),
	})
	return w
}

// begin gives a person a code.
func (w *world) begin(user string) string {
	w.Helper()
	d, err := w.Begin(w.Context(), deploy.Origin{}, actor(user))
	if err != nil || d.Code == "" || d.URL == "" {
		w.Fatalf("%+v, %v", d, err)
	}
	return d.Code
}

// after lets time pass, and has the service look.
func (w *world) after(d time.Duration) {
	w.Helper()
	w.ahead.Add(int64(d))
	if err := store.ShiftClock(w.Context(), w.owner, time.Duration(w.ahead.Load())); err != nil {
		w.Fatal(err)
	}
	if err := w.Step(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// links has a person enter a code as a GitHub login.
func (w *world) links(user, as string) {
	w.Helper()
	if err := w.github.Enter(w.begin(user), as); err != nil {
		w.Fatal(err)
	}
	w.after(6 * time.Second)
}

func (w *world) linked(user string) string {
	w.Helper()
	s, err := w.store.Linked(w.Context(), user)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// log are the kinds of the audit log, said what people are told.
func (w *world) log() string {
	return storetest.Text(w, w.owner, `select coalesce(string_agg(kind, ' ' order by seq), '') from audit_entry where kind like 'login.%'`)
}

func (w *world) said() string {
	return storetest.Text(w, w.owner, `select coalesce(string_agg(role || ' ' || channel || recipient || ' ' || (body->>'text'), E'\n' order by id), '') from outbox`)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	t.Run("who enters the code is linked, told, announced, audited and in the team", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		code := w.begin("U0KIM")
		w.after(6 * time.Second)
		if w.linked("U0KIM") != "" {
			t.Fatal("linked before the code was entered")
		}
		w.github.SetMember("acme", "leads", "Kim", github.Active)
		if err := w.github.Enter(code, "Kim"); err != nil {
			t.Fatal(err)
		}
		w.after(6 * time.Second)
		if got := w.linked("U0KIM"); got != "kim" {
			t.Errorf("linked to %q", got)
		}
		if in, err := w.dir.TeamsOf(t.Context(), "U0KIM", []string{"leads"}, bcn.Matter{}, time.Now()); err != nil || len(in) != 1 {
			t.Error(in, err)
		}
		if all, err := w.dir.Members(t.Context(), "leads", bcn.Matter{}, time.Now()); err != nil || strings.Join(all, " ") != "U0KIM U0LEAD" {
			t.Error(all, err)
		}
		if w.log() != "login.begun login.linked" || !strings.Contains(w.said(), "announce C0SEC") || !strings.Contains(w.said(), "direct U0KIM") {
			t.Errorf("%s\n%s", w.log(), w.said())
		}
		if dump := storetest.Text(t, w.owner, `select count(*)::text from github_login`); dump != "0" {
			t.Errorf("%s logins are left", dump)
		}
	})
	t.Run("a link is to the account, not to its name", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		w.github.SetMember("acme", "leads", "kim", github.Active)
		w.links("U0KIM", "kim")
		in := func() string {
			teams, err := w.dir.TeamsOf(t.Context(), "U0KIM", []string{"leads"}, bcn.Matter{}, time.Now())
			all, failed := w.dir.Members(t.Context(), "leads", bcn.Matter{}, time.Now())
			if err != nil || failed != nil {
				t.Fatal(err, failed)
			}
			return strings.Join(teams, " ") + ": " + strings.Join(all, " ")
		}
		w.github.Rename("kim", "kim-of-acme")
		if got := in(); got != "leads: U0KIM U0LEAD" {
			t.Errorf("renamed: %s", got)
		}
		w.github.RemoveMember("acme", "leads", "kim-of-acme")
		w.github.SetMember("acme", "leads", "kim", github.Active) // whoever took the name
		if got := in(); got != ": U0LEAD" {
			t.Errorf("somebody else has the name: %s", got)
		}
	})
	t.Run("somebody else's login by bot.yaml is refused", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		w.links("U0KIM", "LEE")
		if w.linked("U0KIM") != "" || w.log() != "login.begun login.refused" || strings.Contains(w.said(), "announce") {
			t.Errorf("%q %s\n%s", w.linked("U0KIM"), w.log(), w.said())
		}
	})
	t.Run("a login belongs to one Slack account for good", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		w.links("U0KIM", "kim")
		w.links("U0SECOND", "kim")
		if w.linked("U0SECOND") != "" {
			t.Error("two accounts have it")
		}
		if was, err := w.Forget(t.Context(), deploy.Origin{}, actor("U0KIM")); err != nil || was != "kim" || w.linked("U0KIM") != "" {
			t.Fatal(was, err)
		}
		w.links("U0SECOND", "kim")
		if w.linked("U0SECOND") != "" {
			t.Error("it has moved")
		}
		if _, err := w.Forget(t.Context(), deploy.Origin{}, actor("U0KIM")); bcn.CodeOf(err) != bcn.CodeNotLinked {
			t.Error(err)
		}
		w.links("U0KIM", "kim")
		if w.linked("U0KIM") != "kim" {
			t.Error("its owner may not have it again")
		}
		if _, err := w.Begin(t.Context(), deploy.Origin{}, actor("U0KIM")); bcn.CodeOf(err) != bcn.CodeAlreadyLinked {
			t.Error(err)
		}
	})
	t.Run("what bot.yaml says of a person is not changed by them", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		if _, err := w.Begin(t.Context(), deploy.Origin{}, actor("U0LEAD")); bcn.CodeOf(err) != bcn.CodeLoginMapped {
			t.Error(err)
		}
	})
	t.Run("denied and expired codes link nothing and say so", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		if err := w.github.Deny(w.begin("U0KIM")); err != nil {
			t.Fatal(err)
		}
		w.after(6 * time.Second)
		w.begin("U0DEV")
		w.after(16 * time.Minute)
		if w.log() != "login.begun login.refused login.begun login.refused" || !strings.Contains(w.said(), "cancelled") || !strings.Contains(w.said(), "in time") {
			t.Errorf("%s\n%s", w.log(), w.said())
		}
	})
	t.Run("the device code is not in the database, and a row of another's is no use", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		code := w.begin("U0MALLORY")
		storetest.Exec(t, w.owner, `update github_login set slack_user = 'U0KIM'`)
		if err := w.github.Enter(code, "lee2"); err != nil {
			t.Fatal(err)
		}
		w.after(6 * time.Second)
		if w.linked("U0KIM") != "" || w.linked("U0MALLORY") != "" {
			t.Error("it is linked")
		}
	})
	t.Run("a link that was written or moved past bcn is no link", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		w.links("U0KIM", "kim")
		storetest.Exec(t, w.owner, `update github_link set slack_user = 'U0DEV'`)
		if _, err := w.store.Linked(t.Context(), "U0DEV"); bcn.CodeOf(err) != bcn.CodeTampered {
			t.Error(err)
		}
		if all, err := w.store.Links(t.Context()); err != nil || len(all) > 0 {
			t.Error(all, err)
		}
		if _, err := w.dir.TeamsOf(t.Context(), "U0DEV", []string{"leads"}, bcn.Matter{}, time.Now()); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Error(err)
		}
	})
}
