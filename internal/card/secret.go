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

// restart offers what makes a secret that was written count for what runs.
func (p *Presenter) restart(v View) (chat.Button, bool) {
	if v.Change.State != bcn.ChangeSucceeded || v.Plan == nil || v.Plan.Secret == nil {
		return chat.Button{}, false
	}
	own := len(v.Plan.Secret.UsedBy)
	for _, other := range v.Plan.Secret.Shared { // those are restarted by themselves
		own -= len(other.Reads)
	}
	if own <= 0 {
		return chat.Button{}, false
	}
	return chat.Button{
		Action: chat.ActionTyped, Value: "restart " + v.Change.App + " " + v.Change.Env,
		Label: p.text.Plain(p.lang, text.ButtonRestart, nil), Style: chat.Primary,
	}, true
}
