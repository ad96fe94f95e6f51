package commands

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/text"
)

// Whoever asks for a kind that there is not is told all families there are.
func TestEachFamilyOfTheLogIsNamed(t *testing.T) {
	t.Parallel()
	c, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range text.Languages() {
		said := string(c.Say(lang, text.ProblemAuditKind, text.Args{"word": "nope", "suggestion": ""}))
		for kind := range auditSentences() {
			if family, _, _ := strings.Cut(kind, "."); !strings.Contains(said, "`"+family+"`") {
				t.Errorf("%s is not in %s", family, said)
			}
		}
		if got := c.Why(lang, bcn.CodeLockOwned); strings.Contains(string(got), "_") {
			t.Errorf("a code is shown as %s", got)
		}
	}
}
