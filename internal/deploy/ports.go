package deploy

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Stacks proposes and executes CloudFormation change sets. internal/apply
// implements it. Errors carry bcn codes: stack_foreign, stack_busy,
// stack_broken, access_denied, aws_refused, unavailable (try again).
type Stacks interface {
	// Propose makes a change set named bcn-{change}-{n} for the proposal, waits
	// for it within ctx, and reads all its pages. A stack that would not change
	// is answered without a ChangeSet, its change set being deleted. It never
	// touches a stack that lacks owner's tag. Asked twice for the same name it
	// answers what is there.
	Propose(ctx context.Context, t bcn.Target, name string, p bcn.Proposal, owner string) (bcn.StackPlan, error)
	// Reread reads the change set and its template (GetTemplate by change set,
	// Original) again, as Propose answered them. It fails with plan_moved where
	// the change set is gone or not AVAILABLE.
	Reread(ctx context.Context, t bcn.Target, p bcn.StackPlan) (bcn.StackPlan, error)
	// Discard deletes the change set, and the stack where it is in
	// REVIEW_IN_PROGRESS and holds no other change set. Nothing there, and what
	// is another owner's, is no error. A change set that is being made or
	// executed is stack_busy.
	Discard(ctx context.Context, t bcn.Target, p bcn.StackPlan, d Discarding) error
	// Execute starts the change set; token makes a repetition harmless. Where
	// it was executed already (the change set says EXECUTE_IN_PROGRESS or
	// EXECUTE_COMPLETE, or it is gone and the stack's last operation is its),
	// that is no error.
	Execute(ctx context.Context, t bcn.Target, p bcn.StackPlan, token string) error
	// Cancel stops a running operation: CancelUpdateStack on an update,
	// DeleteStack on a creation. It fails with too_late in cleanup.
	Cancel(ctx context.Context, t bcn.Target, p bcn.StackPlan) error
	// Outputs reads a complete stack's outputs.
	Outputs(ctx context.Context, t bcn.Target, stack string) (map[string]string, error)
	// Removal answers the stack as a plan to delete it: its template, its
	// resources as what is removed (not those that its template retains), and
	// its last update. Reread answers it again. A stack that is not there is
	// answered without a StackID. Errors besides those above: none.
	Removal(ctx context.Context, t bcn.Target, stack, owner string) (bcn.StackPlan, error)
	// Delete starts the deletion of a stack; token makes a repetition harmless,
	// and one that is gone or on its way out is no error.
	Delete(ctx context.Context, t bcn.Target, p bcn.StackPlan, token string) error
}

// Discarding says whose change sets may be discarded, and how much.
type Discarding struct {
	Owner     string // the installation's tag
	KeepStack bool   // an empty stack under review stays: another change plans on it
}

// StackStatus is what following a stack told.
type StackStatus struct {
	Stack, StackID string
	Status         string // UPDATE_IN_PROGRESS; DELETE_COMPLETE where it is gone
	Reason         string
	Updated        time.Time
}

// StackEvent is one event of a resource, oldest first when listed.
type StackEvent struct {
	ID         string // unique
	At         time.Time
	LogicalID  string
	PhysicalID string
	Type       string
	Status     string // CREATE_FAILED
	Reason     string
	Token      string // with which the operation was begun, see Stacks.Execute; empty where it was begun without
}

// Follower reads what CloudFormation does, for many stacks at once.
type Follower interface {
	// Statuses pages through DescribeStacks of the target's account and region
	// and answers those named; a stack that is not there is DELETE_COMPLETE.
	Statuses(ctx context.Context, t bcn.Target, stacks []string) ([]StackStatus, error)
	// Events answers a stack's events after the one with id after (or since
	// the time, where after is empty), oldest first.
	Events(ctx context.Context, t bcn.Target, stackID string, since time.Time, after string) ([]StackEvent, error)
}

// Rollout is where one ECS service of a services stack stands.
type Rollout struct {
	Service        string // the service's name in barcelona.yml
	ECSName        string
	TaskDefinition string
	Digest         string // image digest of the primary deployment's task definition
	Desired        int
	Running        int
	Pending        int
	Failed         int
	State          string // COMPLETED, IN_PROGRESS, FAILED: of the primary deployment
	Reason         string
	Steady         bool // one deployment, COMPLETED, running = desired
	Messages       []string
	Healthy        int // targets healthy, for services behind an endpoint
	Targets        int
	Unhealthy      string // why a target fails its health check, in the load balancer's words
	Shift          *Shift // nil: no traffic is being shifted
	Alarms         []Alarm
}

// Stopped is a task that stopped, for the report of a failure.
type Stopped struct {
	Service string
	Task    string // short id
	// TaskDefinition is the revision that it ran, an ARN.
	TaskDefinition string
	Reason         string // stoppedReason
	ExitCode       *int
	Detail         string // the container's reason
	Logs           []string
	At             time.Time
}

// Fleet reads what runs on ECS.
type Fleet interface {
	// Rollouts reads the services of a services stack, by name.
	Rollouts(ctx context.Context, t bcn.Target, stack string) ([]Rollout, error)
	// StoppedTasks answers the newest tasks of the stack's services that
	// stopped after since for a reason other than scaling, each with its last
	// log lines, at most limit.
	StoppedTasks(ctx context.Context, t bcn.Target, stack, logGroup string, since time.Time, limit int) ([]Stopped, error)
}

// References checks what a manifest refers to before anything changes.
type References interface {
	// Missing answers the references that do not exist (Parameter Store and
	// Secrets Manager); values are never read.
	Missing(ctx context.Context, t bcn.Target, refs []bcn.SecretRef) ([]bcn.SecretRef, error)
	// Below answers the full names of all parameters below a path of Parameter
	// Store, however deep, sorted; none is no error. Values are never read.
	Below(ctx context.Context, t bcn.Target, prefix string) ([]string, error)
	// Keys answers the ARNs of the KMS keys that what is referenced is encrypted
	// with, sorted, each once. AWS's own keys are left out: they need no grant.
	Keys(ctx context.Context, t bcn.Target, refs []bcn.SecretRef) ([]string, error)
	// AlarmsMissing answers the names among those of CloudWatch alarms that are
	// not there, or that the district's role may not read.
	AlarmsMissing(ctx context.Context, t bcn.Target, names []string) ([]string, error)
}

// Images resolves tags. internal/registry implements it.
type Images interface {
	// Resolve answers the digest (sha256:...) that image:tag names now. An
	// unknown tag is unknown_tag with the nearest existing one. credentials is
	// the ARN of the secret with a private registry's password, or "". A
	// registry that does not answer is unavailable, with what and image.
	Resolve(ctx context.Context, t bcn.Target, image, tag, credentials string) (string, error)
}

// Sources fetches barcelona.yml. internal/source implements it.
type Sources interface {
	// Fetch answers the file at a pinned commit. source is as typed at create.
	// Errors: source_refused, source_unreadable.
	Fetch(ctx context.Context, source string) (File, error)
	// Between answers the commits by which one version differs from another;
	// nil where the source does not know them.
	Between(ctx context.Context, source, from, to string) (*bcn.Commits, error)
}

// File is a fetched barcelona.yml.
type File struct {
	Name   string // for messages: acme/hello@1a2b3c4:barcelona.yml
	Commit string
	Bytes  []byte
}

// Districts checks what district adopt was told.
type Districts interface {
	// Inspect assumes the role and checks account, VPC, subnets and their
	// zones, security groups, cluster and bucket. It answers the district with
	// account and CIDR filled in, or district_invalid with all problems.
	Inspect(ctx context.Context, t bcn.Target) (bcn.District, error)
	// Reach assumes the role of a district that is to be made. It answers it
	// with its account, or district_invalid where the roles cannot be right.
	Reach(ctx context.Context, t bcn.Target) (bcn.District, error)
	// Machines answers how many container instances the district's cluster has.
	Machines(ctx context.Context, t bcn.Target) (int, error)
}
