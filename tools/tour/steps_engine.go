package main

import (
	"time"
)

// Names of what is there only for these steps, and where it comes from.
const (
	shiftingFile = " --district default --source dir:examples/shifting"
	machinesFile = " --district tokyo --source dir:examples/machines"
)

// shifted: the new version is healthy beside the old one before anybody reaches
// it; somebody looks at it and shifts the traffic.
func shifted(w *visitor) {
	w.as(ada, deploys, "")
	w.done("/bcn create storefront production" + shiftingFile)
	w.done("/bcn deploy storefront production v1")
	w.as(dana, deploys, "")
	ts := w.card("shift", "/bcn deploy storefront production v2")
	w.see(message(ts), "waits for approval")
	w.leeApproves(ts)
	w.see(message(ts), "green is healthy, no traffic yet", "Shift now", "Go back")
	w.top(message(ts))
	w.keep("shift-waits")
	w.as(dana, deploys, "")
	w.press(ts, "shift")
	w.yes()
	w.see(message(ts), "old tasks stay")
	w.unseen(message(ts), "Shift now")
	w.top(message(ts))
	w.keep("shift-bakes")
	w.pass(10 * time.Minute)
	w.see(message(ts), "succeeded")
	w.as(dana, deploys, ts)
	w.see("#thread-messages", "@dana shifts the traffic of web", "verified")
	w.bottom("#thread-messages")
	w.top(message(ts))
	w.keep("shift-done")
}

// canary: a part of the traffic first, and back.
func canary(w *visitor) {
	w.as(ada, deploys, "")
	w.done("/bcn create storefront staging" + shiftingFile)
	w.as(dana, deploys, "")
	w.done("/bcn deploy storefront staging v1")
	ts := w.card("canary", "/bcn deploy storefront staging v2")
	w.see(message(ts), "10 %", "Go back")
	w.top(message(ts))
	w.keep("canary")
	w.press(ts, "cancel")
	w.yes()
	w.see(message(ts), "rolled back")
	w.top(message(ts))
	w.keep("canary-back")
}

// overridden: what is set beside the file wins, and the next deploy says so.
func overridden(w *visitor) {
	w.as(dana, deploys, "")
	w.answer("/bcn env list storefront staging", "env-list", "THEME", "barcelona.yml")
	ts := w.card("theme", "/bcn env set storefront staging THEME=dark BANNER=sale")
	w.see(message(ts), "THEME", "BANNER", "barcelona.yml")
	w.pass(10 * time.Minute)
	w.see(message(ts), "succeeded")
	ts = w.card("conflict", "/bcn deploy storefront staging v2")
	w.see(message(ts), "THEME", "wins")
	w.top(message(ts))
	w.keep("env-conflict")
	w.pass(10 * time.Minute)
	w.see(message(ts), "succeeded")
	w.answer("/bcn env list storefront staging", "env-list-set", "THEME", "BANNER", "env set")
	ts = w.card("unset", "/bcn env unset storefront staging THEME BANNER")
	w.see(message(ts), "THEME", "BANNER", "10 %")
}

// drifted: somebody changed something in the console; it is told with who did
// it, put back past a lead, or accepted.
func drifted(w *visitor) {
	w.as(dana, deploys, "")
	w.control("by-hand", "storefront")
	w.asks("/bcn drift storefront production")
	w.see(latest, "1 resource was changed outside", "RetentionInDays", "PutRetentionPolicy", "Accept", "Plan a repair")
	w.bottom("#messages")
	w.keep("drift")
	last := w.lastPosted()
	w.clickLabel(latest, "Plan a repair")
	var ts string
	w.until("the card of the repair", func() bool { ts = w.lastPosted(); return ts != last })
	w.see(message(ts), "waits for approval", "put back", "RetentionInDays")
	w.top(message(ts))
	w.keep("drift-repair")
	w.leeApproves(ts)
	w.see(message(ts), "succeeded")
	w.as(ada, deploys, "")
	w.control("by-hand", "storefront")
	w.asks("/bcn drift storefront production")
	w.see(latest, "Accept")
	w.clickLabel(latest, "Accept")
	w.see(latest, "is accepted as it is")
	w.asks("/bcn drift storefront production")
	w.see(latest, "nothing else was changed outside", "accepted by @ada")
	w.bottom("#messages")
	w.keep("drift-accepted")
}

// expiredAtLast: nobody decides within the hour of the rule.
func expiredAtLast(w *visitor) {
	w.as(dana, deploys, "")
	ts := w.card("expires", "/bcn restart storefront production --reason its memory grows")
	w.see(message(ts), "waits for approval", "Expires")
	w.pass(time.Hour)
	w.pass(10 * time.Minute)
	w.see(message(ts), "expired before enough people approved it", "Ask again")
	w.unseen(message(ts), "Reject")
	w.top(message(ts))
	w.keep("approval-expired")
}

// districtMade: the account's owner lets bcn make a district.
func districtMade(w *visitor) {
	w.as(ada, deploys, "")
	ts := w.card("early", tokyo("--for preview"))
	w.see(message(ts), "closed", "bot iam --district tokyo")
	w.top(message(ts))
	w.keep("district-no-roles")
	w.control("roles", "tokyo")
	w.see(latest, "The account has what bot iam --district tokyo prints", "/bcn district create tokyo")
	w.bottom("#messages")
	w.keep("district-roles")
	ts = w.card("tokyo", tokyo("--for preview --nat instance --launch ec2 --size 2"))
	w.see(message(ts), "NAT: instance", "machines: 2", "succeeded")
	w.as(ada, deploys, ts)
	w.see("#thread-messages", "The whole plan")
	w.bottom("#thread-messages")
	w.top(message(ts))
	w.keep("district-created")
	w.as(ada, deploys, "")
	w.answer("/bcn district show tokyo", "district-show", "10.", "nat instance", "preview")
	w.answer("/bcn district list", "district-list", "default", "tokyo")
	ts = w.card("nat", "/bcn district update tokyo --nat managed_gateway")
	w.see(message(ts), "NAT: instance", "managed_gateway", "succeeded")
	w.top(message(ts))
	w.keep("district-updated")
}

// districtServes: what lives in a district, and the plugins beside it.
func districtServes(w *visitor) {
	w.as(ada, deploys, "")
	w.done("/bcn endpoint create edge --district tokyo --public --access-logs --for preview")
	ts := w.card("tls", "/bcn endpoint update edge --certificate arn:aws:acm:us-east-1:123456789012:certificate/1 --tls modern")
	w.see(message(ts), "TLS: intermediate → modern", "succeeded")
	w.top(message(ts))
	w.keep("endpoint-updated")
	w.answer("/bcn endpoint show edge", "endpoint-show", "edge", "modern", "tokyo")
	w.done("/bcn create crawler preview" + machinesFile)
	ts = w.card("crawler", "/bcn deploy crawler preview v1")
	w.see(message(ts), "launch: ec2", "succeeded")
	w.top(message(ts))
	w.keep("on-machines")
	ts = w.card("plugin", "/bcn district plugin set tokyo datadog site=datadoghq.eu api_key=/barcelona/tokyo/plugin/datadog/api_key")
	w.see(message(ts), "datadog/agent@sha256:", "api_key=", "crawler preview", "succeeded")
	w.top(message(ts))
	w.keep("plugin-set")
	w.done("/bcn district plugin set tokyo pcidss repository=https://rpm.example.com/wazuh/yum key=https://rpm.example.com/wazuh/KEY")
	w.answer("/bcn district plugin list tokyo", "plugin-list", "datadog", "pcidss", "newrelic")
	w.asks("/bcn district plugin set tokyo datadog api_key=0123456789abcdef0123456789abcdef")
	w.see(latest, "takes a reference")
	w.unseen(latest, "0123456789abcdef")
	w.click(`[data-control="registry-down"]`)
	ts = w.card("away", "/bcn district plugin set tokyo logs output=stdout")
	w.see(message(ts), "public.ecr.aws", "keeps trying")
	w.see(message(ts), "closed", "did not answer", "Nothing was changed")
	w.top(message(ts))
	w.keep("registry-away")
	w.click(`[data-control="all-well"]`)
}

// districtGone: it goes when nothing lives in it, and says what it leaves.
func districtGone(w *visitor) {
	w.as(ada, deploys, "")
	w.answer("/bcn district delete tokyo", "district-in-use", "still used", "crawler preview", "endpoint edge")
	w.done("/bcn delete crawler preview --confirm crawler")
	w.done("/bcn endpoint delete edge")
	w.done("/bcn district plugin unset tokyo pcidss")
	ts := w.card("gone", "/bcn district delete tokyo")
	w.see(message(ts), "succeeded", "stays: the bucket", "log groups below Barcelona/tokyo/")
	w.top(message(ts))
	w.keep("district-deleted")
}

// tokyo is the command that makes the district of these steps.
func tokyo(more string) string {
	const role = "arn:aws:iam::123456789012:role/bcn-tokyo-"
	return "/bcn district create tokyo --region us-east-1 --role " + role + "bot --cfn-role " + role + "cloudformation " + more
}

// done asks for a change that needs nobody, and waits for its end.
func (w *visitor) done(command string) {
	w.see(message(w.card("done", command)), "succeeded")
}

// control writes into the field beside a control and presses it.
func (w *visitor) control(id, value string) {
	field := `form:has([data-control="` + id + `"]) input[name=value]`
	w.run(`document.querySelector('` + field + `').value = ''`)
	w.click(field)
	w.do("type", insert(value))
	w.click(`[data-control="` + id + `"]`)
}

// clickLabel presses a button by what is on it: those that stand for a command
// have no other name.
func (w *visitor) clickLabel(selector, label string) {
	w.until(label+" to press", func() bool {
		return w.script(`(e => {
			const b = [...(e?.querySelectorAll('button') ?? [])].find(b => b.innerText.trim() === '`+label+`');
			document.querySelectorAll('#the-one').forEach(e => e.removeAttribute('id'));
			if (b) { b.id = 'the-one' }
			return b ? 'yes' : '' })(document.querySelector('`+selector+`'))`) == "yes"
	})
	w.click(`#the-one`)
}
