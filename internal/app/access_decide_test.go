package app

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// nodeRules let many ask for the one node, so that people can lose it.
const nodeRules = `
  - { allow: ["*"],          to: [help, whoami] }
  - { allow: [developers, leads, oncall], to: [read] }
  - { allow: [developers, leads, oncall], to: ["access:instance", "access:port"], districts: [default], max: 30m,
      approve: { by: [leads], count: 1, within: 30m } }
  - { allow: [admins],       to: ["*"] }
`

// onTheNode is what is typed for the sample's machine.
const onTheNode = "--district default --instance " + localaws.SampleNode

// nodeWorld is a world with one bot and a district; nothing is deployed.
func nodeWorld(t *testing.T, rules string) (*world, *App) {
	t.Helper()
	w := newWorld(t)
	w.config = accessConfig(rules)
	a, _ := w.bot()
	w.type1(w.aws.SampleCommands()[0])
	return w, a
}

func TestDecidingAccess(t *testing.T) {
	t.Parallel()
	w, a := nodeWorld(t, nodeRules)
	// waits says that nothing was granted.
	waits := func(t *testing.T, g grantCard) {
		t.Helper()
		if state := ask[string](t, w, `select state from change where id = $1`, int64(g.id)); state != "waiting" {
			t.Errorf("it is %s", state)
		}
	}
	t.Run("nobody approves their own, a lead neither", func(t *testing.T) {
		g := w.in(t).access("U0LEAD", onTheNode)
		w.in(t).refuses("U0LEAD", "approve "+g.number(), "somebody else")
		waits(t, g)
		g.recorded("refused", "U0LEAD")
	})
	t.Run("who is no lead decides nothing", func(t *testing.T) {
		g := w.in(t).access("U0DEV", onTheNode)
		w.in(t).refuses("U0DEV2", "approve "+g.number(), "may not decide")
		w.in(t).refuses("U0ADMIN", "reject "+g.number()+" no", "may not decide")
		waits(t, g)
	})
	t.Run("what is rejected is never opened", func(t *testing.T) {
		g := w.in(t).access("U0DEV", onTheNode)
		g.says("waits for approval")
		g.press("U0LEAD", "reject")
		g.state(bcn.ChangeClosed)
		g.at("U0DEV").refused("over")
		w.in(t).refuses("U0LEAD", "approve "+g.number(), "rejected")
	})
	t.Run("the requester withdraws it while it waits", func(t *testing.T) {
		g := w.in(t).access("U0DEV", onTheNode)
		w.in(t).refuses("U0DEV2", "access end "+g.number(), "somebody else")
		waits(t, g)
		w.ends("U0DEV", g.number())
		g.state(bcn.ChangeClosed)
		if g.code() != bcn.CodeCancelled {
			t.Errorf("closed because of %s", g.code())
		}
		g.at("U0DEV").refused("over")
	})
	t.Run("who was deactivated meanwhile gets nothing approved", func(t *testing.T) {
		g := w.in(t).access("U0DEV2", onTheNode)
		deactivate(t, w, "U0DEV2", true)
		defer deactivate(t, w, "U0DEV2", false)
		w.in(t).answer("U0LEAD", "approve "+g.number())
		waits(t, g)
	})
	t.Run("who left the team meanwhile gets nothing granted", func(t *testing.T) {
		g := w.in(t).access("U0DEV2", onTheNode)
		w.group(t, "U0DEV", "U0YUKI")
		defer w.group(t, "U0DEV", "U0DEV2", "U0YUKI")
		w.in(t).answer("U0LEAD", "approve "+g.number())
		waits(t, g)
		if ask[bool](t, w, `select exists (select 1 from access_grant where id = $1)`, int64(g.id)) {
			t.Error("it was granted")
		}
	})
	t.Run("a halt stops a start and a pick-up", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0DEV", onTheNode)
		w.halt(true)
		w.slash("U0LEAD", deploys, "approve "+g.number())
		g.state(bcn.ChangeQueued)
		w.looks(g.id, 2)
		at := g.at("U0DEV")
		at.refused("not approved yet")
		g.state(bcn.ChangeQueued)
		w.halt(false)
		g.granted()
		w.halt(true)
		at.refused("halted")
		if row := g.row(a); row.Mints != 0 || row.Key != "" {
			t.Errorf("%d pick-ups, key %q", row.Mints, row.Key)
		}
		w.halt(false)
		at.open()
		clean(t, w, at.secrets()...)
	})
	t.Run("nobody decides in time", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0DEV", onTheNode)
		w.pass(30*time.Minute + time.Second)
		w.refuses("U0LEAD", "approve "+g.number(), "expired")
		g.state(bcn.ChangeClosed)
		if g.code() != bcn.CodeExpired {
			t.Errorf("closed because of %s", g.code())
		}
		g.at("U0DEV").refused("over")
	})
	noErrors(t, w)
}

// deactivate takes somebody out of the workspace, or lets them back in.
func deactivate(t *testing.T, w *world, user string, gone bool) {
	t.Helper()
	if err := w.slack.EditUser(user, func(u *localslack.User) { u.Deleted = gone }); err != nil {
		t.Fatal(err)
	}
}

// group sets who is a developer.
func (w *world) group(t *testing.T, users ...string) {
	t.Helper()
	if err := w.slack.SetGroup("S0DEVELOPERS", users...); err != nil {
		t.Fatal(err)
	}
}
