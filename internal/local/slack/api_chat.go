package slack

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Lengths of texts (docs.slack.dev: chat.postMessage, chat.update).
const (
	maxText       = 40000
	maxUpdateText = 4000
	maxMetadata   = 8000
)

// content is what a message consists of, checked.
type content struct {
	text     string
	blocks   json.RawMessage
	metadata json.RawMessage
	hasText  bool
	hasBlock bool
}

// content reads and checks text, blocks and metadata.
func (c *call) content(limit int) (content, *apiError) {
	out := content{text: c.str("text"), hasText: c.has("text")}
	if c.has("attachments") && len(c.value("attachments")) > 0 && string(c.value("attachments")) != "[]" {
		return out, fail("invalid_attachments", "[ERROR] the local workspace takes blocks, not attachments")
	}
	if utf8.RuneCountInString(out.text) > limit {
		return out, fail("msg_too_long")
	}
	if raw := c.value("blocks"); c.has("blocks") && len(raw) > 0 {
		blocks, bad := c.w.checkBlocks(raw, maxMessageBlocks)
		if bad != nil {
			return out, bad
		}
		out.blocks, out.hasBlock = blocks, true
	}
	if raw := c.value("metadata"); len(raw) > 0 {
		if bad := checkMetadata(raw); bad != nil {
			return out, bad
		}
		out.metadata = raw
	}
	return out, nil
}

func (c content) empty() bool {
	return strings.TrimSpace(c.text) == "" && (len(c.blocks) == 0 || string(c.blocks) == "[]")
}

func checkMetadata(raw json.RawMessage) *apiError {
	var m struct {
		EventType    string          `json:"event_type"`
		EventPayload json.RawMessage `json:"event_payload"`
	}
	if json.Unmarshal(raw, &m) != nil {
		return fail("invalid_metadata_format")
	}
	var payload object
	switch {
	case len(raw) > maxMetadata:
		return fail("metadata_too_large")
	case m.EventType == "" || json.Unmarshal(m.EventPayload, &payload) != nil:
		return fail("invalid_metadata_schema")
	}
	return nil
}

// writable finds the channel a message shall go to and checks that the bot may
// write there. A person's id stands for their direct message.
func (c *call) writable(id string) (*Channel, *apiError) {
	ch := c.w.channel(id)
	if u := c.w.user(id); u != nil && !u.Bot {
		ch = c.w.im(u.ID)
	}
	if ch == nil && strings.HasPrefix(id, "D") {
		if i := slices.IndexFunc(c.w.users, func(u *User) bool { return imID(u.ID) == id && !u.Bot }); i >= 0 {
			ch = c.w.im(c.w.users[i].ID)
		}
	}
	switch {
	case ch == nil:
		return nil, fail("channel_not_found")
	case ch.Archived:
		return nil, fail("is_archived")
	case ch.IM != "" && c.w.user(ch.IM).Deleted:
		return nil, fail("user_disabled")
	case ch.has(BotUserID):
		return ch, nil
	case ch.Private:
		return nil, fail("channel_not_found") // a stranger does not learn that it exists
	case slices.Contains(c.w.opts.Scopes, "chat:write.public"):
		return ch, nil
	}
	return nil, fail("not_in_channel")
}

func chatPostMessage(c *call) (object, *apiError) {
	ch, bad := c.writable(c.str("channel"))
	if bad != nil {
		return nil, bad
	}
	body, bad := c.content(maxText)
	if bad != nil {
		return nil, bad
	}
	if body.empty() {
		return nil, fail("no_text")
	}
	thread, bad := ch.threadOf(c.str("thread_ts"))
	if bad != nil {
		return nil, bad
	}
	m := &Message{
		Channel: ch.ID, Thread: thread, User: BotUserID, Text: body.text, Blocks: body.blocks,
		Metadata: body.metadata, Broadcast: thread != "" && c.flag("reply_broadcast"),
	}
	c.w.add(m)
	c.w.announce(m, "")
	return object{"channel": ch.ID, "ts": m.TS, "message": c.w.wireMessage(m, true)}, nil
}

var timestamp = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

// threadOf finds the thread that a message belongs to; a reply's ts leads to
// its parent. Where there is no such message, Slack posts to the channel and
// does not say so, but for the thread_ts that the answer lacks (slack-go/slack
// issue 1571, langchain-ai/open-swe pull request 2753).
func (c *Channel) threadOf(ts string) (string, *apiError) {
	if ts == "" {
		return "", nil
	}
	if !timestamp.MatchString(ts) {
		return "", fail("invalid_thread_ts", "[ERROR] "+ts+" is not a valid thread_ts")
	}
	p := c.find(ts)
	switch {
	case p == nil || p.EphemeralTo != "":
		return "", nil
	case p.Thread != "":
		return p.Thread, nil
	}
	return ts, nil
}

// announce sends the event that a message of the bot in a direct message makes:
// Slack tells bots of their own. The lock is held; the sending is not waited for.
func (w *Workspace) announce(m *Message, subtype string) {
	c := w.channel(m.Channel)
	if c.IM == "" || m.EphemeralTo != "" || !slices.Contains(w.opts.Scopes, "im:history") || !w.track() {
		return
	}
	payload := w.imEvent(m, subtype)
	go func() {
		defer w.work.Done()
		w.event(payload, 0)
	}()
}

// own finds a message of the bot.
func (c *call) own(refusal string) (*Channel, *Message, *apiError) {
	ch := c.w.channel(c.str("channel"))
	if ch == nil || ch.Private && !ch.has(BotUserID) {
		return nil, nil, fail("channel_not_found")
	}
	m := ch.find(c.str("ts"))
	switch {
	case m == nil || m.EphemeralTo != "" || m.Deleted:
		return nil, nil, fail("message_not_found")
	case !m.FromBot():
		return nil, nil, fail(refusal)
	case ch.Archived:
		return nil, nil, fail("is_archived")
	}
	return ch, m, nil
}

func chatUpdate(c *call) (object, *apiError) {
	ch, m, bad := c.own("cant_update_message")
	if bad != nil {
		return nil, bad
	}
	body, bad := c.content(maxUpdateText)
	if bad != nil {
		return nil, bad
	}
	next := *m
	if body.hasBlock { // without the field the blocks stay
		next.Blocks = body.blocks
	}
	if body.hasText {
		next.Text = body.text
	}
	if body.metadata != nil {
		next.Metadata = body.metadata
	}
	if !body.hasText && !body.hasBlock || (content{text: next.Text, blocks: next.Blocks}).empty() {
		return nil, fail("no_text")
	}
	next.EditedTS = c.w.nextTS()
	next.Broadcast = m.Broadcast || m.Thread != "" && c.flag("reply_broadcast")
	*m = next
	c.w.change()
	c.w.announce(m, "message_changed")
	return object{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": c.w.wireMessage(m, true)}, nil
}

func chatDelete(c *call) (object, *apiError) {
	ch, m, bad := c.own("cant_delete_message")
	if bad != nil {
		return nil, bad
	}
	ch.remove(m)
	c.w.change()
	return object{"channel": ch.ID, "ts": m.TS}, nil
}

// remove takes a message out; the parent of a thread leaves a stone.
func (c *Channel) remove(m *Message) {
	if len(c.replies(m.TS)) > 0 {
		*m = Message{Channel: m.Channel, TS: m.TS, User: m.User, Text: "This message was deleted.", Deleted: true}
		return
	}
	c.messages = slices.DeleteFunc(c.messages, func(o *Message) bool { return o == m })
}

func chatPostEphemeral(c *call) (object, *apiError) {
	ch, bad := c.writable(c.str("channel"))
	if bad != nil {
		return nil, bad
	}
	body, bad := c.content(maxText)
	if bad != nil {
		return nil, bad
	}
	if body.empty() {
		return nil, fail("no_text")
	}
	if u := c.w.user(c.str("user")); u == nil || u.Deleted || !ch.has(u.ID) {
		return nil, fail("user_not_in_channel")
	}
	thread, bad := ch.threadOf(c.str("thread_ts"))
	if bad != nil {
		return nil, bad
	}
	m := &Message{Channel: ch.ID, Thread: thread, User: BotUserID, Text: body.text, Blocks: body.blocks, EphemeralTo: c.str("user")}
	c.w.add(m)
	return object{"message_ts": m.TS}, nil
}

func chatGetPermalink(c *call) (object, *apiError) {
	ch := c.w.channel(c.str("channel"))
	if ch == nil || ch.Private && !ch.has(BotUserID) {
		return nil, fail("channel_not_found")
	}
	m := ch.find(c.str("message_ts"))
	if m == nil || m.EphemeralTo != "" {
		return nil, fail("message_not_found")
	}
	return object{"channel": ch.ID, "permalink": c.w.permalink(m)}, nil
}

// permalink is a message's address on the page. The lock is held.
func (w *Workspace) permalink(m *Message) string {
	link := w.base + "/archives/" + m.Channel + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if m.Thread != "" {
		link += "?thread_ts=" + m.Thread + "&cid=" + m.Channel
	}
	return link
}

func reactionsAdd(c *call) (object, *apiError) {
	ch := c.w.channel(c.str("channel"))
	if ch == nil {
		return nil, fail("channel_not_found")
	}
	m, name := ch.find(c.str("timestamp")), c.str("name")
	switch {
	case m == nil || m.EphemeralTo != "":
		return nil, fail("message_not_found")
	case !ch.has(BotUserID):
		return nil, fail("not_in_channel")
	case name == "" || strings.ContainsAny(name, ": "):
		return nil, fail("invalid_name")
	}
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	if i >= 0 && slices.Contains(m.Reactions[i].Users, BotUserID) {
		return nil, fail("already_reacted")
	}
	m.Reactions = append(slices.Clone(m.Reactions), Reaction{Name: name, Users: []string{BotUserID}, Count: 1})
	c.w.change()
	return nil, nil
}
