package commands

import (
	"errors"
	"reflect"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// Immediate answers what needs nothing but the text: help and mistakes in the
// spelling. It answers false for all else, and for
// every click and window. It is pure and fast enough for an acknowledgement.
func (r *Registry) Immediate(req chat.Request, lang string) (chat.Message, bool) {
	if req.Source == chat.FromClick || req.Source == chat.FromModal {
		return chat.Message{}, false
	}
	if req.Wrong != "" {
		return r.mistook(req, lang), true
	}
	c, err := parse(req.Text, r.command)
	a := asked{verb: c.verb, lang: lang}
	switch {
	case err != nil:
		return r.mistake(a, c, err), true
	case c.typo != "" && namesLive(c.grammar):
		return chat.Message{}, false // the answer needs live names
	case c.typo != "":
		full := c.verb.name
		if !c.help {
			full = typed(c.verb.name, c.grammar)
		}
		return r.unknownVerb(a, c.typo, full), true
	case c.help:
		return r.helpFor(a, c.verb), true
	case c.verb.name == "help":
		g, ok := c.grammar.(*helpArgs)
		if !ok {
			return chat.Message{}, false
		}
		return r.helpWith(a, g), true
	default:
		return chat.Message{}, false
	}
}

// mistake is the answer to a text that does not parse.
func (r *Registry) mistake(a asked, c command, err error) chat.Message {
	if c.typo != "" && c.verb != nil {
		return r.unknownVerb(a, c.typo, usages(c.verb.name, c.verb.grammar())[0])
	}
	var p problem
	var e *bcn.Error
	if errors.As(err, &e) && e.Code == bcn.CodeUsage && errors.As(err, &p) {
		if v := find(e.Params["verb"]); v != nil { // also of a command that is to be scheduled
			return r.misused(a, v, p)
		}
	}
	return say(r.text.Error(a.lang, err))
}

// unknownVerb says what was probably meant.
func (r *Registry) unknownVerb(a asked, typo, suggestion string) chat.Message {
	return say(r.text.Error(a.lang, bcn.E(bcn.CodeUnknownVerb, "verb", typo, "suggestion", suggestion)))
}

// misused says what is wrong with the command, and shows how it is used.
func (r *Registry) misused(a asked, v *verb, p problem) chat.Message {
	args := text.Args{"word": p.word, "suggestion": p.suggestion}
	if p.id == problemMissing || p.id == problemFlags {
		args["word"] = joined(strings.Fields(p.word))
	}
	if p.id == text.ProblemAuditKind {
		args["families"] = joined(auditFamilies())
	}
	line := r.text.Say(a.lang, p.id, args)
	return chat.Message{Text: line, Blocks: []chat.Block{
		{Section: line},
		{Code: r.usage(v)},
		{Context: r.text.Say(a.lang, text.ReplyUsageHint, text.Args{"verb": v.name})},
	}}
}

// namesLive says that the grammar holds a name of something that may exist.
func namesLive(grammar any) bool {
	for _, f := range fields(grammar) {
		if f.live != "" && f.value.Kind() == reflect.String && f.value.String() != "" {
			return true
		}
	}
	return false
}

// say is a message of one sentence.
func say(m chat.Markup) chat.Message {
	return chat.Message{Text: m, Blocks: []chat.Block{{Section: m}}}
}
