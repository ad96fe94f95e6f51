package bench_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bench"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
	"github.com/bcn-bot/bcn/internal/text"
)

// round is how many commands are acknowledged before the next program's turn
// comes, and rounds how many turns each has at least: the disk's moods then
// meet them all alike.
const round, rounds = 256, 8

// BenchmarkAcknowledge shows how many commands are stored and acknowledged a
// second, beside the bare loops in the same run. "x-loop" and "x-beside" are
// bcn's rate over that of the bare loop that takes one command after the other,
// and over that of one with a goroutine for each.
func BenchmarkAcknowledge(b *testing.B) {
	for _, flight := range []int{1, 32} {
		b.Run(fmt.Sprintf("inflight=%d", flight), func(b *testing.B) {
			programs := [3]*bench.Slack{startBare(b, false), startBare(b, true), startBot(b)}
			for _, s := range programs {
				commands(b, s, round, flight) // connections and caches
			}
			var took [3][]time.Duration
			var total [3]time.Duration
			for b.Loop() {
				for turn := range 3 * rounds {
					i := turn % 3
					began := time.Now()
					took[i] = append(took[i], commands(b, programs[i], round, flight)...)
					total[i] += time.Since(began)
				}
			}
			b.ReportMetric(0, "ns/op") // of a round: says nothing
			b.ReportMetric(float64(len(took[2]))/total[2].Seconds(), "acks/s")
			b.ReportMetric(total[0].Seconds()/total[2].Seconds(), "x-loop")
			b.ReportMetric(total[1].Seconds()/total[2].Seconds(), "x-beside")
			b.ReportMetric(milliseconds(quantile(took[2], 0.5)), "p50-ms")
			b.ReportMetric(milliseconds(quantile(took[2], 0.99)), "p99-ms")
			b.ReportMetric(milliseconds(quantile(took[0], 0.99)), "loop-p99-ms")
		})
	}
}

// commands sends n commands, flight at a time, and answers how long each took
// to be acknowledged.
func commands(b *testing.B, s *bench.Slack, n, flight int) []time.Duration {
	b.Helper()
	var (
		mu   sync.Mutex
		took []time.Duration
		work sync.WaitGroup
	)
	for range flight {
		work.Go(func() {
			for range n / flight {
				d, err := s.Command()
				if err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
			}
		})
	}
	work.Wait()
	return took
}

// quantile answers the least duration that q of them do not exceed.
func quantile(list []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func startBare(b *testing.B, beside bool) *bench.Slack {
	b.Helper()
	_, owner := pg.Database(b)
	conn, err := pgx.Connect(b.Context(), owner)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := conn.Exec(b.Context(), bench.BareTable); err != nil {
		b.Fatal(err)
	}
	if err := conn.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	s := startSlack(b)
	run(b, s, bench.Bare{Beside: beside, Database: owner, APIURL: s.APIURL()}.Run)
	return s
}

func startBot(b *testing.B) *bench.Slack {
	b.Helper()
	database, _ := pg.Database(b)
	db, err := store.Open(b.Context(), store.Options{URL: database, Key: storetest.Key})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(db.Close)
	catalogue, err := text.New()
	if err != nil {
		b.Fatal(err)
	}
	s := startSlack(b)
	bot := slackbot.New(slackbot.Options{
		API:   slackbot.NewAPI(slackbot.APIOptions{BotToken: "xoxb-bench", AppToken: "xapp-bench", URL: s.APIURL()}),
		Inbox: db, Handler: workless{}, Outbox: silent{}, Text: catalogue, Sockets: 1,
	})
	run(b, s, bot.Run)
	return s
}

func startSlack(b *testing.B) *bench.Slack {
	b.Helper()
	s, err := bench.StartSlack(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() }) // the program on the other side may have closed the socket
	return s
}

// run runs a program until the benchmark ends, from its first socket on.
func run(b *testing.B, s *bench.Slack, program func(context.Context) error) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	done := make(chan error, 1)
	go func() { done <- program(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	opening, stop := context.WithTimeout(b.Context(), 10*time.Second)
	defer stop()
	if err := s.Open(opening); err != nil {
		b.Fatal(err)
	}
}

// workless does nothing with what was acknowledged.
type workless struct{}

func (workless) Immediate(chat.Request, string) (chat.Message, bool) { return chat.Message{}, false }

func (workless) Handle(context.Context, string) slackbot.Outcome { return slackbot.Outcome{} }

// silent has nothing to say.
type silent struct{}

func (silent) Claim(context.Context, int) ([]slackbot.Out, error)         { return nil, nil }
func (silent) Posted(context.Context, int64, string, string, int64) error { return nil }
func (silent) Retry(context.Context, int64, time.Duration, string) error  { return nil }
func (silent) Drop(context.Context, int64, string) error                  { return nil }
func (silent) Wake() <-chan struct{}                                      { return nil }
