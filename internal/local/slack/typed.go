package slack

import (
	"regexp"
	"strings"
)

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

var (
	// markers are what Slack's editor makes into references: an id in brackets
	// (as its own clients paste it), an address, @name and #channel.
	markers = regexp.MustCompile(`<[@#][A-Z0-9]+(?:\|[^>]*)?>|https?://[^\s<>|]+|@[a-z0-9._-]+|#[a-z0-9_-]+`)
	marker  = regexp.MustCompile(`^<([@#])([A-Z0-9]+)(?:\|[^>]*)?>$`)
)

// typed turns what a person types into what Slack sends on: escaped, with known
// names and addresses as references. withNames is the form in slash commands
// whose app asked for escaping (should_escape): <@U0DEV|dana>. The lock is held.
func (w *Workspace) typed(text string, withNames bool) string {
	var out strings.Builder
	at := 0
	for _, m := range markers.FindAllStringIndex(text, -1) {
		out.WriteString(escaper.Replace(text[at:m[0]]))
		glued := m[0] > 0 && isWord(text[m[0]-1]) // an address such as a@b
		out.WriteString(w.reference(text[m[0]:m[1]], glued, withNames))
		at = m[1]
	}
	out.WriteString(escaper.Replace(text[at:]))
	return out.String()
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func (w *Workspace) reference(s string, glued, withNames bool) string {
	plain := escaper.Replace(s)
	if m := marker.FindStringSubmatch(s); m != nil {
		if m[1] == "@" {
			return w.userRef(w.user(m[2]), withNames, plain)
		}
		return w.channelRef(w.channel(m[2]), withNames, plain)
	}
	switch {
	case strings.HasPrefix(s, "http"):
		return "<" + escaper.Replace(s) + ">"
	case glued:
		return plain
	case s[0] == '#':
		return w.channelRef(w.channelNamed(s[1:]), withNames, plain)
	case s == "@channel" || s == "@here" || s == "@everyone":
		return "<!" + s[1:] + ">"
	}
	for _, g := range w.groups {
		if g.Handle == s[1:] {
			return "<!subteam^" + g.ID + "|@" + g.Handle + ">"
		}
	}
	for _, u := range w.users {
		if u.Name == s[1:] {
			return w.userRef(u, withNames, plain)
		}
	}
	return plain
}

func (w *Workspace) userRef(u *User, withNames bool, otherwise string) string {
	switch {
	case u == nil:
		return otherwise
	case withNames:
		return "<@" + u.ID + "|" + u.Name + ">"
	}
	return "<@" + u.ID + ">"
}

func (w *Workspace) channelRef(c *Channel, _ bool, otherwise string) string {
	if c == nil || c.IM != "" {
		return otherwise
	}
	return "<#" + c.ID + "|" + c.Name + ">"
}

func (w *Workspace) channelNamed(name string) *Channel {
	for _, c := range w.channels {
		if c.Name == name && name != "" {
			return c
		}
	}
	return nil
}

// richText is the block that Slack puts beside a person's text.
func richText(text string) []any {
	var elements []any
	add := func(e map[string]any) { elements = append(elements, e) }
	at := 0
	for _, m := range references.FindAllStringSubmatchIndex(text, -1) {
		if m[0] > at {
			add(map[string]any{"type": "text", "text": unescape(text[at:m[0]])})
		}
		add(richElement(text[m[2]:m[3]]))
		at = m[1]
	}
	if at < len(text) {
		add(map[string]any{"type": "text", "text": unescape(text[at:])})
	}
	return []any{map[string]any{"type": "rich_text", "block_id": "typed", "elements": []any{
		map[string]any{"type": "rich_text_section", "elements": elements},
	}}}
}

var references = regexp.MustCompile(`<([^<>]+)>`)

func richElement(ref string) map[string]any {
	target, _, _ := strings.Cut(ref, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return map[string]any{"type": "user", "user_id": target[1:]}
	case strings.HasPrefix(target, "#"):
		return map[string]any{"type": "channel", "channel_id": target[1:]}
	case strings.HasPrefix(target, "!subteam^"):
		return map[string]any{"type": "usergroup", "usergroup_id": strings.TrimPrefix(target, "!subteam^")}
	case strings.HasPrefix(target, "!"):
		return map[string]any{"type": "broadcast", "range": target[1:]}
	}
	return map[string]any{"type": "link", "url": unescape(target)}
}

func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
