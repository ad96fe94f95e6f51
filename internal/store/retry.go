package store

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// retryPolicy looks again soon after an error, at most every 15 s: the row
// counts its failures and is parked after too many of them.
type retryPolicy struct{}

// NextRetry is River's hook; attempts are counted from 1.
func (retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(min(time.Duration(len(job.Errors)+1)*time.Second, 15*time.Second))
}

// quiet keeps River's own lines to warnings: ours say what moved.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

// Enabled lets warnings and errors through.
func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}
