package wire

import (
	"sort"
	"sync"
	"time"
)

// SystemClock is the machine's own clock.
type SystemClock struct{}

// Now is the time of day.
func (SystemClock) Now() time.Time { return time.Now() }

// After calls f once in a goroutine of its own, d from now.
func (SystemClock) After(d time.Duration, f func()) (stop func()) {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// ManualClock stands still until Advance moves it. Callbacks run inside
// Advance, in the order of their times, so that a test sees all effects of a
// step once Advance has returned.
type ManualClock struct {
	mu    sync.Mutex
	now   time.Time
	next  int
	timer map[int]pending
}

type pending struct {
	at time.Time
	f  func()
}

// NewManualClock makes a clock that shows start.
func NewManualClock(start time.Time) *ManualClock {
	return &ManualClock{now: start, timer: map[int]pending{}}
}

// Now is the time that the clock was set to.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After calls f once the clock was advanced by d; d of zero or less is due at
// the next Advance, even by nothing.
func (c *ManualClock) After(d time.Duration, f func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	id := c.next
	c.timer[id] = pending{at: c.now.Add(d), f: f}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timer, id)
	}
}

// Advance moves the clock by d and runs what became due, at its own time each;
// what a callback schedules within d runs too.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	c.mu.Unlock()
	for {
		f := c.step(end)
		if f == nil {
			return
		}
		f()
	}
}

// step moves to the earliest callback until end and takes it, or to end.
func (c *ManualClock) step(end time.Time) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make([]int, 0, len(c.timer))
	for id, p := range c.timer {
		if !p.at.After(end) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		if end.After(c.now) {
			c.now = end
		}
		return nil
	}
	sort.Slice(ids, func(i, j int) bool {
		a, b := c.timer[ids[i]].at, c.timer[ids[j]].at
		return a.Before(b) || a.Equal(b) && ids[i] < ids[j]
	})
	p := c.timer[ids[0]]
	delete(c.timer, ids[0])
	if p.at.After(c.now) {
		c.now = p.at
	}
	return p.f
}
