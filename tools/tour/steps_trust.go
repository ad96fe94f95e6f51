package main

// locked: dana keeps others out of an app; what they ask for waits and says so.
func locked(w *visitor) {
	w.as(dana, deploys, "")
	ts := w.card("stale", "/bcn restart hello production --reason it forgot its password")
	w.see(message(ts), "waits for approval")
	w.answer("/bcn lock hello production investigating a leak", "lock", "Locked", "investigating a leak")
	w.as(olu, deploys, "")
	ts = w.card("waiter", "/bcn restart hello production --reason it is stuck")
	w.see(message(ts), "waits for a lock", "investigating a leak")
	w.top(message(ts))
	w.keep("behind-a-lock")
	w.answer("/bcn locks", "locks", "investigating a leak", "@olu")
	w.as(dana, deploys, "")
	w.answer("/bcn unlock hello production", "unlocked", "hello", "production")
	w.see(message(ts), "waits for approval")
	w.as(olu, deploys, "")
	w.press(ts, "cancel")
	w.see(message(ts), "closed")
}

// frozen: nothing goes to production, but what breaks the glass, and that is
// told to everybody who was skipped.
func frozen(w *visitor) {
	w.as(lee, deploys, "")
	w.answer("/bcn freeze production the sale is on for 3d", "freeze", "Frozen", "the sale is on")
	w.as(dana, deploys, "")
	ts := w.card("glass", "/bcn scale hello production web=2 --break-glass --reason checkout is down")
	w.see(message(ts), "Break-glass", "freeze of production", "succeeded")
	w.top(message(ts))
	w.keep("break-glass")
	w.as(lee, security, "")
	w.see("#messages", "without the approval of leads", "checkout is down")
	w.bottom("#messages")
	w.keep("break-glass-told")
	w.as(lee, deploys, "")
	w.answer("/bcn acknowledge "+w.number("glass")+" I was there", "acknowledged", w.number("glass"))
	w.answer("/bcn thaw production", "thaw", "production")
}

// movedOn: what was asked for before is superseded; planned again, it says
// what moved since.
func movedOn(w *visitor) {
	ts := w.asked["stale"]
	w.as(dana, deploys, "")
	w.see(message(ts), "closed", w.asked["glass id"])
	w.top(message(ts))
	w.keep("superseded")
	last := w.lastFromBot()
	w.press(ts, "plan_again")
	var again string
	w.until("the new card", func() bool { again = w.lastFromBot(); return again != last })
	w.see(message(again), "waits for approval")
	w.as(dana, deploys, again)
	w.see("#thread-messages", "What moved since")
	w.bottom("#thread-messages")
	w.keep("moved")
	w.asked["moved"] = again
}

// rejectedWhy: whoever rejects says why, in a window; who asked may ask again,
// as it was or changed.
func rejectedWhy(w *visitor) {
	ts := w.asked["moved"]
	w.as(lee, deploys, "")
	w.press(ts, "reject")
	w.fill("wait for the backup")
	w.keep("reject-window")
	w.click(`#modal button.primary`)
	w.see(message(ts), "wait for the backup")
	w.as(dana, deploys, "")
	w.see(message(ts), "Ask again", "Change")
	w.top(message(ts))
	w.keep("rejected-why")
	w.press(ts, "change")
	w.see(`#modal`, "hello production", "Command")
	w.keep("change-window")
	w.click(`#modal button:not(.primary)`)
}

// whoDecides: a lead who leaves names somebody; everybody has a list.
func whoDecides(w *visitor) {
	w.as(dana, deploys, "")
	ts := w.card("listed", "/bcn restart hello production worker --reason its cache is full")
	w.see(message(ts), "waits for approval")
	w.as(lee, deploys, "")
	w.answer("/bcn approvals deputy @olu until tomorrow", "deputy", "olu")
	w.answer("/bcn approvals", "approvals-list", "#", "hello")
	w.home()
	w.see(".home", "hello")
	w.top(".home")
	w.keep("home")
	w.as(olu, deploys, "")
	w.press(ts, "approve")
	w.yes()
	w.see(message(ts), "@olu", "succeeded")
	w.top(message(ts))
	w.keep("decided-by-deputy")
	w.as(lee, deploys, "")
	w.answer("/bcn approvals deputy remove @olu", "deputy-removed", "olu")
}

// twoGroups: an app in production is deleted by a lead and somebody on call.
func twoGroups(w *visitor) {
	w.as(dana, deploys, "")
	w.asks("/bcn delete hello production")
	w.see(`#modal`, "hello", "Type")
	w.fill("hello")
	last := w.lastFromBot()
	w.click(`#modal button.primary`)
	var ts string
	w.until("its card", func() bool { ts = w.lastFromBot(); return ts != last })
	w.see(message(ts), "waits for approval", "@lee", "@olu")
	w.leeApproves(ts)
	w.see(message(ts), "Approved by @lee")
	w.top(message(ts))
	w.keep("one-of-two")
	w.as(olu, deploys, "")
	w.press(ts, "approve")
	w.yes()
	w.see(message(ts), "Approved by @olu", "succeeded")
	w.top(message(ts))
	w.keep("two-of-two")
}

// audited: what happened, in words.
func audited(w *visitor) {
	w.as(ada, deploys, "")
	w.answer("/bcn audit --since 1h", "audit", "it succeeded", "@dana")
	w.answer("/bcn audit reconcile", "reconcile", "default")
}

// fill writes into the field of the window.
func (w *visitor) fill(text string) {
	w.click(`#modal label input, #modal label textarea`)
	w.do("type", insert(text))
}

// home opens the app's own page.
func (w *visitor) home() {
	w.as(w.user, "D0"+w.user[len("U0"):], "")
	w.top(`button[data-home]`)
	w.click(`button[data-home]`)
}
