package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Options is what a Cluster is made of. Clock is required; a port that is nil
// knows of nothing, so that everything that needs it is refused.
type Options struct {
	Clock    wire.Clock
	Network  Network
	Roles    Roles
	Secrets  Secrets
	Machines Machines
	// Speed is how long things take; the zero value is AWSSpeed.
	Speed Speed
}

// Cluster is the running part of the local AWS. All methods may be called from
// any goroutine.
type Cluster struct {
	clock    wire.Clock
	network  Network
	roles    Roles
	secrets  Secrets
	machines Machines
	speed    Speed

	mu     sync.Mutex
	closed bool
	queue  queue
	now    time.Time // the time that is being played
	serial uint64    // of ids
	hosts  int       // addresses given out

	clusters      map[string]*ecsCluster // by ARN
	families      map[string]*family     // by region and family
	services      map[string]*service    // by ARN
	tasks         map[string]*task       // by ARN
	started       map[string][]*task     // of RunTask, by client token
	forced        []forced
	instances     []*instance
	machineGroups map[string]*machineGroup  // by groupID
	providers     map[string]*capacityPlace // by ARN
	scaled        []*scaled
	ringing       map[string]bool         // alarms in ALARM, by region and name
	linked        map[string]bool         // service-linked roles that were made, by ARN
	balancers     map[string]*balancer    // by ARN
	listeners     map[string]*listener    // by ARN
	rules         map[string]*rule        // by ARN
	targets       map[string]*targetGroup // by ARN
	registry      map[string]*repository  // by name
	groups        map[string]*logGroup    // by ARN without the final :*
}

// New makes an empty cluster that lives by o.Clock.
func New(o Options) *Cluster {
	c := &Cluster{
		clock: o.Clock, network: o.Network, roles: o.Roles, secrets: o.Secrets, machines: o.Machines,
		speed: o.Speed.orAWS(), now: o.Clock.Now(),
		clusters: map[string]*ecsCluster{}, families: map[string]*family{},
		services: map[string]*service{}, tasks: map[string]*task{}, started: map[string][]*task{},
		balancers: map[string]*balancer{}, listeners: map[string]*listener{},
		rules: map[string]*rule{}, targets: map[string]*targetGroup{},
		registry: map[string]*repository{}, groups: map[string]*logGroup{}, linked: map[string]bool{}, ringing: map[string]bool{},
		machineGroups: map[string]*machineGroup{}, providers: map[string]*capacityPlace{},
	}
	if c.network == nil {
		c.network = nothing{}
	}
	if c.roles == nil {
		c.roles = nothing{}
	}
	if c.secrets == nil {
		c.secrets = nothing{}
	}
	if c.machines == nil {
		c.machines = nothing{}
	}
	return c
}

// Close ends the simulation: nothing moves any more and calls are refused with
// ServiceUnavailable. It may be called twice.
func (c *Cluster) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.queue = nil
}

// Handlers are the services that the cluster answers for, by the name that the
// front knows them by.
func (c *Cluster) Handlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"ecs":                     c.handler(c.ecsActions()),
		"elasticloadbalancing":    c.handler(c.elbActions()),
		"ecr":                     c.handler(c.ecrActions()),
		"logs":                    c.handler(c.logsActions()),
		"application-autoscaling": c.handler(c.scalingActions()),
		"monitoring":              c.handler(map[string]action{"DescribeAlarms": c.describeAlarms}),
	}
}

// action is one API operation: it runs under the cluster's lock, at c.now.
type action func(at site, in tree) (tree, error)

func (c *Cluster) handler(actions map[string]action) wire.Handler {
	return func(_ context.Context, call *wire.Call) (any, error) {
		f, ok := actions[call.Action]
		if !ok {
			return nil, wire.UnknownAction(call)
		}
		unlock, err := c.enter()
		if err != nil {
			return nil, err
		}
		defer unlock()
		out, err := f(siteOf(call), call.Params)
		if err != nil {
			return nil, err
		}
		return snapshot(out), nil
	}
}

// enter takes the lock and plays what is due.
func (c *Cluster) enter() (unlock func(), err error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, &wire.Error{Code: "ServiceUnavailable", Message: "the local AWS is closed", Status: 503}
	}
	c.play(c.clock.Now())
	return c.mu.Unlock, nil
}
