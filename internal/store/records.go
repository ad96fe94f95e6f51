package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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

// insertRelease gives the release the next number of its heritage: the row of
// the heritage is locked, so that two never get the same.
func (t *txn) insertRelease(ctx context.Context, r bcn.Release, base []byte) error {
	approvers, err := json.Marshal(r.Approvers)
	if err != nil {
		return err
	}
	if _, err := t.Exec(ctx, `select 1 from heritage where name = $1 for update`, r.Heritage); err != nil {
		return err
	}
	if base == nil {
		base = []byte{}
	}
	_, err = t.Exec(ctx, `insert into release (heritage, number, change, tag, image, digest, commit, manifest, base,
		plan_hash, by_user, approvers, outcome, code, started_at, ended_at)
		select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, bcn_now()
		from release where heritage = $1`,
		r.Heritage, int64(r.Change), r.Tag, r.Image, r.Digest, r.Commit, r.Manifest, base,
		r.PlanHash, r.By, approvers, r.Outcome, r.Code, r.StartedAt)
	if err != nil {
		return fmt.Errorf("record the release: %w", err)
	}
	return nil
}

const releaseColumns = `heritage, number, change, tag, image, digest, commit, manifest, plan_hash, by_user, approvers,
	outcome, code, started_at, ended_at`

func scanRelease(row pgx.CollectableRow) (bcn.Release, error) {
	var (
		r         bcn.Release
		approvers []byte
	)
	err := row.Scan(&r.Heritage, &r.Number, &r.Change, &r.Tag, &r.Image, &r.Digest, &r.Commit, &r.Manifest, &r.PlanHash,
		&r.By, &approvers, &r.Outcome, &r.Code, &r.StartedAt, &r.EndedAt)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(approvers, &r.Approvers)
}

// Releases answers at most limit releases of a heritage, newest first.
func (s *Store) Releases(ctx context.Context, heritage string, limit int) ([]bcn.Release, error) {
	rows, err := s.pool.Query(ctx, `select `+releaseColumns+` from release where heritage = $1 order by number desc limit $2`, heritage, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanRelease)
}

// LastRelease answers the last successful release; see deploy.Store.
func (s *Store) LastRelease(ctx context.Context, heritage string) (bcn.Release, []byte, error) {
	rows, err := s.pool.Query(ctx, `select `+releaseColumns+` from release
		where heritage = $1 and outcome = 'succeeded' order by number desc limit 1`, heritage)
	if err != nil {
		return bcn.Release{}, nil, err
	}
	r, err := found(pgx.CollectExactlyOneRow(rows, scanRelease))
	if err != nil {
		return r, nil, err
	}
	var base []byte
	err = s.pool.QueryRow(ctx, `select base from release where heritage = $1 and number = $2`, heritage, r.Number).Scan(&base)
	return r, base, err
}

// NextRelease answers the number that a heritage's next release gets.
func (s *Store) NextRelease(ctx context.Context, heritage string) (int64, error) {
	var n int64
	err := s.pool.QueryRow(ctx, `select coalesce(max(number), 0) + 1 from release where heritage = $1`, heritage).Scan(&n)
	return n, err
}
