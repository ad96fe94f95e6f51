package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/scheduler"
)

const scheduleColumns = `id, name, spec, zone, command, owner, channel, options, in_file, state, why, by_who, added_at, next_at, wake_at, skip_at`

// scheduleOpen are the schedules that are there: neither drafts nor removed.
// One that is done is there as long as bot.yaml names it, so that it is not
// taken for a new one.
const scheduleOpen = `(state in ('active', 'paused') or state = 'done' and in_file)`

func scanSchedule(row pgx.CollectableRow) (bcn.Schedule, error) {
	var (
		s              bcn.Schedule
		owner, options []byte
	)
	err := row.Scan(&s.ID, &s.Name, &s.Spec, &s.Zone, &s.Command, &owner, &s.Channel, &options, &s.File, &s.State, &s.Why, &s.By,
		&s.AddedAt, &s.NextAt, &s.WakeAt, &s.SkipAt)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(owner, &s.Owner); err != nil {
		return s, fmt.Errorf("read the owner of schedule %s: %w", s.ID, err)
	}
	if err := json.Unmarshal(options, &s.Options); err != nil {
		return s, fmt.Errorf("read the options of schedule %s: %w", s.ID, err)
	}
	return s, nil
}

func manySchedules(ctx context.Context, q querier, where string, args ...any) ([]bcn.Schedule, error) {
	rows, err := q.Query(ctx, `select `+scheduleColumns+` from schedule where `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanSchedule)
}

func oneSchedule(ctx context.Context, q querier, where string, args ...any) (bcn.Schedule, error) {
	list, err := manySchedules(ctx, q, where, args...)
	if err == nil && len(list) == 0 {
		return bcn.Schedule{}, ErrNotFound
	}
	if err != nil {
		return bcn.Schedule{}, err
	}
	return list[0], nil
}

// NewSchedule stores a schedule; see scheduler.Store.
func (s *Store) NewSchedule(ctx context.Context, o deploy.Origin, in bcn.Schedule) (bcn.Schedule, error) {
	owner, err := json.Marshal(in.Owner)
	if err != nil {
		return in, err
	}
	options, err := json.Marshal(in.Options)
	if err != nil {
		return in, err
	}
	actor := who(in.Owner)
	if in.File {
		actor = in.By // its owner did not add it
	}
	err = s.tx(ctx, func(t *txn) error {
		t.what = "a new schedule"
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		err := t.QueryRow(ctx, `insert into schedule (name, spec, zone, command, owner, channel, options, in_file, state, by_who, added_at, next_at, wake_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id`,
			in.Name, in.Spec, in.Zone, in.Command, owner, in.Channel, options, in.File, in.State, in.By, in.AddedAt, in.NextAt, in.WakeAt).Scan(&in.ID)
		if err != nil {
			return scheduleTaken(err, in.Name)
		}
		if in.Name == "" {
			in.Name = fmt.Sprintf("schedule-%d", int64(in.ID))
			if _, err := t.Exec(ctx, `update schedule set name = $2 where id = $1`, int64(in.ID), in.Name); err != nil {
				return scheduleTaken(err, in.Name)
			}
		}
		return t.recordSchedule("schedule.add", actor, in)
	})
	if err == nil {
		s.log.Info("schedule stored", "schedule", int64(in.ID), "name", in.Name, "state", in.State, "actor", actor)
	}
	return in, err
}

func (t *txn) recordSchedule(event, actor string, in bcn.Schedule) error {
	body := map[string]any{
		"name": in.Name, "spec": in.Spec, "zone": in.Zone, "command": in.Command, "owner": who(in.Owner), "state": in.State, "options": in.Options,
	}
	if in.Why != "" {
		body["why"] = in.Why
	}
	seal, err := t.s.scheduleMAC(in)
	if err != nil {
		return err
	}
	body["seal"] = seal
	return t.record(event, actor, in.ID, body)
}

// scheduleTaken explains a name that another schedule has.
func scheduleTaken(err error, name string) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23505" { // unique_violation
		return bcn.E(bcn.CodeNameTaken, "name", name, "by", "schedule").Wrap(err)
	}
	return err
}

// ChangeSchedule changes a schedule under its row lock; see scheduler.Store.
func (s *Store) ChangeSchedule(ctx context.Context, o deploy.Origin, actor, event string, id bcn.ID, change func(bcn.Schedule, time.Time) (bcn.Schedule, error)) (bcn.Schedule, error) {
	var out bcn.Schedule
	err := s.tx(ctx, func(t *txn) error {
		t.what = "schedule " + event
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		old, err := oneSchedule(ctx, t, `id = $1 for update`, int64(id))
		if err != nil {
			return err
		}
		var now time.Time
		if err := t.QueryRow(ctx, `select bcn_now()`).Scan(&now); err != nil {
			return err
		}
		if out, err = change(old, now); err != nil {
			return err
		}
		if err := t.writeSchedule(ctx, out); err != nil {
			return err
		}
		if out.Command != old.Command || who(out.Owner) != who(old.Owner) {
			if err := t.skipAsked(ctx, id, actor); err != nil {
				return err
			}
		}
		if err := t.refreshTicks(ctx, id); err != nil {
			return err
		}
		return t.recordSchedule("schedule."+event, actor, out)
	})
	if err == nil {
		s.log.Info("schedule changed", "schedule", int64(id), "name", out.Name, "event", event, "state", out.State, "actor", actor)
	}
	return out, err
}

func (t *txn) writeSchedule(ctx context.Context, in bcn.Schedule) error {
	owner, err := json.Marshal(in.Owner)
	if err != nil {
		return err
	}
	options, err := json.Marshal(in.Options)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `update schedule set (name, spec, zone, command, owner, channel, options, state, why, by_who, added_at, next_at, wake_at, skip_at)
		= ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) where id = $1`, int64(in.ID), in.Name, in.Spec, in.Zone, in.Command,
		owner, in.Channel, options, in.State, in.Why, in.By, in.AddedAt, in.NextAt, in.WakeAt, in.SkipAt)
	return scheduleTaken(err, in.Name)
}

// skipAsked skips the ticks whose approval was asked ahead of their time: what
// was asked for is no longer what the schedule runs.
func (t *txn) skipAsked(ctx context.Context, id bcn.ID, actor string) error {
	asked, err := manyTicks(ctx, t, `schedule = $1 and asked and change <> 0 and state in ('planned', 'announced', 'due') order by at for update`, int64(id))
	if err != nil {
		return err
	}
	for _, k := range asked {
		if err := t.skipTick(ctx, &k, actor); err != nil {
			return err
		}
	}
	return nil
}

// refreshTicks makes the ticks that have not begun look at their schedule again.
func (t *txn) refreshTicks(ctx context.Context, id bcn.ID) error {
	// A step that is under way has read the schedule as it was.
	rows, err := t.Query(ctx, `update tick set fence = fence + 1, lease_until = null
		where schedule = $1 and state in ('planned', 'announced', 'due') returning id`, int64(id))
	if err != nil {
		return err
	}
	ticks, err := pgx.CollectRows(rows, pgx.RowTo[bcn.ID])
	if err != nil {
		return err
	}
	for _, tick := range ticks {
		if err := t.hurryTick(ctx, tick); err != nil {
			return err
		}
	}
	return nil
}

// ScheduleByName answers one schedule by name or number; see scheduler.Store.
func (s *Store) ScheduleByName(ctx context.Context, name string) (bcn.Schedule, error) {
	if id, err := bcn.ParseID(name); err == nil {
		return oneSchedule(ctx, s.pool, `id = $1 and `+scheduleOpen, int64(id))
	}
	return oneSchedule(ctx, s.pool, `name = $1 and `+scheduleOpen+` order by state = 'done' limit 1`, name)
}

// Schedule answers one schedule, whatever its state; ErrNotFound.
func (s *Store) Schedule(ctx context.Context, id bcn.ID) (bcn.Schedule, error) {
	return oneSchedule(ctx, s.pool, `id = $1`, int64(id))
}

// Schedules answers those that are not removed, by name.
func (s *Store) Schedules(ctx context.Context) ([]bcn.Schedule, error) {
	return manySchedules(ctx, s.pool, scheduleOpen+` order by name`)
}

// ForgetDrafts removes what was not saved within a day.
func (s *Store) ForgetDrafts(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `delete from schedule where state = 'draft' and added_at < bcn_now() - interval '1 day'`)
	return err
}

// WakeSchedules claims schedules whose time has come; see scheduler.Store.
func (s *Store) WakeSchedules(ctx context.Context, limit int, next func(bcn.Schedule, time.Time) (scheduler.Woken, error)) (int, error) {
	n := 0
	err := s.tx(ctx, func(t *txn) error {
		t.what = "looking for schedules"
		// A subquery is asked once, and so the index answers.
		due, err := manySchedules(ctx, t, `state = 'active' and wake_at <= (select bcn_now()) order by wake_at limit $1 for update skip locked`, limit)
		if err != nil {
			return err
		}
		if n = len(due); n > 0 {
			t.what = "waking schedules"
		}
		for _, sch := range due {
			if err := t.wake(ctx, sch, next); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

func (t *txn) wake(ctx context.Context, sch bcn.Schedule, next func(bcn.Schedule, time.Time) (scheduler.Woken, error)) error {
	var now time.Time
	if err := t.QueryRow(ctx, `select bcn_now()`).Scan(&now); err != nil {
		return err
	}
	w, err := next(sch, now)
	if err != nil {
		return err
	}
	for _, p := range w.Ticks {
		if sch.SkipAt != nil && sch.SkipAt.Equal(p.At) && p.Skip == "" {
			p.Skip, p.Why = bcn.CodeSkippedBy, sch.By
		}
		if err := t.insertTick(ctx, sch, p); err != nil {
			return err
		}
	}
	if _, err = t.Exec(ctx, `update schedule set next_at = $2, wake_at = $3 where id = $1`, int64(sch.ID), w.NextAt, w.WakeAt); err != nil {
		return err
	}
	return t.finishSchedule(ctx, sch.ID)
}

// finishSchedule ends a schedule of times that has no tick left. Until its
// last one has ended it is there, to be listed, skipped and paused.
// They are counted: to find whether there is one, the planner reads on from the
// oldest.
func (t *txn) finishSchedule(ctx context.Context, id bcn.ID) error {
	rows, err := t.Query(ctx, `update schedule set state = 'done' where id = $1 and state in ('active', 'paused')
		and next_at is null and not options ? 'after'
		and (select count(*) from tick where schedule = $1 and `+tickOpen+`) = 0 returning `+scheduleColumns, int64(id))
	if err != nil {
		return err
	}
	over, err := pgx.CollectRows(rows, scanSchedule)
	if err != nil || len(over) == 0 {
		return err
	}
	return t.recordSchedule("schedule.done", bcn.SystemIdentity, over[0])
}

// insertTick stores a tick once.
func (t *txn) insertTick(ctx context.Context, sch bcn.Schedule, p scheduler.Planned) error {
	state, params := bcn.TickPlanned, map[string]string{}
	if p.Skip != "" {
		state = bcn.TickSkipped
		params = map[string]string{"why": p.Why, "by": p.Why}
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	var id bcn.ID
	err = t.QueryRow(ctx, `insert into tick (schedule, at, state, code, params, ended_at)
		values ($1, $2, $3, $4, $5, case when $4 <> '' then bcn_now() end) on conflict (schedule, at) do nothing returning id`,
		int64(sch.ID), p.At, state, p.Skip, raw).Scan(&id)
	if _, err = found(0, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store a tick of %s: %w", sch.Name, err)
	}
	if err := t.record("tick."+string(state), bcn.SystemIdentity, id, map[string]any{
		"schedule": int64(sch.ID), "name": sch.Name, "at": p.At.UTC().Format(time.RFC3339), "code": p.Skip,
	}); err != nil || p.Skip != "" {
		return err
	}
	return t.insertOnce(ctx, TickArgs{ID: id})
}
