package deploy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// written is a file of both environments; %s is a line more.
const written = `environments:
  production:
    name: hello
    image_name: hello
    services:
      - { name: web, desired_count: 2, command: run }
      - { name: worker, command: work }
      - { name: elastic, command: run, auto_scaling: { min_count: 2, max_count: 8 } }
  staging:
    name: hello-staging
    image_name: hello
    services: [{ name: web, command: run }]
`

// releases puts the heritage's releases in, oldest first: "tag outcome restores".
func (w *world) releases(heritage, env string, lines ...string) {
	w.t.Helper()
	for i, l := range lines {
		var tag, outcome string
		var restores int
		if _, err := fmt.Sscan(l, &tag, &outcome, &restores); err != nil {
			w.t.Fatal(err)
		}
		storetest.Exec(w.t, w.owner, fmt.Sprintf(`with c as (insert into change (kind, subject, app, env, heritage, wish, state, requester)
				values ('deploy', 'heritage:%[1]s', 'hello', '%[2]s', '%[1]s', '{}', '%[5]s', '{}') returning id)
			insert into release (heritage, number, change, tag, image, digest, commit, manifest, base, plan_hash, by_user, approvers, outcome,
				started_at, ended_at, overlay, restores)
			select '%[1]s', %[3]d, c.id, '%[4]s', 'hello', 'sha256:%[4]s', 'c', convert_to('%[6]s', 'UTF8'), '', '', 'U0DEV', '[]', '%[5]s',
				bcn_now(), bcn_now(), '{"env": {"SET": "x"}}', %[7]d from c`,
			heritage, env, i+1, tag, outcome, written, restores))
	}
}

func TestAskForAnOperation(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t).settled()
	storetest.Exec(t, w.owner, `insert into heritage (name, app, env, district, source) values
		('hello-staging', 'hello', 'staging', 'default', 'dir:examples/hello'), ('fresh', 'fresh', 'production', 'default', 'dir:examples/hello')`)
	w.releases("hello", "production", "v1 succeeded 0", "v2 succeeded 0", "v3 rolled_back 0", "v4 succeeded 0", "v1 succeeded 1")

	for name, c := range map[string]struct {
		wish  deploy.Wish
		code  bcn.Code // "" is taken
		words string   // that a param has
	}{
		"a rollback to a release that succeeded":             {deploy.Wish{Kind: bcn.KindRollback, Release: 2}, "", ""},
		"after a rollback to the first there is none before": {deploy.Wish{Kind: bcn.KindRollback}, bcn.CodeNoRollback, "none"},
		"a rollback to one that failed":                      {deploy.Wish{Kind: bcn.KindRollback, Release: 3}, bcn.CodeNoRollback, "4 (v4), 2 (v2), 1 (v1)"},
		"a rollback to one that never was":                   {deploy.Wish{Kind: bcn.KindRollback, Release: 9}, bcn.CodeNoRollback, "missing"},
		"a rollback that waited behind another release":      {deploy.Wish{Kind: bcn.KindRollback, Base: 4}, bcn.CodeNoRollback, "since"},
		"a rollback to what runs":                            {deploy.Wish{Kind: bcn.KindRollback, Release: 5}, bcn.CodeNoRollback, "runs"},
		"a rollback of what was never deployed":              {deploy.Wish{Kind: bcn.KindRollback, App: "fresh"}, bcn.CodeNoRelease, "fresh"},
		"a restart":                                          {deploy.Wish{Kind: bcn.KindRestart}, "", ""},
		"a restart of a service":                             {deploy.Wish{Kind: bcn.KindRestart, Service: "worker"}, "", ""},
		"a restart of no service":                            {deploy.Wish{Kind: bcn.KindRestart, Service: "cron"}, bcn.CodeUnknownName, "cron"},
		"a restart of what was never deployed":               {deploy.Wish{Kind: bcn.KindRestart, App: "fresh"}, bcn.CodeNoRelease, "fresh"},
		"a restart of no app":                                {deploy.Wish{Kind: bcn.KindRestart, App: "helo"}, bcn.CodeUnknownApp, "helo"},
		"a count":                                            {deploy.Wish{Kind: bcn.KindScale, Service: "worker", Count: 20}, "", ""},
		"a count over the rule's":                            {deploy.Wish{Kind: bcn.KindScale, Service: "worker", Count: 21}, bcn.CodeCountBounds, "20"},
		"no task where the rule wants one":                   {deploy.Wish{Kind: bcn.KindScale, Service: "worker"}, bcn.CodeCountBounds, "1"},
		"a count of what scales by itself":                   {deploy.Wish{Kind: bcn.KindScale, Service: "elastic", Count: 3}, bcn.CodeAutoScaled, "8"},
		"a variable":                                         {deploy.Wish{Kind: bcn.KindEnv, Set: map[string]string{"A": "1"}}, "", ""},
		"a variable that was set is unset":                   {deploy.Wish{Kind: bcn.KindEnv, Unset: []string{"SET"}}, "", ""},
		"a variable that was not set is unset":               {deploy.Wish{Kind: bcn.KindEnv, Unset: []string{"A"}}, bcn.CodeNotSet, "SET"},
		"a promotion of what was never deployed":             {deploy.Wish{Kind: bcn.KindPromote, From: "staging"}, bcn.CodeNoRelease, "staging"},
		"a promotion from nowhere":                           {deploy.Wish{Kind: bcn.KindPromote, From: "canary"}, bcn.CodeUnknownEnv, "canary"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.wish.App == "" {
				c.wish.App = "hello"
			}
			c.wish.Env = "production"
			asked, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"), c.wish)
			if bcn.CodeOf(err) != c.code {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if err != nil {
				if said := fmt.Sprint(paramsOf(err)); !strings.Contains(said, c.words) {
					t.Errorf("%s does not say %q", said, c.words)
				}
				return
			}
			if got := w.change(asked.ID); got.Kind != c.wish.Kind || got.Subject != "heritage:hello" {
				t.Errorf("stored is %+v", got)
			}
		})
	}
	t.Run("while the first deploy runs, what needs a release names it", func(t *testing.T) {
		storetest.Exec(t, w.owner, `insert into heritage (name, app, env, district, source) values ('new', 'new', 'production', 'default', 'dir:examples/hello');
			insert into change (id, kind, subject, app, env, heritage, wish, state, requester)
				values (777, 'deploy', 'heritage:new', 'new', 'production', 'new', '{}', 'applying', '{}')`)
		_, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"),
			deploy.Wish{Kind: bcn.KindEnv, App: "new", Env: "production", Set: map[string]string{"A": "1"}})
		if bcn.CodeOf(err) != bcn.CodeNoRelease || param(err, "first") != "#777" {
			t.Errorf("it is %v", err)
		}
	})
	t.Run("no value is in the audit log", func(t *testing.T) {
		_, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"),
			deploy.Wish{Kind: bcn.KindEnv, App: "hello", Env: "production", Set: map[string]string{"A": "xyzzy"}})
		if err != nil {
			t.Fatal(err)
		}
		if n := w.look(0, `select count(*) from audit_entry where body like '%xyzzy%'`); n != "0" {
			t.Errorf("it is in %s entries", n)
		}
	})
	t.Run("whoever may not see the other environment cannot promote it", func(t *testing.T) {
		w.releases("hello-staging", "staging", "v5 succeeded 0")
		wish := deploy.Wish{Kind: bcn.KindPromote, App: "hello", Env: "production", From: "staging"}
		if _, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"), wish); err != nil {
			t.Errorf("an administrator is refused: %v", err)
		}
		if _, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0PROMOTER"), wish); bcn.CodeOf(err) != bcn.CodeNotAllowed {
			t.Errorf("a promoter who may not look gets %v", err)
		}
	})
	t.Run("environments of different sources are no promotion", func(t *testing.T) {
		storetest.Exec(t, w.owner, `update heritage set source = 'dir:elsewhere' where name = 'hello-staging'`)
		_, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"), deploy.Wish{Kind: bcn.KindPromote, App: "hello", Env: "production", From: "staging"})
		if bcn.CodeOf(err) != bcn.CodeNotPromotable {
			t.Errorf("it is %v", err)
		}
	})
	t.Run("the button of an old card does not undo what came after it", func(t *testing.T) {
		old := w.look(0, `select change from release where heritage = 'hello' and number = 4`)
		id, err := bcn.ParseID("#" + old)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Undo(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"), id); bcn.CodeOf(err) != bcn.CodeNoRollback {
			t.Errorf("it is %v", err)
		}
	})
	t.Run("variables are listed by where they come from", func(t *testing.T) {
		v, err := w.Variables(ctx, "hello", "production")
		if err != nil || v.Release != 5 || fmt.Sprint(v.Chat) != "[SET]" || len(v.File)+len(v.Both)+len(v.Secret) != 0 {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

func paramsOf(err error) map[string]string {
	out := map[string]string{}
	for _, key := range []string{"app", "env", "why", "good", "name", "least", "most", "max", "names", "set", "from"} {
		out[key] = param(err, key)
	}
	return out
}
