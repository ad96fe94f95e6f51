package card

import (
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// deputies tells who stands for whom: in the channel for what must not be
// missed, and both of them, unless they did it themselves.
func (p *Presenter) deputies(m deploy.Moment) []deploy.Note {
	d := m.Deputy
	id, key := text.AnnounceDeputy, string(m.Kind)
	args := text.Args{"absent": chat.Mention(d.Absent), "deputy": chat.Mention(d.Deputy), "until": text.When(d.Until), "by": chat.Mention(d.By)}
	if m.Kind == deploy.MomentDeputyRemoved {
		id = text.AnnounceDeputyRemoved
	}
	body := plain(p.say(id, args))
	var notes []deploy.Note
	if channel := p.loudest(); channel != "" {
		notes = append(notes, deploy.Note{Key: key, Role: deploy.RoleAnnounce, Channel: channel, Body: body})
	}
	for _, to := range []string{d.Absent, d.Deputy} {
		if to != d.By && (to != d.Absent || m.Kind == deploy.MomentDeputyRemoved) {
			notes = append(notes, deploy.Note{Key: key, Role: deploy.RoleDirect, To: to, Body: body})
		}
	}
	return notes
}

// loudest is the channel in which what concerns who may decide is announced.
func (p *Presenter) loudest() string {
	for _, channel := range []string{p.security, p.approvals, p.announce} {
		if channel != "" {
			return channel
		}
	}
	return ""
}

// decider names who decided, and for whom.
func (p *Presenter) decider(d bcn.Decision) chat.Markup {
	if d.For == "" {
		return chat.Mention(d.Person)
	}
	return p.say(text.CardStandsFor, text.Args{"deputy": chat.Mention(d.Person), "absent": chat.Mention(d.For)})
}

// answer tells of one decision; once it was decided, those that did not count
// had no part in it.
func (p *Presenter) answer(r bcn.Request, d bcn.Decision) chat.Markup {
	args := text.Args{"who": p.decider(d), "when": text.When(d.At)}
	switch {
	case d.Verdict == bcn.Reject:
		return p.say(text.CardRejectedBy, args)
	case d.Void && r.State == bcn.RequestPending:
		args["deputy"] = chat.Mention(d.Person)
		return p.say(text.CardVoided, args)
	default:
		return p.say(text.CardApprovedBy, args)
	}
}
