package store

import (
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
