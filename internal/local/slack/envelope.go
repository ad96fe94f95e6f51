package slack

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// trigger is what a command or click gives the app to open a view with, once
// and soon.
type trigger struct {
	user string
	at   time.Time
	used bool
}

// newTrigger makes a trigger id. The lock is held.
func (w *Workspace) newTrigger(user string) string {
	now := w.opts.Clock.Now()
	w.forgetOld(now)
	id := fmt.Sprintf("%d.%d.%s", now.UnixMilli(), w.serial, secret())
	w.triggers[id] = &trigger{user: user, at: now}
	return id
}

// forgetOld drops triggers and response addresses long past their time. It
// looks only when their number has doubled, so that it costs little per command.
// The lock is held.
func (w *Workspace) forgetOld(now time.Time) {
	if len(w.triggers)+len(w.replies) < w.forgetAt {
		return
	}
	maps.DeleteFunc(w.triggers, func(_ string, t *trigger) bool { return now.Sub(t.at) > time.Minute })
	maps.DeleteFunc(w.replies, func(_ string, u *responseURL) bool { return now.Sub(u.at) > 2*responseURLLife })
	w.forgetAt = max(1024, 2*(len(w.triggers)+len(w.replies)))
}

// team is how an interaction names the workspace of a person, with the
// organisation if there is one. The lock is held.
func (w *Workspace) team(u *User) map[string]any {
	t := map[string]any{"id": u.Team, "domain": teamDomain}
	if u.Team != TeamID {
		t["domain"] = "extern"
	} else if w.opts.Enterprise != "" {
		t["enterprise_id"], t["enterprise_name"] = w.opts.Enterprise, "Local Org"
	}
	return t
}

func (w *Workspace) enterprise() any {
	if w.opts.Enterprise == "" {
		return nil
	}
	return map[string]any{"id": w.opts.Enterprise, "name": "Local Org"}
}

func (c *Channel) displayName() string {
	switch {
	case c.IM != "":
		return "directmessage"
	case c.Private:
		return "privategroup"
	}
	return c.Name
}

// slashPayload is a slash command as Slack sends it. The lock is held.
func (w *Workspace) slashPayload(u *User, c *Channel, text string) map[string]any {
	p := map[string]any{
		"token": "local", "team_id": u.Team, "team_domain": w.team(u)["domain"],
		"channel_id": c.ID, "channel_name": c.displayName(), "user_id": u.ID, "user_name": u.Name,
		"command": w.opts.Command, "text": w.typed(text, true), "api_app_id": AppID,
		"is_enterprise_install": "false", "trigger_id": w.newTrigger(u.ID),
		"response_url": w.newResponseURL("commands", u.ID, c.ID, ""),
	}
	if w.opts.Enterprise != "" && u.Team == TeamID {
		p["enterprise_id"], p["enterprise_name"] = w.opts.Enterprise, "Local Org"
	}
	return p
}

// clickPayload is a block_actions interaction as Slack sends it. m is the
// message as the person saw it. The lock is held.
func (w *Workspace) clickPayload(u *User, m *Message, blockID string, element map[string]any) map[string]any {
	c := w.channel(m.Channel)
	container := map[string]any{
		"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.EphemeralTo != "",
	}
	if m.Thread != "" {
		container["thread_ts"] = m.Thread
	}
	p := map[string]any{
		"type": "block_actions", "token": "local", "api_app_id": AppID,
		"user": map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.Team},
		"team": w.team(u), "enterprise": w.enterprise(), "is_enterprise_install": false,
		"container":  container,
		"channel":    map[string]any{"id": c.ID, "name": c.displayName()},
		"state":      map[string]any{"values": map[string]any{}},
		"trigger_id": w.newTrigger(u.ID), "response_url": w.newResponseURL("actions", u.ID, c.ID, m.TS),
		"actions": []any{w.action(blockID, element)},
	}
	if m.EphemeralTo == "" { // Slack sends no message with a click on an ephemeral one
		p["message"] = w.wireMessage(m, false)
	}
	return p
}

func (w *Workspace) action(blockID string, element map[string]any) map[string]any {
	a := map[string]any{
		"action_id": str(element, "action_id"), "block_id": blockID, "type": str(element, "type"), "action_ts": w.nextTS(),
	}
	for _, key := range []string{"text", "value", "style"} {
		if v, ok := element[key]; ok {
			a[key] = v
		}
	}
	return a
}

// eventPayload wraps an event as the Events API does. The lock is held.
func (w *Workspace) eventPayload(event map[string]any, c *Channel) map[string]any {
	ts, _ := strconv.ParseFloat(str(event, "event_ts"), 64)
	p := map[string]any{
		"token": "local", "team_id": TeamID, "context_team_id": TeamID, "context_enterprise_id": nil,
		"api_app_id": AppID, "event": event, "type": "event_callback",
		"event_id": w.nextID("Ev"), "event_time": int64(ts),
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": TeamID, "user_id": BotUserID, "is_bot": true, "is_enterprise_install": false,
		}},
		"is_ext_shared_channel": c.Shared, "event_context": "4-" + secret(),
	}
	if w.opts.Enterprise != "" {
		p["enterprise_id"], p["context_enterprise_id"] = w.opts.Enterprise, w.opts.Enterprise
	}
	return p
}

// mentionEvent is an app_mention. The lock is held.
func (w *Workspace) mentionEvent(m *Message) map[string]any {
	c, u := w.channel(m.Channel), w.user(m.User)
	e := map[string]any{
		"type": "app_mention", "user": m.User, "text": m.Text, "ts": m.TS, "event_ts": m.TS, "channel": m.Channel,
		"team": u.Team, "blocks": m.Blocks, "client_msg_id": uuidLike(),
	}
	if m.Thread != "" {
		e["thread_ts"] = m.Thread
	}
	if u.Team != TeamID {
		e["user_team"], e["source_team"] = u.Team, u.Team
	}
	return w.eventPayload(e, c)
}

// imEvent is a message.im: also the bot's own messages come back to it. The
// lock is held.
func (w *Workspace) imEvent(m *Message, subtype string) map[string]any {
	c := w.channel(m.Channel)
	e := w.wireMessage(m, false)
	if subtype == "message_changed" {
		e = map[string]any{"type": "message", "subtype": subtype, "hidden": true, "message": e, "ts": m.EditedTS}
	} else if !m.FromBot() {
		e["client_msg_id"] = uuidLike()
	}
	e["channel"], e["channel_type"], e["event_ts"] = c.ID, "im", e["ts"]
	return w.eventPayload(e, c)
}

func uuidLike() string {
	s := secret()
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}
