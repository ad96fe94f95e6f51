package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// wrong is a word that names nothing that exists.
type wrong struct {
	what       string // verb, app, env, district, endpoint
	typed      string
	within     string // the app of an environment
	suggestion string // empty: nothing is near
}

// correct looks every name of a command up. All right: it answers false. One
// name wrong: an error of its own with a suggestion. The verb or several words
// wrong: a message with the whole command to type instead.
func (r *Registry) correct(ctx context.Context, a asked, c command) (chat.Message, bool, error) {
	bad, err := r.lookUp(ctx, a, c.grammar)
	if err != nil {
		return chat.Message{}, false, err
	}
	if c.typo != "" {
		bad = append([]wrong{{what: "verb", typed: c.typo, suggestion: c.verb.name}}, bad...)
	}
	if len(bad) == 0 {
		return chat.Message{}, false, nil
	}
	full := ""
	if !slices.ContainsFunc(bad, func(w wrong) bool { return w.suggestion == "" }) {
		full = r.command + " " + typed(c.verb.name, c.grammar) // lookUp put the suggestions in
	}
	if len(bad) == 1 && c.typo == "" {
		return chat.Message{}, false, bad[0].err(full)
	}
	return r.corrections(a.lang, bad, full), true, nil
}

// lookUp compares the grammar's live fields with what exists, and replaces
// wrong ones by what they most likely meant.
func (r *Registry) lookUp(ctx context.Context, a asked, grammar any) ([]wrong, error) {
	var bad []wrong
	app := ""
	for _, f := range fields(grammar) {
		if f.live == "" || f.value.String() == "" {
			continue
		}
		value := f.value.String()
		exist, err := r.names(ctx, f.live, app)
		if err != nil {
			return nil, fmt.Errorf("names of %s: %w", f.live, err)
		}
		if !slices.ContainsFunc(exist, func(n named) bool { return n.name == value }) {
			visible, err := r.mayName(ctx, a, exist)
			if err != nil {
				return nil, err
			}
			w := wrong{what: f.live, typed: clip(value), within: app, suggestion: nearest(value, visible)}
			bad = append(bad, w)
			if value = w.suggestion; value != "" {
				f.value.SetString(value)
			}
		}
		if f.live == "app" {
			app = value // empty where it is unknown and nothing is near
		}
	}
	return bad, nil
}

// named is a name that exists, and what a rule needs to know to show it.
type named struct{ name, verb, app, env, district string }

// names lists what exists: the environments of an app where that is known.
func (r *Registry) names(ctx context.Context, what, app string) ([]named, error) {
	var out []named
	switch what {
	case "app", "env":
		heritages, err := r.reads.Heritages(ctx)
		if err != nil {
			return nil, err
		}
		known := slices.ContainsFunc(heritages, func(h bcn.Heritage) bool { return h.App == app })
		for _, h := range heritages {
			if what == "app" {
				out = append(out, named{h.App, "apps", h.App, h.Env, h.District})
			} else if !known || h.App == app { // of an unknown app, any environment will do
				out = append(out, named{h.Env, "apps", h.App, h.Env, h.District})
			}
		}
	case "district", "frozen":
		districts, err := r.reads.Districts(ctx)
		if err != nil {
			return nil, err
		}
		if what == "frozen" {
			return r.freezable(ctx, districts)
		}
		for _, d := range districts {
			out = append(out, named{d.Name, "district list", "", "", d.Name})
		}
	case "endpoint":
		endpoints, err := r.reads.Endpoints(ctx)
		if err != nil {
			return nil, err
		}
		for _, e := range endpoints {
			out = append(out, named{e.Name, "endpoint list", "", "", e.District})
		}
	}
	return out, nil
}

// freezable are the environments that districts serve, those that are frozen
// though none does any more, and all.
func (r *Registry) freezable(ctx context.Context, districts []bcn.District) ([]named, error) {
	out := []named{{everyEnv, "locks", "", "", ""}}
	for _, d := range districts {
		for _, env := range d.Environments {
			out = append(out, named{env, "locks", "", env, d.Name})
		}
	}
	held, err := r.holds.HoldViews(ctx)
	for _, v := range held {
		if frozen(v.Hold) && v.Hold.Env != "" {
			out = append(out, named{v.Hold.Env, "locks", "", v.Hold.Env, ""})
		}
	}
	return out, err
}

// mayName keeps the names that the actor may see: only those are suggested.
// Somebody who may see none of them, and may not use the verb either, is told
// that, and not what exists.
func (r *Registry) mayName(ctx context.Context, a asked, exist []named) ([]string, error) {
	var visible []string
	for _, n := range exist {
		if !slices.Contains(visible, n.name) && r.who.Allow(ctx, a.actor, n.verb, n.app, n.env, n.district) == nil {
			visible = append(visible, n.name)
		}
	}
	if len(exist) > 0 && len(visible) == 0 && a.verb.rule != "" {
		return nil, r.who.Allow(ctx, a.actor, a.verb.name, "", "", "")
	}
	return visible, nil
}

// err is the error of a single wrong word.
func (w wrong) err(full string) error {
	switch w.what {
	case "app":
		return bcn.E(bcn.CodeUnknownApp, "app", w.typed, "suggestion", w.suggestion, "command", full)
	case "env", "frozen":
		return bcn.E(bcn.CodeUnknownEnv, "app", w.within, "env", w.typed, "suggestion", w.suggestion, "command", full)
	default:
		return bcn.E(bcn.CodeUnknownName, "what", w.what, "name", w.typed, "suggestion", w.suggestion, "command", full)
	}
}

// corrections lists each wrong word and what it probably meant, and the whole
// command, ready to be copied.
func (r *Registry) corrections(lang string, bad []wrong, full string) chat.Message {
	list := r.text.Say(lang, text.ReplyCorrections, nil)
	for _, w := range bad {
		list += "\n• " + r.text.Say(lang, correction(w.what), text.Args{
			"typed": w.typed, "suggestion": w.suggestion, "app": w.within,
		})
	}
	if full == "" {
		list += "\n" + r.text.Say(lang, text.ReplyCorrectionsHint, nil)
		return say(list)
	}
	line := r.text.Say(lang, text.ReplyDidYouMean, text.Args{"command": full})
	return chat.Message{Text: line, Blocks: []chat.Block{
		{Section: list}, {Section: r.text.Say(lang, text.ReplyTypeThis, nil)}, {Code: full},
	}}
}

func correction(what string) text.ID {
	switch what {
	case "verb":
		return text.ReplyWrongVerb
	case "app":
		return text.ReplyWrongApp
	case "env", "frozen":
		return text.ReplyWrongEnv
	case "district":
		return text.ReplyWrongDistrict
	default:
		return text.ReplyWrongEndpoint
	}
}
