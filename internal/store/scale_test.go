package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// What is over is found in internal/bench to cost nothing; here it is made sure
// that nothing which runs every few seconds reads it all.
func TestNoRoutineQueryReadsAllThatEverWas(t *testing.T) {
	t.Parallel()
	const history = 20_000
	app, owner := pg.Database(t)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	for _, sql := range []string{
		`insert into change (id, kind, subject, wish, state, requester)
			select -i, 'deploy', 'heritage:hello', '{}', 'succeeded', '{}' from generate_series(1, %d) as i`,
		`insert into request (id, state, hash, requester, needs, expires_at, mac)
			select -i, 'started', '', '', '[]', now(), '' from generate_series(1, %d) as i`,
		`insert into outbox (change, role, key, channel, sent, posted_to, ts)
			select -i, 'card', 'card', 'C', 1, 'C', '1.1' from generate_series(1, %d) as i`,
		`insert into inbox (key, request, state) select 'old:' || i, '{}', 'done' from generate_series(1, %d) as i`,
	} {
		if _, err := conn.Exec(ctx, fmt.Sprintf(sql, history)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(ctx, `analyze`); err != nil {
		t.Fatal(err)
	}
	read := func() (rows int64) {
		t.Helper()
		err := conn.QueryRow(ctx, `select sum(seq_tup_read) from pg_stat_user_tables
			where relname in ('change', 'request', 'outbox', 'inbox')`).Scan(&rows)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	before := read()

	s, err := store.Open(ctx, store.Options{URL: app, Key: storetest.Key})
	if err != nil {
		t.Fatal(err)
	}
	newChange(t, s, "heritage:hello") // a card that is due
	for what, query := range map[string]func() error{
		"ClaimOutbox":   func() error { _, err := s.ClaimOutbox(ctx, 10); return err },
		"Reconcile":     func() error { _, err := s.Reconcile(ctx); return err },
		"OrphanedInbox": func() error { _, err := s.OrphanedInbox(ctx, time.Second); return err },
		"ForgetInbox":   func() error { return s.ForgetInbox(ctx) },
		"Pending":       func() error { _, err := s.Pending(ctx); return err },
		"Parked":        func() error { _, err := s.Parked(ctx); return err },
		"Open":          func() error { _, err := s.Open(ctx); return err },
	} {
		if err := query(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.Close() // its connections tell what they read when they end
	for others := 1; others > 0; {
		err := conn.QueryRow(ctx, `select count(*) from pg_stat_activity, pg_sleep(0.01)
			where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`).Scan(&others)
		if err != nil {
			t.Fatal(err)
		}
	}
	if rows := read() - before; rows >= history {
		t.Errorf("%d rows were read one after the other", rows)
	}
}
