package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// result is what one run of a test said.
type result struct {
	ran    []string // the tests as deep as the pattern reaches
	failed []string // those of them that failed, or did not come to their end
	output []string
}

// tail is the end of what was printed.
func (r result) tail() string { return strings.Join(r.output[max(0, len(r.output)-15):], "\n") }

// passed are the tests as deep as the pattern reaches that did not fail.
func (r result) passed() []string {
	return slices.DeleteFunc(slices.Clone(r.ran), func(name string) bool { return slices.Contains(r.failed, name) })
}

// complaint is the first line that a test wrote: why it failed.
func (r result) complaint() string {
	if n := slices.IndexFunc(r.output, complaint.MatchString); n >= 0 {
		return strings.TrimSpace(r.output[n])
	}
	return strings.TrimSpace(r.tail())
}

var complaint = regexp.MustCompile(`^\s+\w+\.go:\d+: `)

// build makes the binary with the tests of a package, in the tree as it is now:
// one build serves all of them. The answer is "" where the package has none.
func (w *workspace) build(ctx context.Context, pkg, dir string) (string, error) {
	binary := filepath.Join(dir, strings.ReplaceAll(filepath.ToSlash(filepath.Clean(pkg)), "/", "-")+".test")
	//nolint:gosec // what a patch of this repository names
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-trimpath", "-ldflags=-s -w", "-o", binary, pkg)
	cmd.Dir = w.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s does not compile: %w\n%s", pkg, err, out)
	}
	if _, err := os.Stat(binary); err != nil {
		return "", nil //nolint:nilerr // go test -c writes nothing where there are no tests
	}
	return binary, nil
}

// run runs a test of a binary. The error says that it told nothing: it did not
// start, or the pattern matched nothing.
func (w *workspace) run(ctx context.Context, t test, binary string) (result, error) {
	if binary == "" {
		return result{}, fmt.Errorf("%s matches no test", t)
	}
	//nolint:gosec // what a patch of this repository names
	cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.count=1", "-test.paniconexit0", "-test.timeout=5m", "-test.run", t.pattern)
	cmd.Dir = filepath.Join(w.dir, t.pkg)
	out, exit := cmd.CombinedOutput()
	var failure *exec.ExitError
	if exit != nil && !errors.As(exit, &failure) {
		return result{}, exit
	}
	if failure != nil && failure.ExitCode() < 0 { // a panic and a timeout have their codes
		return result{}, fmt.Errorf("%s tells nothing, it was killed from outside: %w", t, exit)
	}
	r := read(out, strings.Count(t.pattern, "/"))
	switch {
	case len(r.ran) == 0 && exit != nil:
		return r, fmt.Errorf("%s tells nothing, it does not start:\n%s", t, r.tail())
	case len(r.ran) == 0:
		return r, fmt.Errorf("%s matches no test", t)
	}
	return r, nil
}

// read looks for the tests that ran as deep as the pattern reaches, and for
// those of them that failed: the failure of a parent alone may have another
// reason. A test that began and has no end took the process with it.
func read(out []byte, depth int) (r result) {
	open := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		r.output = append(r.output, lines.Text())
		verb, rest, ok := strings.Cut(strings.TrimSpace(lines.Text()), ": ")
		name, began := strings.CutPrefix(lines.Text(), "=== RUN   ")
		if !began && ok {
			name, _, _ = strings.Cut(rest, " ")
		}
		if strings.Count(name, "/") < depth {
			continue
		}
		switch {
		case began:
			r.ran = append(r.ran, name)
			open[name] = true
		case verb == "--- FAIL":
			r.failed = append(r.failed, name)
			delete(open, name)
		case verb == "--- PASS", verb == "--- SKIP":
			delete(open, name)
		}
	}
	for name := range open {
		r.failed = append(r.failed, name)
	}
	return r
}
