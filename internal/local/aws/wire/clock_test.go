package wire_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func TestManualClock(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	t.Run("stands still until it is advanced", func(t *testing.T) {
		t.Parallel()
		c := wire.NewManualClock(start)
		if !c.Now().Equal(start) {
			t.Fatal(c.Now())
		}
		c.Advance(time.Minute)
		if !c.Now().Equal(start.Add(time.Minute)) {
			t.Fatal(c.Now())
		}
	})
	t.Run("runs what became due in order, each at its own time, also what those ask for", func(t *testing.T) {
		t.Parallel()
		c := wire.NewManualClock(start)
		var seen []time.Duration
		note := func() { seen = append(seen, c.Now().Sub(start)) }
		c.After(3*time.Second, note)
		c.After(time.Second, func() {
			note()
			c.After(time.Second, note)
			c.After(time.Hour, note)
		})
		c.Advance(10 * time.Second)
		if want := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}; !slices.Equal(seen, want) || !c.Now().Equal(start.Add(10*time.Second)) {
			t.Fatalf("got %v, now %v", seen, c.Now())
		}
	})
	t.Run("does not run what was stopped", func(t *testing.T) {
		t.Parallel()
		c := wire.NewManualClock(start)
		ran := false
		c.After(time.Second, func() { ran = true })()
		c.Advance(time.Minute)
		if ran {
			t.Fatal("ran")
		}
	})
	t.Run("the system's clock calls back once", func(t *testing.T) {
		t.Parallel()
		done := make(chan struct{})
		stop := wire.SystemClock{}.After(time.Millisecond, func() { close(done) })
		<-done
		stop()
	})
}
