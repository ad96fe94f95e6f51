package card

import (
	"cmp"
	"strconv"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// waitersShown bounds the changes that a message about a hold lists.
const waitersShown = 10

// Holding is what a card shows of locks and freezes.
type Holding struct {
	Waits *bcn.Hold // what keeps the change from starting
	Lock  *bcn.Hold // what a rollback locked, as long as it is
}

func (p *Presenter) holdLine(h bcn.Hold) chat.Markup { return p.text.Hold(p.lang, h) }

// hold says what a change waits behind, what a rollback locked, and which lock
// is to be taken away.
func (p *Presenter) hold(v View) chat.Markup {
	c := v.Change
	switch {
	case v.Waits != nil && c.State.BeforeApplying():
		return p.say(text.CardHeld, text.Args{"line": p.holdLine(*v.Waits)})
	case v.Lock != nil && c.State == bcn.ChangeSucceeded:
		return p.say(text.CardRollback, text.Args{"line": p.holdLine(*v.Lock), "app": v.Lock.App, "env": v.Lock.Env})
	case c.Kind == bcn.KindUnlock && v.Plan != nil && v.Plan.Lock != nil && c.State.BeforeApplying():
		lock := *v.Plan.Lock
		return p.say(text.CardOwnLock, text.Args{"line": p.holdLine(lock), "by": chat.Mention(lock.Owner)})
	default:
		return ""
	}
}

// unlocked says that the lock that was to be taken away is gone: taken away, or
// lifted meanwhile by its owner or its end.
func unlocked(c bcn.Change) bool {
	return c.Kind == bcn.KindUnlock && (c.State == bcn.ChangeSucceeded || c.State == bcn.ChangeClosed && c.Code == bcn.CodeLockLifted)
}

// holdButtons lift what a change waits behind, or what it locked itself. Whoever
// presses is asked whether it is theirs.
func (p *Presenter) holdButtons(v View) []chat.Button {
	switch {
	case v.Waits != nil && v.Change.State.BeforeApplying():
		return []chat.Button{p.lift(*v.Waits)}
	case v.Lock != nil && v.Change.State == bcn.ChangeSucceeded:
		return []chat.Button{p.lift(*v.Lock)}
	default:
		return nil
	}
}

func (p *Presenter) lift(h bcn.Hold) chat.Button {
	label := text.ButtonUnlock
	if h.Kind == bcn.HoldFreeze {
		label = text.ButtonThaw
	}
	return chat.Button{Action: chat.ActionTyped, Value: h.LiftedBy(), Label: p.text.Plain(p.lang, label, nil)}
}

// holdNotes finds the words for a moment of a lock or a freeze.
func (p *Presenter) holdNotes(m deploy.Moment) []deploy.Note {
	h := *m.Hold
	line, frozen := p.holdLine(h), h.Kind == bcn.HoldFreeze
	switch m.Kind {
	case deploy.MomentHeld:
		return p.held(m)
	case deploy.MomentOverrode:
		return []deploy.Note{p.toOwner("overrode", h, p.say(text.DirectOverrode, text.Args{
			"who": mention(m.Change.Requester), "doing": p.doing(m.Change), "ref": m.Change.ID.String(), "line": line,
		}))}
	case deploy.MomentHoldSet:
		return p.announceHold(m, p.say(text.AnnounceHold, text.Args{"line": line, "frozen": frozen}))
	case deploy.MomentHoldChanged:
		return p.announceHold(m, p.say(text.AnnounceHoldNew, text.Args{"line": line, "frozen": frozen}))
	case deploy.MomentHoldLifted, deploy.MomentHoldOver:
		args := text.Args{"what": p.text.Held(p.lang, h), "frozen": frozen, "by": "", "waiting": p.waiters(m.Waiting)}
		if m.By != "" {
			args["by"] = p.by(m.By)
		}
		notes := p.announceHold(m, p.say(text.AnnounceHoldEnd, args))
		if m.By != "" && m.By != h.Owner {
			notes = append(notes, p.taken(h, p.by(m.By), ""))
		}
		return notes
	default:
		return []deploy.Note{p.toOwner("hold:reminder", h, p.say(text.DirectHoldReminder, text.Args{
			"line": line, "until": h.Until != nil, "verb": h.LiftedBy(), "waiting": p.waiters(m.Waiting),
		}))}
	}
}

// announceHold tells the channel of what is locked or frozen.
func (p *Presenter) announceHold(m deploy.Moment, said chat.Markup) []deploy.Note {
	channel := cmp.Or(m.Channel, p.announce)
	if channel == "" {
		return nil
	}
	return []deploy.Note{{Key: string(m.Kind), Role: deploy.RoleAnnounce, Channel: channel, Body: plain(said)}}
}

// held tells the thread what a change waits behind, and who holds it.
func (p *Presenter) held(m deploy.Moment) []deploy.Note {
	h, c := *m.Hold, m.Change
	key := "held:" + strconv.FormatInt(int64(h.ID), 10)
	notes := []deploy.Note{thread(key, p.say(text.ThreadHeld, text.Args{"line": p.holdLine(h)}))}
	if c.Requester.User == h.Owner { // it is their own schedule or token
		return notes
	}
	direct := p.toOwner(key+":direct", h, p.say(text.DirectHeld, text.Args{
		"who": mention(c.Requester), "doing": p.doing(c), "ref": c.ID.String(), "line": p.holdLine(h), "verb": h.LiftedBy(),
	}))
	return append(notes, direct)
}

// doing says in a few words what a change does.
func (p *Presenter) doing(c bcn.Change) chat.Markup {
	return p.say(text.KindID(c.Kind), text.Args{"app": c.App, "env": c.Env, "tag": c.Tag, "name": subjectName(c), "district": c.District})
}

// toOwner is a direct message to who holds something, with the button that
// lifts it.
func (p *Presenter) toOwner(key string, h bcn.Hold, said chat.Markup) deploy.Note {
	body := plain(said)
	body.Blocks = append(body.Blocks, chat.Block{Buttons: []chat.Button{p.lift(h)}})
	return deploy.Note{Key: key, Role: deploy.RoleDirect, To: h.Owner, Body: body}
}

// taken tells the owner that somebody else lifted their lock or freeze.
func (p *Presenter) taken(h bcn.Hold, by any, why string) deploy.Note {
	return deploy.Note{Key: "hold:taken", Role: deploy.RoleDirect, To: h.Owner, Body: plain(p.say(text.DirectHoldTaken, text.Args{
		"who": by, "what": p.text.Held(p.lang, h), "frozen": h.Kind == bcn.HoldFreeze, "why": why,
	}))}
}

// waiters lists what waits behind a hold, a line each.
func (p *Presenter) waiters(waiting []bcn.Change) chat.Markup {
	var out chat.Markup
	for i, c := range waiting {
		if i == waitersShown {
			return out + "\n• " + p.say(text.ReplyMore, text.Args{"Count": len(waiting) - i})
		}
		out += "\n• " + p.say(text.HoldWaiter, text.Args{"ref": c.ID.String(), "what": p.doing(c), "by": mention(c.Requester)})
	}
	return out
}

// unlockAsked asks the owner of a lock, who may decide it besides those of the
// rule.
func (p *Presenter) unlockAsked(m deploy.Moment) []deploy.Note {
	if m.Change.Kind != bcn.KindUnlock || m.Plan == nil || m.Plan.Lock == nil {
		return nil
	}
	h, c := *m.Plan.Lock, m.Change
	body := plain(p.say(text.DirectUnlockAsked, text.Args{
		"who": mention(c.Requester), "what": p.text.Held(p.lang, h), "reason": c.Reason, "number": c.ID.String()[1:],
	}))
	body.Blocks = append(body.Blocks, chat.Block{Buttons: []chat.Button{
		p.lift(h), p.button(c, chat.ActionReject, text.ButtonReject, chat.Danger),
	}})
	return []deploy.Note{{Key: "unlock:asked", Role: deploy.RoleDirect, To: h.Owner, Body: body}}
}

// holdEnded tells who a rollback has locked for, and whose lock was taken away.
func (p *Presenter) holdEnded(m deploy.Moment) []deploy.Note {
	c := m.Change
	if c.State != bcn.ChangeSucceeded {
		return nil
	}
	switch {
	case c.Kind == bcn.KindUnlock && m.Plan != nil && m.Plan.Lock != nil:
		return []deploy.Note{p.taken(*m.Plan.Lock, mention(c.Requester), c.Reason)}
	case m.Hold != nil: // its since is when it is stored
		h := *m.Hold
		h.Since = *c.StartedAt
		return []deploy.Note{p.toOwner("locked", h, p.say(text.DirectRollbackLock, text.Args{"line": p.holdLine(h), "app": h.App, "env": h.Env}))}
	default:
		return nil
	}
}
