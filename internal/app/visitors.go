package app

import (
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxVisitors is how many addresses are told apart; the rest share a limit.
	maxVisitors = 1000
	// visitorIdle is when an address is forgotten: its burst is full again.
	visitorIdle = time.Minute
)

// visitors limits the requests of each address, or of another name.
type visitors struct {
	now       func() time.Time
	perSecond rate.Limit
	burst     int

	mu   sync.Mutex
	seen map[string]*visitor // by address
	rest *rate.Limiter       // of those that are not told apart
}

// visitor is one address.
type visitor struct {
	limit *rate.Limiter
	seen  time.Time
}

func newVisitors(perSecond rate.Limit, burst int, now func() time.Time) *visitors {
	return &visitors{now: now, perSecond: perSecond, burst: burst, seen: map[string]*visitor{}, rest: rate.NewLimiter(perSecond, burst)}
}

// admits says whether an address may ask now. The address is the connection's:
// what a proxy says about others is anybody's word.
func (x *visitors) admits(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	now := x.now()
	x.mu.Lock()
	defer x.mu.Unlock()
	v, ok := x.seen[host]
	if !ok && len(x.seen) >= maxVisitors {
		for other, v := range x.seen {
			if now.Sub(v.seen) > visitorIdle {
				delete(x.seen, other)
			}
		}
	}
	if !ok && len(x.seen) >= maxVisitors {
		return x.rest.AllowN(now, 1)
	}
	if !ok {
		v = &visitor{limit: rate.NewLimiter(x.perSecond, x.burst)}
		x.seen[host] = v
	}
	v.seen = now
	return v.limit.AllowN(now, 1)
}
