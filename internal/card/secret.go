package card

import (
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// secretWish is what the first line says of a secret: never its value.
func secretWish(w deploy.Wish) text.Args {
	if w.Secret == nil {
		return text.Args{"op": "", "secret": ""}
	}
	return text.Args{"op": w.Secret.Op, "secret": w.Secret.Name}
}

// restarts offer what makes a secret that was written count for what runs: its
// own app and environment, and each other one that reads it.
func (p *Presenter) restarts(v View) []chat.Button {
	if v.Change.State != bcn.ChangeSucceeded || v.Plan == nil || v.Plan.Secret == nil {
		return nil
	}
	var out []chat.Button
	own := len(v.Plan.Secret.UsedBy)
	for _, other := range v.Plan.Secret.Shared {
		own -= len(other.Reads) // they are named among the readers
		if len(other.Reads) > 0 && len(out) < maxRestarts-1 {
			out = append(out, chat.Button{
				Action: chat.ActionTyped, Value: "restart " + other.App + " " + other.Env,
				Label: p.text.Plain(p.lang, text.ButtonRestartOther, text.Args{"app": other.App, "env": other.Env}),
			})
		}
	}
	if own > 0 {
		out = append([]chat.Button{{
			Action: chat.ActionTyped, Value: "restart " + v.Change.App + " " + v.Change.Env,
			Label: p.text.Plain(p.lang, text.ButtonRestart, nil), Style: chat.Primary,
		}}, out...)
	}
	return out
}

// maxRestarts bounds the buttons below a card.
const maxRestarts = 5
