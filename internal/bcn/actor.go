package bcn

import "time"

// ActorKind says whether a person or a machine acts.
type ActorKind string

// The kinds of actor.
const (
	Person ActorKind = "person"
	System ActorKind = "system" // bcn itself: expiry, reconciliation
	Local  ActorKind = "local"  // somebody at the command line of the bot's machine
)

// SystemIdentity is the SourceIdentity of calls that nobody asked for.
const SystemIdentity = "bcn-system"

// Actor is who asks. It comes from Slack's envelope, never from text.
type Actor struct {
	Kind   ActorKind `json:"kind"`
	User   string    `json:"user,omitempty"`   // Slack user id
	Team   string    `json:"team,omitempty"`   // Slack workspace id
	Name   string    `json:"name,omitempty"`   // for SourceIdentity and logs; no authority
	Locale string    `json:"locale,omitempty"` // Slack locale, such as ja-JP
	Via    string    `json:"via,omitempty"`    // what they used instead of chat: ViaToken; no authority
}

// Profile is what Slack says of a user, read fresh (users.info).
type Profile struct {
	User, Team, Enterprise string
	Name                   string // login name, such as dana
	RealName               string
	Locale                 string
	TZ                     string
	Deleted                bool
	Restricted             bool // guest of one or several channels
	Stranger               bool // from another workspace (Slack Connect)
	Bot                    bool
	Email                  string    // as the person confirmed it to Slack; empty: bcn may not read it
	Status                 string    // the emoji of their status, without colons; empty: none
	StatusUntil            time.Time // zero: it does not end by itself
	// Accounts are the accounts of the person that are known, this one among
	// them; see authz.Authorizer.Accounts. Slack does not fill it.
	Accounts []string
}
