package deploy_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

func (w *world) cancel(user string, id bcn.ID) error {
	return w.Cancel(context.Background(), deploy.Origin{}, person(user), id)
}

func TestWhoMayCancel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, who string
		code      bcn.Code
		log       string
	}{
		{"who asked for it", "U0DEV", "", ""},
		{"who has a rule for it", "U0ADMIN", "", ""},
		{"another developer", "U0OTHER", bcn.CodeNotYours, "U0OTHER cancel: not_yours"},
		{"a lead may reject, not cancel", "U0LEAD", bcn.CodeNotYours, "U0LEAD cancel: not_yours"},
		{"somebody who left", "U0GONE", bcn.CodeRefusedPerson, "U0GONE cancel: refused_person"},
		{"nobody", "", bcn.CodeRefusedPerson, " cancel: refused_person"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).settled()
			id := w.ask("U0DEV")
			if err := w.cancel(c.who, id); bcn.CodeOf(err) != c.code {
				t.Fatalf("cancelled: %v, want %q", err, c.code)
			}
			if got := w.refusals(); got != c.log {
				t.Errorf("the log says %q, want %q", got, c.log)
			}
			if ended := w.change(id).State.Ended(); ended != (c.code == "") {
				t.Errorf("it is %s", w.change(id).State)
			}
		})
	}

	t.Run("who asked for it and left may not", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		id := w.ask("U0DEV")
		delete(w.staff, "U0DEV")
		if err := w.cancel("U0DEV", id); bcn.CodeOf(err) != bcn.CodeRefusedPerson {
			t.Fatalf("cancelled: %v", err)
		}
	})

	t.Run("what is not there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		if err := w.cancel("U0DEV", 7); bcn.CodeOf(err) != bcn.CodeUnknownID {
			t.Fatalf("cancelled: %v", err)
		}
	})
}

func TestCancelInEachState(t *testing.T) {
	t.Parallel()
	tooLate := bcn.ChangeState("")
	for state, want := range map[bcn.ChangeState]bcn.ChangeState{
		bcn.ChangeWaitingTurn: bcn.ChangeClosed, bcn.ChangePlanning: bcn.ChangeClosed, bcn.ChangePlanned: bcn.ChangeClosed,
		bcn.ChangeWaiting: bcn.ChangeClosed, bcn.ChangeQueued: bcn.ChangeClosed,
		bcn.ChangeApplying: bcn.ChangeCancelling, bcn.ChangeBlocked: bcn.ChangeCancelling,
		bcn.ChangeVerifying: tooLate, bcn.ChangeCancelling: tooLate, bcn.ChangeSucceeded: tooLate, bcn.ChangeFailed: tooLate,
		bcn.ChangeRolledBack: tooLate, bcn.ChangeRollbackFailed: tooLate, bcn.ChangeCancelled: tooLate, bcn.ChangeClosed: tooLate,
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).settled()
			id := w.waiting("U0DEV", time.Hour)
			storetest.Exec(t, w.owner, fmt.Sprintf(`update change set state = '%s'`, state))
			err := w.cancel("U0DEV", id)
			c := w.change(id)
			if want == tooLate {
				if bcn.CodeOf(err) != bcn.CodeTooLate || c.State != state {
					t.Fatalf("it is %s: %v", c.State, err)
				}
				return
			}
			if err != nil || c.State != want || c.Code != bcn.CodeCancelled || c.Params["by"] != "U0DEV" {
				t.Fatalf("it is %s because %s by %s: %v", c.State, c.Code, c.Params["by"], err)
			}
			if request := w.look(id, `select state from request`); (request == "cancelled") != (want == bcn.ChangeClosed) {
				t.Errorf("the request is %s", request)
			}
			if err := w.cancel("U0DEV", id); bcn.CodeOf(err) != bcn.CodeTooLate {
				t.Errorf("cancelled twice: %v", err)
			}
		})
	}
}

func TestHalt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t).settled()
	if err := w.SetHalt(ctx, deploy.Origin{}, person("U0DEV"), true, "I like to"); bcn.CodeOf(err) != bcn.CodeNotAllowed {
		t.Fatalf("a developer halted bcn: %v", err)
	}
	if h, err := w.store.Halt(ctx); h.On || err != nil || w.refusals() != "U0DEV halt: not_allowed" {
		t.Fatalf("halted %v, %v; the log says %s", h, err, w.refusals())
	}
	for _, actor := range []bcn.Actor{person("U0ADMIN"), {Kind: bcn.Local}} {
		if err := w.SetHalt(ctx, deploy.Origin{}, actor, true, "an incident"); err != nil {
			t.Fatal(err)
		}
		h, err := w.store.Halt(ctx)
		if by := map[bcn.ActorKind]string{bcn.Person: "U0ADMIN", bcn.Local: "command line"}[actor.Kind]; !h.On || h.By != by || h.Reason != "an incident" || err != nil {
			t.Fatalf("halted: %+v, %v", h, err)
		}
		if err := w.SetHalt(ctx, deploy.Origin{}, actor, false, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.look(0, `select string_agg(kind || ' ' || actor, ', ' order by seq) from audit_entry where kind in ('halt', 'resume')`); got != "halt U0ADMIN, resume U0ADMIN, halt command line, resume command line" {
		t.Errorf("the log says %s", got)
	}
}
