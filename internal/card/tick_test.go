package card_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/text"
)

func nightly(change ...func(*bcn.Schedule)) bcn.Schedule {
	s := bcn.Schedule{
		ID: 1061, Name: "nightly", Spec: "0 2 * * *", Zone: "Asia/Tokyo", Command: "deploy hello production v2", Owner: dana(),
		Channel: "C0DEPLOYS", State: bcn.ScheduleActive, Options: bcn.ScheduleOptions{Announce: 10 * time.Minute},
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func tick(state bcn.TickState, change ...func(*bcn.Tick)) bcn.Tick {
	k := bcn.Tick{ID: 1071, Schedule: 1061, At: at, State: state, Tries: 1}
	if state == bcn.TickRunning || state == bcn.TickSucceeded || state == bcn.TickFailed {
		k.StartedAt = &at
	}
	if state.Ended() {
		ended := at.Add(95 * time.Second)
		k.EndedAt = &ended
	}
	for _, f := range change {
		f(&k)
	}
	return k
}

func why(code bcn.Code, params ...string) func(*bcn.Tick) {
	return func(k *bcn.Tick) { k.Code, k.Params = code, bcn.E(code, params...).Params }
}

func quiet(s *bcn.Schedule) { s.Options.Quiet = true }

func ticks() []struct {
	name string
	v    scheduler.View
} {
	changed := func(k bcn.Tick, state bcn.ChangeState, more ...func(*bcn.Change)) scheduler.View {
		c := deployment(state, more...)
		k.Change = c.ID
		return scheduler.View{Schedule: nightly(), Tick: k, Change: &c, CardURL: "https://acme.example/archives/C0DEPLOYS/p1042"}
	}
	plain := func(k bcn.Tick) scheduler.View { return scheduler.View{Schedule: nightly(), Tick: k} }
	tried := func(k *bcn.Tick) { k.Tries, k.By = 3, "U0LEAD" }
	return []struct {
		name string
		v    scheduler.View
	}{
		{"announced", plain(tick(bcn.TickAnnounced))},
		{"announced, its approval is asked", changed(tick(bcn.TickAnnounced), bcn.ChangeWaiting)},
		{"announced, approved", changed(tick(bcn.TickAnnounced), bcn.ChangeQueued)},
		{"due", plain(tick(bcn.TickDue))},
		{"running", changed(tick(bcn.TickRunning), bcn.ChangeApplying)},
		{"running, its change has no card yet", func() scheduler.View {
			v := changed(tick(bcn.TickRunning), bcn.ChangePlanning)
			v.CardURL = ""
			return v
		}()},
		{"running behind another change", changed(tick(bcn.TickRunning), bcn.ChangeWaitingTurn, func(c *bcn.Change) { c.Behind = 1040 })},
		{"running for the third time, by hand", plain(tick(bcn.TickRunning, tried))},
		{"succeeded", changed(tick(bcn.TickSucceeded), bcn.ChangeSucceeded)},
		{"succeeded with an answer", plain(tick(bcn.TickSucceeded))},
		{"failed", changed(tick(bcn.TickFailed, tried, why(bcn.CodeRolloutFailed, "service", "web", "why", "tasks failed to start")), bcn.ChangeRolledBack)},
		{"failed, timed out", changed(tick(bcn.TickFailed, why(bcn.CodeTimedOut, "after", "30m0s")), bcn.ChangeCancelled)},
		{"skipped by somebody", plain(tick(bcn.TickSkipped, why(bcn.CodeSkippedBy, "by", "U0LEAD"), func(k *bcn.Tick) { k.By = "U0LEAD" }))},
		{"skipped, not approved in time", changed(tick(bcn.TickSkipped, why(bcn.CodeNotApproved, "id", "#1042")), bcn.ChangeClosed)},
		{"skipped, one before still runs", plain(tick(bcn.TickSkipped, why(bcn.CodeOverlap, "id", "#1070")))},
		{"skipped, missed", plain(tick(bcn.TickSkipped, why(bcn.CodeMissed, "why", "too_old")))},
		{"skipped, no longer allowed", plain(tick(bcn.TickSkipped, why(bcn.CodeNotAllowed, "verb", "deploy", "who", "leads")))},
		{"skipped, its owner is gone", plain(tick(bcn.TickSkipped, why(bcn.CodeOwnerGone, "who", "U0DEV", "why", "deactivated")))},
		{"skipped, the schedule is removed", scheduler.View{
			Schedule: nightly(func(s *bcn.Schedule) { s.State = bcn.ScheduleRemoved }), Tick: tick(bcn.TickSkipped, why(bcn.CodePaused, "name", "nightly")),
		}},
		{"hostile", scheduler.View{
			Schedule: nightly(func(s *bcn.Schedule) { s.Name, s.Command = evil, "deploy hello production v2 --reason "+evil }),
			Tick:     tick(bcn.TickFailed, why(bcn.CodeStackFailed, "stack", evil, "resource", evil, "why", evil), func(k *bcn.Tick) { k.By = evil }),
		}},
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("a run of a schedule is shown in "+lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, x := range ticks() {
				m := p.Tick(x.v)
				if fault := faults(m); fault != "" || m.Text == "" {
					t.Errorf("%s: there is %q:\n%s", x.name, fault, shown(m))
				}
				fmt.Fprintf(&b, "### %s\n%s\n", x.name, shown(m))
			}
			golden(t, "testdata/ticks."+lang+".golden", b.String())
		})
	}
	t.Run("every state has its words, its mark and the right number on its buttons", func(t *testing.T) {
		t.Parallel()
		p := presenter(t, text.English)
		for _, state := range []bcn.TickState{
			bcn.TickPlanned, bcn.TickAnnounced, bcn.TickDue, bcn.TickRunning, bcn.TickSucceeded, bcn.TickFailed, bcn.TickSkipped,
		} {
			m := p.Tick(scheduler.View{Schedule: nightly(), Tick: tick(state)})
			if strings.Contains(shown(m), "tick.") || strings.HasPrefix(string(m.Text), " ") {
				t.Errorf("%s: %s", state, shown(m))
			}
			for _, k := range m.Blocks {
				for _, u := range k.Buttons {
					want := map[bool]string{true: "1061", false: "1071"}[u.Action == chat.ActionScheduleRun]
					if u.Value != want || u.Label == "" || state.Ended() != (u.Action == chat.ActionScheduleRun) {
						t.Errorf("%s: %+v", state, u)
					}
				}
			}
		}
	})
}

func tickMoments() []struct {
	name string
	m    scheduler.Moment
} {
	said := func(kind scheduler.MomentKind, k bcn.Tick, more ...func(*bcn.Schedule)) scheduler.Moment {
		return scheduler.Moment{Kind: kind, Schedule: nightly(more...), Tick: k}
	}
	answer := said(scheduler.MomentAnswered, tick(bcn.TickRunning))
	answer.Reply = &chat.Message{Text: "all is well", Blocks: []chat.Block{{Section: "all is well"}}}
	failed := tick(bcn.TickFailed, why(bcn.CodeRolloutFailed, "service", "web", "why", "tasks failed to start"))
	gone := tick(bcn.TickSkipped, why(bcn.CodeOwnerGone, "who", "U0DEV", "why", "guest"))
	machine := func(s *bcn.Schedule) { s.Owner = bcn.Actor{Kind: bcn.System, Name: "bcn"} }
	return []struct {
		name string
		m    scheduler.Moment
	}{
		{"announced", said(scheduler.MomentAnnounced, tick(bcn.TickAnnounced))},
		{"announced, quiet", said(scheduler.MomentAnnounced, tick(bcn.TickAnnounced), quiet)},
		{"started", said(scheduler.MomentStarted, tick(bcn.TickRunning))},
		{"started, quiet", said(scheduler.MomentStarted, tick(bcn.TickRunning), quiet)},
		{"answered", answer},
		{"answered nothing", said(scheduler.MomentAnswered, tick(bcn.TickRunning))},
		{"succeeded", said(scheduler.MomentEnded, tick(bcn.TickSucceeded))},
		{"failed", said(scheduler.MomentEnded, failed)},
		{"failed, quiet", said(scheduler.MomentEnded, failed, quiet)},
		{"failed, of nobody", said(scheduler.MomentEnded, failed, machine)},
		{"skipped by somebody", said(scheduler.MomentEnded, tick(bcn.TickSkipped, why(bcn.CodeSkippedBy, "by", "U0LEAD")))},
		{"skipped while paused", said(scheduler.MomentEnded, tick(bcn.TickSkipped, why(bcn.CodePaused, "name", "nightly")))},
		{"skipped, one before still runs", said(scheduler.MomentEnded, tick(bcn.TickSkipped, why(bcn.CodeOverlap, "id", "#1070")), quiet)},
		{"skipped, not approved in time", said(scheduler.MomentEnded, tick(bcn.TickSkipped, why(bcn.CodeNotApproved, "id", "#1042")))},
		{"skipped, its owner is gone", said(scheduler.MomentEnded, gone)},
		{"paused, its owner is a guest now", said(scheduler.MomentPaused, gone)},
		{"paused, its owner has no account any more", said(scheduler.MomentPaused, tick(bcn.TickSkipped, why(bcn.CodeOwnerGone, "who", "U0DEV", "why", "deactivated")))},
		{"hostile", said(scheduler.MomentEnded, tick(bcn.TickFailed, why(bcn.CodeAWSRefused, "what", evil, "why", evil)), func(s *bcn.Schedule) { s.Name, s.Command = evil, evil })},
	}
}

func TestTickNotes(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("what is said of a run in "+lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, x := range tickMoments() {
				notes, keys := p.TickNotes(x.m), map[string]bool{}
				for _, n := range notes {
					if fault := faults(n.Body); fault != "" {
						t.Errorf("%s: there is %s:\n%s", x.name, fault, shown(n.Body))
					}
					if n.Key == "" || keys[n.Key] || n.Role != deploy.RoleCard && n.Body.Text == "" || n.Role == deploy.RoleDirect && n.To == "" {
						t.Errorf("%s: the note %q is empty, or said twice, or to nobody", x.name, n.Key)
					}
					keys[n.Key] = true
				}
				fmt.Fprintf(&b, "### %s\n%s\n", x.name, told(notes))
			}
			golden(t, "testdata/tick_notes."+lang+".golden", b.String())
		})
	}
	t.Run("a thread never comes without its card", func(t *testing.T) {
		t.Parallel()
		p := presenter(t, text.English)
		for _, x := range tickMoments() {
			card := false
			for _, n := range p.TickNotes(x.m) {
				card = card || n.Role == deploy.RoleCard
				if n.Role == deploy.RoleThread && !card {
					t.Errorf("%s: %s has no card before it", x.name, n.Key)
				}
			}
		}
	})
}
