package card

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// Reminder tells those who may approve, once, that a request still waits.
func (p *Presenter) Reminder(r bcn.Request, who chat.Markup) []deploy.Note {
	n := thread("reminder", p.say(text.ThreadReminder, text.Args{"who": who, "id": r.ID.String(), "when": text.When(r.ExpiresAt)}))
	n.Broadcast = true
	return []deploy.Note{n}
}

// Escalation tells the next group, once, that a request is about to expire and
// that they may decide as well.
func (p *Presenter) Escalation(r bcn.Request, who chat.Markup) []deploy.Note {
	args := text.Args{"who": who, "id": r.ID.String(), "when": text.When(r.ExpiresAt), "asker": chat.Mention(r.Requester)}
	n := thread("escalated", p.say(text.ThreadEscalated, args))
	n.Broadcast = true
	return []deploy.Note{n}
}

// others says who decides besides those who were asked: the next group, and
// whoever stands in for a group that has nobody.
func (p *Presenter) others(r bcn.Request) []string {
	if r.State != bcn.RequestPending {
		return nil
	}
	var out []string
	for _, n := range r.Needs {
		if len(n.Instead) > 0 {
			out = append(out, string(p.say(text.CardInstead, text.Args{"teams": strings.Join(n.Teams, ", "), "instead": strings.Join(n.Instead, ", ")})))
		}
	}
	if len(r.Escalate) > 0 && !r.EscalatedAt.IsZero() {
		out = append(out, string(p.say(text.CardEscalates, text.Args{"teams": strings.Join(r.Escalate, ", "), "when": text.When(r.EscalatedAt)})))
	}
	return out
}
