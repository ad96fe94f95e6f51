package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// LookForDrift asks for a look at each heritage and each district; TakeDriftLook
// and TakeDistrictDriftLook take them.
func (s *Store) LookForDrift(ctx context.Context) error {
	return s.tx(ctx, func(t *txn) error {
		for _, of := range []drifting{ofHeritages(), ofDistricts()} {
			if _, err := t.Exec(ctx, `insert into `+of.looks+` (`+of.owner+`) select name from `+of.owner+`
				on conflict (`+of.owner+`) do update set asked_at = excluded.asked_at, tries = 0`); err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	driftLease = `interval '5 minutes'` // longer than a look may take
	driftTries = 3                      // of one look, before it waits for the next night
)

// TakeDriftLook leases the heritage that has waited longest for a look: whoever
// dies with it leaves it to the next. ErrNone: none waits.
func (s *Store) TakeDriftLook(ctx context.Context) (bcn.Heritage, error) {
	name, err := s.takeDriftLook(ctx, ofHeritages())
	if err != nil {
		return bcn.Heritage{}, err
	}
	rows, err := s.pool.Query(ctx, `select `+heritageColumns+` from heritage where name = $1`, name)
	if err != nil {
		return bcn.Heritage{}, err
	}
	return found(pgx.CollectExactlyOneRow(rows, scanHeritage))
}

// TakeDistrictDriftLook is TakeDriftLook of a district, of which it answers the
// name.
func (s *Store) TakeDistrictDriftLook(ctx context.Context) (string, error) {
	return s.takeDriftLook(ctx, ofDistricts())
}

func (s *Store) takeDriftLook(ctx context.Context, of drifting) (name string, err error) {
	if _, err := s.pool.Exec(ctx, `delete from `+of.looks+` where tries >= $1 and lease_until < bcn_now()`, driftTries); err != nil {
		return "", err
	}
	err = s.pool.QueryRow(ctx, `update `+of.looks+` set tries = tries + 1, lease_until = bcn_now() + `+driftLease+`
		where `+of.owner+` = (select `+of.owner+` from `+of.looks+` where (lease_until is null or lease_until < bcn_now()) and tries < $1
			order by asked_at, `+of.owner+` limit 1 for update skip locked)
		returning `+of.owner, driftTries).Scan(&name)
	return found(name, err)
}

// DriftLookDone ends a look.
func (s *Store) DriftLookDone(ctx context.Context, heritage string) error {
	return s.driftLookDone(ctx, ofHeritages(), heritage)
}

// DistrictDriftLookDone ends a look at a district.
func (s *Store) DistrictDriftLookDone(ctx context.Context, district string) error {
	return s.driftLookDone(ctx, ofDistricts(), district)
}

func (s *Store) driftLookDone(ctx context.Context, of drifting, name string) error {
	_, err := s.pool.Exec(ctx, `delete from `+of.looks+` where `+of.owner+` = $1`, name)
	return err
}
