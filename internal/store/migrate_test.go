package store_test

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// PostgreSQL's codes: insufficient_privilege, raise_exception.
const (
	notAllowed = "42501"
	raised     = "P0001"
)

// The bot's role writes the log and cannot unwrite it; the owner is stopped by
// a trigger, which it would have to take away on purpose.
func TestTheLogIsAppendOnly(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	app, owner := pg.Database(t)
	s, err := store.Open(ctx, store.Options{URL: app, Key: storetest.Key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	newChange(t, s, "heritage:hello")
	for _, c := range []struct{ who, sql, want string }{
		{app, `update audit_entry set body = '{}'`, notAllowed},
		{app, `update audit_entry set mac = mac where false`, notAllowed},
		{app, `delete from audit_entry`, notAllowed},
		{app, `truncate audit_entry`, notAllowed},
		{app, `truncate audit_entry, change cascade`, notAllowed},
		{app, `drop table audit_entry`, notAllowed},
		{app, `alter table audit_entry disable trigger all`, notAllowed},
		{app, `drop trigger audit_entry_append_only on audit_entry`, notAllowed},
		{app, `create or replace function audit_is_append_only() returns trigger language plpgsql as 'begin return null; end'`, notAllowed},
		{app, `set session_replication_role = replica`, notAllowed},
		{app, `grant update on audit_entry to bcn_app; update audit_entry set body = '{}'`, notAllowed},
		{app, `update goose_db_version set version_id = 0`, notAllowed},
		{app, `delete from goose_db_version`, notAllowed},
		{app, `create table mine (a int)`, notAllowed},
		{owner, `update audit_entry set body = '{}'`, raised},
		{owner, `delete from audit_entry`, raised},
		{owner, `truncate audit_entry`, raised},
	} {
		who, _, _ := strings.Cut(strings.TrimPrefix(c.who, "postgres://"), "@")
		t.Run(who+": "+c.sql, func(t *testing.T) {
			t.Parallel()
			if got := refusedBy(tryExec(c.who, c.sql)); got != c.want {
				t.Errorf("refused with %q, want %q", got, c.want)
			}
		})
	}
	t.Cleanup(func() {
		if n, err := s.VerifyAudit(context.Background()); n != 1 || err != nil {
			t.Errorf("%d entries are whole: %v", n, err)
		}
	})
}

// empty makes a database without a schema.
func empty(t *testing.T) (app, owner string) {
	t.Helper()
	full, server := pg.Database(t)
	name := "e_" + server[strings.LastIndex(server, "/")+1:strings.Index(server, "?")]
	exec(t, server, `create database `+name)
	t.Cleanup(func() { exec(t, server, `drop database `+name+` with (force)`) })
	return inDatabase(t, full, name), inDatabase(t, server, name)
}

func inDatabase(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)

	t.Run("replicas that migrate at the same time make one schema, and again nothing", func(t *testing.T) {
		t.Parallel()
		app, owner := empty(t)
		for range 2 {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if err := store.Migrate(ctx, owner, app, log); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		if n := number(t, owner, `select count(*) from installation`); n != 1 {
			t.Errorf("%d installations", n)
		}
		if n := number(t, owner, `select count(*) - count(distinct version_id) from goose_db_version`); n != 0 {
			t.Errorf("%d migrations ran twice", n)
		}
		if n := number(t, owner, `select count(*) from pg_locks l join pg_database d on d.oid = l.database
			where l.locktype = 'advisory' and d.datname = current_database()`); n != 0 {
			t.Errorf("%d locks are still held", n)
		}
		s, err := store.Open(ctx, store.Options{URL: app, Key: storetest.Key})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		newChange(t, s, "heritage:hello")
	})

	t.Run("a database that is in use is migrated without losing anything", func(t *testing.T) {
		t.Parallel()
		app, owner := pg.Database(t)
		s, err := store.Open(ctx, store.Options{URL: app, Key: storetest.Key})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c := newChange(t, s, "heritage:hello")
		before, err := s.Installation(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Migrate(ctx, owner, app, log); err != nil {
			t.Fatal(err)
		}
		if after, err := s.Installation(ctx); after != before || err != nil {
			t.Errorf("the installation %s became %s: %v", before, after, err)
		}
		read(t, s, c.ID)
	})

	t.Run("one role for both is allowed: the trigger protects the log", func(t *testing.T) {
		t.Parallel()
		_, owner := empty(t)
		if err := store.Migrate(ctx, owner, owner, log); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(ctx, store.Options{URL: owner, Key: storetest.Key})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		newChange(t, s, "heritage:hello")
		if got := refusedBy(tryExec(owner, `delete from audit_entry`)); got != raised {
			t.Errorf("refused with %q", got)
		}
	})

	t.Run("an error never tells the password", func(t *testing.T) {
		t.Parallel()
		for _, address := range []string{
			"postgres://bcn:hunter2@127.0.0.1:1/bcn?connect_timeout=1", "postgres://bcn:hunter2@127.0.0.1:port/bcn", "host=127.0.0.1 password=hunter2 port=x",
		} {
			for _, err := range []error{store.Migrate(ctx, address, address, log), opened(ctx, address)} {
				if err == nil || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%s: %v", address, err)
				}
			}
		}
	})
}

func opened(ctx context.Context, address string) error {
	s, err := store.Open(ctx, store.Options{URL: address, Key: storetest.Key})
	if err == nil {
		s.Close()
	}
	return err
}
