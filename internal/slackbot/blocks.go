package slackbot

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/slack-go/slack"

	"github.com/bcn-bot/bcn/internal/chat"
)

// Slack's limits for what a message holds (docs.slack.dev, "Reference: blocks"
// and "composition objects"), in characters.
const (
	maxBlocks       = 50
	maxSection      = 3000
	maxHeader       = 150
	maxFields       = 10
	maxField        = 2000
	maxButtons      = 25
	maxLabel        = 75
	maxValue        = 2000
	maxActionID     = 255
	maxConfirmTitle = 100
	maxConfirmText  = 300
	maxConfirmLabel = 30
	maxText         = 3000 // of the fallback; Slack itself cuts at 40,000
)

// blocks renders a message, without regard to how many blocks come out. What
// is empty, or cannot be shown in any form, is left out. Any Message is fine.
func blocks(m chat.Message) []slack.Block {
	r := renderer{}
	for _, b := range m.Blocks {
		r.block(b)
	}
	if len(r.out) == 0 {
		r.sections(string(m.Text))
	}
	return r.out
}

// fallback is the text for notifications; it is never empty.
func fallback(m chat.Message) string {
	text := valid(string(m.Text))
	for _, b := range m.Blocks {
		if text != "" {
			break
		}
		text = valid(first(b.Header, string(b.Section)))
	}
	if text == "" {
		return "bcn"
	}
	return split(text, maxText)[0]
}

// pages cuts blocks into messages of at most 50. Each but the last ends with
// the sentence rest. Buttons always stand in the first: they act on it.
func pages(all []slack.Block, rest string) [][]slack.Block {
	if len(all) <= maxBlocks {
		return [][]slack.Block{all}
	}
	var buttons, content []slack.Block
	for _, b := range all {
		if b.BlockType() == slack.MBTAction && len(buttons) < maxBlocks/2 {
			buttons = append(buttons, b)
		} else if b.BlockType() != slack.MBTAction {
			content = append(content, b)
		}
	}
	more := slack.NewContextBlock("", markup(rest))
	room := maxBlocks - len(buttons) - 1
	if len(content) <= room+1 {
		return [][]slack.Block{append(content, buttons...)}
	}
	cut := [][]slack.Block{append(append(slices.Clone(content[:room]), more), buttons...)}
	for content = content[room:]; len(content) > maxBlocks; content = content[maxBlocks-1:] {
		cut = append(cut, append(slices.Clone(content[:maxBlocks-1]), more))
	}
	return append(cut, content)
}

type renderer struct {
	out     []slack.Block
	buttons int // so far, to number them
}

func (r *renderer) block(b chat.Block) {
	switch {
	case b.Header != "":
		r.header(b.Header)
	case b.Section != "":
		r.sections(string(b.Section))
	case len(b.Fields) > 0:
		r.fields(b.Fields)
	case b.Context != "":
		for _, part := range split(valid(string(b.Context)), maxSection) {
			r.add(slack.NewContextBlock("", markup(part)))
		}
	case b.Code != "":
		r.code(b.Code)
	case len(b.Buttons) > 0:
		r.actions(b.Buttons)
	case b.Divider:
		r.add(slack.NewDividerBlock())
	}
}

func (r *renderer) add(b slack.Block) { r.out = append(r.out, b) }

func (r *renderer) header(s string) {
	if s = label(s, maxHeader); s != "" {
		r.add(slack.NewHeaderBlock(plain(s)))
	}
}

func (r *renderer) sections(s string) {
	for _, part := range split(valid(s), maxSection) {
		r.add(slack.NewSectionBlock(markup(part), nil, nil))
	}
}

func (r *renderer) fields(list []chat.Markup) {
	var shown []*slack.TextBlockObject
	for _, f := range list {
		if parts := split(valid(string(f)), maxField); len(parts) > 0 {
			shown = append(shown, markup(parts[0]))
		}
	}
	for part := range slices.Chunk(shown, maxFields) {
		r.add(slack.NewSectionBlock(nil, part, nil))
	}
}

// fence surrounds preformatted text.
const fence = "```"

func (r *renderer) code(s string) {
	lines := strings.Split(strings.ToValidUTF8(s, ""), "\n")
	for i, line := range lines {
		line = chat.Clean(strings.ReplaceAll(line, "\t", "    "))
		lines[i] = escapeCode.Replace(line)
	}
	text := strings.Trim(strings.Join(lines, "\n"), "\n")
	if strings.TrimSpace(text) == "" {
		return
	}
	for _, part := range split(text, maxSection-2*len(fence)-2) {
		r.add(slack.NewSectionBlock(markup(fence+"\n"+part+"\n"+fence), nil, nil))
	}
}

// escapeCode keeps text inside a fence: nothing in it is read as markup, and
// it cannot close the fence.
var escapeCode = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", fence, "'''")

func (r *renderer) actions(list []chat.Button) {
	var elements []slack.BlockElement
	for _, b := range list {
		if e := r.button(b); e != nil {
			elements = append(elements, e)
		}
	}
	for part := range slices.Chunk(elements, maxButtons) {
		r.add(slack.NewActionBlock("", part...))
	}
}

// button answers nil for one that could not act: a value that is too long
// would name something else if it were cut.
func (r *renderer) button(b chat.Button) *slack.ButtonBlockElement {
	id := actionID(b.Action, r.buttons)
	text := label(first(b.Label, string(b.Action)), maxLabel)
	value := strings.ToValidUTF8(b.Value, "")
	if b.Action == "" || text == "" || size(value) > maxValue || size(id) > maxActionID {
		return nil
	}
	r.buttons++
	e := slack.NewButtonBlockElement(id, value, plain(text))
	if b.Style == chat.Primary || b.Style == chat.Danger {
		e.Style = slack.Style(b.Style)
	}
	if c := b.Confirm; c != nil {
		e.Confirm = slack.NewConfirmationBlockObject(
			plain(first(label(c.Title, maxConfirmTitle), text)),
			plain(first(label(c.Text, maxConfirmText), text)),
			plain(first(label(c.Yes, maxConfirmLabel), label(text, maxConfirmLabel))),
			plain(first(label(c.No, maxConfirmLabel), "×")))
	}
	return e
}

// markup is mrkdwn that Slack takes as it is: verbatim keeps it from finding
// mentions and links by itself in what people wrote.
func markup(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, s, false, true)
}

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// label cleans and cuts plain text.
func label(s string, limit int) string {
	s = strings.TrimSpace(chat.Clean(strings.ToValidUTF8(s, "")))
	if size(s) <= limit {
		return s
	}
	cut := []rune(s)
	for cut = cut[:min(len(cut), limit-1)]; size(string(cut)) > limit-1; {
		cut = cut[:len(cut)-1]
	}
	return strings.TrimSpace(string(cut)) + "…"
}

// size counts characters as JavaScript does, which is never less than runes.
func size(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// valid drops bytes that are no UTF-8, and text of which nothing can be seen.
func valid(s string) string {
	s = strings.ToValidUTF8(s, "")
	if strings.TrimSpace(chat.Clean(s)) == "" {
		return ""
	}
	return s
}
