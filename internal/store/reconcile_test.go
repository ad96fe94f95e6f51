package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Each row is what a process may leave behind when it dies at any instruction;
// the jobs of the queue are gone, unless the row says otherwise.
func TestReconcile(t *testing.T) {
	t.Parallel()
	const (
		asked  = `insert into request (id, state, hash, requester, needs, expires_at, mac) values ({id}, 'pending', '', '', '[]', bcn_now() + interval '%s', '');`
		job    = `insert into river_job (kind, args, max_attempts, queue, state, finalized_at) values ('change', '{"id": {id}}', 5, 'default', '%s', %s);`
		follow = `insert into follow (change, stack, stack_id, district, account, region, since, read_at, active) values ({id}, 'hello', 's', 'd', '1', 'r', bcn_now(), %s, %v);`
		state  = `update change set state = '%s';`
	)
	for _, c := range []struct {
		name, sql string
		want      int
	}{
		{"a change that is planning", fmt.Sprintf(state, "planning"), 1},
		{"a change that is planned", fmt.Sprintf(state, "planned"), 1},
		{"a change that is queued", fmt.Sprintf(state, "queued"), 1},
		{"a change that is applying", fmt.Sprintf(state, "applying"), 1},
		{"a change that is verifying", fmt.Sprintf(state, "verifying"), 1},
		{"a change that is cancelling", fmt.Sprintf(state, "cancelling"), 1},
		{"a blocked change waits for a person", fmt.Sprintf(state, "blocked"), 0},
		{"a parked change waits for a person", `update change set parked = true;`, 0},
		{"an ended change is over", fmt.Sprintf(state, "succeeded"), 0},
		{"an ended change that left change sets", `update change set state = 'closed', leftover = true;`, 1},
		{"a change that somebody works on", `update change set lease_until = bcn_now() + interval '1 minute';`, 0},
		{"a change whose worker died", `update change set lease_until = bcn_now() - interval '1 second';`, 1},
		{"a request that waits for people", fmt.Sprintf(state, "waiting") + fmt.Sprintf(asked, "1 hour"), 0},
		{"a request that expired", fmt.Sprintf(state, "waiting") + fmt.Sprintf(asked, "-1 second"), 1},
		{"a turn that has come", fmt.Sprintf(state, "waiting_turn"), 1},
		{"a turn that has not come", fmt.Sprintf(state, "waiting_turn") + `insert into change (kind, subject, wish, state, requester, parked)
			select kind, subject, wish, 'applying', requester, true from change;`, 0},
		{"a job is about to run", fmt.Sprintf(job, "available", "null"), 0},
		{"a job will run", fmt.Sprintf(job, "scheduled", "null"), 0},
		{"a job runs again", fmt.Sprintf(job, "retryable", "null"), 0},
		{"a job that says running, of a row that nobody leases", fmt.Sprintf(job, "running", "null"), 1},
		{"a job that ran", fmt.Sprintf(job, "completed", "now()"), 1},
		{"a job that was given up", fmt.Sprintf(job, "discarded", "now()"), 1},
		{"a stack that nobody has looked at", fmt.Sprintf(state, "blocked") + fmt.Sprintf(follow, "null", true), 1},
		{"a stack that was looked at just now", fmt.Sprintf(state, "blocked") + fmt.Sprintf(follow, "bcn_now()", true), 0},
		{"a stack whose follower stopped", fmt.Sprintf(state, "blocked") + fmt.Sprintf(follow, "bcn_now() - interval '1 minute'", true), 1},
		{"a stack that is followed no more", fmt.Sprintf(state, "blocked") + fmt.Sprintf(follow, "null", false), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, owner := pg.Store(t)
			change := newChange(t, s, "heritage:hello")
			exec(t, owner, `delete from river_job; `+fill(c.sql, change.ID, 0))
			before := number(t, owner, `select count(*) from river_job where kind not in ('reap', 'watch')`)
			for i, want := range []int{c.want, 0} {
				if n, err := s.Reconcile(context.Background()); n != want || err != nil {
					t.Fatalf("time %d: %d jobs, %v; want %d", i+1, n, err, want)
				}
			}
			if n := number(t, owner, `select count(*) from river_job where kind not in ('reap', 'watch')`); n != before+c.want {
				t.Fatalf("%d jobs are in the queue, want %d", n, before+c.want)
			}
			if n := number(t, owner, `select count(*) from river_job where kind = 'reap'`); n != 1 {
				t.Fatalf("%d reapers", n)
			}
		})
	}
}

func TestParked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	failing := newChange(t, s, "heritage:failing")
	blocked := newChange(t, s, "heritage:blocked")
	newChange(t, s, "heritage:fine")
	if err := s.Failed(ctx, claim(t, s, failing.ID), true, bcn.E(bcn.CodeInternal), []deploy.Note{note("parked", deploy.RoleThread)}); err != nil {
		t.Fatal(err)
	}
	exec(t, owner, fill(`update change set state = 'blocked', code = 'unknown_outcome', params = '{"what": "before_deploy"}' where id = {id}`, blocked.ID, 0))
	list, err := s.Parked(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range list {
		got = append(got, fmt.Sprint(p.Change.ID, " ", p.Code, " ", p.Params["what"]))
	}
	want := []string{fmt.Sprint(failing.ID, " parked planning"), fmt.Sprint(blocked.ID, " unknown_outcome before_deploy")}
	if !slices.Equal(got, want) {
		t.Fatalf("parked: %s, want %s", strings.Join(got, "; "), strings.Join(want, "; "))
	}
	if _, ok, err := s.Claim(ctx, failing.ID); ok || err != nil {
		t.Fatalf("a parked change was claimed: %v", err)
	}
	if err := s.Unpark(ctx, deploy.Origin{}, "U0ADMIN", failing.ID); err != nil {
		t.Fatal(err)
	}
	if c := claim(t, s, failing.ID); c.Failures != 0 {
		t.Fatalf("it starts again with %d failures", c.Failures)
	}
	if err := s.Unpark(ctx, deploy.Origin{}, "U0ADMIN", failing.ID); err == nil {
		t.Fatal("what is not parked was unparked")
	}
}

// Numbers are given when a change ends, whatever ends at the same time.
func TestReleaseNumbers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	exec(t, owner, `insert into district (name, body) values ('default', '{}');
		insert into heritage (name, app, env, district, source) values ('hello', 'hello', 'production', 'default', 'dir:.'),
			('other', 'other', 'production', 'default', 'dir:.')`)
	const releases = 12
	var wg sync.WaitGroup
	for i := range releases {
		c := newChange(t, s, fmt.Sprintf("heritage:%d", i))
		exec(t, owner, fill(`update change set state = 'verifying', started_at = bcn_now() where id = {id}`, c.ID, 0))
		m := deploy.Move{From: claim(t, s, c.ID), Event: bcn.EventSucceed, Release: &bcn.Release{
			Heritage: []string{"hello", "hello", "other"}[i%3], Change: c.ID, Tag: fmt.Sprint(i), Approvers: []string{}, Manifest: []byte{},
			Outcome: bcn.ChangeSucceeded, StartedAt: time.Now(),
		}}
		if i%4 == 3 { // one that does not succeed has a number too
			m.Event, m.Release.Outcome = bcn.EventFail, bcn.ChangeFailed
		}
		wg.Go(func() {
			if _, err := s.Apply(ctx, m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for heritage, want := range map[string]int{"hello": 8, "other": 4} {
		list, err := s.Releases(ctx, heritage, 100)
		if err != nil || len(list) != want {
			t.Fatalf("%s has %d releases, want %d: %v", heritage, len(list), want, err)
		}
		for i, r := range list {
			if r.Number != int64(want-i) {
				t.Errorf("release %d of %s stands where %d belongs", r.Number, heritage, want-i)
			}
		}
		last, _, err := s.LastRelease(ctx, heritage)
		i := slices.IndexFunc(list, func(r bcn.Release) bool { return r.Outcome == bcn.ChangeSucceeded })
		if err != nil || last.Number != list[i].Number {
			t.Errorf("the last good release of %s is %d, want %d: %v", heritage, last.Number, list[i].Number, err)
		}
	}
}

func TestInboxIsParked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	if _, err := s.Put(ctx, chat.Request{Key: "k", Text: "deploy"}); err != nil {
		t.Fatal(err)
	}
	for attempt := 1; attempt <= 5; attempt++ {
		r, fence, ok, err := s.ClaimInbox(ctx, "k")
		if !ok || err != nil || r.Text != "deploy" {
			t.Fatalf("attempt %d: %v, %v", attempt, ok, err)
		}
		if parked, err := s.InboxFailed(ctx, "k", fence-1, "an older attempt"); parked || err != nil {
			t.Fatalf("an older attempt was counted: %v", err)
		}
		parked, err := s.InboxFailed(ctx, "k", fence, "it broke")
		if parked != (attempt == 5) || err != nil {
			t.Fatalf("attempt %d: parked %v, %v", attempt, parked, err)
		}
		if _, _, ok, _ := s.ClaimInbox(ctx, "k"); ok {
			t.Fatal("it is tried again at once")
		}
		exec(t, owner, `update inbox set lease_until = bcn_now() - interval '1 second', received_at = bcn_now() - interval '2 days'`)
		keys, err := s.OrphanedInbox(ctx, time.Second)
		if (len(keys) == 1) == parked || err != nil {
			t.Fatalf("attempt %d: orphaned are %v, %v", attempt, keys, err)
		}
	}
	if _, _, ok, err := s.ClaimInbox(ctx, "k"); ok || err != nil {
		t.Fatalf("a parked row was run: %v", err)
	}
	if err := s.ForgetInbox(ctx); err != nil {
		t.Fatal(err)
	}
	if n := number(t, owner, `select count(*) from inbox where state = 'parked' and error = 'it broke'`); n != 1 {
		t.Fatal("what was parked is forgotten")
	}
	if n := number(t, owner, `select count(*) from inbox where request::text like '%deploy%'`); n != 0 {
		t.Fatal("what was typed is kept with it")
	}
	if fresh, err := s.Put(ctx, chat.Request{Key: "k"}); fresh || err != nil {
		t.Fatalf("a redelivery of what is parked runs: %v", err)
	}
}
