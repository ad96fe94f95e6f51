package commands

import (
	"context"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

type deleteArgs struct {
	App     string `arg:"" live:"app"`
	Env     string `arg:"" live:"env"`
	Confirm string `name:"confirm" placeholder:"HERITAGE" kind:"confirm"`
	Reason  string `name:"reason" placeholder:"TEXT" free:""`
}

// remove asks to type the heritage's name in a window, unless the command says
// it already. Nothing is deleted before the plan is known and approved.
func (r *Registry) remove(ctx context.Context, a asked, g *deleteArgs) (chat.Message, error) {
	if g.Confirm != "" {
		return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDelete, App: g.App, Env: g.Env, Reason: g.Reason, Confirm: g.Confirm})
	}
	h, err := r.heritage(ctx, a, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	args := text.Args{"app": g.App, "env": g.Env, "heritage": h.Name, "district": h.District}
	m := r.window(a.lang, chat.ActionDelete)
	m.State = state{App: g.App, Env: g.Env, Heritage: h.Name, Reason: g.Reason}.String()
	m.Submit = r.text.Plain(a.lang, text.ModalDeleteSubmit, nil)
	m.Body = []chat.Block{{Section: r.text.Say(a.lang, text.ModalDeleteBody, args)}}
	m.Inputs = []chat.Input{{Name: confirmInput, Label: r.text.Plain(a.lang, text.ModalDeleteLabel, args), Placeholder: h.Name, Max: 100}}
	return r.opens(a, m, text.ReplyDeleteOpen, text.ButtonDeleteOpen, g, args), nil
}
