package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Reconcile inserts a job for every unfinished row that has none: what a
// process left behind when it died, requests that expired, subjects that are
// free again, stacks that are followed. It answers how many jobs it inserted.
func (s *Store) Reconcile(ctx context.Context) (int, error) {
	n := 0
	err := s.tx(ctx, func(t *txn) error {
		ids, err := t.stranded(ctx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := t.hurry(ctx, id); err != nil {
				return err
			}
		}
		follows, err := t.unfollowed(ctx)
		if err != nil {
			return err
		}
		for _, f := range follows {
			if err := t.insertOnce(ctx, f); err != nil {
				return err
			}
		}
		ticks, err := t.strandedTicks(ctx)
		if err != nil {
			return err
		}
		for _, id := range ticks {
			if err := t.hurryTick(ctx, id); err != nil {
				return err
			}
		}
		n = len(ids) + len(follows) + len(ticks)
		if err := t.insertWatch(ctx); err != nil {
			return err
		}
		return t.insertReaper(ctx)
	})
	if err != nil {
		return 0, fmt.Errorf("reconcile: %w", err)
	}
	return n, nil
}

// stranded finds changes that something should happen to now and that no job
// waits for. A job that says running counts only while the row is leased, and
// one whose time has passed not at all: who would wake it may have died.
func (t *txn) stranded(ctx context.Context) ([]bcn.ID, error) {
	rows, err := t.Query(ctx, `select c.id from change c where not c.parked
		and (c.lease_until is null or c.lease_until < bcn_now())
		and (c.leftover
			or c.state in ('planning', 'planned', 'queued', 'applying', 'verifying', 'cancelling')
			or (c.state = 'waiting' and exists (select 1 from request r where r.id = c.id and r.expires_at <= bcn_now()))
			or (c.state = 'waiting_turn' and not exists (select 1 from change b where b.subject = c.subject
				and b.state in ('applying', 'verifying', 'cancelling', 'blocked'))
				and not exists (select 1 from hold h where h.id = c.held_by and `+holding+`)))
		and not exists (select 1 from river_job j where j.kind = 'change' and j.args @> jsonb_build_object('id', c.id)
			and j.state in ('available', 'scheduled', 'retryable', 'pending')
			and (j.state <> 'scheduled' or j.scheduled_at > now() - interval '2 seconds'))
		order by c.id limit 500`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[bcn.ID])
}

// strandedTicks finds open ticks that no job waits for.
func (t *txn) strandedTicks(ctx context.Context) ([]bcn.ID, error) {
	rows, err := t.Query(ctx, `select k.id from tick k where `+tickOpen+` and not k.parked and (k.lease_until is null or k.lease_until < bcn_now())
		and not exists (select 1 from river_job j where j.kind = 'tick' and j.args @> jsonb_build_object('id', k.id)
			and j.state in ('available', 'scheduled', 'retryable', 'pending')
			and (j.state <> 'scheduled' or j.scheduled_at > now() - interval '2 seconds'))
		order by k.id limit 500`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[bcn.ID])
}

// unfollowed finds accounts and regions whose follower stopped.
func (t *txn) unfollowed(ctx context.Context) ([]FollowArgs, error) {
	rows, err := t.Query(ctx, `select distinct f.account, f.region from follow f where f.active
		and (f.read_at is null or f.read_at < bcn_now() - interval '10 seconds')
		and not exists (select 1 from river_job j where j.kind = 'follow'
			and j.args @> jsonb_build_object('account', f.account, 'region', f.region)
			and j.state in ('available', 'scheduled', 'retryable', 'pending'))`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[FollowArgs])
}

// insertReaper keeps one reaper's job in the queue, whatever state it is in.
func (t *txn) insertReaper(ctx context.Context) error {
	var there bool
	err := t.QueryRow(ctx, `select exists (select 1 from river_job where kind = 'reap'
		and (state <> 'running' or attempted_at > bcn_now() - interval '5 minutes')
		and state in ('available', 'scheduled', 'retryable', 'pending', 'running'))`).Scan(&there)
	if err != nil || there {
		return err
	}
	return t.insertOnce(ctx, ReapArgs{})
}
