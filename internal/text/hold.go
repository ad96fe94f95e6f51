package text

import (
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
)

// The parts of what is said of a lock or a freeze.
const (
	holdWhy  ID = "hold.why"  // the reason; takes from, to, reason
	holdSpan ID = "hold.span" // takes since, until
	holdWhat ID = "hold.what" // takes app, env
	holdLine ID = "hold.line" // takes by, frozen, what, span, why
)

// Hold says who locked or froze what, since when, until when, and why.
func (c *Catalogue) Hold(lang string, h bcn.Hold) chat.Markup {
	args := Args{"from": h.From, "to": h.To, "reason": h.Reason, "since": h.Since, "until": ""}
	if h.From == 0 {
		args["from"] = ""
	}
	if h.Until != nil {
		args["until"] = *h.Until
	}
	return c.Say(lang, holdLine, Args{
		"by": chat.Mention(h.Owner), "frozen": h.Kind == bcn.HoldFreeze, "what": c.Held(lang, h),
		"span": c.Say(lang, holdSpan, args), "why": c.Say(lang, holdWhy, args),
	})
}

// Held says what is locked or frozen.
func (c *Catalogue) Held(lang string, h bcn.Hold) chat.Markup {
	return c.Say(lang, holdWhat, Args{"app": h.App, "env": h.Env})
}

// heldArgs are the parts of a sentence about a hold, of the params of its code.
func (c *Catalogue) heldArgs(lang string, params map[string]string, args Args) {
	parts := Args{"from": params["from"], "to": params["to"], "reason": params["reason"], "since": "", "until": ""}
	for _, k := range []string{"since", "until"} {
		if at, err := time.Parse(time.RFC3339, params[k]); err == nil {
			parts[k] = at
		}
	}
	args["span"], args["why"] = c.Say(lang, holdSpan, parts), c.Say(lang, holdWhy, parts)
}
