package slackbot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/bcn-bot/bcn/internal/chat"
)

// Slack's limits for a view (docs.slack.dev, "Reference: views" and "Plain-text
// input element"), in characters.
const (
	maxViewLabel = 24 // title, submit, close
	maxMetadata  = 3000
	maxInput     = 3000
	maxHolder    = 150
	maxHint      = 2000
	maxBlockID   = 255
	maxViewBlock = 100
)

// metadataOf is what a window carries and Slack sends back: where it belongs,
// and its state.
type metadataOf struct {
	Channel string `json:"c,omitempty"`
	Thread  string `json:"t,omitempty"`
	State   string `json:"s,omitempty"`
}

// view renders a window. It fails where a part of it cannot be cut without
// meaning something else.
func view(m chat.Modal) (slack.ModalViewRequest, error) {
	state, err := json.Marshal(metadataOf{m.Channel, m.Thread, m.State})
	if err != nil || size(string(state)) > maxMetadata {
		return slack.ModalViewRequest{}, fmt.Errorf("window %s: its state does not fit", m.Name)
	}
	v := slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(first(label(m.Title, maxViewLabel), "bcn")),
		CallbackID: actionPrefix + string(m.Name), PrivateMetadata: string(state),
	}
	if m.Submit != "" {
		v.Submit = plain(label(m.Submit, maxViewLabel))
	}
	if m.Close != "" {
		v.Close = plain(label(m.Close, maxViewLabel))
	}
	all := blocks(chat.Message{Blocks: m.Body})
	for _, in := range m.Inputs {
		if in.Name == "" || size(in.Name) > maxBlockID {
			return v, fmt.Errorf("window %s: an input without a name", m.Name)
		}
		all = append(all, input(in))
	}
	v.Blocks.BlockSet = all[:min(len(all), maxViewBlock)]
	return v, nil
}

func input(in chat.Input) slack.Block {
	var holder *slack.TextBlockObject
	if p := label(in.Placeholder, maxHolder); p != "" {
		holder = plain(p)
	}
	e := slack.NewPlainTextInputBlockElement(holder, in.Name)
	e.InitialValue = label(in.Value, maxInput)
	e.Multiline, e.MinLength, e.MaxLength = in.Lines, 1, maxInput
	if in.Max > 0 {
		e.MaxLength = min(in.Max, maxInput)
	}
	var hint *slack.TextBlockObject
	if h := label(in.Hint, maxHint); h != "" {
		hint = plain(h)
	}
	return slack.NewInputBlock(in.Name, plain(first(label(in.Label, maxHint), in.Name)), hint, e)
}

// projectView reads a window that was sent. Who sent it is the envelope's user;
// the key is the window and the version of it that was seen (Slack: "Modals",
// view.hash).
func projectView(payload json.RawMessage) (p projected, ok bool, err error) {
	var v struct {
		APIAppID   string  `json:"api_app_id"`
		TriggerID  string  `json:"trigger_id"`
		User       withID  `json:"user"`
		Team       withID  `json:"team"`
		Enterprise *withID `json:"enterprise"`
		View       struct {
			ID         string `json:"id"`
			Hash       string `json:"hash"`
			CallbackID string `json:"callback_id"`
			Metadata   string `json:"private_metadata"`
			State      struct {
				Values map[string]map[string]struct {
					Value string `json:"value"`
				} `json:"values"`
			} `json:"state"`
		} `json:"view"`
	}
	if err := json.Unmarshal(payload, &v); err != nil {
		return p, false, errors.New("view submission: unreadable") // the cause may quote what was filled in
	}
	name, ours := strings.CutPrefix(v.View.CallbackID, actionPrefix)
	if !ours {
		return p, false, nil
	}
	var meta metadataOf
	if v.View.ID == "" || v.View.Hash == "" || json.Unmarshal([]byte(v.View.Metadata), &meta) != nil {
		return p, false, errors.New("view submission without id, hash or metadata")
	}
	p.trigger = v.TriggerID
	p.Request = chat.Request{
		Key: "view:" + v.View.ID + ":" + v.View.Hash, Source: chat.FromModal, Team: v.Team.ID, App: v.APIAppID, User: v.User.ID,
		Channel: meta.Channel, Thread: meta.Thread, Action: chat.Action(name), Value: meta.State,
	}
	if v.Enterprise != nil {
		p.Enterprise = v.Enterprise.ID
	}
	p.fields = map[string]chat.Field{}
	for block, actions := range v.View.State.Values {
		p.fields[block] = chat.NewField(actions[block].Value)
	}
	return p, true, nil
}
