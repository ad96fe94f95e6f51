package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// deputyMAC covers who stands for whom, from when until when. That a deputy was
// removed has a MAC of its own value, so that the removal cannot be taken back
// past bcn.
func (s *Store) deputyMAC(id int64, d bcn.Deputation, removed bool) []byte {
	return s.key.MAC("deputy", fmt.Append(nil, id), []byte(d.Absent), []byte(d.Deputy),
		fmt.Append(nil, d.Since.UnixMicro()), fmt.Append(nil, d.Until.UnixMicro()), fmt.Append(nil, removed))
}

// NameDeputy stores a deputy; see deploy.DeputyStore.
func (s *Store) NameDeputy(ctx context.Context, o deploy.Origin, d bcn.Deputation, notes []deploy.Note) (bcn.Deputation, error) {
	err := s.tx(ctx, func(t *txn) error {
		t.what = "a new deputy"
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		if err := t.QueryRow(ctx, `select bcn_now()`).Scan(&d.Since); err != nil {
			return err
		}
		d.Since, d.Until = d.Since.UTC().Truncate(time.Microsecond), d.Until.UTC().Truncate(time.Microsecond)
		if !d.Holds(d.Since) {
			return bcn.E(bcn.CodeDeputyTime)
		}
		gone, err := t.removeDeputies(ctx, d.Absent, d.Deputy, d.Absent) // the new time counts
		if err != nil {
			return err
		}
		for _, old := range gone { // and what was decided since the first word still does
			if old.Since.Before(d.Since) {
				d.Since = old.Since
			}
		}
		var id int64
		if err := t.QueryRow(ctx, `insert into deputy (absent, deputy, since, until, mac) values ($1, $2, $3, $4, '') returning id`,
			d.Absent, d.Deputy, d.Since, d.Until).Scan(&id); err != nil {
			return fmt.Errorf("store the deputy: %w", err)
		}
		if _, err := t.Exec(ctx, `update deputy set mac = $2 where id = $1`, id, s.deputyMAC(id, d, false)); err != nil {
			return err
		}
		if err := t.announce(ctx, notes); err != nil {
			return err
		}
		if err := t.refreshPending(ctx); err != nil {
			return err
		}
		return t.record("deputy.named", d.Absent, 0, map[string]any{"deputy": d.Deputy, "since": d.Since, "until": d.Until})
	})
	if err == nil {
		s.log.Info("deputy named", "absent", d.Absent, "deputy", d.Deputy, "until", d.Until)
	}
	return d, err
}

// RemoveDeputies ends who stands for somebody; see deploy.DeputyStore.
func (s *Store) RemoveDeputies(ctx context.Context, o deploy.Origin, actor, absent, deputy string, notes func(gone []bcn.Deputation) []deploy.Note) ([]bcn.Deputation, error) {
	var gone []bcn.Deputation
	err := s.tx(ctx, func(t *txn) error {
		t.what = "removing a deputy"
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		var err error
		if gone, err = t.removeDeputies(ctx, absent, deputy, actor); err != nil || len(gone) == 0 {
			return err
		}
		if err := t.announce(ctx, notes(gone)); err != nil {
			return err
		}
		return t.refreshPending(ctx)
	})
	return gone, err
}

// removeDeputies ends them in this transaction, each with its audit entry; an
// empty deputy is every one of the absent person's.
func (t *txn) removeDeputies(ctx context.Context, absent, deputy, actor string) ([]bcn.Deputation, error) {
	rows, err := t.Query(ctx, `select id, absent, deputy, since, until, mac from deputy
		where absent = $1 and ($2 = '' or deputy = $2) and removed_at is null and until > bcn_now() order by id for update`, absent, deputy)
	if err != nil {
		return nil, err
	}
	stored, err := pgx.CollectRows(rows, scanDeputy)
	if err != nil {
		return nil, err
	}
	var out []bcn.Deputation
	for _, d := range stored {
		_, err := t.Exec(ctx, `update deputy set removed_at = bcn_now(), removed_by = $2, mac = $3 where id = $1`,
			d.id, actor, t.s.deputyMAC(d.id, d.Deputation, true))
		if err != nil {
			return nil, err
		}
		out = append(out, d.Deputation)
		if err := t.record("deputy.removed", actor, 0, map[string]any{"absent": d.Absent, "deputy": d.Deputy}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// deputyRow is a deputy as it is stored.
type deputyRow struct {
	bcn.Deputation
	id  int64
	mac []byte
}

func scanDeputy(row pgx.CollectableRow) (deputyRow, error) {
	var d deputyRow
	err := row.Scan(&d.id, &d.Absent, &d.Deputy, &d.Since, &d.Until, &d.mac)
	return d, err
}

// Deputies answers who stands for whom at a moment; see deploy.DeputyStore. A
// row that is not as bcn wrote it stands for nobody.
func (s *Store) Deputies(ctx context.Context, at time.Time) ([]bcn.Deputation, error) {
	rows, err := s.pool.Query(ctx, `select id, absent, deputy, since, until, mac from deputy
		where removed_at is null and since <= coalesce($1, bcn_now()) and until > coalesce($1, bcn_now()) order by until, id limit 500`, timeOrNull(at))
	if err != nil {
		return nil, err
	}
	stored, err := pgx.CollectRows(rows, scanDeputy)
	var out []bcn.Deputation
	for _, d := range stored {
		if !audit.Equal(d.mac, s.deputyMAC(d.id, d.Deputation, false)) {
			s.log.Error("a deputy's row was changed past bcn", "row", d.id, "absent", d.Absent, "deputy", d.Deputy)
			continue
		}
		out = append(out, d.Deputation)
	}
	return out, err
}

// refreshPending shows the cards again of which somebody may decide now who
// could not before, or the other way round.
func (t *txn) refreshPending(ctx context.Context) error {
	t.outbox = true
	_, err := t.Exec(ctx, `update outbox o set version = o.version + 1, not_before = bcn_now()
		from change c where o.change = c.id and o.role = 'card' and c.state = 'waiting'`)
	return err
}
