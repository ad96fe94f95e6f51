package scheduler

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Claimed is a tick that this process alone may move, until its lease ends.
type Claimed struct {
	Tick     bcn.Tick // Fence is the claim's
	Schedule bcn.Schedule
	Tampered bool        // the schedule is not as the log says
	Change   *bcn.Change // what the tick's last try asked for
	Ahead    []bcn.Tick  // ticks of the schedule before this one that are due or running, oldest first
	Behind   bool        // a later tick of the schedule is due
	Halt     deploy.Halt
	Holds    []bcn.Hold // what is locked and frozen now
	Failures int
	Now      time.Time // the database's
}

// Move is one step of a claimed tick, written in one transaction.
type Move struct {
	From  Claimed
	Event bcn.TickEvent // "" leaves the state
	Row   bcn.Tick      // as it is from now on; State is given by the event
	Pause bcn.Code      // pauses the schedule, for this reason
	Notes []deploy.Note
	Again time.Duration // look again after; 0: wait for an event
	Quiet bool          // the message about it shows nothing new
	Actor string        // in whose name; empty: bcn's
}

// Planned is a tick that is to be inserted.
type Planned struct {
	At   time.Time
	Skip bcn.Code // it is skipped at once, for this reason
	Why  string   // of Skip
}

// Woken is what becomes of a schedule whose time has come.
type Woken struct {
	Ticks  []Planned
	NextAt *time.Time // nil: it has no tick left
	WakeAt *time.Time
}

// Store keeps schedules and ticks. internal/store implements it; each method is
// one transaction.
type Store interface {
	// WakeSchedules claims schedules whose wake_at has come, and writes for each what
	// next answers: its ticks, each once, and when it wakes again. It answers
	// how many it woke, at most limit.
	WakeSchedules(ctx context.Context, limit int, next func(s bcn.Schedule, now time.Time) (Woken, error)) (int, error)
	// NewSchedule stores a schedule. Errors: name_taken.
	NewSchedule(ctx context.Context, o deploy.Origin, s bcn.Schedule) (bcn.Schedule, error)
	// ChangeSchedule changes a schedule under its row lock: change answers what
	// it is from now on. event names it in the audit log.
	ChangeSchedule(ctx context.Context, o deploy.Origin, actor, event string, id bcn.ID, change func(s bcn.Schedule, now time.Time) (bcn.Schedule, error)) (bcn.Schedule, error)
	// ScheduleByName answers one that is not removed, by name or number;
	// deploy.ErrNone where there is none.
	ScheduleByName(ctx context.Context, name string) (bcn.Schedule, error)
	// Schedules answers those that are not removed, by name.
	Schedules(ctx context.Context) ([]bcn.Schedule, error)
	// TickNow inserts a tick for now beside the schedule's own. One that is
	// planned or announced already is moved to now instead. With only it is
	// that tick or none: deploy.ErrNone.
	TickNow(ctx context.Context, o deploy.Origin, actor string, id, only bcn.ID) (bcn.Tick, error)
	// SkipNext skips the schedule's open tick that has not begun, or marks the
	// next one to be skipped. deploy.ErrNone where it has neither; with only it is
	// that tick or none.
	SkipNext(ctx context.Context, o deploy.Origin, actor string, id, only bcn.ID) (bcn.Tick, error)

	// ClaimTick leases a tick for one step; false where there is nothing to do.
	ClaimTick(ctx context.Context, id bcn.ID) (Claimed, bool, error)
	// RenewTick makes the claim's lease begin anew; deploy.ErrMoved where it was
	// lost.
	RenewTick(ctx context.Context, c Claimed) error
	// ApplyTick writes a step and gives the lease back. deploy.ErrMoved means
	// that another has it now.
	ApplyTick(ctx context.Context, m Move) (bcn.Tick, error)
	// FailedTick counts a step that failed and gives the lease back; park puts
	// the tick aside, until a person lets it run again.
	FailedTick(ctx context.Context, c Claimed, park bool, notes []deploy.Note) error
	// Tick answers one tick; deploy.ErrNone.
	Tick(ctx context.Context, id bcn.ID) (bcn.Tick, error)
	// Ticks answers the newest ticks of a schedule, at most limit.
	Ticks(ctx context.Context, schedule bcn.ID, limit int) ([]bcn.Tick, error)
	// LastTicks answers for each schedule its newest tick that has ended.
	LastTicks(ctx context.Context) (map[bcn.ID]bcn.Tick, error)
	// ChangeOfTick answers what a try of a tick asked for; deploy.ErrNone where
	// it made no change.
	ChangeOfTick(ctx context.Context, tick bcn.ID, try int) (bcn.Change, error)
	Change(ctx context.Context, id bcn.ID) (bcn.Change, error)
	// Holds answers what is locked and frozen now, the oldest first.
	Holds(ctx context.Context) ([]bcn.Hold, error)
	Now(ctx context.Context) (time.Time, error)
}

// Runner runs what people type. internal/commands implements it.
type Runner interface {
	// Check parses a command and asks the rules for the actor, and does nothing.
	// It answers what it is about and which teams must approve. Errors: usage,
	// unknown_verb, not_schedulable, not_allowed, unknown_app, unknown_env, ...
	Check(ctx context.Context, actor bcn.Actor, command string) (Checked, error)
	// RunAs runs it in the actor's name. What it has to say is answered; a
	// change speaks by its own card. Repeated with the same tick and try it asks
	// for nothing twice.
	RunAs(ctx context.Context, actor bcn.Actor, o deploy.Origin, command string) (chat.Message, bool, error)
}

// Checked is what a command would do.
type Checked struct {
	Verb, App, Env, District string
	Changes                  bool     // it makes a change, which is followed to its end
	Gated                    []string // the teams that must approve
}

// View is all that the message about a tick shows.
type View struct {
	Schedule bcn.Schedule
	Tick     bcn.Tick
	Change   *bcn.Change
	CardURL  string // of the change's card; empty: none yet
}

// Moment is something to be said about a tick.
type Moment struct {
	Kind     MomentKind
	Schedule bcn.Schedule
	Tick     bcn.Tick
	Change   *bcn.Change
	Reply    *chat.Message // what the command answered
}

// MomentKind says what has happened.
type MomentKind string

// The moments of a tick.
const (
	MomentAnnounced MomentKind = "announced" // it will run: the message appears, with its buttons
	MomentStarted   MomentKind = "started"   // it runs: the message appears where it was not announced
	MomentAnswered  MomentKind = "answered"  // the command answered: Reply goes to the channel
	MomentEnded     MomentKind = "ended"     // succeeded, failed or skipped
	MomentParked    MomentKind = "parked"    // its step keeps failing: a person has to let it run again
	MomentPaused    MomentKind = "paused"    // the schedule was paused by bcn: its owner is gone
)

// Speaker finds the words. internal/card implements it.
type Speaker interface {
	TickNotes(m Moment) []deploy.Note
}
