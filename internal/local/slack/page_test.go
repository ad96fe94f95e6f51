package slack_test

import (
	"bufio"
	"errors"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	local "github.com/bcn-bot/bcn/internal/local/slack"
)

// page reads the page as a person sees it.
func page(t *testing.T, w *local.Workspace, query string) string {
	t.Helper()
	return get(t, w.URL()+"?"+query, nil).body
}

type answer struct {
	status int
	header http.Header
	body   string
}

func get(t *testing.T, address string, edit func(*http.Request)) answer {
	t.Helper()
	return do(t, http.MethodGet, address, nil, edit)
}

func do(t *testing.T, method, address string, form url.Values, edit func(*http.Request)) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if edit != nil {
		edit(req)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func scripted(r *http.Request) { r.Header.Set("X-Scripted", "1") }

func TestPageIsGuarded(t *testing.T) {
	t.Parallel()
	w := start(t, local.Options{})

	t.Run("a name that points at loopback is refused", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"", "api/auth.test", "static/page.js"} {
			if a := get(t, w.URL()+path, func(r *http.Request) { r.Host = "evil.example" }); a.status != http.StatusForbidden {
				t.Errorf("%q: %d", path, a.status)
			}
		}
	})

	t.Run("another web page cannot type here", func(t *testing.T) {
		t.Parallel()
		a := do(t, http.MethodPost, w.URL()+"say", url.Values{"u": {"U0DEV"}, "c": {"C0DEPLOYS"}, "text": {"/bcn halt"}}, func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "https://evil.example")
		})
		if a.status != http.StatusForbidden || len(w.Messages("C0DEPLOYS")) != 0 {
			t.Errorf("status %d", a.status)
		}
	})

	t.Run("the page runs no script but its own", func(t *testing.T) {
		t.Parallel()
		a := get(t, w.URL(), nil)
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("policy %q", csp)
		}
		if strings.Contains(a.body, "<script>") || strings.Contains(a.body, " onclick=") || strings.Contains(a.body, "style=") {
			t.Error("something inline")
		}
	})

	t.Run("it starts on loopback only", func(t *testing.T) {
		t.Parallel()
		w, err := local.New(local.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context(), "0.0.0.0:0"); err == nil {
			t.Error("started")
			_ = w.Close()
		}
	})
}

func TestPageShows(t *testing.T) {
	t.Parallel()

	t.Run("what people and the bot write is never markup of the page", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		if _, err := w.Say(within(t), "U0DEV", "C0DEPLOYS", "", `<script>alert(1)</script> "><img src=x onerror=alert(2)>`); err != nil {
			t.Fatal(err)
		}
		if _, _, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText(`<javascript:alert(3)|click> <i>bold`, false)); err != nil {
			t.Fatal(err)
		}
		body := page(t, w, "u=U0DEV&c=C0DEPLOYS")
		for _, bad := range []string{"<script>alert", "<img", `href="javascript`, "<i>bold"} {
			if strings.Contains(body, bad) {
				t.Errorf("the page holds %s", bad)
			}
		}
		if !strings.Contains(body, "&lt;script&gt;alert(1)") {
			t.Error("the text is not shown")
		}
	})

	t.Run("an ephemeral message only to the one it is for", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		if _, err := api(w).PostEphemeralContext(within(t), "C0DEPLOYS", "U0DEV", slack.MsgOptionText("for dana's eyes", false)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(html.UnescapeString(page(t, w, "u=U0DEV&c=C0DEPLOYS")), "for dana's eyes") {
			t.Error("dana does not see it")
		}
		if strings.Contains(html.UnescapeString(page(t, w, "u=U0LEAD&c=C0DEPLOYS")), "for dana's eyes") {
			t.Error("lee sees it")
		}
	})

	t.Run("nothing of channels that a person is not in", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		if _, _, err := api(w).PostMessageContext(within(t), "C0SEC", slack.MsgOptionText("tell nobody", false)); err != nil {
			t.Fatal(err)
		}
		for _, user := range []string{"U0GUEST", "U0GONE"} {
			if body := page(t, w, "u="+user+"&c=C0SEC"); strings.Contains(body, "tell nobody") || strings.Contains(body, `data-channel="C0SEC"`) {
				t.Errorf("%s sees #security", user)
			}
		}
	})

	t.Run("a permalink leads the reader to the message, as themselves", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		c := api(w)
		_, ts, err := c.PostMessageContext(within(t), "C0APPROVE", slack.MsgOptionText("the card", false))
		if err != nil {
			t.Fatal(err)
		}
		link, err := c.GetPermalinkContext(within(t), &slack.PermalinkParameters{Channel: "C0APPROVE", Ts: ts})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("<"+link+"|see the card>", false)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page(t, w, "u=U0LEAD&c=C0DEPLOYS"), `href="`+link+`?u=U0LEAD">see the card</a>`) {
			t.Error("the link leads elsewhere")
		}
		if a := get(t, link+"?u=U0LEAD", nil); a.header.Get("Location") != "/?c=C0APPROVE&t="+ts+"&u=U0LEAD" {
			t.Errorf("it leads to %s", a.header.Get("Location"))
		}
	})

	t.Run("how many messages are unread, until they were looked at", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		if _, err := w.Say(within(t), "U0LEAD", "C0DEPLOYS", "", "look, @dana"); err != nil {
			t.Fatal(err)
		}
		if body := page(t, w, "u=U0DEV&c=C0APPROVE"); !strings.Contains(body, `<span class="badge loud" data-unread="1">`) {
			t.Error("no badge")
		}
		page(t, w, "u=U0DEV&c=C0DEPLOYS")
		if body := page(t, w, "u=U0DEV&c=C0APPROVE"); strings.Contains(body, "data-unread") {
			t.Error("the badge stays")
		}
	})

	t.Run("buttons with the hooks that a browser drives, and their confirm texts", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		_, ts, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false), button("approve", "1042"))
		if err != nil {
			t.Fatal(err)
		}
		body := page(t, w, "u=U0DEV&c=C0DEPLOYS&t="+ts)
		for _, want := range []string{
			`data-action-id="approve"`, `data-value="1042"`, `data-ts="` + ts + `"`, `id="composer"`, `id="reply"`, `id="thread"`,
			`data-user="U0LEAD"`, `data-channel="C0APPROVE"`, `data-channel="D0DEV"`, "Deploy <strong>hello</strong>?",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
	})
}

func TestPageActs(t *testing.T) {
	t.Parallel()
	say := func(t *testing.T, w *local.Workspace, user, channel, thread, text string) answer {
		t.Helper()
		return do(t, http.MethodPost, w.URL()+"say", url.Values{"u": {user}, "c": {channel}, "t": {thread}, "text": {text}}, scripted)
	}

	t.Run("a typed command reaches the bot, and a plain form leads back", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		b := connect(t, w, ack)
		a := do(t, http.MethodPost, w.URL()+"say", url.Values{"u": {"U0DEV"}, "c": {"C0DEPLOYS"}, "text": {"/bcn deploy hello production v2"}}, nil)
		if a.status != http.StatusSeeOther || a.header.Get("Location") != "/?c=C0DEPLOYS&u=U0DEV" {
			t.Errorf("%d to %s", a.status, a.header.Get("Location"))
		}
		if s := b.next(t).Data.(slack.SlashCommand); s.Text != "deploy hello production v2" || s.UserID != "U0DEV" {
			t.Errorf("command %+v", s)
		}
	})

	t.Run("a command in a thread, and an unknown one, are refused to the person alone", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		connect(t, w, ack)
		m, err := w.Say(within(t), "U0LEAD", "C0DEPLOYS", "", "hello")
		if err != nil {
			t.Fatal(err)
		}
		say(t, w, "U0DEV", "C0DEPLOYS", m.TS, "/bcn status")
		say(t, w, "U0DEV", "C0DEPLOYS", "", "/giphy cat")
		eph := w.Ephemerals("U0DEV")
		if len(eph) != 2 || eph[0].Failure != "not_in_threads" || eph[1].Failure != "invalid_command" || w.Delivered("slash_commands") != 0 {
			t.Errorf("ephemerals %+v", eph)
		}
	})

	t.Run("a click reaches the bot, and a page that is behind is told", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		b := connect(t, w, ack)
		channel, ts, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false), button("approve", "1042"))
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"u": {"U0LEAD"}, "c": {channel}, "ts": {ts}, "press": {"approve"}}
		if a := do(t, http.MethodPost, w.URL()+"click", form, scripted); a.status != http.StatusOK {
			t.Errorf("%d %s", a.status, a.body)
		}
		if c := b.next(t).Data.(slack.InteractionCallback); c.User.ID != "U0LEAD" {
			t.Errorf("click %+v", c)
		}
		form.Set("press", "gone")
		if a := do(t, http.MethodPost, w.URL()+"click", form, scripted); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%d %s", a.status, a.body)
		}
	})

	t.Run("who may not write in a channel cannot", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		for _, user := range []string{"U0GUEST", "U0GONE", local.BotUserID, "U0NONE"} {
			if a := say(t, w, user, "C0SEC", "", "hello"); a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", user, a.status)
			}
		}
		if n := len(w.Messages("C0SEC")); n != 0 {
			t.Errorf("%d messages", n)
		}
	})

	t.Run("a modal's fields reach the bot", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		got := make(chan string, 1)
		connect(t, w, func(c *socketmode.Client, e socketmode.Event) {
			switch d := e.Data.(type) {
			case slack.SlashCommand:
				_, _ = api(w).OpenView(d.TriggerID, modal())
			case slack.InteractionCallback:
				got <- d.View.State.Values["why"]["reason"].Value
			}
			ack(c, e)
		})
		say(t, w, "U0LEAD", "C0DEPLOYS", "", "/bcn reject")
		if body := page(t, w, "u=U0LEAD&c=C0DEPLOYS"); !strings.Contains(body, `name="v/why/reason"`) {
			t.Fatal("no field")
		}
		form := url.Values{"u": {"U0LEAD"}, "view": {w.Views("U0LEAD")[0].ID}, "v/why/reason": {"not now"}}
		if a := do(t, http.MethodPost, w.URL()+"view", form, scripted); a.status != http.StatusOK || <-got != "not now" {
			t.Errorf("%d %s", a.status, a.body)
		}
	})

	t.Run("a control does what it was given, and says what came of it", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{Controls: []local.Control{
			{ID: "ok", Label: "Go on", Do: func(*http.Request) (string, error) { return "gone on", nil }},
			{ID: "no", Label: "Break", Do: func(*http.Request) (string, error) { return "", errors.New("it broke") }},
		}})
		if body := page(t, w, "u=U0DEV"); !strings.Contains(body, `data-control="ok">Go on<`) {
			t.Error("not on the page")
		}
		for id, want := range map[string]string{"ok": "gone on", "no": "it broke\n", "none": "no such control\n"} {
			if a := do(t, http.MethodPost, w.URL()+"control", url.Values{"id": {id}}, scripted); a.body != want {
				t.Errorf("%s: %q", id, a.body)
			}
		}
	})

	t.Run("a control with a field is told what stands in it", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{Controls: []local.Control{
			{ID: "of", Label: "Apply", Field: "tok\"yo", Do: func(r *http.Request) (string, error) { return "applied " + r.Form.Get("value"), nil }},
		}})
		if body := page(t, w, "u=U0DEV"); !strings.Contains(body, `name="value" value="tok&#34;yo"`) || !strings.Contains(body, `data-control="of">Apply<`) {
			t.Error("not on the page")
		}
		if a := do(t, http.MethodPost, w.URL()+"control", url.Values{"id": {"of"}, "value": {"osaka"}}, scripted); a.body != "applied osaka" {
			t.Errorf("%q", a.body)
		}
	})

	t.Run("what Slackbot tells one person is theirs alone", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		w.Tell("U0DEV", "C0DEPLOYS", "psst")
		if !strings.Contains(page(t, w, "u=U0DEV&c=C0DEPLOYS"), "psst") || strings.Contains(page(t, w, "u=U0LEAD&c=C0DEPLOYS"), "psst") {
			t.Error("not there, or for others")
		}
	})

	t.Run("the stream tells of a change", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		req, err := http.NewRequestWithContext(within(t), http.MethodGet, w.URL()+"stream", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		lines := bufio.NewScanner(resp.Body)
		next := func() string {
			for lines.Scan() {
				if lines.Text() != "" {
					return lines.Text()
				}
			}
			return "the stream ended"
		}
		if got := next(); got != "data: changed" {
			t.Fatalf("first: %q", got)
		}
		if _, err := w.Say(within(t), "U0DEV", "C0DEPLOYS", "", "news"); err != nil {
			t.Fatal(err)
		}
		if got := next(); got != "data: changed" {
			t.Errorf("second: %q", got)
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()

	t.Run("it ends with sockets and streams open and envelopes pending", func(t *testing.T) {
		t.Parallel()
		w, err := local.New(local.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context(), "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		dial(t, w)
		done := slashLater(t, w)
		delivered(t, w, "slash_commands", 1)
		closed := make(chan error, 1)
		go func() { closed <- w.Close() }()
		select {
		case err := <-closed:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Fatal("Close waits for ever")
		}
		if r := <-done; r.Error == "" {
			t.Errorf("the command was answered: %+v", r)
		}
	})
}
