package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestAWholeNumberIsOneHoweverItIsWritten writes the same numbers as 5, as 5.0
// and as 50e-1: what is wrong with the file, and whether, is the same.
func TestAWholeNumberIsOneHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	const file = `environments:
  production:
    name: shop
    image_name: redis
    environment: { PORT: { value: 3000 } }
    before_deploy: { command: x, memory: MEMORY }
    services:
      - name: web
        service_type: web
        command: x
        launch: LAUNCH
        memory: MEMORY
        web_container_port: PORT
        auto_scaling: { min_count: COUNT, max_count: COUNT, cpu: 50 }
        deployment: { minimum_percent: PERCENT, maximum_percent: MOST }
        ulimits: [{ name: nofile, soft: COUNT, hard: COUNT }]
        listeners: [{ endpoint: main, rule_priority: COUNT, health_check_interval: SECONDS, health_check_timeout: SECONDS }]
      - name: api
        service_type: web
        command: x
        stop_timeout: SECONDS
        listeners: [{ endpoint: main, rule_priority: COUNT }]
`
	ways := []func(int) string{
		func(n int) string { return fmt.Sprint(n) },
		func(n int) string { return fmt.Sprintf("%d.0", n) },
		func(n int) string { return fmt.Sprintf("%d.e0", n) },
		func(n int) string { return fmt.Sprintf("%d0e-1", n) },
	}
	messages := func(file string) []string {
		var out []string
		for _, l := range lines(file) {
			_, message, _ := strings.Cut(l, ": ")
			out = append(out, message)
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		plain := strings.Replace(file, "LAUNCH", rapid.SampledFrom([]string{"fargate", "ec2"}).Draw(t, "launch"), 1)
		written := plain
		for _, c := range []struct {
			mark  string
			times int
			from  int
			to    int
		}{{"MEMORY", 2, 1, 9}, {"PORT", 1, 2999, 3001}, {"COUNT", 6, 1, 3}, {"PERCENT", 1, 90, 101}, {"MOST", 1, 99, 110}, {"SECONDS", 3, 4, 7}} {
			for range c.times {
				n := rapid.IntRange(c.from, c.to).Draw(t, c.mark)
				plain = strings.Replace(plain, ": "+c.mark, ": "+fmt.Sprint(n), 1)
				written = strings.Replace(written, ": "+c.mark, ": "+rapid.SampledFrom(ways).Draw(t, "way")(n), 1)
			}
		}
		if diff := cmp.Diff(messages(plain), messages(written)); diff != "" {
			t.Fatalf("%s\n(-whole +written):\n%s", written, diff)
		}
	})
}
