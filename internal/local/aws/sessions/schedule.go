package sessions

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// schedulerService is the principal that a schedule's role must trust.
const schedulerService = "scheduler.amazonaws.com"

// stopTask is the one target that schedules have here.
const stopTask = "arn:aws:scheduler:::aws-sdk:ecs:stopTask"

// retryAfter is how long a schedule waits after its target refused; AWS does
// not say how it spaces its attempts. The number of attempts is AWS's default.
const (
	retryAfter   = time.Minute
	maxAttempts  = 185
	maxEventAge  = 24 * time.Hour
	scheduleTime = "2006-01-02T15:04:05"
)

var (
	scheduleName = regexp.MustCompile(`^[0-9a-zA-Z\-_.]{1,64}$`)
	atExpression = regexp.MustCompile(`^at\(([^)]+)\)$`)
)

// schedule is a one-time schedule.
type schedule struct {
	name, group, region, account string
	made                         time.Time
	token                        string
	in                           map[string]any // CreateSchedule's parameters
	at                           time.Time
	role                         string
	input                        map[string]any // of the call, its names beginning with small letters
	attempts                     int
	failure                      error // of the last attempt
	stop                         func()
}

// Scheduler is the service scheduler.
func (s *Service) Scheduler() wire.Actions {
	return wire.Actions{
		"CreateSchedule": accepts(s.createSchedule, "Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone",
			"FlexibleTimeWindow", "Target", "ActionAfterCompletion", "ClientToken", "Description", "State"),
		"GetSchedule":    accepts(s.getSchedule, "Name", "groupName"),
		"DeleteSchedule": accepts(s.deleteSchedule, "Name", "groupName", "clientToken"),
	}
}

func (x *schedule) arn() string {
	return "arn:aws:scheduler:" + x.region + ":" + x.account + ":schedule/" + x.group + "/" + x.name
}

func (x *schedule) key() string { return x.region + "/" + x.group + "/" + x.name }

// named reads which schedule a call is about.
func named(c *wire.Call, groupKey string) *schedule {
	x := &schedule{name: str(c.Params, "Name"), group: str(c.Params, groupKey), region: c.Region, account: c.Account}
	if x.group == "" {
		x.group = "default"
	}
	return x
}

func (s *Service) createSchedule(_ context.Context, c *wire.Call) (any, error) {
	x := named(c, "GroupName")
	if err := c.Authorize("scheduler:CreateSchedule", x.arn(), nil); err != nil {
		return nil, err
	}
	if err := x.read(c); err != nil {
		return nil, err
	}
	if err := c.Authorize("iam:PassRole", x.role, map[string][]string{"iam:PassedToService": {schedulerService}}); err != nil {
		return nil, err
	}
	if s.roles.Trusts(x.role, schedulerService) != nil {
		return nil, invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, there := s.schedules[x.key()]; there {
		if x.token != "" && old.token == x.token {
			return map[string]any{"ScheduleArn": old.arn()}, nil
		}
		return nil, &wire.Error{Code: "ConflictException", Message: "Schedule " + x.name + " already exists.", Status: http.StatusConflict}
	}
	x.made = s.clock.Now()
	x.stop = func() {}
	if str(c.Params, "State") != "DISABLED" {
		x.stop = s.clock.After(x.at.Sub(x.made)+s.faults.scheduleLag, func() { s.fire(x) })
	}
	s.schedules[x.key()] = x
	return map[string]any{"ScheduleArn": x.arn()}, nil
}

// read checks the parameters of CreateSchedule.
func (x *schedule) read(c *wire.Call) error {
	x.in, x.token = c.Params, str(c.Params, "ClientToken")
	window, _ := c.Params["FlexibleTimeWindow"].(map[string]any)
	target, _ := c.Params["Target"].(map[string]any)
	expression := atExpression.FindStringSubmatch(str(c.Params, "ScheduleExpression"))
	zone, err := time.LoadLocation(str(c.Params, "ScheduleExpressionTimezone"))
	switch {
	case !scheduleName.MatchString(x.name):
		return constraint(x.name, "name", `Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$`)
	case x.group != "default":
		return notFound("Schedule group " + x.group + " does not exist.")
	case str(window, "Mode") != "OFF":
		return invalid("The local AWS takes a FlexibleTimeWindow of Mode OFF only.")
	case expression == nil:
		return invalid("Invalid Schedule Expression %s: the local AWS takes at(yyyy-mm-ddThh:mm:ss) only.", str(c.Params, "ScheduleExpression"))
	case err != nil:
		return invalid("Invalid ScheduleExpressionTimezone %s.", str(c.Params, "ScheduleExpressionTimezone"))
	case str(target, "Arn") != stopTask:
		return invalid("The local AWS has no schedule's target %s.", str(target, "Arn"))
	}
	if x.at, err = time.ParseInLocation(scheduleTime, expression[1], zone); err != nil {
		return invalid("Invalid Schedule Expression %s.", expression[0])
	}
	if x.at.Before(c.Now) {
		return invalid("Invalid Schedule Expression %s: it is in the past.", expression[0])
	}
	x.role = str(target, "RoleArn")
	if !strings.HasPrefix(x.role, "arn:aws:iam::"+x.account+":role/") {
		return invalid("Provided role %q is not a role of this account.", x.role)
	}
	x.input, err = universalInput(str(target, "Input"))
	return err
}

// universalInput reads a universal target's Input, which names an API's
// parameters with capitals first, whatever the API itself does.
func universalInput(text string) (map[string]any, error) {
	var in map[string]any
	if json.Unmarshal([]byte(text), &in) != nil {
		return nil, invalid("Invalid Input: it is not a JSON object.")
	}
	out := map[string]any{}
	for k, v := range in {
		first, n := utf8.DecodeRuneInString(k)
		if !unicode.IsUpper(first) {
			return nil, invalid("Invalid Input: the parameter %q does not begin with a capital.", k)
		}
		out[string(unicode.ToLower(first))+k[n:]] = v
	}
	return out, nil
}

// fire calls the target, and once more later where it refused.
func (s *Service) fire(x *schedule) {
	if !s.stands(x) {
		return
	}
	err := s.roles.Invoke(x.role, "ecs", x.region, "StopTask", x.input)
	s.mu.Lock()
	defer s.mu.Unlock()
	x.attempts++
	x.failure = err
	if err != nil && !s.closed && x.attempts < maxAttempts && s.clock.Now().Sub(x.at) < maxEventAge {
		x.stop = s.clock.After(retryAfter, func() { s.fire(x) })
		return
	}
	if str(x.in, "ActionAfterCompletion") == "DELETE" && s.schedules[x.key()] == x {
		delete(s.schedules, x.key())
	}
}

// stands says whether a schedule is still there.
func (s *Service) stands(x *schedule) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.closed && s.schedules[x.key()] == x
}

// ScheduleFailure is why the last attempt of a region's schedule in the default
// group failed; nil where none did, or there is no such schedule.
func (s *Service) ScheduleFailure(region, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, ok := s.schedules[region+"/default/"+name]; ok {
		return x.failure
	}
	return nil
}

func notFound(text string) error {
	return &wire.Error{Code: "ResourceNotFoundException", Message: text, Status: http.StatusNotFound}
}

func (s *Service) getSchedule(_ context.Context, c *wire.Call) (any, error) {
	asked := named(c, "groupName")
	if err := c.Authorize("scheduler:GetSchedule", asked.arn(), nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.schedules[asked.key()]
	if !ok {
		return nil, notFound("Schedule " + asked.name + " does not exist.")
	}
	out := map[string]any{
		"Arn": x.arn(), "GroupName": x.group, "CreationDate": x.made, "LastModificationDate": x.made,
		"State": "ENABLED", "ActionAfterCompletion": "NONE", "ScheduleExpressionTimezone": "UTC",
	}
	for k, v := range x.in {
		if k != "ClientToken" {
			out[k] = v
		}
	}
	return out, nil
}

func (s *Service) deleteSchedule(_ context.Context, c *wire.Call) (any, error) {
	asked := named(c, "groupName")
	if err := c.Authorize("scheduler:DeleteSchedule", asked.arn(), nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.schedules[asked.key()]
	if !ok {
		return nil, notFound("Schedule " + asked.name + " does not exist.")
	}
	x.stop()
	delete(s.schedules, asked.key())
	return map[string]any{}, nil
}
