package deploy

import (
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Speaker finds the words for what happens to a change: what its thread, the
// announce channel and the people concerned are told. internal/card implements
// it; the card itself is rendered when it is sent.
type Speaker interface {
	// Notes may be asked inside a transaction of the store where the moment is
	// decided, superseded, or an end as closed: it then reads nothing.
	Notes(m Moment) []Note
}

// MomentKind says what has happened.
type MomentKind string

// The moments at which something is said.
const (
	MomentAsked        MomentKind = "asked"        // the change is stored: its card appears
	MomentPlanned      MomentKind = "planned"      // the full diff goes to the thread
	MomentDecided      MomentKind = "decided"      // somebody approved or rejected
	MomentStarted      MomentKind = "started"      // AWS is being changed
	MomentEvents       MomentKind = "events"       // CloudFormation told something new
	MomentFailing      MomentKind = "failing"      // a resource failed: what, why, which tasks stopped
	MomentScheduled    MomentKind = "scheduled"    // a scheduled task of the file failed; there is no change
	MomentUnhealthy    MomentKind = "unhealthy"    // health checks fail
	MomentGivenUp      MomentKind = "given_up"     // the rollout cannot succeed and is stopped
	MomentEnded        MomentKind = "ended"        // the verdict
	MomentSuperseded   MomentKind = "superseded"   // another change went first
	MomentParked       MomentKind = "parked"       // its job keeps failing
	MomentDropped      MomentKind = "dropped"      // its card cannot be posted
	MomentBroken       MomentKind = "broken"       // it goes without approval: who was skipped is told
	MomentAcknowledged MomentKind = "acknowledged" // somebody else looked at it
	MomentShifting     MomentKind = "shifting"     // the traffic of services is being shifted
	MomentOneoff       MomentKind = "oneoff"       // a one-off task was started, or has ended

	MomentGranted MomentKind = "granted" // access may be picked up: how
	MomentHanded  MomentKind = "handed"  // it was picked up
	MomentNear    MomentKind = "near"    // two minutes are left: a direct message with a button to extend
	MomentOver    MomentKind = "over"    // access ended, verified
	MomentStuck   MomentKind = "stuck"   // something does not close: the security channel is paged
	MomentUnstuck MomentKind = "unstuck" // and now it is closed
	MomentReport  MomentKind = "report"  // what was done with it
)

// The moments of locks and freezes.
const (
	MomentHeld         MomentKind = "held"          // a change waits behind one: who holds it is told
	MomentOverrode     MomentKind = "overrode"      // a change goes through one: who holds it is told
	MomentHoldSet      MomentKind = "hold_set"      // by By
	MomentHoldChanged  MomentKind = "hold_changed"  // its owner gave it another reason or end
	MomentHoldLifted   MomentKind = "hold_lifted"   // by By
	MomentHoldOver     MomentKind = "hold_over"     // its time was over
	MomentHoldReminder MomentKind = "hold_reminder" // its owner is reminded of it
)

// Moment is what happened, with all there is to tell about it.
type Moment struct {
	Kind     MomentKind
	Change   bcn.Change
	Wish     Wish // of what was asked
	Plan     *bcn.Plan
	Hash     string
	Request  *bcn.Request
	Decision *bcn.Decision
	Events   []StackEvent
	Failed   *StackEvent
	Stopped  []Stopped
	Rollouts []Rollout
	Release  *bcn.Release
	Left     []string // what a failed change leaves behind
	Moved    string   // a small diff: what moved since the plan that was asked before
	Code     bcn.Code
	Grant    *bcn.Grant
	Deputy   *Deputizing // with a deputy that was named or removed; there is no change
	Trail    []TrailLine // with a report: what CloudTrail has
	Oneoff   *bcn.Oneoff
	FollowUp *bcn.FollowUp // of what went without approval; with a report: who is to get it
	More     NotTold
	Checks   []Check
	Orders   []ShiftOrder      // of those whose traffic is being shifted
	Run      *bcn.ScheduledRun // with a scheduled task that failed
	Lines    []string          // with a one-off that has ended: its last log lines

	Hold    *bcn.Hold    // of moments of locks and freezes, and what a change waits behind
	By      string       // who set, changed or lifted it: Slack user id
	Waiting []bcn.Change // what waits behind it
	Channel string       // of the app that is locked; empty: it has none of its own
}

// TrailLine is one line of CloudTrail.
type TrailLine struct {
	At    time.Time
	Name  string // StartSession
	User  string // the role session's name
	Error string // AWS's code, where it was refused
}
