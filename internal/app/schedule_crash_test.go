package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// tickKills are the steps of a tick that makes a change, in their order.
var tickKills = []killPoint{
	{name: "before the tick is committed, and its schedule's next", point: "before the commit of waking schedules"},
	{name: "after the tick is committed", point: "after the commit of waking schedules"},
	{name: "after the tick has come", point: "after the commit of the tick's move to due"},
	{name: "before the run is committed", point: "before the commit of the tick's move to running"},
	{name: "after the run is committed and before its command is run", point: "after the commit of the tick's move to running"},
	{name: "before the change is committed", point: "before the commit of the new change"},
	{name: "after the change is committed and before the tick knows", point: "after the commit of the new change"},
	{name: "before the end is committed", point: "before the commit of the tick's move to succeeded"},
	{name: "after the end is committed", point: "after the commit of the tick's move to succeeded"},
}

// Promise 4, of what runs by the clock: kill -9 between any two steps of a
// tick, another process takes over, and the tick has run once.
func TestKilledAnywhereATickRunsOnce(t *testing.T) {
	t.Parallel()
	w, _, stop := scheduleWorld(t)
	w.type1("/bcn deploy hello staging v1")
	for i, p := range tickKills {
		t.Run(p.name, func(t *testing.T) {
			all, w := w, w.in(t)
			tag := fmt.Sprint("v", 2-i%2)
			s := w.daily("U0DEV", time.Minute, "", "deploy hello staging "+tag)
			stop()
			c := &crash{world: w}
			c.alone(t)
			w.sql(t, `delete from river_job where state = 'running'`) // of the dead before; River would wait a minute and a half
			dead, _ := c.doom(t, p.point, 1)
			c.connected()
			w.to(s.at)
			select {
			case <-dead:
			case <-time.After(patience):
				t.Fatalf("the bot was never at the point %q\n%s", p.point, w.log)
			}
			c.alone(t)
			c.timePasses(t)
			var a *App
			a, stop = all.bot()
			k := s.is(a, bcn.TickSucceeded)
			s.ranOnce(t, k, tag)
			s.remove("U0DEV")
		})
	}
	noErrors(t, w)
}

// ranOnce counts what a tick did.
func (p planned) ranOnce(t *testing.T, k bcn.Tick, tag string) {
	t.Helper()
	w := p.w
	if k.Tries != 1 || p.changes() != 1 {
		t.Errorf("tried %d times, %d changes", k.Tries, p.changes())
	}
	for what, query := range map[string]string{
		"it is one tick":            `select count(*) from tick where schedule = (select schedule from tick where id = $1)`,
		"it was planned once":       `select count(*) from audit_entry where change = $1 and kind = 'tick.planned'`,
		"it ran once":               `select count(*) from audit_entry where change = $1 and kind = 'tick.run'`,
		"it ended once":             `select count(*) from audit_entry where change = $1 and kind = 'tick.succeed'`,
		"its change started once":   `select count(*) from audit_entry where kind = 'change.start' and change = (select change from tick where id = $1)`,
		"its change made a release": `select count(*) from release where change = (select change from tick where id = $1) and outcome = 'succeeded'`,
	} {
		if n := ask[int](t, w, query, int64(k.ID)); n != 1 {
			t.Errorf("%s: %d times", what, n)
		}
	}
	p.says("ran `deploy hello staging " + tag + "`")
	said := 0
	for _, m := range w.slack.Messages(deploys) {
		if m.Thread == "" && m.EphemeralTo == "" && all(shown(m), []string{"*" + p.name + "*"}) {
			said++
		}
	}
	if said != 1 {
		t.Errorf("%d messages about it", said)
	}
	if next := ask[time.Time](t, w, `select next_at from schedule where name = $1`, p.name); !next.Equal(p.turn().at) {
		t.Errorf("its next is at %s", next)
	}
}
