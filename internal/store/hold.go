package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/guard"
)

const (
	holdColumns = `id, kind, app, env, owner, reason, change, rolled_from, rolled_to, since, until_at`
	// holding is a hold in force: one whose time is over holds no longer, also
	// where nobody has written that down yet.
	holding = `lifted_at is null and (until_at is null or until_at > bcn_now())`

	// nagEvery is how often the owner of a lock without an end is reminded.
	nagEvery = 4 * time.Hour
	// nearEnd is how long before its end a hold's owner is told, at most; a short
	// one's when a quarter of its time is left.
	nearEnd = 10 * time.Minute
)

func scanHold(row pgx.CollectableRow) (bcn.Hold, error) {
	var h bcn.Hold
	err := row.Scan(holdFields(&h)...)
	return h, err
}

// holdFields are where holdColumns go.
func holdFields(h *bcn.Hold) []any {
	return []any{&h.ID, &h.Kind, &h.App, &h.Env, &h.Owner, &h.Reason, &h.Change, &h.From, &h.To, &h.Since, &h.Until}
}

func manyHolds(ctx context.Context, q querier, where string, args ...any) ([]bcn.Hold, error) {
	rows, err := q.Query(ctx, `select `+holdColumns+` from hold where `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanHold)
}

// Holds answers what holds now; see deploy.HoldStore.
func (s *Store) Holds(ctx context.Context) ([]bcn.Hold, error) {
	return manyHolds(ctx, s.pool, holding+` order by id`)
}

// HoldViews answers what holds now and what waits; see deploy.HoldStore.
func (s *Store) HoldViews(ctx context.Context) ([]deploy.HoldView, error) {
	var out []deploy.HoldView
	err := s.tx(ctx, func(t *txn) error {
		holds, err := manyHolds(ctx, t, holding+` order by id`)
		if err != nil {
			return err
		}
		for _, h := range holds {
			v, err := t.holdView(ctx, h)
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	return out, err
}

func (t *txn) holdView(ctx context.Context, h bcn.Hold) (deploy.HoldView, error) {
	v := deploy.HoldView{Hold: h}
	err := t.QueryRow(ctx, `select coalesce((select channel from heritage where app = $1 and env = $2), '')`, h.App, h.Env).Scan(&v.Channel)
	if err == nil {
		v.Waiting, err = manyChanges(ctx, t, `held_by = $1 and `+notEnded+` order by id`, int64(h.ID))
	}
	return v, err
}

// Hold locks or freezes; see deploy.HoldStore. The row of the halt is locked
// first: what is starting now has read it, and is waited for; what starts later
// waits, and reads this hold.
func (s *Store) Hold(ctx context.Context, o deploy.Origin, actor string, w deploy.HoldWish, notes func(deploy.HoldDone) []deploy.Note) (deploy.HoldDone, error) {
	var d deploy.HoldDone
	err := s.tx(ctx, func(t *txn) error {
		t.what = "a new " + string(w.Kind)
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `select from halt for update`); err != nil {
			return err
		}
		if err := t.endOver(ctx, w.Kind, w.App, w.Env); err != nil {
			return err
		}
		there, err := manyHolds(ctx, t, `kind = $1 and app = $2 and env = $3 and lifted_at is null for update`, w.Kind, w.App, w.Env)
		if err != nil {
			return err
		}
		if len(there) > 0 {
			if err := t.provenHold(ctx, there[0].ID); err != nil {
				return err
			}
			if there[0].Owner != actor {
				return deploy.HoldOwned(there[0])
			}
		}
		d.Changed = len(there) > 0
		if d.HoldView, err = t.putHold(ctx, actor, w, there); err != nil {
			return err
		}
		if err := t.announce(ctx, notes(d)); err != nil {
			return err
		}
		event := ".set"
		if d.Changed {
			event = ".changed"
		}
		if err := t.record(string(w.Kind)+event, actor, d.Hold.Change, holdBody(d.Hold)); err != nil {
			return err
		}
		return t.rouse(ctx, d.Hold)
	})
	if err == nil {
		s.log.Info("hold set", "kind", w.Kind, "app", w.App, "env", w.Env, "actor", actor, "changed", d.Changed)
	}
	return d, err
}

// putHold writes a new hold, or over the one that is there.
func (t *txn) putHold(ctx context.Context, actor string, w deploy.HoldWish, there []bcn.Hold) (deploy.HoldView, error) {
	query, args := `insert into hold (kind, app, env, owner, reason, until_at, tell_at)
		values ($1, $2, $3, $4, $5, bcn_now() + $6::interval, bcn_now() + $7::interval) returning `+holdColumns,
		[]any{w.Kind, w.App, w.Env, actor, w.Reason, lasting(w.For), tellAfter(w.For)}
	if len(there) > 0 { // what the person says now is the reason, also of a rollback's lock
		query = `update hold set reason = $2, until_at = bcn_now() + $3::interval, tell_at = bcn_now() + $4::interval,
			rolled_from = 0, rolled_to = 0 where id = $1 returning ` + holdColumns
		args = []any{int64(there[0].ID), w.Reason, lasting(w.For), tellAfter(w.For)}
	}
	rows, err := t.Query(ctx, query, args...)
	if err != nil {
		return deploy.HoldView{}, err
	}
	h, err := pgx.CollectExactlyOneRow(rows, scanHold)
	if err != nil {
		return deploy.HoldView{}, fmt.Errorf("store a %s: %w", w.Kind, err)
	}
	if err := t.sealHold(ctx, h.ID); err != nil {
		return deploy.HoldView{}, err
	}
	return t.holdView(ctx, h)
}

// lasting is how long a hold lasts, null for one without an end.
func lasting(d time.Duration) *time.Duration {
	if d == 0 {
		return nil
	}
	return &d
}

// tellAfter is after how long the owner is reminded first.
func tellAfter(d time.Duration) time.Duration {
	if d == 0 {
		return nagEvery
	}
	return d - min(nearEnd, d/4)
}

// Lift ends a hold; see deploy.HoldStore.
func (s *Store) Lift(ctx context.Context, o deploy.Origin, actor string, id bcn.ID, notes func(deploy.HoldView) []deploy.Note) (deploy.HoldView, error) {
	var v deploy.HoldView
	err := s.tx(ctx, func(t *txn) error {
		t.what = "lifting a hold"
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		var err error
		v, err = t.lift(ctx, id, actor, ".lifted", notes)
		return err
	})
	if err == nil {
		s.log.Info("hold lifted", "kind", v.Hold.Kind, "app", v.Hold.App, "env", v.Hold.Env, "actor", actor)
	}
	return v, err
}

// lift ends a hold in this transaction, and what was asked about it, and lets go
// on what waited.
func (t *txn) lift(ctx context.Context, id bcn.ID, actor, event string, notes func(deploy.HoldView) []deploy.Note) (deploy.HoldView, error) {
	if err := t.provenHold(ctx, id); err != nil {
		return deploy.HoldView{}, err
	}
	rows, err := t.Query(ctx, `update hold set lifted_at = bcn_now(), lifted_by = $2 where id = $1 and lifted_at is null returning `+holdColumns, int64(id), actor)
	if err != nil {
		return deploy.HoldView{}, err
	}
	h, err := pgx.CollectExactlyOneRow(rows, scanHold)
	if _, err = found(0, err); err != nil {
		return deploy.HoldView{}, gone(err)
	}
	if err := t.sealHold(ctx, id); err != nil {
		return deploy.HoldView{}, err
	}
	v, err := t.holdView(ctx, h)
	if err != nil {
		return v, err
	}
	if err := t.announce(ctx, notes(v)); err != nil {
		return v, err
	}
	if err := t.record(string(h.Kind)+event, actor, 0, holdBody(h)); err != nil {
		return v, err
	}
	if err := t.closeUnlocks(ctx, h, actor); err != nil {
		return v, err
	}
	return v, t.rouse(ctx, h)
}

// closeUnlocks ends the requests to take away a lock that is lifted.
func (t *txn) closeUnlocks(ctx context.Context, h bcn.Hold, actor string) error {
	if h.Kind != bcn.HoldLock {
		return nil
	}
	asked, err := manyChanges(ctx, t, `kind = 'unlock' and app = $1 and env = $2
		and state in ('waiting_turn', 'planning', 'planned', 'waiting', 'queued') order by id for update`, h.App, h.Env)
	if err != nil {
		return err
	}
	for _, c := range asked {
		params := map[string]string{"app": h.App, "env": h.Env, "by": actor}
		if err := t.closeNow(ctx, c, bcn.CodeLockLifted, params, bcn.RequestCancel, actor); err != nil {
			return err
		}
	}
	return nil
}

// endOver writes down that the hold of this name is over, where it is.
func (t *txn) endOver(ctx context.Context, kind bcn.HoldKind, app, env string) error {
	over, err := manyHolds(ctx, t, `kind = $1 and app = $2 and env = $3 and lifted_at is null and until_at <= bcn_now()`, kind, app, env)
	if err != nil || len(over) == 0 {
		return err
	}
	_, err = t.lift(ctx, over[0].ID, bcn.SystemIdentity, ".over", func(deploy.HoldView) []deploy.Note { return nil })
	return err
}

// SweepHolds ends what is over and reminds; see deploy.HoldStore.
func (s *Store) SweepHolds(ctx context.Context, notes func(deploy.HoldView, bool) []deploy.Note) (int, error) {
	n := 0
	err := s.tx(ctx, func(t *txn) error {
		t.what = "sweeping holds"
		due, err := t.dueHolds(ctx)
		if err != nil || len(due) == 0 {
			return err
		}
		n = len(due)
		var now time.Time
		if err := t.QueryRow(ctx, `select bcn_now()`).Scan(&now); err != nil {
			return err
		}
		for _, h := range due {
			if err := t.sweepHold(ctx, h, h.Over(now), notes); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// dueHolds answers which holds are over or to be reminded of. A row that bcn did
// not write is left alone: MendHolds puts it right.
func (t *txn) dueHolds(ctx context.Context) ([]bcn.Hold, error) {
	rows, err := t.holdRows(ctx, `lifted_at is null and (until_at <= bcn_now() or tell_at <= bcn_now())
		order by id limit 50 for update skip locked`)
	var due []bcn.Hold
	for _, r := range rows {
		if r.sealed {
			due = append(due, r.Hold)
		}
	}
	return due, err
}

func (t *txn) sweepHold(ctx context.Context, h bcn.Hold, over bool, notes func(deploy.HoldView, bool) []deploy.Note) error {
	if over {
		_, err := t.lift(ctx, h.ID, bcn.SystemIdentity, ".over", func(v deploy.HoldView) []deploy.Note { return notes(v, true) })
		return err
	}
	// One with an end is told of it once.
	_, err := t.Exec(ctx, `update hold set tell_at = case when until_at is null then bcn_now() + $2::interval end where id = $1`, int64(h.ID), nagEvery)
	if err != nil {
		return err
	}
	if err := t.sealHold(ctx, h.ID); err != nil {
		return err
	}
	v, err := t.holdView(ctx, h)
	if err != nil {
		return err
	}
	return t.announce(ctx, notes(v, false))
}

// rouse lets every change look again that the hold may be about, and shows it on
// their cards. Rows of changes are not written here: their own steps do.
func (t *txn) rouse(ctx context.Context, h bcn.Hold) error {
	about := `(held_by = $1 or state in ('waiting_turn', 'queued', 'waiting') and ($2 = '' or env = $2 or env = '') and ($3 = '' or app = $3))`
	args := []any{int64(h.ID), h.Env, h.App}
	_, err := t.Exec(ctx, `update outbox o set version = o.version + 1, not_before = bcn_now()
		from change c where o.change = c.id and o.role = 'card' and c.`+notEnded+` and `+about, args...)
	if err != nil {
		return err
	}
	t.outbox = true
	open, err := manyChanges(ctx, t, notEnded+` and state in ('waiting_turn', 'queued') and `+about+` order by id`, args...)
	if err != nil {
		return err
	}
	for _, c := range open {
		if err := t.hurry(ctx, c.ID); err != nil {
			return err
		}
	}
	ticks, err := manyTicks(ctx, t, `state = 'due' and code in ('locked', 'frozen')`)
	if err != nil {
		return err
	}
	for _, k := range ticks {
		if err := t.hurryTick(ctx, k.ID); err != nil {
			return err
		}
	}
	return nil
}

// claimHolds reads what may hold a change that has not begun.
func (t *txn) claimHolds(ctx context.Context, c *deploy.Claimed) (err error) {
	if !c.Change.State.BeforeApplying() || !c.Change.Kind.Holdable() {
		return nil
	}
	if c.Holds, err = manyHolds(ctx, t, holding+` order by id`); err != nil || len(c.Holds) == 0 {
		return err
	}
	c.Envs, err = t.served(ctx, c.Change)
	return err
}

// served are the environments of the district that a change of no environment
// is in.
func (t *txn) served(ctx context.Context, c bcn.Change) ([]string, error) {
	if c.Env != "" || c.District == "" {
		return nil, nil
	}
	rows, err := t.Query(ctx, `select jsonb_array_elements_text(body -> 'environments') from district where name = $1`, c.District)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// heldNow answers all that a change waits behind at this moment.
func (t *txn) heldNow(ctx context.Context, c bcn.Change) ([]guard.Wait, error) {
	if !c.Kind.Holdable() {
		return nil, nil
	}
	holds, err := manyHolds(ctx, t, holding+` order by id`)
	if err != nil || len(holds) == 0 {
		return nil, err
	}
	envs, err := t.served(ctx, c)
	if err != nil {
		return nil, err
	}
	var now time.Time
	if err := t.QueryRow(ctx, `select bcn_now()`).Scan(&now); err != nil {
		return nil, err
	}
	return guard.AllBehind(holds, deploy.AskedOf(c, envs), now), nil
}

// storeHold locks for a rollback and lifts what was given away.
func (t *txn) storeHold(ctx context.Context, c bcn.Change, m deploy.Move) error {
	if m.Unlock != 0 {
		_, err := t.lift(ctx, m.Unlock, who(c.Requester), ".stolen", func(deploy.HoldView) []deploy.Note { return nil })
		if err != nil {
			return err
		}
	}
	if m.Lock == nil {
		return nil
	}
	h := *m.Lock
	if err := t.endOver(ctx, h.Kind, h.App, h.Env); err != nil {
		return err
	}
	rows, err := t.Query(ctx, `insert into hold (kind, app, env, owner, reason, change, rolled_from, rolled_to, tell_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, bcn_now() + $9::interval)
		on conflict (kind, app, env) where lifted_at is null do nothing returning `+holdColumns,
		h.Kind, h.App, h.Env, h.Owner, h.Reason, int64(h.Change), h.From, h.To, nagEvery)
	if err != nil {
		return err
	}
	made, err := pgx.CollectRows(rows, scanHold)
	if err != nil || len(made) == 0 { // it is locked already, and stays so
		return err
	}
	if err := t.sealHold(ctx, made[0].ID); err != nil {
		return err
	}
	return t.record(string(h.Kind)+".set", h.Owner, c.ID, holdBody(made[0]))
}

func holdBody(h bcn.Hold) map[string]any {
	body := map[string]any{"hold": int64(h.ID), "owner": h.Owner, "reason": h.Reason, "env": h.Env}
	if h.App != "" {
		body["app"] = h.App
	}
	if h.Until != nil {
		body["until"] = h.Until.UTC().Format(time.RFC3339)
	}
	if h.Change != 0 {
		body["from"], body["to"] = h.From, h.To
	}
	return body
}

// gone turns a missing row into a conflict: somebody was faster.
func gone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	return err
}

// liftLock ends the lock of a heritage that goes: another may be given its name.
func (t *txn) liftLock(ctx context.Context, h bcn.Heritage, actor string) error {
	locks, err := manyHolds(ctx, t, `kind = 'lock' and app = $1 and env = $2 and lifted_at is null`, h.App, h.Env)
	if err != nil || len(locks) == 0 {
		return err
	}
	_, err = t.lift(ctx, locks[0].ID, actor, ".lifted", func(deploy.HoldView) []deploy.Note { return nil })
	return err
}
