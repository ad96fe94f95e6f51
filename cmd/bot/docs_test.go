package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository.
const root = "../.."

// TestBarcelona holds that each fault of docs/barcelona.md names tests that
// are there, or says why it does not apply.
func TestBarcelona(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(root, "docs", "barcelona.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)` (Test[A-Za-z0-9]+)")
	faults := map[string]bool{}
	for _, line := range strings.Split(string(data), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 3 || !strings.HasPrefix(line, "| ") || strings.TrimSpace(cells[0]) == "fault" {
			continue
		}
		fault, tests := strings.TrimSpace(cells[0]), named.FindAllStringSubmatch(cells[2], -1)
		if faults[fault] {
			t.Errorf("%q is there twice", fault)
		}
		faults[fault] = true
		if without := strings.HasPrefix(strings.TrimSpace(cells[1]), "does not apply: "); without == (len(tests) > 0) {
			t.Errorf("%q has %d tests, and says that it does not apply: %t", fault, len(tests), without)
		}
		if n := strings.Count(cells[2], "Test"); n != len(tests) {
			t.Errorf("%q: %d tests are named with their package, of %d", fault, len(tests), n)
		}
		for _, test := range tests {
			if !hasTest(t, test[1], test[2]) {
				t.Errorf("%q: %s has no %s", fault, test[1], test[2])
			}
		}
	}
	if len(faults) < 55 {
		t.Errorf("the tables have %d faults", len(faults))
	}
}

// hasTest says whether a package has the test.
func hasTest(t *testing.T, pkg, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file) //nolint:gosec // a file of this repository
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}

var link = regexp.MustCompile(`\]\(([^)#: ]+)(?:#[^)]*)?\)`)

// TestLinks holds that what the documentation links to is there.
func TestLinks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, file := range append(files, filepath.Join(root, "README.md"), filepath.Join(root, "ARCHITECTURE.md")) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(data), -1) {
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil { //nolint:gosec // a link of this repository
				t.Errorf("%s links to %s, which is not there", filepath.Base(file), m[1])
			}
		}
	}
	if links < 20 {
		t.Errorf("%d links were looked at", links)
	}
}

// TestArchitecture holds that the map names every package and every migration.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	packages, err := filepath.Glob(filepath.Join(root, "internal", "*"))
	if err != nil || len(packages) < 30 {
		t.Fatal(packages, err)
	}
	for _, dir := range packages {
		name := "internal/" + filepath.Base(dir)
		if filepath.Base(dir) != "local" && !strings.Contains(string(data), "`"+name+"`") {
			t.Errorf("ARCHITECTURE.md does not tell what %s holds", name)
		}
	}
	migrations, err := filepath.Glob(filepath.Join(root, "migrations", "*.sql"))
	if err != nil || len(migrations) == 0 {
		t.Fatal(migrations, err)
	}
	for _, file := range migrations {
		number, _, _ := strings.Cut(filepath.Base(file), "_")
		if !strings.Contains(string(data), "`"+number+"`") {
			t.Errorf("ARCHITECTURE.md does not tell what the migration %s brings", number)
		}
	}
}
