package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// foreignKeyViolation is PostgreSQL's code for a row that another refers to.
const foreignKeyViolation = "23503"

// Deployed answers what a district's heritages run; see deploy.Store.
func (s *Store) Deployed(ctx context.Context, district string) ([]deploy.Deployed, error) {
	rows, err := s.pool.Query(ctx, `select distinct on (h.name) h.name, h.app, h.env, h.district, r.manifest
		from heritage h join release r on r.heritage = h.name and r.outcome = 'succeeded' and not r.retired
		where h.district = $1 order by h.name, r.number desc`, district)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (deploy.Deployed, error) {
		var d deploy.Deployed
		err := row.Scan(&d.Heritage.Name, &d.Heritage.App, &d.Heritage.Env, &d.Heritage.District, &d.Manifest)
		return d, err
	})
}

// Release answers a release by its number, or ErrNotFound.
func (s *Store) Release(ctx context.Context, heritage string, number int64) (bcn.Release, error) {
	rows, err := s.pool.Query(ctx, `select `+releaseColumns+` from release where heritage = $1 and number = $2 and not retired`, heritage, number)
	if err != nil {
		return bcn.Release{}, err
	}
	return found(pgx.CollectExactlyOneRow(rows, scanRelease))
}

// Successful answers at most limit successful releases with numbers below
// before, newest first.
func (s *Store) Successful(ctx context.Context, heritage string, before int64, limit int) ([]bcn.Release, error) {
	rows, err := s.pool.Query(ctx, `select `+releaseColumns+` from release
		where heritage = $1 and outcome = 'succeeded' and not retired and number < $2 order by number desc limit $3`, heritage, before, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanRelease)
}

// forget takes rows away. A district that something of bcn's still lives in
// (a foreign key) is refused, so that nobody loses theirs by a race. A
// heritage's releases become history.
func (t *txn) forget(ctx context.Context, m deploy.Move) error {
	if h := m.Heritage; h != nil {
		if _, err := t.Exec(ctx, `update release set retired = true where heritage = $1`, h.Name); err != nil {
			return err
		}
		if err := t.revokeTokens(ctx, m.From.Change.Requester, h.Name, nil, func(bcn.Change) []deploy.Note { return nil }); err != nil {
			return err
		}
		if err := t.closeAll(ctx, *h, m.From.Change.ID); err != nil {
			return err
		}
		if err := t.liftLock(ctx, *h, who(m.From.Change.Requester)); err != nil {
			return err
		}
	}
	for _, row := range []struct {
		table, name string
	}{
		{"heritage", nameOf(m.Heritage, func(h bcn.Heritage) string { return h.Name })},
		{"endpoint", nameOf(m.Endpoint, func(e bcn.Endpoint) string { return e.Name })},
		{"district", nameOf(m.District, func(d bcn.District) string { return d.Name })},
	} {
		if row.name == "" {
			continue
		}
		if _, err := t.Exec(ctx, `delete from `+row.table+` where name = $1`, row.name); err != nil {
			return inUse(err, row.name)
		}
	}
	return nil
}

// closeAll closes what was asked for of a heritage that goes and has not begun:
// approved later it would write to what another may be given the name of.
func (t *txn) closeAll(ctx context.Context, h bcn.Heritage, by bcn.ID) error {
	open, err := manyChanges(ctx, t, `(heritage = $1 or (app = $2 and env = $3)) and id <> $4
		and state in ('waiting_turn', 'planning', 'planned', 'waiting', 'queued') order by id for update`, h.Name, h.App, h.Env, int64(by))
	if err != nil {
		return err
	}
	for _, c := range open {
		err := t.closeNow(ctx, c, bcn.CodeSuperseded, map[string]string{"id": c.ID.String(), "by": by.String()}, bcn.RequestSupersede, bcn.SystemIdentity)
		if err != nil {
			return err
		}
	}
	return nil
}

func nameOf[T any](row *T, name func(T) string) string {
	if row == nil {
		return ""
	}
	return name(*row)
}

// inUse turns a foreign key that holds a row into in_use.
func inUse(err error, name string) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == foreignKeyViolation {
		return bcn.E(bcn.CodeInUse, "name", name, "by", pg.TableName).Wrap(err)
	}
	return err
}
