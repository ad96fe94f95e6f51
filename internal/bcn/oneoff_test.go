package bcn_test

import (
	"math"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestNameOfAOneoff(t *testing.T) {
	t.Parallel()
	t.Run("nobody can guess it: each is another, of the same change and try too", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		for range 1000 {
			name := bcn.NewOneoff(1, time.Time{}).Name(7)
			if seen[name] {
				t.Fatalf("%s came twice", name)
			}
			seen[name] = true
		}
	})
	t.Run("ECS takes it", func(t *testing.T) {
		t.Parallel()
		if name := bcn.NewOneoff(999, time.Time{}).Name(math.MaxInt32); len(name) > 36 {
			t.Errorf("%s has %d characters", name, len(name))
		}
	})
	t.Run("its age counts from when ECS had it, not from when it was first asked for", func(t *testing.T) {
		t.Parallel()
		asked := time.Unix(1000, 0)
		o := bcn.NewOneoff(1, asked)
		if !o.Since().Equal(asked) {
			t.Errorf("before it is taken it is %s", o.Since())
		}
		taken := asked.Add(time.Hour)
		if o.TakenAt = &taken; !o.Since().Equal(taken) {
			t.Errorf("it is %s", o.Since())
		}
	})
}
