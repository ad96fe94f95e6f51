package commands

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/bcn-bot/bcn/internal/chat"
)

// Slack sends what people typed with its own marks in it (Slack: "Escaping
// text", "Formatting text"): <@U1|name>, <#C1|name>, <!subteam^S1|@leads>,
// <https://x|x>, and &amp; &lt; &gt;. Keyboards add curly quotes, long dashes
// and wide spaces. Commands and prose are undone differently: a command needs
// ids and ASCII, a reason must read as it was written.

// marked is one of Slack's marks, <what|label>: a person, a channel, something
// special, or a link. Any other angle bracket was typed.
var marked = regexp.MustCompile(`<([@#!][A-Za-z][^<>|]*|[a-z]+:[^<>|\s]+)(?:\|([^<>]*))?>`)

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// words undoes Slack's text for what is parsed as a command.
func words(s string) string {
	s = marked.ReplaceAllStringFunc(s, func(m string) string { return unmark(m, true) })
	s = narrow(entities.Replace(s))
	s = dashes.ReplaceAllString(s, "$1--")
	return strings.TrimSpace(quotes.Replace(s))
}

// prose undoes Slack's text for what people write freely; nothing else about
// it changes, but that it becomes one line without control characters.
func prose(s string) string {
	s = marked.ReplaceAllStringFunc(s, func(m string) string { return unmark(m, false) })
	return strings.TrimSpace(chat.Clean(entities.Replace(s)))
}

// unmark answers the id for a command, and what a reader sees for prose.
func unmark(m string, id bool) string {
	parts := marked.FindStringSubmatch(m)
	what, label := parts[1], parts[2]
	switch what[0] {
	case '@', '#':
		if id || label == "" {
			return strings.TrimPrefix(strings.TrimPrefix(what, "@"), "#")
		}
		return what[:1] + label
	case '!':
		if label == "" {
			label, _, _ = strings.Cut(strings.TrimPrefix(what, "!"), "^")
		}
		return "@" + strings.TrimPrefix(label, "@")
	}
	if label != "" { // what was typed, before Slack made a link of it
		return label
	}
	return strings.TrimPrefix(strings.TrimPrefix(what, "mailto:"), "tel:")
}

// narrow folds full-width letters and every kind of space to ASCII and drops
// what cannot be seen: a command copied from a card may carry word joiners.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Z, r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		default:
			return r
		}
	}, width.Fold.String(s))
}

// dashes are what keyboards make of -- at the beginning of a word.
var dashes = regexp.MustCompile(`(^|\s)(?:—|–|―|−−|--)`)

var quotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‟", `"`, "«", `"`, "»", `"`,
	"‘", "'", "’", "'", "‚", "'", "‛", "'", "—", "--", "–", "-", "−", "-")

// space is what separates words before anything is undone.
func space(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Z, r) }

// nextWord cuts the first word off raw text. One of Slack's marks is one word,
// whatever its label holds.
func nextWord(s string) (word, rest string) {
	s = strings.TrimLeftFunc(s, space)
	if at := marked.FindStringIndex(s); at != nil && at[0] == 0 {
		return s[:at[1]], s[at[1]:]
	}
	end := strings.IndexFunc(s, space)
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end:]
}

// address drops what only calls the bot: a mention in front, the slash command
// typed in a direct message, and the marks of code around a pasted command.
func address(s, command string) string {
	for {
		s = strings.TrimFunc(s, space)
		if bare := strings.Trim(s, "`"); strings.HasPrefix(s, "`") && strings.HasSuffix(s, "`") && !strings.Contains(bare, "`") {
			s = bare
		}
		word, rest := nextWord(s)
		if strings.HasPrefix(word, "<@") && strings.HasSuffix(word, ">") || word != "" && strings.EqualFold(word, command) {
			s = rest
			continue
		}
		return strings.TrimFunc(s, space)
	}
}
