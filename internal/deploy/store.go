package deploy

import (
	"context"
	"errors"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
)

// Phase is a step within the state applying that is not a state of its own.
type Phase string

// The phases of applying.
const (
	PhaseApply   Phase = ""        // stack after stack
	PhaseRestore Phase = "restore" // the services failed: the base goes back to the last release
)

// StoredPlan is a plan as it was hashed.
type StoredPlan struct {
	Bytes []byte
	Hash  string // SHA-256 of Bytes, hex
}

// Claimed is a change that this process alone may move, until its lease ends.
type Claimed struct {
	Change   bcn.Change // Fence is the claim's
	Wish     Wish
	Phase    Phase
	Failures int // steps that failed in a row
	Plan     *StoredPlan
	Request  *bcn.Request
	Grant    *bcn.Grant  // of access that was approved
	Proven   bool        // the grant's row is as bcn wrote it
	Oneoff   *bcn.Oneoff // the task of a before_deploy or a run, once it is asked for
	Forged   bool        // the one-off's row is not as bcn wrote it
	Tampered string      // what else was changed past bcn, such as plan; empty: nothing
	Halt     Halt
	Held     bool      // it was asked for ahead of a schedule's tick, which does not run yet
	Now      time.Time // the database's

	Holds []bcn.Hold // what holds now, of a change that has not begun
	Envs  []string   // with Holds: what the district of a change without an environment serves
}

// Note is something to be said once about a change; Key makes it once.
type Note struct {
	Key       string
	Role      Role
	Channel   string // for an announcement
	To        string // for a direct message: Slack user id
	Body      chat.Message
	Broadcast bool
	// Ends edits the message that has Key already: its buttons go, since nothing is
	// left to be pressed, and the blocks of Body come at its end.
	Ends bool
}

// Role says where a message stands.
type Role string

// The roles.
const (
	RoleCard     Role = "card"
	RoleThread   Role = "thread"
	RoleLink     Role = "link"
	RoleAnnounce Role = "announce"
	RoleDirect   Role = "direct"
)

// Follow is a stack that a running change waits for.
type Follow struct {
	Stack, StackID string
	Target         bcn.District
	Since          time.Time
	Baseline       string // last update time of the stack when it was planned, RFC 3339
	Status, Reason string // Status is empty until the stack has moved from Baseline
	ReadAt         *time.Time
	Restores       bool // it brings the base back, after the services failed
}

// Move is one step of a claimed change: everything in it is written in one
// transaction, or nothing, and nothing where the fence is no longer ours.
type Move struct {
	From     Claimed
	Event    bcn.ChangeEvent // "" leaves the state
	Code     bcn.Code        // why, for an end
	Params   map[string]string
	Step     int   // the plan's stack that is next, from From.Change.Step
	Phase    Phase // with Step
	Failures int

	Plan     *StoredPlan      // when it was planned
	Details  *bcn.Plan        // what Plan's bytes say; for columns of the row
	Ask      *bcn.Request     // people must approve
	Request  bcn.RequestEvent // moves the request too
	Release  *bcn.Release     // recorded; its number is given by the store
	Base     []byte           // with Release: the base stack's template
	District *bcn.District    // adopted
	Endpoint *bcn.Endpoint    // made
	Heritage *bcn.Heritage    // created
	Rewrite  bool             // District and Endpoint are there already and are changed
	Forget   bool             // District, Endpoint and Heritage are taken away
	Grant    *GrantMove       // of kinds of access
	FollowUp *NewFollowUp     // with Start: it goes without approval
	Oneoff   *bcn.Oneoff      // written whole
	HeldBy   bcn.ID           // it stays where it is, behind this hold
	Lock     *bcn.Hold        // made, unless the app is locked already
	Unlock   bcn.ID           // the hold that is lifted
	Follow   []Follow         // stacks to follow from now on
	Progress []Rollout        // what the card shows of the services
	Notes    []Note
	Audit    map[string]any // beyond what every move writes
	Again    time.Duration  // look again after; 0: wait for an event
	Urgent   bool           // the card is a decision or a verdict
	Quiet    bool           // the card shows nothing new
}

// NewFollowUp is opened when a change starts without approval, unless the person
// did so Limit times in Per already: glass_limit.
type NewFollowUp struct {
	Row      bcn.FollowUp
	Accounts []string // those that are known of the person: two of one person are one
	Limit    int
	Per      time.Duration
}

// ErrBusy says that another change of the subject is running.
var ErrBusy = errors.New("the subject is busy")

// ErrNone says that there is no such row.
var ErrNone = errors.New("not found")

// ErrMoved says that a row is no longer in the state, or under the fence, that
// a move was made for: somebody else has it now.
var ErrMoved = errors.New("the row has moved on")

// Store keeps changes. internal/store implements it; each method is one
// transaction. ErrMoved means that another has it now.
type Store interface {
	DeputyStore
	HoldStore
	// New stores a change as planning, or as waiting_turn behind a busy one of
	// its subject, with its card and job, and settles the origin's inbox row.
	New(ctx context.Context, o Origin, c bcn.Change, w Wish, notes []Note) (bcn.Change, error)
	// Claim leases the change for one step. It answers false where there is
	// nothing to do for it, or it is leased by another. An ended change is
	// answered while its change sets are still to be discarded.
	Claim(ctx context.Context, id bcn.ID) (Claimed, bool, error)
	// Apply writes one step and gives the lease back.
	Apply(ctx context.Context, m Move) (bcn.Change, error)
	// Start moves a queued change to applying. It proves first, in the same
	// transaction: no other change of the subject is busy (else it answers
	// ErrBusy), bcn is not halted, the plan's bytes have the request's hash and
	// MACs, the request is approved, and the audit chain holds its decisions.
	// It supersedes every other waiting request of the subject. What a lock or a
	// freeze holds at that moment is locked or frozen.
	Start(ctx context.Context, m Move, notes func(superseded bcn.Change) []Note) (bcn.Change, error)
	// ViaWorks says whether what a requester used instead of chat is still good:
	// a token is neither revoked nor over. Empty is chat.
	ViaWorks(ctx context.Context, via string) (bool, error)
	// Renew makes the claim's lease begin anew; ErrMoved where it was lost.
	Renew(ctx context.Context, c Claimed) error
	// Alone says that no other change of the subject is open: a stack under
	// review that this one leaves is nobody else's.
	Alone(ctx context.Context, c bcn.Change) (bool, error)
	// Discarded notes that nothing of an ended change is left in AWS.
	Discarded(ctx context.Context, c Claimed) error
	// Failed counts a failed step and gives the lease back; park stops it. A
	// cause outside (unavailable, could_not_check) is shown until it is over.
	Failed(ctx context.Context, c Claimed, park bool, cause *bcn.Error, notes []Note) error
	// Decide records a decision under the request's row lock; judge is asked
	// with what is stored and answers the event that follows from it.
	Decide(ctx context.Context, o Origin, id bcn.ID, d bcn.Decision, judge func(bcn.Request, time.Time) (bcn.RequestEvent, error), notes func(bcn.Request) []Note) (bcn.Request, error)
	// GlassUsed answers how often a person, of whom these accounts are known,
	// went without approval in that time.
	GlassUsed(ctx context.Context, person string, accounts []string, per time.Duration) (int, error)
	// FollowUp answers what is to be acknowledged of a change, or was; ErrNone
	// where it did not go without approval. A row that bcn did not write is tampered.
	FollowUp(ctx context.Context, id bcn.ID) (bcn.FollowUp, error)
	// Acknowledge settles an open follow-up; acknowledged where somebody was first.
	Acknowledge(ctx context.Context, o Origin, id bcn.ID, person string, teams []string, note string, notes func(bcn.FollowUp) []Note) error
	// Interrupt applies an event from outside a claim (cancel, replay, close)
	// to a change in one of the states; the running step's fence is overtaken.
	Interrupt(ctx context.Context, o Origin, actor string, id bcn.ID, event bcn.ChangeEvent, code bcn.Code, params map[string]string, notes []Note) (bcn.Change, error)
	// OrderShift writes down who lets deployments of a change that is applying go
	// on, by their pauses, and looks at the change. Errors: nothing_waits.
	OrderShift(ctx context.Context, o Origin, actor string, id bcn.ID, hooks []string) error
	// ShiftOrders answers these orders, the oldest first. A row that bcn did not
	// write is tampered.
	ShiftOrders(ctx context.Context, id bcn.ID) ([]ShiftOrder, error)
	// SetHalt stops or resumes new changes; every open card shows it.
	SetHalt(ctx context.Context, o Origin, actor string, on bool, reason string) error
	// Unpark lets a parked change's job run again.
	Unpark(ctx context.Context, o Origin, actor string, id bcn.ID) error
	// UnparkTick does the same for a scheduled run; ErrNone where the number is
	// no parked one's.
	UnparkTick(ctx context.Context, o Origin, actor string, id bcn.ID) error
	// UnparkCommand has a parked command run again; ErrNone where none has the
	// mark, or what it was is forgotten.
	UnparkCommand(ctx context.Context, o Origin, actor, mark string) error

	Change(ctx context.Context, id bcn.ID) (bcn.Change, error)
	// ChangeAndWish answers a change and what was asked for.
	ChangeAndWish(ctx context.Context, id bcn.ID) (bcn.Change, Wish, error)
	Request(ctx context.Context, id bcn.ID) (bcn.Request, error)
	// Plan answers a change's plan; ErrNone where it has none (yet).
	Plan(ctx context.Context, id bcn.ID) (StoredPlan, error)
	Heritage(ctx context.Context, app, env string) (bcn.Heritage, error)
	District(ctx context.Context, name string) (bcn.District, error)
	Endpoints(ctx context.Context) ([]bcn.Endpoint, error)
	Districts(ctx context.Context) ([]bcn.District, error)
	Heritages(ctx context.Context) ([]bcn.Heritage, error)
	// Open answers the changes that have not ended, by id.
	Open(ctx context.Context) ([]bcn.Change, error)
	Schedules(ctx context.Context) ([]bcn.Schedule, error)
	// LastRelease answers the last successful release and the base stack's
	// template of it; ErrNone where there is none.
	LastRelease(ctx context.Context, heritage string) (bcn.Release, []byte, error)
	// Deployed answers what the heritages of a district run: the file of each
	// one's last successful release, by heritage.
	Deployed(ctx context.Context, district string) ([]Deployed, error)
	// Release answers a release by its number, or ErrNone.
	Release(ctx context.Context, heritage string, number int64) (bcn.Release, error)
	// Successful answers at most limit successful releases with numbers below
	// before, newest first.
	Successful(ctx context.Context, heritage string, before int64, limit int) ([]bcn.Release, error)
	// NextRelease answers the number that a heritage's next release gets while
	// its subject is busy.
	NextRelease(ctx context.Context, heritage string) (int64, error)
	// WaitingSecrets answers the tokens of the values that changes still need.
	WaitingSecrets(ctx context.Context) ([]string, error)
	// Follows answers what is known of a change's stacks, and their events.
	Follows(ctx context.Context, id bcn.ID) ([]Follow, []StackEvent, error)
}

// FollowStore is what the follower needs.
type FollowStore interface {
	// Following answers the active follows of an account and region by change.
	Following(ctx context.Context, account, region string) ([]Following, error)
	// Read records a status and new events of one stack, and looks at the
	// change when something moved.
	Read(ctx context.Context, f Following, status StackStatus, events []StackEvent) error
}

// Following is one followed stack of one change.
type Following struct {
	Change    bcn.ID
	Stack     string
	StackID   string
	District  string
	Since     time.Time
	Baseline  string
	Status    string
	LastEvent string
}
