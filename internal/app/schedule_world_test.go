package app

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// planned is a schedule of a test, and its next tick.
type planned struct {
	w    *world
	name string
	at   time.Time
}

// scheduleNames make each schedule's name different.
var scheduleNames atomic.Int64

// scheduleWorld is a world with one bot and the sample app, whose own schedules
// stand still.
func scheduleWorld(t *testing.T) (w *world, a *App, stop func()) {
	t.Helper()
	w = newWorld(t)
	a, stop = w.bot()
	w.setUp()
	w.sql(t, `update schedule set wake_at = null where name like 'bcn-%'`)
	return w, a, stop
}

// to moves all clocks to the time.
func (w *world) to(at time.Time) {
	w.t.Helper()
	if d := at.Sub(w.clock()); d > 0 {
		w.pass(d.Round(time.Second) + time.Second)
	}
}

// daily schedules a command every day at a time that is at least d away.
func (w *world) daily(user string, d time.Duration, flags, command string) planned {
	w.t.Helper()
	p := planned{w, fmt.Sprintf("nightly-%d", scheduleNames.Add(1)), w.clock().Add(d).Truncate(time.Minute).Add(time.Minute)}
	said := w.answer(user, fmt.Sprintf(`schedule add "%s" --name %s --tz UTC %s --yes -- %s`, p.at.Format("4 15 * * *"), p.name, flags, command))
	if !all(said, []string{"Saved", p.name, command}) {
		w.t.Fatalf("%s: %s", command, said)
	}
	return p
}

// row is what is stored about the schedule.
func (p planned) row(a *App) bcn.Schedule {
	p.w.t.Helper()
	s, err := a.store.ScheduleByName(p.w.t.Context(), p.name)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return s
}

// is waits until the tick at p.at is in the state, and answers it.
func (p planned) is(a *App, state bcn.TickState) bcn.Tick {
	p.w.t.Helper()
	var id int64
	p.w.comes(p.name+" is "+string(state), `select exists (select 1 from tick k join schedule s on s.id = k.schedule
		where s.name = $1 and k.at = $2 and k.state = $3)`, p.name, p.at, string(state))
	id = ask[int64](p.w.t, p.w, `select k.id from tick k join schedule s on s.id = k.schedule where s.name = $1 and k.at = $2`, p.name, p.at)
	k, err := a.store.Tick(p.w.t.Context(), bcn.ID(id))
	if err != nil {
		p.w.t.Fatal(err)
	}
	return k
}

// says waits for the message about a run.
func (p planned) says(words ...string) localslack.Message {
	p.w.t.Helper()
	return p.w.card(deploys, append([]string{"*" + p.name + "*"}, words...)...)
}

// hears waits for a direct message of the bot.
func (w *world) hears(what string, words ...string) {
	w.t.Helper()
	w.wait(func(m localslack.Message) bool {
		return strings.HasPrefix(m.Channel, "D") && m.FromBot() && all(shown(m), words)
	}, what+": "+strings.Join(words, ", "))
}

// changes counts what ticks of the schedule asked for.
func (p planned) changes() int {
	p.w.t.Helper()
	return ask[int](p.w.t, p.w, `select count(*) from change c join tick k on k.id = c.tick join schedule s on s.id = k.schedule where s.name = $1`, p.name)
}

// asked waits until an approval was asked ahead of the tick, and answers it.
func (p planned) asked() request {
	p.w.t.Helper()
	const of = ` from change c join tick k on k.id = c.tick join schedule s on s.id = k.schedule where s.name = $1 and k.at = $2`
	p.w.comes(p.name+" waits for approval", `select exists (select 1`+of+` and c.state = 'waiting')`, p.name, p.at)
	id := bcn.ID(ask[int64](p.w.t, p.w, `select c.id`+of, p.name, p.at))
	return request{p.w, id, p.w.card(deploys, "*"+id.String()+"*", "waits for approval")}
}

// remove ends the schedule, so that later tests do not meet it.
func (p planned) remove(user string) {
	p.w.t.Helper()
	if said := p.w.answer(user, "schedule remove "+p.name); !strings.Contains(said, "Removed") {
		p.w.t.Error(said)
	}
}

// turn is the same schedule at its next tick.
func (p planned) turn() planned {
	p.at = p.at.Add(24 * time.Hour)
	return p
}

// clock is the database's time.
func (w *world) clock() time.Time {
	w.t.Helper()
	return ask[time.Time](w.t, w, `select bcn_now()`).UTC()
}
