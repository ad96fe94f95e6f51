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
	"github.com/bcn-bot/bcn/internal/scheduler"
)

const tickColumns = `id, schedule, at, state, code, params, change, asked, tries, by_who, fence, started_at, ended_at`

// tickOpen is the predicate of the index tick_open.
const tickOpen = `state in ('planned', 'announced', 'due', 'running')`

func scanTick(row pgx.CollectableRow) (bcn.Tick, error) {
	var (
		k      bcn.Tick
		params []byte
	)
	err := row.Scan(&k.ID, &k.Schedule, &k.At, &k.State, &k.Code, &params, &k.Change, &k.Asked, &k.Tries, &k.By, &k.Fence, &k.StartedAt, &k.EndedAt)
	if err != nil {
		return k, err
	}
	return k, json.Unmarshal(params, &k.Params)
}

func manyTicks(ctx context.Context, q querier, where string, args ...any) ([]bcn.Tick, error) {
	rows, err := q.Query(ctx, `select `+tickColumns+` from tick where `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanTick)
}

// Tick answers one tick; see scheduler.Store.
func (s *Store) Tick(ctx context.Context, id bcn.ID) (bcn.Tick, error) {
	list, err := manyTicks(ctx, s.pool, `id = $1`, int64(id))
	if err == nil && len(list) == 0 {
		return bcn.Tick{}, ErrNotFound
	}
	if err != nil {
		return bcn.Tick{}, err
	}
	return list[0], nil
}

// Ticks answers the newest ticks of a schedule.
func (s *Store) Ticks(ctx context.Context, schedule bcn.ID, limit int) ([]bcn.Tick, error) {
	return manyTicks(ctx, s.pool, `schedule = $1 order by at desc limit $2`, int64(schedule), limit)
}

// LastTicks answers for each schedule its newest tick that has ended.
func (s *Store) LastTicks(ctx context.Context) (map[bcn.ID]bcn.Tick, error) {
	list, err := manyTicks(ctx, s.pool, `id in (select k.id from schedule x cross join lateral (
		select id from tick where schedule = x.id and state in ('succeeded', 'failed', 'skipped') order by at desc limit 1) k
		where x.state in ('active', 'paused'))`)
	out := make(map[bcn.ID]bcn.Tick, len(list))
	for _, k := range list {
		out[k.Schedule] = k
	}
	return out, err
}

// ChangeOfTick answers what a try of a tick asked for.
func (s *Store) ChangeOfTick(ctx context.Context, tick bcn.ID, try int) (bcn.Change, error) {
	return oneChange(ctx, s.pool, `tick = $1 and try = $2`, int64(tick), try)
}

// TickNow inserts a tick for now; see scheduler.Store.
func (s *Store) TickNow(ctx context.Context, o deploy.Origin, actor string, id, only bcn.ID) (bcn.Tick, error) {
	var out bcn.Tick
	err := s.tx(ctx, func(t *txn) error {
		t.what = "a tick now"
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		sch, err := oneSchedule(ctx, t, `id = $1 for update`, int64(id))
		if err != nil {
			return err
		}
		waiting, err := manyTicks(ctx, t, `schedule = $1 and ($2 = 0 or id = $2) and state in ('planned', 'announced') order by at limit 1 for update`,
			int64(id), int64(only))
		if err != nil {
			return err
		}
		if only != 0 && len(waiting) == 0 {
			return ErrNotFound
		}
		if len(waiting) == 1 {
			out = waiting[0]
			err = t.moved(ctx, `update tick set at = date_trunc('milliseconds', bcn_now()), by_who = $2, fence = fence + 1, lease_until = null,
				parked = false, failures = 0 where id = $1`, int64(out.ID), actor)
		} else {
			err = t.QueryRow(ctx, `insert into tick (schedule, at, state, by_who) values ($1, date_trunc('milliseconds', bcn_now()), 'planned', $2)
				returning id, at`, int64(id), actor).Scan(&out.ID, &out.At)
		}
		if err != nil {
			return err
		}
		// What was asked for ahead of its time need not wait for it any more.
		if _, err := t.Exec(ctx, `update change set not_before = null where tick = $1 and `+notEnded, int64(out.ID)); err != nil {
			return err
		}
		if err := t.record("tick.now", actor, out.ID, map[string]any{"schedule": int64(id), "name": sch.Name}); err != nil {
			return err
		}
		return t.hurryTick(ctx, out.ID)
	})
	if err != nil {
		return out, err
	}
	return s.Tick(ctx, out.ID)
}

// SkipNext skips the next tick; see scheduler.Store.
func (s *Store) SkipNext(ctx context.Context, o deploy.Origin, actor string, id, only bcn.ID) (bcn.Tick, error) {
	var out bcn.Tick
	err := s.tx(ctx, func(t *txn) error {
		t.what = "skipping a tick"
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		sch, err := oneSchedule(ctx, t, `id = $1 for update`, int64(id))
		if err != nil {
			return err
		}
		waiting, err := manyTicks(ctx, t, `schedule = $1 and ($2 = 0 or id = $2) and state in ('planned', 'announced', 'due') order by at limit 1 for update`,
			int64(id), int64(only))
		if err != nil {
			return err
		}
		if only != 0 && len(waiting) == 0 {
			return ErrNotFound
		}
		if len(waiting) == 0 {
			if sch.NextAt == nil {
				return ErrNotFound
			}
			out = bcn.Tick{Schedule: id, At: *sch.NextAt, State: bcn.TickSkipped, Code: bcn.CodeSkippedBy, By: actor}
			_, err := t.Exec(ctx, `update schedule set skip_at = next_at, by_who = $2 where id = $1`, int64(id), actor)
			return errors.Join(err, t.record("schedule.skip", actor, id, map[string]any{"name": sch.Name, "at": out.At.UTC().Format(time.RFC3339)}))
		}
		out = waiting[0]
		if _, err := t.Exec(ctx, `update schedule set skip_at = $2, by_who = $3 where id = $1`, int64(id), out.At, actor); err != nil {
			return err
		}
		return t.skipTick(ctx, &out, actor)
	})
	return out, err
}

func (t *txn) skipTick(ctx context.Context, k *bcn.Tick, actor string) error {
	next, ok := k.State.Next(bcn.TickSkip)
	if !ok {
		return ErrConflict
	}
	params, err := json.Marshal(map[string]string{"by": actor})
	if err != nil {
		return err
	}
	err = t.moved(ctx, `update tick set state = $3, code = $4, params = $5, by_who = $6, fence = fence + 1, lease_until = null, ended_at = bcn_now()
		where id = $1 and state = $2`, int64(k.ID), k.State, next, bcn.CodeSkippedBy, params, actor)
	if err != nil {
		return err
	}
	k.State, k.Code, k.By = next, bcn.CodeSkippedBy, actor
	if err := t.closeAsked(ctx, *k, actor); err != nil {
		return err
	}
	if err := t.refreshAbout(ctx, "tick", k.ID, true); err != nil {
		return err
	}
	if err := t.record("tick."+string(bcn.TickSkip), actor, k.ID, map[string]any{"to": next, "code": k.Code}); err != nil {
		return err
	}
	return t.finishSchedule(ctx, k.Schedule)
}

// closeAsked withdraws what a tick asked for ahead of its time.
func (t *txn) closeAsked(ctx context.Context, k bcn.Tick, actor string) error {
	asked, err := manyChanges(ctx, t, `tick = $1 and state in ('waiting_turn', 'planning', 'planned', 'waiting', 'queued') for update`, int64(k.ID))
	if err != nil {
		return err
	}
	for _, c := range asked {
		code, params, event := bcn.CodeSkippedBy, map[string]string{"by": actor}, bcn.RequestCancel
		if k.Code == bcn.CodeNotApproved {
			code, params, event = bcn.CodeExpired, map[string]string{"id": c.ID.String()}, bcn.RequestExpire
		}
		if err := t.closeNow(ctx, c, code, params, event, actor); err != nil {
			return err
		}
	}
	return nil
}

// ClaimTick leases a tick for one step; see scheduler.Store.
func (s *Store) ClaimTick(ctx context.Context, id bcn.ID) (scheduler.Claimed, bool, error) {
	var c scheduler.Claimed
	err := s.tx(ctx, func(t *txn) error {
		err := t.QueryRow(ctx, `update tick set fence = fence + 1, lease_until = bcn_now() + $2 where id = $1 and `+tickOpen+` and not parked
			and (lease_until is null or lease_until < bcn_now()) returning failures, bcn_now()`, int64(id), s.lease).Scan(&c.Failures, &c.Now)
		if err != nil {
			return err
		}
		ticks, err := manyTicks(ctx, t, `id = $1`, int64(id))
		if err != nil {
			return err
		}
		c.Tick = ticks[0]
		return t.claimTickRest(ctx, &c)
	})
	if _, err := found(0, err); errors.Is(err, ErrNotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}

// RenewTick keeps a claimed tick from being run by another while its step still
// works; see scheduler.Store.
func (s *Store) RenewTick(ctx context.Context, c scheduler.Claimed) error {
	return s.renew(ctx, "tick", c.Tick.ID, c.Tick.Fence)
}

func (t *txn) claimTickRest(ctx context.Context, c *scheduler.Claimed) (err error) {
	if c.Schedule, err = oneSchedule(ctx, t, `id = $1`, int64(c.Tick.Schedule)); err != nil {
		return err
	}
	proven, err := t.scheduleAsLogged(ctx, c.Schedule)
	if err != nil {
		return err
	}
	c.Tampered = !proven
	change, err := oneChange(ctx, t, `tick = $1 order by try desc limit 1`, int64(c.Tick.ID))
	if err == nil {
		c.Change = &change
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	if c.Ahead, err = manyTicks(ctx, t, `schedule = $1 and id <> $2 and state in ('due', 'running') and (at, id) < ($3, $2) order by at, id`,
		int64(c.Tick.Schedule), int64(c.Tick.ID), c.Tick.At); err != nil {
		return err
	}
	err = t.QueryRow(ctx, `select exists (select 1 from tick where schedule = $1 and state = 'due' and (at, id) > ($3, $2))`,
		int64(c.Tick.Schedule), int64(c.Tick.ID), c.Tick.At).Scan(&c.Behind)
	if err != nil {
		return err
	}
	if c.Holds, err = manyHolds(ctx, t, holding+` order by id`); err != nil {
		return err
	}
	c.Halt, err = halt(ctx, t)
	return err
}

// ApplyTick writes a step; see scheduler.Store.
func (s *Store) ApplyTick(ctx context.Context, m scheduler.Move) (bcn.Tick, error) {
	k, from := m.Row, m.From.Tick
	err := s.tx(ctx, func(t *txn) error {
		t.what = "a step of a tick that is " + string(from.State)
		if m.Event != "" {
			next, ok := from.State.Next(m.Event)
			if !ok {
				return fmt.Errorf("event %q does not belong to state %q of tick %s: %w", m.Event, from.State, from.ID, ErrConflict)
			}
			k.State, t.what = next, "the tick's move to "+string(next)
		}
		if err := t.writeTick(ctx, from, k); err != nil {
			return err
		}
		return t.afterTick(ctx, m, k)
	})
	if err == nil && m.Event != "" {
		s.log.Info("tick moved", "tick", int64(k.ID), "schedule", m.From.Schedule.Name, "from", from.State, "to", k.State, "code", k.Code)
	}
	return k, err
}

func (t *txn) writeTick(ctx context.Context, from, k bcn.Tick) error {
	if k.Params == nil {
		k.Params = map[string]string{}
	}
	params, err := json.Marshal(k.Params)
	if err != nil {
		return err
	}
	return t.moved(ctx, `update tick set state = $4, code = $5, params = $6, change = $7, asked = $8, tries = $9, failures = 0, lease_until = null,
		started_at = case when $4 = 'running' and started_at is null then bcn_now() else started_at end,
		ended_at = case when $10 then bcn_now() else ended_at end where id = $1 and state = $2 and fence = $3`,
		int64(k.ID), from.State, from.Fence, k.State, k.Code, params, int64(k.Change), k.Asked, k.Tries, k.State.Ended())
}

// pauses stops the schedule of a tick that says so.
func (t *txn) pauses(ctx context.Context, m scheduler.Move, k bcn.Tick) error {
	if m.Pause == "" {
		return nil
	}
	_, err := t.Exec(ctx, `update schedule set state = 'paused', why = $2, by_who = '' where id = $1 and state = 'active'`, int64(k.Schedule), m.Pause)
	if err != nil {
		return err
	}
	return t.record("schedule.pause", bcn.SystemIdentity, k.Schedule, map[string]any{"name": m.From.Schedule.Name, "why": m.Pause})
}

// afterTick writes what follows from a step: messages, audit, the schedules
// that wait for this one, those of its ticks that wait behind it.
func (t *txn) afterTick(ctx context.Context, m scheduler.Move, k bcn.Tick) error {
	if err := t.sayAbout(ctx, "tick", k.ID, m.Notes); err != nil {
		return err
	}
	if !m.Quiet {
		if err := t.refreshAbout(ctx, "tick", k.ID, m.Event != ""); err != nil {
			return err
		}
	}
	if err := t.pauses(ctx, m, k); err != nil {
		return err
	}
	if m.Event == "" {
		return nil
	}
	actor := m.Actor
	if actor == "" {
		actor = bcn.SystemIdentity
	}
	body := map[string]any{"schedule": int64(k.Schedule), "from": m.From.Tick.State, "to": k.State}
	if k.Code != "" {
		body["code"] = k.Code
	}
	if k.Change != 0 {
		body["change"] = int64(k.Change)
	}
	if err := t.record("tick."+string(m.Event), actor, k.ID, body); err != nil {
		return err
	}
	if k.State == bcn.TickSucceeded {
		if err := t.follow(ctx, m.From.Schedule); err != nil {
			return err
		}
	}
	if k.State == bcn.TickSkipped { // what it asked for does not run without it
		if err := t.closeAsked(ctx, k, actor); err != nil {
			return err
		}
	}
	if m.Event == bcn.TickRun && k.Change != 0 { // what was asked ahead waits for this
		if err := t.hurry(ctx, k.Change); err != nil {
			return err
		}
	}
	if k.State.Ended() {
		if err := t.finishSchedule(ctx, k.Schedule); err != nil {
			return err
		}
		return t.nextTick(ctx, k)
	}
	if m.Again == 0 {
		return t.hurryTick(ctx, k.ID)
	}
	return nil
}

// follow makes a tick of every schedule that comes after this one.
func (t *txn) follow(ctx context.Context, sch bcn.Schedule) error {
	after, err := manySchedules(ctx, t, `state = 'active' and options ? 'after' and options ->> 'after' = $1 order by id`, sch.Name)
	if err != nil {
		return err
	}
	for _, next := range after {
		var at time.Time
		if err := t.QueryRow(ctx, `select date_trunc('milliseconds', bcn_now())`).Scan(&at); err != nil {
			return err
		}
		if err := t.insertTick(ctx, next, scheduler.Planned{At: at}); err != nil {
			return err
		}
	}
	return nil
}

// nextTick wakes the tick that waits behind one that ended.
func (t *txn) nextTick(ctx context.Context, k bcn.Tick) error {
	waiting, err := manyTicks(ctx, t, `schedule = $1 and id <> $2 and state = 'due' order by at, id limit 1`, int64(k.Schedule), int64(k.ID))
	if err != nil || len(waiting) == 0 {
		return err
	}
	return t.hurryTick(ctx, waiting[0].ID)
}

// FailedTick counts a step that failed; see scheduler.Store.
func (s *Store) FailedTick(ctx context.Context, c scheduler.Claimed, park bool, notes []deploy.Note) error {
	return s.tx(ctx, func(t *txn) error {
		err := t.moved(ctx, `update tick set failures = failures + 1, parked = $3, lease_until = null where id = $1 and fence = $2`,
			int64(c.Tick.ID), c.Tick.Fence, park)
		if err != nil || !park {
			return err
		}
		if err := t.sayAbout(ctx, "tick", c.Tick.ID, notes); err != nil {
			return err
		}
		return t.record("tick.parked", bcn.SystemIdentity, c.Tick.ID, map[string]any{"schedule": int64(c.Tick.Schedule), "state": c.Tick.State})
	})
}

// keepTicks is for how long a run that has ended is kept; the audit log has it
// for ever.
const keepTicks = `interval '90 days'`

// ForgetTicks removes old runs of schedules, and what was posted about them, a
// bounded number at a time. The newest of each schedule stays.
func (s *Store) ForgetTicks(ctx context.Context) error {
	return s.tx(ctx, func(t *txn) error {
		rows, err := t.Query(ctx, `select k.id from tick k where k.state in ('succeeded', 'failed', 'skipped')
			and k.ended_at < (select bcn_now() - `+keepTicks+`)
			and exists (select 1 from tick n where n.schedule = k.schedule and n.at > k.at and n.state in ('succeeded', 'failed', 'skipped'))
			limit 500 for update skip locked`)
		if err != nil {
			return err
		}
		old, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(old) == 0 {
			return err
		}
		if _, err := t.Exec(ctx, `delete from outbox where tick = any($1)`, old); err != nil {
			return err
		}
		_, err = t.Exec(ctx, `delete from tick where id = any($1)`, old)
		return err
	})
}
