package chat

import (
	"regexp"
	"strings"
)

// token is what Slack shows as something else: <what|label>. Text of people
// holds none, because Escape took its brackets.
var token = regexp.MustCompile(`<([^<>|]+)(?:\|([^<>]*))?>`)

var unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// Unmarked writes markup for places that are not Slack, in one line: a date as its
// fallback in UTC, a mention by its id, a link as its label and address.
func Unmarked(m Markup) string {
	s := token.ReplaceAllStringFunc(string(m), func(t string) string {
		parts := token.FindStringSubmatch(t)
		what, label := parts[1], parts[2]
		switch {
		case strings.HasPrefix(what, "@"), strings.HasPrefix(what, "#"):
			return what
		case label != "" && strings.HasPrefix(what, "!"):
			return label
		case strings.HasPrefix(what, "!"):
			_, id, group := strings.Cut(what, "^")
			if !group {
				id = what[1:]
			}
			return "@" + id
		case label != "":
			return label + " (" + what + ")"
		default:
			return what
		}
	})
	return Clean(unescaper.Replace(s))
}
