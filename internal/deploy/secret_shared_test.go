package deploy_test

import (
	"context"
	"testing"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/source"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

func TestAskForASharedSecret(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t).settled()
	storetest.Exec(t, w.owner, `insert into heritage (name, app, env, district, source) values ('hello-staging', 'hello', 'staging', 'default', 'dir:examples/hello')`)
	w.Sources = source.New(source.Options{Root: "../.."})
	w.Authz = authz.New(authz.Options{
		Rules: []config.Rule{
			{Allow: []string{"admins"}, To: []string{"*"}},
			{Allow: []string{"developers"}, To: []string{"secret"}, On: []string{"staging"}},
			{Allow: []string{"leads"}, To: []string{"secret"}, On: []string{"production"}},
		},
		People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home},
	})
	for name, c := range map[string]struct {
		user, env, secret string
		code              bcn.Code
		also              string
	}{
		"what production shares wants the right there, at once":        {"U0DEV", "staging", "SESSION_SECRET", bcn.CodeNotAllowed, "hello production"},
		"what production does not share wants the right where it is":   {"U0DEV", "staging", "OF_STAGING", "", ""},
		"whoever may in both may change what both have":                {"U0LEAD", "staging", "SESSION_SECRET", "", ""},
		"a refusal where it was asked for names no other environment":  {"U0DEV", "production", "SESSION_SECRET", bcn.CodeNotAllowed, ""},
		"the right in production alone does not reach what both share": {"U0LEAD2", "production", "SESSION_SECRET", bcn.CodeNotAllowed, "hello staging"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person(c.user), deploy.Wish{
				Kind: bcn.KindSecret, App: "hello", Env: c.env, Secret: &deploy.SecretWish{Op: bcn.SecretUnset, Name: c.secret},
			})
			if bcn.CodeOf(err) != c.code || param(err, "also") != c.also {
				t.Errorf("%v, want %q because of %q", err, c.code, c.also)
			}
		})
	}
}
