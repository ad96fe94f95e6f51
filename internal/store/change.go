package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

const changeColumns = `id, kind, subject, app, env, heritage, district, tag, reason, state, code, params,
	requester, channel, thread, behind, held_by, step, fence, parked, created_at, started_at, ended_at, tick, not_before,
	exists (select 1 from follow_up where follow_up.change = change.id)`

func scanChange(row pgx.CollectableRow) (bcn.Change, error) {
	var (
		c                 bcn.Change
		params, requester []byte
	)
	err := row.Scan(&c.ID, &c.Kind, &c.Subject, &c.App, &c.Env, &c.Heritage, &c.District, &c.Tag, &c.Reason,
		&c.State, &c.Code, &params, &requester, &c.Channel, &c.Thread, &c.Behind, &c.HeldBy, &c.Step, &c.Fence, &c.Parked,
		&c.CreatedAt, &c.StartedAt, &c.EndedAt, &c.Tick, &c.NotBefore, &c.Glass)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(params, &c.Params); err != nil {
		return c, fmt.Errorf("read the params of %s: %w", c.ID, err)
	}
	if err := json.Unmarshal(requester, &c.Requester); err != nil {
		return c, fmt.Errorf("read the requester of %s: %w", c.ID, err)
	}
	return c, nil
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func oneChange(ctx context.Context, q querier, where string, args ...any) (bcn.Change, error) {
	rows, err := q.Query(ctx, `select `+changeColumns+` from change where `+where, args...)
	if err != nil {
		return bcn.Change{}, err
	}
	return found(pgx.CollectExactlyOneRow(rows, scanChange))
}

func manyChanges(ctx context.Context, q querier, where string, args ...any) ([]bcn.Change, error) {
	rows, err := q.Query(ctx, `select `+changeColumns+` from change where `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanChange)
}

// notEnded is the predicate of the index change_open.
const notEnded = `state not in ('succeeded', 'failed', 'rolled_back', 'rollback_failed', 'cancelled', 'closed')`

// Change answers one change, or unknown_id.
func (s *Store) Change(ctx context.Context, id bcn.ID) (bcn.Change, error) {
	c, err := oneChange(ctx, s.pool, `id = $1`, int64(id))
	if errors.Is(err, ErrNotFound) {
		return c, bcn.E(bcn.CodeUnknownID, "id", id.String())
	}
	return c, err
}

// Open answers the changes that have not ended, oldest first.
func (s *Store) Open(ctx context.Context) ([]bcn.Change, error) {
	return manyChanges(ctx, s.pool, notEnded+` order by id`)
}

// New stores a change; see deploy.Store.
func (s *Store) New(ctx context.Context, o deploy.Origin, c bcn.Change, w deploy.Wish, notes []deploy.Note) (bcn.Change, error) {
	wish, err := json.Marshal(w)
	if err != nil {
		return c, err
	}
	requester, err := json.Marshal(c.Requester)
	if err != nil {
		return c, err
	}
	err = s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		if o.Tick != 0 {
			if old, err := oneChange(ctx, t, `tick = $1 and try = $2`, int64(o.Tick), o.Try); !errors.Is(err, ErrNotFound) {
				c = old
				return err
			}
			if err := t.holdsTick(ctx, o); err != nil {
				return err
			}
		}
		if o.Once != "" {
			if old, err := t.askedOnce(ctx, o.Once); !errors.Is(err, ErrNotFound) {
				c = old
				return err
			}
		}
		if err := t.enter(ctx, &c, w.BreakGlass); err != nil {
			return err
		}
		t.what = "the new change"
		var a asked
		err := t.QueryRow(ctx, `insert into change (kind, subject, app, env, heritage, district, tag, reason, wish,
			state, requester, channel, thread, behind, tick, try, not_before, held_by, code, params, once)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, nullif($21, ''))
			returning id, created_at, wish::text, requester::text`, c.Kind, c.Subject, c.App, c.Env, c.Heritage, c.District, c.Tag, c.Reason, wish,
			c.State, requester, c.Channel, c.Thread, c.Behind, int64(o.Tick), o.Try, timeOrNull(o.NotBefore),
			int64(c.HeldBy), c.Code, c.Params, o.Once).Scan(&c.ID, &c.CreatedAt, &a.wish, &a.requester)
		if err != nil {
			return fmt.Errorf("store the change: %w", err)
		}
		if err := t.use(ctx, c.ID, c.Requester, w.Uses); err != nil {
			return err
		}
		if err := t.say(ctx, c.ID, notes); err != nil {
			return err
		}
		if err := t.record("change."+string(c.State), who(c.Requester), c.ID, map[string]any{
			"kind": c.Kind, "subject": c.Subject,
			"app": c.App, "env": c.Env, "district": c.District, "tag": c.Tag, "reason": c.Reason, "key": o.Key, "tick": int64(o.Tick), "asker": who(c.Requester), "via": c.Requester.Via,
			"break_glass": w.BreakGlass, "seal": t.s.askedMAC(c, a),
		}); err != nil {
			return err
		}
		if c.State == bcn.ChangePlanning || c.HeldBy != 0 { // who holds it is told by its first step
			return t.kick(ctx, c.ID)
		}
		return nil
	})
	if err == nil {
		s.log.Info("change stored", "change", int64(c.ID), "kind", c.Kind, "subject", c.Subject, "state", c.State, "actor", who(c.Requester))
	}
	return c, err
}

// askedOnce answers what was asked for under the key. Two that ask at once do
// so one after the other.
func (t *txn) askedOnce(ctx context.Context, once string) (bcn.Change, error) {
	if _, err := t.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('once ' || $1, 0))`, once); err != nil {
		return bcn.Change{}, err
	}
	return oneChange(ctx, t, `once = $1`, once)
}

// AskedOnce answers what was asked for under a key; see ci.Store.
func (s *Store) AskedOnce(ctx context.Context, once string) (bcn.Change, error) {
	return oneChange(ctx, s.pool, `once = $1`, once)
}

// holdsTick says that the tick is still the asker's: it was neither skipped nor
// moved while its command was looked up.
func (t *txn) holdsTick(ctx context.Context, o deploy.Origin) error {
	var id bcn.ID
	err := t.QueryRow(ctx, `select id from tick where id = $1 and fence = $2 and `+tickOpen+` for update`, int64(o.Tick), o.TickFence).Scan(&id)
	if _, err = found(0, err); errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	return err
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// busy locks the subject and answers the change that holds it, 0 for none.
func (t *txn) busy(ctx context.Context, subject string) (bcn.ID, error) {
	if _, err := t.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1, 0))`, subject); err != nil {
		return 0, err
	}
	var id bcn.ID
	err := t.QueryRow(ctx, `select coalesce(max(id), 0) from change where subject = $1
		and state in ('applying', 'verifying', 'cancelling', 'blocked')`, subject).Scan(&id)
	return id, err
}

// enter says where a new change begins: at once, behind what is busy with its
// subject or waits longer for it, or behind a lock or a freeze.
func (t *txn) enter(ctx context.Context, c *bcn.Change, glass bool) error {
	behind, err := t.busy(ctx, c.Subject)
	if err != nil {
		return err
	}
	if behind == 0 && c.Kind != bcn.KindPlan {
		if behind, err = t.inLine(ctx, c.Subject, `state = 'waiting_turn'`); err != nil {
			return err
		}
	}
	waits, err := t.heldNow(ctx, *c)
	if err != nil {
		return err
	}
	c.State, c.Behind, c.Params = bcn.ChangePlanning, behind, map[string]string{}
	if len(waits) > 0 && !glass {
		c.HeldBy, c.Code, c.Params = waits[0].Hold.ID, waits[0].Code, waits[0].Params
	}
	if behind != 0 || c.HeldBy != 0 {
		c.State = bcn.ChangeWaitingTurn
	}
	return nil
}

// inLine answers the oldest change of the subject that will go on by itself,
// among those that where names; 0: none. What a hold keeps is passed, and so is
// what waits for people, for a time, or is parked.
func (t *txn) inLine(ctx context.Context, subject, where string, args ...any) (bcn.ID, error) {
	var id bcn.ID
	err := t.QueryRow(ctx, `select coalesce(min(c.id), 0) from change c where c.subject = $1 and c.kind <> 'plan' and not c.parked
		and c.state in ('waiting_turn', 'planning', 'planned', 'queued')
		and (c.state <> 'queued' or c.tick = 0 and (c.not_before is null or c.not_before <= bcn_now()))
		and not exists (select 1 from hold h where h.id = c.held_by and `+holding+`) and `+where,
		append([]any{subject}, args...)...).Scan(&id)
	return id, err
}

// Claim leases the change for one step; see deploy.Store.
func (s *Store) Claim(ctx context.Context, id bcn.ID) (deploy.Claimed, bool, error) {
	var c deploy.Claimed
	err := s.tx(ctx, func(t *txn) error {
		var wish []byte
		err := t.QueryRow(ctx, `update change set fence = fence + 1, lease_until = bcn_now() + $2
			where id = $1 and not parked and (leftover or `+notEnded+`) and (lease_until is null or lease_until < bcn_now())
			returning wish, phase, failures, bcn_now()`, int64(id), s.lease).Scan(&wish, &c.Phase, &c.Failures, &c.Now)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(wish, &c.Wish); err != nil {
			return fmt.Errorf("read the wish of %s: %w", id, err)
		}
		if c.Change, err = oneChange(ctx, t, `id = $1`, int64(id)); err != nil {
			return err
		}
		return t.claimRest(ctx, &c)
	})
	if _, err := found(0, err); errors.Is(err, ErrNotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}

func (t *txn) claimRest(ctx context.Context, c *deploy.Claimed) error {
	if err := t.claimPlan(ctx, c); err != nil {
		return err
	}
	if err := t.claimAsked(ctx, c); err != nil {
		return err
	}
	r, err := request(ctx, t, c.Change.ID)
	switch {
	case err == nil:
		c.Request = &r
	case errors.Is(err, ErrNotFound):
	default:
		return err
	}
	if err := t.claimGrant(ctx, c); err != nil {
		return err
	}
	if err := t.claimOneoff(ctx, c); err != nil {
		return err
	}
	if err := t.claimHolds(ctx, c); err != nil {
		return err
	}
	if c.Change.Tick != 0 {
		err := t.QueryRow(ctx, `select exists (select 1 from tick where id = $1 and state in ('planned', 'announced', 'due'))`,
			int64(c.Change.Tick)).Scan(&c.Held)
		if err != nil {
			return err
		}
	}
	c.Halt, err = halt(ctx, t)
	return err
}

// who names an actor in the audit log.
func who(a bcn.Actor) string {
	switch a.Kind {
	case bcn.Person:
		return a.User
	case bcn.Local:
		return "command line"
	default:
		return bcn.SystemIdentity
	}
}

// Discarded notes that nothing of an ended change is left in AWS.
func (s *Store) Discarded(ctx context.Context, c deploy.Claimed) error {
	return s.tx(ctx, func(t *txn) error {
		return t.moved(ctx, `update change set leftover = false, lease_until = null where id = $1 and fence = $2`,
			int64(c.Change.ID), c.Change.Fence)
	})
}

// ChangeAndWish answers a change and what was asked for.
func (s *Store) ChangeAndWish(ctx context.Context, id bcn.ID) (bcn.Change, deploy.Wish, error) {
	var w deploy.Wish
	c, err := s.Change(ctx, id)
	if err != nil {
		return c, w, err
	}
	var raw []byte
	if err := s.pool.QueryRow(ctx, `select wish from change where id = $1`, int64(id)).Scan(&raw); err != nil {
		return c, w, err
	}
	err = json.Unmarshal(raw, &w)
	return c, w, err
}

// Renew makes the claim's lease begin anew. A lease that was given back stays
// so: the step has just written its move.
func (s *Store) Renew(ctx context.Context, c deploy.Claimed) error {
	return s.renew(ctx, "change", c.Change.ID, c.Change.Fence)
}

// renew makes the lease of a claimed row begin anew; one that was given back
// stays so.
func (s *Store) renew(ctx context.Context, table string, id bcn.ID, fence int64) error {
	tag, err := s.pool.Exec(ctx, `update `+table+` set lease_until = case when lease_until is null then null else bcn_now() + $3 end
		where id = $1 and fence = $2`, int64(id), fence, s.lease)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrConflict
	}
	return err
}

// Alone says that no other change of the subject is open.
func (s *Store) Alone(ctx context.Context, c bcn.Change) (bool, error) {
	var others bool
	err := s.pool.QueryRow(ctx, `select exists (select 1 from change where subject = $1 and id <> $2 and `+notEnded+`)`,
		c.Subject, int64(c.ID)).Scan(&others)
	return !others, err
}
