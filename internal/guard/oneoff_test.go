package guard_test

import (
	"context"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

func TestTheSizeOfAOneOffTaskIsLimited(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o    *bcn.OneoffPlan
		want int
	}{
		"none":                     {nil, 0},
		"one within the limits":    {&bcn.OneoffPlan{Memory: 2048, CPU: 1024}, 0},
		"one with too much memory": {&bcn.OneoffPlan{Memory: 2049, CPU: 1024}, 1},
		"one with too much CPU":    {&bcn.OneoffPlan{Memory: 2048, CPU: 1025}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, problems := guard.New(guard.Settings{Memory: 2048, CPU: 1024}, nil)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			got := s.Check(context.Background(), guard.Input{Oneoff: c.o})
			if len(got) != c.want || guard.Denied(got) != (c.want > 0) {
				t.Errorf("it finds %v", got)
			}
			for _, f := range got {
				if f.ID != guard.TaskSize {
					t.Errorf("it is %s", f.ID)
				}
			}
		})
	}
}
