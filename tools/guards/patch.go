package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// promises is how many DESIGN.md section 14 makes.
const promises = 11

// A patch takes one guard away. Its file is a header and a unified diff:
//
//	Promise: 2
//	Guard: the requester's own approval does not count
//	Test: ./internal/approval TestDecide/the_requester
//
//	diff --git a/internal/approval/approval.go b/internal/approval/approval.go
//	...
//
// There may be several Test lines; each must fail. Of the tests that a line
// matches one is enough, unless the line begins with Every: then each must.
type patch struct {
	name    string // the file's name, without .patch
	path    string // absolute
	promise int
	guard   string
	tests   []test
}

// A test is what `go test PACKAGE -run PATTERN` runs.
type test struct {
	pkg     string
	pattern string
	every   bool
}

func (t test) String() string { return t.pkg + " -run " + t.pattern }

// readPatches reads all patches of a folder, in the order of their names. All
// malformed ones are told at once.
func readPatches(root, dir string) ([]patch, error) {
	files, err := filepath.Glob(filepath.Join(root, dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	var (
		patches []patch
		wrong   []error
	)
	for _, file := range files {
		p, err := readPatch(file)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", filepath.Base(file), err))
		}
		patches = append(patches, p)
	}
	return patches, errors.Join(wrong...)
}

func readPatch(file string) (patch, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return patch{}, err
	}
	content, err := os.ReadFile(path) //nolint:gosec // a patch of this repository
	if err != nil {
		return patch{}, err
	}
	p := patch{name: strings.TrimSuffix(filepath.Base(file), ".patch"), path: path}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "diff ") {
		if err := p.header(lines.Text()); err != nil {
			return p, err
		}
	}
	if p.promise == 0 || p.guard == "" || len(p.tests) == 0 {
		return p, errors.New("the header must name Promise, Guard and Test (or Every), before the line that begins with diff")
	}
	return p, lines.Err()
}

func (p *patch) header(line string) error {
	key, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch key {
	case "":
		return nil
	case "Promise":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > promises {
			return fmt.Errorf("the promise is a number from 1 to %d, not %q", promises, value)
		}
		p.promise = n
	case "Guard":
		p.guard = value
	case "Test", "Every":
		pkg, pattern, ok := strings.Cut(value, " ")
		if !ok || !strings.HasPrefix(pkg, "./") {
			return fmt.Errorf("a test is a package (./internal/x) and a pattern of -run, not %q", value)
		}
		p.tests = append(p.tests, test{pkg: pkg, pattern: strings.TrimSpace(pattern), every: key == "Every"})
	default:
		return fmt.Errorf("the header knows Promise, Guard, Test and Every, not %q", line)
	}
	return nil
}
