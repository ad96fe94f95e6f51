package manifest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// sameButPlaces compares files without their positions, and with an empty list
// as none.
func sameButPlaces(a, b *manifest.File) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(manifest.File{}), cmpopts.IgnoreTypes(manifest.Position{}))
}

// TestDefaultsAreFilledOnce holds that a file in which every default is
// written out means the same: what is filled in is valid and stays.
func TestDefaultsAreFilledOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		drawn := drawFile(t)
		file, problems := manifest.Parse("f", drawn)
		if file == nil {
			t.Fatalf("%s\n%v", drawn, problems)
		}
		written, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		second, problems := manifest.Parse("f", written) // JSON is YAML
		if second == nil {
			t.Fatalf("%s\n%v", written, problems)
		}
		if diff := sameButPlaces(file, second); diff != "" {
			t.Errorf("%s\n%s", drawn, diff)
		}
	})
}

// drawFile draws a valid file, with any of its keys left out.
func drawFile(t *rapid.T) []byte {
	written, err := json.Marshal(map[string]any{"environments": map[string]any{"production": drawHeritage(t)}})
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// maybe draws what is put into the mapping, or leaves it out.
func maybe[V any](t *rapid.T, m map[string]any, key string, g *rapid.Generator[V]) {
	if rapid.Bool().Draw(t, "has "+key) {
		m[key] = g.Draw(t, key)
	}
}

func drawHeritage(t *rapid.T) map[string]any {
	h := map[string]any{"name": "hello", "image_name": "acme/hello"}
	var services, tasks, env []any
	for i := range rapid.IntRange(1, 3).Draw(t, "services") {
		services = append(services, drawService(t, i))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "tasks") {
		task := map[string]any{"schedule": "rate(1 day)", "command": fmt.Sprintf("rake 'task %d'", i)}
		maybe(t, task, "name", rapid.Just(fmt.Sprintf("named%d", i)))
		maybe(t, task, "timezone", rapid.SampledFrom([]string{"UTC", "Asia/Tokyo"}))
		maybe(t, task, "cpu", rapid.IntRange(1, 16384))
		maybe(t, task, "memory", rapid.IntRange(1, 122880))
		maybe(t, task, "enabled", rapid.Bool())
		tasks = append(tasks, task)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "variables") {
		env = append(env, rapid.SampledFrom([]map[string]any{
			{"name": fmt.Sprint("V", i), "value": i},
			{"name": fmt.Sprint("V", i), "value": ""},
			{"name": fmt.Sprint("V", i), "ssm_path": "hello/x", "read_at_runtime": true},
			{"name": fmt.Sprint("V", i), "value_from": "/hello/x"},
			{"ssm_prefix": fmt.Sprintf("hello/%d/", i)},
		}).Draw(t, "variable"))
	}
	h["services"], h["scheduled_tasks"], h["environment"] = services, tasks, env
	if tasks == nil {
		delete(h, "scheduled_tasks")
	}
	if env == nil {
		delete(h, "environment")
	}
	maybe(t, h, "launch", rapid.SampledFrom([]string{"fargate", "ec2"}))
	maybe(t, h, "kms_key", rapid.Just("alias/hello"))
	maybe(t, h, "run_env", rapid.Just(map[string]any{"vars": map[string]any{"A": "b", "N": 1}}))
	maybe(t, h, "before_deploy", rapid.SampledFrom([]any{
		nil, "rake db:migrate", map[string]any{"command": "rake", "cpu": 256}, map[string]any{"command": "rake", "timeout": 3600, "memory": 1},
	}))
	return h
}

func drawService(t *rapid.T, i int) map[string]any {
	s := map[string]any{"name": fmt.Sprint("service", i), "command": "run"}
	web := rapid.Bool().Draw(t, "web")
	if web {
		l := map[string]any{"endpoint": "main", "rule_priority": i + 1}
		maybe(t, l, "health_check_interval", rapid.IntRange(5, 300))
		maybe(t, l, "healthy_threshold_count", rapid.IntRange(2, 10))
		s["service_type"], s["listeners"] = "web", []any{l}
	}
	maybe(t, s, "cpu", rapid.IntRange(1, 16384))
	maybe(t, s, "public", rapid.Bool())
	maybe(t, s, "exec", rapid.Bool())
	maybe(t, s, "entrypoint", rapid.SampledFrom([]any{"/entry 'a b'", []string{"/entry", ""}}))
	maybe(t, s, "health_check_grace_period", rapid.IntRange(0, 600))
	maybe(t, s, "stop_timeout", rapid.IntRange(1, 120))
	maybe(t, s, "ulimits", rapid.Just([]any{map[string]any{"name": "nofile", "soft": 0, "hard": 1}}))
	maybe(t, s, "volumes", rapid.Just([]any{map[string]any{"name": "data", "path": "/data"}}))
	if rapid.Bool().Draw(t, "scaled") {
		scaling := map[string]any{"min_count": 1, "max_count": 9}
		maybe(t, scaling, "cpu", rapid.IntRange(1, 100))
		maybe(t, scaling, "memory", rapid.IntRange(1, 100))
		s["auto_scaling"] = scaling
	} else {
		maybe(t, s, "desired_count", rapid.IntRange(0, 9))
	}
	if d := drawDeployment(t, web); len(d) > 0 {
		s["deployment"] = d
	}
	return s
}

func drawDeployment(t *rapid.T, web bool) map[string]any {
	d := map[string]any{}
	maybe(t, d, "alarms", rapid.Just([]string{"errors"}))
	strategies := []string{"rolling"}
	if web {
		strategies = []string{"rolling", "blue_green", "canary", "linear"}
	}
	maybe(t, d, "strategy", rapid.SampledFrom(strategies))
	switch d["strategy"] {
	case nil, "rolling":
		maybe(t, d, "minimum_percent", rapid.IntRange(0, 100))
		maybe(t, d, "maximum_percent", rapid.IntRange(200, 200))
		return d
	case "canary":
		maybe(t, d, "canary_percent", rapid.IntRange(1, 99))
		maybe(t, d, "canary_bake", rapid.IntRange(0, 60))
	case "linear":
		maybe(t, d, "step_percent", rapid.IntRange(3, 99))
		maybe(t, d, "step_bake", rapid.IntRange(0, 9))
	}
	maybe(t, d, "pause", rapid.IntRange(0, 9))
	maybe(t, d, "bake_time", rapid.IntRange(0, 60))
	return d
}
