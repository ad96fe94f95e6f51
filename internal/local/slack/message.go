package slack

import (
	"encoding/json"
	"slices"
	"strings"
)

// Message is one message as it stands now.
type Message struct {
	Channel     string
	TS          string // its id within the channel, and its time
	Thread      string // the parent's TS, if it is a reply
	User        string // the author; the bot's user for the bot's
	Text        string // mrkdwn, escaped
	Blocks      json.RawMessage
	Metadata    json.RawMessage // as given with the message
	EphemeralTo string          // the only person who sees it
	EditedTS    string          // when it was last edited
	Broadcast   bool            // a reply that is shown in the channel too
	Deleted     bool            // a parent whose thread remains
	Failure     string          // the code, if it is Slack's own error message
	Reactions   []Reaction
	Files       []File
}

// Reaction is an emoji under a message.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// Button is a button of a message, or of a section's accessory.
type Button struct {
	BlockID  string
	ActionID string
	Value    string
	Label    string
	Style    string
	Confirm  bool
	URL      string
}

// FromBot says whether the bot wrote it.
func (m Message) FromBot() bool { return m.User == BotUserID }

// Buttons lists the message's buttons in their order.
func (m Message) Buttons() []Button {
	var out []Button
	walkBlocks(m.Blocks, func(blockID string, e map[string]any) {
		if str(e, "type") != "button" {
			return
		}
		text, _ := e["text"].(map[string]any)
		out = append(out, Button{
			BlockID: blockID, ActionID: str(e, "action_id"), Value: str(e, "value"),
			Label: str(text, "text"), Style: str(e, "style"), Confirm: e["confirm"] != nil, URL: str(e, "url"),
		})
	})
	return out
}

// Button finds a button by its action id.
func (m Message) Button(actionID string) (Button, bool) {
	all := m.Buttons()
	i := slices.IndexFunc(all, func(b Button) bool { return b.ActionID == actionID })
	if i < 0 {
		return Button{}, false
	}
	return all[i], true
}

// Shown is all that a reader sees: the text of all blocks, or the text when
// there are none, one part a line, escaped as it was sent.
func (m Message) Shown() string {
	var blocks []any
	if json.Unmarshal(m.Blocks, &blocks) != nil || len(blocks) == 0 {
		return m.Text
	}
	var lines []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				lines = append(lines, s)
			}
			for _, key := range []string{"text", "fields", "elements", "accessory"} {
				if _, ok := v[key].(string); !ok {
					walk(v[key])
				}
			}
		}
	}
	walk(blocks)
	return strings.Join(lines, "\n")
}

// walkBlocks calls f for each interactive element of a message's blocks.
func walkBlocks(raw json.RawMessage, f func(blockID string, element map[string]any)) {
	var blocks []map[string]any
	if json.Unmarshal(raw, &blocks) != nil {
		return
	}
	for _, b := range blocks {
		id := str(b, "block_id")
		elements, _ := b["elements"].([]any)
		if e, ok := b["accessory"]; ok {
			elements = append(elements, e)
		}
		for _, e := range elements {
			if m, ok := e.(map[string]any); ok && str(m, "action_id") != "" {
				f(id, m)
			}
		}
	}
}

func str(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// wireMessage is a message as the Web API and the events show it. The lock is
// held.
func (w *Workspace) wireMessage(m *Message, withMetadata bool) map[string]any {
	out := map[string]any{"type": "message", "ts": m.TS, "text": m.Text, "user": m.User, "team": TeamID}
	if u := w.user(m.User); u != nil {
		out["team"] = u.Team
	}
	if m.FromBot() {
		out["bot_id"], out["app_id"] = BotID, AppID
		out["bot_profile"] = map[string]any{"id": BotID, "app_id": AppID, "name": "bcn", "team_id": TeamID, "deleted": false, "updated": 1}
	}
	if m.Deleted {
		out["subtype"], out["user"], out["hidden"] = "tombstone", slackbotID, true
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if withMetadata && len(m.Metadata) > 0 {
		out["metadata"] = m.Metadata
	}
	if m.EditedTS != "" {
		out["edited"] = map[string]any{"user": m.User, "ts": m.EditedTS}
	}
	if len(m.Reactions) > 0 {
		out["reactions"] = m.Reactions
	}
	if len(m.Files) > 0 {
		out["files"], out["upload"] = m.Files, false
	}
	w.wireThread(m, out)
	return out
}

// wireThread adds what tells a parent from a reply. The lock is held.
func (w *Workspace) wireThread(m *Message, out map[string]any) {
	c := w.channel(m.Channel)
	if m.Thread != "" {
		out["thread_ts"] = m.Thread
		if p := c.find(m.Thread); p != nil {
			out["parent_user_id"] = p.User
		}
		if m.Broadcast {
			out["subtype"] = "thread_broadcast"
		}
		return
	}
	replies := c.replies(m.TS)
	if len(replies) == 0 {
		return
	}
	var users []string
	for _, r := range replies {
		if !slices.Contains(users, r.User) {
			users = append(users, r.User)
		}
	}
	out["thread_ts"], out["reply_count"] = m.TS, len(replies)
	out["reply_users"], out["reply_users_count"] = users, len(users)
	out["latest_reply"] = replies[len(replies)-1].TS
}

// replies lists a thread's replies that everyone sees.
func (c *Channel) replies(ts string) []*Message {
	var out []*Message
	for _, m := range c.messages {
		if m.Thread == ts && m.EphemeralTo == "" {
			out = append(out, m)
		}
	}
	return out
}
