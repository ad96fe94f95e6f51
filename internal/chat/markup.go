package chat

import (
	"strings"
	"unicode"
)

// escaper turns the three characters that Slack's mrkdwn reads as control
// characters into entities (Slack: "Escaping text").
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Clean strips control and bidirectional characters, which could make text
// read as something else, and turns whatever breaks a line into a space.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("\t\n\v\f\r\u0085\u2028\u2029", r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, s)
}

// Escape makes text that people wrote safe to show: cleaned, escaped, and with
// the characters that mrkdwn formats with made harmless.
func Escape(s string) Markup {
	s = escaper.Replace(Clean(s))
	// A word joiner behind each formatting character keeps it visible and stops
	// Slack from reading it: mrkdwn has no escape for them.
	return Markup(formatting.Replace(s))
}

var formatting = strings.NewReplacer("*", "*\u2060", "_", "_\u2060", "~", "~\u2060", "`", "'")

// Code shows text in a fixed-width font.
func Code(s string) Markup {
	s = strings.ReplaceAll(escaper.Replace(Clean(s)), "`", "'")
	if s == "" {
		return ""
	}
	return Markup("`" + s + "`")
}

// Mention notifies a user. The id comes from Slack or the configuration.
func Mention(user string) Markup { return Markup("<@" + onlyID(user) + ">") }

// MentionGroup notifies a Slack user group.
func MentionGroup(group string) Markup { return Markup("<!subteam^" + onlyID(group) + ">") }

// Channel links a channel.
func Channel(id string) Markup { return Markup("<#" + onlyID(id) + ">") }

// Link shows a label that leads to an address made by bcn.
func Link(url, label string) Markup {
	return Markup("<" + strings.NewReplacer("<", "", ">", "", "|", "%7C").Replace(url) + "|" + escaper.Replace(strings.ReplaceAll(Clean(label), "|", "/")) + ">")
}

func onlyID(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// Truncate cuts text to at most limit characters, ending in an ellipsis.
func Truncate(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	if limit <= 0 {
		return ""
	}
	return string(runes[:limit-1]) + "…"
}
