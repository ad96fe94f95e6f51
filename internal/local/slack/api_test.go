package slack_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	local "github.com/bcn-bot/bcn/internal/local/slack"
)

// post calls a method with a form, as curl would, and answers the JSON.
func post(t *testing.T, w *local.Workspace, token, method string, form url.Values) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, w.APIURL()+method, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatalf("%s: status %d: %v", method, resp.StatusCode, err)
	}
	return out
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := start(t, local.Options{})
	for _, tc := range []struct {
		name, method, token, form, want string
	}{
		{"no token", "auth.test", "", "", "not_authed"},
		{"a wrong token", "auth.test", "xoxb-other", "", "invalid_auth"},
		{"the app's token where the bot's belongs", "auth.test", w.AppToken(), "", "not_allowed_token_type"},
		{"the bot's token where the app's belongs", "apps.connections.open", w.BotToken(), "", "not_allowed_token_type"},
		{"the app's token as a form field", "apps.connections.open", "", w.AppToken(), "invalid_auth"},
		{"the bot's token as a form field", "auth.test", "", w.BotToken(), ""},
		{"a method that is not here", "chat.scheduleMessage", w.BotToken(), "", "unknown_method"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			form := url.Values{}
			if tc.form != "" {
				form.Set("token", tc.form)
			}
			got := post(t, w, tc.token, tc.method, form)
			if got["ok"] != (tc.want == "") || tc.want != "" && got["error"] != tc.want {
				t.Errorf("got %v, want %q", got, tc.want)
			}
		})
	}

	t.Run("a missing scope is named", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{Scopes: []string{"commands"}})
		_, _, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false))
		var e slack.SlackErrorResponse
		if !errors.As(err, &e) || e.Err != "missing_scope" || e.Needed != "chat:write" || e.Provided != "commands" {
			t.Errorf("error %+v", err)
		}
	})

	t.Run("a revoked token is refused", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		w.Revoke(true)
		if _, err := api(w).AuthTestContext(within(t)); err == nil || err.Error() != "token_revoked" {
			t.Errorf("error %v", err)
		}
	})

	t.Run("auth.test says who the bot is and which scopes it has", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{Scopes: []string{"chat:write", "commands"}})
		got, err := api(w).AuthTestContext(within(t))
		if err != nil || got.TeamID != local.TeamID || got.UserID != local.BotUserID || got.BotID != local.BotID ||
			got.Header.Get("X-OAuth-Scopes") != "chat:write,commands" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestPosting(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, method, want string
		form               url.Values
		prepare            func(*local.Workspace) error
	}{
		{name: "an unknown channel", method: "chat.postMessage", form: url.Values{"channel": {"C0NONE"}, "text": {"x"}}, want: "channel_not_found"},
		{name: "a channel the bot is not in", method: "chat.postMessage", form: url.Values{"channel": {"C0RANDOM"}, "text": {"x"}}, want: "not_in_channel"},
		{
			name: "an archived channel", method: "chat.postMessage", form: url.Values{"channel": {"C0SEC"}, "text": {"x"}}, want: "is_archived",
			prepare: func(w *local.Workspace) error { return w.Archive("C0SEC", true) },
		},
		{
			name: "a private channel the bot is not in", method: "chat.postMessage", form: url.Values{"channel": {"G0X"}, "text": {"x"}}, want: "channel_not_found",
			prepare: func(w *local.Workspace) error {
				return w.AddChannel(local.Channel{ID: "G0X", Name: "x", Private: true})
			},
		},
		{name: "no text", method: "chat.postMessage", form: url.Values{"channel": {"C0DEPLOYS"}, "text": {" "}}, want: "no_text"},
		{name: "text that is too long", method: "chat.postMessage", form: url.Values{"channel": {"C0DEPLOYS"}, "text": {strings.Repeat("x", 40001)}}, want: "msg_too_long"},
		{name: "a thread that cannot be", method: "chat.postMessage", form: url.Values{"channel": {"C0DEPLOYS"}, "text": {"x"}, "thread_ts": {"yesterday"}}, want: "invalid_thread_ts"},
		{name: "metadata without a type", method: "chat.postMessage", form: url.Values{"channel": {"C0DEPLOYS"}, "text": {"x"}, "metadata": {`{"event_payload":{}}`}}, want: "invalid_metadata_schema"},
		{name: "metadata that is no JSON", method: "chat.postMessage", form: url.Values{"channel": {"C0DEPLOYS"}, "text": {"x"}, "metadata": {`{`}}, want: "invalid_metadata_format"},
		{name: "a message that is not there", method: "chat.update", form: url.Values{"channel": {"C0DEPLOYS"}, "text": {"x"}, "ts": {"1.000001"}}, want: "message_not_found"},
		{name: "an ephemeral message for somebody who is not there", method: "chat.postEphemeral", form: url.Values{"channel": {"C0APPROVE"}, "text": {"x"}, "user": {"U0GUEST"}}, want: "user_not_in_channel"},
		{name: "a deactivated person's direct message", method: "conversations.open", form: url.Values{"users": {"U0GONE"}}, want: "user_disabled"},
		{name: "nobody's direct message", method: "conversations.open", want: "users_list_not_supplied"},
		{name: "an unknown person", method: "users.info", form: url.Values{"user": {"U0NONE"}}, want: "user_not_found"},
		{name: "an unknown group", method: "usergroups.users.list", form: url.Values{"usergroup": {"S0NONE"}}, want: "no_such_subteam"},
		{name: "history where the bot is not", method: "conversations.history", form: url.Values{"channel": {"C0RANDOM"}}, want: "not_in_channel"},
		{name: "a used-up page", method: "conversations.history", form: url.Values{"channel": {"C0DEPLOYS"}, "cursor": {"nonsense"}}, want: "invalid_cursor"},
	} {
		t.Run(tc.name+" is refused by "+tc.method, func(t *testing.T) {
			t.Parallel()
			w := start(t, local.Options{})
			if tc.prepare != nil {
				if err := tc.prepare(w); err != nil {
					t.Fatal(err)
				}
			}
			if got := post(t, w, w.BotToken(), tc.method, tc.form); got["ok"] != false || got["error"] != tc.want {
				t.Errorf("got %v, want %s", got, tc.want)
			}
		})
	}

	t.Run("a reply to what is not there becomes a message of the channel", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		got := post(t, w, w.BotToken(), "chat.postMessage", url.Values{"channel": {"C0DEPLOYS"}, "text": {"x"}, "thread_ts": {"1.000001"}})
		if m := w.Messages("C0DEPLOYS"); got["ok"] != true || len(m) != 1 || m[0].Thread != "" {
			t.Errorf("answered %v, shown %+v", got, m)
		}
	})

	t.Run("chat:write.public opens public channels", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{Scopes: []string{"chat:write", "chat:write.public"}})
		if _, _, err := api(w).PostMessageContext(within(t), "C0RANDOM", slack.MsgOptionText("x", false)); err != nil {
			t.Error(err)
		}
	})

	t.Run("a person's message cannot be edited by the bot", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		m, err := w.Say(within(t), "U0DEV", "C0DEPLOYS", "", "mine")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := api(w).UpdateMessageContext(within(t), "C0DEPLOYS", m.TS, slack.MsgOptionText("x", false)); err == nil || err.Error() != "cant_update_message" {
			t.Errorf("error %v", err)
		}
	})

	t.Run("an edit without blocks keeps them, and the message counts as edited", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		channel, ts, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false), button("approve", "1"))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := api(w).UpdateMessageContext(within(t), channel, ts, slack.MsgOptionText("y", false)); err != nil {
			t.Fatal(err)
		}
		m, _ := w.Message(channel, ts)
		if _, ok := m.Button("approve"); !ok || m.Text != "y" || m.EditedTS == "" {
			t.Errorf("message %+v", m)
		}
	})

	t.Run("slack-go's form holds every kind of text: thread, broadcast and mentions", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		c := api(w)
		_, parent, err := c.PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("parent", false))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("failed, <@U0DEV>", false), slack.MsgOptionTS(parent), slack.MsgOptionBroadcast()); err != nil {
			t.Fatal(err)
		}
		msgs, _, _, err := c.GetConversationRepliesContext(within(t), &slack.GetConversationRepliesParameters{ChannelID: "C0DEPLOYS", Timestamp: parent})
		if err != nil || len(msgs) != 2 || msgs[0].ReplyCount != 1 || msgs[1].SubType != "thread_broadcast" || msgs[1].ThreadTimestamp != parent {
			t.Errorf("%+v, %v", msgs, err)
		}
		link, err := c.GetPermalinkContext(within(t), &slack.PermalinkParameters{Channel: "C0DEPLOYS", Ts: parent})
		if err != nil || !strings.HasSuffix(link, "/archives/C0DEPLOYS/p"+strings.ReplaceAll(parent, ".", "")) {
			t.Errorf("%q, %v", link, err)
		}
	})
}

func TestHistory(t *testing.T) {
	t.Parallel()

	t.Run("metadata comes back to whoever asks for it", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		c := api(w)
		meta := slack.SlackMetadata{EventType: "bcn_outbox", EventPayload: map[string]any{"id": "7"}}
		if _, _, err := c.PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false), slack.MsgOptionMetadata(meta)); err != nil {
			t.Fatal(err)
		}
		for _, all := range []bool{true, false} {
			h, err := c.GetConversationHistoryContext(within(t), &slack.GetConversationHistoryParameters{ChannelID: "C0DEPLOYS", IncludeAllMetadata: all})
			if err != nil || len(h.Messages) != 1 || (h.Messages[0].Metadata.EventPayload["id"] == "7") != all {
				t.Errorf("include_all_metadata %v: %+v, %v", all, h, err)
			}
		}
	})

	t.Run("pages hold every message once, newest first, and no ephemeral one", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		var want []string
		for i := range 7 {
			m, err := w.Say(within(t), "U0DEV", "C0DEPLOYS", "", strconv.Itoa(i))
			if err != nil {
				t.Fatal(err)
			}
			want = append([]string{m.TS}, want...)
		}
		c := api(w)
		if _, err := c.PostEphemeralContext(within(t), "C0DEPLOYS", "U0DEV", slack.MsgOptionText("psst", false)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for cursor := ""; ; {
			h, err := c.GetConversationHistoryContext(within(t), &slack.GetConversationHistoryParameters{ChannelID: "C0DEPLOYS", Limit: 3, Cursor: cursor})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range h.Messages {
				got = append(got, m.Timestamp)
			}
			if cursor = h.ResponseMetaData.NextCursor; cursor == "" {
				break
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestPeople(t *testing.T) {
	t.Parallel()
	w := start(t, local.Options{})
	for id, want := range map[string]func(*slack.User) bool{
		"U0DEV": func(u *slack.User) bool {
			return u.Name == "dana" && u.Profile.Email == "dana@example.com" && !u.Deleted
		},
		"U0YUKI":  func(u *slack.User) bool { return u.Locale == "ja-JP" },
		"U0GUEST": func(u *slack.User) bool { return u.IsRestricted },
		"U0GONE":  func(u *slack.User) bool { return u.Deleted },
		"U0EXT":   func(u *slack.User) bool { return u.IsStranger && u.TeamID != local.TeamID },
		"U0BCN":   func(u *slack.User) bool { return u.IsBot },
	} {
		t.Run(id+" is who DESIGN.md says", func(t *testing.T) {
			t.Parallel()
			u, err := api(w).GetUserInfoContext(within(t), id)
			if err != nil || !want(u) {
				t.Errorf("%+v, %v", u, err)
			}
		})
	}

	t.Run("who is deactivated is no longer in a group", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		if err := w.EditUser("U0DEV2", func(u *local.User) { u.Deleted = true }); err != nil {
			t.Fatal(err)
		}
		got, err := api(w).GetUserGroupMembersContext(within(t), "S0DEVELOPERS")
		if err != nil || cmp.Diff([]string{"U0DEV", "U0YUKI"}, got) != "" {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := w.Slash(within(t), "U0DEV2", "C0DEPLOYS", "help"); !errors.Is(err, local.ErrDeactivated) {
			t.Errorf("error %v", err)
		}
	})

	t.Run("slack-go lists people, groups and channels", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		users, err := api(w).GetUsersContext(within(t), slack.GetUsersOptionLimit(4))
		if err != nil || len(users) != 9 {
			t.Errorf("%d users, %v", len(users), err)
		}
		groups, err := api(w).GetUserGroupsContext(within(t), slack.GetUserGroupsOptionIncludeUsers(true))
		if err != nil || len(groups) != 1 || len(groups[0].Users) != 3 {
			t.Errorf("%+v, %v", groups, err)
		}
		channels, next, err := api(w).GetConversationsContext(within(t), &slack.GetConversationsParameters{Limit: 2})
		if err != nil || len(channels) != 2 || next == "" {
			t.Errorf("%+v, %q, %v", channels, next, err)
		}
		c, err := api(w).GetConversationInfoContext(within(t), &slack.GetConversationInfoInput{ChannelID: "C0RANDOM"})
		if err != nil || c.IsMember || c.Name != "random" {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()

	t.Run("a channel takes a short burst and then one message a second", func(t *testing.T) {
		t.Parallel()
		w, clock := clocked(t)
		say := func(channel string) error {
			_, _, err := api(w).PostMessageContext(within(t), channel, slack.MsgOptionText("x", false))
			return err
		}
		for range 5 {
			if err := say("C0DEPLOYS"); err != nil {
				t.Fatal(err)
			}
		}
		var limited *slack.RateLimitedError
		if err := say("C0DEPLOYS"); !errors.As(err, &limited) || limited.RetryAfter != time.Second {
			t.Fatalf("sixth: %v", err)
		}
		if err := say("C0APPROVE"); err != nil {
			t.Errorf("another channel: %v", err)
		}
		clock.Advance(time.Second)
		if err := say("C0DEPLOYS"); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})

	t.Run("chat.update stops after fifty in a minute, for all channels together", func(t *testing.T) {
		t.Parallel()
		w, _ := clocked(t)
		_, ts, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 51 {
			_, _, _, err = api(w).UpdateMessageContext(within(t), "C0DEPLOYS", ts, slack.MsgOptionText(strconv.Itoa(i), false))
			if (err != nil) != (i == 50) {
				t.Fatalf("update %d: %v", i, err)
			}
		}
	})

	t.Run("429 comes on demand, as often as asked", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		w.Fault(local.Fault{Method: "users.info", Times: 1, RetryAfter: 2 * time.Second})
		var limited *slack.RateLimitedError
		if _, err := api(w).GetUserInfoContext(within(t), "U0DEV"); !errors.As(err, &limited) || limited.RetryAfter != 2*time.Second {
			t.Errorf("error %v", err)
		}
		if _, err := api(w).GetUserInfoContext(within(t), "U0DEV"); err != nil {
			t.Errorf("second: %v", err)
		}
	})

	t.Run("a lost answer has had its effect", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		w.Fault(local.Fault{Method: "chat.postMessage", Times: 1, LoseAnswer: true})
		if _, _, err := api(w).PostMessageContext(within(t), "C0DEPLOYS", slack.MsgOptionText("x", false)); err == nil {
			t.Error("the client got an answer")
		}
		if n := len(w.Messages("C0DEPLOYS")); n != 1 {
			t.Errorf("%d messages", n)
		}
	})

	t.Run("an outage is a status without JSON", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		lift := w.Fault(local.Fault{Status: http.StatusServiceUnavailable})
		var status slack.StatusCodeError
		if _, err := api(w).AuthTestContext(within(t)); !errors.As(err, &status) || status.Code != 503 {
			t.Errorf("error %v", err)
		}
		lift()
		if _, err := api(w).AuthTestContext(within(t)); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}
