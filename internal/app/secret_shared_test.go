package app

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// sharedSecrets is what becomes of a parameter that is the secret of more than
// one environment (promise 11).
func sharedSecrets(t *testing.T, w *world) {
	t.Helper()
	const path = "/barcelona/default/hello/session_secret"
	t.Run("what staging and production share needs production's approval from staging too, and its changes queue", func(t *testing.T) {
		w := w.in(t)
		last := w.last()
		w.slash("U0DEV", deploys, "secret set hello production SESSION_SECRET")
		w.fills("U0DEV", w.window("U0DEV", path), "value", "of-production")
		other := w.change(w.newest(bcn.KindSecret, last))
		other.says("waits for approval")
		last = w.last()
		w.slash("U0DEV", deploys, "secret set hello staging SESSION_SECRET")
		w.fills("U0DEV", w.window("U0DEV", path, "hello production"), "value", "of-staging")
		r := w.change(w.newest(bcn.KindSecret, last))
		r.says("waits for approval", "also a secret of hello production", "SESSION_SECRET")
		r.press("U0LEAD", "approve")
		r.ends(bcn.ChangeSucceeded, "")
		other.ends(bcn.ChangeClosed, bcn.CodeSuperseded)
		if got := w.holds(path); got != "of-staging" {
			t.Errorf("%s holds %q", path, got)
		}
	})
	t.Run("what runs in another environment keeps a secret from being removed", func(t *testing.T) {
		w := w.in(t)
		last := w.last()
		w.slash("U0DEV", deploys, "secret unset hello staging SESSION_SECRET")
		r := w.change(w.newest(bcn.KindSecret, last))
		r.ends(bcn.ChangeClosed, bcn.CodeSecretInUse)
		if names := ask[string](t, w, `select params ->> 'names' from change where id = $1`, int64(r.id)); names != "SESSION_SECRET (hello production)" {
			t.Errorf("it is said to be read by %q", names)
		}
	})
	t.Run("a file that names another heritage reaches none of its secrets", func(t *testing.T) {
		w := w.in(t)
		storetest.Exec(t, w.owner, `insert into heritage (name, app, env, district, source) values ('intruder', 'intruder', 'production', 'default', 'dir:examples/hello')`)
		defer storetest.Exec(t, w.owner, `delete from heritage where name = 'intruder'`)
		w.slash("U0DEV", deploys, "secret set intruder production SESSION_SECRET")
		v := w.views("U0DEV", func(v localslack.View) bool { return strings.Contains(string(v.Blocks), "bound to") })
		if v.Submit != "" {
			t.Error("a value can be written")
		}
		last := w.last()
		w.slash("U0DEV", deploys, "secret unset intruder production SESSION_SECRET")
		w.told("U0DEV", "bound to")
		if w.last() != last {
			t.Error("a change was made")
		}
	})
}
