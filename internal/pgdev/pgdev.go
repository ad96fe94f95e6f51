// Package pgdev starts a private PostgreSQL from the machine's own binaries,
// for `bot dev` and for tests. It listens on a unix socket only, and it is
// gone when the process that started it is.
package pgdev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// ErrNoBinaries says that the machine has no PostgreSQL to start.
var ErrNoBinaries = errors.New("no PostgreSQL binaries found: install the package postgresql " +
	"(Debian: apt-get install postgresql; macOS: brew install postgresql@15), " +
	"or set DATABASE_URL to a server of your own")

// Server is a running private PostgreSQL.
type Server struct {
	dir  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the server has ended
	err  error         // why it ended; read after done
	log  *bytes.Buffer
}

// Start makes a new, empty cluster in a temporary folder and starts it. fsync
// says whether commits reach the disk; tests do without.
func Start(ctx context.Context, fsync bool) (*Server, error) {
	bin, err := findBinaries(places)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bcn-pg-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	s := &Server{dir: dir, done: make(chan struct{}), log: &bytes.Buffer{}}
	if err := s.start(ctx, bin, fsync); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, bin string, fsync bool) error {
	owner, err := unprivileged()
	if err != nil {
		return err
	}
	if owner != nil {
		if err := os.Chown(s.dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return fmt.Errorf("give the folder to PostgreSQL's user: %w", err)
		}
	}
	data := filepath.Join(s.dir, "data")
	//nolint:gosec // the machine's own PostgreSQL
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "bcn_owner",
		"--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
	initdb.Dir = s.dir
	initdb.SysProcAttr = attributes(owner)
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	//nolint:gosec,noctx // the machine's own PostgreSQL; Stop ends it
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", s.dir,
		"-c", "listen_addresses=", "-c", "max_connections=200",
		"-c", "fsync="+onOff(fsync), "-c", "synchronous_commit="+onOff(fsync), "-c", "full_page_writes="+onOff(fsync))
	s.cmd.Dir = s.dir
	s.cmd.Stderr = s.log
	s.cmd.SysProcAttr = attributes(owner)
	if err := s.run(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	return s.awaitReady(ctx, data)
}

// run starts the server from a thread that lives as long as the server does:
// the death signal is tied to the thread that started the child.
func (s *Server) run() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.err = s.cmd.Wait()
			close(s.done)
		}
	}()
	return <-started
}

// awaitReady waits until the server says so in the last line of its
// postmaster.pid, as pg_ctl does.
func (s *Server) awaitReady(ctx context.Context, data string) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		select {
		case <-s.done:
			return struct{}{}, backoff.Permanent(fmt.Errorf("postgres ended: %w\n%s", s.err, s.log))
		default:
		}
		pid, err := os.ReadFile(filepath.Join(data, "postmaster.pid")) //nolint:gosec // our own folder
		if err == nil && !strings.HasSuffix(strings.TrimSpace(string(pid)), "ready") {
			err = errors.New("it is starting")
		}
		return struct{}{}, err
	}, backoff.WithBackOff(backoff.NewConstantBackOff(30*time.Millisecond)), backoff.WithMaxElapsedTime(30*time.Second))
	if err != nil {
		return fmt.Errorf("wait for postgres: %w", err)
	}
	return nil
}

// URL answers the address of a database of the server, as its owner.
func (s *Server) URL(database string) string { return s.URLAs("bcn_owner", database) }

// URLAs answers the address of a database for a role.
func (s *Server) URLAs(role, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(role), Path: "/" + database,
		RawQuery: url.Values{"host": {s.dir}, "sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

// Stop ends the server and removes its folder.
func (s *Server) Stop() error {
	var err error
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // immediate: nothing is kept
		select {
		case <-s.done:
		case <-time.After(5 * time.Second):
			err = s.cmd.Process.Kill()
			<-s.done
		}
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// places are where Debian and Homebrew put the binaries.
var places = []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"}

// findBinaries looks in PATH and then in the places.
func findBinaries(places []string) (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if _, err := os.Stat(filepath.Join(filepath.Dir(p), "postgres")); err == nil {
			return filepath.Dir(p), nil
		}
	}
	for _, pattern := range places {
		found, _ := filepath.Glob(pattern) // the patterns are well formed
		for i := len(found) - 1; i >= 0; i-- {
			if _, err := os.Stat(filepath.Join(found[i], "initdb")); err == nil {
				return found[i], nil
			}
		}
	}
	return "", ErrNoBinaries
}

// unprivileged answers whom to run as: PostgreSQL refuses root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("read the ids of user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
