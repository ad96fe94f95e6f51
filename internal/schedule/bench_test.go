package schedule_test

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/schedule"
)

func BenchmarkNext(b *testing.B) {
	for name, text := range map[string]string{
		"fixed hour":  "0 2 * * *",
		"every hour":  "*/30 * * * *",
		"weekly":      "0 10 * * mon",
		"29 February": "0 0 29 2 *",
		"interval":    "every 7m",
	} {
		b.Run(name, func(b *testing.B) {
			s, err := schedule.Parse(text, "Europe/London", added())
			if err != nil {
				b.Fatal(err)
			}
			after := added()
			for b.Loop() {
				next, ok := s.Next(after)
				if !ok {
					b.Fatal("no tick is left")
				}
				after = next
				if after.Year() > 2080 {
					after = added()
				}
			}
		})
	}
}

func BenchmarkMissed(b *testing.B) {
	for name, down := range map[string]time.Duration{
		"an hour": time.Hour, "a day": 24 * time.Hour, "a year": 365 * 24 * time.Hour,
	} {
		b.Run("every minute after "+name, func(b *testing.B) {
			s, err := schedule.Parse("* * * * *", "Europe/London", added())
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if due := schedule.Missed(s, added(), added().Add(down), schedule.Policy{}); len(due.Run) != 1 {
					b.Fatal(due)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := schedule.Parse("*/15 9-17 * * mon-fri", "America/New_York", added()); err != nil {
			b.Fatal(err)
		}
	}
}
