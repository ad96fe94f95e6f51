package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// uniqueViolation is PostgreSQL's code for a duplicate key.
const uniqueViolation = "23505"

// taken turns a duplicate key into name_taken.
func taken(err error, name string) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == uniqueViolation {
		return bcn.E(bcn.CodeNameTaken, "name", name, "by", pg.TableName).Wrap(err)
	}
	return err
}

// putDistrict inserts the district, or writes over the one that is there.
func (t *txn) putDistrict(ctx context.Context, d bcn.District, rewrite bool) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if rewrite {
		return t.moved(ctx, `update district set body = $2 where name = $1`, d.Name, body)
	}
	_, err = t.Exec(ctx, `insert into district (name, body) values ($1, $2)`, d.Name, body)
	return taken(err, d.Name)
}

// putEndpoint inserts the endpoint, or writes over the one that is there.
func (t *txn) putEndpoint(ctx context.Context, e bcn.Endpoint, rewrite bool) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if rewrite {
		return t.moved(ctx, `update endpoint set body = $2 where name = $1`, e.Name, body)
	}
	_, err = t.Exec(ctx, `insert into endpoint (name, district, body) values ($1, $2, $3)`, e.Name, e.District, body)
	return taken(err, e.Name)
}

func (t *txn) insertHeritage(ctx context.Context, h bcn.Heritage) error {
	_, err := t.Exec(ctx, `insert into heritage (name, app, env, district, source, channel) values ($1, $2, $3, $4, $5, $6)`,
		h.Name, h.App, h.Env, h.District, h.Source, h.Channel)
	return taken(err, h.Name)
}

// Districts answers all districts by name.
func (s *Store) Districts(ctx context.Context) ([]bcn.District, error) {
	rows, err := s.pool.Query(ctx, `select body, created_at from district order by name`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (bcn.District, error) {
		var (
			d    bcn.District
			body []byte
		)
		if err := row.Scan(&body, &d.CreatedAt); err != nil {
			return d, err
		}
		err := json.Unmarshal(body, &d)
		return d, err
	})
}

// District answers one district, or ErrNotFound.
func (s *Store) District(ctx context.Context, name string) (bcn.District, error) {
	all, err := s.Districts(ctx)
	if err != nil {
		return bcn.District{}, err
	}
	for _, d := range all {
		if d.Name == name {
			return d, nil
		}
	}
	return bcn.District{}, ErrNotFound
}

// Endpoints answers all endpoints by name.
func (s *Store) Endpoints(ctx context.Context) ([]bcn.Endpoint, error) {
	rows, err := s.pool.Query(ctx, `select body from endpoint order by name`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (bcn.Endpoint, error) {
		var (
			e    bcn.Endpoint
			body []byte
		)
		if err := row.Scan(&body); err != nil {
			return e, err
		}
		err := json.Unmarshal(body, &e)
		return e, err
	})
}

const heritageColumns = `name, app, env, district, source, channel, created_at`

func scanHeritage(row pgx.CollectableRow) (bcn.Heritage, error) {
	var h bcn.Heritage
	err := row.Scan(&h.Name, &h.App, &h.Env, &h.District, &h.Source, &h.Channel, &h.CreatedAt)
	return h, err
}

// Heritages answers all heritages by app and environment.
func (s *Store) Heritages(ctx context.Context) ([]bcn.Heritage, error) {
	rows, err := s.pool.Query(ctx, `select `+heritageColumns+` from heritage order by app, env`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanHeritage)
}

// Heritage answers one app in one environment, or ErrNotFound.
func (s *Store) Heritage(ctx context.Context, app, env string) (bcn.Heritage, error) {
	rows, err := s.pool.Query(ctx, `select `+heritageColumns+` from heritage where app = $1 and env = $2`, app, env)
	if err != nil {
		return bcn.Heritage{}, err
	}
	return found(pgx.CollectExactlyOneRow(rows, scanHeritage))
}
