package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// What the store answers besides bcn's own codes.
var (
	ErrNotFound = deploy.ErrNone
	ErrConflict = deploy.ErrMoved
)

// Options is what a Store needs.
type Options struct {
	URL   string    // DATABASE_URL
	Key   audit.Key // BCN_KEY
	Log   *slog.Logger
	Lease time.Duration // of a claim; default 15 s
	Jobs  time.Duration // between two looks for jobs that are due; default 300 ms
	// MaxConns is the size of the pool; default 16.
	MaxConns int32
}

// Store is bcn's database.
type Store struct {
	pool   *pgxpool.Pool
	key    audit.Key
	log    *slog.Logger
	lease  time.Duration
	jobs   time.Duration
	river  *river.Client[pgx.Tx]
	inbox  *batcher
	wake   chan struct{} // the outbox has something
	inwake chan struct{} // the inbox has something that nobody runs
	faults func(point string)
}

// Open connects and checks that the database answers.
func Open(ctx context.Context, o Options) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read DATABASE_URL: %w", redacted(err))
	}
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC" // times within sealed rows read the same everywhere
	cfg.MaxConns = 16
	if o.MaxConns > 0 {
		cfg.MaxConns = o.MaxConns
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", redacted(err))
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the database at %s:%d: %w", cfg.ConnConfig.Host, cfg.ConnConfig.Port, redacted(err))
	}
	s := &Store{
		pool: pool, key: o.Key, log: o.Log, lease: cmp.Or(o.Lease, 15*time.Second), jobs: cmp.Or(o.Jobs, 300*time.Millisecond), wake: make(chan struct{}, 1),
		inwake: make(chan struct{}, 1), faults: func(string) {},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.inbox = newBatcher(s)
	if err := s.insertOnly(); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// Close waits for what is under way and closes the connections.
func (s *Store) Close() {
	s.inbox.close()
	s.pool.Close()
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// Installation is the id that every stack of this bcn is tagged with.
func (s *Store) Installation(ctx context.Context) (string, error) {
	var id string
	err := s.pool.QueryRow(ctx, `select id::text from installation`).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("read the installation id: %w", err)
	}
	return id, nil
}

// Now is the database's time, by which leases and expiry are decided.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := s.pool.QueryRow(ctx, `select bcn_now()`).Scan(&now)
	return now, err
}

// SetFaults lets a test be told of each kill point by its name, before anything
// else happens; see internal/app's crash tests. It is set before the store is
// used.
func (s *Store) SetFaults(f func(point string)) { s.faults = f }

// txn is a transaction with what is to be written at its end: audit entries,
// whose head is locked last, and whom to wake after the commit.
type txn struct {
	pgx.Tx
	s       *Store
	entries []audit.Entry
	outbox  bool
	what    string // what it does, for the names of kill points
}

// tx runs fn in one transaction and writes the collected audit entries last.
func (s *Store) tx(ctx context.Context, fn func(t *txn) error) error {
	t := &txn{s: s}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		t.Tx = tx
		if err := fn(t); err != nil {
			return err
		}
		s.faults("before the commit of " + t.what)
		return t.writeAudit(ctx)
	})
	if err != nil {
		return err
	}
	s.faults("after the commit of " + t.what)
	if t.outbox {
		s.Wake()
	}
	return nil
}

// moved answers ErrConflict where an UPDATE moved no row.
func (t *txn) moved(ctx context.Context, sql string, args ...any) error {
	tag, err := t.Exec(ctx, sql, args...)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return ErrConflict
	}
	return nil
}

// Wake makes the outbox be looked at now.
func (s *Store) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Woken tells when the outbox may have something to say.
func (s *Store) Woken() <-chan struct{} { return s.wake }

// found turns pgx's missing row into ErrNotFound.
func found[T any](v T, err error) (T, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return v, ErrNotFound
	}
	return v, err
}

// redacted drops what pgx tells of the address: it may hold a password.
func redacted(err error) error {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		return errors.New("it is not a PostgreSQL address")
	}
	return err
}
