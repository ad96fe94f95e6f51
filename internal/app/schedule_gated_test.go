package app

import (
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// A release that needs approval, by the clock.
func TestScheduledRelease(t *testing.T) {
	t.Parallel()
	w, a, _ := scheduleWorld(t)
	w.type1("/bcn deploy hello production v1")
	const hour = time.Hour

	t.Run("is asked ahead with its digest, runs at its time and not before, whatever the tag says by then", func(t *testing.T) {
		w := w.in(t)
		digest := w.aws.Cluster().PutImage("hello", "latest", cluster.Image{Behaviour: cluster.Healthy("the latest")})
		p := w.daily("U0DEV", 2*hour, "--ask-before 90m --announce 10m", "deploy hello production latest")
		w.to(p.at.Add(-90 * time.Minute))
		r := p.asked()
		plan, stored := r.plan(a)
		if !strings.Contains(string(stored.Bytes), digest) || plan.Digest != digest {
			t.Errorf("the plan says %s, latest is %s", plan.Digest, digest)
		}
		// The request waits until the tick, whatever `within` says (an hour).
		if at := ask[time.Time](t, w, `select expires_at from request where id = $1`, int64(r.id)); !at.Equal(p.at) {
			t.Errorf("it waits until %s, the tick is at %s", at, p.at)
		}
		w.to(p.at.Add(-20 * time.Minute)) // an hour and ten minutes later
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeQueued)
		moved := w.aws.Cluster().PutImage("hello", "latest", cluster.Image{Behaviour: cluster.Healthy("another latest")})
		w.to(p.at.Add(-5 * time.Minute))
		p.is(a, bcn.TickAnnounced)
		m := p.says("deploy hello production latest", r.id.String())
		if r.ran() != 0 {
			t.Error("it ran before its time")
		}
		w.to(p.at)
		k := p.is(a, bcn.TickSucceeded)
		if k.Change != r.id || p.changes() != 1 {
			t.Errorf("%s ran, %d changes; %s was approved", k.Change, p.changes(), r.id)
		}
		if k.StartedAt.Before(p.at) || ask[bool](t, w, `select started_at < $2 from change where id = $1`, int64(r.id), p.at) {
			t.Error("it started before its time")
		}
		ran := ask[string](t, w, `select digest from release where change = $1`, int64(r.id))
		if ran != digest || ran == moved {
			t.Errorf("%s ran, %s was approved", ran, digest)
		}
		w.wait(func(x localslack.Message) bool {
			return x.TS == m.TS && strings.Contains(shown(x), "ran `deploy hello production latest`")
		}, "the report")
		p.remove("U0DEV")
	})
	t.Run("does not run where nobody approved it by then, and says so", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", hour, "--ask-before 30m", "deploy hello production v1")
		w.to(p.at.Add(-29 * time.Minute))
		r := p.asked()
		w.to(p.at)
		if k := p.is(a, bcn.TickSkipped); k.Code != bcn.CodeNotApproved {
			t.Errorf("skipped because %s", k.Code)
		}
		p.says("did not run", "approved it by its time", r.id.String())
		w.hears("the owner is told", p.name, "did not run", "approved it by its time")
		r.says("closed")
		if r.code() != bcn.CodeExpired || r.ran() != 0 {
			t.Errorf("%s, %d ran", r.code(), r.ran())
		}
		w.slash("U0LEAD", deploys, "approve "+r.id.String()[1:])
		w.until("a late word is refused", `select exists (select 1 from audit_entry where change = $1 and kind = 'refused')
			or not exists (select 1 from decision where request = $1)`, int64(r.id))
		p.remove("U0DEV")
	})
	t.Run("does not run where another deploy came in between, and says so", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", hour, "--ask-before 30m", "deploy hello production v1")
		w.to(p.at.Add(-29 * time.Minute))
		r := p.asked()
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeQueued)
		w.aws.Cluster().PutImage("hello", "v3", cluster.Image{Behaviour: cluster.Healthy("hello v3 listens")})
		between := w.waiting("v3")
		between.press("U0LEAD", "approve")
		between.state(bcn.ChangeSucceeded)
		r.says("closed")
		if r.code() != bcn.CodeSuperseded {
			t.Errorf("closed because %s", r.code())
		}
		w.to(p.at)
		if k := p.is(a, bcn.TickSkipped); k.Code != bcn.CodeSuperseded {
			t.Errorf("skipped because %s", k.Code)
		}
		p.says("did not run", between.id.String())
		w.hears("the owner is told", p.name, "did not run")
		if r.ran() != 0 {
			t.Error("it ran")
		}
		p.remove("U0DEV")
	})
	t.Run("that is rejected does not run", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", hour, "--ask-before 30m", "deploy hello production v1")
		w.to(p.at.Add(-29 * time.Minute))
		r := p.asked()
		r.press("U0LEAD", "reject")
		r.state(bcn.ChangeClosed)
		w.to(p.at)
		if k := p.is(a, bcn.TickSkipped); k.Code != bcn.CodeRejected {
			t.Errorf("skipped because %s", k.Code)
		}
		p.remove("U0DEV")
	})
	t.Run("that is skipped takes its request back", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", hour, "--ask-before 30m", "deploy hello production v1")
		w.to(p.at.Add(-29 * time.Minute))
		r := p.asked()
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeQueued)
		w.refuses("U0DEV", "schedule skip "+p.name, "leaves out", "this time only")
		r.state(bcn.ChangeClosed)
		w.to(p.at)
		p.is(a, bcn.TickSkipped)
		if r.ran() != 0 {
			t.Error("it ran")
		}
		p.remove("U0DEV")
	})
	t.Run("of somebody who lost the right does not run, and says who may", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", hour, "--ask-before 30m", "deploy hello production v1")
		w.to(p.at.Add(-29 * time.Minute))
		r := p.asked()
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeQueued)
		w.group(t, "U0DEV2")
		defer w.group(t, "U0DEV", "U0DEV2", "U0YUKI")
		w.to(p.at)
		if k := p.is(a, bcn.TickSkipped); k.Code != bcn.CodeNotAllowed {
			t.Errorf("skipped because %s", k.Code)
		}
		p.says("did not run", "do not let <@U0DEV> do this any more", "developers")
		w.hears("the owner is told", p.name, "do not let", "developers")
		if r.ran() != 0 {
			t.Error("it ran")
		}
		p.remove("U0ADMIN")
	})
	t.Run("of somebody whose account is deactivated does not run, and its schedule stands still", func(t *testing.T) {
		w := w.in(t)
		p := w.daily("U0DEV", hour, "--ask-before 30m", "deploy hello production v1")
		w.to(p.at.Add(-29 * time.Minute))
		r := p.asked()
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeQueued)
		deactivate(t, w, "U0DEV", true)
		defer deactivate(t, w, "U0DEV", false)
		w.to(p.at)
		if k := p.is(a, bcn.TickSkipped); k.Code != bcn.CodeOwnerGone {
			t.Errorf("skipped because %s", k.Code)
		}
		paused := w.card(deploys, "The schedule *"+p.name+"* is paused", "deactivated")
		if s := p.row(a); s.State != bcn.SchedulePaused || s.Why != bcn.CodeOwnerGone || r.ran() != 0 {
			t.Errorf("%s because %q, %d ran", s.State, s.Why, r.ran())
		}
		w.press("U0ADMIN", paused, "schedule_resume")
		w.told("U0ADMIN", p.name, "goes on, as <@U0ADMIN>")
		p.remove("U0ADMIN")
	})
	noErrors(t, w)
}
