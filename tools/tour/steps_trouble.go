package main

func broken(w *visitor) {
	ts := w.card("broken", "/bcn deploy hello production broken")
	w.see(message(ts), "waits for approval", "broken", "@lee")
	w.answer("/bcn approvals", "approvals", w.asked["broken id"], "deploy broken to hello production", "leads")
	w.leeApproves(ts)
	w.see(message(ts), "Approved by @lee")
}

func failing(w *visitor) {
	w.as(dana, deploys, w.asked["broken"])
	w.see("#thread-messages", "failed:", "stopped", "exit code", "last log lines")
	w.see("#messages", "replied to a")
	w.bottom("#messages")
	w.bottom("#thread-messages")
	w.keep("failing")
}

func rolledBack(w *visitor) {
	card := message(w.asked["broken"])
	w.see(card, "rolled back after")
	w.unseen(card, "succeeded")
	w.see("#thread-messages", "is being rolled back", "was rolled back: what ran before runs again", "@dana")
	w.bottom("#thread-messages")
	w.top(card)
	w.keep("rolled-back")
	w.as(dana, deploys, "")
	w.answer("/bcn status", "status-after", "v2", "rolled back")
	w.as(dana, announce, "")
	w.see("#messages", "to broken was rolled back")
}

func cancelled(w *visitor) {
	w.as(dana, deploys, "")
	ts := w.card("v1", "/bcn deploy hello production v1 --reason going back for a moment, to look at a cache")
	w.see(message(ts), "waits for approval", "going back for a moment, to look at a cache")
	w.leeApproves(ts)
	w.see(message(ts), "/1 running")
	w.as(dana, deploys, "")
	w.answer("/bcn cancel "+w.asked["v1 id"], "cancelling", "Cancelling "+w.asked["v1 id"])
	w.as(dana, deploys, ts)
	w.see(message(ts), "rolled back after")
	w.see("#thread-messages", "@dana "+w.asked["v1 id"]+" was rolled back")
	w.bottom("#thread-messages")
	w.top(message(ts))
	w.keep("cancelled")
}

func japanese(w *visitor) {
	w.as(yuki, deploys, "")
	w.answer("/bcn status", "japanese-status", "稼働", "リリース", "hello")
	w.answer("/bcn help deploy", "japanese-help", "計画を作り", "例")
}

func onPhone(w *visitor) {
	w.as(dana, deploys, "")
	ts := w.card("phone", "/bcn deploy hello production v1")
	w.see(message(ts), "waits for approval")
	w.phone()
	w.as(lee, deploys, "")
	w.see(message(ts), "waits for approval", "Approve")
	w.top(message(ts))
	w.keep("phone-card")
	w.as(lee, deploys, ts)
	w.top("#thread-messages .count")
	w.keep("phone-thread")
	w.as(dana, deploys, "")
	w.press(ts, "cancel")
	w.see(message(ts), "closed")
}
