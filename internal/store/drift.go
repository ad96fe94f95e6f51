package store

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// markBytes of a keyed hash name a difference: enough that no two meet, and
// short enough to be typed.
const markBytes = 6

// drifting is where differences are kept: those of heritages, and those of
// districts with their endpoints.
type drifting struct {
	rows  string // the table
	looks string // the table of those that the watch has yet to look at
	owner string // the table, and the column, of whose they are
	label string // sets the marks and seals of the one apart from the other's
}

func ofHeritages() drifting {
	return drifting{rows: "drift", looks: "drift_look", owner: "heritage"}
}

func ofDistricts() drifting {
	return drifting{rows: "district_drift", looks: "district_drift_look", owner: "district", label: "district:"}
}

// SawDrift writes down what was found of a heritage, and answers it with the
// mark of each difference and who has accepted it. Marks are keyed: of a value
// that is not shown they tell nothing. What is gone is forgotten, unless not all
// could be read. say, which may be nil, tells what was never told nor accepted,
// once: its messages are stored together with that.
func (s *Store) SawDrift(ctx context.Context, heritage string, r deploy.DriftReport, say func(fresh []deploy.Drifted) []deploy.Note) (deploy.DriftReport, error) {
	return s.sawDrift(ctx, ofHeritages(), heritage, r, say)
}

// SawDistrictDrift is SawDrift of a district and its endpoints.
func (s *Store) SawDistrictDrift(ctx context.Context, district string, r deploy.DriftReport, say func(fresh []deploy.Drifted) []deploy.Note) (deploy.DriftReport, error) {
	return s.sawDrift(ctx, ofDistricts(), district, r, say)
}

func (s *Store) sawDrift(ctx context.Context, of drifting, name string, r deploy.DriftReport, say func(fresh []deploy.Drifted) []deploy.Note) (deploy.DriftReport, error) {
	r.Resources = slices.Clone(r.Resources)
	marks := []string{}
	for i, d := range r.Resources {
		r.Resources[i].Mark = hex.EncodeToString(s.key.MAC("drift", []byte(of.label+name), []byte(d.Mark))[:markBytes])
		marks = append(marks, r.Resources[i].Mark)
	}
	err := s.tx(ctx, func(t *txn) error {
		// Two looks at once write one after the other.
		if _, err := t.Exec(ctx, `select from `+of.owner+` where name = $1 for update`, name); err != nil {
			return err
		}
		if len(r.Unchecked) == 0 {
			if _, err := t.Exec(ctx, `delete from `+of.rows+` where `+of.owner+` = $1 and mark <> all($2)`, name, marks); err != nil {
				return err
			}
		}
		fresh, err := t.driftRows(ctx, of, name, r.Resources)
		if err != nil || say == nil || len(fresh) == 0 {
			return err
		}
		notes := say(fresh)
		if len(notes) == 0 { // nobody was told
			return nil
		}
		return t.sayDrift(ctx, of, name, fresh, notes)
	})
	return r, err
}

// driftRows writes a row for each difference and reads what is known of it. It
// answers those that were never told nor accepted.
func (t *txn) driftRows(ctx context.Context, of drifting, name string, list []deploy.Drifted) ([]deploy.Drifted, error) {
	var fresh []deploy.Drifted
	for i, d := range list {
		var (
			told *time.Time
			at   *time.Time
			by   string
			mac  []byte
		)
		err := t.QueryRow(ctx, `insert into `+of.rows+` (`+of.owner+`, mark, resource) values ($1, $2, $3)
			on conflict (`+of.owner+`, mark) do update set resource = excluded.resource
			returning announced_at, accepted_by, accepted_at, mac`, name, d.Mark, d.Stack+"/"+d.ID).Scan(&told, &by, &at, &mac)
		if err != nil {
			return nil, err
		}
		if at != nil && audit.Equal(mac, t.s.acceptMAC(of.label+name, d.Mark, by)) {
			list[i].Accepted = &deploy.Acceptance{By: by, At: *at}
		} else if told == nil {
			fresh = append(fresh, list[i])
		}
	}
	return fresh, nil
}

func (t *txn) sayDrift(ctx context.Context, of drifting, name string, fresh []deploy.Drifted, notes []deploy.Note) error {
	var marks []string
	for _, d := range fresh {
		marks = append(marks, d.Mark)
	}
	if _, err := t.Exec(ctx, `update `+of.rows+` set announced_at = bcn_now() where `+of.owner+` = $1 and mark = any($2)`, name, marks); err != nil {
		return err
	}
	return t.announce(ctx, notes)
}

// acceptMAC covers who accepted what: a row that only the database's owner wrote
// hides nothing.
func (s *Store) acceptMAC(whose, mark, by string) []byte {
	return s.key.MAC("drift accepted", []byte(whose), []byte(mark), []byte(by))
}

// AcceptDrift records that somebody accepts a difference that the last look
// found, and answers the resource. ErrNone: it is no longer there, or not as it
// was. Whoever was first stays who accepted it.
func (s *Store) AcceptDrift(ctx context.Context, o deploy.Origin, actor bcn.Actor, heritage, mark string) (string, error) {
	return s.acceptDrift(ctx, ofHeritages(), o, actor, heritage, mark)
}

// AcceptDistrictDrift is AcceptDrift of a district and its endpoints.
func (s *Store) AcceptDistrictDrift(ctx context.Context, o deploy.Origin, actor bcn.Actor, district, mark string) (string, error) {
	return s.acceptDrift(ctx, ofDistricts(), o, actor, district, mark)
}

func (s *Store) acceptDrift(ctx context.Context, of drifting, o deploy.Origin, actor bcn.Actor, name, mark string) (string, error) {
	var resource string
	err := s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		by := who(actor)
		err := t.QueryRow(ctx, `update `+of.rows+` set accepted_by = $3, accepted_at = bcn_now(), mac = $4
			where `+of.owner+` = $1 and mark = $2 and accepted_at is null returning resource`,
			name, mark, by, s.acceptMAC(of.label+name, mark, by)).Scan(&resource)
		if errors.Is(err, pgx.ErrNoRows) {
			_, err = found(0, t.QueryRow(ctx, `select resource from `+of.rows+` where `+of.owner+` = $1 and mark = $2`, name, mark).Scan(&resource))
			return err
		}
		if err != nil {
			return err
		}
		return t.record("drift.accepted", by, 0, map[string]any{of.owner: name, "mark": mark, "resource": resource})
	})
	return resource, err
}
