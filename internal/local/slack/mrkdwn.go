package slack

import (
	"html"
	"html/template"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names answers what an id is called: a person, a channel, a user group.
type names interface {
	nameOf(id string) (name string, known bool)
}

// mrkdwn turns Slack's markup into HTML for a reader. What is escaped in the
// text stays escaped in the HTML; only references, addresses with a known
// scheme and Slack's own marks become elements.
type mrkdwn struct {
	names names
	me    string
	base  string // the workspace's own address
}

// render answers safe HTML: every piece of text goes through html.EscapeString.
func (r mrkdwn) render(text string) template.HTML {
	var out strings.Builder
	parts := strings.Split(text, "```")
	for i, part := range parts {
		if i%2 == 1 && i < len(parts)-1 {
			out.WriteString("<pre>" + r.verbatim(strings.Trim(part, "\n")) + "</pre>")
			continue
		}
		if i%2 == 1 {
			part = "```" + part // the fence was never closed
		}
		if i > 0 {
			part = strings.TrimPrefix(part, "\n")
		}
		r.lines(&out, strings.TrimSuffix(part, "\n"))
	}
	return template.HTML(out.String()) //nolint:gosec // built of escaped parts only
}

// lines writes text with its line breaks and quotes.
func (r mrkdwn) lines(out *strings.Builder, text string) {
	if text == "" {
		return
	}
	quoted := false
	for i, line := range strings.Split(text, "\n") {
		rest, quote := strings.CutPrefix(line, "&gt;")
		if !quote {
			rest, quote = strings.CutPrefix(line, ">")
		}
		switch {
		case quote && !quoted:
			out.WriteString("<blockquote>")
		case !quote && quoted:
			out.WriteString("</blockquote>")
		case i > 0:
			out.WriteString("<br>")
		}
		quoted = quote
		if quote {
			line = strings.TrimPrefix(rest, " ")
		}
		r.inline(out, line)
	}
	if quoted {
		out.WriteString("</blockquote>")
	}
}

// inline writes one line.
func (r mrkdwn) inline(out *strings.Builder, s string) {
	before := ' '
	for i := 0; i < len(s); {
		n := r.mark(out, s, i, before)
		if n == 0 {
			var c rune
			c, n = utf8.DecodeRuneInString(s[i:])
			if s[i] == '&' {
				n = entity(s[i:])
			}
			out.WriteString(plain(s[i : i+n]))
			before = c
		} else {
			before = rune(s[i+n-1])
		}
		i += n
	}
}

// mark writes what begins at s[i], if a mark does, and answers its length.
func (r mrkdwn) mark(out *strings.Builder, s string, i int, before rune) int {
	switch s[i] {
	case '`':
		if end := strings.IndexByte(s[i+1:], '`'); end > 0 {
			out.WriteString("<code>" + r.verbatim(s[i+1:i+1+end]) + "</code>")
			return end + 2
		}
	case '<':
		if end := strings.IndexByte(s[i:], '>'); end > 1 {
			out.WriteString(r.reference(s[i+1 : i+end]))
			return end + 1
		}
	case ':':
		if m := emojiName.FindString(s[i:]); m != "" {
			if e, ok := emoji(strings.Trim(m, ":")); ok {
				out.WriteString(e)
				return len(m)
			}
		}
	case '*', '_', '~':
		if n := span(s[i:], before); n > 0 {
			tag := map[byte]string{'*': "strong", '_': "em", '~': "del"}[s[i]]
			out.WriteString("<" + tag + ">")
			r.inline(out, s[i+1:i+n-1])
			out.WriteString("</" + tag + ">")
			return n
		}
	}
	return 0
}

// span is the length of a formatted run that begins with its mark, or 0: it
// stands at the edge of a word on both sides and has no space inside the marks.
func span(s string, before rune) int {
	if unicode.IsLetter(before) || unicode.IsDigit(before) {
		return 0
	}
	first, _ := utf8.DecodeRuneInString(s[1:])
	if len(s) < 3 || unicode.IsSpace(first) || first == wordJoiner || s[1] == s[0] {
		return 0
	}
	for i := 2; i < min(len(s), maxSpan); i++ {
		if s[i] != s[0] {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+1:])
		if !unicode.IsSpace(last) && after != wordJoiner && !unicode.IsLetter(after) && !unicode.IsDigit(after) {
			return i + 1
		}
	}
	return 0
}

// maxSpan bounds the search for a closing mark, so that a text of nothing but
// opening marks costs no more than its length.
const maxSpan = 2000

// wordJoiner behind a mark keeps it from being one.
const wordJoiner = '\u2060'

var emojiName = regexp.MustCompile(`^:[a-z0-9_+-]+:`)

// reference writes <...>: a mention, a channel, a special word or a link.
func (r mrkdwn) reference(ref string) string {
	target, label, _ := strings.Cut(ref, "|")
	switch {
	case strings.HasPrefix(target, "@"), strings.HasPrefix(target, "!subteam^"):
		id := strings.TrimPrefix(strings.TrimPrefix(target, "@"), "!subteam^")
		name, known := r.names.nameOf(id)
		if !known {
			name = id
		}
		class := "mention"
		if id == r.me {
			class = "mention me"
		}
		return `<span class="` + class + `" data-mention="` + html.EscapeString(id) + `">@` + html.EscapeString(name) + `</span>`
	case strings.HasPrefix(target, "#"):
		name, known := r.names.nameOf(target[1:])
		if !known {
			name = label
		}
		return `<span class="mention">#` + html.EscapeString(name) + `</span>`
	case target == "!here", target == "!channel", target == "!everyone":
		return `<span class="mention me">@` + target[1:] + `</span>`
	case strings.HasPrefix(target, "!date^"):
		return plain(label)
	}
	return r.link(target, label)
}

// link writes an address, if it is one that a browser may follow. A permalink
// leads to the page of the same person.
func (r mrkdwn) link(target, label string) string {
	url := unescape(target)
	if label == "" {
		label = target
	}
	if r.base != "" && strings.HasPrefix(url, r.base+"/archives/") {
		glue := map[bool]string{true: "&", false: "?"}[strings.Contains(url, "?")]
		return `<a href="` + html.EscapeString(url+glue+"u="+r.me) + `">` + plain(label) + `</a>`
	}
	for _, scheme := range []string{"http://", "https://", "mailto:"} {
		if strings.HasPrefix(url, scheme) {
			return `<a href="` + html.EscapeString(url) + `" target="_blank" rel="noopener noreferrer">` + plain(label) + `</a>`
		}
	}
	return plain("<" + label + ">")
}

// verbatim shows code: references in it are shown by their label.
func (r mrkdwn) verbatim(s string) string {
	return plain(references.ReplaceAllStringFunc(s, func(m string) string {
		target, label, found := strings.Cut(strings.Trim(m, "<>"), "|")
		if found {
			return label
		}
		return target
	}))
}

// stripped is what a reader sees of marked-up text, without the marks; the
// template escapes it.
func (r mrkdwn) stripped(text string) string {
	marked := strings.ReplaceAll(string(r.render(text)), "<br>", "\n")
	return html.UnescapeString(tags.ReplaceAllString(marked, ""))
}

var tags = regexp.MustCompile(`<[^>]*>`)

// plain shows text that is escaped in Slack's way.
func plain(s string) string { return html.EscapeString(unescape(s)) }

// entity is the length of one of Slack's three entities, or 1.
func entity(s string) int {
	for _, e := range []string{"&amp;", "&lt;", "&gt;"} {
		if strings.HasPrefix(s, e) {
			return len(e)
		}
	}
	return 1
}

// emoji are those that cards and people of a deploy channel use; others stay
// as their name.
func emoji(name string) (string, bool) {
	e, ok := map[string]string{
		"white_check_mark": "✅", "heavy_check_mark": "✔️", "x": "❌", "warning": "⚠️", "rocket": "🚀", "eyes": "👀",
		"hourglass": "⌛", "hourglass_flowing_sand": "⏳", "lock": "🔒", "unlock": "🔓", "rewind": "⏪", "tada": "🎉",
		"thumbsup": "👍", "+1": "👍", "-1": "👎", "no_entry": "⛔", "octagonal_sign": "🛑", "fire": "🔥", "bell": "🔔",
		"large_green_circle": "🟢", "large_yellow_circle": "🟡", "red_circle": "🔴", "arrow_right": "➡️", "memo": "📝",
		"package": "📦", "mag": "🔍", "bulb": "💡", "stopwatch": "⏱️", "calendar": "📅", "link": "🔗", "smile": "😄",
	}[name]
	return e, ok
}
