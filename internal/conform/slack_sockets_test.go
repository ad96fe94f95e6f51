package conform_test

import (
	"fmt"
	"strings"
	"time"
)

// socketRows are Socket Mode's connections.
func socketRows() []row[*desk] {
	page := docs + "apis/events-api/using-socket-mode"
	return []row[*desk]{
		{"a socket's first frame is hello, with how many there are and how long this one lives", "hello", "hello of * connections, * seconds, app A*", page, func(d *desk) string {
			h := d.open().hello
			return fmt.Sprintf("%s of %s connections, %s seconds, app %s", h["type"], asText(h["num_connections"]), asText(dig(h, "debug_info", "approximate_connection_time")), dig(h, "connection_info", "app_id"))
		}},
		{"the server pings", "ping", "ping", "slack-go's socketmode client, which drops a connection without pings", func(d *desk) string {
			select {
			case <-d.open().pings:
				return "ping"
			case <-time.After(d.patience):
				return "silence"
			}
		}},
		{"a socket's address opens one socket", "apps.connections.open", "hello, then no socket", page, func(d *desk) string {
			address := d.address()
			first, _ := d.tryDial(address)
			if second, _ := d.tryDial(address); second != nil && second.hello["type"] == "hello" {
				return asText(first.hello["type"]) + ", then another"
			}
			return asText(first.hello["type"]) + ", then no socket"
		}},
		{"the eleventh socket of an app is refused", "apps.connections.open", "too_many_websockets", "slackapi/node-slack-sdk issue 1654; slackapi/bolt-python issue 1203", func(d *desk) string {
			for range 10 {
				d.dial("")
			}
			l, status := d.tryDial(d.address())
			switch {
			case l == nil && status == 409:
				return "too_many_websockets"
			case l == nil:
				return fmt.Sprint("status ", status)
			}
			return asText(l.hello["reason"])
		}},
		{"a socket that is to go is told before", "disconnect", "disconnect, then closed", page + ", debug_reconnects", func(d *desk) string {
			l := d.dial("&debug_reconnects=true")
			d.patience = 8 * time.Minute
			if !d.isReal() {
				d.pass(355 * time.Second)
			}
			told := asText(l.next()["type"])
			if !d.isReal() {
				d.pass(10 * time.Second)
			}
			for f := l.next(); f != nil; f = l.next() {
				if f["type"] != "disconnect" {
					return "more came"
				}
			}
			return told + ", then closed"
		}},
		{"with Socket Mode switched off, the sockets are told", "disconnect", "link_disabled", page + "; gravitational/teleport pull request 67148", func(d *desk) string {
			l := d.open()
			d.people.socketMode(false)
			reason := asText(l.next()["reason"])
			d.people.socketMode(true)
			return reason
		}},
		{"of two sockets one gets a command", "slash_commands", "one", page + "; slackapi/bolt-python issue 1071", func(d *desk) string {
			one, two := d.open(), d.dial("")
			d.people.slash(d.channel, "conform")
			var got, other *line
			var f object
			select {
			case f = <-one.frames:
				got, other = one, two
			case f = <-two.frames:
				got, other = two, one
			case <-time.After(d.patience):
				return "none"
			}
			got.ack(f, nil)
			d.done()
			if len(other.frames) > 0 {
				return "both"
			}
			return "one"
		}},
	}
}

// commandRows are commands, events and how they are acknowledged.
func commandRows() []row[*desk] {
	typed := func(d *desk, channel, text string) object {
		l := d.open()
		d.people.slash(channel, text)
		return l.envelope("slash_commands")
	}
	payload := func(f object, path ...any) string { return asText(dig(f, append([]any{"payload"}, path...)...)) }
	event := func(f object, key string) string { return payload(f, "event", key) }
	slash := docs + "interactivity/implementing-slash-commands"
	return []row[*desk]{
		{"a command is delivered with what answers it", "slash_commands", "/bcn conform deploy, by the person, trigger, response_url, accepts true", slash, func(d *desk) string {
			f := typed(d, d.channel, "conform deploy")
			d.open().ack(f, nil)
			out := payload(f, "command") + " " + payload(f, "text")
			if payload(f, "user_id") == d.user {
				out += ", by the person"
			}
			for _, key := range []string{"trigger_id", "response_url"} {
				if payload(f, key) != "" {
					out += ", " + strings.TrimSuffix(key, "_id")
				}
			}
			return out + ", accepts " + asText(f["accepts_response_payload"])
		}},
		{"people, channels and what must be escaped are escaped in a command's text", "slash_commands", "conform <@U*|*> <#C*|*> &lt;b&gt; &amp;", slash + ", Escape channels, users, and links", func(d *desk) string {
			f := typed(d, d.channel, "conform @dana #deploys <b> &")
			d.open().ack(f, nil)
			return payload(f, "text")
		}},
		{"what rides on the acknowledgement is shown to the person", "slash_commands", "yes", slash + ", Responding", func(d *desk) string {
			d.open().ack(typed(d, d.channel, "conform"), object{"text": "bcn-conform rides along"})
			return d.people.saw("bcn-conform rides along")
		}},
		{"a command that is not acknowledged in three seconds fails for its person", "slash_commands", "yes, and not again", slash + "; Netflix/dispatch issue 2848", func(d *desk) string {
			typed(d, d.channel, "conform, not acknowledged")
			d.pass(3 * time.Second)
			seen := d.people.saw("operation_timeout")
			if len(d.open().frames) > 0 {
				return seen + ", and again"
			}
			return seen + ", and not again"
		}},
		{"an acknowledgement of 20 KB is dropped without a word", "slash_commands", "yes", "slack-go/slack issue 1196", func(d *desk) string {
			f := typed(d, d.channel, "conform, much to say")
			d.open().ack(f, object{"text": long(20 * 1024)})
			// A ping is answered once what came before it was read.
			d.open().echo()
			d.pass(3 * time.Second)
			return d.people.saw("operation_timeout")
		}},
		{"a response_url takes five answers", "response_url", "5 ok, then refused: used_url", doubt + slash + ", Sending delayed responses, says five; the code is documented nowhere", func(d *desk) string {
			f := typed(d, d.channel, "conform")
			d.open().ack(f, nil)
			n := 0
			for ; n < 10; n++ {
				if said := d.respond(payload(f, "response_url"), `{"text":"bcn-conform"}`); said != "ok" {
					return fmt.Sprintf("%d ok, then refused: %s", n, said)
				}
			}
			return "taken ten times"
		}},
		{"a response_url works where the bot is not", "response_url", "ok", docs + "interactivity/handling-user-interaction, Message responses", func(d *desk) string {
			f := typed(d, d.outside, "conform")
			d.open().ack(f, nil)
			return d.respond(payload(f, "response_url"), `{"text":"bcn-conform"}`)
		}},
		{"a mention makes an event, its text with the bot's id", "events_api", "app_mention: <@U*> conform, in the channel", docs + "reference/events/app_mention", func(d *desk) string {
			l := d.open()
			d.people.mention("", "conform")
			f := l.envelope("events_api")
			l.ack(f, nil)
			out := event(f, "type") + ": " + event(f, "text")
			if event(f, "channel") == d.channel && event(f, "thread_ts") == "" {
				out += ", in the channel"
			}
			return out
		}},
		{"a mention in a thread names the thread", "events_api", "the thread's", docs + "reference/events/app_mention", func(d *desk) string {
			l, ts := d.open(), d.post()
			d.people.mention(ts, "conform")
			f := l.envelope("events_api")
			l.ack(f, nil)
			if event(f, "thread_ts") != ts {
				return event(f, "thread_ts")
			}
			return "the thread's"
		}},
		{"a direct message makes an event", "events_api", "message im: conform", docs + "reference/events/message.im", func(d *desk) string {
			l := d.open()
			d.people.dm("conform")
			f := l.envelope("events_api")
			l.ack(f, nil)
			return event(f, "type") + " " + event(f, "channel_type") + ": " + event(f, "text")
		}},
		{
			"an event that is not acknowledged comes three times more, in new envelopes", "events_api", "0, 1 timeout, 2 timeout, 3 timeout; 4 envelopes, 1 event", docs + "apis/events-api, Retries; vercel/chat issue 666",
			func(d *desk) string {
				l := d.open()
				d.people.mention("", "conform, not acknowledged")
				var tries []string
				envelopes, ids := map[string]bool{}, map[string]bool{}
				for _, after := range []time.Duration{0, 3 * time.Second, 63 * time.Second, 303 * time.Second} {
					d.pass(after)
					f := l.envelope("events_api")
					tries = append(tries, strings.TrimSpace(asText(f["retry_attempt"])+" "+asText(f["retry_reason"])))
					envelopes[asText(f["envelope_id"])], ids[payload(f, "event_id")] = true, true
				}
				return fmt.Sprintf("%s; %d envelopes, %d event", strings.Join(tries, ", "), len(envelopes), len(ids))
			},
		},
	}
}

// echo waits until the server has read what was written.
func (l *line) echo() {
	l.d.t.Helper()
	pong := make(chan struct{}, 1)
	l.conn.SetPongHandler(func(string) error { pong <- struct{}{}; return nil })
	if err := l.conn.WriteControl(pingMessage, nil, time.Now().Add(l.d.patience)); err != nil {
		l.d.t.Fatal(err)
	}
	select {
	case <-pong:
	case <-time.After(l.d.patience):
		l.d.t.Fatal("no pong")
	}
}
