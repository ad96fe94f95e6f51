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

// anyDashes also take what keyboards make of two dashes.
var anyDashes = regexp.MustCompile(`(?:^|[\s\p{Z}])(?:--|—|–|―)(?:[\s\p{Z}]|$)`)

// cutRest cuts off what follows " -- " for a grammar that takes it, into its
// field: as it was typed, but for Slack's own marks. What cannot be seen on a
// card is refused.
func (c command) cutRest(s string) (string, error) {
	for _, f := range fields(c.grammar) {
		if !f.rest {
			continue
		}
		head, typed, ok := f.cut(s)
		if !ok {
			return head, nil
		}
		n := utf8.RuneCountInString(typed)
		switch {
		case typed == "":
			return "", usageProblem(c.verb, problem{id: problemValue, word: "--"})
		case n > maxCommand:
			id := text.ProblemCommandLong
			if f.tag == "chat" {
				id = text.ProblemScheduledLong
			}
			return "", usageProblem(c.verb, problem{id: id, word: strconv.Itoa(n), suggestion: strconv.Itoa(maxCommand)})
		case !utf8.ValidString(typed) || strings.ContainsFunc(typed, hidden):
			return "", usageProblem(c.verb, problem{id: text.ProblemCommandHidden})
		}
		f.value.SetString(typed)
		return head, nil
	}
	return s, nil
}

// cut splits a text at its two dashes, and undoes Slack's marks behind them. A
// command of ours keeps the ids of channels, because it is read again; in front
// of it nothing is prose, so that a long dash separates, and a backquote is a
// quotation mark.
func (f field) cut(s string) (head, typed string, ok bool) {
	at, chats := twoDashes.FindStringIndex(s), f.tag == "chat"
	if chats {
		at = anyDashes.FindStringIndex(s)
	}
	if at == nil {
		head = s
	} else {
		head, typed = s[:at[0]], marked.ReplaceAllStringFunc(s[at[1]:], func(m string) string {
			return unmark(m, chats && strings.HasPrefix(m, "<#"))
		})
	}
	if chats {
		head = strings.ReplaceAll(head, "`", `"`)
	}
	return head, strings.TrimFunc(entities.Replace(typed), space), at != nil
}

// hidden says that a character could make a command read as another one.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == utf8.RuneError
}
