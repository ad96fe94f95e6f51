package cluster

import (
	"fmt"
	"slices"
	"time"
)

// target is one address in a target group.
type target struct {
	group       *targetGroup
	ip          string
	port        int
	task        *task
	container   string
	state       string // initial, healthy, unhealthy, draining, unused
	reason      string
	description string
	passes      int // in a row
	fails       int
	served      bool // was healthy once
	gone        bool
}

// of is the target group that a deployment's tasks are in.
func (b binding) of(d *deployment) string {
	if d.second && b.second != "" {
		return b.second
	}
	return b.group
}

// bind registers a running task in its service's target groups.
func (c *Cluster) bind(t *task) {
	for _, lb := range t.svc.balancing {
		tg := c.targets[lb.of(t.dep)]
		if tg == nil {
			continue
		}
		x := &target{group: tg, ip: t.ip, port: lb.port, task: t, container: lb.container}
		x.set("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
		tg.members = append(tg.members, x)
		t.bound = append(t.bound, x)
		c.note(t.svc, "registered 1 targets in (target-group %s)", tg.arn)
		c.schedule(x)
	}
}

func (x *target) set(state, reason, description string) {
	x.state, x.reason, x.description = state, reason, description
}

// schedule lets the health checks of a target go on, one each interval.
func (c *Cluster) schedule(x *target) {
	c.after(c.speed.seconds(x.group.interval()), func() {
		if x.gone || x.state == "draining" {
			return
		}
		c.check(x)
		c.schedule(x)
	})
}

// check is one health check. A target that was just registered is healthy with
// its first pass; the healthy threshold counts for one that comes back (ELB
// User Guide, "Health checks for Application Load Balancer target groups").
func (c *Cluster) check(x *target) {
	was := x.state
	balancers := c.balancersOf(x.group.arn)
	if len(balancers) == 0 {
		x.set("unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")
		x.passes, x.fails = 0, 0
		return
	}
	if slices.ContainsFunc(balancers, func(lb *balancer) bool { return lb.state != "active" }) {
		x.set("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
		return
	}
	reason, description := c.probe(x, balancers)
	if reason == "" {
		x.passes, x.fails = x.passes+1, 0
	} else {
		x.passes, x.fails = 0, x.fails+1
	}
	switch {
	case x.passes >= x.group.healthyThreshold() || x.passes > 0 && was == "initial":
		x.set("healthy", "", "")
		x.served = true
	case x.fails >= x.group.unhealthyThreshold():
		x.set("unhealthy", reason, description)
	case was == "initial" || was == "unused":
		x.set("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
	}
	if x.state != was && x.task.svc != nil {
		c.kick(x.task.svc, 0)
	}
	if x.state == "unhealthy" && x.task.svc != nil {
		c.ailing(x)
	}
}

// probe asks the target as its load balancers do; an empty reason is a pass.
func (c *Cluster) probe(x *target, balancers []*balancer) (reason, description string) {
	groups := x.task.securityGroups()
	for _, lb := range balancers {
		if !c.network.Admits(groups, x.port, Source{Groups: lb.groups, Subnets: lb.subnets}) {
			return "Target.Timeout", "Request timed out"
		}
	}
	k := x.task.container(x.container)
	if k == nil || k.status != running || !k.listens(x.port) {
		return "Target.FailedHealthChecks", "Health checks failed"
	}
	b := k.image.Behaviour
	switch {
	case c.now.Sub(k.started) < b.Start, b.Unhealthy && b.HealthCode == 0:
		return "Target.FailedHealthChecks", "Health checks failed"
	case b.Unhealthy:
		return "Target.ResponseCodeMismatch", fmt.Sprintf("Health checks failed with these codes: [%d]", b.HealthCode)
	}
	return "", ""
}

func (k *container) listens(port int) bool {
	for _, p := range k.spec.items("portMappings") {
		if p.num("containerPort", 0) == port {
			return true
		}
	}
	return false
}

func (t *task) securityGroups() []string {
	return t.network.node("awsvpcConfiguration").strs("securityGroups")
}

// unbind deregisters a task's targets; the answer is how long they drain. One
// that never was healthy got no connection that could drain.
func (c *Cluster) unbind(t *task) time.Duration {
	var longest time.Duration
	for _, x := range t.bound {
		if x.gone || x.state == "draining" {
			continue
		}
		var drain time.Duration
		if x.served {
			drain = c.speed.seconds(x.group.deregistrationDelay())
		}
		x.set("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
		c.after(drain, func() { x.group.remove(x) })
		longest = max(longest, drain)
		c.note(t.svc, "deregistered 1 targets in (target-group %s)", x.group.arn)
	}
	if longest > 0 {
		c.note(t.svc, "has begun draining connections on 1 tasks.")
	}
	return longest
}

// healthy tells whether all of a task's targets are.
func (t *task) healthy() bool {
	for _, x := range t.bound {
		if x.state != "healthy" {
			return false
		}
	}
	return true
}
