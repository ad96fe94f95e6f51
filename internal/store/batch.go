package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/chat"
)

// maxBatch bounds how many requests share one insert.
const maxBatch = 128

// putTimeout is how long one insert may take: Slack waits 3 s for an
// acknowledgement.
const putTimeout = 2 * time.Second

// putRetry is for how long a failed insert is tried again.
const putRetry = 500 * time.Millisecond

// batcher inserts inbox rows. While one insert is on its way to the disk the
// requests that arrive meanwhile collect, and share the next one: the cost of
// a commit is paid once for all of them, and a single request never waits.
type batcher struct {
	s       *Store
	in      chan put
	stop    chan struct{}
	workers sync.WaitGroup
}

type put struct {
	request chat.Request
	body    []byte
	mac     []byte
	answer  chan<- putAnswer
}

type putAnswer struct {
	fresh bool
	err   error
}

func newBatcher(s *Store) *batcher {
	b := &batcher{s: s, in: make(chan put, maxBatch), stop: make(chan struct{})}
	b.workers.Go(b.work)
	return b
}

func (b *batcher) close() {
	close(b.stop)
	b.workers.Wait()
}

func (b *batcher) put(ctx context.Context, r chat.Request) (bool, error) {
	// PostgreSQL stores no NUL, and one would refuse the whole batch.
	r.Text, r.Value = strings.ReplaceAll(r.Text, "\x00", ""), strings.ReplaceAll(r.Value, "\x00", "")
	body, err := json.Marshal(r)
	if err != nil {
		return false, fmt.Errorf("write inbox row: %w", err)
	}
	mac, err := b.s.inboxMAC(r)
	if err != nil {
		return false, fmt.Errorf("seal inbox row: %w", err)
	}
	answer := make(chan putAnswer, 1)
	select {
	case b.in <- put{r, body, mac, answer}:
	case <-ctx.Done():
		return false, ctx.Err()
	case <-b.stop:
		return false, context.Canceled
	}
	select {
	case a := <-answer:
		return a.fresh, a.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (b *batcher) work() {
	for {
		select {
		case p := <-b.in:
			b.insert(b.collect(p))
		case <-b.stop:
			return
		}
	}
}

func (b *batcher) collect(first put) []put {
	batch := []put{first}
	for len(batch) < maxBatch {
		select {
		case p := <-b.in:
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

// insert stores the batch in one statement. A key that is known is not fresh,
// unless its first acknowledgement was never written.
func (b *batcher) insert(batch []put) {
	ctx, cancel := context.WithTimeout(context.Background(), putTimeout)
	defer cancel()
	var keys, bodies []string
	var macs [][]byte
	first := map[string]int{}
	for i, p := range batch {
		if _, twice := first[p.request.Key]; !twice {
			first[p.request.Key] = i
			keys, bodies, macs = append(keys, p.request.Key), append(bodies, string(p.body)), append(macs, p.mac)
		}
	}
	fresh := map[string]bool{}
	stored, err := b.store(ctx, keys, bodies, macs)
	for _, k := range stored {
		fresh[k] = true
	}
	for i, p := range batch {
		p.answer <- putAnswer{fresh: fresh[p.request.Key] && first[p.request.Key] == i, err: err}
	}
}

// store inserts requests and answers the keys of those that are fresh. After
// a restart of the database each connection of the pool fails once: that is
// not the person's trouble. Where the first insert happened all the same the
// second finds its key, and the reconciler runs the request.
func (b *batcher) store(ctx context.Context, keys, bodies []string, macs [][]byte) ([]string, error) {
	return backoff.Retry(ctx, func() ([]string, error) {
		rows, err := b.s.pool.Query(ctx, `insert into inbox as i (key, request, mac)
			select k, b::jsonb, m from unnest($1::text[], $2::text[], $3::bytea[]) as t (k, b, m)
			on conflict (key) do update set state = 'received' where i.state = 'unacked'
			returning key`, keys, bodies, macs)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[string])
	}, backoff.WithBackOff(backoff.NewConstantBackOff(10*time.Millisecond)), backoff.WithMaxElapsedTime(putRetry))
}
