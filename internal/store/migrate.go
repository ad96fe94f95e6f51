package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/bcn-bot/bcn/migrations"
)

// migrationLock is the advisory lock under which both migration runners work:
// rivermigrate takes none of its own.
const migrationLock = 0x62636e // "bcn"

// Migrate brings the schema up to date as the owner (MIGRATE_DATABASE_URL) and
// gives the role of DATABASE_URL what it needs: everything, but of the audit
// log only to insert and read.
func Migrate(ctx context.Context, ownerURL, appURL string, log *slog.Logger) error {
	cfg, err := pgxpool.ParseConfig(ownerURL)
	if err != nil {
		return fmt.Errorf("read MIGRATE_DATABASE_URL: %w", redacted(err))
	}
	app, err := pgx.ParseConfig(appURL)
	if err != nil {
		return fmt.Errorf("read DATABASE_URL: %w", redacted(err))
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("open the database: %w", redacted(err))
	}
	defer pool.Close()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("reach the database at %s:%d: %w", cfg.ConnConfig.Host, cfg.ConnConfig.Port, redacted(err))
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, migrationLock); err != nil {
		return fmt.Errorf("take the migration lock: %w", err)
	}
	if err := migrateAll(ctx, pool, log); err != nil {
		return err
	}
	if app.User != cfg.ConnConfig.User {
		if err := grant(ctx, conn.Conn(), app.User); err != nil {
			return err
		}
	}
	_, err = conn.Exec(ctx, `select pg_advisory_unlock($1)`, migrationLock)
	return err
}

func migrateAll(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) (err error) {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrateOurs(ctx, db, log); err != nil {
		return err
	}
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("prepare River's migrations: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("run River's migrations: %w", err)
	}
	return nil
}

func migrateOurs(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("make the migration locker: %w", err)
	}
	p, err := goose.NewProvider(database.DialectPostgres, db, migrations.FS,
		goose.WithSessionLocker(locker), goose.WithSlog(log))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	results, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("run the migrations: %w", err)
	}
	for _, r := range results {
		log.Info("migrated", "version", r.Source.Version, "took", r.Duration)
	}
	return nil
}

// grant gives the bot's role its rights; it never owns a table. All of it is
// one transaction, so that a bot that runs meanwhile never has more.
func grant(ctx context.Context, conn *pgx.Conn, role string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return grantIn(ctx, tx, role) })
}

func grantIn(ctx context.Context, tx pgx.Tx, role string) error {
	id := pgx.Identifier{role}.Sanitize()
	for _, sql := range []string{
		`grant usage on schema public to ` + id,
		`grant select, insert, update, delete on all tables in schema public to ` + id,
		`grant usage, select on all sequences in schema public to ` + id,
		`revoke update, delete, truncate on audit_entry from ` + id,
		`revoke insert, update, delete on goose_db_version from ` + id,
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("grant rights to the role %s: %w", role, err)
		}
	}
	return nil
}
