package slackbot_test

import (
	"context"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/chat"
	local "github.com/bcn-bot/bcn/internal/local/slack"
)

// TestWhole: an answer of many lines of code, as sealed credentials are, comes
// out whole and to one person alone by each route there is.
func TestWhole(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("aB3_-", 80)
	m := chat.Message{Text: "sealed", Blocks: []chat.Block{{Section: "sealed"}}}
	for range 14 { // 33,600 characters
		m.Blocks = append(m.Blocks, chat.Block{Code: strings.TrimSuffix(strings.Repeat(line+"\n", 6), "\n")})
	}
	for name, source := range map[string]chat.Source{
		"as a direct message, after a restart": chat.FromSlash,
		"as an ephemeral one, after a mention": chat.FromMention,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, setup{})
			asked := chat.Request{Key: "of another process", Source: source, Team: local.TeamID, User: dev, Channel: deploys}
			if err := r.bot.Reply(context.Background(), asked, m); err != nil {
				t.Fatal(err)
			}
			got := r.sees("the answer", func(m local.Message) bool { return m.Text == "sealed" })
			if got.EphemeralTo != dev && !strings.HasPrefix(got.Channel, "D") {
				t.Errorf("shown to others in %s", got.Channel)
			}
			if n := strings.Count(string(got.Blocks), line); n != 14*6 || len(got.Files) > 0 {
				t.Errorf("%d of %d lines, %d files", n, 14*6, len(got.Files))
			}
		})
	}
}
