package slackbot

import (
	"context"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
)

// Refusals keeps what was refused in the audit log. internal/store implements it.
type Refusals interface {
	Refused(ctx context.Context, actor string, change bcn.ID, what string, cause error) error
}

// foreign says that the request belongs to another workspace or app than the
// bot's tokens. An app id is only known once a socket said hello.
func (b *Bot) foreign(r chat.Request) bool {
	self := b.api.Self()
	return r.Team != self.Team || (self.App != "" && r.App != "" && r.App != self.App)
}

// refusedForeign keeps in the audit log that somebody of another workspace or
// app asked for something; of what they typed only the verb is kept.
func (b *Bot) refusedForeign(r chat.Request) {
	if b.opts.Refusals == nil || r.Source == chat.FromHome { // opening the page asks for nothing
		return
	}
	what := string(r.Action)
	if words := strings.Fields(r.Text); what == "" && len(words) > 0 {
		what = chat.Truncate(words[0], maxVerb)
	}
	ctx, cancel := context.WithTimeout(b.background, ackDeadline)
	defer cancel()
	if err := b.opts.Refusals.Refused(ctx, r.User, 0, what, bcn.E(bcn.CodeRefusedPerson, "why", "foreign")); err != nil {
		b.log.Error("write refusal", "user", r.User, "what", what, "error", err)
	}
}

// maxVerb bounds what is kept of a foreign command, in characters.
const maxVerb = 30
