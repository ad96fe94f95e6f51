package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

type secretListArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
}

// secretList shows names, never values, with what reads each of them.
func (r *Registry) secretList(ctx context.Context, a asked, g *secretListArgs) (chat.Message, error) {
	h, err := r.heritage(ctx, a, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	list, err := r.secrets.ListSecrets(ctx, a.actor, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	args := text.Args{"app": g.App, "env": g.Env, "heritage": h.Name, "Count": len(list)}
	if len(list) == 0 {
		return say(r.text.Say(a.lang, text.ReplyNoSecrets, args)), nil
	}
	title := r.text.Say(a.lang, text.ReplySecrets, args)
	body := title
	for _, v := range list[:min(len(list), maxListed)] {
		body += "\n• " + r.secretLine(a.lang, v)
	}
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: body}}}
	return r.more(a, m, len(list)-maxListed), nil
}

func (r *Registry) secretLine(lang string, v deploy.SecretView) chat.Markup {
	args := text.Args{"name": v.Name, "path": v.Path, "used": joined(v.UsedBy), "version": 0, "changed": chat.Markup("")}
	if v.There == nil {
		return r.text.Say(lang, text.ReplySecretMissing, args)
	}
	args["version"], args["changed"], args["plain"] = v.There.Version, text.When(v.There.Changed), !v.There.Secure
	return r.text.Say(lang, text.ReplySecretLine, args)
}

type secretSetArgs struct {
	App    string `arg:"" live:"app"`
	Env    string `arg:"" live:"env"`
	Name   string `arg:"" kind:"secret-name"`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
}

// guard recognises a value that was typed before anything of it could be said
// back, as what is wrong with other commands is.
func (g *secretSetArgs) guard(rest string) error {
	if at := flagAt("reason").FindStringIndex(rest); at != nil {
		rest = rest[:at[0]]
	}
	if words := strings.Fields(words(rest)); len(words) > 3 || strings.ContainsAny(rest, "=\n") {
		return bcn.E(bcn.CodeSecretTyped)
	}
	return nil
}

func (g *secretSetArgs) check() error { return deploy.CheckSecretName(g.Name) }

// secretSet opens the window in which the value is written.
func (r *Registry) secretSet(ctx context.Context, a asked, g *secretSetArgs) (chat.Message, error) {
	h, err := r.heritage(ctx, a, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	v, err := r.secrets.Secret(ctx, a.actor, g.App, g.Env, g.Name)
	if err != nil {
		return chat.Message{}, err
	}
	if v.There != nil && !v.There.Secure {
		return chat.Message{}, bcn.E(bcn.CodeSecretPlain, "path", v.Path)
	}
	m := r.window(a.lang, chat.ActionSecretSet)
	m.State = state{App: g.App, Env: g.Env, Name: g.Name, District: h.District, Key: v.Key, Reason: g.Reason}.String()
	m.Submit = r.text.Plain(a.lang, text.ModalSecretSubmit, nil)
	args := text.Args{"name": g.Name, "app": g.App, "env": g.Env, "path": v.Path, "key": v.Key, "used": joined(v.UsedBy), "version": 0, "changed": chat.Markup("")}
	if v.There != nil {
		args["version"], args["changed"] = v.There.Version, text.When(v.There.Changed)
	}
	m.Body = []chat.Block{{Section: r.text.Say(a.lang, text.ModalSecretBody, args)}}
	m.Inputs = []chat.Input{{
		Name: secretInput, Lines: true, Label: r.text.Plain(a.lang, text.ModalSecretLabel, args),
		Hint: r.text.Plain(a.lang, text.ModalSecretHint, nil),
	}}
	return r.opens(a, m, text.ReplySecretOpen, text.ButtonSecretOpen, g, args), nil
}

type secretUnsetArgs struct {
	App    string `arg:"" live:"app"`
	Env    string `arg:"" live:"env"`
	Name   string `arg:"" kind:"secret-name"`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
}

func (g *secretUnsetArgs) check() error { return deploy.CheckSecretName(g.Name) }

func (r *Registry) secretUnset(ctx context.Context, a asked, g *secretUnsetArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{
		Kind: bcn.KindSecret, App: g.App, Env: g.Env, Reason: g.Reason, Secret: &deploy.SecretWish{Op: bcn.SecretUnset, Name: g.Name},
	})
}

// secretSent asks for the change of a value that is waiting. Where that is
// refused the value is thrown away; an error of ours is tried again with it.
func (r *Registry) secretSent(ctx context.Context, a asked, key string, s state) (chat.Message, error) {
	m, err := r.ask(ctx, a, deploy.Wish{
		Kind: bcn.KindSecret, App: s.App, Env: s.Env, Reason: s.Reason,
		Secret: &deploy.SecretWish{Op: bcn.SecretSet, Name: s.Name, Token: secretToken(key)},
	})
	if slices.Contains([]bcn.Code{"", bcn.CodeInternal}, bcn.CodeOf(err)) {
		return m, err
	}
	// What cannot be thrown away now is found later: no change waits for it.
	_ = r.secrets.DropSecret(ctx, a.actor, s.District, secretToken(key))
	return m, err
}
