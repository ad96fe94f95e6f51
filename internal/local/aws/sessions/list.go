package sessions

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// describeSessions lists a region's sessions, the newest first.
func (s *Service) describeSessions(_ context.Context, c *wire.Call) (any, error) {
	if err := c.Authorize("ssm:DescribeSessions", "*", nil); err != nil {
		return nil, err
	}
	state := str(c.Params, "State")
	if state != "Active" && state != "History" {
		return nil, constraint(state, "state", "Member must satisfy enum value set: [Active, History]")
	}
	n, err := size(c, 1, 200, 200)
	if err != nil {
		return nil, err
	}
	filters := items(c.Params, "Filters")
	for _, f := range filters {
		if err := checkFilter(f); err != nil {
			return nil, err
		}
	}
	part, next, err := page(c, s.listed(c, state == "Active", filters), n)
	if err != nil {
		return nil, err
	}
	return withToken(map[string]any{"Sessions": part}, next), nil
}

func (s *Service) listed(c *wire.Call, active bool, filters []map[string]any) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	then := s.clock.Now().Add(-s.faults.listLag)
	out := []any{}
	for _, x := range slices.Backward(s.sessions) {
		m, ok := x.statusAt(then)
		if !ok || x.region != c.Region || over(m.status) == active {
			continue
		}
		if !slices.ContainsFunc(filters, func(f map[string]any) bool { return !x.passes(f, m.status) }) {
			out = append(out, x.describe(m))
		}
	}
	return out
}

func checkFilter(f map[string]any) error {
	key, value := str(f, "key"), str(f, "value")
	switch key {
	case "InvokedAfter", "InvokedBefore":
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return wire.Errorf("InvalidFilterKey", "The value of %s is not a time: %s", key, value)
		}
	case "Target", "Owner", "Status", "SessionId", "AccessType":
		if value == "" || len(value) > 400 {
			return constraint(value, "value", "Member must have length between 1 and 400")
		}
	default:
		return wire.Errorf("InvalidFilterKey", "The specified key isn't valid: %s", key)
	}
	return nil
}

// passes applies one filter of DescribeSessions (SSM API reference,
// SessionFilter).
func (x *session) passes(f map[string]any, status string) bool {
	value := str(f, "value")
	at, _ := time.Parse(time.RFC3339, value) // checkFilter has seen it
	switch str(f, "key") {
	case "InvokedAfter":
		return !x.started.Before(at)
	case "InvokedBefore":
		return !x.started.After(at)
	case "Target":
		return x.target == value
	case "Owner":
		return x.owner == value
	case "Status":
		return status == value
	case "SessionId":
		return x.id == value
	}
	return value == "Standard" // AccessType
}

func (x *session) describe(m moment) map[string]any {
	d := map[string]any{
		"SessionId": x.id, "Target": x.target, "Status": m.status, "StartDate": x.started, "DocumentName": x.document,
		"Owner": x.owner, "OutputUrl": map[string]any{}, "AccessType": "Standard",
	}
	if x.reason != "" {
		d["Reason"] = x.reason
	}
	if over(m.status) {
		d["EndDate"] = m.at
	}
	if x.limit > 0 {
		d["MaxSessionDuration"] = strconv.Itoa(int(x.limit / time.Minute))
	}
	return d
}
