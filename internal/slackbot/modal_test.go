package slackbot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/bcn-bot/bcn/internal/chat"
	local "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/slackbot"
)

// windows open for "secret", take any value but "bad", and keep it, unless
// they cannot.
type windows struct {
	mu    sync.Mutex
	kept  []string // keys, each as often as it was kept
	wrong map[string]string
}

func (*windows) Loading(r chat.Request, _ string) (chat.Modal, bool) {
	return chat.Modal{Title: "Loading", Body: []chat.Block{{Section: "one moment"}}}, r.Text == "secret" || r.Action == chat.ActionTyped
}

func (*windows) Fill(s chat.Submission) chat.Request { return s.Request }

func (*windows) Tidy(r chat.Request) chat.Request {
	r.Text = strings.ReplaceAll(r.Text, "hunter2", "…")
	return r
}

func (*windows) Check(s chat.Submission, _ string) map[string]string {
	if s.Fields["value"].Reveal() == "bad" {
		return map[string]string{"value": "not that one"}
	}
	return nil
}

func (w *windows) Keep(_ context.Context, s chat.Submission, _ string) map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, s.Key+" "+s.Fields["value"].Reveal())
	return w.wrong
}

func (w *windows) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.kept)
}

// asksForValue answers "secret" with a window, and with a button beside it.
func asksForValue(r chat.Request) (chat.Message, bool) {
	if r.Text != "secret" && r.Action != chat.ActionTyped {
		return chat.Message{Text: "done: " + chat.Escape(r.Value)}, true
	}
	return chat.Message{
		Text:   "press to write it",
		Blocks: []chat.Block{{Section: "press to write it"}, {Buttons: []chat.Button{{Action: chat.ActionTyped, Value: "secret", Label: "Write"}}}},
		Modal: &chat.Modal{
			Name: chat.ActionSecretSet, Title: "Set a secret", Submit: "Set", State: `{"app":"hello"}`,
			Inputs: []chat.Input{{Name: "value", Label: "Value", Lines: true}},
		},
	}, true
}

// room is a rig whose command opens windows.
func room(t *testing.T, o local.Options) (*rig, *windows) {
	t.Helper()
	w := &windows{}
	return start(t, setup{workspace: o, bot: slackbot.Options{Modals: w}, do: asksForValue}), w
}

// filled waits for dana's window to have something to fill in.
func (r *rig) filled() local.View {
	r.t.Helper()
	var v local.View
	if err := r.WaitFor(r.ctx(), func() bool {
		for _, v = range r.Views(dev) {
			if v.Submit != "" {
				return true
			}
		}
		return false
	}); err != nil {
		r.t.Fatal(err)
	}
	return v
}

func (r *rig) fill(v local.View, value string) map[string]string {
	r.t.Helper()
	wrong, err := r.Submit(r.ctx(), dev, v.ID, map[string]map[string]string{"value": {"value": value}})
	if err != nil {
		r.t.Fatal(err)
	}
	return wrong
}

func TestWindows(t *testing.T) {
	t.Parallel()
	t.Run("a command opens a window, which is filled, sent, kept, and then run where it was asked for", func(t *testing.T) {
		t.Parallel()
		r, w := room(t, local.Options{})
		r.slash(dev, "secret")
		v := r.filled()
		if wrong := r.fill(v, "bad"); wrong["value"] != "not that one" {
			t.Errorf("below the value stands %v", wrong)
		}
		if wrong := r.fill(v, "hunter2"); len(wrong) > 0 {
			t.Fatal(wrong)
		}
		r.ran(2)
		got := r.handler.ran[1]
		want := chat.Request{
			Key: "view:" + v.ID + ":" + v.Hash, Source: chat.FromModal, Team: local.TeamID, App: local.AppID, User: dev, Channel: deploys,
			Action: chat.ActionSecretSet, Value: `{"app":"hello"}`, At: got.At,
		}
		if got != want {
			t.Errorf("it ran as %+v, want %+v", got, want)
		}
		stored, err := json.Marshal(r.inbox.rows)
		if err != nil || strings.Contains(string(stored), "hunter2") {
			t.Errorf("%s %v", stored, err)
		}
		if w.count() != 1 || len(r.Views(dev)) != 0 {
			t.Errorf("kept %d times, %d windows are open", w.count(), len(r.Views(dev)))
		}
		r.sees("what became of it", func(m local.Message) bool { return m.EphemeralTo == dev && strings.Contains(m.Text, "done") })
	})
	t.Run("a submission that comes twice is kept and run once", func(t *testing.T) {
		t.Parallel()
		r, w := room(t, local.Options{})
		r.slash(dev, "secret")
		v := r.filled()
		r.SocketFault(local.SocketFault{Type: "interactive", Times: 1, Duplicate: true})
		r.fill(v, "hunter2")
		r.inbox.until(t, "both came", func() bool { return r.inbox.puts >= 3 })
		r.ran(2)
		if w.count() != 1 {
			t.Errorf("kept %d times", w.count())
		}
	})
	t.Run("a value that cannot be kept stays in the window, is not run, and is taken when it is sent again", func(t *testing.T) {
		t.Parallel()
		r, w := room(t, local.Options{})
		w.wrong = map[string]string{"value": "not taken"}
		r.slash(dev, "secret")
		v := r.filled()
		if wrong := r.fill(v, "hunter2"); wrong["value"] != "not taken" {
			t.Errorf("below the value stands %v", wrong)
		}
		w.mu.Lock()
		w.wrong = nil
		w.mu.Unlock()
		if wrong := r.fill(v, "hunter3"); len(wrong) > 0 {
			t.Fatal(wrong)
		}
		r.ran(2)
		if w.count() != 2 {
			t.Errorf("kept %d times", w.count())
		}
	})
	t.Run("one that cannot be stored is not kept, and the window says so", func(t *testing.T) {
		t.Parallel()
		r, w := room(t, local.Options{})
		r.slash(dev, "secret")
		v := r.filled()
		r.inbox.mu.Lock()
		r.inbox.fail = fmt.Errorf("the database is down")
		r.inbox.mu.Unlock()
		if wrong := r.fill(v, "hunter2"); wrong["value"] == "" || w.count() != 0 {
			t.Errorf("%v, kept %d times", wrong, w.count())
		}
	})
	t.Run("where the three seconds are over a button opens it", func(t *testing.T) {
		t.Parallel()
		r, _ := room(t, local.Options{})
		r.Fault(local.Fault{Method: "views.open", Error: "expired_trigger_id", Times: 1})
		r.slash(dev, "secret")
		m := r.sees("the button", func(m local.Message) bool { return m.EphemeralTo == dev && len(m.Buttons()) == 1 })
		if _, err := r.Click(r.ctx(), dev, m, m.Buttons()[0].ActionID); err != nil {
			t.Fatal(err)
		}
		r.filled()
	})
	t.Run("a mention is answered with the button", func(t *testing.T) {
		t.Parallel()
		r, _ := room(t, local.Options{})
		if _, err := r.Mention(r.ctx(), dev, deploys, "", "secret"); err != nil {
			t.Fatal(err)
		}
		r.sees("the button", func(m local.Message) bool { return m.EphemeralTo == dev && len(m.Buttons()) == 1 })
	})
	t.Run("what should not have been typed is not stored", func(t *testing.T) {
		t.Parallel()
		r, _ := room(t, local.Options{})
		r.slash(dev, "set hunter2")
		r.ran(1)
		if got := r.handler.ran[0].Text; got != "set …" {
			t.Errorf("%q is stored", got)
		}
	})
}
