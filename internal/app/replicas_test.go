package app

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// Several replicas share one database and one workspace: Slack gives each
// command and click to any one of them.
func TestReplicas(t *testing.T) {
	t.Parallel()
	w := &crash{world: newWorld(t)}
	_, stop := w.bot()
	w.bot()
	w.setUp("/bcn deploy hello production v1")

	t.Run("commands and clicks through either do what they should, once", func(t *testing.T) {
		for range 2 { // Slack takes turns: each socket gets commands and clicks
			w.once(t, func() {})
		}
	})
	t.Run("one stops while it applies, the other goes on", func(t *testing.T) {
		w.once(t, stop)
	})
	t.Run("one is killed while it applies, the other goes on", func(t *testing.T) {
		dead, kill := w.doom(t, "never", 1)
		// Until the second has sockets, nothing could be given to it.
		if err := w.slack.WaitFor(w.deadline(), func() bool { return w.slack.Sockets() == 4 }); err != nil {
			t.Fatal(err)
		}
		w.once(t, func() {
			kill()
			<-dead
			w.timePasses(t)
		})
	})
	t.Run("a click that Slack delivers twice decides once", func(t *testing.T) {
		w := w.in(t)
		end := w.slack.SocketFault(localslack.SocketFault{Type: "interactive", Times: 1, Duplicate: true})
		defer end()
		r := w.waiting(w.other())
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		if n := ask[int](t, w, `select count(*) from audit_entry where change = $1 and kind like 'decision.%'`, int64(r.id)); n != 1 {
			t.Errorf("%d decisions", n)
		}
	})
	t.Run("a command that Slack delivers twice is run once", func(t *testing.T) {
		w := w.in(t)
		end := w.slack.SocketFault(localslack.SocketFault{Type: "slash_commands", Times: 1, Duplicate: true})
		defer end()
		r := w.waiting(w.other())
		if n := ask[int](t, w, `select count(*) from change where reason = (select reason from change where id = $1)`, int64(r.id)); n != 1 {
			t.Errorf("%d changes", n)
		}
		r.press("U0DEV", "cancel")
		r.says("closed")
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
}

// once deploys and looks that all of it happened once; meanwhile is done while
// AWS is being changed.
func (c *crash) once(t *testing.T, meanwhile func()) {
	t.Helper()
	c = &crash{world: c.in(t)}
	started, tag := time.Now(), c.other()
	r := c.waiting(tag)
	r.press("U0LEAD", "approve")
	r.state(bcn.ChangeApplying)
	meanwhile()
	r.says("succeeded after")
	c.settled(t, r.id)
	c.endedOnce(t, r.id, r.card, tag, started)
}
