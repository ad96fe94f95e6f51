package cluster

import (
	"container/heap"
	"time"
)

// event is something that happens at a time; events of one time happen in the
// order in which they were made.
type event struct {
	at  time.Time
	seq uint64
	f   func()
}

// queue is a heap of events, the earliest first.
type queue []*event

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}

func (q *queue) Push(x any) {
	if e, ok := x.(*event); ok {
		*q = append(*q, e)
	}
}

func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

// after makes f happen d from now.
func (c *Cluster) after(d time.Duration, f func()) {
	c.serial++
	heap.Push(&c.queue, &event{at: c.now.Add(d), seq: c.serial, f: f})
}

// play lets everything happen that is due until end, each at its time.
func (c *Cluster) play(end time.Time) {
	for len(c.queue) > 0 && !c.queue[0].at.After(end) {
		e, _ := heap.Pop(&c.queue).(*event)
		if e.at.After(c.now) {
			c.now = e.at
		}
		e.f()
	}
	if end.After(c.now) {
		c.now = end
	}
}
