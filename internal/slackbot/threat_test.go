package slackbot

import (
	"encoding/json"
	"testing"

	"github.com/slack-go/slack/socketmode"
)

// Row T5 of docs/threats.md: somebody names another, in each place that they
// can fill. Who acts is whom the envelope names.
func TestThreatT05WhoActsIsWhoTheEnvelopeNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, kind, payload string }{
		{
			"in the text of a command", "slash_commands",
			`{"team_id":"T1","user_id":"U1","channel_id":"C1","text":"approve 1042 --as <@U0LEAD> user_id=U0LEAD","trigger_id":"1.2","user_name":"lee"}`,
		},
		{
			"in a button's value, its message and its container", "interactive",
			`{"type":"block_actions","trigger_id":"1.2","user":{"id":"U1","name":"lee"},"team":{"id":"T1"},"channel":{"id":"C1"},
			"container":{"message_ts":"9.1","channel_id":"C1","user":"U0LEAD"},"message":{"ts":"9.1","user":"U0LEAD","text":"<@U0LEAD>"},
			"actions":[{"action_id":"bcn:approve:0","value":"{\"user\":\"U0LEAD\",\"id\":1042}","action_ts":"7.1","user":{"id":"U0LEAD"}}]}`,
		},
		{
			"in a window's state and inputs", "interactive",
			`{"type":"view_submission","trigger_id":"1.2","user":{"id":"U1"},"team":{"id":"T1"},
			"view":{"id":"V1","hash":"h","callback_id":"bcn:reject","private_metadata":"{\"s\":\"1042\",\"user\":\"U0LEAD\"}","state":{"values":{"user":{"user":{"type":"plain_text_input","value":"U0LEAD"}}}}}}`,
		},
		{
			"in a mention, as the one who is mentioned", "events_api",
			`{"team_id":"T1","event":{"type":"app_mention","user":"U1","username":"lee","text":"<@UBOT> approve 1042 <@U0LEAD>","ts":"1.1","channel":"C1","parent_user_id":"U0LEAD"}}`,
		},
		{
			"in a direct message that says whose it is", "events_api",
			`{"team_id":"T1","event":{"type":"message","channel_type":"im","user":"U1","text":"approve 1042","user_profile":{"id":"U0LEAD"},"ts":"1.1","channel":"D1"}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, ok, err := project(socketmode.Request{Type: c.kind, Payload: json.RawMessage(c.payload)}, testSelf, testTime)
			if err != nil || !ok {
				t.Fatalf("ok %v, %v", ok, err)
			}
			if a := p.Actor(); a.User != "U1" || a.Team != "T1" {
				t.Errorf("%s of %s acts", a.User, a.Team)
			}
		})
	}
}
