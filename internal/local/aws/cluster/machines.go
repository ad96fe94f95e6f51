package cluster

import (
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Machine is a machine of EC2 as it starts: what it brings to which cluster,
// and as whom.
type Machine struct {
	ID         string
	Cluster    string // that its user data names
	Role       string // ARN of its instance profile's role
	CPU        int    // units
	Memory     int    // MiB that are left for tasks
	Interfaces int    // network interfaces, its own among them
}

// Machines answers what the cluster needs to know of EC2. It is called while
// the cluster's lock is held, so it must not call back into the cluster.
type Machines interface {
	// MayStart refuses what Auto Scaling refuses of a group's properties: a
	// launch template, subnets or a role that are not there, or that the caller
	// may not use.
	MayStart(r wire.Request) error
	// Kind is what the launch template starts, without starting it.
	Kind(region, template string) (Machine, error)
	// Start starts one in a subnet.
	Start(region, template, subnet string, tags map[string]string) (Machine, error)
	// End terminates it.
	End(region, id string)
}

func (nothing) MayStart(wire.Request) error          { return errNothing }
func (nothing) Kind(string, string) (Machine, error) { return Machine{}, errNothing }
func (nothing) End(string, string)                   {}
func (nothing) Start(string, string, string, map[string]string) (Machine, error) {
	return Machine{}, errNothing
}

// machineGroup is an auto scaling group: at least as many machines as it says,
// more when its capacity provider asks for them. It does not become smaller by
// itself.
type machineGroup struct {
	arn, name string
	at        site
	low, high int
	desired   int
	template  string
	version   string // of the template
	subnets   []string
	protected bool
	tags      map[string]string
	launched  map[string]string // tags of what it starts
	machines  []*groupMachine
	closing   bool
}

type groupMachine struct {
	Machine
	version string
	running bool      // EC2 has it
	in      *instance // registered; nil: not, or not yet
	leaving bool
}

func groupID(at site, name string) string {
	return at.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/"+name)
}

// fill starts what is missing.
func (c *Cluster) fill(g *machineGroup) {
	for len(g.staying()) < g.desired && !g.closing {
		if !c.addMachine(g) {
			return
		}
	}
}

// staying are the machines that are not on their way out.
func (g *machineGroup) staying() []*groupMachine {
	return slices.DeleteFunc(slices.Clone(g.machines), func(m *groupMachine) bool { return m.leaving })
}

func (c *Cluster) addMachine(g *machineGroup) bool {
	made, err := c.machines.Start(g.at.region, g.template, g.subnets[len(g.machines)%len(g.subnets)], g.launched)
	if err != nil {
		return false
	}
	m := &groupMachine{Machine: made, version: g.version}
	g.machines = append(g.machines, m)
	c.after(c.speed.Machine, func() {
		m.running = true
		c.joinCluster(g, m)
	})
	return true
}

// joinCluster is the agent's part: it registers the machine with the cluster
// of its configuration, as the role of its instance profile.
func (c *Cluster) joinCluster(g *machineGroup, m *groupMachine) {
	k := c.clusters[clusterARN(g.at, m.Cluster)]
	if m.leaving || k == nil || k.inactive {
		return
	}
	keys := clusterKeys(k.arn, nil)
	if c.roles.Trusts(m.Role, "ec2.amazonaws.com") != nil || c.roles.Allows(g.at.region, m.Role, "ecs:RegisterContainerInstance", k.arn, keys) != nil {
		return
	}
	arn := g.at.arn("ecs", "container-instance/"+k.name+"/"+c.id())
	for _, action := range []string{"ecs:Poll", "ecs:StartTelemetrySession"} {
		if c.roles.Allows(g.at.region, m.Role, action, arn, keys) != nil {
			return
		}
	}
	m.in = &instance{arn: arn, id: m.ID, cluster: k, cpu: m.CPU, memory: m.Memory, interfaces: m.Interfaces, group: g}
	c.instances = append(c.instances, m.in)
	c.placeWaiting(k)
	c.kickAll(k)
}

// grow starts one more machine for a task that has no room, where the group may
// have one more and a new one would have the room. It answers whether one is on
// its way.
func (c *Cluster) grow(provider string, at site, def *taskDef) bool {
	p := c.providers[providerARN(at, provider)]
	if p == nil || !p.scaling() {
		return false
	}
	g := p.group
	kind, err := c.machines.Kind(at.region, g.template)
	cpu, memory := needs(def)
	if err != nil || kind.CPU < cpu || kind.Memory < memory {
		return false
	}
	if slices.ContainsFunc(g.machines, func(m *groupMachine) bool { return !m.running }) {
		return true
	}
	if len(g.staying()) >= g.high {
		return false
	}
	g.desired = len(g.staying()) + 1
	c.fill(g)
	return true
}

// roll exchanges machines of an older version, one after the other: a new one
// comes first, and the old one goes when its tasks have moved.
func (c *Cluster) roll(g *machineGroup) {
	old := slices.DeleteFunc(g.staying(), func(m *groupMachine) bool { return m.version == g.version })
	switch {
	case g.closing:
		return
	case slices.ContainsFunc(g.machines, func(m *groupMachine) bool { return m.leaving || !m.running }):
	case len(old) == 0:
		return
	case len(g.staying()) <= g.desired:
		if !c.addMachine(g) {
			return
		}
	default:
		c.leave(g, old[0])
	}
	c.after(c.speed.Scheduler, func() { c.roll(g) })
}

// leave is managed draining: a machine goes when nothing runs on it any more.
func (c *Cluster) leave(g *machineGroup, m *groupMachine) {
	m.leaving = true
	if m.in != nil {
		c.drainMachine(m.in)
	}
	c.left(g, m)
}

func (c *Cluster) left(g *machineGroup, m *groupMachine) {
	for _, t := range c.tasks {
		if m.in != nil && t.on == m.in && t.status != stopped {
			c.after(c.speed.Scheduler, func() { c.left(g, m) })
			return
		}
	}
	c.dropMachine(g, m)
}

func (c *Cluster) dropMachine(g *machineGroup, m *groupMachine) {
	g.machines = slices.DeleteFunc(g.machines, func(other *groupMachine) bool { return other == m })
	if m.in != nil {
		c.dropInstances(m.ID)
	}
	c.machines.End(g.at.region, m.ID)
}

// drainMachine lets no more tasks start on a machine; those of services leave.
func (c *Cluster) drainMachine(i *instance) {
	i.draining = true
	for _, t := range c.tasks {
		if t.on == i && t.live() && t.svc != nil {
			c.end(t, "ServiceSchedulerInitiated", "Task stopped because its container instance is draining")
		}
	}
	c.kickAll(i.cluster)
}

// waitForMachine is how long a task of RunTask waits for a machine with room
// before it gives up (Amazon ECS Developer Guide, "Amazon ECS cluster auto
// scaling": tasks stay in PROVISIONING for a while).
const waitForMachine = 15 * time.Minute

// await keeps a task until there is room for it.
func (c *Cluster) await(t *task, short string) {
	c.later(t, waitForMachine, func() {
		if t.on == nil {
			c.failStart(t, short)
		}
	})
}

// placeWaiting looks for room for the tasks that wait, the oldest first.
func (c *Cluster) placeWaiting(k *ecsCluster) {
	var waiting []*task
	for _, t := range c.tasks {
		if t.cluster == k && t.live() && t.launchType == ec2 && t.on == nil && t.status == "PROVISIONING" {
			waiting = append(waiting, t)
		}
	}
	slices.SortFunc(waiting, oldestFirst)
	for _, t := range waiting {
		if t.on, _ = c.place(k, t.def, t.provider); t.on != nil {
			c.later(t, c.speed.Provision, func() { c.prepare(t) })
		} else {
			c.grow(t.provider, k.at, t.def)
		}
	}
}
