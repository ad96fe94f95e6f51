package slack

import (
	"fmt"
	"unicode/utf8"
)

// Lengths of Block Kit (docs.slack.dev/reference/block-kit), which the types
// that Slack publishes do not hold.
const (
	maxSectionText = 3000
	maxHeaderText  = 150
	maxFieldText   = 2000
	maxButtonText  = 75
	maxValue       = 2000
	maxID          = 255
	maxURL         = 3000
)

// lengths of the arrays, by type of block and field.
func arrayLimits() map[string]int {
	return map[string]int{
		"section.fields": 10, "actions.elements": 25, "context.elements": 10,
		"static_select.options": 100, "multi_static_select.options": 100, "overflow.options": 5,
		"checkboxes.options": 10, "radio_buttons.options": 10,
	}
}

// textLimits of a text object, by where it stands.
func textLimits() map[string]int {
	return map[string]int{
		"section.text": maxSectionText, "section.fields": maxFieldText, "header.text": maxHeaderText,
		"context.elements": maxSectionText, "button.text": maxButtonText,
		"confirm.title": 100, "confirm.text": 300, "confirm.confirm": 30, "confirm.deny": 30,
		"option.text": 75, "option.description": 75, "input.label": 2000, "input.hint": 2000,
		"placeholder.placeholder": 150,
	}
}

// lengths collects what is too long or empty.
type lengths struct {
	arrays, texts map[string]int
	actions       map[string]bool
	blockIDs      map[string]bool
	faults        []string
}

// checkLengths answers the faults of length and uniqueness in all blocks.
func checkLengths(blocks []any) []string {
	l := &lengths{arrays: arrayLimits(), texts: textLimits(), actions: map[string]bool{}, blockIDs: map[string]bool{}}
	for i, b := range blocks {
		clear(l.actions) // unique within a block
		if m, ok := b.(map[string]any); ok {
			l.node(m, fmt.Sprintf("/blocks/%d", i), str(m, "type"))
		}
	}
	return l.faults
}

func (l *lengths) fault(at, format string, args ...any) {
	l.faults = append(l.faults, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

// node checks an object; kind is its type or the place it has in its parent.
func (l *lengths) node(m map[string]any, at, kind string) {
	l.ids(m, at)
	if kind == "section" && m["text"] == nil && m["fields"] == nil {
		l.fault(at, "missing required field: text or fields")
	}
	l.plain(m, at, "value", maxValue, kind == "button")
	l.plain(m, at, "value", 150, kind == "option")
	l.plain(m, at, "url", maxURL, true)
	for key, v := range m {
		place := at + "/" + key
		switch v := v.(type) {
		case map[string]any:
			l.child(v, place, kind, key)
		case []any:
			if limit, ok := l.arrays[kind+"."+key]; ok && len(v) > limit {
				l.fault(place, "no more than %d items allowed", limit)
			}
			if len(v) == 0 && (key == "elements" && kind != "rich_text_section" || key == "fields" || key == "options") {
				l.fault(place, "must provide at least 1 item")
			}
			for i, e := range v {
				if e, ok := e.(map[string]any); ok {
					l.child(e, fmt.Sprintf("%s/%d", place, i), kind, key)
				}
			}
		}
	}
}

func (l *lengths) child(m map[string]any, at, parent, key string) {
	if t := str(m, "type"); t == "plain_text" || t == "mrkdwn" {
		if key == "placeholder" {
			parent = "placeholder"
		}
		limit, ok := l.texts[parent+"."+key]
		if !ok {
			limit = maxSectionText
		}
		l.text(m, at+"/text", limit)
		return
	}
	kind := str(m, "type")
	switch key {
	case "confirm":
		kind = "confirm"
	case "options", "option_groups", "initial_option", "initial_options":
		kind = "option"
	}
	l.node(m, at, kind)
}

func (l *lengths) text(m map[string]any, at string, limit int) {
	n := utf8.RuneCountInString(str(m, "text"))
	switch {
	case n == 0:
		l.fault(at, "must be more than 0 characters")
	case n > limit:
		l.fault(at, "must be less than %d characters", limit+1)
	}
}

func (l *lengths) plain(m map[string]any, at, key string, limit int, applies bool) {
	if applies && utf8.RuneCountInString(str(m, key)) > limit {
		l.fault(at+"/"+key, "must be less than %d characters", limit+1)
	}
}

// ids checks block_id and action_id: their length, that each block_id is there
// once, and each action_id once within its block.
func (l *lengths) ids(m map[string]any, at string) {
	for key, seen := range map[string]map[string]bool{"action_id": l.actions, "block_id": l.blockIDs} {
		id := str(m, key)
		if id == "" {
			continue
		}
		l.plain(m, at, key, maxID, true)
		if seen[id] {
			l.fault(at+"/"+key, "`%s` %q already exists", key, id)
		}
		seen[id] = true
	}
}
