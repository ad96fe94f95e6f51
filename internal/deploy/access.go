package deploy

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// AccessWish is what somebody asks to be let into. The wish's App and Env name
// the heritage of tasks.
type AccessWish struct {
	Service  string        `json:"service,omitempty"`  // live: whose task; empty: the only one
	Task     string        `json:"task,omitempty"`     // live: which task, its id; empty: the newest
	District string        `json:"district,omitempty"` // of nodes and ports
	Instance string        `json:"instance,omitempty"`
	Database string        `json:"database,omitempty"` // its name in bot.yaml
	For      time.Duration `json:"for,omitempty"`      // 0: what the rule says, else 10 minutes
	Command  string        `json:"command,omitempty"`  // run instead of a shell; tasks only
	Extends  bcn.ID        `json:"extends,omitempty"`  // the grant that is to go on
}

// Access plans and runs the changes whose kind is access. internal/grant
// implements it: a grant is what such a change applies.
type Access interface {
	// Describe makes the change of a wish, but for what its heritage says. A
	// wish to extend a grant is completed with what that opens. Errors:
	// unknown_id, unknown_name, grant_over, not_yours, reason_required.
	Describe(ctx context.Context, actor bcn.Actor, w *Wish) (bcn.Change, error)
	// Check holds a length against the rule; 0 is what the rule says. Errors:
	// too_short, too_long.
	Check(v authz.Verdict, length time.Duration) error
	// Plan finds out what would be opened, and with which policy.
	Plan(ctx context.Context, c Claimed) (bcn.Plan, error)
	// Begin makes the grant of an approved plan.
	Begin(c Claimed, p bcn.Plan) (bcn.Grant, error)
	// Step does what is next for a grant, and says when to look again.
	Step(ctx context.Context, c Claimed) (time.Duration, error)
	// Close ends a running grant for somebody who may.
	Close(ctx context.Context, o Origin, actor bcn.Actor, id bcn.ID) error
}

// GrantMove is a grant's share of a move: its row is written whole.
type GrantMove struct {
	New   bool // it begins
	Event bcn.GrantEvent
	Row   bcn.Grant // as it is from now on; State is given by the event
}

// Opened is what a pick-up answers to the requester alone.
type Opened struct {
	Grant       bcn.Grant
	Fingerprint string // of the key it is bound to
	Sealed      string // one line that only the requester's machine opens; empty: the key was bound, nothing more
}

// GrantView is a grant with what it opens, for lists.
type GrantView struct {
	Change bcn.Change
	Grant  bcn.Grant
	Plan   bcn.Plan
}
