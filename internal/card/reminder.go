package card

import (
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
