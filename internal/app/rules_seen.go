package app

import (
	"context"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/text"
)

// maxRulesDiff bounds what is shown of a change of rules, in characters.
const maxRulesDiff = 8000

// sawRules compares bot.yaml's rules with those of the last start. What weakens
// them is told in the security channel, with a diff; everything is in the log.
func (a *App) sawRules(ctx context.Context) error {
	now := a.o.Config.Ruleset()
	lines := now.Lines()
	weaker := false
	seen, err := a.store.SawRules(ctx, lines, func(s store.RulesSeen) (bool, []deploy.Note) {
		if weaker = rulesWeaker(s, now); !weaker {
			return false, nil
		}
		return true, a.rulesNotes(s, lines)
	})
	if err == nil && !seen.Same {
		a.log.Info("rules", "first", seen.First, "weaker", weaker, "altered", seen.Altered)
	}
	return err
}

// rulesWeaker fails towards telling: what is not known of the last start may
// have been stricter.
func rulesWeaker(s store.RulesSeen, now config.Ruleset) bool {
	if s.First {
		return false
	}
	before, err := config.ReadRuleset(s.Before)
	return s.Altered || err != nil || authz.Weaker(before, now)
}

// rulesNotes tells it in the security channel, in that of the last start as well
// where it is another or gone, and the administrators where there is none.
func (a *App) rulesNotes(s store.RulesSeen, lines []string) []deploy.Note {
	head := a.text.Say(a.o.Config.Language, text.AnnounceRulesWeaker, text.Args{"altered": s.Altered})
	diff := udiff.Unified("last start", "now", strings.Join(s.Before, "\n")+"\n", strings.Join(lines, "\n")+"\n")
	body := chat.Message{Text: head, Blocks: []chat.Block{{Section: head}, {Code: chat.Truncate(diff, maxRulesDiff)}}}
	now := a.o.Config.Slack.Channels.Security
	var notes []deploy.Note
	if now != "" {
		notes = append(notes, deploy.Note{Key: "rules", Role: deploy.RoleAnnounce, Channel: now, Body: body})
	}
	if before, err := config.ReadRuleset(s.Before); err == nil && !s.Altered && before.Security() != "" && before.Security() != now {
		notes = append(notes, deploy.Note{Key: "rules", Role: deploy.RoleAnnounce, Channel: before.Security(), Body: body})
	}
	if len(notes) > 0 {
		return notes
	}
	for _, user := range a.o.Config.Teams[administrators].Members {
		notes = append(notes, deploy.Note{Key: "rules", Role: deploy.RoleDirect, To: user, Body: body})
	}
	return notes
}
