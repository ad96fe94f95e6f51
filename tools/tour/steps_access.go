package main

import (
	"strings"
	"time"
)

// The sample account's node, and olu's direct message with bcn.
const node, direct = "i-0a11ce00000000001", "D0ONCALL"

func accessAsked(w *visitor) {
	w.as(olu, deploys, "")
	ts := w.card("shell", "/bcn access hello production for 10m --reason a customer sees no orders")
	w.see(message(ts), "waits for approval", "@olu asks for a shell", "hello", "production", "10 min", "a customer sees no orders",
		"account 123456789012", "Allowed", "Never", "root", "Who may approve", "@lee", "Approve", "Reject", "Cancel")
	w.bottom("#messages")
	w.keep("access-card")
}

func accessRefused(w *visitor) {
	card := message(w.asked["shell"])
	w.press(w.asked["shell"], "approve")
	w.yes()
	w.see(latest, "Only visible to you", "You asked for this")
	w.bottom("#messages")
	w.keep("access-own")
	w.as(dana, deploys, "")
	w.press(w.asked["shell"], "approve")
	w.yes()
	w.see(latest, "Only visible to you", "You may not decide this one")
	w.answer("/bcn access hello production for 10m --reason may I, too?", "access-dana-refused", "You may not use access here", "oncall")
	w.see(card, "waits for approval")
}

func accessApproved(w *visitor) {
	ts := w.asked["shell"]
	w.as(lee, deploys, "")
	w.press(ts, "approve")
	w.see("#confirm", "Approve "+w.asked["shell id"], "shell in hello production", "10 min", "Exactly the plan", "Yes", "No")
	w.keep("access-confirm")
	w.yes()
	w.see(message(ts), "approved", "bot access open", "Approved by @lee")
	w.as(olu, direct, "")
	w.see("#messages", w.asked["shell id"]+" is approved", "bot access open")
	w.keep("access-direct")
}

// number is what is typed of a card's number.
func (w *visitor) number(name string) string { return strings.TrimPrefix(w.asked[name+" id"], "#") }

func accessTested(w *visitor) {
	t := w.terminal(true, "access", "test")
	w.leaves(t)
	w.sees(t, "ok    plugin", "ok    terminal", "ok    clock", "ok    bot")
	if w.err == nil {
		w.err = without(t.text(), "FAULT")
	}
}

func accessOpened(w *visitor) {
	t := w.terminal(false, "access", "open", w.number("shell"))
	w.sees(t, "/bcn access open", "paste here what the bot answers")
	w.as(olu, deploys, "")
	line := ""
	for _, l := range strings.Split(t.text(), "\n") {
		if strings.HasPrefix(l, "/bcn access open ") {
			line = strings.TrimSpace(l)
		}
	}
	w.type1(line)
	w.see(latest, "Only visible to you", "Only that terminal can open it", "bcn-sealed-1.")
	sealed := w.script(`[...[...document.querySelectorAll('#messages article[data-ephemeral]')].at(-1).querySelectorAll('pre')].map(e => e.innerText).join('\n')`)
	w.bottom("#messages")
	w.keep("access-sealed")
	for _, l := range strings.Fields(sealed) {
		w.types(t, l)
	}
	w.sees(t, "opens a task of its own", "Starting session")
	w.prompt(t)
	w.types(t, `echo "$((40 + 2)) orders"`)
	w.sees(t, "42 orders")
	w.shell = t
}

func accessLive(w *visitor) {
	ts := w.asked["shell"]
	w.as(olu, deploys, ts)
	w.see(message(ts), "live until", "1 session open", "Key", "I'm done", "Extend")
	w.see("#thread-messages", "@lee approved", "picked "+w.asked["shell id"]+" up with the key")
	w.bottom("#thread-messages")
	w.top(message(ts))
	w.keep("access-live")
	w.as(olu, deploys, "")
	w.answer("/bcn access list", "access-list", w.asked["shell id"], "@olu", "live", "left", "End access", "Extend")
}

// timed starts what ends by itself: a minute that nobody uses, two minutes in a
// task, and four on a node.
func accessTimed(w *visitor) {
	for _, x := range []struct{ name, command string }{
		{"unused", "/bcn access --district default --instance " + node + " for 1m --reason in case the disk fills up again"},
		{"two", "/bcn access hello production for 2m --reason one more look"},
		{"four", "/bcn access --district default --instance " + node + " for 4m --reason its disk is full"},
	} {
		w.as(olu, deploys, "")
		w.see(message(w.card(x.name, x.command)), "waits for approval")
		w.as(lee, deploys, "")
		w.press(w.asked[x.name], "approve")
		w.yes()
		w.see(message(w.asked[x.name]), "approved – open it")
	}
	w.two = w.byHTTP("two")
	w.types(w.two, "echo still here; sleep 600")
	w.four = w.byHTTP("four")
	w.types(w.four, "echo $((100 - 3)) percent full")
	w.sees(w.two, "still here")
	w.sees(w.four, "97 percent full")
	w.as(olu, deploys, w.asked["four"])
	w.see(message(w.asked["four"]), "live until", "1 session open", node)
	w.top(message(w.asked["four"]))
	w.keep("access-node")
}

// byHTTP opens access without pasting credentials: the key alone is bound in chat.
func (w *visitor) byHTTP(name string) *terminal {
	t := w.terminal(true, "access", "open", w.number(name))
	w.sees(t, "--bind", "Waiting for it")
	w.as(olu, deploys, "")
	for _, l := range strings.Split(t.text(), "\n") {
		if strings.HasPrefix(l, "/bcn access open ") {
			w.type1(strings.TrimSpace(l))
		}
	}
	w.see(latest, "Only visible to you", "is bound to "+w.asked[name+" id"])
	w.sees(t, "Starting session")
	w.prompt(t)
	return t
}

func accessRejected(w *visitor) {
	w.as(olu, deploys, "")
	ts := w.card("port", "/bcn access --district default --port orders for 10m --reason a query hangs")
	w.see(message(ts), "waits for approval", "orders.db.internal", "5432", "cannot be logged")
	w.top(message(ts))
	w.keep("access-port")
	w.as(lee, deploys, "")
	w.type1("/bcn reject " + w.number("port") + " the replica is enough for that")
	w.see(message(ts), "closed", "Rejected by @lee", "the replica is enough for that")
	w.top(message(ts))
	w.keep("access-rejected")
	w.as(olu, deploys, "")
	ts = w.card("withdrawn", "/bcn access hello production web --live for 5m --reason it answers slowly")
	w.see(message(ts), "waits for approval", "running task", "that bcn opens itself", "this task is stopped")
	w.top(message(ts))
	w.keep("access-live-task")
	w.press(ts, "cancel")
	w.see(message(ts), "closed")
}

func accessExtended(w *visitor) {
	w.as(olu, direct, "")
	w.inTime(func() { w.see("#messages", w.asked["four id"]+" ends", "about two minutes", "Extend") })
	w.bottom("#messages")
	w.keep("access-near")
	w.click(`#messages article:last-of-type [data-action-id^="bcn:access_extend:"]`)
	w.see(latest, "asks for more time on "+w.asked["four id"])
	w.asked["more id"] = number.FindString(w.text(latest))
	w.as(lee, deploys, "")
	card := `#messages article[data-author=U0BCN]:has([data-value="` + w.number("more") + `"])`
	w.see(card, "waits for approval", "on from "+w.asked["four id"], "4 min more")
	w.asked["more"] = w.script(`document.querySelector('` + card + `').dataset.ts`)
	w.top(message(w.asked["more"]))
	w.keep("access-extend")
	w.press(w.asked["more"], "approve")
	w.yes()
	w.see(message(w.asked["more"]), "approved – open it")
	w.more = w.byHTTP("more")
}

func accessDone(w *visitor) {
	ts := w.asked["shell"]
	w.types(w.shell, "exit")
	w.leaves(w.shell)
	w.sees(w.shell, "The session is over", "to end it now")
	w.as(olu, deploys, ts)
	w.press(ts, "access_end")
	w.see("#confirm", "End "+w.asked["shell id"]+"?")
	w.yes()
	w.see(message(ts), "access ended", "1 session closed", "verified", "@olu was done")
	w.see("#thread-messages", "access ended", "verified")
	w.unseen(message(ts), "I'm done")
	w.bottom("#thread-messages")
	w.top(message(ts))
	w.keep("access-done")
	w.keepAs("access.png")
}

func accessUnused(w *visitor) {
	ts := w.asked["unused"]
	w.as(olu, deploys, ts)
	w.inTime(func() { w.see(message(ts), "expired: nobody opened it in time") })
	w.top(message(ts))
	w.keep("access-expired")
}

func accessOver(w *visitor) {
	w.inTime(func() { w.leaves(w.two) })
	ts := w.asked["two"]
	w.as(olu, deploys, ts)
	w.see(message(ts), "access ended", "1 session closed", "verified", "its time was up")
	w.see("#thread-messages", "its time was up", "verified")
	w.bottom("#thread-messages")
	w.top(message(ts))
	w.keep("access-ended")
}

// accessGoesOn: the end of access never cuts the access that extends it.
func accessGoesOn(w *visitor) {
	w.inTime(func() {
		w.leaves(w.four)
		w.as(olu, deploys, w.asked["four"])
		w.see(message(w.asked["four"]), "access ended", "verified", "its time was up")
	})
	w.types(w.more, "echo goes on")
	w.sees(w.more, "\ngoes on")
	w.see(message(w.asked["more"]), "live until", "1 session open")
	w.top(message(w.asked["more"]))
	w.keep("access-more")
	w.as(olu, deploys, "")
	w.answer("/bcn access end", "access-end", "Ending "+w.asked["more id"])
	w.leaves(w.more)
	w.see(message(w.asked["more"]), "credentials", "being closed")
}

// accessLater: what takes long is seen by moving the clocks of everything. The
// hour comes last: it outlives the bot's own credentials.
func accessLater(w *visitor) {
	w.desk()
	w.as(olu, deploys, "")
	ts := w.card("undecided", "/bcn access hello production for 10m --reason nobody answers today")
	w.see(message(ts), "waits for approval")
	w.pass(10 * time.Minute)
	for _, name := range []string{"two", "four"} {
		w.as(olu, deploys, w.asked[name])
		w.see("#thread-messages", "What was done with "+w.asked[name+" id"], "1 session closed", "In CloudTrail", "bcn-g"+w.number(name)+"-1")
		w.bottom("#thread-messages")
		w.top(message(w.asked[name]))
		w.keep("access-report-" + name)
	}
	w.as(olu, deploys, "")
	w.see(message(w.asked["more"]), "access ended", "verified", "@olu was done")
	w.pass(time.Hour)
	w.see(message(ts), "expired before enough people approved it", "Ask again")
	w.unseen(message(ts), "Reject")
	w.top(message(ts))
	w.keep("access-undecided")
}

// without says which word a text has and should not.
func without(text, word string) error {
	if strings.Contains(text, word) {
		return has{word, text}
	}
	return nil
}

type has struct{ word, text string }

func (h has) Error() string { return h.word + " in:\n" + h.text }
