package manifest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/manifest"
)

func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile("../../examples/hello/barcelona.yml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if file, problems := manifest.Parse("barcelona.yml", data); file == nil {
			b.Fatal(problems)
		}
	}
}

// BenchmarkParseServices shows what a file costs by its number of services.
func BenchmarkParseServices(b *testing.B) {
	for _, n := range []int{1, 5, 20, 50} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			data := []byte(manyServices(n))
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if file, problems := manifest.Parse("barcelona.yml", data); file == nil {
					b.Fatal(problems)
				}
			}
		})
	}
}

// manyServices is a file of n web services on one endpoint, each with a
// scheduled task of its own.
func manyServices(n int) string {
	services, tasks := []string{"services:"}, []string{"scheduled_tasks:"}
	for i := range n {
		services = append(services,
			fmt.Sprintf("  - name: web%d", i), "    service_type: web", "    command: bundle exec puma -C config/puma.rb",
			"    cpu: 256", "    memory: 512", "    auto_scaling: {min_count: 2, max_count: 8, cpu: 50}",
			"    deployment: {minimum_percent: 50, alarms: [errors]}", "    stop_timeout: 60",
			"    ulimits: [{name: nofile, soft: 65535, hard: 65535}]", "    volumes: [{name: scratch, path: /scratch}]",
			fmt.Sprintf("    listeners: [{endpoint: main, rule_priority: %d, rule_conditions: [{type: path-pattern, value: /%d/*}]}]", i+1, i))
		tasks = append(tasks, fmt.Sprintf("  - {name: task%d, schedule: \"cron(0 %d * * ? *)\", command: rake task%d}", i, i%24, i))
	}
	env := []string{"environment:"}
	for i := range 2 * n {
		env = append(env, fmt.Sprintf("  VARIABLE_%d: {ssm_path: hello/variable_%d}", i, i))
	}
	return one(name, image, strings.Join(services, "\n"), strings.Join(tasks, "\n"), strings.Join(env, "\n"))
}
