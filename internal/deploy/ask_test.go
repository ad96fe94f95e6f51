package deploy_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("a wish becomes a change with a card and a job, and its command is settled", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		if _, err := w.store.Put(ctx, chat.Request{Key: "k"}); err != nil {
			t.Fatal(err)
		}
		_, fence, _, err := w.store.ClaimInbox(ctx, "k")
		if err != nil {
			t.Fatal(err)
		}
		o := deploy.Origin{Key: "k", Fence: fence, Channel: "C0DEPLOYS", Thread: "17.5"}
		asked, err := w.Ask(ctx, o, person("U0DEV"), wishDeploy())
		if err != nil {
			t.Fatal(err)
		}
		c := w.change(asked.ID)
		if c.State != bcn.ChangePlanning || c.Subject != "heritage:hello" || c.Heritage != "hello" || c.District != "default" ||
			c.Requester != (bcn.Actor{Kind: bcn.Person, User: "U0DEV", Team: home, Name: "u0dev", Locale: "ja-JP"}) || c.Thread != "17.5" {
			t.Errorf("stored is %+v", c)
		}
		for sql, want := range map[string]string{
			`select state from inbox where key = 'k'`:                                               "done",
			`select channel from outbox where change = {id} and role = 'card'`:                      "C0APPROVE",
			`select channel from outbox where change = {id} and role = 'link'`:                      "C0DEPLOYS",
			`select count(*) from river_job where kind = 'change'`:                                  "1",
			`select actor from audit_entry where change = {id} and kind = 'change.planning'`:        "U0DEV",
			`select body::json->>'tag' from audit_entry where change = {id}`:                        "v2",
			`select count(*) from outbox where change = {id} and role not in ('card', 'link')`:      "0",
			`select count(*) from audit_entry where change <> {id} or kind not like 'change.%'`:     "0",
			`select wish->>'Reason' from change where id = {id}`:                                    "as planned",
			`select count(*) from change where id <> {id}`:                                          "0",
			`select requester->>'user' from change where id = {id} and requester->>'kind'='person'`: "U0DEV",
		} {
			if got := w.look(asked.ID, sql); got != want {
				t.Errorf("%s: %q, want %q", sql, got, want)
			}
		}
		if _, err := w.Ask(ctx, o, person("U0DEV"), wishDeploy()); !errors.Is(err, deploy.ErrMoved) {
			t.Errorf("the same command ran twice: %v", err)
		}
	})

	t.Run("what a refused wish leaves is one line in the log", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			name, who string
			wish      deploy.Wish
			code      bcn.Code
			log       string
		}{
			{"no rule", "U0NONE", wishDeploy(), bcn.CodeNotAllowed, "U0NONE ask deploy: not_allowed"},
			{"no account", "U0GONE", wishDeploy(), bcn.CodeRefusedPerson, "U0GONE ask deploy: refused_person"},
			{"another verb", "U0DEV", deploy.Wish{Kind: bcn.KindDistrict, District: &bcn.District{Name: "tokyo"}}, bcn.CodeNotAllowed, "U0DEV ask district: not_allowed"},
		} {
			w := newWorld(t).settled()
			asked, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person(c.who), c.wish)
			if bcn.CodeOf(err) != c.code || asked != (deploy.Asked{}) {
				t.Errorf("%s: %+v, %v", c.name, asked, err)
			}
			if got := w.refusals(); got != c.log {
				t.Errorf("%s: the log says %q, want %q", c.name, got, c.log)
			}
			if got := w.look(0, `select (select count(*) from change) + (select count(*) from outbox) + (select count(*) from river_job)`); got != "0" {
				t.Errorf("%s: %s rows are left", c.name, got)
			}
		}
	})

	t.Run("where the card cannot be posted nothing is stored", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		plan := wishDeploy()
		plan.Kind = bcn.KindPlan // its card goes where it was typed
		_, err := w.Ask(ctx, deploy.Origin{Channel: "C0PRIVATE"}, person("U0DEV"), plan)
		if bcn.CodeOf(err) != bcn.CodeChannelNotPosted || param(err, "channel") != "C0PRIVATE" {
			t.Errorf("asked: %v", err)
		}
		if got := w.look(0, `select count(*) from change`); got != "0" {
			t.Errorf("%s changes are left", got)
		}
	})
}

func TestWhatIsNamedMustBeThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t).settled()
	to := func(kind bcn.Kind, app, env string) deploy.Wish {
		return deploy.Wish{Kind: kind, App: app, Env: env, Tag: "v2"}
	}
	create := func(app, env, district string) deploy.Wish {
		return deploy.Wish{Kind: bcn.KindHeritage, Heritage: &bcn.Heritage{App: app, Env: env, District: district, Source: "dir:."}}
	}
	endpoint := func(name, district string, envs ...string) deploy.Wish {
		return deploy.Wish{Kind: bcn.KindEndpoint, Endpoint: &bcn.Endpoint{Name: name, District: district, Environments: envs}}
	}
	district := func(name string) deploy.Wish {
		return deploy.Wish{Kind: bcn.KindDistrict, District: &bcn.District{Name: name}}
	}
	long := wishDeploy()
	long.Reason = strings.Repeat("本", deploy.ReasonLimit+1)
	for _, c := range []struct {
		name   string
		wish   deploy.Wish
		code   bcn.Code
		params string
	}{
		{"an app that is not there", to(bcn.KindDeploy, "helo", "production"), bcn.CodeUnknownApp, "app=helo"},
		{"an environment that the app does not have", to(bcn.KindDeploy, "hello", "staging"), bcn.CodeUnknownEnv, "app=hello env=staging"},
		{"a plan of an app that is not there", to(bcn.KindPlan, "helo", "production"), bcn.CodeUnknownApp, "app=helo"},
		{"an app and environment that are bound already", create("hello", "production", "default"), bcn.CodeNameTaken, "name=hello production by=app"},
		{"an app in a district that is not there", create("shop", "production", "tokyo"), bcn.CodeUnknownName, "what=district name=tokyo"},
		{"an app in a district that does not serve the environment", create("shop", "test", "default"), bcn.CodeEnvironmentForeign, "what=district name=default env=test"},
		{"an app whose name cannot be one", create("Shop!", "production", "default"), bcn.CodeBadName, "name=Shop!"},
		{"an environment whose name cannot be one", create("shop", "no spaces", "default"), bcn.CodeBadName, "name=no spaces"},
		{"an endpoint that is there", endpoint("main", "default", "production"), bcn.CodeNameTaken, "name=main by=endpoint"},
		{"an endpoint in a district that is not there", endpoint("edge", "tokyo", "production"), bcn.CodeUnknownName, "what=district name=tokyo"},
		{"an endpoint for an environment that the district does not serve", endpoint("edge", "default", "production", "test"), bcn.CodeEnvironmentForeign, "what=district name=default env=test"},
		{"a district that is there", district("default"), bcn.CodeNameTaken, "name=default by=district"},
		{"a district whose name cannot be one", district("-"), bcn.CodeBadName, "name=-"},
		{"a reason that is too long", long, bcn.CodeReasonTooLong, "length=501 limit=500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"), c.wish)
			if bcn.CodeOf(err) != c.code {
				t.Fatalf("asked: %v, want %s", err, c.code)
			}
			for _, pair := range strings.Split(c.params, " ") {
				if key, value, ok := strings.Cut(pair, "="); ok && !strings.HasPrefix(param(err, key), value) {
					t.Errorf("%s is %q in %v, want %q", key, param(err, key), err, value)
				}
			}
		})
	}
	for name, wish := range map[string]deploy.Wish{
		"a new app": create("shop", "production", "default"), "a new environment of an app": create("hello", "staging", "default"),
		"a new endpoint": endpoint("edge", "default", "staging"), "a new district": district("tokyo"),
	} {
		t.Run(name+" is stored", func(t *testing.T) {
			t.Parallel()
			if asked, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"), wish); err != nil || asked.ID == 0 {
				t.Errorf("asked: %+v, %v", asked, err)
			}
		})
	}
}

// What cannot be read is neither unknown nor free: it is tried again.
func TestAsDatabaseIsAway(t *testing.T) {
	t.Parallel()
	app, owner := pg.Database(t)
	s, err := store.Open(context.Background(), store.Options{URL: app, Key: storetest.Key})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, s, owner).settled()
	s.Close()
	for name, wish := range map[string]deploy.Wish{
		"deploy": wishDeploy(), "create": {Kind: bcn.KindHeritage, Heritage: &bcn.Heritage{App: "shop", Env: "production", District: "default"}},
		"endpoint": {Kind: bcn.KindEndpoint, Endpoint: &bcn.Endpoint{Name: "edge", District: "default"}},
		"district": {Kind: bcn.KindDistrict, District: &bcn.District{Name: "tokyo"}},
	} {
		if _, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"), wish); bcn.CodeOf(err) != bcn.CodeInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Decide(context.Background(), deploy.Origin{}, person("U0LEAD"), 1001, bcn.Approve, ""); bcn.CodeOf(err) != bcn.CodeInternal {
		t.Errorf("decide: %v", err)
	}
	if err := w.Cancel(context.Background(), deploy.Origin{}, person("U0DEV"), 1001); bcn.CodeOf(err) != bcn.CodeInternal {
		t.Errorf("cancel: %v", err)
	}
}
