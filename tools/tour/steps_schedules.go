package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// The controls of the page that move all clocks.
var clockControls = map[time.Duration]string{10 * time.Minute: "clock-10m", time.Hour: "clock-1h", 24 * time.Hour: "clock-1d"}

// pass moves the clocks of everything by one press.
func (w *visitor) pass(d time.Duration) {
	w.click(`[data-control="` + clockControls[d] + `"]`)
	w.ahead += d
	w.until("the clocks to have moved", func() bool {
		at, err := time.Parse("Mon 2 Jan 15:04:05 MST", strings.TrimSuffix(strings.TrimPrefix(w.text("#notice"), "It is "), " now"))
		ahead := at.AddDate(time.Now().UTC().Year(), 0, 0).Sub(time.Now().Add(w.ahead))
		return err == nil && ahead.Abs() < time.Minute
	})
}

// minute is the beginning of the minute that is at least d from now, by the
// clocks that were moved.
func (w *visitor) minute(d time.Duration) time.Time {
	return time.Now().UTC().Add(w.ahead + d + 59*time.Second).Truncate(time.Minute)
}

// posted waits for a message of the bot in the channel that says all of these,
// and answers its timestamp.
func (w *visitor) posted(words ...string) string {
	list, _ := json.Marshal(words)
	var ts string
	w.until(fmt.Sprintf("a message that says %q", words), func() bool {
		ts = w.script(`[...document.querySelectorAll('#messages article[data-author=U0BCN]:not([data-ephemeral])')]
			.findLast(e => ` + string(list) + `.every(x => e.innerText.toLowerCase().includes(x.toLowerCase())))?.dataset.ts ?? ''`)
		return ts != ""
	})
	return ts
}

// plans adds a schedule without a picture.
func (w *visitor) plans(when, flags, command string) {
	ts := w.type1(`/bcn schedule add "` + when + `" --tz UTC ` + flags + ` --yes -- ` + command)
	w.see(message(ts), "Saved", command)
}

// everyDay is the expression of a time of day.
func everyDay(at time.Time) string { return at.Format("4 15 * * *") }

// scheduled: what was understood is shown before it is saved.
func scheduled(w *visitor) {
	w.as(dana, deploys, "")
	ts := w.type1(`/bcn schedule add "61 2 * * *" -- deploy hello staging v2`)
	w.see(message(ts), "no minute", "0 to 59")
	at := w.minute(14 * time.Minute)
	ts = w.type1(`/bcn schedule add "` + everyDay(at) + `" --tz UTC --name nightly --announce 10m -- deploy hello staging v2`)
	w.see(message(ts), "what I understood", "every day at "+at.Format("15:04"), "nothing is saved yet", "deploy hello staging v2")
	w.top(message(ts))
	w.keep("schedule-understood")
	w.press(ts, "schedule_save")
	w.see(latest, "Saved nightly")
}

// nightly is announced, runs, and is reported in one message.
func nightly(w *visitor) {
	w.pass(10 * time.Minute)
	ts := w.posted("nightly runs deploy hello staging v2", "Skip this time")
	w.see(message(ts), "Run now", "Pause")
	w.top(message(ts))
	w.keep("schedule-announced")
	w.pass(10 * time.Minute)
	w.see(message(ts), "nightly ran deploy hello staging v2", "succeeded")
	w.unseen(message(ts), "Skip this time")
	w.top(message(ts))
	w.keep("schedule-ran")
}

// weekly needs approval, which is asked ahead of its time.
func weekly(w *visitor) {
	at := w.minute(95 * time.Minute)
	w.plans(at.Format("4 15")+" * * "+at.Format("Mon"), "--name weekly --ask-before 90m --announce 10m", "deploy hello production latest")
	w.pass(10 * time.Minute)
	ts := w.posted("waits for approval", "latest", "@lee")
	w.see(message(ts), "@dana wants to deploy", "Starts")
	w.leeApproves(ts)
	w.see(message(ts), "Approved by @lee")
	w.unseen(message(ts), "applying")
	w.top(message(ts))
	w.keep("schedule-asked-ahead")
	w.pass(time.Hour)
	w.pass(10 * time.Minute)
	w.pass(10 * time.Minute)
	told := w.posted("weekly", "deploy hello production latest")
	w.pass(10 * time.Minute)
	w.see(message(told), "weekly ran deploy hello production latest", "succeeded")
	w.top(message(ts))
	w.keep("schedule-released")
}

// skippedOnce leaves out one run by its button.
func skippedOnce(w *visitor) {
	w.as(dana, deploys, "")
	w.plans(everyDay(w.minute(14*time.Minute)), "--name board --announce 10m", "status")
	w.pass(10 * time.Minute)
	ts := w.posted("board runs status", "Skip this time")
	w.press(ts, "tick_skip")
	w.see(message(ts), "board did not run status", "@dana")
	w.top(message(ts))
	w.keep("schedule-skipped")
}

// failingRun tells why, in the channel and to its owner.
func failingRun(w *visitor) {
	at := w.minute(4 * time.Minute)
	w.plans(at.Format("at 2006-01-02 15:04"), "--name once", "deploy hello staging broken")
	w.pass(10 * time.Minute)
	ts := w.posted("once ran deploy hello staging broken and failed")
	w.see(message(ts), "rolled back", "Run now")
	w.top(message(ts))
	w.keep("schedule-failed")
}

// missed: nobody was there at the time, and the run is made up for.
func missed(w *visitor) {
	at := w.minute(-10 * time.Minute)
	w.plans(everyDay(at), "--name early", "apps")
	w.pass(24 * time.Hour)
	ts := w.posted("early ran apps", "planned for")
	w.posted("environments of apps")
	w.top(message(ts))
	w.keep("schedule-missed")
}

// overview is what is scheduled, and what it will meet.
func overview(w *visitor) {
	w.answer("/bcn schedule list", "schedule-list", "nightly", "weekly", "Next", "Last")
	w.answer("/bcn schedule calendar", "schedule-calendar", "coming week", "nightly", "weekly")
	w.answer("/bcn schedule show nightly", "schedule-show", "nightly", "succeeded")
}
