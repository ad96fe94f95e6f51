package slack

import (
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"strings"
)

// blockView is a block as the page's template shows it.
type blockView struct {
	Kind     string // header, section, context, actions, divider, image, input, other
	ID       string
	HTML     template.HTML
	Fields   []template.HTML
	Elements []elementView
	Label    string
	Hint     string // of an input
}

// elementView is something in a block to press or fill in, or a piece of small
// print.
type elementView struct {
	Kind     string
	ActionID string
	Value    string
	Label    string
	Style    string
	URL      string
	HTML     template.HTML
	Confirm  *confirmView
	Options  []optionView
	Multi    bool // of a text input: several lines
}

type confirmView struct{ Title, Text, Yes, No string }

type optionView struct{ Value, Label string }

// blocksFor builds what the page shows of a message's or view's blocks.
func (r mrkdwn) blocksFor(raw json.RawMessage) []blockView {
	var blocks []object
	if json.Unmarshal(raw, &blocks) != nil {
		return nil
	}
	out := make([]blockView, 0, len(blocks))
	for _, b := range blocks {
		out = append(out, r.block(b))
	}
	return out
}

func (r mrkdwn) block(b object) blockView {
	v := blockView{Kind: str(b, "type"), ID: str(b, "block_id")}
	switch v.Kind {
	case "header", "section":
		v.HTML = r.text(b["text"])
		for _, f := range list(b, "fields") {
			v.Fields = append(v.Fields, r.text(f))
		}
		if a, ok := b["accessory"].(object); ok {
			v.Elements = append(v.Elements, r.element(a))
		}
	case "context", "actions":
		for _, e := range list(b, "elements") {
			if m, ok := e.(object); ok {
				v.Elements = append(v.Elements, r.element(m))
			}
		}
	case "rich_text":
		v.HTML = r.richText(b)
	case "markdown":
		v.HTML = template.HTML("<pre>" + html.EscapeString(str(b, "text")) + "</pre>") //nolint:gosec // escaped
	case "image":
		v.Label = str(b, "alt_text")
	case "input":
		v.Label, v.Hint = textOf(b["label"]), textOf(b["hint"])
		if e, ok := b["element"].(object); ok {
			v.Elements = append(v.Elements, r.element(e))
		}
	case "divider":
	default:
		v.Label, v.Kind = v.Kind, "other"
	}
	return v
}

func (r mrkdwn) element(e object) elementView {
	v := elementView{
		Kind: str(e, "type"), ActionID: str(e, "action_id"), Value: str(e, "value"),
		Style: str(e, "style"), URL: str(e, "url"), Label: textOf(e["text"]),
	}
	switch v.Kind {
	case "mrkdwn", "plain_text":
		v.HTML = r.text(e)
	case "image":
		v.Label = str(e, "alt_text")
	case "plain_text_input":
		v.Multi, _ = e["multiline"].(bool)
		v.Value = str(e, "initial_value")
	}
	if v.Label == "" {
		v.Label = textOf(e["placeholder"])
	}
	for _, o := range list(e, "options") {
		m, _ := o.(object)
		v.Options = append(v.Options, optionView{Value: str(m, "value"), Label: textOf(m["text"])})
	}
	if c, ok := e["confirm"].(object); ok {
		v.Confirm = &confirmView{Title: textOf(c["title"]), Text: r.bare(c["text"]), Yes: textOf(c["confirm"]), No: textOf(c["deny"])}
	}
	return v
}

// text renders a text object by its type.
func (r mrkdwn) text(v any) template.HTML {
	m, _ := v.(object)
	if str(m, "type") == "mrkdwn" {
		return r.render(str(m, "text"))
	}
	return template.HTML(strings.ReplaceAll(plain(str(m, "text")), "\n", "<br>")) //nolint:gosec // escaped by plain
}

// bare is a text object without its marks, for where the page has no markup.
func (r mrkdwn) bare(v any) string {
	if m, _ := v.(object); str(m, "type") == "mrkdwn" {
		return r.stripped(str(m, "text"))
	}
	return textOf(v)
}

// textOf is the plain text of a text object; the template escapes it.
func textOf(v any) string {
	m, _ := v.(object)
	return unescape(str(m, "text"))
}

func list(m object, key string) []any {
	l, _ := m[key].([]any)
	return l
}

// richText renders a rich_text block: its text is not markup and not escaped.
func (r mrkdwn) richText(b object) template.HTML {
	var out strings.Builder
	for _, e := range list(b, "elements") {
		m, _ := e.(object)
		switch str(m, "type") {
		case "rich_text_preformatted":
			out.WriteString("<pre>" + r.richRun(m) + "</pre>")
		case "rich_text_quote":
			out.WriteString("<blockquote>" + r.richRun(m) + "</blockquote>")
		case "rich_text_list":
			tag := map[bool]string{true: "ol", false: "ul"}[str(m, "style") == "ordered"]
			out.WriteString("<" + tag + ">")
			for _, item := range list(m, "elements") {
				section, _ := item.(object)
				out.WriteString("<li>" + r.richRun(section) + "</li>")
			}
			out.WriteString("</" + tag + ">")
		default:
			out.WriteString("<div>" + strings.ReplaceAll(r.richRun(m), "\n", "<br>") + "</div>")
		}
	}
	return template.HTML(out.String()) //nolint:gosec // built of escaped parts only
}

func (r mrkdwn) richRun(m object) string {
	var out strings.Builder
	for _, e := range list(m, "elements") {
		run, _ := e.(object)
		out.WriteString(r.richElement(run))
	}
	return out.String()
}

func (r mrkdwn) richElement(e object) string {
	text := html.EscapeString(str(e, "text"))
	switch str(e, "type") {
	case "user":
		return r.reference("@" + str(e, "user_id"))
	case "usergroup":
		return r.reference("!subteam^" + str(e, "usergroup_id"))
	case "channel":
		return r.reference("#" + str(e, "channel_id"))
	case "broadcast":
		return r.reference("!" + str(e, "range"))
	case "link":
		return r.link(escaper.Replace(str(e, "url")), escaper.Replace(str(e, "text")))
	case "emoji":
		if s, ok := emoji(str(e, "name")); ok {
			return s
		}
		return fmt.Sprintf(":%s:", html.EscapeString(str(e, "name")))
	}
	style, _ := e["style"].(object)
	for key, tag := range map[string]string{"code": "code", "bold": "strong", "italic": "em", "strike": "del"} {
		if on, _ := style[key].(bool); on {
			text = "<" + tag + ">" + text + "</" + tag + ">"
		}
	}
	return text
}
