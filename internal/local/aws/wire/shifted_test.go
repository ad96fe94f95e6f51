package wire_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// pass lets time go by in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func TestShiftedClock(t *testing.T) {
	t.Parallel()
	t.Run("runs beside the machine's, ahead or behind", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			for _, by := range []time.Duration{0, 30 * time.Second, -30 * time.Second} {
				c := wire.NewShiftedClock(by)
				pass(time.Minute)
				if got := time.Until(c.Now()); got != by {
					t.Fatalf("%s ahead, want %s", got, by)
				}
			}
		})
	})
	t.Run("calls back by itself, once", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := wire.NewShiftedClock(time.Hour)
			rang := make(chan time.Time, 2)
			due := c.Now().Add(time.Minute)
			c.After(time.Minute, func() { rang <- c.Now() })
			if at := <-rang; !at.Equal(due) {
				t.Fatal(at)
			}
			c.Advance(time.Hour)
			if len(rang) != 0 {
				t.Fatal("twice")
			}
		})
	})
	t.Run("a jump runs what became due in order, each at its own time, also what those ask for", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := wire.NewShiftedClock(0)
			start := c.Now()
			var seen []time.Duration
			note := func() { seen = append(seen, c.Now().Sub(start)) }
			c.After(3*time.Minute, note)
			c.After(time.Minute, func() {
				note()
				c.After(time.Minute, note)
				c.After(time.Hour, note)
			})
			c.Advance(10 * time.Minute)
			if want := []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute}; !slices.Equal(seen, want) || c.Now().Sub(start) != 10*time.Minute {
				t.Fatalf("%v, now %s", seen, c.Now().Sub(start))
			}
			pass(51 * time.Minute)
			synctest.Wait()
			if len(seen) != 4 || seen[3] != 61*time.Minute {
				t.Fatalf("%v: what was not due yet rings when it is", seen)
			}
		})
	})
	t.Run("put back, it calls back later", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := wire.NewShiftedClock(0)
			rang := make(chan struct{}, 1)
			c.After(time.Minute, func() { rang <- struct{}{} })
			c.Advance(-time.Minute)
			pass(90 * time.Second)
			synctest.Wait()
			if len(rang) != 0 {
				t.Fatal("too early")
			}
			<-rang
			if off := time.Until(c.Now()); off != -time.Minute {
				t.Fatal(off)
			}
		})
	})
	t.Run("does not run what was stopped", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := wire.NewShiftedClock(0)
			ran := false
			c.After(time.Minute, func() { ran = true })()
			c.Advance(time.Hour)
			pass(time.Hour)
			synctest.Wait()
			if ran {
				t.Fatal("ran")
			}
		})
	})
}
