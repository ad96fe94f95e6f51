package main

import (
	"fmt"
	"regexp"
)

// step is one thing that a newcomer does, and what they must then see.
type step struct {
	name string
	do   func(*visitor)
}

// steps are what the README promises, in order.
var steps = []step{
	{"dana opens #deploys", open},
	{"dana asks for v2: a card, at first as being planned", ask},
	{"the card says what would change, and who may approve", plan},
	{"the thread has the full diff", diff},
	{"dana may not approve her own request", danaRefused},
	{"olu, on call, may not either", oluRefused},
	{"lee approves, and confirms", leeApproves},
	{"the rollout is followed in the thread", rollout},
	{"it succeeds: duration, links, dana mentioned", succeeded},
	{"the announce channel has one line", announced},
	{"what runs, and what ran", look},
	{"who I am, what I can do, and a typo", orient},
	{"a broken image is asked for and approved", broken},
	{"the thread says why it failed", failing},
	{"and it is rolled back, never a success", rolledBack},
	{"a running deploy is cancelled", cancelled},
	{"olu asks for ten minutes in production", accessAsked},
	{"neither olu nor dana may approve that, and dana gets none", accessRefused},
	{"lee approves, and olu is told how to open it", accessApproved},
	{"olu's machine has what it needs", accessTested},
	{"a shell opens in a terminal, by chat", accessOpened},
	{"the card is live, with who is in", accessLive},
	{"more access starts: one, two and four minutes", accessTimed},
	{"a port is asked for and rejected", accessRejected},
	{"what nobody opens expires", accessUnused},
	{"olu is done: closed and verified", accessDone},
	{"two minutes before an end, more is asked for with one tap", accessExtended},
	{"two minutes end by themselves, verified", accessOver},
	{"four minutes end, and what extends them goes on", accessGoesOn},
	{"a colleague reads Japanese", japanese},
	{"on a phone", onPhone},
	{"later: reports are there, and an undecided request has expired", accessLater},
	{"a schedule is shown as it was understood, and saved", scheduled},
	{"it is announced, runs and is reported", nightly},
	{"a release is approved ahead and runs at its time", weekly},
	{"one run is left out by its button", skippedOnce},
	{"a run that fails says why", failingRun},
	{"a run that was missed is made up for", missed},
	{"what is scheduled, and when", overview},
	{"staging: variables, counts, restarts, and back again", operated},
	{"a command runs once, and logs are read", ranOnce},
	{"what runs in staging is promoted", promoted},
	{"a secret is written into a window", secretSet},
	{"a token for CI is shown once", tokenIssued},
	{"guardrails, and what they find", guarded},
	{"an app is deleted by typing its name", deletedAtLast},
	{"a lock, and who waits behind it", locked},
	{"a freeze, and broken glass", frozen},
	{"what moved supersedes what was asked before", movedOn},
	{"a rejection says why, and is asked for again", rejectedWhy},
	{"a deputy decides, from everybody's own list", whoDecides},
	{"two groups approve", twoGroups},
	{"the audit log, in words", audited},
	{"traffic is shifted when somebody says so", shifted},
	{"a canary, and back", canary},
	{"what is set beside the file wins", overridden},
	{"what was changed outside is put back, or accepted", drifted},
	{"nobody decides in time", expiredAtLast},
	{"a district is made", districtMade},
	{"it serves an app on machines, with plugins", districtServes},
	{"it goes, and says what it leaves", districtGone},
}

var number = regexp.MustCompile(`#\d+`)

// card types a command that makes a card, and remembers its number.
func (w *visitor) card(name, command string) string {
	last := w.lastPosted()
	w.asks(command)
	var ts string
	w.until("a card", func() bool { ts = w.lastPosted(); return ts != "" && ts != last })
	w.see(message(ts), "#")
	w.asked[name] = ts
	w.asked[name+" id"] = number.FindString(w.text(message(ts)))
	if w.err == nil && w.asked[name+" id"] == "" {
		w.err = fmt.Errorf("no number on the card:\n%s", w.text(message(ts)))
	}
	return ts
}
