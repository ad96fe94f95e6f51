package render_test

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

const digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// heritage parses a file whose environment is production; body is indented by
// four spaces.
func heritage(t testing.TB, body string) *manifest.Heritage {
	t.Helper()
	file, problems := manifest.Parse("barcelona.yml", []byte("environments:\n  production:\n"+body))
	if file == nil {
		t.Fatalf("the fixture has problems: %v", problems)
	}
	h, problem := file.Environment("production")
	if problem != nil {
		t.Fatal(problem)
	}
	return h
}

// input renders a heritage in the example district, with two endpoints.
func input(h *manifest.Heritage) render.Input {
	d := render.ExampleDistrict()
	plain := render.ExampleEndpoint(d, "main", true, "production")
	secure := render.ExampleEndpoint(d, "secure", true, "production")
	secure.HTTPSListener = strings.Replace(secure.HTTPListener, "1a2b3c4d5e6f7081", "1a2b3c4d5e6f7082", 1)
	return render.Input{
		Heritage: h, File: "barcelona.yml", App: "hello", Env: "production", District: d, Digest: digest,
		Endpoints:    map[string]bcn.Endpoint{"main": plain, "secure": secure},
		Installation: "i-0123456789abcdef", Tags: map[string]string{"cost-center": "web"},
	}
}

const worker = `    name: hello
    image_name: 123456789012.dkr.ecr.us-east-1.amazonaws.com/hello
    services:
      - name: worker
        command: bundle exec sidekiq
`

func web(endpoint, more string) string {
	return `    name: hello
    image_name: 123456789012.dkr.ecr.us-east-1.amazonaws.com/hello
    services:
      - name: web
        service_type: web
        command: bundle exec puma
` + more + `        listeners:
          - endpoint: ` + endpoint + `
            rule_priority: 200
`
}

func rolling() manifest.Deployment {
	return manifest.Deployment{Strategy: manifest.Rolling, MinimumPercent: 100, MaximumPercent: 200}
}
