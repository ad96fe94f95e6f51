package commands

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/text"
)

// Codes are shown in words where a sentence would be too long.
func TestWhyIsSaidInWords(t *testing.T) {
	t.Parallel()
	c, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range text.Languages() {
		for _, code := range []bcn.Code{bcn.CodeLockOwned, bcn.CodeNotEligible, "a_new_one"} {
			if got := string(c.Why(lang, code)); got == "" || strings.Contains(got, "_") {
				t.Errorf("%s is shown as %q", code, got)
			}
		}
	}
}
