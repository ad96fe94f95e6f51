package conform_test

import (
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const pingMessage = websocket.PingMessage

// modal is a view of one field.
func modal(title string) string {
	return text(object{
		"type": "modal", "title": plain(title), "submit": plain("Send"), "callback_id": "bcn_conform", "private_metadata": "1042",
		"blocks": list{object{"type": "input", "block_id": "why", "label": plain("Reason"), "optional": true, "element": object{"type": "plain_text_input", "action_id": "reason"}}},
	})
}

// clickRows are buttons and modals.
func clickRows() []row[*desk] {
	pay := func(f object, path ...any) string { return asText(dig(f, append([]any{"payload"}, path...)...)) }
	pressed := func(d *desk) (object, string) {
		l := d.open()
		ts := d.post("blocks", blocks(section("bcn-conform"), actions(button("approve", "1042"))))
		d.people.click(ts, "approve")
		f := l.envelope("interactive")
		l.ack(f, nil)
		return f, ts
	}
	trigger := func(d *desk) string {
		l := d.open()
		d.people.slash(d.channel, "conform modal")
		f := l.envelope("slash_commands")
		l.ack(f, nil)
		return pay(f, "trigger_id")
	}
	view := func(d *desk, trigger, title string) answer {
		return d.call("views.open", "trigger_id", trigger, "view", modal(title))
	}
	interaction := docs + "reference/interaction-payloads/block_actions-payload"
	opening := docs + "reference/methods/views.open, Errors"
	return []row[*desk]{
		{"a click says who, on what, and with which value", "interactive", "block_actions by the person on its message: approve 1042, trigger and response_url", interaction, func(d *desk) string {
			f, ts := pressed(d)
			out := pay(f, "type")
			if pay(f, "user", "id") == d.user {
				out += " by the person"
			}
			if pay(f, "container", "message_ts") == ts && pay(f, "message", "ts") == ts && pay(f, "channel", "id") == d.channel {
				out += " on its message"
			}
			out += ": " + pay(f, "actions", 0, "action_id") + " " + pay(f, "actions", 0, "value")
			if pay(f, "trigger_id") != "" && pay(f, "response_url") != "" && pay(f, "actions", 0, "action_ts") != "" {
				out += ", trigger and response_url"
			}
			return out
		}},
		{"a click's response_url without replace_original leaves the message", "response_url", "ok, bcn-conform as before", docs + "interactivity/handling-user-interaction, Message responses", func(d *desk) string {
			f, ts := pressed(d)
			said := d.respond(pay(f, "response_url"), `{"text":"pressed","replace_original":false,"response_type":"ephemeral"}`)
			return said + ", " + d.found(ts).at("messages", 0, "blocks", 0, "text", "text") + " as before"
		}},
		{"a click on an ephemeral message comes without the message", "interactive", `true, message ""`, doubt + interaction, func(d *desk) string {
			l := d.open()
			d.call("chat.postEphemeral", "channel", d.channel, "user", d.user, "text", "bcn-conform", "blocks", blocks(section("bcn-conform"), actions(button("sure", "1"))))
			d.people.clickOwn("sure")
			f := l.envelope("interactive")
			l.ack(f, nil)
			return pay(f, "container", "is_ephemeral") + ", message " + text(pay(f, "message", "ts"))
		}},
		{"a trigger opens one modal", "views.open", "ok, then exchanged_trigger_id", opening, func(d *desk) string {
			t := trigger(d)
			return view(d, t, "One").says() + ", then " + view(d, t, "Two").says()
		}},
		{"a trigger is good for three seconds", "views.open", "expired_trigger_id", opening, func(d *desk) string {
			t := trigger(d)
			d.pass(5 * time.Second)
			return view(d, t, "Late").says()
		}},
		{"a trigger that is none", "views.open", "invalid_trigger_id", doubt + opening, func(d *desk) string {
			return view(d, "1.2.0123456789abcdef0123456789abcdef", "None").says()
		}},
		{"a modal's title has 24 characters at most", "views.open", "invalid_arguments *", docs + "reference/views/modal-views, title", func(d *desk) string {
			return view(d, trigger(d), strings.Repeat("x", 25)).says()
		}},
		{"a modal that changed meanwhile is not updated by an old hash", "views.update", "ok, then hash_conflict", docs + "reference/methods/views.update, Errors", func(d *desk) string {
			a := view(d, trigger(d), "One")
			update := func() string {
				return d.call("views.update", "view_id", a.at("view", "id"), "hash", a.at("view", "hash"), "view", modal("Two")).says()
			}
			return update() + ", then " + update()
		}},
		{
			"a modal that is sent says what was filled in, and stays where the answer has errors", "interactive", "view_submission bcn_conform 1042: not now, then view_submission", docs + "reference/interaction-payloads/view-interactions-payload",
			func(d *desk) string {
				l := d.open()
				view(d, trigger(d), "Reject")
				d.people.submit("why", "reason", "not now")
				f := l.envelope("interactive")
				l.ack(f, object{"response_action": "errors", "errors": object{"why": "say it again"}})
				out := pay(f, "type") + " " + pay(f, "view", "callback_id") + " " + pay(f, "view", "private_metadata") + ": " +
					pay(f, "view", "state", "values", "why", "reason", "value")
				d.done() // the command
				d.done() // the modal
				d.people.submit("why", "reason", "really not")
				f = l.envelope("interactive")
				l.ack(f, nil)
				return out + ", then " + pay(f, "type")
			},
		},
	}
}

// done waits until what the person did has come to its end.
func (d *desk) done() {
	d.t.Helper()
	if d.isReal() {
		d.pass(3 * time.Second)
		return
	}
	select {
	case <-d.replies:
	case <-d.within().Done():
		d.t.Fatal("nothing came of what the person did")
	}
}
