package cluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// instance is a container instance: a machine of EC2 that tasks of the launch
// type EC2 run on.
type instance struct {
	arn, id     string // id is EC2's
	cluster     *ecsCluster
	cpu, memory int // what it registered, in CPU units and MiB
	interfaces  int // network interfaces, the machine's own among them; 0: any number
	group       *machineGroup
	draining    bool
}

// ec2 is the launch type of tasks on container instances.
const ec2 = "EC2"

// PutInstances registers machines of EC2 (by their ids) with a cluster, each
// with as many CPU units and MiB. Those that are there stay as they are. A
// cluster that is not there gets none.
func (c *Cluster) PutInstances(account, region, name string, cpu, memory int, ids ...string) {
	unlock, err := c.enter()
	if err != nil {
		return
	}
	defer unlock()
	at := site{account: account, region: region}
	k := c.clusters[clusterARN(at, name)]
	if k == nil || k.inactive {
		return
	}
	for _, id := range ids {
		if !slices.ContainsFunc(c.instances, func(i *instance) bool { return i.id == id }) {
			c.instances = append(c.instances, &instance{
				arn: at.arn("ecs", "container-instance/"+k.name+"/"+c.id()), id: id, cluster: k, cpu: cpu, memory: memory,
			})
		}
	}
	c.kickAll(k)
}

// DropInstances deregisters machines, whose tasks stop with them.
func (c *Cluster) DropInstances(ids ...string) {
	unlock, err := c.enter()
	if err != nil {
		return
	}
	defer unlock()
	c.dropInstances(ids...)
}

func (c *Cluster) dropInstances(ids ...string) {
	for _, i := range c.instances {
		if !slices.Contains(ids, i.id) {
			continue
		}
		for _, t := range c.tasks {
			if t.on == i && t.live() {
				c.end(t, "TerminationNotice", "Host EC2 (instance "+i.id+") terminated.")
			}
		}
		c.kickAll(i.cluster)
	}
	c.instances = slices.DeleteFunc(c.instances, func(i *instance) bool { return slices.Contains(ids, i.id) })
}

// kickAll lets the scheduler look at a cluster's services again.
func (c *Cluster) kickAll(k *ecsCluster) {
	for _, s := range c.services {
		if s.cluster == k && s.status == "ACTIVE" {
			s.unblock()
			c.kick(s, c.speed.Scheduler)
		}
	}
}

// unblock lets a service say again that it cannot place its tasks.
func (s *service) unblock() {
	if s.launchType == ec2 {
		s.primary().blocked = false
	}
}

func (c *Cluster) instancesOf(k *ecsCluster) []*instance {
	var out []*instance
	for _, i := range c.instances {
		if i.cluster == k {
			out = append(out, i)
		}
	}
	return out
}

// needs is what a task reserves on a machine: what the task says, else what
// its containers do.
func needs(def *taskDef) (cpu, memory int) {
	cpu, memory = unit(def.spec.str("cpu"), "vcpu"), unit(def.spec.str("memory"), "gb")
	var ofCPU, ofMemory int
	for _, cd := range def.spec.items("containerDefinitions") {
		ofCPU += cd.num("cpu", 0)
		ofMemory += cd.num("memoryReservation", cd.num("memory", 0))
	}
	if cpu == 0 {
		cpu = ofCPU
	}
	if memory == 0 {
		memory = ofMemory
	}
	return cpu, memory
}

// place finds the machine with most memory left that has room for a task; else
// why there is none, in the words of a failure of RunTask.
//
// Each task with a network interface of its own takes one of the machine's (ECS
// Developer Guide, "Allocate a network interface for an Amazon ECS task").
func (c *Cluster) place(k *ecsCluster, def *taskDef, provider string) (best *instance, short string) {
	cpu, memory := needs(def)
	most := -1
	for _, i := range c.instancesOf(k) {
		if p := c.providers[providerARN(k.at, provider)]; provider != "" && (p == nil || p.group != i.group) {
			continue
		}
		left, room, used := i.cpu, i.memory, 1
		for _, t := range c.tasks {
			if t.on == i && t.status != stopped {
				usedCPU, usedMemory := needs(t.def)
				left, room, used = left-usedCPU, room-usedMemory, used+1
			}
		}
		switch {
		case i.draining:
			short = "AGENT"
		case i.interfaces > 0 && used >= i.interfaces:
			short = "RESOURCE:ENI"
		case room < memory:
			short = "RESOURCE:MEMORY"
		case left < cpu:
			short = "RESOURCE:CPU"
		case room > most:
			best, most = i, room
		}
	}
	return best, short
}

// unplaced says, once a deployment, why no task can be placed.
func (c *Cluster) unplaced(s *service, short string) {
	p := s.primary()
	if p.blocked {
		return
	}
	p.blocked = true
	const said = "was unable to place a task because no container instance met all of its requirements. "
	if len(c.instancesOf(s.cluster)) == 0 {
		c.note(s, said+"Reason: No Container Instances were found in your cluster.")
		return
	}
	what := "memory"
	switch short {
	case "RESOURCE:CPU":
		what = "CPU units"
	case "RESOURCE:ENI", "AGENT":
		c.note(s, said+"The closest matching (container-instance %s) encountered error \"%s\".", c.instancesOf(s.cluster)[0].id, short)
		return
	}
	c.note(s, said+"The closest matching (container-instance %s) has insufficient %s available.", c.instancesOf(s.cluster)[0].id, what)
}

// maxInstances is how many DescribeContainerInstances takes, and
// ListContainerInstances answers (ECS API reference).
const maxInstances = 100

func (c *Cluster) listInstances(at site, in tree) (tree, error) {
	home := clusterARN(at, in.str("cluster"))
	if err := at.allow("ecs:ListContainerInstances", home, map[string][]string{"ecs:cluster": {home}}); err != nil {
		return nil, err
	}
	k, err := c.clusterOf(at, in.str("cluster"))
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, i := range c.instancesOf(k) {
		if want := in.str("status"); want == "" || want == i.status() {
			arns = append(arns, i.arn)
		}
	}
	part, next, err := page(arns, in.str("nextToken"), min(in.num("maxResults", maxInstances), maxInstances), "instances "+k.arn)
	if err != nil {
		return nil, err
	}
	return tree{"containerInstanceArns": anys(part)}.put("nextToken", next), nil
}

func (i *instance) status() string {
	if i.draining {
		return "DRAINING"
	}
	return "ACTIVE"
}

// instanceFor finds an instance by its ARN or the last part of that.
func (c *Cluster) instanceFor(k *ecsCluster, ref string) *instance {
	for _, i := range c.instancesOf(k) {
		if i.arn == ref || strings.HasSuffix(i.arn, "/"+ref) {
			return i
		}
	}
	return nil
}

func (c *Cluster) describeInstances(at site, in tree) (tree, error) {
	return c.onInstances(at, in, "ecs:DescribeContainerInstances", func(*instance) {})
}

// updateInstances drains machines, or takes them back. Tasks of services leave
// a machine that drains.
func (c *Cluster) updateInstances(at site, in tree) (tree, error) {
	status := in.str("status")
	if status != "ACTIVE" && status != "DRAINING" {
		return nil, wire.Errorf("InvalidParameterException", "Container instance status should be one of [ACTIVE,DRAINING]")
	}
	return c.onInstances(at, in, "ecs:UpdateContainerInstancesState", func(i *instance) {
		if status == "DRAINING" {
			c.drainMachine(i)
			return
		}
		i.draining = false
		c.kickAll(i.cluster)
	})
}

func (c *Cluster) onInstances(at site, in tree, action string, f func(*instance)) (tree, error) {
	refs := in.strs("containerInstances")
	if len(refs) == 0 || len(refs) > maxInstances {
		return nil, wire.Errorf("InvalidParameterException", "Container instances must be between 1 and %d.", maxInstances)
	}
	home := clusterARN(at, in.str("cluster"))
	found, failures := []any{}, []any{}
	for _, ref := range refs {
		arn := at.arn("ecs", "container-instance/"+tail(home, "cluster")+"/"+ref[strings.LastIndexByte(ref, '/')+1:])
		if err := at.allow(action, arn, map[string][]string{"ecs:cluster": {home}}); err != nil {
			return nil, err
		}
		k, err := c.clusterOf(at, in.str("cluster"))
		if err != nil {
			return nil, err
		}
		i := c.instanceFor(k, ref)
		if i == nil {
			failures = append(failures, map[string]any{"arn": arn, "reason": "MISSING"})
			continue
		}
		f(i)
		found = append(found, c.describeInstance(i))
	}
	return tree{"containerInstances": found, "failures": failures}, nil
}

func (c *Cluster) describeInstance(i *instance) map[string]any {
	run, pend, cpu, memory := 0, 0, i.cpu, i.memory
	for _, t := range c.tasks {
		if t.on != i || t.status == stopped {
			continue
		}
		usedCPU, usedMemory := needs(t.def)
		cpu, memory = cpu-usedCPU, memory-usedMemory
		if t.status == running {
			run++
		} else if t.pending() {
			pend++
		}
	}
	resource := func(name string, n int) any {
		return map[string]any{"name": name, "type": "INTEGER", "integerValue": n}
	}
	return map[string]any{
		"containerInstanceArn": i.arn, "ec2InstanceId": i.id, "status": i.status(), "agentConnected": true,
		"runningTasksCount": run, "pendingTasksCount": pend,
		"registeredResources": []any{resource("CPU", i.cpu), resource("MEMORY", i.memory)},
		"remainingResources":  []any{resource("CPU", cpu), resource("MEMORY", memory)},
	}
}

// unplacedRun is what RunTask answers where no machine has room.
func unplacedRun(k *ecsCluster, i *instance, short string) tree {
	failure := map[string]any{"reason": short}
	if i != nil {
		failure["arn"] = i.arn
	} else {
		failure["arn"] = fmt.Sprintf("arn:aws:ecs:%s:%s:container-instance/%s", k.at.region, k.at.account, k.name)
	}
	return tree{"tasks": []any{}, "failures": []any{failure}}
}
