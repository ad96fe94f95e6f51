package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tree is a module with one guard, of which its test knows.
var tree = map[string]string{
	"go.mod": "module example.com/door\n\ngo 1.26\n",
	"door.go": `package door

func Open(key string) bool {
	if key != "mine" {
		return false
	}
	return true
}
`,
	"door_test.go": `package door

import "testing"

func TestOpen(t *testing.T) {
	t.Run("a strange key", func(t *testing.T) {
		if Open("yours") {
			t.Fatal("opened")
		}
	})
	t.Run("a strange key that hangs", func(t *testing.T) {
		if Open("yours") {
			panic("hangs")
		}
	})
	t.Run("the right key", func(t *testing.T) {
		if !Open("mine") {
			t.Fatal("stayed shut")
		}
	})
}

func TestWrong(t *testing.T) { t.Fatal("always") }
`,
}

// diff takes the line "return false" of the guard for another.
func diff(line string) string {
	return `diff --git a/door.go b/door.go
--- a/door.go
+++ b/door.go
@@ -2,5 +2,5 @@
 func Open(key string) bool {
 	if key != "mine" {
-		return false
+		` + line + `
 	}
 	return true
`
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// repository makes a git repository of the tree with one patch.
func repository(t *testing.T, patch string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, tree)
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		git := exec.CommandContext(t.Context(), "git", args...)
		git.Dir = dir
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
	}
	write(t, dir, map[string]string{"patches/01-door.patch": patch})
	return dir
}

func TestRun(t *testing.T) {
	t.Parallel()
	header := func(test string) string {
		return "Promise: 1\nGuard: a strange key opens nothing\nTest: ./ " + test + "\n\n"
	}
	every := func(test string) string { return strings.Replace(header(test), "Test:", "Every:", 1) }
	for name, c := range map[string]struct{ patch, want string }{
		"a guard whose test fails without it is held":     {header("TestOpen/a_strange_key") + diff("return true"), "1 guards, 0 wrong"},
		"what the test complains of is told":              {header("TestOpen/a_strange_key$") + diff("return true"), "without it: door_test.go:8: opened"},
		"a test that takes the process along has failed":  {header("TestOpen/a_strange_key_that_hangs") + diff("return true"), "1 guards, 0 wrong"},
		"a guard that every test misses is held":          {every("TestOpen/^a_strange_key") + diff("return true"), "1 guards, 0 wrong"},
		"a guard that one of them does not miss is wrong": {every("TestOpen/^(a_strange|the_right)_key$") + diff("return true"), "TestOpen/the_right_key passes without the guard"},
		"a guard that no test misses is wrong":            {header("TestOpen/the_right_key") + diff("return true"), "passes without the guard"},
		"a patch that does not apply is wrong":            {header("TestOpen") + strings.ReplaceAll(diff("return true"), "mine", "ours"), "does not apply"},
		"a patch that does not compile is wrong":          {header("TestOpen") + diff("return 1"), "does not compile"},
		"a test that there is not is wrong":               {header("TestShut") + diff("return true"), "matches no test"},
		"a subtest that there is not is wrong":            {header("TestOpen/no_such_key") + diff("return true"), "matches no test"},
		"a test that fails with its guard is wrong":       {header("TestWrong") + diff("return true"), "fails with the guard in place"},
		"a patch without a header is wrong":               {diff("return true"), "must name Promise, Guard and Test"},
		"a promise that bcn does not make is wrong":       {strings.Replace(header("TestOpen"), "1", "12", 1) + diff("return true"), "from 1 to 11"},
		"a header with a word that is unknown is wrong":   {"Tests: ./ TestOpen\n" + diff("return true"), "not \"Tests"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t, c.patch)
			var out bytes.Buffer
			err := run(t.Context(), &out, dir, "patches", nil, true)
			if err != nil {
				out.WriteString(err.Error())
			}
			if !strings.Contains(out.String(), c.want) {
				t.Fatalf("want %q in:\n%s", c.want, out.String())
			}
			if held := strings.Contains(out.String(), " 0 wrong"); held != (err == nil) {
				t.Errorf("error: %v", err)
			}
		})
	}
}

// A patch that no longer applies is found by every `go test`, not only by the
// minutes of `make guards`.
func TestEveryPatchApplies(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	patches, err := readPatches(root, filepath.Join("tools", "guards", "patches"))
	if err != nil || len(patches) == 0 {
		t.Fatalf("%d patches: %v", len(patches), err)
	}
	for _, p := range patches {
		check := exec.CommandContext(t.Context(), "git", "apply", "--check", "--whitespace=nowarn", p.path)
		check.Dir = root
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %s", p.name, bytes.TrimSpace(out))
		}
	}
}
