package main

// answer types a command whose answer only its sender sees.
func (w *visitor) answer(command, picture string, words ...string) {
	ts := w.type1(command)
	w.see(message(ts), append([]string{"Only visible to you"}, words...)...)
	w.bottom("#messages")
	w.keep(picture)
}

func look(w *visitor) {
	w.as(dana, deploys, "")
	w.answer("/bcn status", "status", "hello", "production", "v2", "web", "worker", "running", "@dana")
	w.answer("/bcn releases hello production", "releases", "v1", "v2", "succeeded", "approved by @lee", "took")
	ts := w.type1("/bcn plan hello production v2")
	w.see(message(ts), "@dana asks what a deploy of hello v2 to production would change", "Nothing would change")
	w.unseen(message(ts), "Approve")
	w.keep("plan-nothing")
	w.answer("/bcn approvals", "approvals-none", "Nothing waits for approval")
}

func orient(w *visitor) {
	w.answer("/bcn whoami", "whoami", "@dana", "developers", "deploy", "staging", "production", "leads")
	w.answer("/bcn help deploy", "help", "/bcn deploy APP ENV TAG", "Examples")
	w.answer("/bcn depoly helo prod v2", "typo", "depoly", "deploy", "helo", "hello", "prod", "production", "/bcn deploy hello production v2")
}
