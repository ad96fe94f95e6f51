package commands_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/ci"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// tokens are those of the world: hello in production has one, in staging none.
type tokens struct{ *world }

var _ commands.Tokens = (*tokens)(nil)

func (x *tokens) service() *ci.Service {
	return ci.New(ci.Options{Store: tokenRows{x.world}, Who: x.world, Refusals: tokenRows{x.world}})
}

func (x *tokens) Issue(ctx context.Context, o deploy.Origin, a bcn.Actor, app, env string, life time.Duration) (bcn.Token, ci.Secret, error) {
	return x.service().Issue(ctx, o, a, app, env, life)
}

func (x *tokens) Rotate(ctx context.Context, o deploy.Origin, a bcn.Actor, app, env string, life time.Duration) (bcn.Token, ci.Secret, error) {
	return x.service().Rotate(ctx, o, a, app, env, life)
}

func (x *tokens) Revoke(ctx context.Context, o deploy.Origin, a bcn.Actor, app, env string) error {
	return x.service().Revoke(ctx, o, a, app, env)
}

type tokenRows struct{ w *world }

func (r tokenRows) Heritage(_ context.Context, app, env string) (bcn.Heritage, error) {
	for _, h := range r.w.heritages {
		if h.App == app && h.Env == env {
			return h, nil
		}
	}
	return bcn.Heritage{}, deploy.ErrNone
}

func (tokenRows) NewToken(_ context.Context, _ deploy.Origin, t bcn.Token, _ []byte, life time.Duration, over bool, _ func(bcn.Change) []deploy.Note) (bcn.Token, error) {
	if t.Env == "production" && !over {
		return t, bcn.E(bcn.CodeTokenExists, "app", t.App, "env", t.Env, "expires", "2027-03-01")
	}
	t.ID, t.IssuedAt, t.ExpiresAt = 1042, start, start.Add(life)
	return t, nil
}

func (tokenRows) RevokeTokens(_ context.Context, _ deploy.Origin, _ bcn.Actor, heritage string, _ func(bcn.Change) []deploy.Note) (int, error) {
	return map[string]int{"hello": 1}[heritage], nil
}

func (tokenRows) UseToken(context.Context, bcn.ID, []byte) (bcn.Token, error) {
	return bcn.Token{}, deploy.ErrNone
}

func (tokenRows) Change(context.Context, bcn.ID) (bcn.Change, error) {
	return bcn.Change{}, deploy.ErrNone
}

func (tokenRows) AskedOnce(context.Context, string) (bcn.Change, error) {
	return bcn.Change{}, deploy.ErrNone
}

func (tokenRows) Refuse(_ context.Context, _ bcn.Actor, _ bcn.ID, _ string, cause error) error {
	return cause
}

func TestTokens(t *testing.T) {
	t.Parallel()
	dana, stranger := "U0DEV", "U0STRANGER"
	random := regexp.MustCompile(`bcn_1042_[A-Za-z0-9_-]{43}`)
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range []turn{
				{user: dana, text: "token"},
				{user: dana, text: "token issue --help"},
				{user: dana, text: "token issue hello staging"},
				{user: dana, text: "token issue hello staging --expires 30d"},
				{user: dana, text: "token issue hello staging --expires 3y"},
				{user: dana, text: "token issue hello staging --expires never"},
				{user: dana, text: "token issue hello production"},
				{user: dana, text: "token issue helo staging"},
				{user: stranger, text: "token issue hello staging"},
				{user: dana, text: "token rotate hello production"},
				{user: dana, action: chat.ActionTyped, value: "token rotate hello production"},
				{user: dana, action: chat.ActionTyped, value: "token revoke hello production"},
				{user: dana, text: "token revoke hello production"},
				{user: dana, text: "token revoke hello staging"},
			} {
				said := x.text
				if x.action != "" {
					said = fmt.Sprintf("[%s %s]", x.action, x.value)
				}
				told := answer(t, x, lang)
				if random.MatchString(told) {
					t.Errorf("%s: a token is in a message", said)
				}
				fmt.Fprintf(&b, "### %s: %s\n%s", x.user, said, told)
				if m, _, _ := registry(t, sample()).Run(context.Background(), x.request(), x.request().Actor(), deploy.Origin{}, lang); m.Modal != nil {
					window := showWindow(*m.Modal)
					if !random.MatchString(window) || random.MatchString(m.Modal.State) {
						t.Errorf("%s: the token is not in the window, or in what comes back from it", said)
					}
					b.WriteString(random.ReplaceAllString(window, "bcn_1042_…"))
				}
				b.WriteString("\n")
			}
			golden(t, "testdata/tokens."+lang+".golden", b.String())
		})
	}
}
