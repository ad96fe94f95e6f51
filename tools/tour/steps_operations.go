package main

// operated: a developer's day on staging, where nobody must approve.
func operated(w *visitor) {
	w.as(dana, deploys, "")
	ts := w.card("staging", "/bcn deploy hello staging v2")
	w.see(message(ts), "succeeded")
	ts = w.card("env", "/bcn env set hello staging LOG_LEVEL=debug")
	w.see(message(ts), "LOG_LEVEL", "succeeded")
	w.unseen(message(ts), "debug")
	ts = w.card("scale", "/bcn scale hello staging web=2")
	w.see(message(ts), "2/2 running", "succeeded")
	w.top(message(ts))
	w.keep("scaled")
	ts = w.card("restart", "/bcn restart hello staging worker --reason it forgot its password")
	w.see(message(ts), "restart", "succeeded")
	ts = w.card("rollback", "/bcn rollback hello staging 1")
	w.see(message(ts), "goes back to release 1", "not rolled back", "succeeded")
	w.top(message(ts))
	w.keep("went-back")
	w.answer("/bcn locks", "locked-by-rollback", "rolled back from")
	w.answer("/bcn unlock hello staging", "unlocked", "Unlocked")
	w.answer("/bcn releases hello staging", "releases-kinds", "scaled", "restart", "variables", "back to 1")
}

// ranOnce is a command in a task of its own, with its log and exit code.
func ranOnce(w *visitor) {
	w.as(dana, deploys, "")
	ts := w.card("run", "/bcn run hello staging -- sh -c \"echo counting; exit 3\"")
	w.see(message(ts), "exit code 3")
	w.as(dana, deploys, ts)
	w.see("#thread-messages", "counting")
	w.bottom("#thread-messages")
	w.top(message(ts))
	w.keep("ran")
	w.as(dana, deploys, "")
	w.answer("/bcn logs hello staging web --since 1h", "logs", "hello v", "Refresh")
}

// promoted takes what runs in staging to production, past a lead.
func promoted(w *visitor) {
	w.as(dana, deploys, "")
	ts := w.card("promote", "/bcn promote hello staging production")
	w.see(message(ts), "waits for approval", "staging")
	w.top(message(ts))
	w.keep("promoted")
	w.as(lee, deploys, "")
	w.press(ts, "reject")
	w.fill("not before the weekend")
	w.click(`#modal button.primary`)
	w.see(message(ts), "rejected")
}

// secretSet writes a value into a window; it is in no message.
func secretSet(w *visitor) {
	w.as(dana, deploys, "")
	w.asks("/bcn secret set hello staging API_KEY")
	w.see(`#modal`, "API_KEY", "hello-staging")
	w.fill("a-value-that-nobody-sees")
	w.keep("secret-window")
	last := w.lastFromBot()
	w.click(`#modal button.primary`)
	var ts string
	w.until("its card", func() bool { ts = w.lastFromBot(); return ts != last })
	w.see(message(ts), "API_KEY", "succeeded", "does not read it")
	w.unseen("#messages", "a-value-that-nobody-sees")
	w.top(message(ts))
	w.keep("secret-set")
	w.answer("/bcn secret list hello staging", "secret-list", "API_KEY", "version 1")
}

// tokenIssued is shown once.
func tokenIssued(w *visitor) {
	w.as(dana, deploys, "")
	w.asks("/bcn token issue hello staging --expires 30d")
	w.see(`#modal`, "bcn_", "BCN_TOKEN")
	w.run(`document.querySelectorAll('#modal pre').forEach(e => { e.innerText = e.innerText.replace(/(bcn_\d+_.{4}).*/, '$1…') })`)
	w.keep("token")
	w.click(`#modal button`)
	w.as(dana, deploys, "")
	w.asks("/bcn token issue hello staging")
	w.see(`#modal`, "has a token until")
	w.keep("token-exists")
	w.click(`#modal button`)
}

// deletedAtLast asks for the name to be typed, and for a lead.
func deletedAtLast(w *visitor) {
	w.as(dana, deploys, "")
	w.asks("/bcn delete hello staging")
	w.see(`#modal`, "hello-staging", "Type")
	w.fill("hello-staging")
	w.keep("delete-window")
	last := w.lastFromBot()
	w.click(`#modal button.primary`)
	var ts string
	w.until("its card", func() bool { ts = w.lastFromBot(); return ts != last })
	w.see(message(ts), "wants to delete", "waits for approval")
	w.top(message(ts))
	w.keep("delete-plan")
	w.leeApproves(ts)
	w.see(message(ts), "succeeded")
	w.as(dana, deploys, "")
	w.answer("/bcn apps", "apps-left", "production")
	w.unseen(latest, "staging")
}

// guarded are the guardrails, and what they say about what runs.
func guarded(w *visitor) {
	w.as(dana, deploys, "")
	w.answer("/bcn guardrails list", "guardrails", "denies")
	w.answer("/bcn guardrails test hello production", "guardrails-test", "hello")
}

// types writes a command whose answer is a window.
func (w *visitor) asks(text string) {
	w.click(`#composer`)
	w.do("type", insert(text), enter)
}
