package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// result is what one run of `go test` said.
type result struct {
	failed bool // a test of the pattern's depth failed
	output []string
}

// tail is the end of what was printed.
func (r result) tail() string { return strings.Join(r.output[max(0, len(r.output)-15):], "") }

// event is a line of `go test -json` (documented by `go doc test2json`).
type event struct {
	Action string
	Test   string
	Output string
}

// run runs a test. The error says that it told nothing: it did not compile, or
// the pattern matched nothing.
func (w *workspace) run(ctx context.Context, t test) (result, error) {
	//nolint:gosec // what a patch of this repository names
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-vet=off", "-trimpath", "-timeout=5m", "-run", t.pattern, t.pkg)
	cmd.Dir = w.dir
	out, exit := cmd.Output()
	var failure *exec.ExitError
	if exit != nil && !errors.As(exit, &failure) {
		return result{}, exit
	}
	r, ran := read(out, strings.Count(t.pattern, "/"))
	switch {
	case ran == 0 && exit != nil:
		if failure != nil {
			r.output = append(r.output, string(failure.Stderr))
		}
		return r, fmt.Errorf("%s tells nothing, it does not compile or start:\n%s", t, r.tail())
	case ran == 0:
		return r, fmt.Errorf("%s matches no test", t)
	}
	return r, nil
}

// read counts the tests that ran as deep as the pattern reaches, and says
// whether one of them failed: the failure of a parent alone may have another
// reason.
func read(out []byte, depth int) (r result, ran int) {
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // a line of the go command's own
		}
		deep := e.Test != "" && strings.Count(e.Test, "/") >= depth
		switch e.Action {
		case "output", "build-output":
			r.output = append(r.output, e.Output)
		case "run":
			if deep {
				ran++
			}
		case "fail":
			r.failed = r.failed || deep
		}
	}
	return r, ran
}
