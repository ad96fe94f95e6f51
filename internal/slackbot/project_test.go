package slackbot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack/socketmode"

	"github.com/bcn-bot/bcn/internal/chat"
)

var (
	testSelf = Identity{Team: "T1", User: "UBOT", Bot: "BBOT", App: "A1"}
	testTime = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
)

const (
	slashJSON = `{"team_id":"T1","enterprise_id":"E1","channel_id":"C1","user_id":"U1","command":"/bcn","text":"deploy hello production v2",
		"trigger_id":"1.2.a","response_url":"https://hooks.slack.com/commands/x","api_app_id":"A1","token":"legacy"}`
	clickJSON = `{"type":"block_actions","trigger_id":"3.4.b","response_url":"https://hooks.slack.com/actions/x","api_app_id":"A1",
		"user":{"id":"U2","team_id":"T1"},"team":{"id":"T1"},"enterprise":null,"channel":{"id":"C1"},
		"container":{"type":"message","message_ts":"9.1","channel_id":"C1"},"message":{"ts":"9.1","thread_ts":"8.1","blocks":[{"type":"new"}]},
		"actions":[{"action_id":"bcn:approve:0","block_id":"b","type":"button","value":"1042","action_ts":"77.1"}]}`
	mentionJSON = `{"team_id":"T1","api_app_id":"A1","event_id":"Ev1","event":{"type":"app_mention","user":"U1","text":"<@UBOT> status hello",
		"ts":"10.1","thread_ts":"9.1","channel":"C1"}}`
	directJSON = `{"team_id":"T1","api_app_id":"A1","event":{"type":"message","channel_type":"im","user":"U1","text":"help","ts":"11.1","channel":"D1"}}`
)

func TestProject(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, kind, payload string
		want                chat.Request
		url                 string
		text, again         bool
	}{
		{
			name: "a slash command", kind: "slash_commands", payload: slashJSON, url: "https://hooks.slack.com/commands/x", text: true,
			want: chat.Request{
				Key: "slash:1.2.a", Source: chat.FromSlash, Team: "T1", Enterprise: "E1", App: "A1", User: "U1", Channel: "C1",
				Text: "deploy hello production v2", At: testTime,
			},
		},
		{
			name: "a click", kind: "interactive", payload: clickJSON, url: "https://hooks.slack.com/actions/x",
			want: chat.Request{
				Key: "click:3.4.b:77.1", Source: chat.FromClick, Team: "T1", App: "A1", User: "U2", Channel: "C1", Thread: "8.1",
				Message: "9.1", Action: chat.ActionApprove, Value: "1042", At: testTime,
			},
		},
		{
			name: "a mention in a thread", kind: "events_api", payload: mentionJSON, again: true,
			want: chat.Request{
				Key: "message:T1:C1:10.1", Source: chat.FromMention, Team: "T1", App: "A1", User: "U1", Channel: "C1", Thread: "9.1",
				Message: "10.1", Text: "status hello", At: testTime,
			},
		},
		{
			name: "a direct message", kind: "events_api", payload: directJSON, again: true,
			want: chat.Request{
				Key: "message:T1:D1:11.1", Source: chat.FromDirect, Team: "T1", App: "A1", User: "U1", Channel: "D1",
				Message: "11.1", Text: "help", At: testTime,
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := socketmode.Request{Type: c.kind, EnvelopeID: "any", Payload: json.RawMessage(c.payload)}
			p, ok, err := project(env, testSelf, testTime)
			if err != nil || !ok {
				t.Fatalf("ok %v, %v", ok, err)
			}
			if diff := cmp.Diff(c.want, p.Request); diff != "" {
				t.Error(diff)
			}
			if p.responseURL != c.url || p.text != c.text || p.again != c.again {
				t.Errorf("url %q, text %v, again %v", p.responseURL, p.text, p.again)
			}
			stored, _ := json.Marshal(p.Request)
			for _, secret := range []string{"hooks.slack.com", "legacy"} {
				if strings.Contains(string(stored), secret) {
					t.Errorf("what is stored holds %q", secret)
				}
			}
		})
	}
}

func TestProjectIgnores(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, kind, payload string }{
		{"its own message", "events_api", `{"team_id":"T1","event":{"type":"message","channel_type":"im","user":"UBOT","ts":"1","channel":"D1"}}`},
		{"another bot's message", "events_api", `{"team_id":"T1","event":{"type":"app_mention","bot_id":"B9","user":"U9","ts":"1","channel":"C1"}}`},
		{"an edited message", "events_api", `{"team_id":"T1","event":{"type":"message","subtype":"message_changed","channel_type":"im","ts":"1","channel":"D1"}}`},
		{"a message in a channel that is no mention", "events_api", `{"team_id":"T1","event":{"type":"message","channel_type":"channel","user":"U1","ts":"1","channel":"C1"}}`},
		{"another event", "events_api", `{"team_id":"T1","event":{"type":"app_home_opened","user":"U1"}}`},
		{"an app_rate_limited notice", "events_api", `{"type":"app_rate_limited","team_id":"T1"}`},
		{"a button of somebody else's", "interactive", `{"type":"block_actions","trigger_id":"t","user":{"id":"U1"},"team":{"id":"T1"},"actions":[{"action_id":"other","action_ts":"1"}]}`},
		{"a window of somebody else's", "interactive", `{"type":"view_submission","user":{"id":"U1"},"team":{"id":"T1"}}`},
		{"an unknown envelope", "workflow_next", `{"anything":[1]}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, ok, err := project(socketmode.Request{Type: c.kind, Payload: json.RawMessage(c.payload)}, testSelf, testTime)
			if ok || err != nil {
				t.Errorf("ok %v, %v", ok, err)
			}
		})
	}
}

func TestWithoutMention(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<@UBOT> deploy":       "deploy",
		"<@UBOT|bcn>: deploy":  "deploy",
		"  <@UBOT>\tdeploy":    "deploy",
		"<@UBOT>":              "",
		"<@UBOTHER> deploy":    "<@UBOTHER> deploy",
		"hello <@UBOT> deploy": "hello <@UBOT> deploy",
		"<@UBOT deploy":        "<@UBOT deploy",
	} {
		if got := withoutMention(text, "UBOT"); got != want {
			t.Errorf("withoutMention(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzProject holds that an envelope, whatever it holds, is understood, ignored
// or refused, and that what is stored has an author and a key.
func FuzzProject(f *testing.F) {
	for kind, payload := range map[string]string{"slash_commands": slashJSON, "interactive": clickJSON, "events_api": mentionJSON} {
		f.Add(kind, []byte(payload))
	}
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		p, ok, err := project(socketmode.Request{Type: kind, Payload: payload}, testSelf, testTime)
		if ok && (err != nil || p.Key == "" || p.User == "" || p.Team == "" || p.User == testSelf.User && p.again) {
			t.Errorf("stored %+v, %v", p.Request, err)
		}
	})
}
