package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// BenchmarkWakeSchedules is what is done every second, and what each tick costs,
// by the number of schedules.
func BenchmarkWakeSchedules(b *testing.B) {
	for _, n := range []int{10, 1_000, 10_000, 100_000} {
		s, owner := pg.Store(b)
		storetest.Exec(b, owner, fmt.Sprintf(manySchedules, n))
		ctx := context.Background()
		b.Run(fmt.Sprintf("nothing due/schedules=%d", n), func(b *testing.B) {
			for b.Loop() {
				if woke, err := s.WakeSchedules(ctx, 100, tomorrow); woke != 0 || err != nil {
					b.Fatal(woke, err)
				}
			}
		})
		b.Run(fmt.Sprintf("one due/schedules=%d", n), func(b *testing.B) {
			now, err := s.Now(ctx)
			if err != nil {
				b.Fatal(err)
			}
			newSchedule(b, s, fmt.Sprint("due-", b.N), now, now)
			at := now
			next := func(bcn.Schedule, time.Time) (scheduler.Woken, error) {
				at = at.Add(time.Microsecond)
				return scheduler.Woken{Ticks: []scheduler.Planned{{At: at}}, NextAt: &now, WakeAt: &now}, nil
			}
			for b.Loop() {
				if woke, err := s.WakeSchedules(ctx, 1, next); woke != 1 || err != nil {
					b.Fatal(woke, err)
				}
			}
			storetest.Exec(b, owner, `update schedule set state = 'removed' where name like 'due-%'`)
		})
		b.Run(fmt.Sprintf("by name/schedules=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.ScheduleByName(ctx, "many-5"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
