package bcn

import "time"

// ScheduleState is where a schedule stands.
type ScheduleState string

// The states of a schedule.
const (
	ScheduleDraft   ScheduleState = "draft" // shown to who adds it, and not saved yet
	ScheduleActive  ScheduleState = "active"
	SchedulePaused  ScheduleState = "paused"
	ScheduleDone    ScheduleState = "done" // it has no tick left
	ScheduleRemoved ScheduleState = "removed"
)

// OnConflict says what a tick does whose schedule is still running.
type OnConflict string

// What can be done then.
const (
	ConflictSkip  OnConflict = "skip"  // this tick does not run
	ConflictQueue OnConflict = "queue" // it waits, behind others that wait
	ConflictOnce  OnConflict = "once"  // it waits, in place of others that wait
)

// Schedule is a command that runs by itself, as the person who added it.
type Schedule struct {
	ID      ID
	Name    string
	Spec    string // as it was written: "0 2 * * *", "every 30m", "at 2027-01-05 09:30"; empty: After
	Zone    string // IANA name
	Command string // without the slash command: deploy hello staging latest
	Owner   Actor
	Channel string // where it is announced and reported
	Options ScheduleOptions
	File    bool // it stands in bot.yaml, and is not edited from chat
	State   ScheduleState
	Why     Code // why it is paused, where nobody did it
	By      string
	AddedAt time.Time
	NextAt  *time.Time // its next tick; nil: none
	WakeAt  *time.Time // when that tick first needs attention
	SkipAt  *time.Time // the tick that somebody skips
}

// ScheduleOptions is how a schedule runs.
type ScheduleOptions struct {
	AskBefore  time.Duration `json:"ask_before,omitempty"` // how long before the tick approval is asked
	Announce   time.Duration `json:"announce,omitempty"`   // how long before the tick the channel is told
	OnConflict OnConflict    `json:"on_conflict"`
	OnMissed   string        `json:"on_missed"` // run_once, skip, catch_up (schedule.OnMissed)
	Retries    int           `json:"retries,omitempty"`
	Timeout    time.Duration `json:"timeout,omitempty"`
	After      string        `json:"after,omitempty"` // the schedule whose success is the tick
	Quiet      bool          `json:"quiet,omitempty"` // a success is not told
}

// TickState is where one run of a schedule stands.
type TickState string

// The states of a tick.
const (
	TickPlanned   TickState = "planned"
	TickAnnounced TickState = "announced"
	TickDue       TickState = "due"
	TickRunning   TickState = "running"
	TickSucceeded TickState = "succeeded"
	TickFailed    TickState = "failed"
	TickSkipped   TickState = "skipped"
)

// TickEvent is what moves a tick.
type TickEvent string

// The events of a tick.
const (
	TickAnnounce TickEvent = "announce" // the channel is told
	TickCome     TickEvent = "come"     // its time has come
	TickRun      TickEvent = "run"      // its command is run
	TickSucceed  TickEvent = "succeed"
	TickFail     TickEvent = "fail"
	TickSkip     TickEvent = "skip"
)

// tickMoves is the whole state machine of a tick (DESIGN.md section 5).
var tickMoves = map[TickState]map[TickEvent]TickState{
	TickPlanned:   {TickAnnounce: TickAnnounced, TickCome: TickDue, TickSkip: TickSkipped},
	TickAnnounced: {TickCome: TickDue, TickSkip: TickSkipped},
	TickDue:       {TickRun: TickRunning, TickSkip: TickSkipped},
	TickRunning:   {TickRun: TickRunning, TickSucceed: TickSucceeded, TickFail: TickFailed}, // once more, after a failure
	TickSucceeded: {}, TickFailed: {}, TickSkipped: {},
}

// Next answers the state that the event leads to, and false where the event
// does not belong to the state.
func (s TickState) Next(e TickEvent) (TickState, bool) {
	next, ok := tickMoves[s][e]
	return next, ok
}

// Ended says that nothing will move the tick any more.
func (s TickState) Ended() bool { return len(tickMoves[s]) == 0 }

// Tick is one run of a schedule.
type Tick struct {
	ID                 ID
	Schedule           ID
	At                 time.Time // when it runs
	State              TickState
	Code               Code // why it was skipped, or failed
	Params             map[string]string
	Change             ID // what it asked for last; 0: nothing, or what makes no change
	Asked              bool
	Tries              int    // how often its command was run
	By                 string // who skipped it, or ran it by hand
	Fence              int64
	StartedAt, EndedAt *time.Time
}
