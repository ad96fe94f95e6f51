package cluster

import (
	"fmt"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

type ecsCluster struct {
	arn, name string
	at        site
	created   time.Time
	inactive  bool
	spec      tree // settings, capacityProviders, ...
	tags      map[string]string
}

// binding joins a container's port to a target group.
type binding struct {
	group, container   string
	port               int
	second, rule, role string // with what traffic is shifted; empty: it is not
}

// service is an ECS service: how many tasks of what, and how they change.
type service struct {
	arn, name   string
	at          site
	cluster     *ecsCluster
	status      string // ACTIVE, DRAINING, INACTIVE
	desired     int
	def         *taskDef
	balancing   []binding
	network     tree
	launchType  string
	provider    string // of capacity on machines; empty: none was named
	platform    string
	minimum     int // percent
	maximum     int // percent
	breaker     breaker
	alarms      guards
	shifts      shifts
	conf        tree // deploymentConfiguration as it was last given
	grace       int  // seconds
	exec        bool
	propagate   string // TASK_DEFINITION, SERVICE or NONE
	tags        map[string]string
	by          string
	created     time.Time
	deployments []*deployment // PRIMARY first
	history     []*rollout    // newest first
	events      []serviceEvent
	kicked      time.Time // of the scheduler's next step; zero where none is due
	waitUntil   time.Time // no new task before: starts are throttled
	failures    int       // in a row
	steady      bool      // the last thing said about the service
	tripped     bool      // a deployment was aborted, since the last update
	failure     string    // what CloudFormation then says
}

type serviceEvent struct {
	id, text string
	at       time.Time
}

// deployment is one version of a service on its way in, or out.
type deployment struct {
	id       string
	status   string // PRIMARY, ACTIVE
	def      *taskDef
	network  tree
	state    string // IN_PROGRESS, COMPLETED, FAILED
	reason   string
	failed   int
	blocked  bool // said that the percentages leave no room
	created  time.Time
	updated  time.Time
	rollout  *rollout
	complete bool      // was COMPLETED once
	returned bool      // a rollback returned to it
	alarmed  bool      // an alarm ended it
	second   bool      // its tasks are in the second target groups
	shift    *shifting // nil: rolling
}

// rollout is a service deployment in the words of the newer API.
type rollout struct {
	arn, revision  string
	source         string // revision before
	status, reason string
	created        time.Time
	updated        time.Time
	finished       time.Time
	desired        int
	tripped        bool
	rollbackTo     string // revision
	why            string // it went back there
	dep            *deployment
}

func (s *service) primary() *deployment { return s.deployments[0] }

// shown is how many events DescribeServices answers.
const shown = 100

// note adds an event to a service, as DescribeServices shows it.
func (c *Cluster) note(s *service, format string, args ...any) {
	if s == nil {
		return
	}
	e := serviceEvent{id: c.uuid(), at: c.now, text: "(service " + s.name + ") " + fmt.Sprintf(format, args...)}
	s.events = slices.Insert(s.events, 0, e)
	s.events = s.events[:min(len(s.events), shown)]
}

// tasksOf are a service's tasks that are not STOPPED, the oldest first.
func (c *Cluster) tasksOf(s *service) []*task {
	var out []*task
	for _, t := range c.tasks {
		if t.svc == s && t.status != stopped {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, oldestFirst)
	return out
}

func oldestFirst(a, b *task) int {
	if d := a.created.Compare(b.created); d != 0 {
		return d
	}
	if a.id < b.id {
		return -1
	}
	return 1
}

// deploy makes a new PRIMARY deployment.
func (c *Cluster) deploy(s *service) {
	d := &deployment{
		id: "ecs-svc/" + c.number(), status: "PRIMARY", def: s.def, network: s.network,
		state: "IN_PROGRESS", created: c.now, updated: c.now,
	}
	d.reason = "ECS deployment " + d.id + " in progress."
	r := &rollout{
		arn:      s.at.arn("ecs", "service-deployment/"+s.cluster.name+"/"+s.name+"/"+c.id()[:21]),
		revision: s.at.arn("ecs", "service-revision/"+s.cluster.name+"/"+s.name+"/"+c.number()),
		status:   "IN_PROGRESS", created: c.now, updated: c.now, desired: s.desired, dep: d,
	}
	d.rollout = r
	c.colours(s, d)
	if len(s.deployments) > 0 {
		old := s.primary()
		old.status, old.updated = "ACTIVE", c.now
		r.source = old.rollout.revision
		old.rollout.finish(c.now, "STOPPED", "Service deployment stopped because of a new service deployment.")
	}
	s.deployments = slices.Insert(s.deployments, 0, d)
	s.history = slices.Insert(s.history, 0, r)
	s.failures, s.waitUntil, s.steady = 0, time.Time{}, false
	c.kick(s, c.speed.Scheduler)
}

// finish ends a rollout, unless it is over.
func (r *rollout) finish(now time.Time, status, reason string) {
	if r.finished.IsZero() {
		r.status, r.reason, r.finished, r.updated = status, reason, now, now
	}
}

// breaker is a deployment circuit breaker's configuration.
type breaker struct {
	enable, rollback bool
	cumulative       bool   // resetOnHealthyTask is false
	kind             string // COUNT, UNBOUNDED_PERCENT; else BOUNDED_PERCENT
	value            int
}

// threshold is how many failed tasks trip the circuit breaker (ECS API
// reference, ThresholdConfiguration): by default half of the desired count, at
// least 3, at most 200.
func (b breaker) threshold(desired int) int {
	part := (desired*b.value + 99) / 100
	switch b.kind {
	case "COUNT":
		return b.value
	case "UNBOUNDED_PERCENT":
		return max(1, part)
	}
	return max(3, min(200, part))
}

func (b breaker) describe() map[string]any {
	return map[string]any{
		"enable": b.enable, "rollback": b.rollback, "resetOnHealthyTask": !b.cumulative,
		"thresholdConfiguration": map[string]any{"type": b.kind, "value": b.value},
	}
}

// read takes over a configuration; what it leaves out has its default.
func (b *breaker) read(in tree) error {
	next := breaker{
		enable: in.flag("enable", false), rollback: in.flag("rollback", false),
		cumulative: !in.flag("resetOnHealthyTask", true), kind: "BOUNDED_PERCENT", value: 50,
	}
	if t := in.node("thresholdConfiguration"); t != nil {
		next.kind, next.value = t.str("type"), t.num("value", 0)
	}
	switch {
	case next.kind != "BOUNDED_PERCENT" && next.kind != "UNBOUNDED_PERCENT" && next.kind != "COUNT":
		return wire.Errorf("InvalidParameterException", "Invalid threshold type: %s", next.kind)
	case next.value < 1:
		return wire.Errorf("InvalidParameterException", "The threshold value must be at least 1.")
	}
	*b = next
	return nil
}

// lower and upper bound the number of tasks during a deployment: the minimum
// is rounded up, the maximum down.
func (s *service) lower() int { return (s.desired*s.minimum + 99) / 100 }
func (s *service) upper() int { return s.desired * s.maximum / 100 }

// configure reads a deployment configuration over what is there.
func (s *service) configure(in tree) error {
	conf := in.node("deploymentConfiguration")
	if conf != nil {
		s.conf = conf
	}
	minimum, maximum := conf.num("minimumHealthyPercent", s.minimum), conf.num("maximumPercent", s.maximum)
	switch {
	case minimum < 0 || maximum < 100 && maximum != 0 || maximum == 0:
		return wire.Errorf("InvalidParameterException", "maximumPercent must be at least 100 and minimumHealthyPercent at least 0")
	case minimum > 100:
		return wire.Errorf("InvalidParameterException", "minimumHealthyPercent must be at most 100 for a REPLICA service")
	case minimum == 100 && maximum == 100 && s.shifts.rolling():
		return wire.Errorf("InvalidParameterException", "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
	}
	if err := s.shifts.read(conf); err != nil {
		return err
	}
	s.minimum, s.maximum = minimum, maximum
	if conf.has("alarms") {
		if err := s.alarms.read(conf.node("alarms")); err != nil {
			return err
		}
	}
	if conf.has("deploymentCircuitBreaker") {
		return s.breaker.read(conf.node("deploymentCircuitBreaker"))
	}
	return nil
}
