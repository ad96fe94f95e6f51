package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

func TestStart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("what two leads approved starts, and its request with it", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := approved(t, s, "heritage:hello")
		if err := start(s, starting(t, s, c.ID)); err != nil {
			t.Fatal(err)
		}
		r, err := s.Request(ctx, c.ID)
		if got := read(t, s, c.ID); got.State != bcn.ChangeApplying || got.StartedAt == nil || r.State != bcn.RequestStarted || err != nil {
			t.Fatalf("the change is %s since %v, its request %s: %v", got.State, got.StartedAt, r.State, err)
		}
		if _, err := s.VerifyAudit(ctx); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("what nobody needed to approve starts", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := ungated(t, s, "heritage:hello")
		if err := start(s, starting(t, s, c.ID)); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("nothing starts while bcn is halted, and it starts after", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		m := starting(t, s, approved(t, s, "heritage:hello").ID)
		if err := s.SetHalt(ctx, deploy.Origin{}, "U0ADMIN", true, "an incident"); err != nil {
			t.Fatal(err)
		}
		if err := start(s, m); bcn.CodeOf(err) != bcn.CodeHalted {
			t.Fatalf("started while halted: %v", err)
		}
		if err := s.SetHalt(ctx, deploy.Origin{}, "U0ADMIN", false, ""); err != nil {
			t.Fatal(err)
		}
		if err := start(s, m); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("nothing starts beside a busy change of its subject", func(t *testing.T) {
		t.Parallel()
		for _, state := range []bcn.ChangeState{bcn.ChangeApplying, bcn.ChangeVerifying, bcn.ChangeCancelling, bcn.ChangeBlocked} {
			s, owner := pg.Store(t)
			other := newChange(t, s, "heritage:hello")
			m := starting(t, s, approved(t, s, "heritage:hello").ID)
			exec(t, owner, fmt.Sprintf(`update change set state = '%s' where id = %d`, state, other.ID))
			if err := start(s, m); !errors.Is(err, deploy.ErrBusy) {
				t.Errorf("started beside one that is %s: %v", state, err)
			}
		}
	})

	t.Run("a step whose claim is over starts nothing", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		m := starting(t, s, approved(t, s, "heritage:hello").ID)
		exec(t, owner, `update change set lease_until = null`)
		claim(t, s, m.From.Change.ID)
		if err := start(s, m); !errors.Is(err, deploy.ErrMoved) {
			t.Fatalf("a zombie started: %v", err)
		}
	})
}

// forged is what somebody can do who may write everything in the database, but
// does not hold BCN_KEY. other is another change, which was approved for the
// same by the same; {id} and {other} stand for their numbers.
var forged = []struct{ name, sql string }{
	{"the plan's bytes", `update plan set bytes = bytes || ' ' where change = {id}`},
	{"the plan's hash", `update plan set hash = repeat('0', 64) where change = {id}`},
	{"the plan's bytes with the right hash", `update plan set bytes = '{}', hash = encode(sha256('{}'), 'hex') where change = {id}`},
	{"the plan's seal", `update plan set mac = '\x00' where change = {id}`},
	{"the plan of another change", `update plan p set bytes = o.bytes, hash = o.hash, mac = o.mac from plan o where p.change = {id} and o.change = {other}`},
	{"the plan is gone", `delete from plan where change = {id}`},
	{"the request's hash", `update request set hash = repeat('0', 64) where id = {id}`},
	{"the request's and the decisions' hash", `update request set hash = repeat('0', 64) where id = {id}; update decision set hash = repeat('0', 64) where request = {id}`},
	{"the requester", `update request set requester = 'U0LEAD' where id = {id}`},
	{"how many must approve", `update request set needs = '[{"teams":["leads"],"count":1}]' where id = {id}`},
	{"who must approve", `update request set needs = '[{"teams":["developers"],"count":2}]' where id = {id}`},
	{"nobody must approve", `update request set needs = '[]' where id = {id}`},
	{"until when it may be approved", `update request set expires_at = expires_at + interval '1 day' where id = {id}`},
	{"the request's seal", `update request set mac = '' where id = {id}`},
	{"the request of another change", `update request r set hash = o.hash, mac = o.mac, expires_at = o.expires_at from request o where r.id = {id} and o.id = {other}`},
	{"another token asked for it", `update change set requester = requester || '{"via": "token #7"}' where id = {id}`},
	{"what was asked for", `update change set wish = wish || '{"tag": "v9"}' where id = {id}`},
	{"the tag", `update change set tag = 'v9' where id = {id}`},
	{"why it was asked for", `update change set reason = 'as told' where id = {id}`},
	{"the app", `update change set app = 'other' where id = {id}`},
	{"the environment", `update change set env = 'staging' where id = {id}`},
	{"the subject", `update change set subject = 'heritage:elsewhere' where id = {id}`},
	{"the request is not approved", `update request set state = 'pending' where id = {id}`},
	{"the request was rejected", `update request set state = 'rejected' where id = {id}`},
	{"the request was superseded", `update request set state = 'superseded' where id = {id}`},
	{"the request was started", `update request set state = 'started' where id = {id}`},
	{"the request is gone", `delete from decision where request = {id}; delete from request where id = {id}`},
	{"who decided", `update decision set person = 'U0OTHER' where request = {id} and person = 'U0LEAD'`},
	{"what was decided", `update decision set verdict = 'reject' where request = {id} and person = 'U0LEAD'`},
	{"why it was decided", `update decision set reason = 'as told' where request = {id} and person = 'U0LEAD'`},
	{"on which plan it was decided", `update decision set hash = repeat('0', 64) where request = {id} and person = 'U0LEAD'`},
	{"in which teams the decider was", `update decision set teams = '["leads","admins"]' where request = {id} and person = 'U0LEAD'`},
	{"when it was decided", `update decision set at = at - interval '1 hour' where request = {id} and person = 'U0LEAD'`},
	{"on which card it was decided", `update decision set ts = '99.9' where request = {id} and person = 'U0LEAD'`},
	{"in which channel it was decided", `update decision set channel = 'C0OTHER' where request = {id} and person = 'U0LEAD'`},
	{"a decision's seal", `update decision set mac = '' where request = {id} and person = 'U0LEAD'`},
	{"one decision is gone", `delete from decision where request = {id} and person = 'U0LEAD'`},
	{"no decision is left", `delete from decision where request = {id}`},
	{"a decision that nobody made", `insert into decision select request, 'U0OTHER', verdict, reason, hash, teams, channel, ts, at, mac from decision where request = {id} and person = 'U0LEAD'`},
	{"decisions on another change", `delete from decision where request = {id}; insert into decision select {id}, person, verdict, reason, hash, teams, channel, ts, at, mac from decision where request = {other}`},
	{"the log does not hold the plan", unlocked + `delete from audit_entry where change = {id} and kind = 'change.planned'`},
	{"the log holds another plan", unlocked + `update audit_entry set body = replace(body, '"hash":"', '"hash":"0') where change = {id} and kind = 'change.planned'`},
	{"the log does not hold a decision", unlocked + `delete from audit_entry where change = {id} and kind = 'decision.approve' and actor = 'U0LEAD'`},
	{"the log holds decisions on another change", unlocked + `update audit_entry set change = 0 where change = {id} and kind = 'decision.approve';
		update audit_entry set change = {id} where change = {other} and kind = 'decision.approve'`},
	{"the log says that no approval was needed", `delete from decision where request = {id}; delete from request where id = {id};
		insert into audit_entry select 100000, at, 'change.queue', 'bcn-system', {id}, '{"gated":"false"}', hash, mac from audit_entry where seq = 1`},
	{"the log is resealed without the key", unlocked + `update audit_head set hash = (select hash from audit_entry where seq = 1), seq = 1`},
}

const unlocked = `alter table audit_entry disable trigger all; `

func TestNothingForgedStarts(t *testing.T) {
	t.Parallel()
	for _, c := range forged {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, owner := pg.Store(t)
			other := approved(t, s, "heritage:other")
			change := approved(t, s, "heritage:hello")
			m := starting(t, s, change.ID)
			exec(t, owner, fill(c.sql, change.ID, other.ID))
			err := start(s, m)
			if err == nil {
				t.Fatal("it started")
			}
			if code := bcn.CodeOf(err); code != bcn.CodeTampered && c.name != "the plan is gone" {
				t.Errorf("refused, but with %v", err)
			}
			if got := read(t, s, change.ID); got.State != bcn.ChangeQueued || got.StartedAt != nil {
				t.Errorf("it is %s since %v", got.State, got.StartedAt)
			}
		})
	}

	t.Run("the other change still starts", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		other := approved(t, s, "heritage:other")
		change := approved(t, s, "heritage:hello")
		exec(t, owner, fill(`update plan set mac = '' where change = {id}`, change.ID, other.ID))
		if err := start(s, starting(t, s, other.ID)); err != nil {
			t.Fatal(err)
		}
	})
}

// What waits for its turn is planned from what was asked for, by whoever asked.
func TestNothingForgedIsPlanned(t *testing.T) {
	t.Parallel()
	s, owner := pg.Store(t)
	for _, sql := range []string{
		`update change set wish = wish || '{"tag": "v9"}' where id = {id}`,
		`update change set tag = 'v9' where id = {id}`,
		`update change set app = 'other' where id = {id}`,
		`update change set env = 'staging' where id = {id}`,
		`update change set district = 'sandbox' where id = {id}`,
		`update change set requester = requester || '{"user": "U0ADMIN"}' where id = {id}`,
		`update change set requester = requester || '{"via": "token #7"}' where id = {id}`,
	} {
		c := newChange(t, s, "heritage:"+sql)
		if claimed := claim(t, s, c.ID); claimed.Tampered != "" {
			t.Fatalf("as it was asked for: %s", claimed.Tampered)
		}
		exec(t, owner, `update change set lease_until = null`)
		exec(t, owner, fill(sql, c.ID, c.ID))
		if claimed := claim(t, s, c.ID); claimed.Tampered != "request" {
			t.Errorf("%s: it says %q", sql, claimed.Tampered)
		}
	}
}

// A decision on a request that was changed is not counted either.
func TestNothingForgedIsDecided(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		`update request set needs = '[{"teams":["leads"],"count":1}]'`,
		`update request set requester = 'U0OTHER'`,
		`update request set expires_at = expires_at + interval '1 day'`,
		`update decision set person = 'U0OTHER'`,
		`update decision set teams = '["leads","security"]'`,
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			s, owner := pg.Store(t)
			c := waiting(t, s, "heritage:hello")
			approve(t, s, c.ID, "U0LEAD", false)
			exec(t, owner, sql)
			_, err := s.Decide(context.Background(), deploy.Origin{}, c.ID, bcn.Decision{Person: "U0LEADTWO", Verdict: bcn.Approve}, complete, silent)
			if bcn.CodeOf(err) != bcn.CodeTampered {
				t.Fatalf("decided: %v", err)
			}
			if got := read(t, s, c.ID); got.State != bcn.ChangeWaiting {
				t.Fatalf("the change is %s", got.State)
			}
		})
	}
}

func TestSupersede(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	const subject = "heritage:hello"
	first := approved(t, s, subject)
	others := map[string]bcn.Change{
		"planning": newChange(t, s, subject), "planned": planned(t, s, subject), "waiting": waiting(t, s, subject), "queued": approved(t, s, subject),
	}
	untouched := map[string]bcn.Change{"another subject": waiting(t, s, "heritage:other"), "a plan": newChange(t, s, subject)}
	exec(t, owner, fill(`update change set kind = 'plan' where id = {id}`, untouched["a plan"].ID, 0))
	running := claim(t, s, others["planning"].ID)

	_, err := s.Start(ctx, starting(t, s, first.ID), func(bcn.Change) []deploy.Note {
		return []deploy.Note{{Key: "superseded", Role: deploy.RoleThread}}
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range others {
		got := read(t, s, c.ID)
		if got.State != bcn.ChangeClosed || got.Code != bcn.CodeSuperseded || got.Params["by"] != first.ID.String() || got.EndedAt == nil {
			t.Errorf("%s: %s because %s by %s", name, got.State, got.Code, got.Params["by"])
		}
		if r, err := s.Request(ctx, c.ID); err == nil && r.State != bcn.RequestSuperseded {
			t.Errorf("%s: its request is %s", name, r.State)
		}
		if n := number(t, owner, fill(`select count(*) from outbox where change = {id} and key = 'superseded'`, c.ID, 0)); n != 1 {
			t.Errorf("%s: its thread is told %d times", name, n)
		}
		if n := number(t, owner, fill(`select count(*) from change where id = {id} and leftover`, c.ID, 0)); n != 1 {
			t.Errorf("%s: its change sets stay", name)
		}
	}
	for name, c := range untouched {
		if got := read(t, s, c.ID); got.State != c.State {
			t.Errorf("%s: %s became %s", name, c.State, got.State)
		}
	}
	_, err = s.Apply(ctx, deploy.Move{From: running, Event: bcn.EventPlanned, Plan: storedPlan("{}")})
	if !errors.Is(err, deploy.ErrMoved) {
		t.Errorf("a step that was under way went on: %v", err)
	}
	if _, err := s.VerifyAudit(ctx); err != nil {
		t.Error(err)
	}
}
