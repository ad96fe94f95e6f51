package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// View is a modal or a Home tab as it stands.
type View struct {
	ID         string
	User       string // who sees it
	Type       string // modal or home
	Title      string
	Submit     string
	CallbackID string
	ExternalID string
	Metadata   string
	Hash       string
	Blocks     json.RawMessage
	Closed     bool

	raw object
}

// checkView reads the view of a call and refuses what Slack refuses.
func (c *call) checkView(kind string) (*View, *apiError) {
	var raw object
	if json.Unmarshal(c.value("view"), &raw) != nil {
		return nil, fail("invalid_arguments", "[ERROR] missing required field: view")
	}
	var faults []string
	fault := func(at, format string, args ...any) {
		faults = append(faults, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:/view/"+at+"]")
	}
	if str(raw, "type") != kind {
		fault("type", "must be %s", kind)
	}
	known := []string{
		"type", "title", "close", "submit", "blocks", "private_metadata", "callback_id", "external_id",
		"clear_on_close", "notify_on_close",
	}
	for key := range raw {
		if !slices.Contains(known, key) {
			fault(key, "unexpected property")
		}
	}
	v := &View{Type: kind, CallbackID: str(raw, "callback_id"), ExternalID: str(raw, "external_id"), Metadata: str(raw, "private_metadata"), raw: raw}
	v.Title = viewText(raw, "title", kind == "modal", fault)
	v.Submit = viewText(raw, "submit", false, fault)
	viewText(raw, "close", false, fault)
	for key, limit := range map[string]int{"private_metadata": 3000, "callback_id": maxID, "external_id": maxID} {
		if utf8.RuneCountInString(str(raw, key)) > limit {
			fault(key, "must be less than %d characters", limit+1)
		}
	}
	if len(faults) > 0 {
		return nil, fail("invalid_arguments", faults...)
	}
	encoded, err := json.Marshal(raw["blocks"])
	if err != nil {
		return nil, fail("invalid_arguments")
	}
	blocks, bad := c.w.checkBlocks(encoded, maxViewBlocks)
	if bad != nil {
		return nil, fail("invalid_arguments", bad.messages...)
	}
	v.Blocks = blocks
	if hasInput(blocks) && v.Submit == "" && kind == "modal" {
		return nil, fail("invalid_arguments", "[ERROR] missing required field: submit [json-pointer:/view]")
	}
	return v, nil
}

func viewText(raw object, key string, required bool, fault func(at, format string, args ...any)) string {
	m, ok := raw[key].(map[string]any)
	switch {
	case raw[key] == nil && required:
		fault(key, "missing required field: %s", key)
	case raw[key] != nil && (!ok || str(m, "type") != "plain_text"):
		fault(key, "must be plain_text")
	case ok && (str(m, "text") == "" || utf8.RuneCountInString(str(m, "text")) > 24):
		fault(key+"/text", "must be between 1 and 24 characters")
	}
	return str(m, "text")
}

func hasInput(raw json.RawMessage) bool {
	var blocks []object
	_ = json.Unmarshal(raw, &blocks) // checkBlocks has read it
	return slices.ContainsFunc(blocks, func(b object) bool { return str(b, "type") == "input" })
}

func viewsOpen(c *call) (object, *apiError) {
	t := c.w.triggers[c.str("trigger_id")]
	switch {
	case t == nil:
		return nil, fail("invalid_trigger_id")
	case t.used:
		return nil, fail("exchanged_trigger_id")
	case c.w.opts.Clock.Now().Sub(t.at) > triggerLife:
		return nil, fail("expired_trigger_id")
	}
	v, bad := c.checkView("modal")
	if bad != nil {
		return nil, bad
	}
	if v.ExternalID != "" && c.w.viewByExternal(v.ExternalID) != nil {
		return nil, fail("duplicate_external_id")
	}
	t.used = true
	v.ID, v.User = c.w.nextID("V"), t.user
	c.w.keepView(v)
	return object{"view": c.w.wireView(v)}, nil
}

func viewsUpdate(c *call) (object, *apiError) {
	old := c.w.views[c.str("view_id")]
	if old == nil && c.str("external_id") != "" {
		old = c.w.viewByExternal(c.str("external_id"))
	}
	switch {
	case old == nil || old.Closed:
		return nil, fail("not_found")
	case c.str("hash") != "" && c.str("hash") != old.Hash:
		return nil, fail("hash_conflict")
	}
	v, bad := c.checkView(old.Type)
	if bad != nil {
		return nil, bad
	}
	v.ID, v.User = old.ID, old.User
	c.w.keepView(v)
	return object{"view": c.w.wireView(v)}, nil
}

func viewsPublish(c *call) (object, *apiError) {
	u := c.w.user(c.str("user_id"))
	if u == nil || u.Bot {
		return nil, fail("user_not_found")
	}
	id := "VHOME" + u.ID
	if old := c.w.views[id]; old != nil && c.str("hash") != "" && c.str("hash") != old.Hash {
		return nil, fail("hash_conflict")
	}
	v, bad := c.checkView("home")
	if bad != nil {
		return nil, bad
	}
	v.ID, v.User = id, u.ID
	c.w.keepView(v)
	return object{"view": c.w.wireView(v)}, nil
}

func (w *Workspace) keepView(v *View) {
	v.Hash = w.nextTS() + "." + secret()[:8]
	w.views[v.ID] = v
	w.change()
}

func (w *Workspace) viewByExternal(id string) *View {
	for _, v := range w.views {
		if v.ExternalID == id && !v.Closed {
			return v
		}
	}
	return nil
}

// wireView is a view as Slack shows it to the app. The lock is held.
func (w *Workspace) wireView(v *View) object {
	out := object{
		"id": v.ID, "team_id": TeamID, "app_id": AppID, "app_installed_team_id": TeamID, "bot_id": BotID,
		"hash": v.Hash, "root_view_id": v.ID, "previous_view_id": nil, "blocks": v.Blocks,
		"private_metadata": v.Metadata, "callback_id": v.CallbackID, "external_id": v.ExternalID, "type": v.Type,
		"clear_on_close": false, "notify_on_close": false, "close": nil, "submit": nil, "state": object{"values": object{}},
	}
	for _, key := range []string{"title", "close", "submit", "clear_on_close", "notify_on_close"} {
		if x, ok := v.raw[key]; ok {
			out[key] = x
		}
	}
	return out
}
