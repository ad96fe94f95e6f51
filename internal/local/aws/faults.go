package aws

import (
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Faults makes calls go wrong on demand. A service or action of "*" means any;
// n is how many calls it happens to, and less than zero means all until Clear.
// Where several match, the one that was asked for first is used up first.
type Faults struct {
	mu   sync.Mutex
	list []*fault
}

type fault struct {
	service, action string
	left            int
	err             *wire.Error
	delay           time.Duration
	drop, dropAfter bool
}

// Throttle answers as the service does when it is called too often.
func (f *Faults) Throttle(service, action string, n int) {
	f.add(fault{service: service, action: action, left: n, err: &wire.Error{Code: codeThrottling, Message: "Rate exceeded"}})
}

// Fail answers with the code and the HTTP status, 0 being 400; the call has no
// effect.
func (f *Faults) Fail(service, action, code string, status, n int) {
	f.add(fault{service: service, action: action, left: n, err: &wire.Error{Code: code, Message: "asked for by a test", Status: status}})
}

// Delay holds the call for d by the account's clock before it takes effect.
func (f *Faults) Delay(service, action string, d time.Duration, n int) {
	f.add(fault{service: service, action: action, left: n, delay: d})
}

// Drop closes the connection before the call takes effect.
func (f *Faults) Drop(service, action string, n int) {
	f.add(fault{service: service, action: action, left: n, drop: true})
}

// DropAnswer lets the call take effect and closes the connection instead of
// answering, so that the caller cannot know.
func (f *Faults) DropAnswer(service, action string, n int) {
	f.add(fault{service: service, action: action, left: n, dropAfter: true})
}

// Clear ends all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

func (f *Faults) add(x fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, &x)
}

// take answers the fault for a call and counts it; none is the zero fault.
func (f *Faults) take(service, action string) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.list {
		if x.left == 0 || x.service != "*" && x.service != service || x.action != "*" && x.action != action {
			continue
		}
		if x.left > 0 {
			x.left--
		}
		return *x
	}
	return fault{}
}
