package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

var pg storetest.Cluster

func TestMain(m *testing.M) { os.Exit(pg.Main(m)) }

func newChange(t *testing.T, s *store.Store, subject string) bcn.Change {
	t.Helper()
	c, err := s.New(context.Background(), deploy.Origin{}, bcn.Change{
		Kind: bcn.KindDeploy, Subject: subject, App: "hello",
		Env: "production", Requester: bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, Channel: "C0DEPLOYS",
	},
		deploy.Wish{Kind: bcn.KindDeploy, App: "hello", Env: "production", Tag: "v2"},
		[]deploy.Note{{Key: "card", Role: deploy.RoleCard, Channel: "C0DEPLOYS"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func claim(t *testing.T, s *store.Store, id bcn.ID) deploy.Claimed {
	t.Helper()
	c, ok, err := s.Claim(context.Background(), id)
	if err != nil || !ok {
		t.Fatalf("claim: %v %v", ok, err)
	}
	return c
}

func TestInbox(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("a redelivered key is not fresh", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		for i, want := range []bool{true, false, false} {
			fresh, err := s.Put(ctx, chat.Request{Key: "k", Text: "deploy"})
			if err != nil || fresh != want {
				t.Fatalf("put %d: fresh %v, %v", i, fresh, err)
			}
		}
	})

	t.Run("a row whose acknowledgement was never written runs when it is delivered again, once", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		if _, err := s.Put(ctx, chat.Request{Key: "k"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Unacked(ctx, "k"); err != nil {
			t.Fatal(err)
		}
		if _, _, ok, err := s.ClaimInbox(ctx, "k"); ok || err != nil {
			t.Fatalf("an unacknowledged row was run: %v", err)
		}
		if fresh, err := s.Put(ctx, chat.Request{Key: "k"}); !fresh || err != nil {
			t.Fatalf("redelivered: fresh %v, %v", fresh, err)
		}
		if _, _, ok, err := s.ClaimInbox(ctx, "k"); !ok || err != nil {
			t.Fatalf("claim: %v %v", ok, err)
		}
		if _, _, ok, _ := s.ClaimInbox(ctx, "k"); ok {
			t.Fatal("claimed twice")
		}
	})

	t.Run("concurrent puts of many keys are each stored once", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		var wg sync.WaitGroup
		fresh := make([]int, 50)
		var lock sync.Mutex
		for i := range 200 {
			wg.Go(func() {
				ok, err := s.Put(ctx, chat.Request{Key: fmt.Sprint(i % 50)})
				if err != nil {
					t.Error(err)
				}
				if ok {
					lock.Lock()
					fresh[i%50]++
					lock.Unlock()
				}
			})
		}
		wg.Wait()
		for i, n := range fresh {
			if n != 1 {
				t.Errorf("key %d was fresh %d times", i, n)
			}
		}
	})

	t.Run("a command that ends every process that runs it is parked, and told", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		if _, err := s.Put(ctx, chat.Request{Key: "k", User: "U0DEV"}); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, _, ok, err := s.ClaimInbox(ctx, "k"); !ok || err != nil {
				t.Fatalf("claim: %v %v", ok, err)
			}
			exec(t, owner, `update inbox set lease_until = null`) // the process died
		}
		r, _, ok, err := s.ClaimInbox(ctx, "k")
		if ok || !errors.Is(err, store.ErrPoison) || r.User != "U0DEV" {
			t.Fatalf("run once more: %v %v %+v", ok, err, r)
		}
		if _, _, ok, err := s.ClaimInbox(ctx, "k"); ok || err != nil {
			t.Fatalf("parked and claimed: %v %v", ok, err)
		}
	})

	t.Run("what bcn did not store, or what was changed since, is not run", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		for name, sql := range map[string]string{
			"a click that nobody made":  `insert into inbox (key, request) values ('k', '{"key": "k", "user": "U0LEAD", "text": "approve 1001"}')`,
			"another person's":          `update inbox set request = request || '{"user": "U0LEAD"}'`,
			"another command":           `update inbox set request = request || '{"text": "approve 1001"}'`,
			"under another key":         `update inbox set key = 'k'`,
			"with the seal of another":  `insert into inbox (key, request, mac) select 'k', request || '{"key": "k", "text": "approve 1001"}', mac from inbox`,
			"again, under its own name": `update inbox set mac = ''`,
		} {
			exec(t, owner, `delete from inbox`)
			if _, err := s.Put(ctx, chat.Request{Key: "mine", User: "U0DEV", Text: "deploy hello production <v2> & \u2028 é", At: time.Now()}); err != nil {
				t.Fatal(err)
			}
			if _, _, ok, err := s.ClaimInbox(ctx, "mine"); !ok || err != nil {
				t.Fatalf("as it was typed: %v %v", ok, err)
			}
			exec(t, owner, `update inbox set lease_until = null`)
			exec(t, owner, sql)
			key := storetest.Text(t, owner, `select min(key) from inbox where key <> 'mine' or (select count(*) from inbox) = 1`)
			if r, _, ok, err := s.ClaimInbox(ctx, key); ok || !errors.Is(err, store.ErrForged) || r.User != "" {
				t.Errorf("%s: %v %v %+v", name, ok, err, r)
			}
			if _, _, ok, err := s.ClaimInbox(ctx, key); ok || err != nil {
				t.Errorf("%s is not put aside: %v %v", name, ok, err)
			}
		}
	})

	t.Run("a repeated run of the same row changes nothing", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		if _, err := s.Put(ctx, chat.Request{Key: "k"}); err != nil {
			t.Fatal(err)
		}
		_, fence, _, err := s.ClaimInbox(ctx, "k")
		if err != nil {
			t.Fatal(err)
		}
		o := deploy.Origin{Key: "k", Fence: fence}
		c := bcn.Change{Kind: bcn.KindDeploy, Subject: "heritage:hello"}
		if _, err := s.New(ctx, o, c, deploy.Wish{}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.New(ctx, o, c, deploy.Wish{}, nil); !errors.Is(err, store.ErrConflict) {
			t.Fatalf("second run: %v", err)
		}
	})
}

func TestClaim(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("a leased change is not claimed by another", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		claim(t, s, c.ID)
		if _, ok, err := s.Claim(ctx, c.ID); ok || err != nil {
			t.Fatalf("claimed twice: %v", err)
		}
	})

	t.Run("a step with an old fence writes nothing", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		old := claim(t, s, c.ID)
		exec(t, owner, `update change set lease_until = null`) // the lease ran out
		claim(t, s, c.ID)
		_, err := s.Apply(ctx, deploy.Move{From: old, Event: bcn.EventClose, Code: bcn.CodeNoChange})
		if !errors.Is(err, store.ErrConflict) {
			t.Fatalf("a zombie moved the change: %v", err)
		}
	})
}

func TestTurns(t *testing.T) {
	t.Parallel()
	s, owner := pg.Store(t)
	first := newChange(t, s, "heritage:hello")
	exec(t, owner, `update change set state = 'applying'`)
	second := newChange(t, s, "heritage:hello")
	if second.State != bcn.ChangeWaitingTurn || second.Behind != first.ID {
		t.Fatalf("second is %s behind %s", second.State, second.Behind)
	}
	if other := newChange(t, s, "heritage:other"); other.State != bcn.ChangePlanning {
		t.Fatalf("another subject is %s", other.State)
	}
}

func TestAudit(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("concurrent transactions make one chain", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		var wg sync.WaitGroup
		for i := range 20 { // each of its own subject: the log alone is what they share
			wg.Go(func() { newChange(t, s, fmt.Sprintf("heritage:%d", i)) })
		}
		wg.Wait()
		n, err := s.VerifyAudit(ctx)
		if err != nil || n != 20 {
			t.Fatalf("verified %d: %v", n, err)
		}
	})

	t.Run("the bot's role cannot change an entry, and the owner is stopped by the trigger", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		newChange(t, s, "heritage:hello")
		if err := tryExec(owner, `update audit_entry set body = '{}'`); err == nil {
			t.Fatal("the owner changed an entry")
		}
	})

	t.Run("a changed entry is found", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		newChange(t, s, "heritage:hello")
		newChange(t, s, "heritage:hello")
		exec(t, owner, `alter table audit_entry disable trigger all`)
		exec(t, owner, `update audit_entry set body = replace(body, 'v2', 'v9') where seq = 1`)
		exec(t, owner, `update audit_entry set actor = 'U0LEAD' where seq = 2`)
		if n, err := s.VerifyAudit(ctx); err == nil {
			t.Fatalf("verified %d entries of a changed log", n)
		}
	})

	t.Run("a head that the key did not write stops everything", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		newChange(t, s, "heritage:hello")
		exec(t, owner, `update audit_head set seq = 0, hash = '', mac = ''`)
		exec(t, owner, `update audit_head set seq = 1`)
		_, err := s.New(ctx, deploy.Origin{}, bcn.Change{Kind: bcn.KindDeploy, Subject: "x"}, deploy.Wish{}, nil)
		if bcn.CodeOf(err) != bcn.CodeTampered {
			t.Fatalf("went on with a forged head: %v", err)
		}
	})
}

func exec(t *testing.T, url, sql string) {
	t.Helper()
	if err := tryExec(url, sql); err != nil {
		t.Fatal(err)
	}
}

func tryExec(url, sql string) error {
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(context.Background(), sql)
	return errors.Join(err, conn.Close(context.Background()))
}
