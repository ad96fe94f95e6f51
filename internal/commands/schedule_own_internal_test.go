package commands

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/text"
)

// bcn's own schedules are called after what they do, those of people as they
// called them.
func TestScheduleName(t *testing.T) {
	t.Parallel()
	c, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	r, own := New(Options{Text: c}), bcn.Actor{Kind: bcn.System}
	for want, s := range map[string]bcn.Schedule{
		"the figures of the week for <#C0HELLO>": {Name: "bcn-digest-c0hello", Command: "bcn-digest", Channel: "C0HELLO", Owner: own},
		"the look for drift":                     {Name: "bcn-drift", Command: "bcn-drift", Owner: own},
		"bcn-later":                              {Name: "bcn-later", Command: "bcn-later", Owner: own},
		"nightly":                                {Name: "nightly", Command: "bcn-digest", Owner: bcn.Actor{Kind: bcn.Person, User: "U0DEV"}},
	} {
		if got := string(r.scheduleName(text.English, s)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
