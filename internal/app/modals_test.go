package app

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// Windows over the wire: secrets, and deleting an app.
func TestModals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config = accessConfig(modalRules)
	w.bot()
	w.setUp("/bcn deploy hello production v1")
	const path = "/barcelona/default/hello/session_secret"
	const first, second = "correct-horse\nbattery & <staple>", "tr0ub4dor&3-is-worse"

	t.Run("a secret is written in a window, approved, and in no message, row or log", func(t *testing.T) {
		w := w.in(t)
		last := w.last()
		w.slash("U0DEV", deploys, "secret set hello production SESSION_SECRET --reason it leaked")
		v := w.window("U0DEV", path, "Version 1 of")
		if wrong := w.fills("U0DEV", v, "value", ""); wrong == "" {
			t.Error("an empty value is taken")
		}
		if wrong := w.fills("U0DEV", v, "value", first); wrong != "" {
			t.Fatal(wrong)
		}
		r := w.change(w.newest(bcn.KindSecret, last))
		r.says("SESSION_SECRET", "version 1 is overwritten", "it leaked", "waits for approval")
		if got := w.holds(path); got == first {
			t.Error("it is written before anybody approved")
		}
		r.press("U0LEAD", "approve")
		r.ends(bcn.ChangeSucceeded, "")
		if got := w.holds(path); got != first {
			t.Errorf("%s holds %q", path, got)
		}
		w.nothingWaits(t)
		r.says("Restart now")
		clean(t, w, first, "battery &")
	})
	t.Run("after a mention a button opens the window", func(t *testing.T) {
		w := w.in(t)
		if _, err := w.slack.Mention(w.deadline(), "U0DEV", deploys, "", "secret set hello staging API/TOKEN"); err != nil {
			t.Fatal(err)
		}
		m := w.told("U0DEV", "API/TOKEN", "written into a window")
		last := w.last()
		w.press("U0DEV", m, "typed")
		v := w.window("U0DEV", "/barcelona/default/hello-staging/API/TOKEN", "There is none yet")
		if wrong := w.fills("U0DEV", v, "value", second); wrong != "" {
			t.Fatal(wrong)
		}
		w.change(w.newest(bcn.KindSecret, last)).ends(bcn.ChangeSucceeded, "")
		if got := w.holds("/barcelona/default/hello-staging/API/TOKEN"); got != second {
			t.Errorf("it holds %q", got)
		}
		w.nothingWaits(t)
		clean(t, w, second)
	})
	t.Run("where the trigger has expired a button opens the window", func(t *testing.T) {
		w := w.in(t)
		lift := w.slack.Fault(localslack.Fault{Method: "views.open", Error: "expired_trigger_id", Times: 1})
		defer lift()
		w.slash("U0DEV", deploys, "secret set hello staging LATE")
		m := w.told("U0DEV", "LATE", "written into a window")
		w.press("U0DEV", m, "typed")
		w.close(w.window("U0DEV", "hello-staging/LATE"))
	})
	t.Run("what is wrong with the command is shown in the window that was opened", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "secret set helo staging NAME")
		w.views("U0DEV", func(v localslack.View) bool { return v.Submit == "" && strings.Contains(string(v.Blocks), "hello") })
	})
	t.Run("a value that does not reach Parameter Store keeps the window open with what was written", func(t *testing.T) {
		w := w.in(t)
		last := w.last()
		w.slash("U0DEV", deploys, "secret set hello staging RETRY")
		v := w.window("U0DEV", "hello-staging/RETRY")
		w.aws.Faults().Fail("ssm", "PutParameter", "AccessDeniedException", 400, 1)
		if wrong := w.fills("U0DEV", v, "value", second); !strings.Contains(wrong, "not taken") {
			t.Errorf("below the value stands %q", wrong)
		}
		if wrong := w.fills("U0DEV", v, "value", second); wrong != "" {
			t.Fatal(wrong)
		}
		w.change(w.newest(bcn.KindSecret, last)).ends(bcn.ChangeSucceeded, "")
		if got := w.holds("/barcelona/default/hello-staging/RETRY"); got != second {
			t.Errorf("it holds %q", got)
		}
	})
	t.Run("who lost the right before sending the window is refused, and nothing waits", func(t *testing.T) {
		w := w.in(t)
		before := w.last()
		w.slash("U0DEV", deploys, "secret set hello staging DENIED")
		v := w.window("U0DEV", "hello-staging/DENIED")
		w.group(t)
		if wrong := w.fills("U0DEV", v, "value", "denied-"+second); wrong != "" {
			t.Fatal(wrong)
		}
		w.told("U0DEV", "may not")
		w.group(t, "U0DEV")
		w.nothingWaits(t)
		if w.last() != before {
			t.Error("a change was made")
		}
		clean(t, w, "denied-"+second)
	})
	t.Run("a rejected value is thrown away", func(t *testing.T) {
		w := w.in(t)
		last := w.last()
		w.slash("U0DEV", deploys, "secret set hello production SESSION_SECRET")
		w.fills("U0DEV", w.window("U0DEV", path), "value", "rejected-"+second)
		r := w.change(w.newest(bcn.KindSecret, last))
		r.says("waits for approval")
		r.press("U0LEAD", "reject")
		r.ends(bcn.ChangeClosed, bcn.CodeRejected)
		w.nothingWaits(t)
		if got := w.holds(path); got != first {
			t.Errorf("%s holds %q", path, got)
		}
		clean(t, w, "rejected-"+second)
	})
	t.Run("a value that was typed is in no row", func(t *testing.T) {
		w := w.in(t)
		if said := w.slash("U0DEV", deploys, "secret set hello staging NAME typed-in-slash"); !strings.Contains(said, "Never type") {
			t.Error(said)
		}
		before := len(w.slack.Ephemerals("U0DEV"))
		if _, err := w.slack.Mention(w.deadline(), "U0DEV", deploys, "", "secret set hello staging NAME typed-by-mention"); err != nil {
			t.Fatal(err)
		}
		if err := w.slack.WaitFor(w.deadline(), func() bool { return len(w.slack.Ephemerals("U0DEV")) > before }); err != nil {
			t.Fatal(err)
		}
		w.told("U0DEV", "Never type")
		if rows := w.rows(t); strings.Contains(rows, "typed-in-slash") || strings.Contains(rows, "typed-by-mention") {
			t.Error("a row holds it")
		}
	})
	t.Run("secrets are listed without values, and removed once nothing reads them", func(t *testing.T) {
		w := w.in(t)
		said := w.answer("U0DEV", "secret list hello staging")
		if !all(said, []string{"RETRY", "API/TOKEN", "SESSION_SECRET", "version 2"}) || strings.Contains(said, second) {
			t.Error(said)
		}
		last := w.last()
		w.slash("U0DEV", deploys, "secret unset hello staging RETRY")
		w.change(w.newest(bcn.KindSecret, last)).ends(bcn.ChangeSucceeded, "")
		if said := w.answer("U0DEV", "secret list hello staging"); strings.Contains(said, "RETRY") {
			t.Error(said)
		}
		last = w.last()
		w.slash("U0DEV", deploys, "secret unset hello production SESSION_SECRET")
		r := w.change(w.newest(bcn.KindSecret, last))
		r.ends(bcn.ChangeClosed, bcn.CodeSecretInUse)
	})
	sharedSecrets(t, w)
	deletes(t, w)
}

// deletes takes hello away, and makes it again.
func deletes(t *testing.T, w *world) {
	t.Helper()
	t.Run("a wrong name keeps the window open, the right one plans the deletion", func(t *testing.T) {
		w := w.in(t)
		last := w.last()
		w.slash("U0DEV", deploys, "delete hello production")
		v := w.window("U0DEV", "heritage")
		if wrong := w.fills("U0DEV", v, "confirm", "production"); !strings.Contains(wrong, "type hello exactly") {
			t.Errorf("below the name stands %q", wrong)
		}
		if wrong := w.fills("U0DEV", v, "confirm", "hello"); wrong != "" {
			t.Fatal(wrong)
		}
		r := w.change(w.newest(bcn.KindDelete, last))
		r.says("stack hello", "stack heritage-hello", "log group", "stays", "waits for approval")
		r.press("U0LEAD", "reject")
		r.ends(bcn.ChangeClosed, bcn.CodeRejected)
	})
	t.Run("a typed confirmation that is wrong is refused", func(t *testing.T) {
		w.in(t).refuses("U0DEV", "delete hello production --confirm helo", "type hello exactly")
	})
	t.Run("a stack that does not go is reported with its resource, and can be tried again", func(t *testing.T) {
		w := w.in(t)
		last := w.last()
		allow := w.forbid(t, "iam:DeleteRole")
		w.slash("U0DEV", deploys, "delete hello production --confirm hello")
		r := w.change(w.newest(bcn.KindDelete, last))
		r.says("waits for approval")
		r.press("U0LEAD", "approve")
		r.ends(bcn.ChangeFailed, bcn.CodeStackFailed)
		allow()
		w.inThread(r.card, "ExecutionRole", "failed")
		w.inThread(r.card, "Left behind", "heritage-hello")
	})
	t.Run("what was approved is deleted whole, its releases stay as history, and what was open of it is closed", func(t *testing.T) {
		w := w.in(t)
		last := w.last()
		w.slash("U0DEV", deploys, "secret set hello production LATER")
		w.fills("U0DEV", w.window("U0DEV", "hello/LATER"), "value", "never-written")
		open := w.change(w.newest(bcn.KindSecret, last))
		open.says("waits for approval")
		last = w.last()
		w.slash("U0DEV", deploys, "delete hello production --confirm hello")
		r := w.change(w.newest(bcn.KindDelete, last))
		r.says("waits for approval", "secret "+open.id.String()+" has not begun and is closed")
		r.press("U0LEAD", "approve")
		r.ends(bcn.ChangeSucceeded, "")
		open.ends(bcn.ChangeClosed, bcn.CodeSuperseded)
		w.nothingWaits(t)
		for _, s := range append(w.stacks("hello "), w.stacks("heritage-hello ")...) {
			t.Errorf("left: %s", s)
		}
		if n := ask[int](t, w, `select count(*) from release where heritage = 'hello'`); n == 0 {
			t.Error("its releases are forgotten")
		}
		if n := ask[int](t, w, `select count(*) from heritage where name = 'hello'`); n != 0 {
			t.Error("it is still bound")
		}
	})
	t.Run("the name can be created and deployed again", func(t *testing.T) {
		w := w.in(t)
		w.type1("/bcn create hello production --district default --source dir:examples/hello")
		r := w.ask("production", "v2")
		r.ends(bcn.ChangeSucceeded, "")
		if n := ask[int](t, w, `select max(number) from release where heritage = 'hello' and outcome = 'succeeded'`); n < 2 {
			t.Errorf("its release has the number %d again", n)
		}
	})
}

// close closes a window without sending it.
func (w *world) close(v localslack.View) {
	w.t.Helper()
	w.slack.CloseView(v.User, v.ID)
}
