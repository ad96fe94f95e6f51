package app

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Each of these opens a session for two minutes on the node, ends the grant in
// its way, and sees the session closed at once; who holds the credentials could
// still use them, so that it is called ended when their time is over too.
func TestEndingAccessToANode(t *testing.T) {
	t.Parallel()
	w, a := nodeWorld(t, nodeRules)
	var secrets []string
	for _, c := range []struct {
		name  string
		end   func(t *testing.T, w *world, g grantCard)
		why   bcn.GrantWhy
		by    string
		actor string // in whose name it is in the log
	}{
		{"it ends at its time", func(_ *testing.T, w *world, _ grantCard) { w.pass(2 * time.Minute) }, bcn.WhyTime, "", bcn.SystemIdentity},
		{"the requester is done", func(_ *testing.T, w *world, _ grantCard) { w.ends("U0DEV", "") }, bcn.WhyDone, "U0DEV", "U0DEV"},
		{"the requester presses the button", func(_ *testing.T, _ *world, g grantCard) {
			g.says("live")
			g.press("U0DEV", "access_end")
		}, bcn.WhyDone, "U0DEV", "U0DEV"},
		{"a lead ends it", func(_ *testing.T, w *world, g grantCard) { w.ends("U0LEAD", g.number()) }, bcn.WhyEnded, "U0LEAD", "U0LEAD"},
		{"an administrator ends it", func(_ *testing.T, w *world, g grantCard) { w.ends("U0ADMIN", g.number()) }, bcn.WhyEnded, "U0ADMIN", "U0ADMIN"},
		{"an administrator cancels it", func(_ *testing.T, w *world, g grantCard) { w.slash("U0ADMIN", deploys, "cancel "+g.number()) }, bcn.WhyEnded, "U0ADMIN", "U0ADMIN"},
		{"who was deactivated loses it within a minute", func(t *testing.T, w *world, g grantCard) {
			t.Helper()
			g.within(t, func() { deactivate(t, w, "U0DEV", true) })
			deactivate(t, w, "U0DEV", false)
		}, bcn.WhyRemoved, "", bcn.SystemIdentity},
		{"who left the team loses it within a minute", func(t *testing.T, w *world, g grantCard) {
			t.Helper()
			g.within(t, func() { w.group(t, "U0DEV2", "U0YUKI") })
			w.group(t, "U0DEV", "U0DEV2", "U0YUKI")
		}, bcn.WhyRemoved, "", bcn.SystemIdentity},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			g := w.access("U0DEV", onTheNode+" for 2m").approved()
			at := g.at("U0DEV")
			at.open()
			id := at.shell()
			secrets = append(secrets, at.secrets()...)
			for _, stranger := range []string{"U0DEV2", "U0ONCALL"} {
				w.refuses(stranger, "access end "+g.number(), "somebody else")
			}
			if !w.active(a, id) || g.row(a).State != bcn.GrantLive {
				t.Fatalf("%s ended for a stranger", g.id)
			}
			c.end(t, w, g)
			w.comes("the session is closed", `select sessions -> 0 ->> 'closed' is not null and sessions -> 0 ->> 'id' = $2
				from access_grant where id = $1`, int64(g.id), id)
			if w.active(a, id) {
				t.Error("the session is open in AWS")
			}
			if c.why != bcn.WhyTime {
				again := at.shell() // the credentials cannot be taken back
				w.comes("what is opened after the end is closed too", `select jsonb_array_length(sessions) = 2 and sessions -> 1 ->> 'closed' is not null
					from access_grant where id = $1 and state = 'ending'`, int64(g.id))
				if w.active(a, again) {
					t.Error("what was opened after the end is open")
				}
				w.pass(2 * time.Minute)
			}
			w.pass(16 * time.Second)
			row := g.over(a, c.why)
			if row.By != c.by {
				t.Errorf("ended by %q", row.By)
			}
			g.says("access ended", "verified")
			g.recorded("grant.end", c.actor)
			g.recorded("grant.verify", bcn.SystemIdentity)
			w.refuses("U0DEV", "access end "+g.number(), "over")
			at.refused("over")
			if c.why == bcn.WhyTime {
				w.pass(6 * time.Minute)
				g.state(bcn.ChangeSucceeded)
				w.inThread(g.card, "What was done", id)
			}
		})
	}
	clean(t, w, secrets...)
	noErrors(t, w)
}

// within takes something away from a grant's holder, and sees the grant lost by
// the database's clock within a minute; its next look is never further away.
func (g grantCard) within(t *testing.T, lose func()) {
	t.Helper()
	w := g.w.in(t)
	w.looks(g.id, 1)
	lose()
	from := ask[time.Time](t, w, `select bcn_now()`)
	for range 3 {
		w.comes("it sleeps", `select exists (select 1 from river_job where kind = 'change' and state in ('available', 'scheduled')
			and args @> jsonb_build_object('id', $1::bigint))`, int64(g.id))
		if far := ask[float64](t, w, `select coalesce(extract(epoch from max(scheduled_at) - now()), 0)::float8 from river_job where kind = 'change'
			and state in ('available', 'scheduled') and args @> jsonb_build_object('id', $1::bigint)`, int64(g.id)); far > 20 {
			t.Errorf("it is looked at again only in %.0f s", far)
		}
		w.pass(19 * time.Second)
		w.looks(g.id, 1)
	}
	w.comes("it is lost", `select exists (select 1 from access_grant where id = $1 and why = 'removed')`, int64(g.id))
	if took := g.lostAt().Sub(from); took > time.Minute {
		t.Errorf("lost after %s", took)
	}
}

func (g grantCard) lostAt() time.Time {
	g.w.t.Helper()
	return ask[time.Time](g.w.t, g.w, `select ended_at from access_grant where id = $1`, int64(g.id))
}

func TestAccessToATaskOfItsOwn(t *testing.T) {
	t.Parallel()
	w, a := accessWorld(t, accessRules)
	var secrets []string
	const mine = "hello production for 5m"
	live := func(t *testing.T) (grantCard, *terminal, string) {
		t.Helper()
		g := w.in(t).access("U0ONCALL", mine).approved()
		at := g.at("U0ONCALL")
		at.open()
		id := at.shell()
		secrets = append(secrets, at.secrets()...)
		return g, at, id
	}
	// nothing says that neither the task nor the session is left, and nothing
	// armed outside.
	nothing := func(t *testing.T, row bcn.Grant, session string) {
		t.Helper()
		w := w.in(t)
		task, err := a.apply.Task(t.Context(), w.target(a), row.Task, "")
		if err != nil || task.Status != "STOPPED" && task.Status != "DEPROVISIONING" {
			t.Errorf("its task is %s, %v", task.Status, err)
		}
		// Session Manager notices a little later that what it was in is gone.
		for tick := newTick(t); session != "" && w.active(a, session); {
			tick()
		}
	}
	t.Run("it ends at its time, by itself", func(t *testing.T) {
		g, _, id := live(t)
		g.w.pass(5 * time.Minute)
		nothing(t, g.over(a, bcn.WhyTime), id)
		g.says("access ended", "1 session closed", "verified")
	})
	t.Run("the requester is done, and it is verified at once", func(t *testing.T) {
		g, at, id := live(t)
		g.w.ends("U0ONCALL", "")
		nothing(t, g.over(a, bcn.WhyDone), id)
		if _, err := at.tries(); err == nil {
			t.Error("its credentials opened something")
		}
	})
	t.Run("somebody stops the task in AWS", func(t *testing.T) {
		g, _, id := live(t)
		if err := a.apply.StopTask(t.Context(), g.w.target(a), g.row(a).Task, "by hand"); err != nil {
			t.Fatal(err)
		}
		nothing(t, g.over(a, bcn.WhyGone), id)
		g.says("no longer there")
	})
	t.Run("nobody opens it, and its task is gone all the same", func(t *testing.T) {
		g := w.in(t).access("U0ONCALL", mine).approved()
		g.w.pass(5 * time.Minute)
		nothing(t, g.over(a, bcn.WhyUnused), "")
	})
	t.Run("a release that came between asking and approving supersedes it", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0ONCALL", mine)
		r := w.waiting("v2")
		r.press("U0LEAD", "approve")
		r.says("succeeded")
		w.slash("U0LEAD", deploys, "approve "+g.number())
		g.state(bcn.ChangeClosed)
		if g.code() != bcn.CodePlanMoved || ask[bool](t, w, `select exists (select 1 from access_grant where id = $1)`, int64(g.id)) {
			t.Errorf("closed because of %s", g.code())
		}
	})
	t.Run("a release that comes while it is open does not disturb it", func(t *testing.T) {
		g, _, id := live(t)
		r := g.w.waiting("v1")
		r.press("U0LEAD", "approve")
		r.says("succeeded")
		g.w.looks(g.id, 2)
		if row := g.row(a); row.State != bcn.GrantLive || !g.w.active(a, id) {
			t.Errorf("it is %s", row.State)
		}
		g.w.ends("U0LEAD", g.number())
		nothing(t, g.over(a, bcn.WhyEnded), id)
	})
	if n := ask[int](t, w, `select count(*) from access_grant where state not in ('ended', 'expired', 'cancelled')`); n != 0 {
		t.Errorf("%d grants have not ended", n)
	}
	clean(t, w, secrets...)
	noErrors(t, w)
}

// target is where bcn calls AWS for itself.
func (w *world) target(a *App) bcn.Target {
	w.t.Helper()
	d, err := a.store.District(w.t.Context(), "default")
	if err != nil {
		w.t.Fatal(err)
	}
	return a.deploy.SystemTarget(d)
}
