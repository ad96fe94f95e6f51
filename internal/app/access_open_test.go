package app

import (
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	localgithub "github.com/bcn-bot/bcn/internal/local/github"
)

func TestOpeningAccess(t *testing.T) {
	t.Parallel()
	w, a := nodeWorld(t, nodeRules)
	var secrets []string
	t.Run("not before it is approved", func(t *testing.T) {
		w.in(t).access("U0DEV", onTheNode).at("U0DEV").refused("not approved yet")
	})
	t.Run("not what is not there, and not what is no access", func(t *testing.T) {
		_, recipient, err := access.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		w.in(t).refuses("U0DEV", "access open 999 "+recipient, "999")
		w.in(t).refuses("U0DEV", "access open 1001 "+recipient, "1001")
	})
	g := w.access("U0DEV", onTheNode+" for 30m").approved()
	at := g.at("U0DEV")
	t.Run("only by who asked for it", func(t *testing.T) {
		for _, user := range []string{"U0LEAD", "U0ADMIN", "U0DEV2"} {
			g.in(t).at(user).refused("somebody else")
			g.recorded("refused", user)
		}
		if row := g.row(a); row.Key != "" || row.Mints != 0 {
			t.Errorf("key %q, %d pick-ups", row.Key, row.Mints)
		}
	})
	t.Run("not with what is no key", func(t *testing.T) {
		w := w.in(t)
		w.refuses("U0DEV", "access open "+g.number()+" age1nokey", "no key")
		w.refuses("U0DEV", "access open "+g.number()+" "+strings.Replace(at.recipient, at.recipient[60:], "qq", 1), "no key")
		identity := at.identity.Reveal()
		w.refuses("U0DEV", "access open "+g.number()+" "+identity, "secret key")
		if row := g.row(a); row.Key != "" {
			t.Errorf("bound to %q", row.Key)
		}
	})
	// The identity was typed on purpose; what is opened from here on is sealed
	// to another.
	at = g.at("U0DEV")
	t.Run("a key can be bound without more", func(t *testing.T) {
		w := w.in(t)
		fingerprint, err := access.Fingerprint(at.recipient)
		if err != nil {
			t.Fatal(err)
		}
		w.refuses("U0DEV", "access open "+g.number()+" "+at.recipient+" --bind", fingerprint)
		g.says(fingerprint)
		if row := g.row(a); row.Key != at.recipient || row.Mints != 0 || row.State != bcn.GrantApproved {
			t.Errorf("%s, %d pick-ups, key %s", row.State, row.Mints, row.Key)
		}
	})
	t.Run("a second key is refused with the fingerprint of the first", func(t *testing.T) {
		fingerprint, err := access.Fingerprint(at.recipient)
		if err != nil {
			t.Fatal(err)
		}
		g.in(t).at("U0DEV").refused("another key", fingerprint)
		if row := g.row(a); row.Key != at.recipient || row.Mints != 0 {
			t.Errorf("%d pick-ups, key %s", row.Mints, row.Key)
		}
	})
	t.Run("nothing is handed over while AWS refuses, and it can be asked for again", func(t *testing.T) {
		w := w.in(t)
		w.aws.Faults().Fail("sts", "AssumeRole", "AccessDenied", 403, 1)
		at.g = g.in(t)
		at.refused("AssumeRole")
		if row := g.row(a); row.State != bcn.GrantMinting || row.Mints != 1 || row.EndsAt == nil {
			t.Errorf("%s, %d pick-ups, until %v", row.State, row.Mints, row.EndsAt)
		}
	})
	t.Run("the same key gets new credentials under a new name each time", func(t *testing.T) {
		at.g = g.in(t)
		for n := 2; n <= 3; n++ {
			c := at.open()
			id := at.shell()
			grant, nth, ok := access.GrantOf(id)
			if !ok || grant != g.id || nth != n {
				t.Errorf("pick-up %d opens %s", n, id)
			}
			if row := g.row(a); row.State != bcn.GrantLive || row.Mints != n || !c.End.Equal(*row.EndsAt) {
				t.Errorf("%s, %d pick-ups, ends %v, handed over until %s", row.State, row.Mints, row.EndsAt, c.End)
			}
		}
		if at.had[0].AccessKeyID == at.had[1].AccessKeyID {
			t.Error("the same credentials")
		}
		g.in(t).recorded("grant.mint", "U0DEV")
		g.recorded("grant.hand", "U0DEV")
		g.says("live")
	})
	secrets = append(secrets, at.secrets()...)

	lost := []struct {
		name       string
		lose, back func(t *testing.T, w *world)
		code       bcn.Code
		recovers   bool // what was lost is found again, and nothing has ended for it
	}{
		{
			"not by who was deactivated since", func(t *testing.T, w *world) { t.Helper(); deactivate(t, w, "U0DEV2", true) },
			func(t *testing.T, w *world) { t.Helper(); deactivate(t, w, "U0DEV2", false) }, bcn.CodeAccessRemoved, false,
		},
		{
			"not by who has left the team since", func(t *testing.T, w *world) { t.Helper(); w.group(t, "U0DEV", "U0YUKI") },
			func(t *testing.T, w *world) { t.Helper(); w.group(t, "U0DEV", "U0DEV2", "U0YUKI") }, bcn.CodeAccessRemoved, false,
		},
		{
			"not when who approved it may no longer approve", func(_ *testing.T, w *world) { w.github.RemoveMember("acme", "leads", "lee") },
			func(_ *testing.T, w *world) { w.github.SetMember("acme", "leads", "lee", localgithub.Active) }, bcn.CodeAccessRemoved, true,
		},
		{
			"not while it cannot be asked who may", func(_ *testing.T, w *world) { w.github.Fault(localgithub.Fault{Status: 503}) },
			func(_ *testing.T, w *world) { w.github.ClearFaults() }, bcn.CodeCouldNotCheck, true,
		},
	}
	for _, c := range lost {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			g := w.access("U0DEV2", onTheNode).approved()
			at := g.at("U0DEV2")
			c.lose(t, w)
			// Who is deactivated cannot type; who holds a key may come over HTTP.
			_, err := a.grant.Open(t.Context(), deploy.Origin{}, a.person("U0DEV2"), g.id, at.recipient, false)
			c.back(t, w)
			if got := bcn.CodeOf(err); got != c.code {
				t.Errorf("told %v, want %s", err, c.code)
			}
			if row := g.row(a); row.Mints != 0 || row.Key != "" {
				t.Errorf("%d pick-ups, key %q", row.Mints, row.Key)
			}
			if c.recovers {
				at.open()
				secrets = append(secrets, at.secrets()...)
			}
		})
	}
	t.Run("not after its end", func(t *testing.T) {
		w := w.in(t)
		w.pass(30 * time.Minute)
		at.g = g.in(t)
		at.refused("over")
		if _, err := at.tries(); err == nil {
			t.Errorf("the old credentials opened a session")
		}
		w.pass(time.Minute)
		g.in(t).over(a, bcn.WhyTime)
	})
	clean(t, w, secrets...)
	noErrors(t, w)
}
