package deploy

import (
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
)

// Origin is where a use case was asked: the inbox row that it answers (whose
// fence makes a repetition harmless) and the place in chat.
type Origin struct {
	Key     string // inbox key; empty for the command line
	Fence   int64
	Channel string
	Thread  string // ts of the thread's parent, where it was typed in one
	Message string // ts of the card, for a click

	Tick      bcn.ID    // of a schedule, that asks; 0: a person
	Try       int       // which run of the tick: each makes at most one change
	TickFence int64     // of the claim in which it asks: a tick that was skipped meanwhile asks for nothing
	NotBefore time.Time // what is asked for starts then, and its approval may come until then

	Once string // of CI: what is asked for under the same one is the same change; empty: it is another each time

	Counts *Counts // where the command acts at once: a wish has its own uses
}

// Counts is what a command counts against the limits of rules, and for whom.
type Counts struct {
	By   bcn.Actor
	Uses []bcn.Use
}

// Wish is what somebody asks for. Exactly what Kind needs is set.
type Wish struct {
	Kind     bcn.Kind
	App, Env string // of a heritage
	Tag      string // deploy, plan
	Reason   string
	District *bcn.District // district adopt: as it was told, not yet checked
	Endpoint *bcn.Endpoint // endpoint create
	Heritage *bcn.Heritage // create: Name is read from the file
	Edit     *Edit         `json:",omitempty"` // update and delete of an endpoint or district
	Access   *AccessWish   `json:",omitempty"` // kinds of access
	Run      *RunWish      `json:",omitempty"` // run
	Again    bcn.ID        // the change that is planned again; 0: none
	Secret   *SecretWish   `json:",omitempty"` // secret set and unset
	Uses     []bcn.Use     `json:"-"`          // what it counts against the limits of rules
	Confirm  string        `json:",omitempty"` // delete: the heritage's name, as it was typed
	// BreakGlass: without the approval that the rule asks for.
	BreakGlass bool `json:",omitempty"`

	Release int64             `json:",omitempty"` // rollback: to which one; 0: the one before what runs
	Base    int64             `json:",omitempty"` // rollback: the release that ran when it was asked for
	From    string            `json:",omitempty"` // promote: the environment that is copied
	Service string            `json:",omitempty"` // scale; restart, where "" means all
	Count   int               `json:",omitempty"` // scale
	Set     map[string]string `json:",omitempty"` // env set
	Unset   []string          `json:",omitempty"` // env unset, sorted
}

// Asked is the answer to a wish: the number of the change, and behind which it
// waits its turn (0: none).
type Asked struct {
	ID     bcn.ID
	Behind bcn.ID
	Held   *bcn.Error // what lock or freeze it waits behind; nil: none
	// Empty are the teams in which nobody but the requester could approve, and
	// Instead those that decide in their place; empty: everybody is there.
	Empty, Instead string
}

// Decided is what a decision led to.
type Decided struct {
	Request  bcn.Request
	Complete bool // the quorum is reached, or it was rejected
}

// Parked is a change, a scheduled run or a stored command that keeps failing, or
// a change that is blocked because AWS cannot say what happened.
type Parked struct {
	Change  bcn.Change
	Tick    *ParkedTick    // in the place of Change
	Command *ParkedCommand // in the place of Change
	Code    bcn.Code
	Params  map[string]string
}

// ParkedTick is a scheduled run that was put aside.
type ParkedTick struct {
	ID       bcn.ID
	Schedule string // its name
	At       time.Time
}

// ParkedCommand is what somebody typed or pressed, and could not be run. What it
// was is forgotten after a day; it can be run again until then.
type ParkedCommand struct {
	Mark      string // names it: command-1a2b3c4d
	Request   chat.Request
	At        time.Time
	Forgotten bool
}

// ID is by what people name it: a number, or a command's mark.
func (p Parked) ID() string {
	switch {
	case p.Tick != nil:
		return p.Tick.ID.String()
	case p.Command != nil:
		return p.Command.Mark
	default:
		return p.Change.ID.String()
	}
}

// Halt says whether new changes to AWS are stopped, and by whom.
type Halt struct {
	On     bool
	By     string // Slack user id, or "command line"
	Reason string
}
