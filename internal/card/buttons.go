package card

import (
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// buttons are what can be done with a change now. A button's value is the
// change's number and carries no authority.
func (p *Presenter) buttons(v View) []chat.Button {
	return append(p.stateButtons(v), p.holdButtons(v)...)
}

func (p *Presenter) stateButtons(v View) []chat.Button {
	c := v.Change
	if b := p.restarts(v); len(b) > 0 {
		return b
	}
	switch {
	case c.Parked || c.State == bcn.ChangeBlocked:
		return []chat.Button{p.button(c, chat.ActionReplay, text.ButtonReplay, chat.Plain), p.cancel(c)}
	case c.State == bcn.ChangeWaiting:
		approve := p.button(c, chat.ActionApprove, text.ButtonApprove, chat.Primary)
		approve.Confirm = p.confirm(text.ConfirmApproveTitle, text.ConfirmApproveText, text.Args{"id": c.ID.String(), "hash": short(v.Hash), "app": c.App, "env": c.Env, "tag": c.Tag})
		return []chat.Button{
			approve, p.button(c, chat.ActionReject, text.ButtonReject, chat.Danger),
			p.button(c, chat.ActionCancel, text.ButtonCancel, chat.Plain),
		}
	case c.State == bcn.ChangeApplying:
		if shift := p.shiftButtons(v); shift != nil {
			return shift
		}
		return []chat.Button{p.cancel(c)}
	case c.State == bcn.ChangeQueued || c.State == bcn.ChangeWaitingTurn || c.State == bcn.ChangePlanning:
		return []chat.Button{p.button(c, chat.ActionCancel, text.ButtonCancel, chat.Plain)}
	case p.again(c):
		label := text.ButtonPlanAgain
		if c.Kind.Access() || c.State == bcn.ChangeClosed && notGiven[c.Code] {
			label = text.ButtonAskAgain
		}
		out := []chat.Button{p.button(c, chat.ActionPlanAgain, label, chat.Plain)}
		if c.Kind.Rewrites() {
			out = append(out, p.button(c, chat.ActionChange, text.ButtonChange, chat.Plain))
		}
		return out
	default:
		if b, ok := p.undo(c); ok {
			return []chat.Button{b}
		}
		return nil
	}
}

// askedInVain are the ends of requests after which it is asked again as a rule.
var askedInVain = map[bcn.Code]bool{
	bcn.CodeRejected: true, bcn.CodeExpired: true, bcn.CodeSuperseded: true, bcn.CodePlanMoved: true, bcn.CodeNoApprover: true,
}

// notGiven are the ends at which nobody gave what was asked for.
var notGiven = map[bcn.Code]bool{bcn.CodeRejected: true, bcn.CodeExpired: true, bcn.CodeNoApprover: true}

// again says whether it makes sense to ask for the same once more.
func (p *Presenter) again(c bcn.Change) bool {
	if c.Kind.Access() {
		return c.State == bcn.ChangeClosed
	}
	if c.State == bcn.ChangeClosed && askedInVain[c.Code] {
		return c.Kind.Repeats()
	}
	if !c.Kind.Releases() || !c.State.Ended() || c.State == bcn.ChangeSucceeded {
		return false
	}
	return c.Code != bcn.CodeNoChange
}

// cancel asks once more where something runs.
func (p *Presenter) cancel(c bcn.Change) chat.Button {
	if c.State.BeforeApplying() {
		return p.button(c, chat.ActionCancel, text.ButtonCancel, chat.Plain)
	}
	b := p.button(c, chat.ActionCancel, text.ButtonCancel, chat.Danger)
	b.Confirm = p.confirm(text.ConfirmCancelTitle, text.ConfirmCancelText, text.Args{"id": c.ID.String()})
	return b
}

func (p *Presenter) button(c bcn.Change, a chat.Action, label text.ID, s chat.Style) chat.Button {
	return chat.Button{Action: a, Value: c.ID.String()[1:], Label: p.text.Plain(p.lang, label, nil), Style: s}
}

func (p *Presenter) confirm(title, body text.ID, args text.Args) *chat.Confirm {
	return &chat.Confirm{
		Title: p.text.Plain(p.lang, title, args), Text: p.text.Plain(p.lang, body, args),
		Yes: p.text.Plain(p.lang, text.ConfirmYes, nil), No: p.text.Plain(p.lang, text.ConfirmNo, nil),
	}
}
