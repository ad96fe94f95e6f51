package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

const grantColumns = `id, state, person, open_until, starts_at, ends_at, key, mints, task, task_asked, ready, schedule,
	sessions, why, by_who, ended_at, swept_at, verified_at, tries, looks, checked_at, warned, paged`

func scanGrant(row pgx.CollectableRow) (bcn.Grant, error) {
	var (
		g        bcn.Grant
		sessions []byte
	)
	err := row.Scan(&g.ID, &g.State, &g.Person, &g.OpenUntil, &g.StartsAt, &g.EndsAt, &g.Key, &g.Mints, &g.Task, &g.TaskAsked,
		&g.Ready, &g.Schedule, &sessions, &g.Why, &g.By, &g.EndedAt, &g.SweptAt, &g.VerifiedAt, &g.Tries, &g.Looks, &g.CheckedAt, &g.Warned, &g.Paged)
	if err != nil {
		return g, err
	}
	if json.Unmarshal(sessions, &g.Sessions) != nil {
		g.Sessions = nil // the row's MAC does not hold then
	}
	return g, nil
}

func oneGrant(ctx context.Context, q querier, id bcn.ID) (bcn.Grant, error) {
	rows, err := q.Query(ctx, `select `+grantColumns+` from access_grant where id = $1`, int64(id))
	if err != nil {
		return bcn.Grant{}, err
	}
	return found(pgx.CollectExactlyOneRow(rows, scanGrant))
}

// storeGrant writes a grant's share of a move. Its fence is its change's.
func (t *txn) storeGrant(ctx context.Context, c bcn.Change, m deploy.Move) error {
	if m.Grant == nil {
		return nil
	}
	g, from := m.Grant.Row, m.Grant.Row.State
	if m.Grant.Event != "" {
		next, ok := from.Next(m.Grant.Event)
		if !ok {
			return fmt.Errorf("event %q does not belong to state %q of grant %s: %w", m.Grant.Event, from, c.ID, ErrConflict)
		}
		g.State, t.what = next, "the grant's move to "+string(next)
	}
	if g.Sessions == nil {
		g.Sessions = []bcn.GrantSession{}
	}
	cut(&g.OpenUntil, g.StartsAt, g.EndsAt, g.TaskAsked, g.EndedAt)
	sessions, err := json.Marshal(g.Sessions)
	if err != nil {
		return err
	}
	values := []any{
		int64(c.ID), g.State, g.Person, g.OpenUntil, g.StartsAt, g.EndsAt, g.Key, g.Mints, g.Task, g.TaskAsked, g.Ready, g.Schedule,
		sessions, g.Why, g.By, g.EndedAt, g.SweptAt, g.VerifiedAt, g.Tries, g.Looks, g.CheckedAt, g.Warned, g.Paged,
	}
	if m.Grant.New {
		return t.writeGrant(ctx, c.ID, `insert into access_grant (`+grantColumns+`, mac)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, '')`, values...)
	}
	err = t.writeGrant(ctx, c.ID, `update access_grant set (state, person, open_until, starts_at, ends_at, key, mints, task, task_asked, ready,
		schedule, sessions, why, by_who, ended_at, swept_at, verified_at, tries, looks, checked_at, warned, paged)
		= ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
		where id = $1 and state = $24`, append(values, from)...)
	if err != nil || m.Grant.Event == "" {
		return err
	}
	body := map[string]any{"from": from, "to": g.State, "mints": g.Mints}
	if g.EndsAt != nil {
		body["ends"] = g.EndsAt.UTC().Format(time.RFC3339)
	}
	if g.Why != "" {
		body["why"] = g.Why
	}
	maps.Copy(body, m.Audit)
	t.s.log.Info("grant moved", "change", int64(c.ID), "from", from, "to", g.State, "why", g.Why)
	return t.record("grant."+string(m.Grant.Event), actorOf(m), c.ID, body)
}

// writeGrant writes the row and seals it: one that was changed past bcn lets
// nobody in, and no longer.
func (t *txn) writeGrant(ctx context.Context, id bcn.ID, sql string, values ...any) error {
	var row []byte
	err := t.QueryRow(ctx, sql+` returning to_jsonb(access_grant)`, values...).Scan(&row)
	if _, err = found(0, err); errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	return t.seal(ctx, "access_grant", row, `id = $1`, int64(id))
}

// cut brings times to what a timestamptz keeps, so that the MAC covers what is
// read back.
func cut(at ...*time.Time) {
	for _, t := range at {
		if t != nil {
			*t = t.UTC().Truncate(time.Microsecond)
		}
	}
}

// claimGrant adds the grant of a change that has one, proven.
func (t *txn) claimGrant(ctx context.Context, c *deploy.Claimed) error {
	if !c.Change.Kind.Access() {
		return nil
	}
	g, err := oneGrant(ctx, t, c.Change.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var row, mac []byte
	if err := t.QueryRow(ctx, `select to_jsonb(access_grant), mac from access_grant where id = $1`, int64(g.ID)).Scan(&row, &mac); err != nil {
		return err
	}
	c.Grant, c.Proven = &g, t.sealed("access_grant", row, mac) == nil
	return nil
}

// Touch changes a grant from outside a claim; see grant.Store.
func (s *Store) Touch(ctx context.Context, o deploy.Origin, id bcn.ID, f func(deploy.Claimed) (deploy.Move, error)) (deploy.Claimed, error) {
	var c deploy.Claimed
	err := s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		err := t.QueryRow(ctx, `update change set fence = fence + 1, lease_until = null where id = $1 returning phase, failures, bcn_now()`,
			int64(id)).Scan(&c.Phase, &c.Failures, &c.Now)
		if _, err = found(0, err); errors.Is(err, ErrNotFound) {
			return bcn.E(bcn.CodeUnknownID, "id", id.String())
		}
		if err != nil {
			return err
		}
		if c.Change, err = oneChange(ctx, t, `id = $1`, int64(id)); err != nil {
			return err
		}
		if err := t.claimRest(ctx, &c); err != nil {
			return err
		}
		m, err := f(c)
		if err != nil {
			return err
		}
		if c.Grant != nil && m.Grant != nil && m.Grant.Row.State.Open() && m.Grant.Event != bcn.GrantEnd {
			if err := t.proveBegun(ctx, c); err != nil {
				return err
			}
		}
		m.From = c
		if c.Change, err = t.apply(ctx, m); err != nil {
			return err
		}
		if m.Grant != nil {
			g, err := oneGrant(ctx, t, id)
			if err != nil {
				return err
			}
			c.Grant = &g
		}
		return t.hurry(ctx, id)
	})
	return c, err
}

// proveBegun checks what is about to let somebody in: the plan's bytes, the
// grant's row, and that the log says that it was started and not that it ended:
// a row that was put back whole is not open again.
func (t *txn) proveBegun(ctx context.Context, c deploy.Claimed) error {
	if !c.Proven || c.Grant.Person != c.Change.Requester.User {
		return bcn.E(bcn.CodeTampered, "what", "grant")
	}
	if _, err := t.provenHash(ctx, c.Change.ID); err != nil {
		return err
	}
	ok, err := t.auditOf(ctx, "change."+string(bcn.EventStart), c.Change.ID, map[string]string{"hash": c.Plan.Hash})
	if err != nil || !ok {
		return tampered("audit entry of the start", err)
	}
	for _, end := range []bcn.GrantEvent{bcn.GrantEnd, bcn.GrantExpire, bcn.GrantCancel} {
		if over, err := t.auditOf(ctx, "grant."+string(end), c.Change.ID, nil); err != nil || over {
			return tampered("grant", err)
		}
	}
	return nil
}

// Grant answers one grant; see grant.Store.
func (s *Store) Grant(ctx context.Context, id bcn.ID) (bcn.Grant, error) {
	return oneGrant(ctx, s.pool, id)
}

// OpenGrants answers the grants that have not ended, oldest first.
func (s *Store) OpenGrants(ctx context.Context) ([]bcn.Grant, error) {
	rows, err := s.pool.Query(ctx, `select `+grantColumns+` from access_grant
		where state in ('approved', 'minting', 'live', 'ending', 'end_failed') order by id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanGrant)
}

// Asking answers the access that is planned or waits for approval, oldest first.
func (s *Store) Asking(ctx context.Context) ([]bcn.Change, error) {
	return manyChanges(ctx, s.pool, `kind like 'access%' and state in ('planning', 'planned', 'waiting', 'queued') order by id`)
}

// SessionOwner answers the grant under which bcn knows a session; 0: none.
func (s *Store) SessionOwner(ctx context.Context, session string) (bcn.ID, error) {
	var id bcn.ID
	err := s.pool.QueryRow(ctx, `select coalesce(max(id), 0) from access_grant where sessions @> jsonb_build_array(jsonb_build_object('id', $1::text))`,
		session).Scan(&id)
	return id, err
}
