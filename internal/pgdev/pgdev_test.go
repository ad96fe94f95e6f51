package pgdev_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/bcn-bot/bcn/internal/pgdev"
)

// These tests set the process's environment, so none of them is parallel.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at makes folders for temporary files be made below a folder of the test's.
func at(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "p") //nolint:usetesting // short: a socket's path has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL's own user goes through it
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	return dir
}

func inside(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// pid reads whom the server says it is.
func pid(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "data", "postmaster.pid"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	n := 0
	for _, digit := range first {
		n = n*10 + int(digit-'0')
	}
	return n
}

func TestStart(t *testing.T) {
	ctx := context.Background()

	t.Run("it answers by its socket alone, and leaves nothing", func(t *testing.T) {
		dir := at(t)
		s, err := pgdev.Start(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		server := pid(t, dir)
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		var addresses, fsync string
		err = conn.QueryRow(ctx, `select current_setting('listen_addresses'), current_setting('fsync')`).Scan(&addresses, &fsync)
		if err := errors.Join(err, conn.Close(ctx)); err != nil || addresses != "" || fsync != "off" {
			t.Errorf("it listens on %q, fsync is %s: %v", addresses, fsync, err)
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if left := inside(t, dir); len(left) > 0 {
			t.Errorf("left are %v", left)
		}
		if err := syscall.Kill(server, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is still there: %v", server, err)
		}
		if _, err := pgx.Connect(ctx, s.URL("postgres")); err == nil {
			t.Error("it still answers")
		}
	})

	t.Run("commits reach the disk where it is asked", func(t *testing.T) {
		at(t)
		s, err := pgdev.Start(ctx, true)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		var fsync string
		err = conn.QueryRow(ctx, `select current_setting('fsync') || current_setting('synchronous_commit') || current_setting('full_page_writes')`).Scan(&fsync)
		if err := errors.Join(err, conn.Close(ctx), s.Stop()); err != nil || fsync != "ononon" {
			t.Errorf("they are %s: %v", fsync, err)
		}
	})

	t.Run("a start that is given up leaves nothing", func(t *testing.T) {
		dir := at(t)
		given, up := context.WithCancel(ctx)
		up()
		if s, err := pgdev.Start(given, false); !errors.Is(err, context.Canceled) || s != nil {
			t.Errorf("started: %v", err)
		}
		if left := inside(t, dir); len(left) > 0 {
			t.Errorf("left are %v", left)
		}
	})

	t.Run("a server that ends while it starts is reported with its own words, at once", func(t *testing.T) {
		bin := fakeBinaries(t, "echo 'FATAL: no space left on device' >&2; exit 3")
		dir := at(t)
		t.Setenv("PATH", bin)
		begin := time.Now()
		_, err := pgdev.Start(ctx, false)
		if err == nil || !strings.Contains(err.Error(), "no space left on device") {
			t.Errorf("started: %v", err)
		}
		if took := time.Since(begin); took > 4*time.Second {
			t.Errorf("it took %s", took)
		}
		if left := inside(t, dir); len(left) > 0 {
			t.Errorf("left are %v", left)
		}
	})
}

// fakeBinaries answers a folder whose initdb does nothing and whose server
// does what is given.
func fakeBinaries(t *testing.T, server string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "b") //nolint:usetesting // PostgreSQL's user cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for name, does := range map[string]string{"initdb": "exit 0", "postgres": server} {
		// To be run by PostgreSQL's user too.
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+does+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
