// Package fresh shares reads. A caller says how old the answer may be by the
// moment at which the read must not yet have begun, and callers who ask at the
// same time share one read.
//
// At most one read per key runs and one waits its turn: callers for whom the
// running read began too early all join the waiting one, which begins when the
// running one ends. So a hundred people who press a button at once cost two
// reads, and each of them is judged by a read that began after their click.
package fresh

import (
	"context"
	"sync"
	"time"
)

// Options say how a Reads behaves.
type Options struct {
	Timeout time.Duration    // of one read; 0: 10 s
	Cache   time.Duration    // how long an answer serves callers who do not need a fresh one; 0: 60 s
	Now     func() time.Time // 0: time.Now
}

// Reads shares reads of a V by its key. It is safe for concurrent use.
type Reads[K comparable, V any] struct {
	o    Options
	read func(ctx context.Context, key K) (V, error)

	mu    sync.Mutex
	lines map[K]*line[V]
}

// line is what is known, what runs and what waits for one key.
type line[V any] struct {
	last    *flight[V] // succeeded
	running *flight[V]
	next    *flight[V]
}

type flight[V any] struct {
	began time.Time // set before it runs
	done  chan struct{}
	value V
	err   error
}

// purgeAbove is the number of keys from which old answers are thrown away.
const purgeAbove = 1000

// New makes a Reads around a read. The read's context outlives the caller who
// started it, since others may wait for it too, and ends after the timeout.
func New[K comparable, V any](o Options, read func(ctx context.Context, key K) (V, error)) *Reads[K, V] {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Cache == 0 {
		o.Cache = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Reads[K, V]{o: o, read: read, lines: map[K]*line[V]{}}
}

// Get answers a read that began at notBefore or later; the zero time means
// that an answer as old as Options.Cache will do. A failed read is told to
// those who waited for it and is not kept. Get returns early with the error of
// ctx; the read goes on for the others.
func (r *Reads[K, V]) Get(ctx context.Context, key K, notBefore time.Time) (V, error) {
	f := r.join(ctx, key, notBefore)
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// Peek answers the last answer, however old, without reading.
func (r *Reads[K, V]) Peek(key K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.lines[key]; l != nil && l.last != nil {
		return l.last.value, true
	}
	var none V
	return none, false
}

// join finds or starts the flight whose answer is fresh enough.
func (r *Reads[K, V]) join(ctx context.Context, key K, notBefore time.Time) *flight[V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.o.Now()
	switch {
	case notBefore.IsZero():
		notBefore = now.Add(-r.o.Cache)
	case notBefore.After(now): // another machine's clock: a read from now on is what is meant
		notBefore = now
	}
	l := r.line(key, now)
	for _, f := range []*flight[V]{l.last, l.running} {
		if f != nil && !f.began.Before(notBefore) {
			return f
		}
	}
	if l.next != nil {
		return l.next
	}
	f := &flight[V]{done: make(chan struct{})}
	if l.running != nil {
		l.next = f
		return f
	}
	r.start(context.WithoutCancel(ctx), key, l, f)
	return f
}

// start runs the flight, and after it the one that waits. r.mu is held.
func (r *Reads[K, V]) start(ctx context.Context, key K, l *line[V], f *flight[V]) {
	l.running, f.began = f, r.o.Now()
	go func() {
		limited, cancel := context.WithTimeout(ctx, r.o.Timeout)
		f.value, f.err = r.read(limited, key)
		cancel()
		r.mu.Lock()
		l.running = nil
		if f.err == nil {
			l.last = f
		}
		if next := l.next; next != nil {
			l.next = nil
			r.start(ctx, key, l, next)
		}
		r.mu.Unlock()
		close(f.done)
	}()
}

func (r *Reads[K, V]) line(key K, now time.Time) *line[V] {
	if l := r.lines[key]; l != nil {
		return l
	}
	if len(r.lines) >= purgeAbove {
		for k, l := range r.lines {
			if l.running == nil && (l.last == nil || now.Sub(l.last.began) > r.o.Cache) {
				delete(r.lines, k)
			}
		}
	}
	l := &line[V]{}
	r.lines[key] = l
	return l
}
