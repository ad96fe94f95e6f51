package conform_test

import (
	"fmt"
	"net/http"
	"strings"
)

// calls makes a row's function of one call.
func calls(method string, form func(d *desk) []string) func(*desk) string {
	return func(d *desk) string {
		a := d.call(method, form(d)...)
		if method == "chat.postMessage" {
			d.deleteLater(a)
		}
		return a.says()
	}
}

func tokenRows() []row[*desk] {
	return []row[*desk]{
		{"a call without a token", "auth.test", "not_authed", docs + "reference/methods/auth.test, Errors", func(d *desk) string { return d.callAs("", "auth.test").says() }},
		{"a call with a wrong token", "auth.test", "invalid_auth", docs + "reference/methods/auth.test, Errors", func(d *desk) string { return d.callAs("xoxb-0-conform", "auth.test").says() }},
		{"the bot's token where the app's belongs", "apps.connections.open", "not_allowed_token_type", docs + "reference/methods/apps.connections.open, Errors", func(d *desk) string { return d.callAs(d.bot, "apps.connections.open").says() }},
		{"the app's token as a form field", "apps.connections.open", "invalid_auth", doubt + docs + "reference/methods/apps.connections.open", func(d *desk) string {
			return d.callAs("", "apps.connections.open", "token", d.app).says()
		}},
		{"a method that is not there", "conform.none", "unknown_method", docs + "reference/methods, Errors", func(d *desk) string { return d.callAs(d.bot, "conform.none").says() }},
		{"the bot's scopes are in a header of each answer", "auth.test", "*chat:write*", docs + "authentication/installing-with-oauth, X-OAuth-Scopes", func(d *desk) string { return d.callAs(d.bot, "auth.test").scopes }},
		{"one call too many is answered 429, with the seconds to wait", "usergroups.list", "429 ratelimited, Retry-After given", docs + "apis/web-api/rate-limits", func(d *desk) string {
			for range 400 {
				if a := d.callAs(d.bot, "usergroups.list"); a.status == http.StatusTooManyRequests {
					given := "missing"
					if a.retryAfter != "" {
						given = "given"
					}
					return fmt.Sprintf("%d %s, Retry-After %s", a.status, a.says(), given)
				}
			}
			return "never limited"
		}},
	}
}

func messageRows() []row[*desk] {
	const post = "chat.postMessage"
	in := func(channel func(*desk) string) func(*desk) string {
		return calls(post, func(d *desk) []string { return []string{"channel", channel(d), "text", "bcn-conform"} })
	}
	meta := `{"event_type":"bcn_conform","event_payload":{"id":"7"}}`
	page := func(method, part string) string { return docs + "reference/methods/" + method + ", " + part }
	return []row[*desk]{
		{"a message to a channel that is not there", post, "channel_not_found", page(post, "Errors"), in(func(*desk) string { return "C0CONFORMNONE" })},
		{"a message to a public channel that the bot is not in", post, "not_in_channel", page(post, "Errors"), in(func(d *desk) string { return d.outside })},
		{"a message to an archived channel", post, "is_archived", page(post, "Errors"), in(func(d *desk) string { return d.archived })},
		{"a message without text or blocks", post, "no_text", page(post, "Errors"), calls(post, func(d *desk) []string { return []string{"channel", d.channel} })},
		{
			"a reply to what is not there becomes a message of the channel, and only its answer shows it", post, "ok, thread_ts \"\"", "slack-go/slack issue 1571; langchain-ai/open-swe pull request 2753; caipe-io/ai-platform-engineering pull request 1034",
			func(d *desk) string {
				ts := d.post()
				d.call("chat.delete", "channel", d.channel, "ts", ts)
				a := d.call(post, "channel", d.channel, "text", "bcn-conform", "thread_ts", ts)
				_ = d.call("chat.delete", "channel", d.channel, "ts", a.at("ts"))
				return a.says() + ", thread_ts " + text(a.at("message", "thread_ts"))
			},
		},
		{"a thread that cannot be", post, "invalid_thread_ts *is not a valid thread_ts*", "jenkinsci/slack-plugin issue 584", calls(post, func(d *desk) []string {
			return []string{"channel", d.channel, "text", "bcn-conform", "thread_ts", "0"}
		})},
		{"a reply carries its thread", post, "the parent's", page(post, "thread_ts"), func(d *desk) string {
			parent := d.post()
			if a := d.call(post, "channel", d.channel, "text", "bcn-conform", "thread_ts", parent); a.at("message", "thread_ts") != parent {
				return a.at("message", "thread_ts")
			}
			return "the parent's"
		}},
		{"an edit without blocks keeps them", "chat.update", "ok: edited, with a section", page("chat.update", "blocks"), func(d *desk) string {
			ts := d.post("blocks", blocks(section("before")))
			said := d.call("chat.update", "channel", d.channel, "ts", ts, "text", "edited").says()
			m := d.found(ts)
			return said + ": " + m.at("messages", 0, "text") + ", with a " + m.at("messages", 0, "blocks", 0, "type")
		}},
		{"an edited message says so", "conversations.history", "edited", docs + "reference/objects/message-object, edited", func(d *desk) string {
			ts := d.post()
			d.call("chat.update", "channel", d.channel, "ts", ts, "text", "edited")
			if d.found(ts).at("messages", 0, "edited", "ts") == "" {
				return "not edited"
			}
			return "edited"
		}},
		{"somebody else's message cannot be edited", "chat.update", "cant_update_message", page("chat.update", "Errors"), func(d *desk) string {
			l := d.open()
			d.people.mention("", "this is mine")
			f := l.envelope("events_api")
			l.ack(f, nil)
			return d.call("chat.update", "channel", d.channel, "ts", asText(dig(f, "payload", "event", "ts")), "text", "x").says()
		}},
		{"a message that is not there cannot be edited", "chat.update", "message_not_found", page("chat.update", "Errors"), calls("chat.update", func(d *desk) []string {
			return []string{"channel", d.channel, "ts", "1700000000.000001", "text", "x"}
		})},
		{"an edit takes 4,000 characters of text", "chat.update", "ok, then msg_too_long", page("chat.update", "Errors"), func(d *desk) string {
			ts := d.post()
			edit := func(n int) string {
				return d.call("chat.update", "channel", d.channel, "ts", ts, "text", long(n)).says()
			}
			return edit(4000) + ", then " + edit(4001)
		}},
		{"a deleted message is not there", "chat.delete", "ok, then message_not_found", page("chat.delete", "Errors"), func(d *desk) string {
			ts := d.post()
			drop := func() string { return d.call("chat.delete", "channel", d.channel, "ts", ts).says() }
			return drop() + ", then " + drop()
		}},
		{"an ephemeral message is not in the history", "chat.postEphemeral", "ok, 0 messages", page("chat.postEphemeral", "Usage info"), func(d *desk) string {
			a := d.call("chat.postEphemeral", "channel", d.channel, "user", d.user, "text", "bcn-conform")
			ts := a.at("message_ts")
			return fmt.Sprintf("%s, %d messages", a.says(), len(asList(d.found(ts).body["messages"])))
		}},
		{"an ephemeral message for somebody who is not in the channel", "chat.postEphemeral", "user_not_in_channel", page("chat.postEphemeral", "Errors"), calls("chat.postEphemeral", func(d *desk) []string {
			return []string{"channel", d.channel, "user", d.deactivated, "text", "bcn-conform"}
		})},
		{"metadata comes back to whoever asks for it", "conversations.history", `"" without, 7 with`, page("conversations.history", "include_all_metadata"), func(d *desk) string {
			ts := d.post("metadata", meta)
			read := func(all string) string {
				return d.found(ts, "include_all_metadata", all).at("messages", 0, "metadata", "event_payload", "id")
			}
			return text(read("false")) + " without, " + read("true") + " with"
		}},
		{"metadata without its type", post, "invalid_metadata_schema*", doubt + page(post, "Errors"), calls(post, func(d *desk) []string {
			return []string{"channel", d.channel, "text", "bcn-conform", "metadata", `{"event_payload":{}}`}
		})},
		{"history comes newest first", "conversations.history", "2, 1", page("conversations.history", "Usage info"), func(d *desk) string {
			first := d.post("text", "1")
			last := d.post("text", "2")
			a := d.call("conversations.history", "channel", d.channel, "oldest", first, "latest", last, "inclusive", "true")
			return a.at("messages", 0, "text") + ", " + a.at("messages", 1, "text")
		}},
		{"a thread comes oldest first, its parent before all", "conversations.replies", "parent, 1, 2", page("conversations.replies", "Usage info"), func(d *desk) string {
			ts := d.post("text", "parent")
			d.post("text", "1", "thread_ts", ts)
			d.post("text", "2", "thread_ts", ts)
			a := d.call("conversations.replies", "channel", d.channel, "ts", ts)
			return strings.Join([]string{a.at("messages", 0, "text"), a.at("messages", 1, "text"), a.at("messages", 2, "text")}, ", ")
		}},
		{"the replies of what is not there", "conversations.replies", "thread_not_found", page("conversations.replies", "Errors"), calls("conversations.replies", func(d *desk) []string {
			return []string{"channel", d.channel, "ts", "1700000000.000001"}
		})},
		{"a reply that is broadcast is in the history too", "conversations.history", "thread_broadcast", page(post, "reply_broadcast"), func(d *desk) string {
			ts := d.post()
			return d.found(d.post("thread_ts", ts, "reply_broadcast", "true")).at("messages", 0, "subtype")
		}},
		{"the history of a channel that the bot is not in", "conversations.history", "not_in_channel", page("conversations.history", "Errors"), calls("conversations.history", func(d *desk) []string { return []string{"channel", d.outside} })},
		{"a message has an address", "chat.getPermalink", "http*/archives/*/p*", page("chat.getPermalink", "Usage info"), func(d *desk) string {
			return d.call("chat.getPermalink", "channel", d.channel, "message_ts", d.post()).at("permalink")
		}},
	}
}

// blockRows hold Block Kit's limits.
func blockRows() []row[*desk] {
	try := func(all string) func(*desk) string {
		return calls("chat.postMessage", func(d *desk) []string { return []string{"channel", d.channel, "text", "bcn-conform", "blocks", all} })
	}
	refused := func(name, all, page string) row[*desk] {
		return row[*desk]{name, "chat.postMessage", "invalid_blocks*", docs + "reference/block-kit/" + page, try(all)}
	}
	divider := func(int) object { return object{"type": "divider"} }
	labelled := func(n int) object { return with(button("a", "1"), "text", plain(long(n))) }
	return []row[*desk]{
		{"fifty blocks are taken", "chat.postMessage", "ok", docs + "reference/block-kit/blocks", try(blocks(repeated(50, divider)...))},
		refused("fifty-one are not", blocks(repeated(51, divider)...), "blocks"),
		{"a section of 3,000 characters is taken", "chat.postMessage", "ok", docs + "reference/block-kit/blocks/section-block", try(blocks(section(long(3000))))},
		refused("one of 3,001 is not", blocks(section(long(3001))), "blocks/section-block"),
		refused("a section without text", blocks(object{"type": "section"}), "blocks/section-block"),
		refused("text of no characters", blocks(section("")), "composition-objects/text-object"),
		refused("eleven fields", blocks(object{"type": "section", "fields": repeated(11, func(int) object { return mrkdwn("x") })}), "blocks/section-block"),
		refused("a header of 151 characters", blocks(header(long(151))), "blocks/header-block"),
		refused("twenty-six buttons in a row", blocks(actions(repeated(26, func(i int) any { return button(fmt.Sprint("a", i), "1") })...)), "blocks/actions-block"),
		refused("a button's text of 76 characters", blocks(actions(labelled(76))), "block-elements/button-element"),
		refused("a button's value of 2,001 characters", blocks(actions(button("a", long(2001)))), "block-elements/button-element"),
		refused("an action_id of 256 characters", blocks(actions(with(button("a", "1"), "action_id", long(256)))), "block-elements/button-element"),
		refused("mrkdwn on a button", blocks(actions(with(button("a", "1"), "text", mrkdwn("a")))), "block-elements/button-element"),
		refused("a style that is none", blocks(actions(with(button("a", "1"), "style", "loud"))), "block-elements/button-element"),
		refused("an action_id twice in a block", blocks(actions(button("a", "1"), with(button("a", "2"), "text", plain("b")))), "block-elements/button-element; knacklabs/gantry pull request 458"),
		{"an action_id in each of two blocks is taken", "chat.postMessage", "ok", docs + "tools/node-slack-sdk/reference/types/interfaces/Actionable", try(blocks(actions(button("a", "1")), actions(button("a", "2"))))},
		{"a block_id twice in a message", "chat.postMessage", "invalid_blocks*", doubt + docs + "reference/block-kit/blocks, block_id", try(blocks(with(divider(0), "block_id", "b"), with(divider(0), "block_id", "b")))},
		refused("a type of block that is none", blocks(object{"type": "nonsense"}), "blocks"),
		refused("a field that a block does not have", blocks(with(divider(0), "colour", "red")), "blocks/divider-block"),
		{"blocks that are no list", "chat.postMessage", "invalid_blocks_format*", docs + "reference/methods/chat.postMessage, Errors", try(text(divider(0)))},
	}
}
