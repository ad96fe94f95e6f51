package commands

import (
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// Markdown writes docs/commands.md from the table and the English sentences.
func (r *Registry) Markdown() string {
	var b strings.Builder
	say := func(id text.ID) string { return markdown(r.text.Say(text.English, id, nil)) }
	b.WriteString("# Commands\n\nGenerated from the table in internal/commands; do not edit.\n\n")
	fmt.Fprintf(&b, "Type these after `%s`, after a mention of the bot (also in threads), or in a direct message to it.\n", r.command)
	b.WriteString("Every command answers `--help`. Buttons do what their typed twins do.\n")
	var group text.ID
	for _, v := range table() {
		if v.group != group {
			group = v.group
			fmt.Fprintf(&b, "\n## %s\n", say(group))
		}
		r.markdownVerb(&b, v, say)
	}
	return b.String()
}

func (r *Registry) markdownVerb(b *strings.Builder, v verb, say func(text.ID) string) {
	fmt.Fprintf(b, "\n### %s\n\n```\n%s\n```\n\n", v.name, r.usage(&v))
	b.WriteString(sentence(say(v.summary)) + " " + ruled(v) + "\n")
	if list := fields(v.grammar()); len(list) > 0 {
		b.WriteString("\n")
		for _, f := range list {
			fmt.Fprintf(b, "- `%s`: %s\n", f.spelled(), say(r.explain(f)))
		}
	}
	if lines := examples(v.name); len(lines) > 0 {
		b.WriteString("\n```\n")
		for _, l := range lines {
			fmt.Fprintf(b, "%s %s\n", r.command, l)
		}
		b.WriteString("```\n")
	}
	if note, ok := notes()[v.name]; ok {
		b.WriteString("\n" + say(note) + "\n")
	}
}

// ruled says how rules name the verb.
func ruled(v verb) string {
	switch {
	case v.rule == "":
		return "It needs no rule."
	case v.effect == reads:
		return fmt.Sprintf("Rules name it `%s`; `read` gives it too.", v.rule)
	default:
		return fmt.Sprintf("Rules name it `%s`.", v.rule)
	}
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// markdown turns our own mrkdwn into Markdown: it differs in bold and entities.
func markdown(m chat.Markup) string {
	return strings.NewReplacer("*", "**", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(string(m))
}
