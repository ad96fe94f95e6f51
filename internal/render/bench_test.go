package render_test

import (
	"fmt"
	"testing"

	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// busy is a heritage of n services as apps have them: half of them behind an
// endpoint and scaled, twenty variables, ten secrets, five scheduled tasks.
func busy(b *testing.B, n int) *manifest.Heritage {
	b.Helper()
	h := heritage(b, web("main", "        auto_scaling: { min_count: 1, max_count: 4, requests: 1000 }\n"))
	one, plain := h.Services[0], heritage(b, worker).Services[0]
	h.Services = nil
	for i := range n {
		s := plain
		if i%2 == 0 {
			s = one
		}
		s.Name = fmt.Sprintf("service%d", i)
		h.Services = append(h.Services, s)
	}
	value := "https://example.com/some/value/of/a/usual/length"
	for i := range 20 {
		h.Environment = append(h.Environment, manifest.Variable{Name: fmt.Sprintf("PLAIN_%d", i), Value: &value})
	}
	for i := range 10 {
		h.Environment = append(h.Environment, manifest.Variable{Name: fmt.Sprintf("SECRET_%d", i), SSMPath: fmt.Sprintf("hello/secret_%d", i)})
	}
	for i := range 5 {
		h.ScheduledTasks = append(h.ScheduledTasks, manifest.ScheduledTask{
			Name: fmt.Sprintf("task%d", i), Schedule: "rate(1 day)", Timezone: "UTC", Command: []string{"bin/task"}, CPU: 512, Memory: 1024, Enabled: true,
		})
	}
	return h
}

func BenchmarkHeritage(b *testing.B) {
	for _, services := range []int{1, 5, 20, 50} {
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			in := input(busy(b, services))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := render.Heritage(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
