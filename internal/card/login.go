package card

import (
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/login"
	"github.com/bcn-bot/bcn/internal/text"
)

// LoginNotes tells what became of a login: a link, and that it was taken back,
// is announced where what must not be missed goes, and the person is told.
func (p *Presenter) LoginNotes(out login.Outcome) []deploy.Note {
	args := text.Args{"who": chat.Mention(out.User), "login": out.Login, "why": string(out.Code)}
	direct := deploy.Note{Key: "login", Role: deploy.RoleDirect, To: out.User}
	announced := text.AnnounceLinked
	switch {
	case out.Code != "":
		direct.Body = plain(p.say(text.ThreadLoginFailed, args))
		return []deploy.Note{direct}
	case out.Gone:
		announced = text.AnnounceForgotten
	default:
		direct.Body = plain(p.say(text.ThreadLinked, args))
	}
	var notes []deploy.Note
	if !out.Gone {
		notes = append(notes, direct)
	}
	if channel := p.loudest(); channel != "" {
		notes = append(notes, deploy.Note{Key: "login", Role: deploy.RoleAnnounce, Channel: channel, Body: plain(p.say(announced, args))})
	}
	return notes
}
