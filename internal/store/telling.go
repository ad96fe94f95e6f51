package store

import (
	"context"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// The keys of what is told once of a request that waits.
const (
	keyReminder  = "reminder"
	keyEscalated = "escalated"
)

// HalfTime answers the requests that have waited for more than half of their
// time and of which nobody was reminded yet, the one that expires first at the
// front.
func (s *Store) HalfTime(ctx context.Context) ([]bcn.Request, error) {
	return requests(ctx, s.pool, `state = 'pending' and expires_at > bcn_now()
		and bcn_now() > created_at + (expires_at - created_at) / 2
		and not exists (select 1 from outbox o where o.change = request.id and o.key in ($1, $2))
		order by expires_at limit 200`, keyReminder, keyEscalated)
}

// Escalating answers the requests whose next group may decide by now and was not
// told yet.
func (s *Store) Escalating(ctx context.Context) ([]bcn.Request, error) {
	return requests(ctx, s.pool, `state = 'pending' and expires_at > bcn_now() and escalated_at <= bcn_now()
		and not exists (select 1 from outbox o where o.change = request.id and o.key = $1)
		order by expires_at limit 200`, keyEscalated)
}

// Escalated tells the next group of a request, once, shows it on the card and
// writes it down.
func (s *Store) Escalated(ctx context.Context, r bcn.Request, notes []deploy.Note) error {
	return s.tx(ctx, func(t *txn) error {
		t.what = "the escalation"
		var waits bool
		err := t.QueryRow(ctx, `select state = 'pending' and not exists (select 1 from outbox o where o.change = request.id and o.key = $2)
			from request where id = $1 for update`, int64(r.ID), keyEscalated).Scan(&waits)
		if err != nil || !waits { // it was decided, or another process told
			return err
		}
		if err := t.say(ctx, r.ID, notes); err != nil {
			return err
		}
		if err := t.refreshCard(ctx, r.ID, true); err != nil {
			return err
		}
		return t.record("request.escalated", bcn.SystemIdentity, r.ID, map[string]any{"teams": r.Escalate, "since": r.EscalatedAt})
	})
}
