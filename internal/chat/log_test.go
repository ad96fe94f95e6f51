package chat_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/chat"
)

func TestLogLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		limit    int
		want     string
	}{
		{"colours go", "\x1b[1;31mERROR\x1b[0m no table", 0, "ERROR no table"},
		{"titles of terminals go", "\x1b]0;title\x07ready", 0, "ready"},
		{"control and bidirectional characters go", "a\x00b\u202ec", 0, "abc"},
		{"a tab is blanks, a carriage return is one", "a\tb\rc", 0, "a    b c"},
		{"a huge line is cut at a whole character", "ああああ", 7, "ああ…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := chat.LogLine(c.in, c.limit); got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}
