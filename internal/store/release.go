package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
)

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
	overlay, err := json.Marshal(r.Overlay)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `insert into release (heritage, number, change, tag, image, digest, commit, manifest, base,
		plan_hash, by_user, approvers, outcome, code, started_at, ended_at, kind, overlay, restores)
		select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, bcn_now(), $15, $16, $17
		from release where heritage = $1`,
		r.Heritage, int64(r.Change), r.Tag, r.Image, r.Digest, r.Commit, r.Manifest, base,
		r.PlanHash, r.By, approvers, r.Outcome, r.Code, r.StartedAt, r.Kind, overlay, r.Restores)
	if err != nil {
		return fmt.Errorf("record the release: %w", err)
	}
	return nil
}

const releaseColumns = `heritage, number, change, tag, image, digest, commit, manifest, plan_hash, by_user, approvers,
	outcome, code, started_at, ended_at, kind, overlay, restores,
	exists (select 1 from follow_up where follow_up.change = release.change)`

func scanRelease(row pgx.CollectableRow) (bcn.Release, error) {
	var (
		r                  bcn.Release
		approvers, overlay []byte
	)
	err := row.Scan(&r.Heritage, &r.Number, &r.Change, &r.Tag, &r.Image, &r.Digest, &r.Commit, &r.Manifest, &r.PlanHash,
		&r.By, &approvers, &r.Outcome, &r.Code, &r.StartedAt, &r.EndedAt, &r.Kind, &overlay, &r.Restores, &r.Glass)
	if err != nil {
		return r, err
	}
	return r, errors.Join(json.Unmarshal(approvers, &r.Approvers), json.Unmarshal(overlay, &r.Overlay))
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
		where heritage = $1 and outcome = 'succeeded' and not retired order by number desc limit 1`, heritage)
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
