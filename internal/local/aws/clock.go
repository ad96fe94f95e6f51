package aws

import (
	"errors"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

var (
	_ mover = (*wire.ShiftedClock)(nil)
	_ mover = (*wire.ManualClock)(nil)
)

// mover is a clock that can be moved.
type mover interface{ Advance(d time.Duration) }

// Now is the account's time, which is in the Date header of each answer too.
func (s *Server) Now() time.Time { return s.relay.Now() }

// Advance moves the account's clock by d while everything runs. What becomes
// due has happened when it returns: sessions reach their caps, tasks their
// ends, schedules fire, stacks go on. Where Options.Clock cannot be moved it
// is an error; the default can.
func (s *Server) Advance(d time.Duration) error {
	m, ok := s.relay.clock().(mover)
	if !ok {
		return errors.New("the clock of the local AWS cannot be moved")
	}
	m.Advance(d)
	return nil
}

// skews are the differences between the account's clock and the machine's that
// clients could see in a Date header. An SDK signs by the machine's clock,
// corrected by the difference that it was told last.
type skews struct {
	mu   sync.Mutex
	seen map[time.Duration]bool
}

// coarse is how exactly a difference is kept: a clock that stands still has
// another one at each call.
const coarse = 10 * time.Second

func (t *skews) tell(account time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen[time.Until(account).Round(coarse)] = true
}

// trusts says whether a date can be of a client whose clock is right but for
// the limit: the machine's, or the account's as it was told.
func (t *skews) trusts(date time.Time, limit time.Duration) bool {
	off := time.Until(date)
	if off.Abs() <= limit {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for skew := range t.seen {
		if (off - skew).Abs() <= limit {
			return true
		}
	}
	return false
}
