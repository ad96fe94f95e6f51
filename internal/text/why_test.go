package text_test

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/text"
)

// Codes are shown in words where a sentence would be too long; one without
// words of its own is shown without its underscores.
func TestWhy(t *testing.T) {
	t.Parallel()
	c, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	bare := func(code bcn.Code) string { return strings.ReplaceAll(string(code), "_", " ") }
	for _, lang := range text.Languages() {
		for _, code := range []bcn.Code{bcn.CodeLockOwned, bcn.CodeNotEligible} {
			if got := string(c.Why(lang, code)); got == "" || got == bare(code) {
				t.Errorf("%s has no words in %s: %q", code, lang, got)
			}
		}
		if got := string(c.Why(lang, "a_new_one")); got != "a new one" {
			t.Errorf("a code without words is shown as %q", got)
		}
	}
}
