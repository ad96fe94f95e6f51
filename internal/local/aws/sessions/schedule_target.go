package sessions

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// stopTask is the one universal target that schedules have here.
const stopTask = "arn:aws:scheduler:::aws-sdk:ecs:stopTask"

// How often and how long a schedule tries again by default (API reference,
// RetryPolicy), and how long it waits in between here: AWS does not say how it
// spaces its attempts.
const (
	maxAttempts = 185
	maxEventAge = 24 * time.Hour
	retryAfter  = time.Minute
)

// target is what a schedule calls.
type target struct {
	arn, role, action string
	input             map[string]any // of the call to ECS
	retries           int
	age               time.Duration
}

var clusterTarget = regexp.MustCompile(`^arn:aws:ecs:[a-z0-9-]+:\d{12}:cluster/[A-Za-z0-9_-]{1,255}$`)

// readTarget checks a schedule's target: ECS's RunTask by a template, or its
// StopTask.
func readTarget(in map[string]any, account, region, name string) (target, error) {
	t := target{arn: str(in, "Arn"), role: str(in, "RoleArn"), retries: maxAttempts, age: maxEventAge}
	if err := t.readRetries(in); err != nil {
		return t, err
	}
	var err error
	switch {
	case t.arn == stopTask:
		t.action = "StopTask"
		t.input, err = universalInput(str(in, "Input"))
	case clusterTarget.MatchString(t.arn):
		t.action = "RunTask"
		t.input, err = runInput(in, name)
		if err == nil && !strings.HasPrefix(t.arn, "arn:aws:ecs:"+region+":"+account+":") {
			err = invalid("The target %s is not in the schedule's account and region.", t.arn)
		}
	default:
		err = invalid("The local AWS has no schedule's target %s.", t.arn)
	}
	if err == nil && !strings.HasPrefix(t.role, "arn:aws:iam::"+account+":role/") {
		err = invalid("Provided role %q is not a role of this account.", t.role)
	}
	return t, err
}

func (t *target) readRetries(in map[string]any) error {
	policy, _ := in["RetryPolicy"].(map[string]any)
	if v, there := policy["MaximumRetryAttempts"]; there {
		n, ok := whole(v)
		if !ok || n < 0 || n > maxAttempts {
			return constraint(v, "target.retryPolicy.maximumRetryAttempts", "Member must have value between 0 and 185")
		}
		t.retries = n
	}
	if v, there := policy["MaximumEventAgeInSeconds"]; there {
		n, ok := whole(v)
		if !ok || n < 60 || n > 86400 {
			return constraint(v, "target.retryPolicy.maximumEventAgeInSeconds", "Member must have value between 60 and 86400")
		}
		t.age = time.Duration(n) * time.Second
	}
	return nil
}

// whole reads a number as an API or a template writes it.
func whole(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, true
	case float64:
		return int(n), n == float64(int(n))
	}
	return 0, false
}

// runInput makes a RunTask of a templated target: EcsParameters, and as Input
// the overrides (EventBridge Scheduler User Guide, "Templated targets").
func runInput(in map[string]any, name string) (map[string]any, error) {
	given, _ := in["EcsParameters"].(map[string]any)
	if str(given, "TaskDefinitionArn") == "" {
		return nil, invalid("EcsParameters with a TaskDefinitionArn are required for the target %s.", str(in, "Arn"))
	}
	lowered, _ := lower(given).(map[string]any)
	out := maps.Clone(lowered)
	delete(out, "taskDefinitionArn")
	delete(out, "taskCount")
	out["taskDefinition"], out["cluster"] = str(given, "TaskDefinitionArn"), str(in, "Arn")
	out["startedBy"] = "chronos-schedule/" + name
	if v, there := given["TaskCount"]; there {
		n, ok := whole(v)
		if !ok || n < 1 || n > 10 {
			return nil, constraint(v, "target.ecsParameters.taskCount", "Member must have value between 1 and 10")
		}
		out["count"] = float64(n)
	}
	if text := str(in, "Input"); text != "" {
		var overrides map[string]any
		if json.Unmarshal([]byte(text), &overrides) != nil {
			return nil, invalid("Invalid Input: it is not a JSON object.")
		}
		out["overrides"] = overrides
	}
	return out, nil
}

// lower writes the names of members as ECS does, with a small letter first.
func lower(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			first, n := utf8.DecodeRuneInString(k)
			out[string(unicode.ToLower(first))+k[n:]] = lower(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = lower(e)
		}
		return out
	}
	return v
}

// universalInput reads a universal target's Input, which names an API's
// parameters with capitals first, whatever the API itself does.
func universalInput(text string) (map[string]any, error) {
	var in map[string]any
	if json.Unmarshal([]byte(text), &in) != nil {
		return nil, invalid("Invalid Input: it is not a JSON object.")
	}
	for k := range in {
		if first, _ := utf8.DecodeRuneInString(k); !unicode.IsUpper(first) {
			return nil, invalid("Invalid Input: the parameter %q does not begin with a capital.", k)
		}
	}
	out, _ := lower(in).(map[string]any)
	return out, nil
}

// arm lets a schedule's next occurrence come; the caller holds mu.
func (s *Service) arm(x *schedule, at time.Time) {
	x.stop = s.clock.After(at.Add(x.lag).Sub(s.clock.Now()), func() { s.fire(x, at) })
}

// fire is one occurrence: it arms the next one and calls the target.
func (s *Service) fire(x *schedule, at time.Time) {
	s.mu.Lock()
	if s.closed || s.schedules[x.key()] != x {
		s.mu.Unlock()
		return
	}
	next, more := x.when.next(x.made, at)
	if more {
		s.arm(x, next)
	}
	s.mu.Unlock()
	s.attempt(x, at, 0, !more)
}

// attempt calls the target, and once more later where it refused. A schedule
// whose last occurrence is over removes itself if it says so. What failed for
// good is told to nobody, as nothing is there to tell (no dead-letter queue).
func (s *Service) attempt(x *schedule, at time.Time, retry int, last bool) {
	if !s.stands(x) {
		return
	}
	err := s.roles.Invoke(x.target.role, "ecs", x.region, x.target.action, maps.Clone(x.target.input))
	s.mu.Lock()
	defer s.mu.Unlock()
	x.failure = err
	if err != nil && !s.closed && retry < x.target.retries && s.clock.Now().Sub(at) < x.target.age {
		stop := s.clock.After(retryAfter, func() { s.attempt(x, at, retry+1, last) })
		if last {
			x.stop = stop
		}
		return
	}
	if last && str(x.in, "ActionAfterCompletion") == "DELETE" && s.schedules[x.key()] == x {
		delete(s.schedules, x.key())
	}
}

// stands says whether a schedule is still there.
func (s *Service) stands(x *schedule) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.closed && s.schedules[x.key()] == x
}
