package card

import (
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// operation is what the first line says of a rollback, a restart and their
// like. Of variables it has the names: a value is never shown.
func operation(w deploy.Wish) text.Args {
	return text.Args{
		"release": w.Release, "service": w.Service, "Count": w.Count, "from": w.From,
		"set": codes(slices.Sorted(maps.Keys(w.Set))), "unset": codes(w.Unset),
	}
}

// takesOver says which release a rollback or a promotion takes over, and what
// it leaves as it is.
func (p *Presenter) takesOver(pl *bcn.Plan) chat.Markup {
	switch {
	case pl == nil:
		return ""
	case pl.Restores != 0:
		return p.say(text.CardRestores, text.Args{"release": pl.Restores})
	case pl.From == nil:
		return ""
	}
	out := []string{string(p.say(text.CardPromotes, text.Args{
		"release": pl.From.Release, "from": pl.From.Env, "env": pl.Env, "differs": len(pl.From.Lines) > 0,
	}))}
	for i, l := range pl.From.Lines {
		if i == linesOnCard {
			out = append(out, string(p.say(text.CardMore, text.Args{"n": len(pl.From.Lines) - linesOnCard})))
			break
		}
		out = append(out, string(line(l)))
	}
	return chat.Markup(strings.Join(out, "\n"))
}

// ofOperation names what a release was made for, in the words that tell of its
// end.
func (p *Presenter) ofOperation(m deploy.Moment, args text.Args) {
	c := m.Change
	args["kind"] = string(c.Kind)
	args["what"] = p.say(text.KindID(c.Kind), text.Args{"app": c.App, "env": c.Env, "tag": c.Tag, "name": subjectName(c), "district": c.District})
	if m.Plan != nil && args["tag"] == "" {
		args["tag"] = m.Plan.Tag
	}
}

// undo offers to go back from a deploy or promotion that has succeeded.
func (p *Presenter) undo(c bcn.Change) (chat.Button, bool) {
	if c.State != bcn.ChangeSucceeded || (c.Kind != bcn.KindDeploy && c.Kind != bcn.KindPromote) {
		return chat.Button{}, false
	}
	b := p.button(c, chat.ActionRollback, text.ButtonRollback, chat.Plain)
	b.Confirm = p.confirm(text.ConfirmRollbackTitle, text.ConfirmRollbackText, text.Args{"app": c.App, "env": c.Env})
	return b, true
}
