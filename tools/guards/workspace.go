package main

import (
	"bytes"
	"cmp"
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
	bin    string            // folder of test binaries
	built  map[string]string // the binary of each package's tests, of the tree as it is
	passed map[test]error    // what each test says of the tree as it is
}

func newWorkspace(ctx context.Context, root string) (*workspace, error) {
	top, err := os.MkdirTemp("", "bcn-guards-")
	if err != nil {
		return nil, err
	}
	w := &workspace{dir: filepath.Join(top, "tree"), bin: filepath.Join(top, "bin"), built: map[string]string{}, passed: map[test]error{}}
	if err := errors.Join(os.Mkdir(w.bin, 0o750), w.fill(ctx, root)); err != nil {
		return nil, errors.Join(err, w.remove())
	}
	return w, nil
}

func (w *workspace) remove() error { return os.RemoveAll(filepath.Dir(w.dir)) }

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
// guard back. It answers what the first of them complained of.
func (w *workspace) try(ctx context.Context, p patch) (why string, err error) {
	for _, t := range p.tests {
		if err := w.passes(ctx, t); err != nil {
			return "", err
		}
	}
	if err := w.apply(ctx, p); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, w.apply(context.WithoutCancel(ctx), p, "--reverse")) }()
	return w.fails(ctx, p)
}

// fails builds what the guard is missing in, and expects its tests to fail.
func (w *workspace) fails(ctx context.Context, p patch) (why string, err error) {
	dir, err := os.MkdirTemp(w.bin, "without-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	built := map[string]string{}
	for _, t := range p.tests {
		if _, known := built[t.pkg]; !known {
			if built[t.pkg], err = w.build(ctx, t.pkg, dir); err != nil {
				return "", err
			}
		}
		r, err := w.run(ctx, t, built[t.pkg])
		switch {
		case err != nil:
			return "", err
		case len(r.failed) == 0:
			return "", fmt.Errorf("%s passes without the guard", t)
		case t.every && len(r.passed()) > 0:
			return "", fmt.Errorf("%s passes without the guard", strings.Join(r.passed(), ", "))
		}
		why = cmp.Or(why, r.complaint())
	}
	return why, nil
}

// passes says that the test runs and passes in the tree as it is; asked once
// for each test.
func (w *workspace) passes(ctx context.Context, t test) error {
	if err, known := w.passed[t]; known {
		return err
	}
	binary, err := w.whole(ctx, t.pkg)
	if err != nil {
		return err
	}
	r, err := w.run(ctx, t, binary)
	switch {
	case err != nil:
	case len(r.failed) > 0:
		err = fmt.Errorf("%s fails with the guard in place:\n%s", t, r.tail())
	}
	w.passed[t] = err
	return err
}

// whole is the binary with the tests of a package, with all guards in place.
func (w *workspace) whole(ctx context.Context, pkg string) (binary string, err error) {
	if binary, known := w.built[pkg]; known {
		return binary, nil
	}
	if binary, err = w.build(ctx, pkg, w.bin); err == nil {
		w.built[pkg] = binary
	}
	return binary, err
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
