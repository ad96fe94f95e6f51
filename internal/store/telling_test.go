package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

func TestTellingTheNextGroup(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	c := claim(t, s, planned(t, s, "heritage:hello").ID)
	at := c.Now.Add(45 * time.Minute).UTC().Truncate(time.Microsecond)
	apply(t, s, deploy.Move{From: c, Event: bcn.EventAsk, Ask: &bcn.Request{
		ID: c.Change.ID, Hash: c.Plan.Hash, Requester: "U0DEV", ExpiresAt: c.Now.Add(time.Hour),
		Needs:    []bcn.Need{{Teams: []string{"leads"}, Count: 1, Instead: []string{"security"}}},
		Escalate: []string{"admins"}, EscalatedAt: at,
	}})
	r, err := s.Request(ctx, c.Change.ID)
	if err != nil || len(r.Escalate) != 1 || !r.EscalatedAt.Equal(at) || len(r.Needs[0].Instead) != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	due := func() (half, escalating int) {
		t.Helper()
		a, err := s.HalfTime(ctx)
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Escalating(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return len(a), len(b)
	}
	if half, escalating := due(); half != 0 || escalating != 0 {
		t.Errorf("at once: %d, %d", half, escalating)
	}
	storetest.Exec(t, owner, `update request set created_at = created_at - interval '50 minutes', expires_at = expires_at - interval '50 minutes', escalated_at = escalated_at - interval '50 minutes'`)
	if half, escalating := due(); half != 1 || escalating != 1 {
		t.Errorf("after 50 minutes: %d, %d", half, escalating)
	}
	note := []deploy.Note{{Key: "escalated", Role: deploy.RoleThread, Body: chat.Message{Text: "you may decide"}}}
	for range 2 { // two processes
		if err := s.Escalated(ctx, r, note); err != nil {
			t.Fatal(err)
		}
	}
	if half, escalating := due(); half != 0 || escalating != 0 {
		t.Errorf("once they were told: %d, %d", half, escalating)
	}
	for sql, want := range map[string]string{
		`select count(*) from outbox where key = 'escalated'`:                               "1",
		`select count(*) from audit_entry where kind = 'request.escalated'`:                 "1",
		`select body::jsonb->'teams'->>0 from audit_entry where kind = 'request.escalated'`: "admins",
	} {
		if got := storetest.Text(t, owner, sql); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}
