package slack

import (
	"encoding/base64"
	"slices"
	"strings"
)

// readable finds a channel and checks the scope that its kind needs: what is
// one of history, read.
func (c *call) readable(what string) (*Channel, *apiError) {
	ch := c.w.channel(c.str("channel"))
	if ch == nil || ch.Private && !ch.has(BotUserID) {
		return nil, fail("channel_not_found")
	}
	return ch, c.w.need(ch.kind() + ":" + what)
}

// kind is the first part of the scopes that a channel needs.
func (c *Channel) kind() string {
	switch {
	case c.IM != "":
		return "im"
	case c.Private:
		return "groups"
	}
	return "channels"
}

func (w *Workspace) wireChannel(c *Channel) object {
	out := object{
		"id": c.ID, "created": 1700000000, "is_archived": c.Archived, "is_im": c.IM != "", "is_private": c.Private || c.IM != "",
		"is_channel": c.IM == "" && !c.Private, "is_group": c.Private, "is_mpim": false, "is_org_shared": false,
		"is_ext_shared": c.Shared, "is_shared": c.Shared, "context_team_id": TeamID, "updated": 1700000000000,
	}
	if c.IM != "" {
		out["user"], out["is_open"], out["is_user_deleted"] = c.IM, true, w.user(c.IM).Deleted
		return out
	}
	out["name"], out["name_normalized"], out["creator"] = c.Name, c.Name, "U0ADMIN"
	out["is_member"], out["is_general"] = c.has(BotUserID), false
	out["topic"] = object{"value": c.Topic, "creator": "U0ADMIN", "last_set": 1700000000}
	out["purpose"] = object{"value": "", "creator": "", "last_set": 0}
	return out
}

func conversationsOpen(c *call) (object, *apiError) {
	users := c.list("users")
	if id := c.str("channel"); id != "" && len(users) == 0 {
		ch := c.w.channel(id)
		if ch == nil || ch.IM == "" {
			return nil, fail("channel_not_found")
		}
		users = []string{ch.IM}
	}
	switch {
	case len(users) == 0:
		return nil, fail("users_list_not_supplied")
	case len(users) > 1:
		return nil, fail("method_not_supported_for_channel_type", "[ERROR] the local workspace has no messages of several people")
	}
	u := c.w.user(users[0])
	switch {
	case u == nil:
		return nil, fail("user_not_found")
	case u.Bot:
		return nil, fail("cannot_dm_bot")
	case u.Deleted:
		return nil, fail("user_disabled")
	}
	known := c.w.channel(imID(u.ID)) != nil
	ch := c.w.im(u.ID)
	if c.flag("return_im") {
		return object{"channel": c.w.wireChannel(ch), "no_op": known, "already_open": known}, nil
	}
	return object{"channel": object{"id": ch.ID}, "no_op": known, "already_open": known}, nil
}

func conversationsInfo(c *call) (object, *apiError) {
	ch, bad := c.readable("read")
	if bad != nil {
		return nil, bad
	}
	out := c.w.wireChannel(ch)
	if c.flag("include_num_members") {
		out["num_members"] = len(ch.Members)
	}
	if c.flag("include_locale") {
		out["locale"] = "en-US"
	}
	return object{"channel": out}, nil
}

func conversationsList(c *call) (object, *apiError) {
	types := c.list("types")
	if len(types) == 0 {
		types = []string{"public_channel"}
	}
	scopes := map[string]string{"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
	var kinds []string
	for _, t := range types {
		kind, ok := scopes[t]
		if !ok {
			return nil, fail("invalid_types")
		}
		if bad := c.w.need(kind + ":read"); bad != nil {
			return nil, bad
		}
		kinds = append(kinds, kind)
	}
	var out []object
	for _, ch := range c.w.channels {
		hidden := ch.Private && !ch.has(BotUserID) || ch.Archived && c.flag("exclude_archived")
		if !hidden && slices.Contains(kinds, ch.kind()) {
			out = append(out, c.w.wireChannel(ch))
		}
	}
	return page(c, "channels", out)
}

// maxPage is the most items that a page of a list has.
const maxPage = 1000

// page cuts a list by limit and cursor. The cursor names the position.
func page[T any](c *call, name string, all []T) (object, *apiError) {
	limit, ok := c.number("limit", 100)
	if !ok || limit < 0 || limit > maxPage {
		return nil, fail("invalid_limit")
	}
	if limit == 0 {
		limit = 100
	}
	from, ok := readCursor(c.str("cursor"), len(all))
	if !ok {
		return nil, fail("invalid_cursor")
	}
	to := min(from+limit, len(all))
	next := ""
	if to < len(all) {
		next = writeCursor(to)
	}
	items := all[from:to]
	if items == nil {
		items = []T{}
	}
	return object{name: items, "has_more": next != "", "response_metadata": object{"next_cursor": next}}, nil
}

func writeCursor(at int) string {
	return base64.StdEncoding.EncodeToString([]byte("next:" + strings.Repeat("i", at)))
}

func readCursor(s string, most int) (int, bool) {
	if s == "" {
		return 0, true
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	at := len(raw) - len("next:")
	return at, err == nil && strings.HasPrefix(string(raw), "next:") && at >= 0 && at <= most
}

func conversationsHistory(c *call) (object, *apiError) {
	ch, bad := c.readable("history")
	if bad != nil {
		return nil, bad
	}
	if !ch.has(BotUserID) {
		return nil, fail("not_in_channel")
	}
	var out []object
	for _, m := range slices.Backward(ch.messages) { // newest first
		if m.EphemeralTo == "" && (m.Thread == "" || m.Broadcast) && c.within(m.TS) {
			out = append(out, c.w.wireMessage(m, c.flag("include_all_metadata")))
		}
	}
	return page(c, "messages", out)
}

func conversationsReplies(c *call) (object, *apiError) {
	ch, bad := c.readable("history")
	if bad != nil {
		return nil, bad
	}
	if !ch.has(BotUserID) {
		return nil, fail("not_in_channel")
	}
	parent := ch.find(c.str("ts"))
	if parent == nil || parent.EphemeralTo != "" {
		return nil, fail("thread_not_found")
	}
	if parent.Thread != "" {
		parent = ch.find(parent.Thread)
	}
	out := []object{c.w.wireMessage(parent, c.flag("include_all_metadata"))}
	for _, m := range ch.replies(parent.TS) { // oldest first
		if c.within(m.TS) {
			out = append(out, c.w.wireMessage(m, c.flag("include_all_metadata")))
		}
	}
	return page(c, "messages", out)
}

// within says whether a ts lies between oldest and latest. Timestamps of equal
// length order as text.
func (c *call) within(ts string) bool {
	oldest, latest, inclusive := c.str("oldest"), c.str("latest"), c.flag("inclusive")
	if oldest != "" && oldest != "0" && (ts < oldest || ts == oldest && !inclusive) {
		return false
	}
	return latest == "" || latest == "now" || ts < latest || ts == latest && inclusive
}
