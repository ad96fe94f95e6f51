package cfn

import (
	"context"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Options is what an Engine is made of. Clock and Providers are required.
type Options struct {
	Clock wire.Clock
	// Providers make the resources, by type (AWS::ECS::Service). A type with a
	// schema but without a provider is refused when a template names it.
	Providers map[string]wire.Resource
	// Template reads a TemplateURL; nil refuses every URL. The caller's
	// s3:GetObject is checked before it is called.
	Template func(url string) ([]byte, error)
	// Parameter reads Parameter Store for parameters that name something in
	// it; nil knows no such parameters.
	Parameter func(region, name string) (string, bool)
	// Assumable reports whether CloudFormation may assume the role; nil
	// believes every ARN.
	Assumable func(roleARN string) bool
	// Zones are a region's availability zones for Fn::GetAZs, default the
	// region's name with a, b and c.
	Zones func(region string) []string
	// ChangeSetTime is how long a change set takes to be created, default 400 ms.
	ChangeSetTime time.Duration
	// Poll is how often a running operation takes a step, default 500 ms: a
	// chain of n dependent resources needs at least n+1 steps.
	Poll time.Duration
	// Page is how many items a paged answer holds, default 100.
	Page int
	// Fault, where it answers an error, makes that step fail with it as the
	// ResourceStatusReason: failures on demand, also of a rollback.
	Fault func(Step) error
}

// Step is one call of a provider that Options.Fault may fail.
type Step struct {
	Stack       string // its name
	LogicalID   string
	Type        string
	Verb        string // Create, Update, Delete
	RollingBack bool
}

// Engine is CloudFormation: stacks, change sets and the operations that run.
// Its methods may be called from several goroutines.
type Engine struct {
	opt    Options
	ctx    context.Context //nolint:containedctx // of the operations' steps, which outlive their calls; Close ends it
	cancel context.CancelFunc

	mu     sync.Mutex
	places map[place]*region
	closed bool
	timers map[int]func()
	timer  int
}

// place is where names are unique.
type place struct{ account, region string }

// region holds the stacks of one account and region.
type region struct {
	live  map[string]*stack // by name, those that are not deleted
	known map[string]*stack // by id, also those that are deleted
	order []*stack          // oldest first
}

// New makes an engine without stacks.
func New(o Options) *Engine {
	if o.ChangeSetTime <= 0 {
		o.ChangeSetTime = 400 * time.Millisecond
	}
	if o.Poll <= 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Page <= 0 {
		o.Page = 100
	}
	if o.Zones == nil {
		o.Zones = func(region string) []string { return []string{region + "a", region + "b", region + "c"} }
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Engine{opt: o, ctx: ctx, cancel: cancel, places: map[place]*region{}, timers: map[int]func(){}}
}

// Close stops every running operation where it stands.
func (e *Engine) Close() {
	e.cancel()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for _, stop := range e.timers {
		stop()
	}
	clear(e.timers)
}

// action answers one API action; it runs under the engine's lock.
type action func(*Engine, *wire.Call) (any, error)

func actions() map[string]action {
	return map[string]action{
		"CancelUpdateStack":                 (*Engine).cancelUpdateStack,
		"ContinueUpdateRollback":            (*Engine).continueUpdateRollback,
		"CreateChangeSet":                   (*Engine).createChangeSet,
		"DeleteChangeSet":                   (*Engine).deleteChangeSet,
		"DescribeChangeSet":                 (*Engine).describeChangeSet,
		"DescribeStackDriftDetectionStatus": (*Engine).describeDetection,
		"DescribeStackResourceDrifts":       (*Engine).describeDrifts,
		"DetectStackDrift":                  (*Engine).detectStackDrift,
		"DetectStackResourceDrift":          (*Engine).detectResourceDrift,
		"DescribeEvents":                    (*Engine).describeEvents,
		"DescribeStackEvents":               (*Engine).describeStackEvents,
		"DescribeStackResources":            (*Engine).describeStackResources,
		"DescribeStacks":                    (*Engine).describeStacks,
		"ExecuteChangeSet":                  (*Engine).executeChangeSet,
		"GetTemplate":                       (*Engine).getTemplate,
		"ListChangeSets":                    (*Engine).listChangeSets,
		"ListStackResources":                (*Engine).listStackResources,
		"ListStacks":                        (*Engine).listStacks,
		"CreateStack":                       (*Engine).createStack,
		"UpdateStack":                       (*Engine).updateStack,
		"UpdateTerminationProtection":       (*Engine).protect,
		"DeleteStack":                       (*Engine).deleteStack,
	}
}

// Handle answers a call to the service "cloudformation"; it is a wire.Handler.
func (e *Engine) Handle(_ context.Context, c *wire.Call) (any, error) {
	run, ok := actions()[c.Action]
	if !ok {
		return nil, wire.Errorf("InvalidAction", "Could not find operation %s for version 2010-05-15: the local AWS does not have it", c.Action)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return run(e, c)
}

// at is the region of a call, made when it is first seen.
func (e *Engine) at(c *wire.Call) *region {
	p := place{c.Account, c.Region}
	r, ok := e.places[p]
	if !ok {
		r = &region{live: map[string]*stack{}, known: map[string]*stack{}}
		e.places[p] = r
	}
	return r
}

// later runs f under the lock, d from now, unless the engine is closed or the
// answered stop is called before.
func (e *Engine) later(d time.Duration, f func()) (stop func()) {
	if e.closed {
		return func() {}
	}
	e.timer++
	n := e.timer
	e.timers[n] = func() {} // until After has answered
	e.timers[n] = e.opt.Clock.After(d, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if _, waits := e.timers[n]; !waits || e.closed {
			return
		}
		delete(e.timers, n)
		f()
	})
	return func() {
		if stop, waits := e.timers[n]; waits {
			delete(e.timers, n)
			stop()
		}
	}
}

func (e *Engine) now() time.Time { return e.opt.Clock.Now().UTC().Truncate(time.Millisecond) }
