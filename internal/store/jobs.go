package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// ChangeArgs kicks one change.
type ChangeArgs struct {
	ID bcn.ID `json:"id"`
}

// Kind names the job.
func (ChangeArgs) Kind() string { return "change" }

// FollowArgs kicks the follower of one account and region.
type FollowArgs struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// Kind names the job.
func (FollowArgs) Kind() string { return "follow" }

// TickArgs kicks one tick of a schedule.
type TickArgs struct {
	ID bcn.ID `json:"id"`
}

// Kind names the job.
func (TickArgs) Kind() string { return "tick" }

// ReapArgs kicks the reaper; there is one for the whole installation.
type ReapArgs struct{}

// Kind names the job.
func (ReapArgs) Kind() string { return "reap" }

const (
	// maxSteps is how many steps that follow at once one job does.
	maxSteps = 8
	// atOnce is the longest pause that is not worth another job.
	atOnce = 5 * time.Millisecond
)

// Handlers run the jobs. Each does one short step and says when to look again;
// zero means that the job is over. An error is retried by River.
type Handlers struct {
	Change func(ctx context.Context, id bcn.ID) (time.Duration, error)
	Follow func(ctx context.Context, account, region string) (time.Duration, error)
	Reap   func(ctx context.Context) (time.Duration, error)
	Watch  func(ctx context.Context) (time.Duration, error)
	Tick   func(ctx context.Context, id bcn.ID) (time.Duration, error)
}

// Workers are the running jobs of one process.
type Workers struct{ client *river.Client[pgx.Tx] }

// Stop lets the running steps end; what is left is picked up elsewhere.
func (w *Workers) Stop(ctx context.Context) error { return w.client.Stop(ctx) }

type changeWorker struct {
	river.WorkerDefaults[ChangeArgs]
	h Handlers
}

func (w *changeWorker) Work(ctx context.Context, job *river.Job[ChangeArgs]) error {
	// A step that is to be followed at once is followed here: a snoozed job is
	// noticed only by the next poll. The bound lets other changes have the worker.
	for range maxSteps - 1 {
		d, err := w.h.Change(ctx, job.Args.ID)
		if err != nil || d == 0 || d > atOnce {
			return again(d, err)
		}
	}
	return again(w.h.Change(ctx, job.Args.ID))
}

type tickWorker struct {
	river.WorkerDefaults[TickArgs]
	h Handlers
}

func (w *tickWorker) Work(ctx context.Context, job *river.Job[TickArgs]) error {
	for range maxSteps - 1 {
		d, err := w.h.Tick(ctx, job.Args.ID)
		if err != nil || d == 0 || d > atOnce {
			return again(d, err)
		}
	}
	return again(w.h.Tick(ctx, job.Args.ID))
}

type followWorker struct {
	river.WorkerDefaults[FollowArgs]
	h Handlers
}

func (w *followWorker) Work(ctx context.Context, job *river.Job[FollowArgs]) error {
	return again(w.h.Follow(ctx, job.Args.Account, job.Args.Region))
}

type reapWorker struct {
	river.WorkerDefaults[ReapArgs]
	h Handlers
}

func (w *reapWorker) Work(ctx context.Context, _ *river.Job[ReapArgs]) error {
	return again(w.h.Reap(ctx))
}

type watchWorker struct {
	river.WorkerDefaults[WatchArgs]
	h Handlers
}

func (w *watchWorker) Work(ctx context.Context, _ *river.Job[WatchArgs]) error {
	return again(w.h.Watch(ctx))
}

func again(d time.Duration, err error) error {
	if err != nil {
		return err
	}
	if d > 0 {
		return river.JobSnooze(d)
	}
	return nil
}

// insertOnly makes the client that inserts jobs in our transactions.
func (s *Store) insertOnly() error {
	c, err := river.NewClient(riverpgxv5.New(s.pool), &river.Config{Logger: quiet(s.log)})
	if err != nil {
		return fmt.Errorf("prepare the queue: %w", err)
	}
	s.river = c
	return nil
}

// StartWorkers begins to run jobs. JobTimeout is a minute: a step that takes
// longer is given up, and its row's lease lets another take over.
func (s *Store) StartWorkers(ctx context.Context, h Handlers) (*Workers, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &changeWorker{h: h})
	river.AddWorker(workers, &followWorker{h: h})
	river.AddWorker(workers, &reapWorker{h: h})
	river.AddWorker(workers, &tickWorker{h: h})
	river.AddWorker(workers, &watchWorker{h: h})
	c, err := river.NewClient(riverpgxv5.New(s.pool), &river.Config{
		Logger:               quiet(s.log),
		Workers:              workers,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 12}},
		FetchCooldown:        50 * time.Millisecond,
		FetchPollInterval:    s.jobs,
		JobTimeout:           time.Minute,
		RescueStuckJobsAfter: 90 * time.Second,
		MaxAttempts:          1000,
		RetryPolicy:          retryPolicy{},
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the workers: %w", err)
	}
	if err := c.Start(ctx); err != nil {
		return nil, fmt.Errorf("start the workers: %w", err)
	}
	return &Workers{client: c}, nil
}

// kick inserts a job for the change unless one is about to run.
func (t *txn) kick(ctx context.Context, id bcn.ID) error {
	return t.insertOnce(ctx, ChangeArgs{ID: id})
}

// hurry makes the change's job run now, also where it has snoozed.
func (t *txn) hurry(ctx context.Context, id bcn.ID) error { return t.hurryJob(ctx, ChangeArgs{ID: id}) }

// hurryTick makes the tick's job run now.
func (t *txn) hurryTick(ctx context.Context, id bcn.ID) error {
	return t.hurryJob(ctx, TickArgs{ID: id})
}

func (t *txn) hurryJob(ctx context.Context, args river.JobArgs) error {
	b, err := json.Marshal(args)
	if err != nil {
		return err
	}
	rows, err := t.Query(ctx, `select id from river_job where kind = $1 and args @> $2
		and (state in ('scheduled', 'retryable') or state = 'available' and scheduled_at > now()) for update skip locked`, args.Kind(), string(b))
	if err != nil {
		return err
	}
	waiting, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for _, job := range waiting {
		if _, err := t.s.river.JobRetryTx(ctx, t.Tx, job); err != nil {
			return fmt.Errorf("hurry a job of %s: %w", args.Kind(), err)
		}
	}
	if len(waiting) > 0 {
		return nil
	}
	return t.insertOnce(ctx, args)
}

func (t *txn) insertOnce(ctx context.Context, args river.JobArgs) error {
	b, err := json.Marshal(args)
	if err != nil {
		return err
	}
	var waiting bool
	// A follower that runs will look again, unless its process is dead: it is
	// believed for as long as a lease. Any other job that runs may have read what
	// it acts on before this transaction.
	err = t.QueryRow(ctx, `select exists (select 1 from river_job where kind = $1 and args @> $2
		and (state in ('available', 'scheduled', 'retryable', 'pending')
			or kind = 'follow' and state = 'running' and attempted_at > bcn_now() - $3::interval))`,
		args.Kind(), string(b), t.s.lease).Scan(&waiting)
	if err != nil || waiting {
		return err
	}
	_, err = t.s.river.InsertTx(ctx, t.Tx, args, nil)
	return err
}
