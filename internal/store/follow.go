package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Following answers the active follows of an account and region.
func (s *Store) Following(ctx context.Context, account, region string) ([]deploy.Following, error) {
	rows, err := s.pool.Query(ctx, `select change, stack, stack_id, district, since, baseline, status, last_event from follow
		where account = $1 and region = $2 and active order by change, stack`, account, region)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (deploy.Following, error) {
		var f deploy.Following
		err := row.Scan(&f.Change, &f.Stack, &f.StackID, &f.District, &f.Since, &f.Baseline, &f.Status, &f.LastEvent)
		return f, err
	})
}

// Read records what following a stack told, and kicks its change where
// something moved.
func (s *Store) Read(ctx context.Context, f deploy.Following, status deploy.StackStatus, events []deploy.StackEvent) error {
	return s.tx(ctx, func(t *txn) error {
		last := f.LastEvent
		for _, e := range events {
			last = e.ID
			_, err := t.Exec(ctx, `insert into stack_event (change, stack, id, at, logical_id, physical_id, type, status, reason)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
				int64(f.Change), f.Stack, e.ID, e.At, e.LogicalID, e.PhysicalID, e.Type, e.Status, e.Reason)
			if err != nil {
				return err
			}
		}
		err := t.moved(ctx, `update follow set status = $3, reason = $4, last_event = $5, read_at = bcn_now()
			where change = $1 and stack = $2 and stack_id = $6 and since = $7 and baseline = $8 and active`,
			int64(f.Change), f.Stack, status.Status, status.Reason, last, f.StackID, f.Since, f.Baseline)
		if errors.Is(err, ErrConflict) {
			return nil // no longer followed, or followed anew
		}
		if err != nil || (status.Status == f.Status && len(events) == 0) {
			return err
		}
		return t.kick(ctx, f.Change)
	})
}

// Follows answers what is known of a change's stacks and their events, oldest
// first.
func (s *Store) Follows(ctx context.Context, id bcn.ID) ([]deploy.Follow, []deploy.StackEvent, error) {
	rows, err := s.pool.Query(ctx, `select stack, stack_id, since, baseline, restores, status, reason, read_at from follow where change = $1`, int64(id))
	if err != nil {
		return nil, nil, err
	}
	follows, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (deploy.Follow, error) {
		var f deploy.Follow
		err := row.Scan(&f.Stack, &f.StackID, &f.Since, &f.Baseline, &f.Restores, &f.Status, &f.Reason, &f.ReadAt)
		return f, err
	})
	if err != nil {
		return nil, nil, err
	}
	rows, err = s.pool.Query(ctx, `select id, at, logical_id, physical_id, type, status, reason from stack_event
		where change = $1 order by seq`, int64(id))
	if err != nil {
		return nil, nil, err
	}
	events, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (deploy.StackEvent, error) {
		var e deploy.StackEvent
		err := row.Scan(&e.ID, &e.At, &e.LogicalID, &e.PhysicalID, &e.Type, &e.Status, &e.Reason)
		return e, err
	})
	return follows, events, err
}

// Progress answers what a running change's services looked like last.
func (s *Store) Progress(ctx context.Context, id bcn.ID) ([]deploy.Rollout, error) {
	var raw []byte
	if err := s.pool.QueryRow(ctx, `select progress from change where id = $1`, int64(id)).Scan(&raw); err != nil {
		return nil, err
	}
	var out []deploy.Rollout
	err := json.Unmarshal(raw, &out)
	return out, err
}

// Plan answers a change's plan; ErrNotFound where it has none (yet).
func (s *Store) Plan(ctx context.Context, id bcn.ID) (deploy.StoredPlan, error) {
	var p deploy.StoredPlan
	err := s.pool.QueryRow(ctx, `select bytes, hash from plan where change = $1`, int64(id)).Scan(&p.Bytes, &p.Hash)
	return found(p, err)
}
