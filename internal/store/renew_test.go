package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// A command that takes longer than a lease is run by one process all the same.
func TestALongCommandKeepsItsLease(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	if _, err := s.Put(ctx, chat.Request{Key: "k"}); err != nil {
		t.Fatal(err)
	}
	_, fence, _, err := s.ClaimInbox(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	over := func() {
		storetest.Exec(t, owner, `update inbox set lease_until = now() - interval '1 second' where key = 'k'`)
	}
	over()
	if err := s.RenewInbox(ctx, "k", fence); err != nil {
		t.Fatal(err)
	}
	if _, _, ok, _ := s.ClaimInbox(ctx, "k"); ok {
		t.Error("another runs what is renewed")
	}
	over()
	_, other, ok, err := s.ClaimInbox(ctx, "k")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := s.RenewInbox(ctx, "k", fence); !errors.Is(err, store.ErrConflict) {
		t.Errorf("who lost it renews it: %v", err)
	}
	if err := s.Settle(ctx, "k", other); err != nil {
		t.Fatal(err)
	}
	if err := s.RenewInbox(ctx, "k", other); !errors.Is(err, store.ErrConflict) {
		t.Errorf("what is done is renewed: %v", err)
	}
}

// A tick whose step takes longer than a lease stays with the process that runs
// it; nobody renews what another has by now.
func TestATickIsHeldWhileItsStepWorks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	_, tick := dueSchedule(t, s)
	first, ok, err := s.ClaimTick(ctx, tick.ID)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	exec(t, owner, `update tick set lease_until = bcn_now() - interval '1 second'`)
	if err := s.RenewTick(ctx, first); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.ClaimTick(ctx, tick.ID); ok || err != nil {
		t.Errorf("another has it: %v", err)
	}
	exec(t, owner, `update tick set lease_until = null`)
	if _, ok, err := s.ClaimTick(ctx, tick.ID); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := s.RenewTick(ctx, first); !errors.Is(err, deploy.ErrMoved) {
		t.Errorf("what another has was renewed: %v", err)
	}
}
