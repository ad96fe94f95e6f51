package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// threats is how many rows the threat model has.
const threats = 40

// unproven are the rows without a test: a second factor outside Slack is not
// there yet.
var unproven = map[string]bool{"T17": true, "T18": true}

// TestThreats holds that each row of docs/threats.md is there once and names
// tests that are there, with the subtest where one is quoted.
func TestThreats(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(root, "docs", "threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)` (Test[A-Za-z0-9]+)(?: \"([^\"]+)\")?")
	rows := map[string][]string{}
	for _, line := range strings.Split(string(data), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "| T") {
			continue
		}
		row := strings.TrimSpace(cells[0])
		if len(cells) != 4 || rows[row] != nil {
			t.Fatalf("%s has %d cells, or is there twice", row, len(cells))
		}
		rows[row] = cells
	}
	for i := range threats {
		row := fmt.Sprintf("T%d", i+1)
		cells := rows[row]
		if cells == nil {
			t.Errorf("%s is missing", row)
			continue
		}
		delete(rows, row)
		tests := named.FindAllStringSubmatch(cells[3], -1)
		if n := strings.Count(cells[3], "` Test"); n != len(tests) {
			t.Errorf("%s: %d tests are named with their package, of %d", row, len(tests), n)
		}
		if says := strings.Contains(cells[2], "What remains: "); unproven[row] != (len(tests) == 0) || unproven[row] && !says {
			t.Errorf("%s has %d tests, and says what remains: %t", row, len(tests), says)
		}
		for _, test := range tests {
			if !hasTest(t, test[1], test[2]) {
				t.Errorf("%s: %s has no %s", row, test[1], test[2])
			}
			if test[3] != "" && !inTests(t, test[1], test[3]) {
				t.Errorf("%s: %s has no subtest %q", row, test[1], test[3])
			}
		}
	}
	for row := range rows {
		t.Errorf("%s is no row of the model", row)
	}
}

// inTests says whether the tests of a package have a sentence in quotes, such
// as a subtest's name.
func inTests(t *testing.T, pkg, sentence string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), `"`+sentence) {
			return true
		}
	}
	return false
}
