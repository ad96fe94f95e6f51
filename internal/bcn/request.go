package bcn

import (
	"slices"
	"time"
)

// RequestState is where a request for approval stands.
type RequestState string

// The states of a request.
const (
	RequestPending    RequestState = "pending"
	RequestApproved   RequestState = "approved"
	RequestStarted    RequestState = "started"
	RequestRejected   RequestState = "rejected"
	RequestExpired    RequestState = "expired"
	RequestCancelled  RequestState = "cancelled"
	RequestSuperseded RequestState = "superseded"
)

// RequestEvent is what moves a request.
type RequestEvent string

// The events of a request.
const (
	RequestApprove   RequestEvent = "approve" // the quorum is reached
	RequestReject    RequestEvent = "reject"
	RequestExpire    RequestEvent = "expire"
	RequestCancel    RequestEvent = "cancel"
	RequestSupersede RequestEvent = "supersede" // what was shown is no longer what would run
	RequestStart     RequestEvent = "start"     // the change entered applying
)

// requestMoves is the whole state machine of a request (DESIGN.md section 5).
var requestMoves = map[RequestState]map[RequestEvent]RequestState{
	RequestPending: {
		RequestApprove: RequestApproved, RequestReject: RequestRejected, RequestExpire: RequestExpired,
		RequestCancel: RequestCancelled, RequestSupersede: RequestSuperseded,
	},
	RequestApproved: {RequestStart: RequestStarted, RequestSupersede: RequestSuperseded, RequestCancel: RequestCancelled},
	RequestStarted:  {}, RequestRejected: {}, RequestExpired: {}, RequestCancelled: {}, RequestSuperseded: {},
}

// Next answers the state that the event leads to, and false where the event
// does not belong to the state.
func (s RequestState) Next(e RequestEvent) (RequestState, bool) {
	next, ok := requestMoves[s][e]
	return next, ok
}

// Need is one group's share of a quorum: Count different people of Teams.
type Need struct {
	Teams []string `json:"teams"`
	Count int      `json:"count"`
	// Instead are teams that may decide as well, because when it was asked Teams
	// had too few people besides the requester who could.
	Instead []string `json:"instead,omitempty"`
}

// Of are the teams of whose people the need may be met.
func (n Need) Of() []string { return slices.Concat(n.Teams, n.Instead) }

// Request is a plan that waits for approval. Its hash never changes.
type Request struct {
	ID        ID // the change's id
	State     RequestState
	Hash      string // SHA-256 of the plan bytes, hex
	Requester string // Slack user id
	Matter    Matter // of its change, read with it and not stored: who may decide can depend on it
	// Accounts are the requester's, as far as they are known. They are read when
	// it is decided and not stored: two accounts of one person are one person.
	Accounts []string
	Needs    []Need
	// Outside are teams whose members do not count: those that let the requester
	// in, where the rule wants approvers from outside of them.
	Outside []string
	// Escalate are teams that may decide as well from EscalatedAt on, and are told
	// then. EscalatedAt is fixed when it is asked; zero: never.
	Escalate    []string
	EscalatedAt time.Time
	CreatedAt   time.Time
	ExpiresAt   time.Time
	Decisions   []Decision
}

// Verdict is what a person decided.
type Verdict string

// The verdicts.
const (
	Approve Verdict = "approve"
	Reject  Verdict = "reject"
)

// Decision is one person's answer to a request, and what they were shown.
type Decision struct {
	Person  string // Slack user id
	For     string // whose deputy they decided as: Teams are that person's; empty: for themselves
	Verdict Verdict
	Reason  string
	Hash    string   // the plan hash of the card
	Teams   []string // the request's teams the person was in, read after the click
	// Accounts are those of who decided, and of whom they stood for, read after
	// the click: another of the same accounts has no say of its own.
	Accounts []string
	Channel  string // coordinates of the card
	TS       string
	At       time.Time
	// Void says that they decided as a deputy and were removed since: it counts
	// for nothing. It is read with the decision and not stored.
	Void bool
}
