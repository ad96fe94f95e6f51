package conform_test

import "strings"

// What messages are made of.

func blocks(all ...object) string { return text(all) }

func mrkdwn(s string) object { return object{"type": "mrkdwn", "text": s} }
func plain(s string) object  { return object{"type": "plain_text", "text": s} }

func section(s string) object   { return object{"type": "section", "text": mrkdwn(s)} }
func header(s string) object    { return object{"type": "header", "text": plain(s)} }
func actions(all ...any) object { return object{"type": "actions", "elements": all} }
func button(id, value string) object {
	return object{"type": "button", "text": plain(id), "action_id": id, "value": value}
}

func with(m object, key string, value any) object { m[key] = value; return m }

func repeated[T any](n int, one func(i int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = one(i)
	}
	return out
}

func long(n int) string { return strings.Repeat("x", n) }
