package card

import (
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// shift tells where the traffic of a service is; nothing where it is not
// shifted, or there is nothing to shift it from.
func (p *Presenter) shift(r deploy.Rollout) chat.Markup {
	s := r.Shift
	if s == nil || s.First {
		return ""
	}
	args := text.Args{"service": r.Service, "percent": s.Percent, "until": ""}
	if s.Until != nil {
		args["until"] = text.When(*s.Until)
	}
	switch {
	case s.Back:
		return p.say(text.CardShiftBack, args)
	case s.Waiting() && s.Percent == 0:
		return p.say(text.CardShiftGreen, args)
	case s.Waiting():
		return p.say(text.CardShiftWaits, args)
	case s.Percent >= 100:
		return p.say(text.CardShiftBakes, args)
	case s.Percent > 0:
		return p.say(text.CardShiftPart, args)
	default:
		return p.say(text.CardShiftStarts, args)
	}
}

// shiftButtons let people shift the traffic of what waits, and take it back
// while the old tasks are there: that is what cancel does then.
func (p *Presenter) shiftButtons(v View) []chat.Button {
	is := func(f func(*deploy.Shift) bool) bool {
		return slices.ContainsFunc(v.Rollouts, func(r deploy.Rollout) bool { return f(r.Shift) })
	}
	if v.Change.State != bcn.ChangeApplying || !is((*deploy.Shift).Reversible) {
		return nil
	}
	args := text.Args{"id": v.Change.ID.String()}
	var out []chat.Button
	if is((*deploy.Shift).Waiting) {
		on := p.button(v.Change, chat.ActionShift, text.ButtonShift, chat.Primary)
		on.Confirm = p.confirm(text.ConfirmShiftTitle, text.ConfirmShiftText, args)
		out = append(out, on)
	}
	back := p.button(v.Change, chat.ActionCancel, text.ButtonShiftBack, chat.Danger)
	back.Confirm = p.confirm(text.ConfirmShiftBackTitle, text.ConfirmShiftBackText, args)
	return append(out, back)
}

// shifting tells once of each pause that somebody is waited for, who ended it,
// and why traffic goes back.
func (p *Presenter) shifting(m deploy.Moment) []deploy.Note {
	var notes []deploy.Note
	for _, r := range m.Rollouts {
		s := r.Shift
		switch {
		case s == nil || s.First:
		case s.Back:
			notes = append(notes, thread("shift_back:"+s.Deployment, p.say(text.ThreadShiftBack, text.Args{"service": r.Service, "why": s.Why})))
		case s.Waiting():
			notes = append(notes, p.paused(m, r))
		}
	}
	return notes
}

func (p *Presenter) paused(m deploy.Moment, r deploy.Rollout) deploy.Note {
	s := r.Shift
	args := text.Args{"service": r.Service, "percent": s.Percent, "who": mention(m.Change.Requester), "id": m.Change.ID.String()[1:], "until": ""}
	if s.Until != nil {
		args["until"] = text.When(*s.Until)
	}
	if i := slices.IndexFunc(m.Orders, func(o deploy.ShiftOrder) bool { return o.Hook == s.Hook }); i >= 0 {
		args["who"] = chat.Mention(m.Orders[i].By)
		return thread("shift_ordered:"+s.Hook, p.say(text.ThreadShiftOrdered, args))
	}
	return thread("shift_waits:"+s.Hook, p.say(text.ThreadShiftWaits, args))
}
