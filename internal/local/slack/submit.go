package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Views are the modals that a person has before them.
func (w *Workspace) Views(user string) []View {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []View
	for _, v := range w.views {
		if v.User == user && v.Type == "modal" && !v.Closed {
			out = append(out, *v)
		}
	}
	return out
}

// Submit sends a modal's values, by block id and action id, and waits for the
// acknowledgement. The errors that the app answered are by block id.
func (w *Workspace) Submit(ctx context.Context, user, viewID string, values map[string]map[string]string) (map[string]string, error) {
	w.mu.Lock()
	v := w.views[viewID]
	if v == nil || v.Closed || v.User != user {
		w.mu.Unlock()
		return nil, errors.New("the user sees no such view")
	}
	if v.Submit == "" {
		w.mu.Unlock()
		return nil, errors.New("the view has no button that sends it")
	}
	if wrong := incomplete(v.Blocks, values); len(wrong) > 0 { // Slack's client does not send it
		w.mu.Unlock()
		return wrong, nil
	}
	payload := w.submission(v, values)
	w.mu.Unlock()
	type result struct {
		errs map[string]string
		err  error
	}
	done := make(chan result, 1)
	w.deliver(&delivery{
		kind: typeInteractive, accepts: true, payload: payload,
		acked: func(p []byte) {
			errs, err := w.submitted(viewID, p)
			done <- result{errs, err}
		},
		failed: func(code string) { done <- result{err: fmt.Errorf("submitting the view: %s", code)} },
	})
	select {
	case r := <-done:
		return r.errs, r.err
	case <-w.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// submission is a view_submission as Slack sends it. The lock is held.
func (w *Workspace) submission(v *View, values map[string]map[string]string) object {
	u := w.user(v.User)
	kinds := inputKinds(v.Blocks)
	state := object{}
	for block, actions := range values {
		entry := object{}
		for action, value := range actions {
			entry[action] = inputState(kinds[block], value)
		}
		state[block] = entry
	}
	view := w.wireView(v)
	view["state"] = object{"values": state}
	return object{
		"type": "view_submission", "token": "local", "api_app_id": AppID, "trigger_id": w.newTrigger(v.User),
		"user": object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.Team},
		"team": w.team(u), "enterprise": w.enterprise(), "is_enterprise_install": false,
		"view": view, "response_urls": []any{},
	}
}

// incomplete says which inputs Slack's client asks for before it sends a view:
// those that are not optional, and those that are too short or too long.
func incomplete(raw json.RawMessage, values map[string]map[string]string) map[string]string {
	var blocks []object
	_ = json.Unmarshal(raw, &blocks) // checkBlocks has read it
	wrong := map[string]string{}
	for _, b := range blocks {
		e, ok := b["element"].(object)
		if optional, _ := b["optional"].(bool); !ok || optional || str(b, "type") != "input" {
			continue
		}
		value := values[str(b, "block_id")][str(e, "action_id")]
		least, _ := e["min_length"].(float64)
		most, limited := e["max_length"].(float64)
		switch n := utf8.RuneCountInString(value); {
		case n == 0 || n < int(least):
			wrong[str(b, "block_id")] = "Please complete this required field."
		case limited && n > int(most):
			wrong[str(b, "block_id")] = fmt.Sprintf("Please enter no more than %d characters.", int(most))
		}
	}
	return wrong
}

func inputKinds(raw json.RawMessage) map[string]string {
	var blocks []object
	_ = json.Unmarshal(raw, &blocks) // checkBlocks has read it
	out := map[string]string{}
	for _, b := range blocks {
		if e, ok := b["element"].(object); ok {
			out[str(b, "block_id")] = str(e, "type")
		}
	}
	return out
}

func inputState(kind, value string) object {
	switch kind {
	case "static_select", "radio_buttons":
		return object{"type": kind, "selected_option": object{"value": value, "text": object{"type": "plain_text", "text": value, "emoji": true}}}
	case "":
		kind = "plain_text_input"
	}
	return object{"type": kind, "value": value}
}

// submitted does what the app answered to a submission: nothing closes the
// view, otherwise response_action says.
func (w *Workspace) submitted(viewID string, payload []byte) (map[string]string, error) {
	var p struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(payload) > 0 && json.Unmarshal(payload, &p) != nil {
		return nil, errors.New("submitting the view: the answer cannot be read")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.views[viewID]
	switch p.Action {
	case "errors":
		kinds := inputKinds(old.Blocks)
		for block := range p.Errors {
			if _, ok := kinds[block]; !ok {
				return nil, fmt.Errorf("submitting the view: an error names the block %q, which is no input of it", block)
			}
		}
		return p.Errors, nil
	case "", "clear":
		old.Closed = true
		w.change()
		return nil, nil
	case "update", "push":
		c := &call{w: w, args: args{json: map[string]json.RawMessage{"view": p.View}}}
		v, bad := c.checkView("modal")
		if bad != nil {
			return nil, fmt.Errorf("submitting the view: %s %v", bad.code, bad.messages)
		}
		v.ID, v.User = old.ID, old.User
		if p.Action == "push" {
			old.Closed = true // one view at a time is shown here
			v.ID = w.nextID("V")
		}
		w.keepView(v)
		return nil, nil
	}
	return nil, fmt.Errorf("submitting the view: unknown response_action %q", p.Action)
}

// CloseView closes a modal without submitting it.
func (w *Workspace) CloseView(user, id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v := w.views[id]; v != nil && v.User == user {
		v.Closed = true
		w.change()
	}
}
