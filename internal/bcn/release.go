package bcn

import "time"

// Release is a numbered, complete snapshot of what was deployed.
type Release struct {
	Heritage  string
	Number    int64
	Change    ID
	Kind      Kind // of the change
	Tag       string
	Image     string
	Digest    string
	Commit    string
	Manifest  []byte
	Overlay   Overlay
	Restores  int64 // of a rollback: the release whose snapshot it is
	PlanHash  string
	By        string   // Slack user id
	Approvers []string // Slack user ids
	Outcome   ChangeState
	Code      Code // why, where it did not succeed
	Glass     bool // it went without the approval that its rule asks for
	StartedAt time.Time
	EndedAt   time.Time
}

// Change is one thing to be done.
type Change struct {
	ID        ID
	Kind      Kind
	Subject   string // "heritage:hello", "endpoint:main", "district:default"
	App, Env  string
	Heritage  string
	District  string
	Tag       string
	Reason    string
	State     ChangeState
	Code      Code              // why it ended, or why it is blocked
	Params    map[string]string // of Code
	Requester Actor
	Channel   string // where the command was typed
	Thread    string // and in which thread
	Behind    ID     // the change that it waits for
	HeldBy    ID     // the lock or freeze that it waits behind; 0: none
	Step      int    // index into the plan's stacks while applying
	Fence     int64
	Parked    bool
	Tick      ID         // of the schedule that asked for it; 0: a person did
	NotBefore *time.Time // it does not start earlier
	Glass     bool       // it was started without the approval that its rule asks for: there is a FollowUp
	CreatedAt time.Time
	StartedAt *time.Time // entered applying
	EndedAt   *time.Time
}
