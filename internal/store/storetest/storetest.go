// Package storetest gives tests a database of their own on a real PostgreSQL:
// one server and one template for a test binary, one clone for each test.
package storetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/pgdev"
	"github.com/bcn-bot/bcn/internal/store"
)

// Key is the BCN_KEY of tests.
var Key = audit.Key("a key for tests, 32 bytes long!!")

// Cluster is the server of a test binary; make it in TestMain.
type Cluster struct {
	// Fsync makes commits reach the disk, for benchmarks; tests do without.
	Fsync  bool
	server *pgdev.Server
	lock   sync.Mutex
}

// Main runs a test binary with a server. Use it as
//
//	var pg storetest.Cluster
//	func TestMain(m *testing.M) { os.Exit(pg.Main(m)) }
func (c *Cluster) Main(m *testing.M) int {
	ctx := context.Background()
	server, err := pgdev.Start(ctx, c.Fsync)
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need PostgreSQL:", err)
		return 1
	}
	c.server = server
	code := 1
	if err := c.template(ctx); err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, "make the template database:", err)
	}
	if err := errors.Join(server.Stop()); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
	}
	return code
}

func (c *Cluster) template(ctx context.Context) error {
	if err := c.exec(ctx, `create role bcn_app login`, `create database bcn_template`); err != nil {
		return err
	}
	return store.Migrate(ctx, c.server.URL("bcn_template"), c.server.URLAs("bcn_app", "bcn_template"), slog.New(slog.DiscardHandler))
}

func (c *Cluster) exec(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, c.server.URL("postgres"))
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, execErr := conn.Exec(ctx, s); execErr != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", s, execErr))
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

// Database clones the template and answers the addresses of the clone as the
// bot's role and as its owner.
func (c *Cluster) Database(t testing.TB) (app, owner string) {
	t.Helper()
	raw := make([]byte, 6)
	if _, err := rand.Read(raw); err != nil {
		t.Fatal(err)
	}
	name := "t_" + hex.EncodeToString(raw)
	c.lock.Lock() // a template can be cloned by one at a time
	err := c.exec(context.Background(), `create database `+name+` template bcn_template`)
	c.lock.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.exec(context.Background(), `drop database `+name+` with (force)`); err != nil {
			t.Error(err)
		}
	})
	return c.server.URLAs("bcn_app", name), c.server.URL(name)
}

// Store opens a store on a database of its own.
func (c *Cluster) Store(t testing.TB) (s *store.Store, ownerURL string) {
	t.Helper()
	app, owner := c.Database(t)
	s, err := store.Open(context.Background(), store.Options{URL: app, Key: Key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, owner
}

// Exec runs SQL on a database, for what no method of the store does: to make
// time pass, or to put in a row of long ago.
func Exec(t testing.TB, url, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(ctx, sql)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Text reads one value of a database as text.
func Text(t testing.TB, url, sql string) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	var s string
	err = conn.QueryRow(ctx, `select (`+sql+`)::text`).Scan(&s)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}
