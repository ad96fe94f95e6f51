package slack_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"pgregory.net/rapid"

	local "github.com/bcn-bot/bcn/internal/local/slack"
)

func TestBlocksAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t, local.Options{Limits: map[string]local.Limit{}})
	long := func(n int) string { return strings.Repeat("x", n) }
	section := func(n int) string {
		return fmt.Sprintf(`[{"type":"section","text":{"type":"mrkdwn","text":%q}}]`, long(n))
	}
	press := func(inner string) string {
		return `[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Go"},"action_id":"a"` + inner + `}]}]`
	}
	many := func(n int, one string) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]" }
	for _, tc := range []struct{ name, blocks, at string }{
		{"an unknown type", `[{"type":"nonsense"}]`, "/blocks/0/type"},
		{"an unknown field", `[{"type":"divider","colour":"red"}]`, "/blocks/0"},
		{"mrkdwn in a button", `[{"type":"actions","elements":[{"type":"button","text":{"type":"mrkdwn","text":"Go"},"action_id":"a"}]}]`, "/blocks/0/elements/0"},
		{"an unknown style", press(`,"style":"loud"`), "/blocks/0/elements/0"},
		{"a section's text of 3,001 characters", section(3001), "/blocks/0/text/text"},
		{"empty text", section(0), "/blocks/0/text/text"},
		{"a section without text", `[{"type":"section"}]`, "/blocks/0"},
		{"a header of 151 characters", fmt.Sprintf(`[{"type":"header","text":{"type":"plain_text","text":%q}}]`, long(151)), "/blocks/0/text/text"},
		{"a value of 2,001 characters", press(fmt.Sprintf(`,"value":%q`, long(2001))), "/blocks/0/elements/0/value"},
		{"a label of 76 characters", fmt.Sprintf(`[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":%q}}]}]`, long(76)), "/blocks/0/elements/0/text/text"},
		{"an action_id of 256 characters", fmt.Sprintf(`[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Go"},"action_id":%q}]}]`, long(256)), "/blocks/0/elements/0/action_id"},
		{"a confirm title of 101 characters", press(fmt.Sprintf(`,"confirm":{"title":{"type":"plain_text","text":%q},"text":{"type":"plain_text","text":"x"},"confirm":{"type":"plain_text","text":"x"},"deny":{"type":"plain_text","text":"x"}}`, long(101))), "/confirm/title/text"},
		{"26 buttons in a row", `[{"type":"actions","elements":` + many(26, `{"type":"button","text":{"type":"plain_text","text":"Go"}}`) + `}]`, "/blocks/0/elements"},
		{"no button in a row", `[{"type":"actions","elements":[]}]`, "/blocks/0/elements"},
		{"11 fields", `[{"type":"section","fields":` + many(11, `{"type":"mrkdwn","text":"x"}`) + `}]`, "/blocks/0/fields"},
		{"a field of 2,001 characters", fmt.Sprintf(`[{"type":"section","fields":[{"type":"mrkdwn","text":%q}]}]`, long(2001)), "/blocks/0/fields/0/text"},
		{"51 blocks", many(51, `{"type":"divider"}`), "/blocks"},
		{"an action_id twice", `[{"type":"actions","elements":` + many(2, `{"type":"button","text":{"type":"plain_text","text":"Go"},"action_id":"a"}`) + `}]`, "/blocks/0/elements/1/action_id"},
		{"a block_id twice", many(2, `{"type":"divider","block_id":"b"}`), "/blocks/1/block_id"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := post(t, w, w.BotToken(), "chat.postMessage", url.Values{"channel": {"C0DEPLOYS"}, "text": {"x"}, "blocks": {tc.blocks}})
			if got["error"] != "invalid_blocks" {
				t.Fatalf("got %v", got)
			}
			if said := fmt.Sprint(got["response_metadata"]); !strings.Contains(said, tc.at) {
				t.Errorf("said %s, not %s", said, tc.at)
			}
		})
	}

	t.Run("what is no list is refused", func(t *testing.T) {
		t.Parallel()
		got := post(t, w, w.BotToken(), "chat.postMessage", url.Values{"channel": {"C0DEPLOYS"}, "text": {"x"}, "blocks": {`{"type":"divider"}`}})
		if got["error"] != "invalid_blocks_format" {
			t.Errorf("got %v", got)
		}
	})

	t.Run("slack-go hands the reasons on", func(t *testing.T) {
		t.Parallel()
		_, _, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false),
			slack.MsgOptionBlocks(slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, long(151), false, false))))
		var e slack.SlackErrorResponse
		if !errors.As(err, &e) || e.Err != "invalid_blocks" || len(e.ResponseMetadata.Messages) != 1 {
			t.Errorf("error %+v", err)
		}
	})
}

// TestBlocksOfEveryKind posts what bcn's cards are made of, through slack-go.
func TestBlocksOfEveryKind(t *testing.T) {
	t.Parallel()
	w := start(t, local.Options{Limits: map[string]local.Limit{}})
	md := func(s string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.MarkdownType, s, false, false)
	}
	pl := func(s string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
	}
	confirm := slack.NewConfirmationBlockObject(pl("Sure?"), md("*Really*"), pl("Yes"), pl("No"))
	pre := &slack.RichTextPreformatted{Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement("a < b", nil)}}
	_, ts, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false), slack.MsgOptionBlocks(
		slack.NewHeaderBlock(pl("Deploy")),
		slack.NewSectionBlock(md("*one*"), []*slack.TextBlockObject{md("two"), md("three")}, slack.NewAccessory(slack.NewButtonBlockElement("more", "1", pl("More")))),
		slack.NewContextBlock("small", md("small print")),
		slack.NewDividerBlock(),
		slack.NewRichTextBlock("code", pre),
		slack.NewActionBlock("do", slack.NewButtonBlockElement("approve", "1", pl("Approve")).WithStyle(slack.StylePrimary).WithConfirm(confirm)),
	))
	if err != nil {
		var e slack.SlackErrorResponse
		errors.As(err, &e)
		t.Fatalf("%v: %v", err, e.ResponseMetadata.Messages)
	}
	m, _ := w.Message("C0DEPLOYS", ts)
	if len(m.Buttons()) != 2 || !strings.Contains(m.Shown(), "a < b") || !strings.Contains(m.Shown(), "small print") {
		t.Errorf("%+v\n%s", m.Buttons(), m.Shown())
	}
	var blocks []map[string]any
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil || blocks[0]["block_id"] == nil {
		t.Errorf("no block_id was given: %v, %v", blocks[0], err)
	}
}

// TestLengthsAtTheEdge holds each limit from both sides.
func TestLengthsAtTheEdge(t *testing.T) {
	t.Parallel()
	w := start(t, local.Options{Limits: map[string]local.Limit{}})
	rapid.Check(t, func(rt *rapid.T) {
		over := rapid.IntRange(-3, 3).Draw(rt, "over")
		letter := rapid.SampledFrom([]string{"x", "é", "語"}).Draw(rt, "letter")
		text := strings.Repeat(letter, 3000+over)
		raw, err := json.Marshal([]any{map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": text}}})
		if err != nil {
			rt.Fatal(err)
		}
		got := post(t, w, w.BotToken(), "chat.postMessage", url.Values{"channel": {"C0DEPLOYS"}, "text": {"x"}, "blocks": {string(raw)}})
		if got["ok"] != (over <= 0) {
			rt.Errorf("%d characters over: %v", over, got["error"])
		}
	})
}
