package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/ci"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

const ciRules = `
  - { allow: ["*"],          to: [help, whoami] }
  - { allow: [developers, leads], to: [read] }
  - { allow: [developers],   to: [token] }
  - { allow: [developers],   to: [deploy], on: [staging] }
  - { allow: [developers, leads],   to: [deploy], on: [production], approve: { by: [leads], count: 1, within: 1h } }
  - { allow: [admins],       to: ["*"] }
`

var tokenForm = regexp.MustCompile(`bcn_\d+_[A-Za-z0-9_-]{43}`)

// token types a command whose answer is a window with a token.
func (w *world) token(user, command string) string {
	w.t.Helper()
	w.slash(user, deploys, command)
	v := w.views(user, func(v localslack.View) bool { return tokenForm.MatchString(string(v.Blocks)) })
	w.close(v)
	return tokenForm.FindString(string(v.Blocks))
}

// machine is a machine of CI and what it was told.
type ciMachine struct {
	client ci.Client
	states []string
}

func (m *ciMachine) deploy(ctx context.Context, app, env, tag string) (ci.Step, error) {
	m.states = nil
	return m.client.Deploy(ctx, app, env, tag, "a build", true, func(s ci.Step) { m.states = append(m.states, s.State) })
}

// CI deploys with a token, over HTTP.
func TestCI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config = accessConfig(ciRules)
	a, _ := w.bot()
	w.setUp("/bcn deploy hello production v1", "/bcn deploy hello staging v1")
	server := httptest.NewServer(a.deploys())
	t.Cleanup(server.Close)
	machine := func(token string) *ciMachine {
		return &ciMachine{client: ci.Client{Base: server.URL, Token: token, HTTP: server.Client(), Patience: time.Second}}
	}
	refused := func(t *testing.T, err error, code bcn.Code, words ...string) {
		t.Helper()
		var no *ci.RefusedError
		if !errors.As(err, &no) || no.Code != string(code) || !all(no.Message, words) {
			t.Errorf("%v (%+v), want %s", err, no, code)
		}
	}
	staging := w.token("U0DEV", "token issue hello staging --expires 30d")

	t.Run("a deploy is followed to its end, as the issuer's by CI", func(t *testing.T) {
		w := w.in(t)
		m := machine(staging)
		last, err := m.deploy(w.deadline(), "hello", "staging", "v2")
		if err != nil || !last.OK || last.State != string(bcn.ChangeSucceeded) {
			t.Fatalf("%+v %v", last, err)
		}
		if m.states[len(m.states)-1] != "succeeded" || len(m.states) < 3 {
			t.Errorf("it was told %v", m.states)
		}
		w.card("C0DEPLOY", "*"+last.Change+"*", "<@U0DEV> (by CI)", "succeeded")
	})
	t.Run("what nothing changes is no failure", func(t *testing.T) {
		last, err := machine(staging).deploy(w.in(t).deadline(), "hello", "staging", "v2")
		if err != nil || !last.OK || last.Code != string(bcn.CodeNoChange) {
			t.Errorf("%+v %v", last, err)
		}
	})
	t.Run("a deploy that is rolled back is told with its reason, and is not well", func(t *testing.T) {
		last, err := machine(staging).deploy(w.in(t).deadline(), "hello", "staging", "broken")
		if err != nil || last.OK || last.State != string(bcn.ChangeRolledBack) || last.Message == "" {
			t.Errorf("%+v %v", last, err)
		}
	})
	t.Run("a gated deploy waits for its approval, which the issuer cannot give", func(t *testing.T) {
		w := w.in(t)
		w.group(t, "U0DEV", "U0LEAD")
		defer w.group(t, "U0DEV", "U0DEV2", "U0YUKI")
		m := machine(w.token("U0LEAD", "token issue hello production"))
		done := make(chan ci.Step, 1)
		go func() {
			last, _ := m.deploy(w.deadline(), "hello", "production", "v2")
			done <- last
		}()
		w.until("it waits", `select exists (select 1 from change where tag = 'v2' and env = 'production' and state = 'waiting')`)
		id := bcn.ID(ask[int64](t, w, `select max(id) from change where env = 'production'`))
		r := request{w, id, w.card("C0DEPLOY", id.String(), "waits for approval")}
		r.press("U0LEAD", "approve")
		w.until("their own is refused", `select exists (select 1 from audit_entry where change = $1 and kind = 'refused')`, int64(r.id))
		if n := ask[int](t, w, `select count(*) from decision where request = $1`, int64(r.id)); n != 0 {
			t.Error("the issuer approved what the token asked for")
		}
		w.slash("U0LEAD", deploys, "cancel "+r.id.String())
		if last := <-done; last.OK || last.State != string(bcn.ChangeClosed) {
			t.Errorf("%+v", last)
		}
	})
	t.Run("whose issuer needs no approval waits all the same where others would", func(t *testing.T) {
		w := w.in(t)
		w.group(t, "U0DEV", "U0LEAD")
		defer w.group(t, "U0DEV", "U0DEV2", "U0YUKI")
		for _, end := range []struct {
			how  string
			end  func(request)
			said string
		}{
			{"it is revoked", func(request) {
				if said := w.answer("U0ADMIN", "token revoke hello production"); !strings.Contains(said, "is revoked") {
					t.Error(said)
				}
			}, "was ended by <@U0ADMIN>"},
			{"it ends and nobody says so", func(r request) {
				w.sql(t, `update deploy_token set expires_at = bcn_now() where env = 'production' and revoked_at is null`)
				r.press("U0LEAD", "approve")
			}, "is over before it began"},
		} {
			m := machine(w.token("U0ADMIN", "token rotate hello production"))
			done := make(chan ci.Step, 1)
			go func() {
				last, _ := m.deploy(w.deadline(), "hello", "production", "v2")
				done <- last
			}()
			w.until("it waits", `select exists (select 1 from change where tag = 'v2' and env = 'production' and state = 'waiting')`)
			id := bcn.ID(ask[int64](t, w, `select max(id) from change where env = 'production'`))
			end.end(request{w, id, w.card("C0DEPLOY", id.String(), "waits for approval")})
			if last := <-done; last.OK || last.State != string(bcn.ChangeClosed) || last.Code != string(bcn.CodeTokenEnded) {
				t.Errorf("what it asked for, once %s: %+v", end.how, last)
			}
			w.card("C0DEPLOY", id.String(), end.said)
		}
	})
	t.Run("a token opens nothing but its heritage", func(t *testing.T) {
		ctx := w.in(t).deadline()
		_, err := machine(staging).deploy(ctx, "hello", "production", "v2")
		refused(t, err, bcn.CodeTokenBad, "staging")
		for _, x := range []struct{ method, path string }{
			{http.MethodPost, "/v1/heritages/hello/deploy"},
			{http.MethodGet, "/v1/heritages/hello/changes/1007"},
			{http.MethodGet, "/v1/heritages/hello-staging/changes/1001"},
			{http.MethodGet, "/v1/heritages/hello-staging/changes/999999"},
		} {
			if status, code := send1(t, server, x.method, x.path, staging, `{"tag":"v2"}`); status != http.StatusUnauthorized || code != string(bcn.CodeTokenBad) {
				t.Errorf("%s %s: %d %s", x.method, x.path, status, code)
			}
		}
	})
	t.Run("what is not understood is refused with what would be right", func(t *testing.T) {
		for _, body := range []string{"", "{}", `{"tag":""}`, `{"tag":"v2","image":"evil"}`, `{"tag":"v2"}{}`, strings.Repeat("x", 10<<10)} {
			if status, code := send1(t, server, http.MethodPost, "/v1/heritages/hello-staging/deploy", staging, body); status != http.StatusBadRequest || code != string(codeMalformed) {
				t.Errorf("%.20q: %d %s", body, status, code)
			}
		}
		last, err := machine(staging).deploy(w.in(t).deadline(), "hello", "staging", "v22")
		if err != nil || last.OK || last.Code != string(bcn.CodeUnknownTag) || !strings.Contains(last.Message, "v2") {
			t.Errorf("%+v %v", last, err)
		}
	})
	t.Run("another image is not for CI to choose", func(t *testing.T) {
		w := w.in(t)
		file := strings.ReplaceAll(w.manifest(), "hello-staging", "moved-staging")
		file = strings.NewReplacer("/staging/", "/moved/", "rule_priority: ", "rule_priority: 3").Replace(file)
		file = strings.ReplaceAll(file, "ssm_path: hello/session_secret", "value: none")
		w.commit(file)
		w.type1("/bcn create moved staging --district default --source github:acme/hello", "/bcn deploy moved staging v1")
		m := machine(w.token("U0DEV", "token issue moved staging"))
		w.commit(strings.ReplaceAll(file, ".com/hello", ".com/evil"))
		last, err := m.deploy(w.deadline(), "moved", "staging", "v2")
		if err != nil || last.OK || last.Code != string(bcn.CodeTokenImage) || !strings.Contains(last.Message, "evil") {
			t.Errorf("%+v %v", last, err)
		}
	})
	t.Run("whose issuer lost the right deploys nothing", func(t *testing.T) {
		w := w.in(t)
		w.group(t, "U0DEV2")
		defer w.group(t, "U0DEV", "U0DEV2", "U0YUKI")
		_, err := machine(staging).deploy(w.deadline(), "hello", "staging", "v1")
		refused(t, err, bcn.CodeNotAllowed, "developers")
	})
	t.Run("rotated, the old one ends at once", func(t *testing.T) {
		w := w.in(t)
		fresh := w.token("U0DEV", "token rotate hello staging")
		_, err := machine(staging).deploy(w.deadline(), "hello", "staging", "v1")
		refused(t, err, bcn.CodeTokenBad)
		staging = fresh
		if last, err := machine(staging).deploy(w.deadline(), "hello", "staging", "v2"); err != nil || !last.OK {
			t.Errorf("%+v %v", last, err)
		}
	})
	t.Run("whose row was changed past bcn is none", func(t *testing.T) {
		w := w.in(t)
		for _, set := range []string{
			`heritage = 'hello'`, `env = 'production'`, `expires_at = expires_at + interval '1 day'`, `by_who = by_who || '{"user": "U0ADMIN"}'`,
			`digest = sha256('x')`, `mac = ''`,
		} {
			w.sql(t, `create table if not exists kept as select * from deploy_token; update deploy_token set `+set+` where revoked_at is null`)
			if status, _ := send1(t, server, http.MethodGet, "/v1/token", staging, ""); status != http.StatusUnauthorized {
				t.Errorf("%s: %d", set, status)
			}
			w.sql(t, `delete from deploy_token; insert into deploy_token select * from kept; drop table kept`)
		}
		if status, _ := send1(t, server, http.MethodGet, "/v1/token", staging, ""); status != http.StatusOK {
			t.Errorf("as it was: %d", status)
		}
	})
	t.Run("expired or revoked it is none", func(t *testing.T) {
		w := w.in(t)
		w.pass(91 * 24 * time.Hour)
		if status, _ := send1(t, server, http.MethodGet, "/v1/token", staging, ""); status != http.StatusUnauthorized {
			t.Errorf("expired: %d", status)
		}
		fresh := w.token("U0DEV", "token issue hello staging")
		if said := w.answer("U0DEV", "token revoke hello staging"); !strings.Contains(said, "is revoked") {
			t.Error(said)
		}
		if status, _ := send1(t, server, http.MethodGet, "/v1/token", fresh, ""); status != http.StatusUnauthorized {
			t.Errorf("revoked: %d", status)
		}
		clean(t, w, staging[10:], fresh[10:])
	})
}

// send1 sends one request with a token.
func send1(t *testing.T, s *httptest.Server, method, path, token, body string) (status int, code string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var no refusal
	_ = json.NewDecoder(res.Body).Decode(&no)
	return res.StatusCode, no.Code
}
