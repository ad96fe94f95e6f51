package card

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// unhealthy tells once of each service that it fails its health check, and how.
func (p *Presenter) unhealthy(m deploy.Moment) []deploy.Note {
	var notes []deploy.Note
	for _, c := range m.Checks {
		_, why, ok := strings.Cut(c.Why, ": ")
		if !ok {
			why = c.Why
		}
		notes = append(notes, thread("unhealthy:"+c.Service, p.say(text.ThreadUnhealthy, text.Args{"service": c.Service, "path": c.Path, "why": why})))
	}
	return notes
}
