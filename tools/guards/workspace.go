package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A workspace is a copy of the tracked files, as they are now, in which guards
// are taken away and put back.
type workspace struct {
	dir    string
	passed map[test]error // what each test says of the tree as it is
}

func newWorkspace(ctx context.Context, root string) (*workspace, error) {
	dir, err := os.MkdirTemp("", "bcn-guards-")
	if err != nil {
		return nil, err
	}
	w := &workspace{dir: dir, passed: map[test]error{}}
	if err := w.fill(ctx, root); err != nil {
		return nil, errors.Join(err, w.remove())
	}
	return w, nil
}

func (w *workspace) remove() error { return os.RemoveAll(w.dir) }

func (w *workspace) fill(ctx context.Context, root string) error {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("list the tracked files: %w", err)
	}
	for _, name := range strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }) {
		// What is tracked but removed is missing in the copy too.
		if err := copyFile(filepath.Join(root, name), filepath.Join(w.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from) //nolint:gosec // a tracked file
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm()) //nolint:gosec // its name is from git
}

// try takes the guard away, expects each of its tests to fail, and puts the
// guard back.
func (w *workspace) try(ctx context.Context, p patch) (err error) {
	for _, t := range p.tests {
		if err := w.passes(ctx, t); err != nil {
			return err
		}
	}
	if err := w.apply(ctx, p); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.apply(context.WithoutCancel(ctx), p, "--reverse")) }()
	for _, t := range p.tests {
		r, err := w.run(ctx, t)
		switch {
		case err != nil:
			return err
		case !r.failed:
			return fmt.Errorf("%s passes without the guard", t)
		}
	}
	return nil
}

// passes says that the test runs and passes in the tree as it is; asked once
// for each test.
func (w *workspace) passes(ctx context.Context, t test) error {
	if err, known := w.passed[t]; known {
		return err
	}
	r, err := w.run(ctx, t)
	switch {
	case err != nil:
	case r.failed:
		err = fmt.Errorf("%s fails with the guard in place:\n%s", t, r.tail())
	}
	w.passed[t] = err
	return err
}

func (w *workspace) apply(ctx context.Context, p patch, flags ...string) error {
	cmd := exec.CommandContext(ctx, "git", append(append([]string{"apply", "--whitespace=nowarn"}, flags...), p.path)...) //nolint:gosec // a patch of this repository
	cmd.Dir = w.dir
	// The copy belongs to no repository, also where the folder for temporary
	// files lies in one.
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(w.dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the patch does not apply: %s", bytes.TrimSpace(out))
	}
	return nil
}
