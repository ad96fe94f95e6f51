package validate_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stored is findings.json.
type stored struct {
	Validator string `json:"validator"`
	Templates []struct {
		File     string    `json:"file"`
		SHA256   string    `json:"sha256"`
		Findings []finding `json:"findings"`
	} `json:"templates"`
}

type finding struct {
	Severity, Rule, Resource, Type, Property, Message string
}

type reason struct {
	Rule, Type, Property, Reason string
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// golden lists the golden templates with their hashes, by path from the
// repository's root; the rule is validate.mjs's.
func golden(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		slash := filepath.ToSlash(path)
		if err != nil || d.IsDir() || !strings.Contains(slash, "/testdata/") || !strings.HasSuffix(slash, ".json") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(data, []byte(`"AWSTemplateFormatVersion"`)) {
			return err
		}
		sum := sha256.Sum256(data)
		out[strings.TrimPrefix(slash, "../../")] = hex.EncodeToString(sum[:])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryGoldenTemplateWasValidatedAsItIs(t *testing.T) {
	t.Parallel()
	var s stored
	read(t, "findings.json", &s)
	validated := map[string]string{}
	for _, v := range s.Templates {
		validated[v.File] = v.SHA256
	}
	files := golden(t)
	if len(files) == 0 {
		t.Fatal("there is no golden template")
	}
	for file, hash := range files {
		if validated[file] != hash {
			t.Errorf("%s was not validated as it is: run make validate", file)
		}
	}
	for file := range validated {
		if files[file] == "" {
			t.Errorf("%s is no longer there: run make validate", file)
		}
	}
}

func TestEveryFindingIsAWarningWithAReason(t *testing.T) {
	t.Parallel()
	var s stored
	var reasons []reason
	read(t, "findings.json", &s)
	read(t, "reasons.json", &reasons)
	if len(s.Templates) == 0 {
		t.Fatal("nothing was validated")
	}
	for _, v := range s.Templates {
		for _, f := range v.Findings {
			if f.Severity != "WARN" || !explained(reasons, f) {
				t.Errorf("%s: %+v", v.File, f)
			}
		}
	}
}

func explained(reasons []reason, f finding) bool {
	for _, r := range reasons {
		if r.Rule == f.Rule && r.Type == f.Type && strings.HasPrefix(f.Property, r.Property) && len(r.Reason) > 20 {
			return true
		}
	}
	return false
}
