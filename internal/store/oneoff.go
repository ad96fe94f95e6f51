package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

const oneoffColumns = `try, definition, container, nonce, asked_at, task, taken_at, cancel_at, started_at, ended_at, exit_code, reason, why, unknown`

// oneoffMAC covers what opens a gate: a row that was changed past bcn does not
// let a rollout go on.
func (s *Store) oneoffMAC(id bcn.ID, o bcn.Oneoff) []byte {
	exit := ""
	if o.ExitCode != nil {
		exit = strconv.Itoa(*o.ExitCode)
	}
	return s.key.MAC("oneoff", fmt.Append(nil, int64(id)), fmt.Append(nil, o.Try), []byte(o.Definition), []byte(o.Container), []byte(o.Task),
		[]byte(o.Nonce), micros(o.TakenAt), micros(o.CancelAt), fmt.Append(nil, o.AskedAt.UnixMicro()), fmt.Append(nil, o.EndedAt != nil, o.Unknown), []byte(exit), []byte(o.Why))
}

// micros is a time as the database keeps it; none is empty.
func micros(t *time.Time) []byte {
	if t == nil {
		return nil
	}
	return fmt.Append(nil, t.UnixMicro())
}

// storeOneoff writes the one-off of a move.
func (t *txn) storeOneoff(ctx context.Context, c bcn.Change, m deploy.Move) error {
	if m.Oneoff == nil {
		return nil
	}
	o := *m.Oneoff
	cut(&o.AskedAt, o.TakenAt, o.CancelAt, o.StartedAt, o.EndedAt)
	_, err := t.Exec(ctx, `insert into oneoff (change, `+oneoffColumns+`, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		on conflict (change) do update set (`+oneoffColumns+`, mac)
			= ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		int64(c.ID), o.Try, o.Definition, o.Container, o.Nonce, o.AskedAt, o.Task, o.TakenAt, o.CancelAt, o.StartedAt, o.EndedAt, o.ExitCode, o.Reason, o.Why, o.Unknown,
		t.s.oneoffMAC(c.ID, o))
	if err != nil {
		return fmt.Errorf("write the one-off of %s: %w", c.ID, err)
	}
	what := ""
	switch {
	case o.Unknown:
		what = "unknown"
	case o.EndedAt != nil:
		what = "ended"
	case o.Task == "":
		what = "asked"
	case m.From.Oneoff != nil && m.From.Oneoff.Task == "":
		what = "started"
	}
	if what == "" {
		return nil
	}
	t.what = "the one-off " + what
	body := map[string]any{"try": o.Try, "definition": o.Definition, "task": o.Task, "why": o.Why}
	if o.ExitCode != nil {
		body["exit"] = *o.ExitCode
	}
	return t.record("oneoff."+what, actorOf(m), c.ID, body)
}

// claimOneoff adds the one-off of a change that has one, and says whether its
// row was changed past bcn.
func (t *txn) claimOneoff(ctx context.Context, c *deploy.Claimed) error {
	o, mac, err := oneOneoff(ctx, t, c.Change.ID)
	if errors.Is(err, ErrNotFound) {
		return t.neverAsked(ctx, c)
	}
	if err != nil {
		return err
	}
	c.Oneoff, c.Forged = &o, !audit.Equal(mac, t.s.oneoffMAC(c.Change.ID, o))
	return nil
}

// neverAsked says whether a task that has no row was never asked for. The log
// knows those that were: without its row such a task would be run again.
func (t *txn) neverAsked(ctx context.Context, c *deploy.Claimed) error {
	if c.Change.State.BeforeApplying() || c.Change.State.Ended() {
		return nil
	}
	asked, err := t.auditOf(ctx, "oneoff.asked", c.Change.ID, nil)
	c.Forged = asked
	return err
}

// Oneoff answers where the one-off task of a change stands; ErrNotFound where
// it has none (yet).
func (s *Store) Oneoff(ctx context.Context, id bcn.ID) (bcn.Oneoff, error) {
	o, _, err := oneOneoff(ctx, s.pool, id)
	return o, err
}

func oneOneoff(ctx context.Context, q querier, id bcn.ID) (o bcn.Oneoff, mac []byte, err error) {
	rows, err := q.Query(ctx, `select `+oneoffColumns+`, mac from oneoff where change = $1`, int64(id))
	if err != nil {
		return o, nil, err
	}
	o, err = found(pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (bcn.Oneoff, error) {
		var o bcn.Oneoff
		err := row.Scan(&o.Try, &o.Definition, &o.Container, &o.Nonce, &o.AskedAt, &o.Task, &o.TakenAt, &o.CancelAt,
			&o.StartedAt, &o.EndedAt, &o.ExitCode, &o.Reason, &o.Why, &o.Unknown, &mac)
		return o, err
	}))
	return o, mac, err
}
