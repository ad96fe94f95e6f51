package cluster

import (
	"time"
)

// The stages of a deployment that shifts traffic which this cluster shows (ECS
// API reference, ServiceDeployment, lifecycleStage). There is no test traffic.
const (
	scaleUp   = "SCALE_UP"
	preShift  = "PRE_PRODUCTION_TRAFFIC_SHIFT"
	shiftOne  = "PRODUCTION_TRAFFIC_SHIFT"
	bakeStage = "BAKE_TIME"
	cleanUp   = "CLEAN_UP"
)

// shifting is where a deployment that shifts traffic stands.
//
//	SCALE_UP ─► PRE_PRODUCTION_TRAFFIC_SHIFT (a PAUSE hook waits) ─► PRODUCTION_TRAFFIC_SHIFT
//	                 ▲                                                    │ less than 100 %: bake
//	                 └────────────────────────────────────────────────────┤
//	                                     CLEAN_UP ◄─ BAKE_TIME ◄──────────┘ 100 %
type shifting struct {
	from    *deployment // what serves meanwhile; nil for a service's first
	how     shifts      // as it was configured when it began
	stage   string
	next    int // of how.targets()
	percent int // of the traffic that it has
	hook    *hook
	epoch   int // timers of an earlier epoch are void
}

// hook is a pause that a deployment has come to.
type hook struct {
	id, status string
	expires    time.Time
	action     string // of the timeout
}

const awaiting = "AWAITING_ACTION"

// colours gives a new deployment the target groups that the one before it does
// not use, and takes traffic back that one which did not end had shifted.
func (c *Cluster) colours(s *service, d *deployment) {
	from := s.serving()
	if len(s.deployments) > 0 {
		if old := s.primary(); old.shift != nil && old.state == "IN_PROGRESS" && from != old && from != nil {
			c.turn(s, from, 100)
		}
	}
	if s.shifts.rolling() {
		return
	}
	d.shift = &shifting{from: from, how: s.shifts, stage: scaleUp}
	if from != nil {
		d.second = !from.second
	}
}

// serving is the deployment that has the traffic: the last that came to its end.
func (s *service) serving() *deployment {
	for _, d := range s.deployments {
		if d.complete || d.returned {
			return d
		}
	}
	return nil
}

// shifts says that a deployment's traffic is not all where it belongs yet.
func (d *deployment) shifts() bool { return d.shift != nil && d.shift.stage != cleanUp }

// keeps says whether the tasks of a deployment stay beside those of the primary.
func (s *service) keeps(d *deployment) bool {
	sh := s.primary().shift
	return sh != nil && s.primary().state != "COMPLETED" && sh.stage != cleanUp && sh.from == d
}

// turn writes the weights of the rules: percent to the deployment, the rest to
// the other target group.
func (c *Cluster) turn(s *service, d *deployment, percent int) {
	for _, b := range s.balancing {
		r := c.rules[b.rule]
		if r == nil || b.second == "" {
			continue
		}
		first, second := percent, 100-percent
		if d.second {
			first, second = second, first
		}
		r.spec["Actions"] = []any{map[string]any{"Type": "forward", "ForwardConfig": map[string]any{"TargetGroups": []any{
			map[string]any{"TargetGroupArn": b.group, "Weight": first}, map[string]any{"TargetGroupArn": b.second, "Weight": second},
		}}}}
	}
}

// advance brings a deployment that shifts traffic to where it has to wait.
func (c *Cluster) advance(s *service) {
	d := s.primary()
	if d.shift == nil || d.state != "IN_PROGRESS" || s.status != "ACTIVE" || d.shift.stage != scaleUp {
		return
	}
	if why := c.mayShift(s, "RegisterTargets"); why != "" {
		c.undo(s, "unable to register targets: "+why)
		return
	}
	good := 0
	for _, t := range c.tasksOf(s) {
		if t.dep == d && t.isGood() {
			good++
		}
	}
	if good >= s.desired {
		c.pauseOrShift(s, d)
	}
}

// pauseOrShift waits where a hook says so. A service's first deployment has
// nothing to shift from.
func (c *Cluster) pauseOrShift(s *service, d *deployment) {
	sh := d.shift
	sh.stage = preShift
	d.rollout.updated = c.now
	if len(sh.how.pauses) == 0 || sh.from == nil {
		c.move(s, d)
		return
	}
	p := sh.how.pauses[0]
	wait := c.speed.seconds(p.timeout * 60)
	sh.hook = &hook{id: "ecs-pause-" + c.id(), status: awaiting, expires: c.now.Add(wait), action: p.action}
	c.note(s, "(deployment %s) is paused at %s.", d.id, preShift)
	c.timed(s, d, wait, func() {
		sh.hook.status = "TIMED_OUT"
		if p.action == "CONTINUE" {
			c.move(s, d)
			return
		}
		c.undo(s, "a pause lifecycle hook timed out.")
	})
}

// move shifts traffic to the next target, and waits.
func (c *Cluster) move(s *service, d *deployment) {
	sh := d.shift
	sh.stage = shiftOne
	sh.epoch++
	d.rollout.updated = c.now
	if why := c.mayShift(s, "ModifyRule"); why != "" {
		c.undo(s, "unable to modify the listener rule: "+why)
		return
	}
	targets := sh.how.targets()
	if sh.from == nil {
		targets, sh.next = []int{100}, 0
	}
	sh.percent = targets[sh.next]
	sh.next++
	c.turn(s, d, sh.percent)
	c.note(s, "(deployment %s) has %d percent of the production traffic.", d.id, sh.percent)
	if sh.percent < 100 {
		c.timed(s, d, c.speed.seconds(sh.how.between*60), func() { c.pauseOrShift(s, d) })
		return
	}
	sh.stage = bakeStage
	bake := c.speed.seconds(sh.how.bake * 60)
	if sh.from == nil {
		bake = 0
	}
	c.timed(s, d, bake, func() {
		sh.stage = cleanUp
		c.kick(s, 0)
	})
}

// timed is after, void once the deployment has moved on.
func (c *Cluster) timed(s *service, d *deployment, wait time.Duration, f func()) {
	epoch := d.shift.epoch
	c.after(wait, func() {
		if s.primary() == d && d.state == "IN_PROGRESS" && d.shift.epoch == epoch {
			f()
		}
	})
}

// undo takes a deployment back, as ECS does by itself or when it is told to.
func (c *Cluster) undo(s *service, why string) {
	d := s.primary()
	d.rollout.why = "Service deployment rolled back because of " + why
	c.abort(s, d, "ECS deployment rolled back: "+why, why, true)
}

// returnTo gives the traffic back to the deployment that a rollback returns to.
func (c *Cluster) returnTo(s *service, from, to *deployment) {
	to.returned = true
	if from.shift == nil {
		return
	}
	from.shift.epoch++
	if from.shift.hook != nil && from.shift.hook.status == awaiting {
		from.shift.hook.status = "FAILED"
	}
	from.shift.percent = 0
	c.turn(s, to, 100)
	if to.shift != nil {
		to.shift.stage = cleanUp
	}
}
