package cluster

import (
	"slices"
	"time"
)

// failed counts a task that ended by its own fault.
func (c *Cluster) failed(t *task) {
	if t.svc == nil || t.dep == nil {
		return
	}
	t.svc.steady = false
	c.countFailure(t.svc, t.dep)
}

// patience is how many failures in a row pass before starts are throttled, and
// longest how far the throttle goes (ECS Developer Guide, "service throttle
// logic": 15 minutes).
const (
	patience = 5
	longest  = 15 * time.Minute
)

func (c *Cluster) countFailure(s *service, d *deployment) {
	s.failures++
	if over := s.failures - patience; over > 0 {
		wait := c.speed.Scheduler << min(over, 20)
		s.waitUntil = c.now.Add(min(wait, longest))
		if over == 1 {
			c.note(s, "is unable to consistently start tasks successfully. For more information, see the "+
				"Troubleshooting section of the Amazon ECS Developer Guide.")
		}
	}
	if d.state == "IN_PROGRESS" {
		d.failed++
		d.updated = c.now
		if d == s.primary() && s.breaker.enable && d.failed >= s.breaker.threshold(s.desired) {
			c.trip(s, d)
		}
	}
	c.kick(s, max(c.speed.Scheduler, s.waitUntil.Sub(c.now)))
}

// trip is the deployment circuit breaker. The deployment that it returns to is
// IN_PROGRESS again, and cannot be returned to until it is COMPLETED (ECS
// Developer Guide, "How the Amazon ECS deployment circuit breaker detects failures").
func (c *Cluster) trip(s *service, d *deployment) {
	d.rollout.tripped = true
	c.abort(s, d, "ECS deployment circuit breaker: tasks failed to start.", "tasks failed to start.", s.breaker.rollback)
}

// abort ends a deployment in progress as FAILED; with rollback the service
// returns to the last that was COMPLETED.
func (c *Cluster) abort(s *service, d *deployment, reason, said string, rollback bool) {
	d.state, d.reason, d.updated = "FAILED", reason, c.now
	s.tripped, s.failure = true, "ECS Deployment was rolled back"
	switch {
	case d.rollout.tripped:
		s.failure = "ECS Deployment Circuit Breaker was triggered"
	case d.alarmed:
		s.failure = "ECS Deployment Alarm was triggered"
	}
	c.note(s, "(deployment %s) deployment failed: %s", d.id, said)
	i := slices.IndexFunc(s.deployments, func(o *deployment) bool { return o.complete })
	if !rollback || i < 0 {
		d.rollout.finish(c.now, "STOPPED", d.reason)
		return
	}
	last := s.deployments[i]
	c.returnTo(s, d, last)
	c.note(s, "rolling back to deployment %s.", last.id)
	d.status = "ACTIVE"
	d.rollout.status, d.rollout.updated, d.rollout.rollbackTo = "ROLLBACK_IN_PROGRESS", c.now, last.rollout.revision
	if d.alarmed {
		d.rollout.why = "Service deployment rolled back because an alarm was triggered."
	}
	if d.rollout.tripped {
		d.rollout.why = "Service deployment rolled back because the circuit breaker threshold was exceeded."
	}
	last.status, last.state, last.updated, last.complete = "PRIMARY", "IN_PROGRESS", c.now, false
	last.reason = "ECS deployment " + cause(d) + ": rolling back to deploymentId " + last.id + "."
	s.deployments = slices.Insert(slices.Delete(s.deployments, i, i+1), 0, last)
	s.def, s.network, s.failures, s.waitUntil = last.def, last.network, 0, time.Time{}
	c.kick(s, c.speed.Scheduler)
}

// cause is what aborted a deployment.
func cause(d *deployment) string {
	switch {
	case d.rollout.tripped:
		return "circuit breaker"
	case d.alarmed:
		return "alarm"
	}
	return "stopped"
}

// conclude says what has come to its end: old deployments without tasks, the
// new one, the service.
func (c *Cluster) conclude(s *service) {
	left := map[*deployment]int{}
	serving := map[*deployment]int{}
	ok := 0
	for _, t := range c.tasksOf(s) {
		left[t.dep]++
		if t.status == "DEACTIVATING" || t.live() {
			serving[t.dep]++
		}
		if t.dep == s.primary() && t.isGood() {
			ok++
		}
	}
	p := s.primary()
	if s.status == "DRAINING" {
		if len(left) == 0 {
			s.status = "INACTIVE"
			c.after(remembered, func() { c.forget(s) })
		}
		return
	}
	over := ok == s.desired && len(serving) <= 1 && serving[p] == ok
	if over && p.state == "IN_PROGRESS" && !p.shifts() {
		c.complete(s, p)
	}
	if p.state != "FAILED" {
		s.deployments = slices.DeleteFunc(s.deployments, func(d *deployment) bool {
			return d != p && left[d] == 0 && (p.state == "COMPLETED" || !d.complete)
		})
	}
	if over && !s.steady && p.state == "COMPLETED" {
		s.steady = true
		c.note(s, "has reached a steady state.")
	}
}

// forget takes an INACTIVE service off, unless its name has been taken again.
func (c *Cluster) forget(s *service) {
	if c.services[s.arn] == s {
		delete(c.services, s.arn)
	}
}

func (c *Cluster) complete(s *service, p *deployment) {
	p.state, p.updated, p.complete, p.returned = "COMPLETED", c.now, true, false
	if p.rollout.finished.IsZero() {
		p.reason = "ECS deployment " + p.id + " completed."
		p.rollout.finish(c.now, "SUCCESSFUL", "")
	}
	for _, r := range s.history {
		if r.status == "ROLLBACK_IN_PROGRESS" {
			r.finish(c.now, "ROLLBACK_SUCCESSFUL", r.why)
		}
	}
	c.note(s, "(deployment %s) deployment completed.", p.id)
}
