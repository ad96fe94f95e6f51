package render_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// TestExamples renders every example in all its environments: what the
// resources say is known to AWS, and the guardrails find nothing.
func TestExamples(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../examples/*/barcelona.yml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, problems := manifest.Parse(path, data)
		if file == nil {
			t.Fatal(problems)
		}
		for env, h := range file.Environments {
			t.Run(h.Name, func(t *testing.T) {
				t.Parallel()
				stacks, findings, err := render.Heritage(exampleInput(h, env))
				// The first examples do without a certificate, which is there here.
				findings = slices.DeleteFunc(findings, func(f bcn.Finding) bool { return f.ID == render.PlainHTTP })
				if err != nil || len(findings) > 0 {
					t.Fatalf("%v, %+v", err, findings)
				}
				for _, s := range stacks {
					if wrong := faults(s); len(wrong) > 0 {
						t.Errorf("%s: %v", s.Name, wrong)
					}
				}
				if found := guard.Check(stacks, nil); len(found) > 0 {
					t.Errorf("the guardrails refuse it: %+v", found)
				}
			})
		}
	}
}

// exampleInput has the endpoints that the examples name, and a parameter below
// each prefix.
func exampleInput(h *manifest.Heritage, env string) render.Input {
	in := input(h)
	in.Env, in.App, in.Endpoints, in.Parameters = env, h.Name, map[string]bcn.Endpoint{}, map[string][]string{}
	for name, public := range map[string]bool{"main": true, "internal": false, "edge": true} {
		e := render.ExampleEndpoint(in.District, name, public, env)
		e.HTTPSListener = e.HTTPListener + "2"
		in.Endpoints[name] = e
	}
	for _, prefix := range render.Prefixes(h, in.District) {
		in.Parameters[prefix] = []string{prefix + "SECRET"}
	}
	return in
}
