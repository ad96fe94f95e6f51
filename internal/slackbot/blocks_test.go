package slackbot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/chat"
)

// checkPage fails where Slack would refuse the blocks: the table of lengths in
// docs.slack.dev, "Reference: blocks".
func checkPage(page []slack.Block) error {
	if len(page) == 0 || len(page) > 50 {
		return fmt.Errorf("%d blocks", len(page))
	}
	ids := map[string]bool{}
	for i, b := range page {
		if err := checkBlock(b, ids); err != nil {
			return fmt.Errorf("block %d: %w", i, err)
		}
	}
	return nil
}

func checkBlock(b slack.Block, ids map[string]bool) error {
	switch b := b.(type) {
	case *slack.HeaderBlock:
		return checkText(b.Text, 150)
	case *slack.SectionBlock:
		if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > 10 {
			return fmt.Errorf("section with %d fields", len(b.Fields))
		}
		for _, f := range b.Fields {
			if err := checkText(f, 2000); err != nil {
				return err
			}
		}
		if b.Text != nil {
			return checkText(b.Text, 3000)
		}
	case *slack.ContextBlock:
		if n := len(b.ContextElements.Elements); n == 0 || n > 10 {
			return fmt.Errorf("context with %d elements", n)
		}
		text, ok := b.ContextElements.Elements[0].(*slack.TextBlockObject)
		if !ok {
			return fmt.Errorf("context of %T", b.ContextElements.Elements[0])
		}
		return checkText(text, 3000)
	case *slack.ActionBlock:
		return checkActions(b, ids)
	case *slack.DividerBlock:
	default:
		return fmt.Errorf("unexpected %T", b)
	}
	return nil
}

func checkActions(b *slack.ActionBlock, ids map[string]bool) error {
	if n := len(b.Elements.ElementSet); n == 0 || n > 25 {
		return fmt.Errorf("%d elements", n)
	}
	for _, e := range b.Elements.ElementSet {
		button, ok := e.(*slack.ButtonBlockElement)
		if !ok || ids[button.ActionID] || size(button.ActionID) > 255 || size(button.Value) > 2000 {
			return fmt.Errorf("button %+v", e)
		}
		ids[button.ActionID] = true
		texts := []struct {
			t     *slack.TextBlockObject
			limit int
		}{{button.Text, 75}}
		if c := button.Confirm; c != nil {
			texts = append(texts, struct {
				t     *slack.TextBlockObject
				limit int
			}{c.Title, 100}, struct {
				t     *slack.TextBlockObject
				limit int
			}{c.Text, 300}, struct {
				t     *slack.TextBlockObject
				limit int
			}{c.Confirm, 30}, struct {
				t     *slack.TextBlockObject
				limit int
			}{c.Deny, 30})
		}
		for _, t := range texts {
			if err := checkText(t.t, t.limit); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkText(t *slack.TextBlockObject, limit int) error {
	if strings.TrimSpace(t.Text) == "" || size(t.Text) > limit {
		return fmt.Errorf("%s of %d characters, limit %d", t.Type, size(t.Text), limit)
	}
	return nil
}

func checkMessage(m chat.Message) error {
	all := blocks(m)
	if len(all) > 0 {
		for _, page := range pages(all, "the rest is in the thread") {
			if err := checkPage(page); err != nil {
				return err
			}
		}
	}
	if text := fallback(m); text == "" || size(text) > 3000 {
		return fmt.Errorf("fallback of %d characters", size(text))
	}
	return nil
}

// anyText is what people and logs contain: long, odd, marked up, broken.
func anyText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"", " ", "\n", "a", "&amp;", "<!channel>", "<https://example.com|label>", "😀", "日本語 ", "```", "\u202e", "\xff", "word ",
			"`code`", "line\n",
		})).Draw(t, "text")
		return strings.Repeat(s, rapid.SampledFrom([]int{1, 1, 1, 30, 76, 151, 3001}).Draw(t, "times"))
	})
}

func anyButton(t *rapid.T) chat.Button {
	b := chat.Button{
		Action: chat.Action(anyText().Draw(t, "action")), Value: anyText().Draw(t, "value"),
		Label: anyText().Draw(t, "label"), Style: chat.Style(rapid.SampledFrom([]string{"", "primary", "danger", "pink"}).Draw(t, "style")),
	}
	if rapid.Bool().Draw(t, "confirm") {
		b.Confirm = &chat.Confirm{
			Title: anyText().Draw(t, "title"), Text: anyText().Draw(t, "ask"),
			Yes: anyText().Draw(t, "yes"), No: anyText().Draw(t, "no"),
		}
	}
	return b
}

func anyBlock(t *rapid.T) chat.Block {
	var b chat.Block
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		b.Header = anyText().Draw(t, "header")
	case 1:
		b.Section = chat.Markup(anyText().Draw(t, "section"))
	case 2:
		for range rapid.IntRange(0, 25).Draw(t, "fields") {
			b.Fields = append(b.Fields, chat.Markup(anyText().Draw(t, "field")))
		}
	case 3:
		b.Context = chat.Markup(anyText().Draw(t, "context"))
	case 4:
		b.Code = anyText().Draw(t, "code")
	case 5:
		for range rapid.IntRange(0, 60).Draw(t, "buttons") {
			b.Buttons = append(b.Buttons, anyButton(t))
		}
	default:
		b.Divider = true
	}
	return b
}

// section answers the text of a section.
func section(t *testing.T, b slack.Block) string {
	t.Helper()
	s, ok := b.(*slack.SectionBlock)
	if !ok {
		t.Fatalf("a %T", b)
	}
	return s.Text.Text
}

func TestBlocks(t *testing.T) {
	t.Parallel()

	t.Run("any message is valid blocks", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			m := chat.Message{Text: chat.Markup(anyText().Draw(t, "fallback"))}
			for range rapid.IntRange(0, 60).Draw(t, "blocks") {
				m.Blocks = append(m.Blocks, anyBlock(t))
			}
			if err := checkMessage(m); err != nil {
				t.Fatal(err)
			}
		})
	})

	t.Run("no character of a long section is lost", func(t *testing.T) {
		t.Parallel()
		long := strings.Repeat("some words in a line\n", 1000)
		var shown strings.Builder
		for _, b := range blocks(chat.Message{Blocks: []chat.Block{{Section: chat.Markup(long)}}}) {
			shown.WriteString(section(t, b) + "\n")
		}
		if shown.String() != long {
			t.Errorf("%d of %d characters", shown.Len(), len(long))
		}
	})

	t.Run("lines of code stay as they are, each block whole", func(t *testing.T) {
		t.Parallel()
		line := strings.Repeat("aB3_-", 80)
		code := strings.TrimSuffix(strings.Repeat(line+"\n", 6), "\n") // as sealed credentials are shown
		got := blocks(chat.Message{Blocks: []chat.Block{{Code: code}, {Code: code}}})
		if len(got) != 2 {
			t.Fatalf("%d blocks", len(got))
		}
		for _, b := range got {
			if section(t, b) != "```\n"+code+"\n```" {
				t.Errorf("got %q", section(t, b))
			}
		}
	})

	t.Run("code cannot close its fence and is not read as markup", func(t *testing.T) {
		t.Parallel()
		got := section(t, blocks(chat.Message{Blocks: []chat.Block{{Code: "a ``` <!channel> & b\tc"}}})[0])
		if want := "```\na ''' &lt;!channel&gt; &amp; b    c\n```"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestPages(t *testing.T) {
	t.Parallel()

	t.Run("buttons stay on the first page however long the card is", func(t *testing.T) {
		t.Parallel()
		m := chat.Message{Text: "card"}
		for range 120 {
			m.Blocks = append(m.Blocks, chat.Block{Section: "line"})
		}
		m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{{Action: chat.ActionApprove, Value: "7", Label: "Approve"}}})
		cut := pages(blocks(m), "the rest is in the thread")
		if len(cut) != 3 {
			t.Fatalf("%d pages, want 3", len(cut))
		}
		first := cut[0]
		if first[len(first)-1].BlockType() != slack.MBTAction || first[len(first)-2].BlockType() != slack.MBTContext {
			t.Errorf("the first page ends with %s, %s", first[len(first)-2].BlockType(), first[len(first)-1].BlockType())
		}
		sections := 0
		for _, page := range cut {
			for _, b := range page {
				if b.BlockType() == slack.MBTSection {
					sections++
				}
			}
		}
		if sections != 120 {
			t.Errorf("%d sections are shown, want 120", sections)
		}
	})

	t.Run("a button whose value would have to be cut is left out", func(t *testing.T) {
		t.Parallel()
		m := chat.Message{Blocks: []chat.Block{{Buttons: []chat.Button{
			{Action: chat.ActionApprove, Value: strings.Repeat("x", 2001), Label: "Approve"},
			{Action: chat.ActionReject, Value: "7", Label: "Reject"},
		}}}}
		raw, err := json.Marshal(blocks(m))
		if err != nil || strings.Contains(string(raw), "bcn:approve") || !strings.Contains(string(raw), `"bcn:reject:0"`) {
			t.Errorf("got %.200s, %v", raw, err)
		}
	})

	t.Run("text alone becomes a section", func(t *testing.T) {
		t.Parallel()
		got := blocks(chat.Message{Text: "*done*"})
		if len(got) != 1 || section(t, got[0]) != "*done*" {
			t.Errorf("got %v", got)
		}
	})
}

func TestSplit(t *testing.T) {
	t.Parallel()

	t.Run("parts are within the limit and together the whole text", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			s := valid(anyText().Draw(t, "s"))
			limit := rapid.IntRange(2, 200).Draw(t, "limit")
			var joined strings.Builder
			for _, part := range split(s, limit) {
				if size(part) > limit || strings.TrimSpace(part) == "" {
					t.Fatalf("part of %d characters, limit %d", size(part), limit)
				}
				joined.WriteString(part)
			}
			if without(joined.String()) != without(s) {
				t.Fatalf("got %q of %q", joined.String(), s)
			}
		})
	})

	t.Run("a cut is never inside a link or an entity", func(t *testing.T) {
		t.Parallel()
		for _, s := range []string{"aaaaaaaaaaa&amp;bbbb", "aaa <https://x|y z>", "aaaaaaaa<@U0DEV>bb"} {
			for _, part := range split(s, 15) {
				if strings.Count(part, "<") != strings.Count(part, ">") || strings.Count(part, "&") != strings.Count(part, ";") {
					t.Errorf("%q is cut into %q", s, part)
				}
			}
		}
	})
}

// without takes away what split may drop.
func without(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.TrimSpace(string(r)) == "" {
			return -1
		}
		return r
	}, s)
}

func FuzzBlocks(f *testing.F) {
	f.Add([]byte(`{"text":"x","blocks":[{"header":"h"},{"code":"c"},{"fields":["a"]},{"buttons":[{"action":"approve","value":"1"}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m chat.Message
		if json.Unmarshal(raw, &m) != nil {
			return
		}
		if err := checkMessage(m); err != nil {
			t.Fatal(err)
		}
	})
}
