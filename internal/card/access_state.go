package card

import (
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// grantMarks show at a glance where a grant stands.
var grantMarks = map[bcn.GrantState]string{
	bcn.GrantApproved: "🟢", bcn.GrantMinting: "🔵", bcn.GrantLive: "🔓", bcn.GrantEnding: "🟠", bcn.GrantEnded: "🔒",
	bcn.GrantEndFailed: "🚨", bcn.GrantExpired: "⚪\ufe0f", bcn.GrantCancelled: "⏹️",
}

// accessStatus says where the request stands, and once it was approved, the
// grant.
func (p *Presenter) accessStatus(v View) chat.Markup {
	g := v.Grant
	if g == nil {
		return p.status(v.Change)
	}
	args := p.grantArgs(v.Change, *g, v.Plan)
	args["mark"] = chat.Markup(grantMarks[g.State])
	return p.say(statusID(*g), args)
}

func statusID(g bcn.Grant) text.ID {
	switch g.State {
	case bcn.GrantApproved:
		return text.AccessApproved
	case bcn.GrantMinting:
		return text.AccessMinting
	case bcn.GrantLive:
		return text.AccessLive
	case bcn.GrantEnding:
		return text.AccessEnding
	case bcn.GrantEnded:
		return text.AccessEnded
	case bcn.GrantEndFailed:
		return text.AccessEndFailed
	case bcn.GrantExpired:
		return text.AccessExpired
	default:
		return text.AccessCancelled
	}
}

// grantArgs are what sentences about a grant are filled with.
func (p *Presenter) grantArgs(c bcn.Change, g bcn.Grant, pl *bcn.Plan) text.Args {
	open, closed := count(g)
	args := text.Args{
		"id": c.ID.String(), "number": c.ID.String()[1:], "who": mention(c.Requester), "key": fingerprint(&g), "by": p.by(g.By),
		"by_first_use": "", "until": "", "sessions": "", "closed": p.say(text.CardSessionsNone, nil), "verified": "", "why": p.whyEnded(g),
		"how": how(pl),
	}
	switch {
	case g.EndsAt != nil:
		args["until"] = text.When(*g.EndsAt)
	case !g.OpenUntil.IsZero():
		args["by_first_use"] = text.When(g.OpenUntil)
	}
	if open > 0 {
		args["sessions"] = p.say(text.CardSessions, text.Args{"Count": open})
	}
	if closed > 0 {
		args["closed"] = p.say(text.CardSessionsClosed, text.Args{"Count": closed})
	}
	if g.VerifiedAt != nil {
		args["verified"] = text.Clock(*g.VerifiedAt)
	}
	return args
}

// how says by what a plan may go: "" for an approval, "glass" without the one
// that its rule asks for, "free" where nobody has to approve.
func how(pl *bcn.Plan) string {
	switch {
	case pl == nil || len(pl.Needs) > 0:
		return ""
	case pl.Skips():
		return "glass"
	default:
		return "free"
	}
}

// count counts a grant's own sessions.
func count(g bcn.Grant) (open, closed int) {
	for _, s := range g.Sessions {
		switch {
		case s.Stranger:
		case s.Closed == nil:
			open++
		default:
			closed++
		}
	}
	return open, closed
}

// whyEnded says in a few words why a grant ended.
func (p *Presenter) whyEnded(g bcn.Grant) chat.Markup {
	if g.Why == "" {
		return ""
	}
	return p.say(text.GrantWhy(g.Why), text.Args{"by": p.by(g.By)})
}

// accessWhy explains an end: why the request came to nothing, or why a grant
// ended, with the cause where there is one.
func (p *Presenter) accessWhy(v View) chat.Markup {
	g := v.Grant
	if g == nil {
		return p.why(v.Change)
	}
	if g.State.Open() {
		if v.Change.Code == bcn.CodeUnavailable || v.Change.Code == bcn.CodeCouldNotCheck {
			return p.why(v.Change)
		}
		return ""
	}
	var out chat.Markup
	if why := p.whyEnded(*g); why != "" && g.State != bcn.GrantExpired {
		out = p.say(text.CardAccessWhy, text.Args{"why": why})
	}
	if c := v.Change; c.Code != "" && g.Why != bcn.WhyTime && g.Why != bcn.WhyDone {
		out += "\n" + p.explain(c.Code, c.Params)
	}
	if n := strangers(*g); n > 0 {
		out += "\n" + p.say(text.CardStrangers, text.Args{"Count": n})
	}
	until := usable(*g, v.Plan)
	if until != "" && (g.State == bcn.GrantEnding || g.State == bcn.GrantEndFailed) {
		out += "\n" + p.say(text.CardUsable, text.Args{"until": until})
	}
	if g.State == bcn.GrantEndFailed {
		out += "\n" + p.say(text.CardRunbook, nil)
	}
	return chat.Markup(trimLines(string(out)))
}

// usable is until when credentials that were handed over work though their
// grant was ended: STS has no call that takes them back. Empty where nothing new can be opened.
func usable(g bcn.Grant, pl *bcn.Plan) chat.Markup {
	if pl == nil || pl.Access == nil || pl.Access.ByBot || g.Mints == 0 || g.EndsAt == nil || g.EndedAt == nil || !g.EndsAt.After(*g.EndedAt) {
		return ""
	}
	return text.When(*g.EndsAt)
}

func strangers(g bcn.Grant) int {
	n := 0
	for _, s := range g.Sessions {
		if s.Stranger {
			n++
		}
	}
	return n
}

// accessButtons are what can be done with it now.
func (p *Presenter) accessButtons(v View) []chat.Button {
	c := v.Change
	if v.Grant == nil {
		out := p.buttons(v)
		for i := range out {
			if out[i].Action == chat.ActionApprove {
				out[i].Confirm = p.confirm(text.ConfirmApproveTitle, text.ConfirmAccessText, p.confirmArgs(v))
			}
		}
		return out
	}
	var out []chat.Button
	if c.Parked {
		out = append(out, p.button(c, chat.ActionReplay, text.ButtonReplay, chat.Plain))
	}
	if !v.Grant.State.Open() {
		return out
	}
	out = append(out, p.endAccess(c))
	if v.Grant.State != bcn.GrantApproved {
		out = append(out, p.button(c, chat.ActionAccessExtend, text.ButtonAccessExtend, chat.Plain))
	}
	return out
}

// confirmArgs repeat what is approved, in plain text.
func (p *Presenter) confirmArgs(v View) text.Args {
	args := text.Args{"id": v.Change.ID.String(), "hash": short(v.Hash), "where": "", "length": ""}
	if v.Plan != nil && v.Plan.Access != nil {
		a := *v.Plan.Access
		said := p.accessArgs(v.Change, a)
		said["task"], said["command"] = "", chat.Truncate(a.Command, 60) // it is cut at 300 characters
		args["where"], args["length"] = p.text.Plain(p.lang, text.Where(v.Change.Kind), said), seconds(p.lang, a.Seconds)
	}
	return args
}

// endAccess is the button of whoever is done.
func (p *Presenter) endAccess(c bcn.Change) chat.Button {
	b := p.button(c, chat.ActionAccessEnd, text.ButtonAccessDone, chat.Danger)
	b.Confirm = p.confirm(text.ConfirmAccessEndTitle, text.ConfirmAccessEndText, text.Args{"id": c.ID.String()})
	return b
}
