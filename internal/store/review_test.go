package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// follow is a stack that a change waits for, since some minutes ago.
func follow(minutes int, baseline string) deploy.Follow {
	return deploy.Follow{
		Stack: "hello", StackID: "arn:hello", Baseline: baseline,
		Since:  time.Date(2026, 1, 2, 3, 4-minutes, 5, 0, time.UTC),
		Target: bcn.District{Name: "default", Account: "123456789012", Region: "ap-northeast-1"},
	}
}

// following answers the only follow as the follower reads it.
func following(t *testing.T, s interface {
	Following(ctx context.Context, account, region string) ([]deploy.Following, error)
},
) deploy.Following {
	t.Helper()
	all, err := s.Following(context.Background(), "123456789012", "ap-northeast-1")
	if err != nil || len(all) != 1 {
		t.Fatalf("followed are %+v, %v", all, err)
	}
	return all[0]
}

// An answer that was asked for before a stack was followed anew tells of the
// operation before: it would end a restore that has only begun.
func TestALateReadIsNotOfTheFollowThatBeganAnew(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	done := deploy.StackStatus{Stack: "hello", StackID: "arn:hello", Status: "UPDATE_ROLLBACK_COMPLETE"}
	for name, anew := range map[string]deploy.Follow{
		"since later":            follow(1, "2026-01-01T00:00:00Z"),
		"from another baseline":  follow(3, "2026-01-02T00:00:00Z"),
		"both":                   follow(1, "2026-01-02T00:00:00Z"),
		"without a known update": follow(1, ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := pg.Store(t)
			c := newChange(t, s, "heritage:hello")
			step(t, s, c.ID, deploy.Move{Follow: []deploy.Follow{follow(3, "2026-01-01T00:00:00Z")}})
			old := following(t, s)
			step(t, s, c.ID, deploy.Move{Follow: []deploy.Follow{anew}})
			if err := s.Read(ctx, old, done, nil); err != nil {
				t.Fatal(err)
			}
			if f := following(t, s); f.Status != "" {
				t.Fatalf("the new follow says %s", f.Status)
			}
			if err := s.Read(ctx, following(t, s), done, nil); err != nil {
				t.Fatal(err)
			}
			if f := following(t, s); f.Status != done.Status {
				t.Fatalf("its own answer was not written: %q", f.Status)
			}
		})
	}
}

func TestATurnStaysWhileItsSubjectIsBusyAgain(t *testing.T) {
	t.Parallel()
	for _, state := range []bcn.ChangeState{bcn.ChangeApplying, bcn.ChangeVerifying, bcn.ChangeCancelling, bcn.ChangeBlocked} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			s, owner := pg.Store(t)
			first := newChange(t, s, "heritage:hello")
			exec(t, owner, `update change set state = 'applying'`)
			waits := newChange(t, s, "heritage:hello")
			if waits.State != bcn.ChangeWaitingTurn || waits.Behind != first.ID {
				t.Fatalf("it is %s behind %s", waits.State, waits.Behind)
			}
			exec(t, owner, fill(`update change set state = 'succeeded', ended_at = bcn_now(), leftover = false where id = {id}`, first.ID, 0))
			between := newChange(t, s, "heritage:hello") // was planned and started before the turn was taken
			exec(t, owner, fill(`update change set state = '`+string(state)+`' where id = {id}`, between.ID, 0))

			turn := deploy.Move{From: claim(t, s, waits.ID), Event: bcn.EventTurn, Again: time.Millisecond}
			if c := apply(t, s, turn); c.State != bcn.ChangeWaitingTurn || c.Behind != between.ID {
				t.Fatalf("its turn came: it is %s behind %s, want %s", c.State, c.Behind, between.ID)
			}
			if c, ok, err := s.Claim(context.Background(), waits.ID); !ok || err != nil {
				t.Fatalf("the lease was kept: %+v %v", c, err)
			}
			exec(t, owner, `update change set lease_until = null`)
			exec(t, owner, fill(`update change set state = 'succeeded', ended_at = bcn_now(), leftover = false where id = {id}`, between.ID, 0))
			if c := apply(t, s, deploy.Move{From: claim(t, s, waits.ID), Event: bcn.EventTurn}); c.State != bcn.ChangePlanning || c.Behind != 0 {
				t.Fatalf("the subject is free: it is %s behind %s", c.State, c.Behind)
			}
		})
	}
}

// PostgreSQL stores no NUL: one person's must not refuse what others typed at
// the same time, nor be refused itself.
func TestANULRefusesNobodysCommand(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			r := chat.Request{Key: fmt.Sprint(i), Text: "status hello"}
			if i%10 == 0 {
				r.Text, r.Value = "sta\x00tus hello\x00", "\x00"
			}
			if fresh, err := s.Put(ctx, r); !fresh || err != nil {
				t.Errorf("%d: fresh %v, %v", i, fresh, err)
			}
		})
	}
	all.Wait()
	if n := number(t, owner, `select count(*) from inbox where request->>'Text' = 'status hello' or request->>'text' = 'status hello'`); n != 60 {
		t.Errorf("%d of 60 commands are stored", n)
	}
}

func TestWhatIsSaidBelowADroppedCardIsDropped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	c := newChange(t, s, "heritage:hello")
	if _, err := s.DropOutbox(ctx, due(t, s, 1)[0].ID, "channel_not_found"); err != nil {
		t.Fatal(err)
	}
	say(t, s, c.ID, note("first", deploy.RoleThread), note("announce", deploy.RoleAnnounce))
	want(t, due(t, s, 10), "[announce]")
	if n := number(t, owner, `select count(*) from outbox where key = 'first' and dropped = 'parent: channel_not_found'`); n != 1 {
		t.Errorf("%d messages of the thread are dropped", n)
	}
	other := newChange(t, s, "heritage:other")
	say(t, s, other.ID, note("second", deploy.RoleThread))
	if n := number(t, owner, `select count(*) from outbox where key = 'second' and dropped = ''`); n != 1 {
		t.Error("another change's thread went with it")
	}
}

func TestALeaseIsRenewed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	c := newChange(t, s, "heritage:hello")
	held := claim(t, s, c.ID)
	exec(t, owner, `update change set lease_until = bcn_now() + interval '1 millisecond'`)
	if err := s.Renew(ctx, held); err != nil {
		t.Fatal(err)
	}
	if n := number(t, owner, `select count(*) from change where lease_until > bcn_now() + interval '5 seconds'`); n != 1 {
		t.Error("its lease did not begin anew")
	}
	apply(t, s, deploy.Move{From: held})
	if err := s.Renew(ctx, held); err != nil { // between the move and the end of the step
		t.Fatal(err)
	}
	if n := number(t, owner, `select count(*) from change where lease_until is null`); n != 1 {
		t.Error("a lease that was given back was taken again")
	}
	claim(t, s, c.ID)
	if err := s.Renew(ctx, held); err == nil {
		t.Error("a lost claim was renewed")
	}
}
