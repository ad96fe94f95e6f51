package deploy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

func (w *world) decide(user string, id bcn.ID, v bcn.Verdict) (deploy.Decided, error) {
	return w.Decide(context.Background(), deploy.Origin{Channel: "C0APPROVE", Message: "17.1"}, person(user), id, v, "looks fine")
}

func TestDecide(t *testing.T) {
	t.Parallel()

	t.Run("two leads approve, and it is queued", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		id := w.waiting("U0DEV", time.Hour)
		first, err := w.decide("U0LEAD", id, bcn.Approve)
		if err != nil || first.Complete || w.change(id).State != bcn.ChangeWaiting {
			t.Fatalf("after one: %+v, %v", first, err)
		}
		second, err := w.decide("U0LEAD2", id, bcn.Approve)
		if err != nil || !second.Complete || second.Request.State != bcn.RequestApproved || w.change(id).State != bcn.ChangeQueued {
			t.Fatalf("after two: %+v, %v", second, err)
		}
		for sql, want := range map[string]string{
			`select string_agg(person || ' ' || channel || ' ' || ts, ', ' order by at) from decision`:     "U0LEAD C0APPROVE 17.1, U0LEAD2 C0APPROVE 17.1",
			`select string_agg(actor, ', ' order by seq) from audit_entry where kind = 'decision.approve'`: "U0LEAD, U0LEAD2",
			`select actor from audit_entry where kind = 'change.queue'`:                                    "U0LEAD2",
			`select count(*) from outbox where key like 'decision:%'`:                                      "2",
		} {
			if got := w.look(id, sql); got != want {
				t.Errorf("%s: %q, want %q", sql, got, want)
			}
		}
	})

	t.Run("one rejection ends it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		id := w.waiting("U0DEV", time.Hour)
		d, err := w.decide("U0LEAD", id, bcn.Reject)
		c := w.change(id)
		if err != nil || !d.Complete || c.State != bcn.ChangeClosed || c.Code != bcn.CodeRejected || c.Params["by"] != "U0LEAD" {
			t.Fatalf("%+v, %v: %s %s", d, err, c.State, c.Code)
		}
		if got := w.look(id, `select state from request`); got != "rejected" {
			t.Errorf("the request is %s", got)
		}
	})

	t.Run("a window for who may decide records nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		id := w.waiting("U0DEV", time.Hour)
		if err := w.MayDecide(context.Background(), person("U0LEAD"), id, bcn.Reject); err != nil {
			t.Fatal(err)
		}
		if n := w.look(id, `select count(*) from decision`); n != "0" || w.refusals() != "" || w.change(id).State != bcn.ChangeWaiting {
			t.Errorf("%s decisions, %q, %s", n, w.refusals(), w.change(id).State)
		}
	})

	for _, c := range []struct {
		name, who string
		verdict   bcn.Verdict
		before    func(w *world, id bcn.ID)
		code      bcn.Code
		log       string
	}{
		{"the requester, who is a lead too", "U0LEAD", bcn.Approve, nil, bcn.CodeOwnRequest, "U0LEAD approve: own_request"},
		{"a developer", "U0OTHER", bcn.Approve, nil, bcn.CodeNotEligible, "U0OTHER approve: not_eligible"},
		{"a developer who rejects", "U0OTHER", bcn.Reject, nil, bcn.CodeNotEligible, "U0OTHER reject: not_eligible"},
		{"an administrator is no lead", "U0ADMIN", bcn.Approve, nil, bcn.CodeNotEligible, "U0ADMIN approve: not_eligible"},
		{"somebody who left", "U0GONE", bcn.Approve, nil, bcn.CodeRefusedPerson, "U0GONE approve: refused_person"},
		{"somebody who decided before", "U0LEAD2", bcn.Approve, func(w *world, id bcn.ID) { w.must(w.decide("U0LEAD2", id, bcn.Approve)) }, bcn.CodeDecidedBefore, "U0LEAD2 approve: decided_before"},
		{"after the requester left", "U0LEAD2", bcn.Approve, func(w *world, _ bcn.ID) { delete(w.staff, "U0LEAD") }, bcn.CodeRefusedPerson, "U0LEAD2 approve: refused_person"},
		{"after it was approved", "U0LEAD4", bcn.Approve, func(w *world, id bcn.ID) {
			w.must(w.decide("U0LEAD2", id, bcn.Approve))
			w.must(w.decide("U0LEAD3", id, bcn.Approve))
		}, bcn.CodeAlreadyDecided, "U0LEAD4 approve: already_decided"},
		{"after it was rejected", "U0LEAD4", bcn.Approve, func(w *world, id bcn.ID) { w.must(w.decide("U0LEAD2", id, bcn.Reject)) }, bcn.CodeAlreadyDecided, "U0LEAD4 approve: already_decided"},
		{"after it was superseded", "U0LEAD4", bcn.Approve, func(w *world, _ bcn.ID) {
			storetest.Exec(w.t, w.owner, `update request set state = 'superseded'`)
		}, bcn.CodeSuperseded, "U0LEAD4 approve: superseded"},
		{"after it expired", "U0LEAD4", bcn.Approve, func(w *world, _ bcn.ID) {
			storetest.Exec(w.t, w.owner, `update request set state = 'expired'`)
		}, bcn.CodeExpired, "U0LEAD4 approve: expired"},
	} {
		t.Run("refused: "+c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).settled()
			id := w.waiting("U0LEAD", time.Hour)
			if c.before != nil {
				c.before(w, id)
			}
			state, decisions := w.change(id).State, w.look(id, `select count(*) from decision`)
			if _, err := w.decide(c.who, id, c.verdict); bcn.CodeOf(err) != c.code {
				t.Fatalf("decided: %v, want %s", err, c.code)
			}
			if got := w.refusals(); got != c.log {
				t.Errorf("the log says %q, want %q", got, c.log)
			}
			if w.change(id).State != state || w.look(id, `select count(*) from decision`) != decisions {
				t.Error("a refused decision changed something")
			}
			if err := w.MayDecide(context.Background(), person(c.who), id, c.verdict); bcn.CodeOf(err) != c.code {
				t.Errorf("a window opens: %v, want %s", err, c.code)
			}
			if got := w.refusals(); got != c.log+", "+c.log {
				t.Errorf("then the log says %q", got)
			}
		})
	}

	t.Run("the database's time decides what has expired", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		id := w.waiting("U0DEV", time.Hour)
		if err := store.ShiftClock(t.Context(), w.owner, time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := w.decide("U0LEAD", id, bcn.Approve); bcn.CodeOf(err) != bcn.CodeExpired {
			t.Fatalf("decided: %v", err)
		}
	})

	t.Run("a number that nobody gave", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		if err := w.MayDecide(context.Background(), person("U0LEAD"), 7, bcn.Reject); bcn.CodeOf(err) != bcn.CodeUnknownID {
			t.Errorf("a window opens: %v", err)
		}
		if _, err := w.decide("U0LEAD", 7, bcn.Approve); bcn.CodeOf(err) != bcn.CodeUnknownID {
			t.Fatalf("decided: %v", err)
		}
		id := w.ask("U0DEV")
		w.posted(id)
		if _, err := w.decide("U0LEAD", id, bcn.Approve); bcn.CodeOf(err) != bcn.CodeUnknownID {
			t.Fatalf("decided what has no request: %v", err)
		}
	})
}

func (w *world) must(_ deploy.Decided, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// What the people know when they click is old: the lock decides who was first.
func TestDecisionsAtOnce(t *testing.T) {
	t.Parallel()
	at := func(w *world, id bcn.ID, clicks ...string) []string {
		var wg sync.WaitGroup
		codes := make([]string, len(clicks))
		for i, who := range clicks {
			wg.Go(func() {
				d, err := w.decide(who, id, bcn.Approve)
				codes[i] = fmt.Sprint(bcn.CodeOf(err), d.Complete)
			})
		}
		wg.Wait()
		slices.Sort(codes)
		return codes
	}

	t.Run("of four leads two are counted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		id := w.waiting("U0DEV", time.Hour)
		got := strings.Join(at(w, id, "U0LEAD", "U0LEAD2", "U0LEAD3", "U0LEAD4"), " ")
		if got != "already_decidedfalse already_decidedfalse false true" {
			t.Errorf("answered: %s", got)
		}
		if n := w.look(id, `select count(*) from decision`); n != "2" || w.change(id).State != bcn.ChangeQueued {
			t.Errorf("%s decisions, %s", n, w.change(id).State)
		}
		if n := w.look(id, `select count(*) from audit_entry where kind = 'change.queue'`); n != "1" {
			t.Errorf("queued %s times", n)
		}
	})

	t.Run("one lead's double click is one decision", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		id := w.waiting("U0DEV", time.Hour)
		got := strings.Join(at(w, id, "U0LEAD", "U0LEAD", "U0LEAD"), " ")
		if got != "decided_beforefalse decided_beforefalse false" {
			t.Errorf("answered: %s", got)
		}
		if w.change(id).State != bcn.ChangeWaiting {
			t.Errorf("it is %s", w.change(id).State)
		}
	})
}
