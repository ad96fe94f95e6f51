package chat_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/chat"
)

func TestUnmarked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   chat.Markup
		want string
	}{
		{"a date is its fallback", "again at <!date^1795352400^{date_short_pretty} {time}|2026-11-22 13:00 UTC>.", "again at 2026-11-22 13:00 UTC."},
		{"a person is their id", "by " + chat.Mention("U0LEAD"), "by @U0LEAD"},
		{"a group is its id", "ask " + chat.MentionGroup("S0LEADS"), "ask @S0LEADS"},
		{"a channel is its id", "in " + chat.Channel("C0OPS"), "in #C0OPS"},
		{"everybody of a channel", "<!here>", "@here"},
		{"a link is its label and address", chat.Link("https://x.example/a?b=1", "the card"), "the card (https://x.example/a?b=1)"},
		{"an address alone", "<https://x.example>", "https://x.example"},
		{"lines become one", "one\ntwo", "one two"},
		{"what people wrote is as they wrote it", chat.Escape("a <b> & *c*"), "a <b> & *c*"},
		{"what people wrote is no token", chat.Escape("<@U0LEAD> <!here>"), "<@U0LEAD> <!here>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := chat.Unmarked(c.in); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// What people wrote reads back as it was, but for backticks.
func TestUnmarkedUndoesEscape(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[ -_a-~]*`).Draw(t, "text")
		if got := chat.Unmarked(chat.Escape(s)); got != s {
			t.Fatalf("%q reads as %q", s, got)
		}
	})
}
