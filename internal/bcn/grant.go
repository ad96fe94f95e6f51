package bcn

import "time"

// GrantState is where time-boxed access stands that was approved. What comes
// before is the request's (bcn.RequestState): a grant begins when everything
// that was approved was proven once more.
type GrantState string

// The states of a grant.
const (
	GrantApproved  GrantState = "approved"   // may be picked up
	GrantMinting   GrantState = "minting"    // its end is stored; credentials may exist from now on
	GrantLive      GrantState = "live"       // credentials were handed over
	GrantEnding    GrantState = "ending"     // it is over; what is open is being closed
	GrantEnded     GrantState = "ended"      // verified: nothing is open
	GrantEndFailed GrantState = "end_failed" // something is still open; closing it goes on
	GrantExpired   GrantState = "expired"    // nobody picked it up in time
	GrantCancelled GrantState = "cancelled"  // ended before anything existed
)

// GrantEvent is what moves a grant.
type GrantEvent string

// The events of a grant.
const (
	GrantMint   GrantEvent = "mint"   // the requester asks for credentials
	GrantHand   GrantEvent = "hand"   // they were sealed and sent
	GrantEnd    GrantEvent = "end"    // its time has come, or somebody ended it
	GrantVerify GrantEvent = "verify" // nothing of it is open
	GrantFail   GrantEvent = "fail"   // something does not close
	GrantLate   GrantEvent = "late"   // something showed up after all
	GrantSettle GrantEvent = "settle" // an administrator saw for themselves that nothing is open
	GrantExpire GrantEvent = "expire"
	GrantCancel GrantEvent = "cancel"
)

// grantMoves is the whole state machine of a grant (DESIGN.md section 5, with
// three moves more: a task of the grant's own has to be ended though nobody came
// in, what a list told late is closed too, and where AWS never says so an
// administrator may).
var grantMoves = map[GrantState]map[GrantEvent]GrantState{
	GrantApproved:  {GrantMint: GrantMinting, GrantEnd: GrantEnding, GrantExpire: GrantExpired, GrantCancel: GrantCancelled},
	GrantMinting:   {GrantMint: GrantMinting, GrantHand: GrantLive, GrantEnd: GrantEnding},
	GrantLive:      {GrantMint: GrantLive, GrantHand: GrantLive, GrantEnd: GrantEnding},
	GrantEnding:    {GrantVerify: GrantEnded, GrantFail: GrantEndFailed},
	GrantEndFailed: {GrantEnd: GrantEnding, GrantSettle: GrantEnded},
	GrantEnded:     {GrantLate: GrantEnding},
	GrantExpired:   {}, GrantCancelled: {},
}

// Next answers the state that the event leads to, and false where the event
// does not belong to the state.
func (s GrantState) Next(e GrantEvent) (GrantState, bool) {
	next, ok := grantMoves[s][e]
	return next, ok
}

// Open says that credentials may be asked for.
func (s GrantState) Open() bool {
	return s == GrantApproved || s == GrantMinting || s == GrantLive
}

// Access says that the kind is time-boxed access to something.
func (k Kind) Access() bool {
	switch k {
	case KindAccess, KindAccessLive, KindAccessInstance, KindAccessPort:
		return true
	default:
		return false
	}
}

// AccessPlan is what an access would open: with its plan it is what is shown,
// hashed and approved.
type AccessPlan struct {
	// Of tasks.
	Service        string `json:"service,omitempty"`         // live only; of barcelona.yml
	TaskDefinition string `json:"task_definition,omitempty"` // the revision that a task of the grant's own is started from
	Task           string `json:"task,omitempty"`            // ARN of the running task; live only
	Container      string `json:"container,omitempty"`
	Release        int64  `json:"release,omitempty"` // whose image and environment it has

	// Of nodes and ports.
	Node     string `json:"node,omitempty"`      // i-... or mi-...
	NodeName string `json:"node_name,omitempty"` // its computer name, for people
	Database string `json:"database,omitempty"`  // its name in bot.yaml
	Host     string `json:"host,omitempty"`
	Port     int    `json:"port,omitempty"`

	Role     string `json:"role,omitempty"`     // that is assumed, its ARN; empty where bcn opens the session itself
	Document string `json:"document,omitempty"` // the session document; empty: ECS Exec
	Key      string `json:"key,omitempty"`      // ARN of the KMS key of sessions
	Command  string `json:"command,omitempty"`  // what is run; empty: a shell

	Session    int64     `json:"session,omitempty"`     // after how many seconds AWS ends one session; 0: it does not
	Seconds    int64     `json:"seconds"`               // how long it lasts
	OpenWithin int64     `json:"open_within,omitempty"` // in seconds: the clock starts at first use, which must come by then; 0: at approval
	ByBot      bool      `json:"by_bot,omitempty"`      // bcn opens the session itself
	StopTask   bool      `json:"stop_task,omitempty"`   // a StopTask is armed outside bcn before credentials exist
	Extends    ID        `json:"extends,omitempty"`
	From       time.Time `json:"from,omitzero"` // the end of the grant that it extends: the clock starts there where that is later
}

// Grant is access that was approved. The plan of its change says what it
// opens; this is what happened to it. Times are the database's, but where said.
type Grant struct {
	ID        ID // the change's
	State     GrantState
	Person    string // Slack user id of who may pick it up
	OpenUntil time.Time
	StartsAt  *time.Time // when its clock began to run; nil: at first use
	EndsAt    *time.Time // whole seconds
	Key       string     // age recipient of the requester's machine, bound once
	Mints     int        // pick-ups begun; each has a session name of its own

	Task      string     // ARN of the task that is entered
	TaskAsked *time.Time // a task of its own was asked for
	Ready     bool       // the task takes sessions
	Schedule  string     // name of the armed StopTask
	Sessions  []GrantSession

	Why        GrantWhy // why it ended
	By         string   // who ended it, where somebody did
	EndedAt    *time.Time
	SweptAt    *time.Time // by AWS's clock: the last complete look
	VerifiedAt *time.Time
	Tries      int        // looks since the end that still found something
	Looks      int        // looks since it was verified
	CheckedAt  *time.Time // that the requester may still have it
	Warned     bool       // that its end is near
	Paged      bool       // the security channel knows that it does not end
}

// GrantWhy says why a grant ended.
type GrantWhy string

// The reasons.
const (
	WhyTime    GrantWhy = "time"    // its end came
	WhyDone    GrantWhy = "done"    // the requester is done
	WhyEnded   GrantWhy = "ended"   // somebody else ended it
	WhyRemoved GrantWhy = "removed" // the requester may no longer have it
	WhyGone    GrantWhy = "gone"    // the task is no longer there
	WhyUnused  GrantWhy = "unused"  // nobody picked it up in time
	WhyFailed  GrantWhy = "failed"  // what it needs could not be made
)

// GrantSession is a session that was opened under a grant, or that was found on
// its target without one.
type GrantSession struct {
	ID       string     `json:"id"`
	Started  time.Time  `json:"started"` // by AWS's clock
	Closed   *time.Time `json:"closed,omitempty"`
	ByBot    bool       `json:"by_bot,omitempty"`   // bcn opened it
	Stranger bool       `json:"stranger,omitempty"` // no grant of bcn's is behind it
	Log      string     `json:"log,omitempty"`      // where what was typed is kept: group and stream
}
