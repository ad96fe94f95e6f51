package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// WatchArgs kicks the job that looks at scheduled tasks of files; there is one
// for the whole installation.
type WatchArgs struct{}

// Kind names the job.
func (WatchArgs) Kind() string { return "watch" }

// insertWatch keeps one such job in the queue, whatever state it is in.
func (t *txn) insertWatch(ctx context.Context) error {
	var there bool
	err := t.QueryRow(ctx, `select exists (select 1 from river_job where kind = 'watch'
		and (state <> 'running' or attempted_at > bcn_now() - interval '5 minutes')
		and state in ('available', 'scheduled', 'retryable', 'pending', 'running'))`).Scan(&there)
	if err != nil || there {
		return err
	}
	return t.insertOnce(ctx, WatchArgs{})
}

// UnseenRuns answers which of the tasks are not written down; see
// deploy.ScheduledStore.
func (s *Store) UnseenRuns(ctx context.Context, tasks []string) ([]string, error) {
	rows, err := s.pool.Query(ctx, `select t from unnest($1::text[]) t where not exists (select 1 from scheduled_run where task = t)`, tasks)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// keepRuns is how long runs are kept.
const keepRuns = `interval '90 days'`

// SawRun writes a run down, once, with what is said about it; see
// deploy.ScheduledStore.
func (s *Store) SawRun(ctx context.Context, r bcn.ScheduledRun, notes []deploy.Note) error {
	return s.tx(ctx, func(t *txn) error {
		var task string
		err := t.QueryRow(ctx, `insert into scheduled_run (task, heritage, name, started_at, ended_at, exit_code, reason)
			values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning task`,
			r.Task, r.Heritage, r.Name, r.StartedAt, r.EndedAt, r.ExitCode, r.Reason).Scan(&task)
		if _, err = found(0, err); errors.Is(err, ErrNotFound) {
			return nil // another has it
		}
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `delete from scheduled_run where ended_at < bcn_now() - `+keepRuns); err != nil {
			return err
		}
		return t.announce(ctx, notes)
	})
}

// LastRuns answers the newest run of each scheduled task; see
// deploy.ScheduledStore.
func (s *Store) LastRuns(ctx context.Context) ([]bcn.ScheduledRun, error) {
	rows, err := s.pool.Query(ctx, `select distinct on (heritage, name) task, heritage, name, started_at, ended_at, exit_code, reason
		from scheduled_run order by heritage, name, ended_at desc`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (bcn.ScheduledRun, error) {
		var r bcn.ScheduledRun
		err := row.Scan(&r.Task, &r.Heritage, &r.Name, &r.StartedAt, &r.EndedAt, &r.ExitCode, &r.Reason)
		return r, err
	})
}
