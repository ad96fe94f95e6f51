package render_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

// features is one golden file per stack and feature.
func features() map[string]func(t *testing.T) []bcn.Proposal {
	return featuresOf(func(string) {})
}

// featuresOf tells note of each environment that a file of the features has.
func featuresOf(note func(body string)) map[string]func(t *testing.T) []bcn.Proposal {
	of := func(body string, change func(*render.Input)) func(t *testing.T) []bcn.Proposal {
		note(body)
		return func(t *testing.T) []bcn.Proposal {
			in := input(heritage(t, body))
			if change != nil {
				change(&in)
			}
			stacks, _, err := render.Heritage(in)
			if err != nil {
				t.Fatal(err)
			}
			return stacks
		}
	}
	endpoint := func(e bcn.Endpoint) func(t *testing.T) []bcn.Proposal {
		return func(t *testing.T) []bcn.Proposal {
			e.District = "example"
			stack, err := render.Endpoint(render.EndpointInput{
				Endpoint: e, District: render.ExampleDistrict(),
				Installation: "i-0123456789abcdef", Tags: map[string]string{"cost-center": "web"},
			})
			if err != nil {
				t.Fatal(err)
			}
			return []bcn.Proposal{stack}
		}
	}
	const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-4e5f-6071-8192-a3b4c5d6e7f8"
	out := map[string]func(t *testing.T) []bcn.Proposal{
		"worker":        of(worker, nil),
		"worker_count":  of(worker+"        desired_count: 0\n", nil),
		"worker_public": of(worker, func(in *render.Input) { in.District.AssignPublicIP = true }),
		"worker_exec":   of(worker+"        exec: true\n", nil),
		"worker_other_registry": of(strings.ReplaceAll(worker,
			"123456789012.dkr.ecr.us-east-1.amazonaws.com/hello", "ghcr.io/acme/hello"), nil),
		"worker_raised": of(worker+"        cpu: 1024\n        memory: 700\n", nil),
		"web_without_endpoint": of(strings.Split(web("main", ""), "        listeners:")[0]+
			"        web_container_port: 8080\n", nil),
		"web":           of(web("main", ""), nil),
		"web_https":     of(web("secure", ""), nil),
		"web_force_ssl": of(web("secure", "        force_ssl: true\n"), nil),
		"web_two_endpoints": of(web("main", "")+`          - endpoint: secure
            rule_priority: 7
            health_check_interval: 30
            health_check_path: /healthz
            health_check_timeout: 20
            healthy_threshold_count: 3
            unhealthy_threshold_count: 4
            rule_conditions:
              - { type: host-header, value: "*.example.com" }
              - { type: path-pattern, value: /api/* }
`, nil),
		"environment": of(worker+`    environment:
      PLAIN: { value: "a & <b>" }
      EMPTY: { value: "" }
      SESSION_SECRET: { ssm_path: hello/session_secret }
      SHARED: { value_from: /barcelona/example/shared/key }
      WHOLE: { value_from: "arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/example/hello/db-AbCdEf:password::" }
      PARTIAL: { value_from: "arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/example/hello/api" }
`, nil),
		"names_long": of(strings.Replace(worker, "name: hello\n",
			"name: the-longest-heritage-that-anybody-has-ever-thought-of-naming-so\n", 1), nil),
		"services":                of(web("main", "        cpu: 512\n        memory: 2048\n")+strings.Split(worker, "    services:\n")[1], nil),
		"endpoint_public":         endpoint(bcn.Endpoint{Name: "main", Public: true}),
		"endpoint_public_https":   endpoint(bcn.Endpoint{Name: "main", Public: true, Certificate: certificate}),
		"endpoint_internal":       endpoint(bcn.Endpoint{Name: "inside"}),
		"endpoint_internal_https": endpoint(bcn.Endpoint{Name: "inside", Certificate: certificate}),
		"endpoint_certificates": endpoint(bcn.Endpoint{
			Name: "main", Public: true, Certificate: certificate,
			MoreCertificates: []string{certificate[:len(certificate)-1] + "9"}, TLS: render.TLSModern, AccessLogs: true,
		}),
		"endpoint_old_clients": endpoint(bcn.Endpoint{Name: "main", Public: true, Certificate: certificate, TLS: render.TLSOld}),
	}
	for name, f := range networks() {
		out[name] = f
	}
	for name, f := range countries() {
		out[name] = f
	}
	for name, f := range keys() {
		out[name] = of(f.body, f.change)
	}
	for name, f := range strategies() {
		out[name] = of(f.body, f.change)
	}
	for name, f := range plugins() {
		out[name] = of(f.body, f.change)
	}
	return out
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, stacksOf := range features() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stacks := stacksOf(t)
			for _, s := range stacks {
				golden(t, name+"."+kind(s.Name), s)
				for _, fault := range faults(s) {
					t.Error(fault)
				}
			}
			if findings := guard.Check(stacks, nil); len(findings) > 0 {
				t.Errorf("the guardrails refuse it: %+v", findings)
			}
		})
	}
}

func TestEveryGoldenFileIsStillRendered(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, f := range files {
		feature := strings.Split(filepath.Base(f), ".")[0]
		if _, ok := features()[feature]; !ok {
			t.Errorf("%s belongs to no feature", f)
		}
	}
}

func kind(stack string) string {
	switch {
	case strings.HasPrefix(stack, "heritage-"):
		return "base"
	case strings.HasPrefix(stack, "endpoint-"):
		return "endpoint"
	case strings.HasPrefix(stack, "barcelona-"):
		return "district"
	default:
		return "services"
	}
}

// golden compares a stack with testdata, indented for people.
func golden(t *testing.T, name string, s bcn.Proposal) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, s.Template, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
