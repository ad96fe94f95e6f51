package slack_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
	local "github.com/bcn-bot/bcn/internal/local/slack"
)

// respond posts to a response_url and answers the status and the body.
func respond(t *testing.T, url string, body map[string]any) (int, string) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, url, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(out)
}

// slashURL types a command and answers its response_url.
func slashURL(t *testing.T) (*local.Workspace, *wire.ManualClock, string) {
	t.Helper()
	w, clock := clocked(t)
	b := connect(t, w, ack)
	if _, err := w.Slash(within(t), "U0DEV", "C0RANDOM", "help"); err != nil {
		t.Fatal(err)
	}
	return w, clock, b.next(t).Data.(slack.SlashCommand).ResponseURL
}

func TestResponseURL(t *testing.T) {
	t.Parallel()

	t.Run("it takes five answers", func(t *testing.T) {
		t.Parallel()
		w, _, url := slashURL(t)
		for i := range 5 {
			if status, body := respond(t, url, map[string]any{"text": "x"}); status != 200 || body != "ok" {
				t.Fatalf("answer %d: %d %s", i, status, body)
			}
		}
		if status, body := respond(t, url, map[string]any{"text": "x"}); status != 404 || !strings.Contains(body, "used_url") {
			t.Errorf("sixth: %d %s", status, body)
		}
		if n := len(w.Ephemerals("U0DEV")); n != 5 {
			t.Errorf("%d ephemerals", n)
		}
	})

	t.Run("it lives thirty minutes", func(t *testing.T) {
		t.Parallel()
		_, clock, url := slashURL(t)
		clock.Advance(30 * time.Minute)
		if status, _ := respond(t, url, map[string]any{"text": "x"}); status != 200 {
			t.Errorf("at thirty minutes: %d", status)
		}
		clock.Advance(time.Second)
		if status, body := respond(t, url, map[string]any{"text": "x"}); status != 404 || !strings.Contains(body, "expired_url") {
			t.Errorf("later: %d %s", status, body)
		}
	})

	t.Run("slack-go can answer in the channel, where the bot is not", func(t *testing.T) {
		t.Parallel()
		w, _, url := slashURL(t)
		if _, _, err := api(w).PostMessageContext(within(t), "C0RANDOM", slack.MsgOptionResponseURL(url, slack.ResponseTypeInChannel), slack.MsgOptionText("for all", false)); err != nil {
			t.Fatal(err)
		}
		if m := w.Messages("C0RANDOM"); len(m) != 1 || m[0].Text != "for all" {
			t.Errorf("messages %+v", m)
		}
	})

	t.Run("what Slack cannot read is refused and uses nothing up", func(t *testing.T) {
		t.Parallel()
		_, _, url := slashURL(t)
		for want, body := range map[string]map[string]any{
			"no_text":               {},
			"invalid_blocks":        {"blocks": []any{map[string]any{"type": "nonsense"}}},
			"invalid_response_type": {"text": "x", "response_type": "loud"},
		} {
			if status, got := respond(t, url, body); status != 400 || !strings.Contains(got, want) {
				t.Errorf("%s: %d %s", want, status, got)
			}
		}
		for i := range 5 {
			if status, body := respond(t, url, map[string]any{"text": "x"}); status != 200 {
				t.Errorf("answer %d: %d %s", i, status, body)
			}
		}
	})

	t.Run("a click's address replaces and deletes the message, also an ephemeral one", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		b := connect(t, w, ack)
		if _, err := api(w).PostEphemeralContext(within(t), "C0DEPLOYS", "U0DEV", slack.MsgOptionText("sure?", false), button("yes", "1")); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Click(within(t), "U0LEAD", w.Ephemerals("U0DEV")[0], "yes"); err == nil {
			t.Error("another person could press it")
		}
		if _, err := w.Click(within(t), "U0DEV", w.Ephemerals("U0DEV")[0], "yes"); err != nil {
			t.Fatal(err)
		}
		c := b.next(t).Data.(slack.InteractionCallback)
		if !c.Container.IsEphemeral || c.Message.Timestamp != "" {
			t.Errorf("payload %+v", c)
		}
		if status, _ := respond(t, c.ResponseURL, map[string]any{"text": "done", "replace_original": true}); status != 200 {
			t.Error("not replaced")
		}
		if m := w.Ephemerals("U0DEV"); len(m) != 1 || m[0].Text != "done" || len(m[0].Buttons()) != 0 {
			t.Errorf("replaced: %+v", m)
		}
		if status, _ := respond(t, c.ResponseURL, map[string]any{"delete_original": true}); status != 200 || len(w.Ephemerals("U0DEV")) != 0 {
			t.Errorf("deleted: %+v", w.Ephemerals("U0DEV"))
		}
	})
}

func modal() slack.ModalViewRequest {
	text := func(s string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
	}
	input := slack.NewInputBlock("why", text("Reason"), nil, slack.NewPlainTextInputBlockElement(nil, "reason"))
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: text("Reject"), Submit: text("Send"), CallbackID: "reject", PrivateMetadata: "1042",
		Blocks: slack.Blocks{BlockSet: []slack.Block{input}},
	}
}

func TestViews(t *testing.T) {
	t.Parallel()

	t.Run("a trigger opens one view within three seconds", func(t *testing.T) {
		t.Parallel()
		w, clock := clocked(t)
		b := connect(t, w, ack)
		trigger := func() string {
			if _, err := w.Slash(within(t), "U0DEV", "C0DEPLOYS", "reject"); err != nil {
				t.Fatal(err)
			}
			return b.next(t).Data.(slack.SlashCommand).TriggerID
		}
		first := trigger()
		if _, err := api(w).OpenViewContext(within(t), first, modal()); err != nil {
			t.Fatal(err)
		}
		if _, err := api(w).OpenViewContext(within(t), first, modal()); err == nil || err.Error() != "exchanged_trigger_id" {
			t.Errorf("second use: %v", err)
		}
		late := trigger()
		clock.Advance(4 * time.Second)
		if _, err := api(w).OpenViewContext(within(t), late, modal()); err == nil || err.Error() != "expired_trigger_id" {
			t.Errorf("late: %v", err)
		}
	})

	t.Run("slack-go reads what was filled in, and its answer closes the view or says what is wrong", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		seen := make(chan slack.InteractionCallback, 2)
		connect(t, w, func(c *socketmode.Client, e socketmode.Event) {
			switch d := e.Data.(type) {
			case slack.SlashCommand:
				if _, err := api(w).OpenView(d.TriggerID, modal()); err != nil {
					t.Errorf("OpenView: %v", err)
				}
				ack(c, e)
			case slack.InteractionCallback:
				seen <- d
				if d.View.State.Values["why"]["reason"].Value == "no" {
					_ = c.Ack(*e.Request, slack.NewErrorsViewSubmissionResponse(map[string]string{"why": "say why"}))
					return
				}
				ack(c, e)
			}
		})
		if _, err := w.Slash(within(t), "U0LEAD", "C0DEPLOYS", "reject"); err != nil {
			t.Fatal(err)
		}
		id := w.Views("U0LEAD")[0].ID
		for value, wrong := range map[string]int{"": 1, "no": 1} {
			faults, err := w.Submit(within(t), "U0LEAD", id, map[string]map[string]string{"why": {"reason": value}})
			if err != nil || len(faults) != wrong {
				t.Errorf("%q: %v, %v", value, faults, err)
			}
		}
		if _, err := w.Submit(within(t), "U0LEAD", id, map[string]map[string]string{"why": {"reason": "not now"}}); err != nil {
			t.Fatal(err)
		}
		<-seen
		got := <-seen
		if got.Type != slack.InteractionTypeViewSubmission || got.User.ID != "U0LEAD" || got.View.ID != id || got.View.Hash == "" ||
			got.View.PrivateMetadata != "1042" || got.View.CallbackID != "reject" || got.View.State.Values["why"]["reason"].Value != "not now" {
			t.Errorf("submission %+v", got)
		}
		if open := w.Views("U0LEAD"); len(open) != 0 {
			t.Errorf("still open: %+v", open)
		}
	})

	t.Run("an update with an old hash is refused", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		b := connect(t, w, ack)
		if _, err := w.Slash(within(t), "U0DEV", "C0DEPLOYS", "x"); err != nil {
			t.Fatal(err)
		}
		v, err := api(w).OpenViewContext(within(t), b.next(t).Data.(slack.SlashCommand).TriggerID, modal())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := api(w).UpdateViewContext(within(t), modal(), "", v.Hash, v.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := api(w).UpdateViewContext(within(t), modal(), "", v.Hash, v.ID); err == nil || err.Error() != "hash_conflict" {
			t.Errorf("error %v", err)
		}
	})

	t.Run("a title of 25 characters is refused", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		b := connect(t, w, ack)
		if _, err := w.Slash(within(t), "U0DEV", "C0DEPLOYS", "x"); err != nil {
			t.Fatal(err)
		}
		long := modal()
		long.Title.Text = strings.Repeat("x", 25)
		_, err := api(w).OpenViewContext(within(t), b.next(t).Data.(slack.SlashCommand).TriggerID, long)
		if err == nil || err.Error() != "invalid_arguments" {
			t.Errorf("error %v", err)
		}
	})
}

func TestFiles(t *testing.T) {
	t.Parallel()

	t.Run("slack-go uploads a file into a thread", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		c := api(w)
		_, ts, err := c.PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.UploadFileContext(within(t), slack.UploadFileParameters{
			Content: "last lines", FileSize: 10, Filename: "web.log", Title: "The last lines", Channel: "C0DEPLOYS", ThreadTimestamp: ts,
		}); err != nil {
			t.Fatal(err)
		}
		thread := w.Thread("C0DEPLOYS", ts)
		if len(thread) != 2 || len(thread[1].Files) != 1 || thread[1].Files[0].Content() != "last lines" || thread[1].Files[0].Title != "The last lines" {
			t.Errorf("thread %+v", thread)
		}
	})

	t.Run("a file of another length than announced is refused", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		if _, err := api(w).UploadFileContext(within(t), slack.UploadFileParameters{
			Content: "longer than that", FileSize: 3, Filename: "x.log", Channel: "C0DEPLOYS",
		}); err == nil {
			t.Error("taken")
		}
	})
}
