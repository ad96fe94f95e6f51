package sessions

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// schedulerService is the principal that a schedule's role must trust.
const schedulerService = "scheduler.amazonaws.com"

var scheduleName = regexp.MustCompile(`^[0-9a-zA-Z\-_.]{1,64}$`)

// schedule is a schedule as it was made or last changed. A change makes a new
// one, so that what was armed for the old one finds itself replaced.
type schedule struct {
	name, group, region, account string
	made, changed                time.Time
	token                        string
	in                           map[string]any // CreateSchedule's parameters
	when                         when
	target                       target
	lag                          time.Duration // how late it fires
	failure                      error         // of the last attempt
	stop                         func()        // of the next occurrence
}

// scheduleMembers are the parameters of CreateSchedule and UpdateSchedule.
func scheduleMembers() []string {
	return []string{
		"Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target",
		"ActionAfterCompletion", "ClientToken", "Description", "State",
	}
}

// Scheduler is the service scheduler.
func (s *Service) Scheduler() wire.Actions {
	return wire.Actions{
		"CreateSchedule": accepts(s.createSchedule, scheduleMembers()...),
		"UpdateSchedule": accepts(s.updateSchedule, scheduleMembers()...),
		"GetSchedule":    accepts(s.getSchedule, "Name", "groupName"),
		"DeleteSchedule": accepts(s.deleteSchedule, "Name", "groupName", "clientToken"),
		"ListSchedules":  accepts(s.listSchedules, "NamePrefix", "ScheduleGroup", "State", "MaxResults", "NextToken"),
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
	x, err := s.offered(c, "scheduler:CreateSchedule")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, there := s.schedules[x.key()]; there {
		if x.token != "" && old.token == x.token {
			return map[string]any{"ScheduleArn": old.arn()}, nil
		}
		return nil, &wire.Error{Code: "ConflictException", Message: "Schedule " + x.name + " already exists.", Status: http.StatusConflict}
	}
	first, ok := x.when.first(c.Now)
	if !ok {
		return nil, invalid("Invalid Schedule Expression %s: it is in the past.", str(x.in, "ScheduleExpression"))
	}
	x.made, x.changed = c.Now, c.Now
	s.put(x, first)
	return map[string]any{"ScheduleArn": x.arn()}, nil
}

// updateSchedule replaces all of a schedule: what the call leaves out has its
// default again (API reference, UpdateSchedule).
func (s *Service) updateSchedule(_ context.Context, c *wire.Call) (any, error) {
	x, err := s.offered(c, "scheduler:UpdateSchedule")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, there := s.schedules[x.key()]
	if !there {
		return nil, notFound("Schedule " + x.name + " does not exist.")
	}
	x.made, x.changed = old.made, c.Now
	next, ok := x.when.next(x.made, c.Now)
	if !ok {
		return nil, invalid("Invalid Schedule Expression %s: it is in the past.", str(x.in, "ScheduleExpression"))
	}
	old.stop()
	s.put(x, next)
	return map[string]any{"ScheduleArn": x.arn()}, nil
}

// put keeps a schedule and arms its next occurrence; the caller holds mu.
func (s *Service) put(x *schedule, next time.Time) {
	x.lag, x.stop = s.faults.scheduleLag, func() {}
	s.schedules[x.key()] = x
	if str(x.in, "State") != "DISABLED" {
		s.arm(x, next)
	}
}

// offered authorizes and checks a schedule that is to be made or changed.
func (s *Service) offered(c *wire.Call, action string) (*schedule, error) {
	x := named(c, "GroupName")
	if err := c.Authorize(action, x.arn(), nil); err != nil {
		return nil, err
	}
	if err := x.read(c); err != nil {
		return nil, err
	}
	if err := c.Authorize("iam:PassRole", x.target.role, map[string][]string{"iam:PassedToService": {schedulerService}}); err != nil {
		return nil, err
	}
	if s.roles.Trusts(x.target.role, schedulerService) != nil {
		return nil, invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")
	}
	return x, nil
}

// read checks the parameters of CreateSchedule.
func (x *schedule) read(c *wire.Call) error {
	x.in, x.token = maps.Clone(c.Params), str(c.Params, "ClientToken")
	window, _ := c.Params["FlexibleTimeWindow"].(map[string]any)
	zone, err := time.LoadLocation(str(c.Params, "ScheduleExpressionTimezone"))
	switch {
	case !scheduleName.MatchString(x.name):
		return constraint(x.name, "name", `Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$`)
	case x.group != "default":
		return notFound("Schedule group " + x.group + " does not exist.")
	case str(window, "Mode") != "OFF":
		return invalid("The local AWS takes a FlexibleTimeWindow of Mode OFF only.")
	case !slices.Contains([]string{"", "ENABLED", "DISABLED"}, str(c.Params, "State")):
		return constraint(str(c.Params, "State"), "state", "Member must satisfy enum value set: [ENABLED, DISABLED]")
	case !slices.Contains([]string{"", "NONE", "DELETE"}, str(c.Params, "ActionAfterCompletion")):
		return constraint(str(c.Params, "ActionAfterCompletion"), "actionAfterCompletion", "Member must satisfy enum value set: [NONE, DELETE]")
	case err != nil:
		return invalid("Invalid ScheduleExpressionTimezone %s.", str(c.Params, "ScheduleExpressionTimezone"))
	}
	if x.when, err = readWhen(str(c.Params, "ScheduleExpression"), zone); err != nil {
		return err
	}
	in, _ := c.Params["Target"].(map[string]any)
	x.target, err = readTarget(in, x.account, x.region, x.name)
	return err
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

func isNotFound(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == "ResourceNotFoundException"
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
		"Arn": x.arn(), "GroupName": x.group, "CreationDate": x.made, "LastModificationDate": x.changed,
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

// listSchedules lists a region's schedules in the order of their names.
func (s *Service) listSchedules(_ context.Context, c *wire.Call) (any, error) {
	if err := c.Authorize("scheduler:ListSchedules", "*", nil); err != nil {
		return nil, err
	}
	n, err := size(c, 1, 100, 100)
	if err != nil {
		return nil, err
	}
	state, prefix := str(c.Params, "State"), str(c.Params, "NamePrefix")
	if group := str(c.Params, "ScheduleGroup"); group != "" && group != "default" {
		return nil, notFound("Schedule group " + group + " does not exist.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []any{}
	for _, key := range slices.Sorted(maps.Keys(s.schedules)) {
		x := s.schedules[key]
		if x.region != c.Region || !strings.HasPrefix(x.name, prefix) || state != "" && state != x.state() {
			continue
		}
		found = append(found, map[string]any{
			"Arn": x.arn(), "Name": x.name, "GroupName": x.group, "State": x.state(),
			"CreationDate": x.made, "LastModificationDate": x.changed, "Target": map[string]any{"Arn": x.target.arn},
		})
	}
	part, next, err := page(c, found, n)
	if err != nil {
		return nil, invalid("The token is not valid.")
	}
	return withToken(map[string]any{"Schedules": part}, next), nil
}

func (x *schedule) state() string {
	if str(x.in, "State") == "DISABLED" {
		return "DISABLED"
	}
	return "ENABLED"
}
