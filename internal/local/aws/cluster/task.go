package cluster

import (
	"time"
)

// task is one run of a task definition.
type task struct {
	arn, id    string
	at         site // account and region; carries no authority
	cluster    *ecsCluster
	def        *taskDef
	on         *instance   // nil on Fargate
	svc        *service    // nil for RunTask
	dep        *deployment // of svc
	group      string      // service:NAME or family:NAME
	startedBy  string
	request    string // of RunTask, as JSON
	launchType string
	provider   string // of capacity on machines
	network    tree
	overrides  tree
	tags       map[string]string
	exec       bool
	ip         string
	eni        string

	status     string // lastStatus
	desired    string // RUNNING or STOPPED
	version    int
	containers []*container
	bound      []*target // registered in target groups
	epoch      int       // timers of an earlier epoch are void
	good       bool      // its deployment counts it as started successfully
	settled    bool      // ran for Speed.Settle
	ill        bool      // a container's own health check failed

	created, pullStart, pullStop, startedAt   time.Time
	stopping, executionStop, stoppedAt, ready time.Time
	stopCode, stopReason                      string
}

// container is one container of a task.
type container struct {
	spec    tree
	name    string
	id      string
	status  string // PENDING, RUNNING, STOPPED
	image   *storedImage
	digest  string
	exited  bool
	code    int
	reason  string
	health  string // UNKNOWN, HEALTHY, UNHEALTHY
	started time.Time
	command []string // of an override
	env     []tree   // of the definition, those of an override over them
	stream  *logStream
	entered time.Time // since when the agent of ECS Exec runs
	runs    program
	ends    time.Time // when it ends by itself; zero: never
}

const (
	running = "RUNNING"
	stopped = "STOPPED"
)

func (t *task) live() bool { return t.desired == running }

func (t *task) pending() bool {
	return t.status == "PROVISIONING" || t.status == "PENDING" || t.status == "ACTIVATING"
}

func (t *task) container(name string) *container {
	for _, k := range t.containers {
		if k.name == name {
			return k
		}
	}
	return nil
}

// newTask makes a task that is PROVISIONING and lets time work on it.
func (c *Cluster) newTask(t *task) *task {
	t.id = c.id()
	t.arn = t.at.arn("ecs", "task/"+t.cluster.name+"/"+t.id)
	t.at.authorize = nil
	t.status, t.desired, t.created, t.version = "PROVISIONING", running, c.now, 1
	t.eni = "eni-" + c.id()[:17]
	t.ip = c.address()
	for _, cd := range t.def.spec.items("containerDefinitions") {
		k := &container{spec: cd, name: cd.str("name"), id: c.id(), status: "PENDING", health: "UNKNOWN", env: cd.items("environment")}
		for _, o := range t.overrides.items("containerOverrides") {
			if o.str("name") == k.name {
				k.override(o)
			}
		}
		t.containers = append(t.containers, k)
	}
	c.tasks[t.arn] = t
	if t.launchType == ec2 && t.on == nil {
		return t // it waits for a machine
	}
	c.later(t, c.speed.Provision, func() { c.prepare(t) })
	return t
}

// later is after, void once the task was told to stop.
func (c *Cluster) later(t *task, d time.Duration, f func()) {
	epoch := t.epoch
	c.after(d, func() {
		if t.epoch == epoch {
			f()
		}
	})
}

func (t *task) become(status string) {
	t.status = status
	t.version++
}

// prepare is Fargate's part before the pull: secrets, logs, the registry.
func (c *Cluster) prepare(t *task) {
	t.become("PENDING")
	t.ready = c.now
	if reason := c.takeForced(t); reason != "" {
		c.failStart(t, reason)
		return
	}
	if reason := c.initialise(t); reason != "" {
		c.failStart(t, "ResourceInitializationError: "+reason)
		return
	}
	t.pullStart = c.now
	pull := c.speed.Pull
	for _, k := range t.containers {
		image, _ := c.find(parseReference(k.spec.str("image")), t.at.account)
		if image != nil {
			pull += image.Behaviour.PullTime
			if n := image.Behaviour.Stalls; n > 0 && t.dep != nil && t.dep.failed >= n {
				return
			}
		}
	}
	c.later(t, pull, func() { c.pulled(t) })
}

func (c *Cluster) pulled(t *task) {
	t.pullStop = c.now
	for _, k := range t.containers {
		image, problem := c.find(parseReference(k.spec.str("image")), t.at.account)
		if problem == "" && image.Private && !k.spec.has("repositoryCredentials") {
			problem = anonymous(k.spec.str("image"))
		}
		if problem != "" {
			k.reason = "CannotPullContainerError: " + problem
			c.failStart(t, k.reason)
			return
		}
		k.image, k.digest = image, image.Digest
	}
	t.become("ACTIVATING")
	c.later(t, c.speed.Activate, func() { c.start(t) })
}

// start lets the containers run.
func (c *Cluster) start(t *task) {
	t.become(running)
	t.startedAt = c.now
	for _, k := range t.containers {
		k.status, k.started = running, c.now
		c.run(t, k)
		c.later(t, c.speed.Activate, func() { k.entered = c.now }) // the agent takes about as long
	}
	if t.svc == nil {
		return
	}
	c.bind(t)
	c.later(t, c.speed.Settle, func() {
		t.settled = true
		c.kick(t.svc, 0)
	})
	c.kick(t.svc, c.speed.Scheduler)
}

// run plays what a container runs.
func (c *Cluster) run(t *task, k *container) {
	k.runs = programOf(k)
	for _, l := range k.runs.Log {
		c.later(t, l.After, func() { c.writeLine(k, l.Text) })
	}
	if k.runs.Exits {
		k.ends = k.runs.endsAt(c.now)
		c.later(t, k.ends.Sub(c.now), func() {
			if k.runs.Exits {
				c.exited(t, k, k.runs.ExitCode)
			}
		})
	}
	if k.spec.has("healthCheck") {
		c.watch(t, k, k.runs.Behaviour, 0)
	}
}

// watch plays a container's own health check.
func (c *Cluster) watch(t *task, k *container, b Behaviour, failures int) {
	hc := k.spec.node("healthCheck")
	c.later(t, c.speed.seconds(hc.num("interval", 30)), func() {
		if k.status != running {
			return
		}
		age := c.now.Sub(k.started)
		if !b.Unhealthy && age >= b.Start {
			k.health = "HEALTHY"
			failures = 0
		} else if age >= c.speed.seconds(hc.num("startPeriod", 0)) {
			failures++
		}
		if failures >= hc.num("retries", 3) {
			k.health = "UNHEALTHY"
			t.ill = t.ill || k.spec.flag("essential", true)
		}
		if t.svc != nil {
			c.kick(t.svc, 0)
		}
		c.watch(t, k, b, failures)
	})
}

// exited is the end of a container by itself; an essential one ends the task.
func (c *Cluster) exited(t *task, k *container, code int) {
	k.status, k.exited, k.code = stopped, true, code
	if k.spec.flag("essential", true) {
		c.end(t, "EssentialContainerExited", "Essential container in task exited")
		c.failed(t)
	}
}

func (c *Cluster) failStart(t *task, reason string) {
	c.end(t, "TaskFailedToStart", reason)
	c.failed(t)
}

// end begins a task's end: its targets drain, its containers stop, its network
// interface goes.
func (c *Cluster) end(t *task, code, reason string) {
	if !t.live() {
		return
	}
	t.epoch++
	t.desired, t.stopCode, t.stopReason, t.stopping = stopped, code, reason, c.now
	ran := t.status == running
	drain := c.unbind(t)
	switch {
	case ran && drain > 0:
		t.become("DEACTIVATING")
		c.later(t, drain, func() { c.stopContainers(t) })
	case ran:
		c.stopContainers(t)
	default:
		c.deprovision(t)
	}
	if t.svc != nil {
		c.kick(t.svc, c.speed.Scheduler)
	}
}

// stopContainers sends SIGTERM to all containers, and SIGKILL to those that are
// there after their stopTimeout; with the last one the task goes.
func (c *Cluster) stopContainers(t *task) {
	t.become("STOPPING")
	var longest time.Duration
	for _, k := range t.containers {
		if k.status != running {
			continue
		}
		after, code := c.onTerm(k)
		longest = max(longest, after)
		c.later(t, after, func() { k.status, k.exited, k.code = stopped, true, code })
	}
	c.later(t, longest, func() { c.deprovision(t) })
}

func (c *Cluster) deprovision(t *task) {
	t.become("DEPROVISIONING")
	t.executionStop = c.now
	c.later(t, c.speed.Deprovision, func() {
		for _, k := range t.containers {
			k.status = stopped
		}
		t.become(stopped)
		t.stoppedAt = c.now
		if t.on != nil { // there is room again
			c.placeWaiting(t.cluster)
			c.kickAll(t.cluster)
		}
		if t.svc != nil {
			c.kick(t.svc, 0)
		}
		c.later(t, remembered, func() { delete(c.tasks, t.arn) })
	})
}

// remembered is how long a stopped task can be described (ECS Developer Guide:
// "at least one hour").
const remembered = time.Hour
