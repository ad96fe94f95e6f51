package fresh_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bcn-bot/bcn/internal/fresh"
)

// counter is a read that takes a second and answers how many came before it.
func counter(n *atomic.Int64) func(context.Context, string) (int64, error) {
	return func(ctx context.Context, _ string) (int64, error) {
		mine := n.Add(1)
		select {
		case <-time.After(time.Second):
			return mine, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("a hundred callers during one read cost two reads, none of them stale", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int64
			reads := fresh.New(fresh.Options{}, counter(&n))
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					<-time.After(time.Duration(i) * time.Millisecond)
					got, err := reads.Get(ctx, "S1", time.Now())
					if err != nil {
						t.Errorf("caller %d: %v", i, err)
					}
					if i > 0 && got != 2 {
						t.Errorf("caller %d was answered by read %d, which began before it asked", i, got)
					}
				})
			}
			wg.Wait()
			if n.Load() != 2 {
				t.Errorf("%d reads, want 2", n.Load())
			}
		})
	})

	t.Run("the zero time is served from the cache until it is too old", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int64
			reads := fresh.New(fresh.Options{Cache: time.Minute}, counter(&n))
			for _, step := range []struct {
				after time.Duration
				want  int64
			}{{0, 1}, {30 * time.Second, 1}, {31 * time.Second, 2}} {
				<-time.After(step.after)
				if got, _ := reads.Get(ctx, "S1", time.Time{}); got != step.want {
					t.Errorf("after %s: read %d, want %d", step.after, got, step.want)
				}
			}
		})
	})
}

func TestGetTrouble(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("a failed read is told and not kept", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("down")
		var n atomic.Int64
		reads := fresh.New(fresh.Options{}, func(context.Context, string) (int, error) {
			if n.Add(1) == 1 {
				return 0, broken
			}
			return 7, nil
		})
		if _, err := reads.Get(ctx, "S1", time.Time{}); !errors.Is(err, broken) {
			t.Errorf("first: %v", err)
		}
		if got, err := reads.Get(ctx, "S1", time.Time{}); got != 7 || err != nil {
			t.Errorf("second: %d, %v", got, err)
		}
	})

	t.Run("a caller who gives up does not end the read of the others", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int64
			reads := fresh.New(fresh.Options{}, counter(&n))
			short, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			if _, err := reads.Get(short, "S1", time.Time{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("impatient caller: %v", err)
			}
			if got, err := reads.Get(ctx, "S1", time.Time{}); got != 1 || err != nil {
				t.Errorf("patient caller: %d, %v", got, err)
			}
		})
	})

	t.Run("a clock that runs ahead on another machine does not wait for ever", func(t *testing.T) {
		t.Parallel()
		var n atomic.Int64
		reads := fresh.New(fresh.Options{}, func(context.Context, string) (int64, error) { return n.Add(1), nil })
		if got, err := reads.Get(ctx, "S1", time.Now().Add(time.Hour)); got != 1 || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
	})
}

func TestPurge(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("old keys are thrown away", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			reads := fresh.New(fresh.Options{}, func(_ context.Context, k int) (int, error) { return k, nil })
			for k := range 1000 {
				_, _ = reads.Get(ctx, k, time.Time{})
			}
			<-time.After(2 * time.Minute)
			_, _ = reads.Get(ctx, 1000, time.Time{})
			if _, kept := reads.Peek(1); kept {
				t.Error("key 1 is still there after the cache's time")
			}
			if v, ok := reads.Peek(1000); !ok || v != 1000 {
				t.Error("the newest key is gone")
			}
		})
	})
}
