package commands

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/ci"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// Tokens are the use cases of CI's tokens; see ci.Service.
type Tokens interface {
	Issue(ctx context.Context, o deploy.Origin, actor bcn.Actor, app, env string, life time.Duration) (bcn.Token, ci.Secret, error)
	Rotate(ctx context.Context, o deploy.Origin, actor bcn.Actor, app, env string, life time.Duration) (bcn.Token, ci.Secret, error)
	Revoke(ctx context.Context, o deploy.Origin, actor bcn.Actor, app, env string) error
}

// tokenLife is how long a token works.
type tokenLife struct {
	Expires string `name:"expires" placeholder:"90d" kind:"token-expires"`

	life time.Duration
}

func (g *tokenLife) check() (err error) {
	g.life = ci.DefaultLife
	if g.Expires != "" {
		g.life, err = span{"expires", "90d", 24 * time.Hour, ci.MaxLife}.read(g.Expires)
	}
	return err
}

type tokenIssueArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
	tokenLife
}

func (r *Registry) tokenIssue(ctx context.Context, a asked, g *tokenIssueArgs) (chat.Message, error) {
	t, secret, err := r.tokens.Issue(ctx, a.origin, a.actor, g.App, g.Env, g.life)
	if err != nil {
		return chat.Message{}, err
	}
	return r.tokenShown(a, t, secret, g.tokenLife), nil
}

type tokenRotateArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
	tokenLife
}

func (r *Registry) tokenRotate(ctx context.Context, a asked, g *tokenRotateArgs) (chat.Message, error) {
	t, secret, err := r.tokens.Rotate(ctx, a.origin, a.actor, g.App, g.Env, g.life)
	if err != nil {
		return chat.Message{}, err
	}
	return r.tokenShown(a, t, secret, g.tokenLife), nil
}

// tokenShown puts a token into a window, once. Where no window could be opened
// nobody has seen it: the button makes another in its place.
func (r *Registry) tokenShown(a asked, t bcn.Token, secret ci.Secret, life tokenLife) chat.Message {
	args := text.Args{"app": t.App, "env": t.Env, "until": text.When(t.ExpiresAt)}
	m := r.window(a.lang, chat.ActionToken)
	m.Close = r.text.Plain(a.lang, text.ModalTokenClose, nil)
	m.Body = []chat.Block{
		{Section: r.text.Say(a.lang, text.ModalTokenBody, args)},
		{Code: secret.Reveal()},
		{Context: r.text.Say(a.lang, text.ModalTokenUse, args)},
	}
	a.verb = find("token rotate")
	return r.opens(a, m, text.ReplyTokenOpen, text.ButtonTokenOpen, &tokenRotateArgs{App: t.App, Env: t.Env, tokenLife: life}, args)
}

type tokenRevokeArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
}

func (r *Registry) tokenRevoke(ctx context.Context, a asked, g *tokenRevokeArgs) (chat.Message, error) {
	if err := r.tokens.Revoke(ctx, a.origin, a.actor, g.App, g.Env); err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyTokenRevoked, text.Args{"app": g.App, "env": g.Env})), nil
}
