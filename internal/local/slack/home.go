package slack

import (
	"context"
	"fmt"
)

// Home is the app's own page as a person sees it, once the app has filled it.
func (w *Workspace) Home(user string) (View, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.views["VHOME"+user]
	if v == nil {
		return View{}, false
	}
	return *v, true
}

// Shown is all that can be read in a view, as JSON.
func (v View) Shown() string { return string(v.Blocks) }

// OpenHome looks at the app's own page: an app_home_opened event is on its way
// when it returns.
func (w *Workspace) OpenHome(user string) error {
	w.mu.Lock()
	u := w.user(user)
	if u == nil || u.Bot || u.Deleted {
		w.mu.Unlock()
		return fmt.Errorf("home of %s: %w", user, ErrNoSuchUser)
	}
	c := w.im(user)
	event := map[string]any{
		"type": "app_home_opened", "user": user, "channel": c.ID, "event_ts": w.nextTS(), "tab": "home",
	}
	if v := w.views["VHOME"+user]; v != nil {
		event["view"] = w.wireView(v)
	}
	payload := w.eventPayload(event, c)
	w.mu.Unlock()
	w.event(payload, 0)
	return nil
}

// ClickHome presses a button of the app's own page. It waits until the click is
// acknowledged or failed.
func (w *Workspace) ClickHome(ctx context.Context, user, actionID string) (Reply, error) {
	w.mu.Lock()
	u, _, err := w.present(user, imID(user))
	var payload map[string]any
	if err == nil {
		payload, err = w.homePayload(u, actionID)
	}
	w.mu.Unlock()
	if err != nil {
		return Reply{}, fmt.Errorf("click on %s: %w", actionID, err)
	}
	done := make(chan Reply, 1)
	w.deliver(&delivery{
		kind: typeInteractive, payload: payload,
		acked: func([]byte) { done <- Reply{} },
		failed: func(code string) {
			w.tell(user, imID(user), "", fmt.Sprintf("The button did not work: \"%s\"", code), code)
			done <- Reply{Error: code}
		},
	})
	return w.await(ctx, done)
}

// homePayload is a block_actions interaction on a view as Slack sends it: there
// is no channel, no message and no response_url. The lock is held.
func (w *Workspace) homePayload(u *User, actionID string) (map[string]any, error) {
	v := w.views["VHOME"+u.ID]
	if v == nil {
		return nil, ErrNoButton
	}
	var payload map[string]any
	walkBlocks(v.Blocks, func(blockID string, e map[string]any) {
		if payload != nil || str(e, "action_id") != actionID {
			return
		}
		payload = map[string]any{
			"type": "block_actions", "token": "local", "api_app_id": AppID,
			"user": map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.Team},
			"team": w.team(u), "enterprise": w.enterprise(), "is_enterprise_install": false,
			"container": map[string]any{"type": "view", "view_id": v.ID}, "view": w.wireView(v),
			"state":      map[string]any{"values": map[string]any{}},
			"trigger_id": w.newTrigger(u.ID), "actions": []any{w.action(blockID, e)},
		}
	})
	if payload == nil {
		return nil, ErrNoButton
	}
	return payload, nil
}

// HomeButtons are the action ids of the page's buttons.
func (v View) HomeButtons() []string {
	var out []string
	walkBlocks(v.Blocks, func(_ string, e map[string]any) {
		if str(e, "type") == "button" {
			out = append(out, str(e, "action_id"))
		}
	})
	return out
}
