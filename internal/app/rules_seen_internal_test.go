package app

import (
	"fmt"
	"testing"

	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/text"
)

// Whoever weakens the rules does not choose by that who is told.
func TestWhereWeakerRulesAreTold(t *testing.T) {
	t.Parallel()
	words, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	with := func(security string) *config.Config {
		c := &config.Config{Language: text.English, Teams: map[string]config.Team{administrators: {Members: []string{"U0ADMIN", "U0TWO"}}}}
		c.Slack.Channels.Security = security
		return c
	}
	for _, c := range []struct{ name, before, now, want string }{
		{"in the security channel", "C0SEC", "C0SEC", "announce C0SEC, "},
		{"in that of the last start as well", "C0SEC", "C0NEW", "announce C0NEW, announce C0SEC, "},
		{"in that of the last start where it is gone", "C0SEC", "", "announce C0SEC, "},
		{"to the administrators where there is none", "", "", "direct U0ADMIN, direct U0TWO, "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := &App{o: Options{Config: with(c.now)}, text: words}
			got := ""
			for _, n := range a.rulesNotes(store.RulesSeen{Before: with(c.before).Ruleset().Lines()}, a.o.Config.Ruleset().Lines()) {
				got += fmt.Sprintf("%s %s%s, ", n.Role, n.Channel, n.To)
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
