package app

import (
	"strings"
	"testing"
)

// Bad input gets a clear answer, to the person alone or on the card, and
// changes nothing.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.setUp()

	for _, c := range []struct{ name, command, want string }{
		{"an unknown app", "deploy helo production v2", "hello"},
		{"an unknown environment", "deploy hello prodution v2", "production"},
		{"a reason of 4,000 characters", "deploy hello production v2 --reason " + strings.Repeat("long ", 800), "500"},
		{"a word too many", "deploy hello production v2 now", "one word too many"},
		{"a missing word", "deploy hello production", "missing"},
		{"an unknown flag", "deploy hello production v2 --resaon x", "--reason"},
		{"an open quotation mark", `plan hello production "v2`, "quotation"},
		{"an unknown number", "cancel 99999", "There is no change"},
		{"not a number", "approve lee", "Numbers look like"},
		{"a lock without a reason", "lock hello production", "REASON"},
		{"what only administrators may", "halt", "may not"},
		{"an unknown district", "create shop staging --district nowhere --source dir:examples/hello", "may not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			said := w.slash("U0DEV", deploys, c.command)
			if said == "" {
				said = shown(w.told("U0DEV", c.want))
			}
			if !strings.Contains(said, c.want) {
				t.Fatalf("said %q, want %q", said, c.want)
			}
			if strings.Contains(said, "goroutine") || strings.Contains(said, ".go:") {
				t.Fatalf("internals are shown: %q", said)
			}
		})
	}
	t.Run("an unknown tag ends on the card, with the nearest one", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "deploy hello production v22")
		w.card(deploys, "no tag", "v2")
	})
	t.Run("as an administrator: names, districts and sources that are refused", func(t *testing.T) {
		w := w.in(t)
		for command, want := range map[string]string{
			"create hello production --district default --source dir:examples/hello":   "taken",
			"create shop staging --district defalt --source dir:examples/hello":        "default",
			"create list staging --district default --source dir:examples/hello":       "list",
			"create shop review --district default --source dir:examples/hello":        "review",
			"endpoint create main --district default --for production":                 "taken",
			"create shop staging --district default --source dir:examples/hello --x y": "--x",
		} {
			said := w.slash("U0ADMIN", deploys, command)
			if said == "" {
				said = shown(w.told("U0ADMIN", want))
			}
			if !strings.Contains(said, want) {
				t.Errorf("%s: said %q, want %q", command, said, want)
			}
		}
	})
	t.Run("sources outside what is allowed end on the card", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0ADMIN", deploys, "create shop staging --district default --source dir:../outside")
		w.card(deploys, "shop", "dir:../outside", "closed")
		w.slash("U0ADMIN", deploys, "create shop staging --district default --source github:evil/repo")
		w.card(deploys, "shop", "github:evil/repo", "closed")
	})
	t.Run("a channel that the bot is not in is refused before anything starts", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", "C0RANDOM", "deploy hello production v2")
		w.told("U0DEV", "cannot post")
	})
	t.Run("people whose word does not count", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0GUEST", deploys, "deploy hello staging v2")
		w.told("U0GUEST", "takes no commands")
		if said := w.slash("U0EXT", deploys, "deploy hello staging v2"); !strings.Contains(said, "workspace") {
			t.Errorf("somebody from outside was told %q", said)
		}
	})
	changes, err := w.open().Open(t.Context())
	if err != nil || len(changes) != 0 {
		t.Fatalf("left open: %+v, %v", changes, err)
	}
	if len(w.slack.Messages("C0RANDOM")) > 1 {
		t.Error("something was posted where the bot is not a member")
	}
}
