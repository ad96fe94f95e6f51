package cluster

import (
	"slices"
	"time"
)

// forced is a failure that was ordered.
type forced struct{ match, reason string }

// FailNextTask lets the next task that a service (by its name) or a family
// starts fail before its containers do, with the reason, such as
// "ResourceInitializationError: ...". An empty match means any. Ordered twice,
// it fails two.
func (c *Cluster) FailNextTask(match, reason string) {
	unlock, err := c.enter()
	if err != nil {
		return
	}
	defer unlock()
	c.forced = append(c.forced, forced{match, reason})
}

func (c *Cluster) takeForced(t *task) string {
	for i, f := range c.forced {
		if f.match == "" || f.match == t.def.family || t.svc != nil && f.match == t.svc.name {
			c.forced = append(c.forced[:i:i], c.forced[i+1:]...)
			return f.reason
		}
	}
	return ""
}

// Outlast lets what runs in a task go on after its time, as who is root in it
// can see to; signals end it as before.
func (c *Cluster) Outlast(taskARN string) {
	unlock, err := c.enter()
	if err != nil {
		return
	}
	defer unlock()
	if t := c.tasks[taskARN]; t != nil {
		for _, k := range t.containers {
			k.runs.Exits, k.ends = false, time.Time{}
		}
	}
}

// UsesSecurityGroup tells whether a load balancer, or a task that is not
// STOPPED, is in the security group, which EC2 then does not delete.
func (c *Cluster) UsesSecurityGroup(id string) bool {
	unlock, err := c.enter()
	if err != nil {
		return false
	}
	defer unlock()
	for _, lb := range c.balancers {
		if slices.Contains(lb.groups, id) {
			return true
		}
	}
	for _, t := range c.tasks {
		if t.status != stopped && slices.Contains(t.securityGroups(), id) {
			return true
		}
	}
	return false
}
