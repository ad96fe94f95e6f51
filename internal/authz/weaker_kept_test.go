package authz_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/guard"
)

// What else guards than rules: that it is gone is told.
func TestWhatGuardsIsGone(t *testing.T) {
	t.Parallel()
	full := func(change func(c *config.Config)) config.Ruleset {
		c := &config.Config{
			People: []config.Person{{Slack: "U0LEAD", GitHub: "lee"}},
			Teams:  map[string]config.Team{"developers": {Members: []string{"U0DEV", "U0TWO"}}},
			Rules: []config.Rule{{
				Allow: []string{"developers"}, To: []string{"deploy"}, Raw: []byte("{}"),
				Approve: &config.Approve{By: []string{"leads"}, Count: 1, Outside: true},
			}},
		}
		c.Guardrails.Own = []guard.Custom{{ID: "no-public", When: "false"}}
		c.Guardrails.Settings.Memory = 4096
		c.Slack.Channels.Security = "C0SEC"
		change(c)
		return c.Ruleset()
	}
	for _, c := range []struct {
		name   string
		change func(c *config.Config)
		weaker bool
	}{
		{"nothing", func(*config.Config) {}, false},
		{"only the line of a guardrail is another", func(c *config.Config) { c.Guardrails.Own[0].Line = 7 }, false},
		{"another person is known", func(c *config.Config) { c.People = append(c.People, config.Person{Slack: "U0NEW", GitHub: "new"}) }, false},
		{"which accounts are one person's", func(c *config.Config) { c.People = nil }, true},
		{"one of the accounts", func(c *config.Config) { c.People[0].GitHub = "" }, true},
		{"an own guardrail", func(c *config.Config) { c.Guardrails.Own = nil }, true},
		{"a bound of bcn's own guardrails", func(c *config.Config) { c.Guardrails.Settings.Memory = 0 }, true},
		{"the channel in which it is told", func(c *config.Config) { c.Slack.Channels.Security = "" }, true},
		{"somebody of a team that does not count", func(c *config.Config) {
			c.Teams = map[string]config.Team{"developers": {Members: []string{"U0DEV"}}}
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := authz.Weaker(full(func(*config.Config) {}), full(c.change)); got != c.weaker {
				t.Errorf("weaker: %t", got)
			}
		})
	}
}
