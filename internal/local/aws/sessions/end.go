package sessions

import (
	"context"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// onSession finds a session and asks whether the caller may do the action on
// it. One that is not there has no tags, so that only who may do it to any
// session learns that.
func (s *Service) onSession(c *wire.Call, action string) (*session, error) {
	id := str(c.Params, "SessionId")
	if id == "" || len(id) > 96 {
		return nil, constraint(id, "sessionId", "Member must have length between 1 and 96")
	}
	s.mu.Lock()
	x := s.find(c.Region, id)
	s.mu.Unlock()
	if x == nil {
		return nil, c.Authorize(action, "arn:aws:ssm:"+c.Region+":"+c.Account+":session/"+id, nil)
	}
	err := x.authorize(c.Authorize, action)
	return x, err
}

// resumeSession answers a new token. For a session that timed out it answers
// none: that is how the plugin learns of it.
func (s *Service) resumeSession(_ context.Context, c *wire.Call) (any, error) {
	x, err := s.onSession(c, "ssm:ResumeSession")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if x == nil || over(x.status()) || x.status() == statusTerminating {
		return nil, wire.Errorf("DoesNotExistException", "Session does not exist: %s", str(c.Params, "SessionId"))
	}
	out := map[string]any{"SessionId": x.id, "StreamUrl": "ws://" + c.Host + ChannelPath + x.id + "?role=publish_subscribe"}
	if !x.lost {
		out["TokenValue"] = s.issue(x)
	}
	return out, nil
}

// terminateSession says yes to any id that the caller may terminate, also one
// that is not there: its answer proves nothing (as cloud-custodian's tests found).
func (s *Service) terminateSession(_ context.Context, c *wire.Call) (any, error) {
	x, err := s.onSession(c, "ssm:TerminateSession")
	if err != nil {
		return nil, err
	}
	if x != nil && s.dies(x) {
		s.finish(x, "")
	}
	return map[string]any{"SessionId": str(c.Params, "SessionId")}, nil
}

// dies says whether a termination is carried out.
func (s *Service) dies(x *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if over(x.status()) {
		return false
	}
	if s.faults.lie > 0 {
		s.faults.lie--
		return false
	}
	s.move(x, statusTerminating)
	if s.faults.refuse > 0 {
		s.faults.refuse--
		return false
	}
	return true
}
