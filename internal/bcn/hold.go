package bcn

import (
	"cmp"
	"time"
)

// HoldKind says what keeps changes from running.
type HoldKind string

// The kinds of hold.
const (
	HoldLock   HoldKind = "lock"   // of an app in an environment, by a person
	HoldFreeze HoldKind = "freeze" // of an environment, or of all
)

// Hold keeps changes waiting until it is lifted or over.
type Hold struct {
	ID     ID         `json:"id"`
	Kind   HoldKind   `json:"kind"`
	App    string     `json:"app,omitempty"` // of a lock
	Env    string     `json:"env,omitempty"` // of a freeze: empty is every environment
	Owner  string     `json:"owner"`         // Slack user id
	Reason string     `json:"reason,omitempty"`
	Change ID         `json:"change,omitempty"` // the rollback that locked; 0: somebody typed it
	From   int64      `json:"from,omitempty"`   // of a rollback: the release that ran
	To     int64      `json:"to,omitempty"`     // of a rollback: the release that it went back to
	Since  time.Time  `json:"since"`
	Until  *time.Time `json:"until,omitempty"` // nil: until somebody lifts it
}

// Over says that the hold's time has passed.
func (h Hold) Over(now time.Time) bool { return h.Until != nil && !now.Before(*h.Until) }

// LiftedBy is the command that lifts the hold, as its owner types it.
func (h Hold) LiftedBy() string {
	if h.Kind == HoldFreeze {
		return "thaw " + cmp.Or(h.Env, "all")
	}
	return "unlock " + h.App + " " + h.Env
}

// String names the hold: lock of hello production: why.
func (h Hold) String() string {
	s := "freeze of " + cmp.Or(h.Env, "all")
	if h.Kind == HoldLock {
		s = "lock of " + h.App + " " + h.Env
	}
	if h.Reason != "" {
		s += ": " + h.Reason
	}
	return s
}

// Holdable says whether changes of this kind wait behind a lock or a freeze:
// those that change what runs. A plan and access change nothing, and to bind an
// app, to adopt a district and to take a lock away touch nothing that runs.
func (k Kind) Holdable() bool {
	switch k {
	case KindPlan, KindHeritage, KindDistrict, KindUnlock:
		return false
	default:
		return !k.Access()
	}
}
