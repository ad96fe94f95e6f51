package app

import (
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// What the bot was not there for.
func TestMissedRuns(t *testing.T) {
	t.Parallel()
	w, _, stop := scheduleWorld(t)
	w.type1("/bcn deploy hello staging v1")
	for _, c := range []struct {
		name     string
		flags    string
		announce bool          // it was announced before the bot went down
		late     time.Duration // when the bot is back
		want     bcn.TickState
		says     []string
	}{
		{"younger than an hour: run once", "", false, 40 * time.Minute, bcn.TickSucceeded, []string{"ran `status hello staging`"}},
		{"older: left out", "", false, 2 * time.Hour, bcn.TickSkipped, nil},
		{"announced, and younger than an hour: run once", "--announce 10m", true, 40 * time.Minute, bcn.TickSucceeded, []string{"ran `status hello staging`"}},
		{"announced, and older: left out, and it says so", "--announce 10m", true, 2 * time.Hour, bcn.TickSkipped, []string{"did not run", "I was not running"}},
		{"to be left out, however young", "--on-missed skip", false, 20 * time.Minute, bcn.TickSkipped, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, w := w, w.in(t)
			p := w.daily("U0DEV", 12*time.Minute, c.flags, "status hello staging")
			if c.announce {
				w.to(p.at.Add(-10 * time.Minute))
				p.says("status hello staging", "as <@U0DEV>")
			}
			stop()
			w.to(p.at.Add(c.late))
			a, again := all.bot() // for the tests after this one, too
			stop = again
			if k := p.is(a, c.want); c.want == bcn.TickSkipped && k.Code != bcn.CodeMissed {
				t.Errorf("skipped because %s", k.Code)
			}
			if c.says != nil {
				p.says(c.says...)
			}
			w.refuses("U0DEV", "schedule show "+p.name, map[bcn.TickState]string{bcn.TickSucceeded: "succeeded", bcn.TickSkipped: "I was not running at that time"}[c.want])
			if next := p.row(a).NextAt.UTC(); next != p.turn().at {
				t.Errorf("next at %s", next)
			}
			p.remove("U0DEV")
		})
	}
	noErrors(t, w)
}

// A run whose schedule is still running.
func TestOverlappingRuns(t *testing.T) {
	t.Parallel()
	w, a, _ := scheduleWorld(t)
	w.type1("/bcn deploy hello staging v1")
	t.Run("is left out", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", time.Minute, "", "deploy hello staging v2")
		w.halt(true) // the run waits
		w.to(p.at)
		first := p.is(a, bcn.TickRunning)
		p = p.turn()
		w.to(p.at)
		if k := p.is(a, bcn.TickSkipped); k.Code != bcn.CodeOverlap {
			t.Errorf("skipped because %s", k.Code)
		}
		p.says("did not run", "had not ended yet")
		w.halt(false)
		w.comes("the first has ended", `select state = 'succeeded' from tick where id = $1`, int64(first.ID))
		p.remove("U0DEV")
	})
	t.Run("waits its turn", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", time.Minute, "--on-conflict queue", "deploy hello staging v1")
		w.halt(true)
		w.to(p.at)
		first := p.is(a, bcn.TickRunning)
		p = p.turn()
		w.to(p.at)
		second := p.is(a, bcn.TickDue)
		w.halt(false)
		w.comes("both have ended", `select count(*) = 2 from tick where id in ($1, $2) and state = 'succeeded'`, int64(first.ID), int64(second.ID))
		if ask[bool](t, w, `select (select started_at from tick where id = $2) < (select ended_at from tick where id = $1)`, int64(first.ID), int64(second.ID)) {
			t.Error("they ran at once")
		}
		p.remove("U0DEV")
	})
	noErrors(t, w)
}

// Schedules of bot.yaml, and bcn's own.
func TestSchedulesOfTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config += "schedules:\n  - { name: filed, when: \"every day at 03:00\", run: status hello staging, as: U0DEV, in: C0DEPLOYS, announce: 10m }\n"
	_, stop := w.bot()
	w.setUp()
	stop() // now its command can be read
	first, stop := w.bot()
	t.Run("are not edited from chat", func(t *testing.T) {
		w := w.in(t)
		for _, command := range []string{"schedule edit filed --quiet", "schedule remove filed"} {
			w.refuses("U0ADMIN", command, "`filed` stands in bot.yaml", "by a reviewed commit")
		}
		w.refuses("U0DEV", "schedule show filed", "filed", "stands in bot.yaml", "status hello staging")
		if s, err := first.store.ScheduleByName(t.Context(), "filed"); err != nil || s.State != bcn.ScheduleActive || s.Options.Quiet {
			t.Errorf("%+v %v", s, err)
		}
	})
	t.Run("run, are skipped and paused from chat", func(t *testing.T) {
		w := w.in(t)
		w.refuses("U0DEV", "schedule run filed", "runs `status hello staging` now")
		w.card(deploys, "*filed*", "ran `status hello staging`", "run by <@U0DEV>")
		w.refuses("U0DEV", "schedule skip filed", "leaves out")
		w.refuses("U0DEV", "schedule pause filed", "is paused")
		w.refuses("U0DEV", "schedule resume filed", "goes on")
	})
	t.Run("whose bot starts again are the same", func(t *testing.T) {
		all, w := w, w.in(t)
		before := ask[string](t, w, `select string_agg(s::text, ' ' order by id) from schedule s where in_file`)
		stop()
		all.bot() // for the test after this one, too
		if after := ask[string](t, w, `select string_agg(s::text, ' ' order by id) from schedule s where in_file`); after != before {
			t.Errorf("%s\n%s", before, after)
		}
	})
	t.Run("of bcn's own remind once, at half time", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting("v1")
		reminders := func() int {
			n := 0
			for _, m := range w.slack.Thread(deploys, r.card.TS) {
				if m.TS != r.card.TS && strings.Contains(shown(m), "still waits") {
					n++
				}
			}
			return n
		}
		w.pass(16 * time.Minute)
		w.comes("it was looked for", `select exists (select 1 from tick k join schedule s on s.id = k.schedule
			where s.name = 'bcn-reminders' and k.state = 'succeeded' and k.ended_at > bcn_now() - interval '10 minutes')`)
		if n := reminders(); n != 0 {
			t.Errorf("%d reminders before half time: %+v", n, w.slack.Thread(deploys, r.card.TS))
		}
		for range 2 {
			w.pass(16 * time.Minute)
			w.comes("it was looked for", `select exists (select 1 from tick k join schedule s on s.id = k.schedule
				where s.name = 'bcn-reminders' and k.state = 'succeeded' and k.ended_at > bcn_now() - interval '10 minutes')`)
		}
		w.wait(func(m localslack.Message) bool {
			return m.Thread == r.card.TS && strings.Contains(shown(m), "still waits")
		}, "a reminder")
		if n := reminders(); n != 1 {
			t.Errorf("%d reminders", n)
		}
		r.press("U0DEV", "cancel")
		r.says("closed")
	})
	noErrors(t, w)
}
