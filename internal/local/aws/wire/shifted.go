package wire

import (
	"sync"
	"time"
)

// ShiftedClock runs as the machine's does, ahead of it or behind it, and can be
// moved while it runs.
type ShiftedClock struct {
	moving sync.Mutex // one Advance at a time

	mu     sync.Mutex
	offset time.Duration
	next   int
	timers map[int]*alarm
}

// alarm is a callback with its time by the shifted clock, and the timer of the
// machine that wakes it.
type alarm struct {
	at    time.Time
	f     func()
	timer *time.Timer
}

// NewShiftedClock makes a clock that is ahead of the machine's by offset, which
// may be negative.
func NewShiftedClock(offset time.Duration) *ShiftedClock {
	return &ShiftedClock{offset: offset, timers: map[int]*alarm{}}
}

func (c *ShiftedClock) now() time.Time { return time.Now().Add(c.offset) }

// Now is the time that the clock shows.
func (c *ShiftedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// After calls f once, d from now by this clock: in a goroutine of its own, or
// within the Advance that makes it due.
func (c *ShiftedClock) After(d time.Duration, f func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	id := c.next
	c.timers[id] = &alarm{at: c.now().Add(d), f: f, timer: time.AfterFunc(d, func() { c.ring(id) })}
	return func() { c.take(id) }
}

// take removes an alarm; nil where it has gone off.
func (c *ShiftedClock) take(id int) *alarm {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.timers[id]
	if !ok {
		return nil
	}
	a.timer.Stop()
	delete(c.timers, id)
	return a
}

// ring runs what is due by now, unless the clock was put back meanwhile.
func (c *ShiftedClock) ring(id int) {
	c.mu.Lock()
	a, ok := c.timers[id]
	if ok {
		if left := a.at.Sub(c.now()); left > 0 {
			a.timer.Reset(left)
			ok = false
		} else {
			delete(c.timers, id)
		}
	}
	c.mu.Unlock()
	if ok {
		a.f()
	}
}

// Advance moves the clock by d. What becomes due has run when it returns, each
// at its own time and in order, also what that asked for within d; a negative
// d puts the clock back, and what waits waits longer.
func (c *ShiftedClock) Advance(d time.Duration) {
	c.moving.Lock()
	defer c.moving.Unlock()
	c.mu.Lock()
	target := c.offset + d
	c.mu.Unlock()
	for {
		f := c.step(target)
		if f == nil {
			break
		}
		f()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = target
	for _, a := range c.timers {
		a.timer.Reset(max(a.at.Sub(c.now()), 0))
	}
}

// step shows the time of the earliest alarm that is due with the offset, and
// takes it; nil where there is none.
func (c *ShiftedClock) step(offset time.Duration) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := time.Now().Add(offset)
	first := 0
	for id, a := range c.timers {
		if a.at.After(end) {
			continue
		}
		if b := c.timers[first]; b == nil || a.at.Before(b.at) || a.at.Equal(b.at) && id < first {
			first = id
		}
	}
	a := c.timers[first]
	if a == nil {
		return nil
	}
	a.timer.Stop()
	delete(c.timers, first)
	if ahead := a.at.Sub(c.now()); ahead > 0 {
		c.offset += ahead
	}
	return a.f
}
