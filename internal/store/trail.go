package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// AskReconcile asks for a comparison of CloudTrail with the log in a district,
// or in each, and answers which; TakeReconcile takes them.
func (s *Store) AskReconcile(ctx context.Context, o deploy.Origin, actor bcn.Actor, district string) ([]string, error) {
	var names []string
	err := s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		rows, err := t.Query(ctx, `insert into audit_reconcile (district, asked_at) select name, bcn_now() from district where $1 in ('', name)
			on conflict (district) do update set asked_at = excluded.asked_at, tries = 0
			returning district`, district)
		if err != nil {
			return err
		}
		if names, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || actor.Kind == bcn.System {
			return err
		}
		return t.record("audit.reconcile", who(actor), 0, map[string]any{"district": district})
	})
	return names, err
}

const (
	reconcileLease = `interval '10 minutes'` // longer than one window takes
	reconcileTries = 3                       // before it waits for the next night
	// firstReconcile is how far back a district is looked at that never was.
	firstReconcile = `interval '1 day'`
)

// Window is a time of a district whose CloudTrail is to be compared.
type Window struct {
	District bcn.District
	From, To time.Time
}

// TakeReconcile leases the district that has waited longest to be compared, with
// the window that begins where the last one ended, at most span long and no
// nearer to now than lag: CloudTrail does not know of what is younger. ErrNotFound:
// none waits.
func (s *Store) TakeReconcile(ctx context.Context, lag, span time.Duration) (Window, error) {
	var w Window
	var name string
	if _, err := s.pool.Exec(ctx, `update audit_reconcile set asked_at = null, lease_until = null
		where asked_at is not null and tries >= $1 and lease_until < bcn_now()`, reconcileTries); err != nil {
		return w, err
	}
	err := s.pool.QueryRow(ctx, `update audit_reconcile r set tries = tries + 1, lease_until = bcn_now() + `+reconcileLease+`
		where district = (select district from audit_reconcile where asked_at is not null and (lease_until is null or lease_until < bcn_now()) and tries < $1
			order by asked_at, district limit 1 for update skip locked)
		returning district, coalesce(until, bcn_now() - `+firstReconcile+`), date_trunc('second', least(coalesce(until, bcn_now() - `+firstReconcile+`) + $2::interval, bcn_now() - $3::interval))`,
		reconcileTries, span, lag).Scan(&name, &w.From, &w.To)
	if _, err = found(0, err); err != nil {
		return w, err
	}
	w.District, err = s.District(ctx, name)
	return w, err
}

// Finding is something that CloudTrail and the log do not agree on.
type Finding struct {
	Key  string // makes it be told once
	Kind string // audit.unexplained or audit.missing
	ID   bcn.ID
	Body map[string]any // of its audit entry
	Note deploy.Note
}

// Reconciled ends a window: what was found, and was never told, is written down
// and told, and the next window begins at its end. done says that there is none
// to be looked at now.
func (s *Store) Reconciled(ctx context.Context, w Window, list []Finding, done bool) error {
	return s.tx(ctx, func(t *txn) error {
		t.what = "a comparison with CloudTrail"
		err := t.moved(ctx, `update audit_reconcile set until = $2, tries = 0, lease_until = null, asked_at = case when $3 then null else asked_at end
			where district = $1 and coalesce(until, $2) <= $2`, w.District.Name, w.To, done)
		if err != nil {
			return err
		}
		told := 0
		for _, f := range list {
			tag, err := t.Exec(ctx, `insert into audit_finding (key, district, kind) values ($1, $2, $3) on conflict do nothing`, f.Key, w.District.Name, f.Kind)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				continue
			}
			told++
			if err := t.record(f.Kind, bcn.SystemIdentity, f.ID, f.Body); err != nil {
				return err
			}
			if err := t.announce(ctx, []deploy.Note{f.Note}); err != nil {
				return err
			}
		}
		if told == 0 && !done {
			return nil
		}
		return t.record("audit.reconciled", bcn.SystemIdentity, 0, map[string]any{
			"district": w.District.Name, "until": w.To.UTC().Format(time.RFC3339), "found": told,
		})
	})
}

// EntriesOf answers the entries about each of the numbers, oldest first.
func (s *Store) EntriesOf(ctx context.Context, ids []int64) (map[int64][]audit.Entry, error) {
	rows, err := s.pool.Query(ctx, `select `+entryColumns+` from audit_entry where change = any($1) order by seq`, ids)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanEntry)
	out := map[int64][]audit.Entry{}
	for _, e := range list {
		out[e.Change] = append(out[e.Change], e)
	}
	return out, err
}

// Applied answers the changes of a district that the log says changed AWS: it
// was started between two times, and has been applied since. Changes that are
// bcn's own affair (bindings, adoptions, locks) are left out.
func (s *Store) Applied(ctx context.Context, district string, from, to time.Time) (map[bcn.ID]time.Time, error) {
	rows, err := s.pool.Query(ctx, `select e.change, min(e.at) from audit_entry e join change c on c.id = e.change
		where e.at >= $2 and e.at < $3 and e.kind = 'change.start' and c.district = $1
			and c.kind not in ('heritage', 'district', 'unlock', 'plan')
			and exists (select 1 from audit_entry a where a.change = e.change and a.kind in ('change.applied', 'change.succeed', 'change.rolled_back'))
		group by e.change`, district, from, to)
	if err != nil {
		return nil, err
	}
	out := map[bcn.ID]time.Time{}
	var id bcn.ID
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error { out[id] = at; return nil })
	return out, err
}
