package grant

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Store keeps grants. internal/store implements it; each method is one
// transaction.
type Store interface {
	// Apply writes one step of a claimed change; see deploy.Store.
	Apply(ctx context.Context, m deploy.Move) (bcn.Change, error)
	// Touch changes a grant from outside a claim. Under the change's row lock
	// it proves the plan and the grant (tampered), asks f, and writes what f
	// answers; a step that may be running writes nothing any more, and the
	// job looks again at once. An error of f writes nothing.
	Touch(ctx context.Context, o deploy.Origin, id bcn.ID, f func(deploy.Claimed) (deploy.Move, error)) (deploy.Claimed, error)
	// Grant answers one grant; deploy.ErrNone where there is none.
	Grant(ctx context.Context, id bcn.ID) (bcn.Grant, error)
	// Change, Plan and Request are deploy.Store's.
	Change(ctx context.Context, id bcn.ID) (bcn.Change, error)
	Plan(ctx context.Context, id bcn.ID) (deploy.StoredPlan, error)
	Request(ctx context.Context, id bcn.ID) (bcn.Request, error)
	// FollowUp is deploy.Store's.
	FollowUp(ctx context.Context, id bcn.ID) (bcn.FollowUp, error)
	// Asking answers the access that is planned or waits for approval.
	Asking(ctx context.Context) ([]bcn.Change, error)
	// SessionOwner answers the grant under which bcn knows a session; 0: none.
	SessionOwner(ctx context.Context, session string) (bcn.ID, error)
	// OpenGrants answers the grants that have not ended, oldest first.
	OpenGrants(ctx context.Context) ([]bcn.Grant, error)
	Heritage(ctx context.Context, app, env string) (bcn.Heritage, error)
	District(ctx context.Context, name string) (bcn.District, error)
	LastRelease(ctx context.Context, heritage string) (bcn.Release, []byte, error)
}

// TaskStart is a task of a grant's own that is to be started.
type TaskStart struct {
	TaskDefinition string    // ARN of a revision
	Container      string    // whose command is overridden
	Until          time.Time // when its main process exits by itself
	Name           string    // startedBy and idempotency token: unique to the grant
	Owner          string    // the installation's tag
}

// Task is where an ECS task stands.
type Task struct {
	ARN       string
	Service   string // of barcelona.yml; empty for one of a grant's own
	Container string // the one to enter
	Digest    string // of that container's image
	Status    string // PROVISIONING, PENDING, RUNNING, ..., STOPPED
	Ready     bool   // it runs and its agent takes ECS Exec
	Exec      bool   // it was started with ECS Exec on
	Runtime   string // runtime id of that container; empty before it runs
	Started   time.Time
	Reason    string // why it stopped
}

// AccessTask is what a base stack offers for tasks of a grant's own.
type AccessTask struct {
	TaskDefinition string // ARN of the revision
	Container      string
	Digest         string // sha256:... of its image
}

// Session is one of Session Manager's, also those of ECS Exec.
type Session struct {
	ID       string
	Target   string // i-..., mi-..., or ecs:CLUSTER_TASK_RUNTIME
	Owner    string // ARN
	Document string
	Status   string // Connected, Disconnected, Terminating, ...
	Started  time.Time
	Ended    time.Time
}

// Listing is a complete look at sessions, all pages.
type Listing struct {
	Sessions []Session
	At       time.Time // by AWS's clock, when the first page was answered
}

// Stream is a session that bcn opened for somebody: whoever holds the token
// may enter, once.
type Stream struct {
	SessionID string
	Target    string
	URL       string
	Token     access.Secret
}

// Node is a managed node.
type Node struct {
	ID, Name string
	Status   string // Online, ConnectionLost, ...
	Platform string
}

// Event is one line of CloudTrail.
type Event struct {
	ID, Name string
	At       time.Time
	User     string // the role session's name
	Error    string
}

// Mint is what credentials are asked for with.
type Mint struct {
	Role     string // ARN
	Policy   []byte
	Session  string // role session name
	Identity string // SourceIdentity
	Seconds  int32
}

// AWS is what a grant needs of AWS. internal/apply implements it. Errors carry
// bcn codes: access_denied, aws_refused, unavailable (try again), no_access_task,
// unknown_name, node_offline, no_task.
type AWS interface {
	// AccessTask reads what the heritage's base stack offers; no_access_task
	// where it has none.
	AccessTask(ctx context.Context, t bcn.Target, h bcn.Heritage) (AccessTask, error)
	// StartTask starts a task with ECS Exec on, in the district's network. The
	// same name never starts a second one while ECS remembers the token.
	StartTask(ctx context.Context, t bcn.Target, s TaskStart) (Task, error)
	// FindTask looks for the task that was started with that name, running or
	// stopped; deploy.ErrNone where there is none.
	FindTask(ctx context.Context, t bcn.Target, name string) (Task, error)
	// Task reads one task; deploy.ErrNone where ECS no longer knows it.
	Task(ctx context.Context, t bcn.Target, arn, container string) (Task, error)
	// Tasks reads the running tasks of a heritage's services, newest first.
	Tasks(ctx context.Context, t bcn.Target, h bcn.Heritage) ([]Task, error)
	// StopTask stops a task; one that is stopped or gone is no error.
	StopTask(ctx context.Context, t bcn.Target, arn, reason string) error
	// Arm makes a one-time schedule that stops the task at the time, by itself;
	// asked twice for the same name and time it does nothing. Disarm removes
	// it; one that is gone is no error.
	Arm(ctx context.Context, t bcn.Target, name, task string, at time.Time) error
	Disarm(ctx context.Context, t bcn.Target, name string) error

	// Node reads a managed node; unknown_name, node_offline.
	Node(ctx context.Context, t bcn.Target, id string) (Node, error)
	// Document checks that the session document is there and that its content
	// is what `bot iam --access` prints for that length; district_invalid.
	Document(ctx context.Context, t bcn.Target, name string) error

	// Mint assumes a role of access.
	Mint(ctx context.Context, t bcn.Target, m Mint) (Credentials, error)
	// Enter opens an ECS Exec session in bcn's own name.
	Enter(ctx context.Context, t bcn.Target, task, container, command string) (Stream, error)
	// Sessions lists the sessions of a target that are active, all pages.
	Sessions(ctx context.Context, t bcn.Target, target string) (Listing, error)
	// Ended lists the sessions of a target that are over and were started since
	// then, all pages.
	Ended(ctx context.Context, t bcn.Target, target string, since time.Time) ([]Session, error)
	// Session reads one session, also an ended one; deploy.ErrNone.
	Session(ctx context.Context, t bcn.Target, id string) (Session, time.Time, error)
	// Terminate asks for a session's end. Its yes proves nothing.
	Terminate(ctx context.Context, t bcn.Target, id string) error
	// Trail reads what CloudTrail has of a role session's name.
	Trail(ctx context.Context, t bcn.Target, session string, since time.Time) ([]Event, error)
}

// Credentials are STS's; see access.Credentials.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken access.Secret
	Expiration                                 time.Time
}
