package text

import (
	"encoding/json"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
)

// GuardID names the sentence of a finding.
func GuardID(finding string) ID { return ID("guard." + finding) }

// Finding answers what a guardrail or the renderer found, where, and what to
// do about it, on one line.
func (c *Catalogue) Finding(lang string, f bcn.Finding) chat.Markup {
	args := Args{"where": f.Where}
	for k, v := range f.Params {
		args[k] = v
	}
	said := c.Say(lang, GuardID(f.ID), args)
	if f.Where == "" {
		return said
	}
	return chat.Code(chat.Truncate(f.Where, 200)) + " " + said
}

// EncodeFindings writes findings as the param "findings" of a guardrail
// error: one JSON object per line, so that they are told in the language of
// whoever reads them, whenever that is.
func EncodeFindings(findings []bcn.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		line, err := json.Marshal(f)
		if err != nil { // strings only: cannot happen
			continue
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// findings reads what EncodeFindings wrote; any other line is shown as it is.
func (c *Catalogue) findings(lang, encoded string) chat.Markup {
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(encoded), "\n") {
		if i == maxLines {
			b.WriteString("\n• …")
			break
		}
		var f bcn.Finding
		b.WriteString("\n• ")
		if err := json.Unmarshal([]byte(line), &f); err == nil && f.ID != "" {
			b.WriteString(string(c.Finding(lang, f)))
		} else {
			b.WriteString(string(chat.Escape(line)))
		}
	}
	return chat.Markup(b.String())
}
