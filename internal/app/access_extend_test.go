package app

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// extended asks for more time on a grant, and has it approved.
func (g grantCard) extended(user, length string) grantCard {
	g.w.t.Helper()
	g.w.slash(user, deploys, "access extend "+g.number()+" for "+length)
	return g.extension().approved()
}

// extension is what was asked for last to go on with the grant.
func (g grantCard) extension() grantCard {
	g.w.t.Helper()
	g.w.until("more time is asked for", `select exists (select 1 from change where id > $1 and wish -> 'Access' ->> 'extends' = $2)`, int64(g.id), g.number())
	id := bcn.ID(ask[int64](g.w.t, g.w, `select max(id) from change where wish -> 'Access' ->> 'extends' = $1`, g.number()))
	g.w.until("it is planned", `select state not in ('planning', 'planned') from change where id = $1`, int64(id))
	return grantCard{request{g.w, id, g.w.card(deploys, id.String())}}
}

func TestExtendingAccessToANode(t *testing.T) {
	t.Parallel()
	w, a := nodeWorld(t, nodeRules)
	t.Run("more time is a grant of its own, which the old one's end does not cut", func(t *testing.T) {
		w := w.in(t)
		g, at, id := w.onNode()
		w.refuses("U0LEAD", "access extend "+g.number()+" for 2m", "somebody else")
		w.refuses("U0DEV", "access extend "+g.number()+" for 31m", "at most")
		w.slash("U0DEV", deploys, "access extend "+g.number()+" for 2m")
		x := g.extension()
		x.at("U0DEV").refused("not approved yet")
		x.approved()
		end := *g.row(a).EndsAt
		if row := x.row(a); !row.StartsAt.Equal(end) || !row.EndsAt.Equal(end.Add(2*time.Minute)) {
			t.Errorf("from %s to %s, the old one ends at %s", row.StartsAt, row.EndsAt, end)
		}
		more := x.at("U0DEV")
		more.open()
		next := more.shell()
		w.pass(end.Add(16 * time.Second).Sub(w.now()))
		g.over(a, bcn.WhyTime)
		if w.active(a, id) || !w.active(a, next) {
			t.Errorf("open: the old session %v, the new one %v", w.active(a, id), w.active(a, next))
		}
		if _, err := at.tries(); err == nil {
			t.Error("the old credentials open something")
		}
		more.shell()
		w.refuses("U0DEV", "access extend "+g.number()+" for 2m", "over")
		w.pass(2 * time.Minute)
		x.over(a, bcn.WhyTime)
		if w.active(a, next) {
			t.Error("the new session is open")
		}
		clean(t, w, append(at.secrets(), more.secrets()...)...)
	})
	t.Run("two minutes before the end the holder is told, and one tap asks for more", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0DEV", onTheNode+" for 10m").approved()
		at := g.at("U0DEV")
		at.open()
		w.pass(7*time.Minute + 15*time.Second)
		w.looks(g.id, 1)
		if g.row(a).Warned {
			t.Error("told too early")
		}
		w.pass(46 * time.Second)
		m := w.wait(func(m localslack.Message) bool {
			return m.Channel == "D0DEV" && all(shown(m), []string{g.id.String(), "two minutes"})
		}, "a direct message")
		w.press("U0DEV", m, "access_extend")
		x := g.extension().approved()
		if row := x.row(a); !row.StartsAt.Equal(*g.row(a).EndsAt) {
			t.Errorf("more time begins at %s", row.StartsAt)
		}
		w.ends("U0DEV", x.number())
		x.is(bcn.GrantCancelled)
		clean(t, w, at.secrets()...)
	})
	noErrors(t, w)
}

func TestExtendingAccessToATaskOfItsOwn(t *testing.T) {
	t.Parallel()
	w, a := accessWorld(t, accessRules)
	g := w.access("U0ONCALL", "hello production for 5m").approved()
	at := g.at("U0ONCALL")
	at.open()
	x := g.extended("U0ONCALL", "5m")
	more := x.at("U0ONCALL")
	more.open()
	id := more.shell()
	old, next := g.row(a), x.row(a)
	if old.Task == next.Task || !next.StartsAt.Equal(*old.EndsAt) {
		t.Errorf("tasks %s and %s, from %s", old.Task, next.Task, next.StartsAt)
	}
	w.pass(5*time.Minute + time.Second)
	g.over(a, bcn.WhyTime)
	w.looks(x.id, 2)
	if row := x.row(a); row.State != bcn.GrantLive || !w.active(a, id) {
		t.Errorf("the new one is %s, its session open: %v", row.State, w.active(a, id))
	}
	more.shell()
	w.pass(5 * time.Minute)
	x.over(a, bcn.WhyTime)
	clean(t, w, append(at.secrets(), more.secrets()...)...)
	noErrors(t, w)
}
