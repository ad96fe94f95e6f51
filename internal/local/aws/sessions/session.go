package sessions

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// The states of a session (SSM API reference, Session).
const (
	statusConnected    = "Connected"
	statusDisconnected = "Disconnected"
	statusTerminating  = "Terminating"
	statusTerminated   = "Terminated"
)

// tokenLife is how long a token opens a channel. AWS says only "long enough to
// ensure the connection is successful".
const tokenLife = time.Minute

// defaultIdle is the idle timeout of a session whose document sets none, and,
// unchangeable, of ECS Exec.
const defaultIdle = 20 * time.Minute

// session is one session, for as long as its account lives.
type session struct {
	id, region, account string
	target, document    string
	owner, userID       string // who started it
	reason              string
	limit, idle         time.Duration // limit 0: none
	exec                bool          // of ECS Exec
	task, container     string        // of ECS Exec or a target ecs:...
	log                 string        // group that it is recorded in; "": none
	started             time.Time

	// The service's mu guards these.
	states  []moment // at least one; the last is now
	token   [sha256.Size]byte
	expires time.Time // of the token; zero where it was used
	lost    bool      // closed for idleness: cannot be resumed
	stops   []func()

	stream *stream
}

// moment is a state and since when.
type moment struct {
	status string
	at     time.Time
}

func (x *session) status() string { return x.states[len(x.states)-1].status }

// over says whether the session is in the history.
func over(status string) bool { return status == statusTerminated }

// statusAt is what a list that lags behind shows; ok is false where the session
// is not there yet.
func (x *session) statusAt(t time.Time) (m moment, ok bool) {
	for _, s := range x.states {
		if s.at.After(t) {
			break
		}
		m, ok = s, true
	}
	return m, ok
}

// tags are those that AWS puts on each session (Systems Manager User Guide,
// "Additional sample IAM policies for Session Manager").
func (x *session) tags() map[string]string {
	return map[string]string{"aws:ssmmessages:session-id": x.userID, "aws:ssmmessages:target-id": x.target}
}

// arns are the session's ARN, and the one that AWS's sample policies write
// with ${aws:userid}; a policy may name either.
func (x *session) arns() []string {
	base := "arn:aws:ssm:" + x.region + ":" + x.account + ":session/"
	suffix := x.id[strings.LastIndex(x.id, "-"):]
	return []string{base + x.id, base + x.userID + suffix}
}

// authorize asks whether the caller may do the action on the session, under
// either of its ARNs; what is denied under one is denied.
func (x *session) authorize(allow func(string, string, map[string][]string) error, action string) error {
	var first error
	allowed := false
	for _, arn := range x.arns() {
		err := allow(action, arn, tagKeys(x.tags()))
		if err != nil && strings.Contains(err.Error(), "explicit deny") {
			return err
		}
		if first == nil {
			first = err
		}
		allowed = allowed || err == nil
	}
	if allowed {
		return nil
	}
	return first
}

// move gives a session that is not over another state; the caller holds mu.
func (s *Service) move(x *session, status string) {
	if status != x.status() {
		x.states = append(x.states, moment{status: status, at: s.clock.Now()})
	}
}

// issue makes a token for one connection; the caller holds mu.
func (s *Service) issue(x *session) string {
	token := "AAEAA" + random(120)
	x.token = sha256.Sum256([]byte(token))
	x.expires = s.clock.Now().Add(tokenLife)
	return token
}

// redeem takes a token back, once.
func (s *Service) redeem(x *session, token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256([]byte(token))
	if over(x.status()) || x.lost || !s.clock.Now().Before(x.expires) || subtle.ConstantTimeCompare(sum[:], x.token[:]) != 1 {
		return false
	}
	x.expires = time.Time{}
	return true
}

// find answers a region's session; the caller holds mu.
func (s *Service) find(region, id string) *session {
	for _, x := range s.sessions {
		if x.id == id && (region == "" || x.region == region) {
			return x
		}
	}
	return nil
}

// begin puts a session in and lets time work on it.
func (s *Service) begin(c *wire.Call, x *session, w work) (map[string]any, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, &wire.Error{Code: "InternalServerError", Message: "the local AWS is closed", Status: 500}
	}
	x.region, x.account, x.started = c.Region, c.Account, s.clock.Now()
	x.states = []moment{{status: statusConnected, at: x.started}}
	x.stream = newStream(s, x, w)
	token := s.issue(x)
	s.sessions = append(s.sessions, x)
	s.mu.Unlock()
	s.watch(x)
	host := c.Host
	if host == "" {
		host = "127.0.0.1"
	}
	return map[string]any{
		"SessionId": x.id, "TokenValue": token,
		"StreamUrl": "ws://" + host + ChannelPath + x.id + "?role=publish_subscribe",
	}, nil
}

// watch arms what ends a session by itself.
func (s *Service) watch(x *session) {
	if x.limit > 0 {
		s.later(x, x.limit, func() { s.finish(x, "Your session has reached its maximum duration.") })
	}
	s.later(x, x.idle, func() { s.checkIdle(x) })
	if x.task != "" {
		s.later(x, taskPoll, func() { s.checkTask(x) })
	}
}

// taskPoll is how often a task is looked at while somebody is in it.
const taskPoll = 500 * time.Millisecond

// later calls f unless the session is over by then.
func (s *Service) later(x *session, d time.Duration, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || over(x.status()) {
		return
	}
	x.stops = append(x.stops, s.clock.After(d, f))
}

func (s *Service) checkTask(x *session) {
	if !s.tasks.Runs(x.task, x.container) {
		s.finish(x, "The container has stopped.")
		return
	}
	s.later(x, taskPoll, func() { s.checkTask(x) })
}

// checkIdle closes the channel of a session in which nobody typed for long.
func (s *Service) checkIdle(x *session) {
	quiet := s.clock.Now().Sub(x.stream.lastActive())
	if quiet < x.idle {
		s.later(x, x.idle-quiet, func() { s.checkIdle(x) })
		return
	}
	s.mu.Lock()
	if over(x.status()) {
		s.mu.Unlock()
		return
	}
	x.lost = true
	s.move(x, statusDisconnected)
	s.mu.Unlock()
	x.stream.close("Your session timed out due to inactivity.")
}

// left ends a session whose shell has ended, unless the shell ended because
// nobody typed: AWS does not call that an end.
func (s *Service) left(x *session) {
	s.mu.Lock()
	lost := x.lost
	s.mu.Unlock()
	if !lost {
		s.finish(x, "")
	}
}

// finish ends a session: its channel is closed with the output, its shell
// killed. A session that is over stays so.
func (s *Service) finish(x *session, output string) {
	s.mu.Lock()
	if over(x.status()) {
		s.mu.Unlock()
		return
	}
	s.move(x, statusTerminated)
	stops := x.stops
	x.stops = nil
	s.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
	x.stream.close(output)
}

// mark tells that a client came or went.
func (s *Service) mark(x *session, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := x.status(); (st == statusConnected || st == statusDisconnected) && !x.lost {
		s.move(x, status)
	}
}
