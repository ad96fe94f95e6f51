package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// Scheduled work from its first word to its report, over the wire.
func TestScheduledWork(t *testing.T) {
	t.Parallel()
	w, a, _ := scheduleWorld(t)
	t.Run("a nightly deploy is echoed, saved, announced, run, followed and reported", func(t *testing.T) {
		w := w.in(t)
		p := planned{w, "nightly", w.clock().Add(20 * time.Minute).Truncate(time.Minute)}
		w.answer("U0DEV", fmt.Sprintf(`schedule add "%s" --tz UTC --announce 10m --name nightly -- deploy hello staging v1`, p.at.Format("4 15 * * *")))
		echo := w.told("U0DEV", "Nothing is saved yet", "nightly")
		if said := string(echo.Blocks); !all(said, []string{
			"Nothing is saved yet", "every day at " + p.at.Format("15:04"), "deploy hello staging v1", "announced 10",
			p.at.Format("2006-01-02 15:04"), p.turn().at.Format("2006-01-02 15:04"), p.turn().turn().at.Format("2006-01-02 15:04"),
		}) {
			t.Errorf("the echo: %s", said)
		}
		if n := ask[int](t, w, `select count(*) from schedule where name = 'nightly' and state = 'active'`); n != 0 {
			t.Error("it is saved already")
		}
		w.press("U0DEV", echo, "schedule_save")
		w.told("U0DEV", "Saved *nightly*")

		w.to(p.at.Add(-10 * time.Minute))
		p.is(a, bcn.TickAnnounced)
		m := p.says("deploy hello staging v1", "as <@U0DEV>")
		for _, action := range []string{"tick_skip", "tick_run", "tick_pause"} {
			if buttonOf(m, action) == "" {
				t.Errorf("no button %s on %s", action, shown(m))
			}
		}
		if p.changes() != 0 {
			t.Error("it ran before its time")
		}
		w.to(p.at)
		k := p.is(a, bcn.TickSucceeded)
		end := w.wait(func(x localslack.Message) bool {
			return x.TS == m.TS && all(shown(x), []string{"ran `deploy hello staging v1`", k.Change.String()})
		}, "the report")
		if len(end.Buttons()) != 0 {
			t.Errorf("buttons after its end: %+v", end.Buttons())
		}
		w.card(deploys, "*"+k.Change.String()+"*", "succeeded")
		w.refuses("U0LEAD", "schedule show nightly", "nightly", "succeeded", k.Change.String(), "deploy hello staging v1")
		w.refuses("U0LEAD", "schedule list", "nightly", "Last:", "succeeded")
		w.refuses("U0LEAD", "schedule calendar hello", "nightly", "Europe/Amsterdam", p.at.In(amsterdam(t)).Format("15:04"))
		if p.row(a).NextAt.UTC() != p.turn().at {
			t.Errorf("next at %v", p.row(a).NextAt)
		}
		p.remove("U0DEV")
	})
	t.Run("skipped by the button: this time only", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", 12*time.Minute, "--announce 10m", "status hello staging")
		w.to(p.at.Add(-10 * time.Minute))
		p.is(a, bcn.TickAnnounced)
		w.press("U0DEV", p.says("as <@U0DEV>"), "tick_skip")
		k := p.is(a, bcn.TickSkipped)
		if k.Code != bcn.CodeSkippedBy || k.By != "U0DEV" {
			t.Errorf("skipped because %s by %s", k.Code, k.By)
		}
		p.says("did not run", "<@U0DEV> skipped it")
		w.to(p.at)
		p = p.turn()
		w.to(p.at)
		p.is(a, bcn.TickSucceeded)
		w.card(deploys, "v1") // what status answered
		p.remove("U0DEV")
	})
	t.Run("run before its time by the button: then it has run", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", 12*time.Minute, "--announce 10m", "status hello staging")
		w.to(p.at.Add(-10 * time.Minute))
		p.is(a, bcn.TickAnnounced)
		w.press("U0DEV", p.says("as <@U0DEV>"), "tick_run")
		p.says("ran `status hello staging`", "run by <@U0DEV>")
		w.to(p.at)
		w.comes("it has run once", `select count(*) = 1 and bool_and(k.state = 'succeeded') from tick k join schedule s on s.id = k.schedule where s.name = $1`, p.name)
		p.remove("U0DEV")
	})
	t.Run("paused by the button, and resumed", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", 12*time.Minute, "--announce 10m", "status hello staging")
		w.to(p.at.Add(-10 * time.Minute))
		p.is(a, bcn.TickAnnounced)
		w.press("U0DEV", p.says("as <@U0DEV>"), "tick_pause")
		if k := p.is(a, bcn.TickSkipped); k.Code != bcn.CodePaused {
			t.Errorf("skipped because %s", k.Code)
		}
		paused := w.told("U0DEV", p.name, "is paused")
		w.refuses("U0DEV", "schedule list", p.name, "paused")
		w.to(p.turn().at)
		if n := ask[int](t, w, `select count(*) from tick k join schedule s on s.id = k.schedule where s.name = $1`, p.name); n != 1 {
			t.Errorf("%d ticks of a paused schedule", n)
		}
		w.press("U0DEV", paused, "schedule_resume")
		w.told("U0DEV", p.name, "goes on")
		p = p.turn().turn()
		w.to(p.at)
		p.is(a, bcn.TickSucceeded)
		p.remove("U0DEV")
	})
	t.Run("quiet: a success is not told, a failure is", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", time.Minute, "--quiet", "deploy hello staging v2")
		w.to(p.at)
		p.is(a, bcn.TickSucceeded)
		for _, m := range w.slack.Messages(deploys) {
			if strings.Contains(shown(m), "*"+p.name+"*") && m.EphemeralTo == "" {
				t.Errorf("told: %s", shown(m))
			}
		}
		w.answer("U0DEV", "schedule edit "+p.name+" -- deploy hello staging nowhere")
		p = p.turn()
		w.to(p.at)
		p.is(a, bcn.TickFailed)
		p.says("failed")
		w.hears("the owner is told", p.name, "failed")
		p.remove("U0DEV")
	})
	t.Run("a run that fails is tried again, then failed, and its owner told", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", time.Minute, "--retries 1", "deploy hello staging broken")
		w.to(p.at)
		k := p.is(a, bcn.TickFailed)
		if k.Tries != 2 || p.changes() != 2 {
			t.Errorf("tried %d times, %d changes", k.Tries, p.changes())
		}
		m := p.says("failed", "tried 2 times")
		w.inThread(m, "<@U0DEV>", p.name, "failed")
		w.hears("the owner is told", p.name, "deploy hello staging broken", "failed")
		if buttonOf(m, "schedule_run") == "" {
			t.Errorf("no button to run it again: %+v", m.Buttons())
		}
		p.remove("U0DEV")
	})
	t.Run("a run that takes too long is stopped", func(t *testing.T) {
		w := w.in(t)
		w.aws.Cluster().PutImage("hello", "slow", cluster.Image{Behaviour: cluster.SlowStart(10 * time.Hour)})
		p := w.daily("U0DEV", time.Minute, "--timeout 5m", "deploy hello staging slow")
		w.to(p.at)
		p.is(a, bcn.TickRunning)
		w.comes("it is being applied", `select exists (select 1 from change c join tick k on k.id = c.tick join schedule s on s.id = k.schedule
			where s.name = $1 and c.state = 'applying' and exists (select 1 from stack_event e where e.change = c.id))`, p.name)
		w.pass(6 * time.Minute)
		if k := p.is(a, bcn.TickFailed); k.Code != bcn.CodeTimedOut {
			t.Errorf("it failed because %s", k.Code)
		}
		p.says("failed", "so it was stopped")
		p.remove("U0DEV")
	})
	t.Run("a chain: the next starts when the one before succeeded", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", time.Minute, "", "deploy hello staging v1")
		w.refuses("U0DEV", "schedule add --after "+p.name+" --name after-it --yes -- status hello staging", "Saved *after-it*", "each time after `"+p.name+"` succeeded")
		w.to(p.at)
		p.is(a, bcn.TickSucceeded)
		w.comes("what follows ran", `select exists (select 1 from tick k join schedule s on s.id = k.schedule where s.name = 'after-it' and k.state = 'succeeded')`)
		w.refuses("U0DEV", "schedule edit "+p.name+" --after after-it", "cannot run after")
		w.answer("U0DEV", "schedule edit "+p.name+" -- deploy hello staging nowhere")
		p = p.turn()
		w.to(p.at)
		p.is(a, bcn.TickFailed)
		if n := ask[int](t, w, `select count(*) from tick k join schedule s on s.id = k.schedule where s.name = 'after-it'`); n != 1 {
			t.Errorf("what follows has %d ticks", n)
		}
		w.answer("U0DEV", "schedule remove after-it")
		p.remove("U0DEV")
	})
	noErrors(t, w)
}

// amsterdam is where the people of the local workspace are.
func amsterdam(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
