package sessions

import (
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Tasks is what the service asks of ECS; cluster.Cluster is one.
type Tasks interface {
	// Enter authorizes an ExecuteCommand and finds its container, or answers
	// ECS's refusal.
	Enter(c *wire.Call) (cluster.ExecTarget, error)
	// ExecTarget finds a container by its name in Session Manager, and whether
	// its agent is connected; an error says that there is none.
	ExecTarget(region, id string) (target cluster.ExecTarget, connected bool, err error)
	// Runs answers whether a task's container runs now.
	Runs(taskARN, container string) bool
}

// Roles is what the service asks of IAM for schedules.
type Roles interface {
	// Trusts answers nil where the service principal may assume the role.
	Trusts(roleARN, service string) error
	// Invoke calls an API in the name of a role, as a schedule does.
	Invoke(roleARN, service, region, action string, params map[string]any) error
}

// Options is what a Service is made of; all but Machines is required.
type Options struct {
	Clock wire.Clock
	Tasks Tasks
	Roles Roles
	Logs  Logs
	// Trail answers what CloudTrail knows, oldest first.
	Trail func() []Event
	// Machines answers those of EC2 in a region whose agents reach Systems
	// Manager; nil: there are none.
	Machines func(region string) []Node
}

// Service is Session Manager, ECS Exec's sessions, EventBridge Scheduler and
// CloudTrail's event history. All methods may be called from any goroutine.
type Service struct {
	clock wire.Clock
	tasks Tasks
	roles Roles
	logs  Logs
	trail func() []Event

	machines func(region string) []Node

	running sync.WaitGroup // connections and shells

	mu        sync.Mutex
	closed    bool
	documents map[string]*document // by region and name
	nodes     map[string]*Node     // by region and id
	hosts     map[string]string    // what forwarded ports reach, by host and port
	sessions  []*session           // oldest first
	schedules map[string]*schedule // by region, group and name
	lookups   map[string]*rate.Limiter
	faults    faults
}

// New makes a service without documents, nodes and sessions.
func New(o Options) *Service {
	return &Service{
		clock: o.Clock, tasks: o.Tasks, roles: o.Roles, logs: o.Logs, trail: o.Trail, machines: o.Machines,
		documents: map[string]*document{}, nodes: map[string]*Node{}, hosts: map[string]string{},
		schedules: map[string]*schedule{}, lookups: map[string]*rate.Limiter{},
	}
}

// Close ends all sessions and their shells, forgets the schedules' timers and
// waits for what runs. It may be called twice.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	open := s.sessions
	for _, x := range s.schedules {
		x.stop()
	}
	s.mu.Unlock()
	for _, x := range open {
		s.finish(x, "")
	}
	s.running.Wait()
}

// SSM is Session Manager's part of the service ssm.
func (s *Service) SSM() wire.Actions {
	out := wire.Actions{
		"StartSession":                accepts(s.startSession, "Target", "DocumentName", "Parameters", "Reason"),
		"ResumeSession":               accepts(s.resumeSession, "SessionId"),
		"TerminateSession":            accepts(s.terminateSession, "SessionId"),
		"DescribeSessions":            accepts(s.describeSessions, "State", "Filters", "MaxResults", "NextToken"),
		"GetConnectionStatus":         accepts(s.getConnectionStatus, "Target"),
		"DescribeInstanceInformation": accepts(s.describeNodes, "Filters", "InstanceInformationFilterList", "MaxResults", "NextToken"),
	}
	maps.Copy(out, s.documentActions())
	return out
}

// ECS is ECS Exec's part of the service ecs.
func (s *Service) ECS() wire.Actions {
	return wire.Actions{
		"ExecuteCommand": accepts(s.executeCommand, "cluster", "task", "container", "command", "interactive"),
	}
}

// faults are what goes wrong on demand.
type faults struct {
	lie, refuse       int
	listLag, trailLag time.Duration
	scheduleLag       time.Duration
}

// LieAboutTermination lets the next n TerminateSession calls say that they did
// and do nothing.
func (s *Service) LieAboutTermination(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.lie = n
}

// RefuseToDie lets the next n sessions that are terminated stay Terminating,
// their channels open, until they are terminated once more.
func (s *Service) RefuseToDie(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.refuse = n
}

// ListLag lets DescribeSessions show sessions as they were d ago: those that
// started since are not in it, those that ended since are still active.
func (s *Service) ListLag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.listLag = d
}

// TrailLag lets LookupEvents know events only d after they happened; AWS says
// that it takes up to 15 minutes.
func (s *Service) TrailLag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.trailLag = d
}

// ScheduleLag lets schedules that are made from now on fire d late. AWS keeps
// them to the minute: up to 59 seconds late.
func (s *Service) ScheduleLag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.scheduleLag = d
}
