package cluster

import (
	"slices"
	"strings"
	"time"
)

// kick lets the service scheduler make a step d from now, or sooner where one
// is due.
func (c *Cluster) kick(s *service, d time.Duration) {
	at := c.now.Add(d)
	if !s.kicked.IsZero() && !s.kicked.After(at) {
		return
	}
	s.kicked = at
	c.after(d, func() {
		if s.kicked.Equal(at) {
			s.kicked = time.Time{}
			c.step(s)
		}
	})
}

// step brings a service nearer to what it should be.
func (c *Cluster) step(s *service) {
	if s.status == "INACTIVE" {
		return
	}
	c.judge(s)
	c.heed(s)
	all := c.tasksOf(s)
	c.stopIll(s, all)
	var live []*task
	for _, t := range all {
		if t.live() {
			live = append(live, t)
		}
	}
	live = c.retire(s, live)
	c.launch(s, live)
	c.advance(s)
	c.conclude(s)
}

// judge marks the tasks that are good, and with them their deployment.
func (c *Cluster) judge(s *service) {
	for _, t := range c.tasksOf(s) {
		if !t.good && t.isGood() {
			t.good = true
			if !s.breaker.cumulative {
				t.dep.failed = 0
			}
			s.failures, s.waitUntil = 0, time.Time{}
		}
	}
}

// isGood tells whether a task works: its targets are healthy, or it has run
// for a while.
func (t *task) isGood() bool {
	if t.status != running || !t.live() || t.ill {
		return false
	}
	for _, k := range t.containers {
		if k.spec.has("healthCheck") && k.spec.flag("essential", true) && k.health != "HEALTHY" {
			return false
		}
	}
	if len(t.svc.balancing) > 0 {
		return len(t.bound) > 0 && t.healthy()
	}
	return t.settled
}

// stopIll ends the tasks whose containers fail their own health checks.
func (c *Cluster) stopIll(s *service, all []*task) {
	for _, t := range all {
		if t.live() && t.ill && c.pastGrace(t) {
			c.note(s, "(task %s) failed container health checks.", t.id)
			c.end(t, "ServiceSchedulerInitiated", "Task failed container health checks")
			c.failed(t)
		}
	}
}

func (c *Cluster) pastGrace(t *task) bool {
	return !t.startedAt.IsZero() && !c.now.Before(t.startedAt.Add(c.speed.seconds(t.svc.grace)))
}

// ailing ends a task whose target is unhealthy, once its grace period is over.
func (c *Cluster) ailing(x *target) {
	t := x.task
	if !t.live() || !c.pastGrace(t) {
		return
	}
	c.note(t.svc, "(port %d) is unhealthy in (target-group %s) due to (reason %s).", x.port, x.group.arn, x.description)
	c.end(t, "ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group "+x.group.arn+")")
	c.failed(t)
}

// retire stops what is too much: tasks of old deployments as far as the
// minimum allows, and tasks of the new one beyond the desired count.
func (c *Cluster) retire(s *service, live []*task) []*task {
	p := s.primary()
	var old, fresh []*task
	good := 0
	for _, t := range live {
		if t.isGood() {
			good++
		}
		if t.dep == p {
			fresh = append(fresh, t)
		} else {
			old = append(old, t)
		}
	}
	room := s.upper() - len(live)
	keep := s.lower()
	if len(fresh) >= s.desired || room > 0 {
		keep = s.desired // no need to go below: the new ones find room, or are all there
	}
	var gone []*task
	if p.state != "FAILED" || s.status != "ACTIVE" || s.desired == 0 {
		for _, t := range old {
			if s.keeps(t.dep) {
				continue
			}
			if p.shift != nil {
				gone = append(gone, t)
				continue
			}
			if !t.isGood() {
				gone = append(gone, t)
			} else if good > keep {
				gone = append(gone, t)
				good--
			}
		}
	}
	slices.SortStableFunc(fresh, func(a, b *task) int { return rank(b) - rank(a) })
	if len(fresh) > s.desired {
		gone = append(gone, fresh[s.desired:]...)
	}
	c.scaleIn(s, gone)
	return slices.DeleteFunc(live, func(t *task) bool { return slices.Contains(gone, t) })
}

// rank prefers to keep good tasks, then running ones.
func rank(t *task) int {
	switch {
	case t.isGood():
		return 2
	case t.status == running:
		return 1
	}
	return 0
}

func (c *Cluster) scaleIn(s *service, gone []*task) {
	if len(gone) == 0 {
		return
	}
	names := make([]string, len(gone))
	for i, t := range gone {
		names[i] = "(task " + t.id + ")"
		c.end(t, "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment "+s.primary().id+")")
	}
	c.note(s, "has stopped %d running tasks: %s.", len(gone), strings.Join(names, " "))
	s.steady = false
}

// launch starts what is missing, as far as the maximum and the throttle allow.
func (c *Cluster) launch(s *service, live []*task) {
	p := s.primary()
	if p.state == "FAILED" || s.status != "ACTIVE" {
		return
	}
	fresh := 0
	for _, t := range live {
		if t.dep == p {
			fresh++
		}
	}
	missing := s.desired - fresh
	if missing <= 0 {
		return
	}
	s.steady = false
	n := min(missing, s.upper()-len(live))
	if p.shift != nil {
		n = missing // all of them, beside what serves
	}
	if n <= 0 {
		c.stuck(s, live)
		return
	}
	if c.now.Before(s.waitUntil) {
		c.kick(s, s.waitUntil.Sub(c.now))
		return
	}
	c.startTasks(s, n)
}

// stuck says, once a deployment, that the percentages leave no room at all.
func (c *Cluster) stuck(s *service, live []*task) {
	p := s.primary()
	if p.blocked || slices.ContainsFunc(live, func(t *task) bool { return !t.isGood() || t.dep == p }) || len(live) > s.lower() {
		return
	}
	p.blocked = true
	c.note(s, "was unable to stop or start tasks during a deployment because of the service deployment configuration. "+
		"Update the minimumHealthyPercent or maximumPercent value and try again.")
}

func (c *Cluster) startTasks(s *service, n int) {
	p := s.primary()
	for _, key := range []string{"taskRoleArn", "executionRoleArn"} {
		role := p.def.spec.str(key)
		if role != "" && c.roles.Trusts(role, tasksService) != nil {
			c.note(s, "failed to launch a task with (error %s).", unassumable(role))
			c.countFailure(s, p)
			return
		}
	}
	var names []string
	for range n {
		t := &task{
			at: s.at, cluster: s.cluster, def: p.def, svc: s, dep: p, group: "service:" + s.name,
			startedBy: p.id, launchType: s.launchType, provider: s.provider, network: p.network, exec: s.exec, tags: s.taskTags(p),
		}
		if s.launchType == ec2 {
			var short string
			if t.on, short = c.place(s.cluster, p.def, s.provider); t.on == nil {
				if !c.grow(s.provider, s.at, p.def) {
					c.unplaced(s, short)
				}
				break
			}
		}
		names = append(names, "(task "+c.newTask(t).id+")")
	}
	if len(names) == 0 {
		return
	}
	c.note(s, "has started %d tasks: %s.", len(names), strings.Join(names, " "))
	p.updated = c.now
}

// tasksService is the service principal that a task's roles must trust.
const tasksService = "ecs-tasks.amazonaws.com"

func unassumable(role string) string {
	return "ECS was unable to assume the role '" + role + "' that was provided for this task. Please verify that the role being " +
		"passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
}

// taskTags are the tags that a service's tasks get.
func (s *service) taskTags(d *deployment) map[string]string {
	switch s.propagate {
	case "SERVICE":
		return s.tags
	case "TASK_DEFINITION":
		return d.def.tags
	}
	return nil
}
