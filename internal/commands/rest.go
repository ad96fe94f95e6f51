package commands

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bcn-bot/bcn/internal/text"
)

// maxCommand is how long a command to be run may be, in characters: it is
// shown whole on a card.
const maxCommand = 500

// twoDashes separate a command to be run from the rest. A long dash does not:
// in a reason it is prose.
var twoDashes = regexp.MustCompile(`(?:^|[\s\p{Z}])--(?:[\s\p{Z}]|$)`)

// cutRest cuts off what follows " -- " for a grammar that takes it, into its
// field: as it was typed, but for Slack's own marks. What cannot be seen on a
// card is refused.
func (c command) cutRest(s string) (string, error) {
	for _, f := range fields(c.grammar) {
		if !f.rest {
			continue
		}
		at := twoDashes.FindStringIndex(s)
		if at == nil {
			return s, nil
		}
		typed := marked.ReplaceAllStringFunc(s[at[1]:], func(m string) string { return unmark(m, false) })
		typed = strings.TrimFunc(entities.Replace(typed), space)
		n := utf8.RuneCountInString(typed)
		switch {
		case typed == "":
			return "", usageProblem(c.verb, problem{id: problemValue, word: "--"})
		case n > maxCommand:
			return "", usageProblem(c.verb, problem{id: text.ProblemCommandLong, word: strconv.Itoa(n), suggestion: strconv.Itoa(maxCommand)})
		case !utf8.ValidString(typed) || strings.ContainsFunc(typed, hidden):
			return "", usageProblem(c.verb, problem{id: text.ProblemCommandHidden})
		}
		f.value.SetString(typed)
		return s[:at[0]], nil
	}
	return s, nil
}

// hidden says that a character could make a command read as another one.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == utf8.RuneError
}
