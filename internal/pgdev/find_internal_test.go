package pgdev

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindBinaries(t *testing.T) {
	// It sets PATH, so it is not parallel.
	folder := func(t *testing.T, programs ...string) string {
		t.Helper()
		dir := t.TempDir()
		for _, name := range programs {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}

	t.Run("PATH comes first", func(t *testing.T) {
		dir := folder(t, "initdb", "postgres")
		t.Setenv("PATH", dir)
		if got, err := findBinaries([]string{folder(t, "initdb")}); got != dir || err != nil {
			t.Errorf("found %s, %v", got, err)
		}
	})

	t.Run("an initdb without its server is passed over", func(t *testing.T) {
		t.Setenv("PATH", folder(t, "initdb"))
		dir := folder(t, "initdb")
		if got, err := findBinaries([]string{dir}); got != dir || err != nil {
			t.Errorf("found %s, %v", got, err)
		}
	})

	t.Run("where there are none the error names the package and the variable", func(t *testing.T) {
		t.Setenv("PATH", folder(t))
		_, err := findBinaries([]string{filepath.Join(t.TempDir(), "*", "bin")})
		if !errors.Is(err, ErrNoBinaries) {
			t.Fatalf("found: %v", err)
		}
		for _, word := range []string{"install the package postgresql", "apt-get install postgresql", "brew install", "DATABASE_URL"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not say %q", err, word)
			}
		}
	})
}
