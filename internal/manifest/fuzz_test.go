package manifest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// FuzzParse holds that no file makes Parse panic, that a file is answered
// exactly when no problem is more than a warning, that every problem lies
// within the file, and that a file with its defaults written out is the same.
func FuzzParse(f *testing.F) {
	sample, err := os.ReadFile("../../examples/hello/barcelona.yml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(sample), "", "a: &a [*a]", "a: *b", "environments: {p: {name: x, services: [1, {name: }]}}",
		"environments:\n  p:\n    environment: {A: {value: 0x1F}, <<: {B: {value: .nan}}}\n", "? [a]\n: b", "a: !!binary x",
		"environments: [[[{<<: [1, 2]}]]]", "\xff\xfe", "a: 1\n---\nb: 2", "environments: {p: {services: {0: {name: 9}}}}", "0: 0",
		"environments: {\"\": {\"\": [\"\"]}}", "environments: {p: {environment: [[{}]]}}", "a: &x\n  *x : 1",
	} {
		f.Add([]byte(seed))
	}
	for _, c := range slices.Concat(badHeritageKeys(), badServiceKeys()) {
		f.Add([]byte(c.file))
	}
	for _, seed := range []string{dead, manyServices(2), ofHeritage("before_deploy: {command: a, timeout: 1h}", "run_env: {vars: {A: 01}}")} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := manifest.Parse("f", data)
		if (file == nil) != manifest.Failed(problems) {
			t.Fatalf("file %v with problems %v", file, problems)
		}
		lines := 1 + bytes.Count(data, []byte("\n"))
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Column > len(data)+2 || p.Message == "" {
				t.Fatalf("%v is outside the file of %d lines", p, lines)
			}
		}
		if file == nil {
			return
		}
		written, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(written) > manifest.MaxBytes {
			return
		}
		second, problems := manifest.Parse("f", written)
		if second == nil {
			t.Fatalf("%s\n%v", written, problems)
		}
		if diff := sameButPlaces(file, second); diff != "" {
			t.Fatalf("%s\n%s", written, diff)
		}
	})
}
