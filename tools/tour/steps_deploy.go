package main

// watch records every text that the channel ever shows, so that what is there
// for a moment only is seen too.
const watch = `(() => {
	const channel = document.getElementById('messages'); window.shown = channel.innerText;
	new MutationObserver(() => { window.shown += '\n' + channel.innerText }).observe(channel, {childList: true, subtree: true, characterData: true})
})()`

func open(w *visitor) {
	w.as(dana, deploys, "")
	w.see("#bar", "bot connected")
	w.see("#people", "Dana Developer")
	w.keep("deploys")
}

func ask(w *visitor) {
	w.run(watch)
	ts := w.card("v2", "/bcn deploy hello production v2")
	w.keep("planning")
	w.see(message(ts), "dana", "hello", "production", "v2")
	shown := w.script(`window.shown`)
	if w.err == nil {
		w.err = absent(shown, "being planned")
	}
}

func plan(w *visitor) {
	card := message(w.asked["v2"])
	w.see(card, "waits for approval")
	w.see(card, "@dana wants to deploy hello v2 to production",
		"v1", "→", "v2", "changed", "Asked by", "Plan", "Who may approve", "@lee", "Expires", "Approve", "Reject", "Cancel")
	w.bottom("#messages")
	w.keep("plan")
}

func diff(w *visitor) {
	w.as(dana, deploys, w.asked["v2"])
	w.see("#thread-messages", "The whole plan", "stack hello", "(TaskDefinition)", "- v1 sha256:", "+ v2 sha256:")
	w.top("#thread-messages .count")
	w.keep("thread")
	w.bottom("#thread-messages")
	w.bottom("#messages")
	w.keepAs("deploy.png")
}

func danaRefused(w *visitor) {
	w.as(dana, deploys, "")
	w.press(w.asked["v2"], "approve")
	w.yes()
	w.see(latest, "Only visible to you", "You asked for this", "leads")
	w.bottom("#messages")
	w.keep("dana-refused")
	w.as(lee, deploys, "")
	w.unseen("#messages", "You asked for this")
}

func oluRefused(w *visitor) {
	w.as(olu, deploys, "")
	w.press(w.asked["v2"], "approve")
	w.yes()
	w.see(latest, "Only visible to you", "You may not decide this one", "leads")
	w.see(message(w.asked["v2"]), "waits for approval")
	w.bottom("#messages")
	w.keep("olu-refused")
}

func leeApproves(w *visitor) {
	w.as(lee, deploys, "")
	w.press(w.asked["v2"], "approve")
	w.see("#confirm", "Approve "+w.asked["v2 id"], "Exactly the plan", "will run", "Yes", "No")
	w.keep("confirm")
	w.yes()
	w.see(message(w.asked["v2"]), "Approved by @lee")
	w.bottom("#messages")
	w.keep("approved")
}

func rollout(w *visitor) {
	w.as(dana, deploys, w.asked["v2"])
	w.see("#thread-messages", "@lee approved", "Started", "is being updated")
	w.see(message(w.asked["v2"]), "web", "/1 running")
	w.bottom("#messages")
	w.bottom("#thread-messages")
	w.keep("running")
}

func succeeded(w *visitor) {
	card := message(w.asked["v2"])
	w.see(card, "succeeded after", "Approved by @lee", "stack hello")
	w.see("#thread-messages", "now runs v2", "verified after", "@dana")
	w.unseen(card, "approve\n", "waits for approval")
	w.bottom("#messages")
	w.bottom("#thread-messages")
	w.keep("succeeded")
}

func announced(w *visitor) {
	w.as(dana, announce, "")
	w.see("#messages", "hello production now runs v2 ("+w.asked["v2 id"])
	w.keep("announce")
}

// absent says which word a text lacks.
func absent(text string, words ...string) error {
	if word := lacking(text, words); word != "" {
		return lacks{word, text}
	}
	return nil
}

type lacks struct{ word, text string }

func (l lacks) Error() string { return "nowhere " + l.word + " in:\n" + l.text }
