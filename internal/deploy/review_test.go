package deploy_test

import (
	"context"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// gated lets developers do everything, once a lead has approved it.
func gated(t *testing.T) *world {
	t.Helper()
	w := newWorld(t).settled()
	w.Authz = authz.New(authz.Options{
		Rules:  []config.Rule{{Allow: []string{"developers"}, To: []string{"*"}, Approve: &config.Approve{By: []string{"leads"}, Count: 1, Within: time.Hour}}},
		People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home},
	})
	return w
}

// What acts at once waits for nobody: a rule that asks for an approval does
// not give it.
func TestARuleWithAnApprovalGivesNothingThatActsAtOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	parked, blocked := `update change set parked = true`, `update change set state = 'blocked'`
	for _, c := range []struct {
		name, before string
		do           func(w *world, id bcn.ID) error
		code         bcn.Code
		log          string
		untouched    string
	}{
		{
			"a cancel of another's change", "", func(w *world, id bcn.ID) error { return w.cancel("U0OTHER", id) },
			bcn.CodeNotYours, "U0OTHER cancel: not_yours", `select state = 'waiting' from change`,
		},
		{"a halt", "", func(w *world, _ bcn.ID) error {
			return w.SetHalt(ctx, deploy.Origin{}, person("U0OTHER"), true, "I like to")
		}, bcn.CodeNotAllowed, "U0OTHER halt: not_allowed", `select not coalesce(bool_or(is_on), false) from halt`},
		{
			"a resume", `update halt set is_on = true`,
			func(w *world, _ bcn.ID) error { return w.SetHalt(ctx, deploy.Origin{}, person("U0OTHER"), false, "") },
			bcn.CodeNotAllowed, "U0OTHER resume: not_allowed", `select is_on from halt`,
		},
		{
			"a replay of what is parked", parked,
			func(w *world, id bcn.ID) error { return w.Replay(ctx, deploy.Origin{}, person("U0OTHER"), id) },
			bcn.CodeNotAllowed, "U0OTHER replay: not_allowed", `select parked from change`,
		},
		{
			"a replay of what is blocked", blocked,
			func(w *world, id bcn.ID) error { return w.Replay(ctx, deploy.Origin{}, person("U0OTHER"), id) },
			bcn.CodeNotAllowed, "U0OTHER replay: not_allowed", `select state = 'blocked' from change`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gated(t)
			id := w.waiting("U0DEV", time.Hour)
			if c.before != "" {
				storetest.Exec(t, w.owner, c.before)
			}
			if err := c.do(w, id); bcn.CodeOf(err) != c.code {
				t.Errorf("done: %v, want %s", err, c.code)
			}
			if got := w.refusals(); got != c.log {
				t.Errorf("the log says %q, want %q", got, c.log)
			}
			if got := w.look(id, c.untouched); got != "true" {
				t.Errorf("%s is %s", c.untouched, got)
			}
		})
	}

	t.Run("who asked still cancels their own", func(t *testing.T) {
		t.Parallel()
		w := gated(t)
		id := w.waiting("U0DEV", time.Hour)
		if err := w.cancel("U0DEV", id); err != nil || w.change(id).State != bcn.ChangeClosed {
			t.Fatalf("it is %s: %v", w.change(id).State, err)
		}
	})
	t.Run("what can wait is asked for", func(t *testing.T) {
		t.Parallel()
		w := gated(t)
		if id := w.ask("U0DEV"); id == 0 {
			t.Fatal("a deploy is refused")
		}
	})
}

// A click on what only looks like the card is refused, and is in the log like
// every other refused decision.
func TestAClickOnAnotherMessageIsWrittenDown(t *testing.T) {
	t.Parallel()
	for _, v := range []bcn.Verdict{bcn.Approve, bcn.Reject} {
		w := newWorld(t).settled()
		id := w.waiting("U0DEV", time.Hour)
		o := deploy.Origin{Channel: "C0APPROVE", Message: "18.1"}
		if _, err := w.Decide(context.Background(), o, person("U0LEAD"), id, v, ""); bcn.CodeOf(err) != bcn.CodeStaleCard {
			t.Fatalf("%s: %v", v, err)
		}
		if got, want := w.refusals(), "U0LEAD "+string(v)+": stale_card"; got != want {
			t.Errorf("the log says %q, want %q", got, want)
		}
		if w.change(id).State != bcn.ChangeWaiting || w.look(id, `select count(*) from decision`) != "0" {
			t.Error("it was decided")
		}
	}
}
