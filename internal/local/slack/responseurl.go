package slack

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// responseURL lets the app answer a command or a click, five times within
// thirty minutes.
type responseURL struct {
	user    string
	channel string
	origin  string // the message that was clicked on; empty for a command
	at      time.Time
	uses    int
}

// newResponseURL makes an address; kind is commands or actions. The lock is
// held.
func (w *Workspace) newResponseURL(kind, user, channel, origin string) string {
	now := w.opts.Clock.Now()
	key := secret() + secret()
	w.replies[key] = &responseURL{user: user, channel: channel, origin: origin, at: now}
	return w.base + "/" + kind + "/" + TeamID + "/" + key
}

// answerBody is what an app sends to a response_url or with an acknowledgement.
type answerBody struct {
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	ResponseType    string          `json:"response_type"`
	ThreadTS        string          `json:"thread_ts"`
	ReplaceOriginal flexBool        `json:"replace_original"`
	DeleteOriginal  flexBool        `json:"delete_original"`
}

// flexBool takes true and "true", as Slack does.
type flexBool bool

// UnmarshalJSON reads a boolean or its word.
func (b *flexBool) UnmarshalJSON(data []byte) error {
	*b = flexBool(strings.Trim(string(data), `"`) == "true")
	return nil
}

// parseAnswer reads and checks an answer; nil if there is nothing in it. The
// lock is held.
func (w *Workspace) parseAnswer(data []byte) (*answerBody, *apiError) {
	var p answerBody
	if json.Unmarshal(data, &p) != nil {
		return nil, fail("invalid_payload")
	}
	if p.ResponseType != "" && p.ResponseType != "ephemeral" && p.ResponseType != "in_channel" {
		return nil, fail("invalid_response_type")
	}
	if len(p.Blocks) > 0 && string(p.Blocks) != "null" {
		blocks, bad := w.checkBlocks(p.Blocks, maxMessageBlocks)
		if bad != nil {
			return nil, bad
		}
		p.Blocks = blocks
	} else {
		p.Blocks = nil
	}
	if (content{text: p.Text, blocks: p.Blocks}).empty() && !bool(p.DeleteOriginal) {
		return nil, nil //nolint:nilnil // an acknowledgement may well say nothing
	}
	return &p, nil
}

// serveResponse takes an answer at a response_url.
func (w *Workspace) serveResponse(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	fault := w.callFault("response_url")
	w.mu.Unlock()
	if fault.Delay > 0 {
		w.hold(r, fault.Delay)
	}
	if fault.Status != 0 {
		http.Error(rw, http.StatusText(fault.Status), fault.Status)
		return
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		http.Error(rw, "invalid_payload", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	code := w.respond(r.PathValue("key"), data)
	w.mu.Unlock()
	switch code {
	case "":
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(rw, "ok")
	case "used_url", "expired_url", "invalid_url":
		w.refuseResponse(rw, http.StatusNotFound, code)
	default:
		w.refuseResponse(rw, http.StatusBadRequest, code)
	}
	if fault.LoseAnswer {
		panic(http.ErrAbortHandler)
	}
}

func (w *Workspace) refuseResponse(rw http.ResponseWriter, status int, code string) {
	w.opts.Log.Warn("response_url refused", "error", code)
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(object{"ok": false, "error": code}) //nolint:errchkjson // as in answers of the Web API
}

// respond shows an answer and says why not. The lock is held.
func (w *Workspace) respond(key string, data []byte) (refused string) {
	u := w.replies[key]
	switch {
	case u == nil:
		return "invalid_url"
	case w.opts.Clock.Now().Sub(u.at) > responseURLLife:
		return "expired_url"
	case u.uses >= responseURLUses:
		return "used_url"
	}
	p, bad := w.parseAnswer(data)
	if bad != nil {
		return bad.code
	}
	if p == nil {
		return "no_text"
	}
	c := w.channel(u.channel)
	origin := c.find(u.origin)
	if origin == nil && u.origin != "" && (p.ReplaceOriginal || p.DeleteOriginal) {
		return "message_not_found"
	}
	u.uses++
	switch {
	case bool(p.DeleteOriginal) && origin != nil:
		c.remove(origin)
		w.change()
	case bool(p.ReplaceOriginal) && origin != nil:
		origin.Text, origin.Blocks = p.Text, p.Blocks
		if origin.EphemeralTo == "" {
			origin.EditedTS = w.nextTS()
		}
		w.change()
	default:
		w.addAnswer(u, c, p)
	}
	return ""
}

func (w *Workspace) addAnswer(u *responseURL, c *Channel, p *answerBody) {
	m := &Message{Channel: c.ID, User: BotUserID, Text: p.Text, Blocks: p.Blocks}
	if t, bad := c.threadOf(p.ThreadTS); bad == nil {
		m.Thread = t
	}
	if p.ResponseType != "in_channel" {
		m.EphemeralTo = u.user
	}
	w.add(m)
	w.announce(m, "")
}
