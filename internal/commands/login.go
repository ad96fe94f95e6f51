package commands

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// Logins let people show which GitHub account is theirs.
type Logins interface {
	// Begin answers the code that the person enters at GitHub. Errors: login_off,
	// login_mapped, already_linked, refused_person, could_not_check.
	Begin(ctx context.Context, o deploy.Origin, actor bcn.Actor) (bcn.LoginCode, error)
	// Forget takes back what they linked, and answers the login. Errors:
	// not_linked, refused_person, could_not_check.
	Forget(ctx context.Context, o deploy.Origin, actor bcn.Actor) (string, error)
}

type loginArgs struct {
	Forget bool `name:"forget" kind:"login-forget"`
}

func (r *Registry) login(ctx context.Context, a asked, g *loginArgs) (chat.Message, error) {
	if g.Forget {
		name, err := r.logins.Forget(ctx, a.origin, a.actor)
		if err != nil {
			return chat.Message{}, err
		}
		return say(r.text.Say(a.lang, text.ReplyForgotten, text.Args{"login": name})), nil
	}
	if err := r.who.Allow(ctx, a.actor, "login", "", "", ""); err != nil {
		return chat.Message{}, err
	}
	d, err := r.logins.Begin(ctx, a.origin, a.actor)
	if err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyLogin, text.Args{
		"code": d.Code, "url": chat.Link(d.URL, d.URL), "minutes": int(d.Within / time.Minute),
	})), nil
}
