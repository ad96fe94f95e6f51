package bcn

// Kind says what a change does.
type Kind string

// The kinds of change.
const (
	KindDeploy   Kind = "deploy"   // a new image and manifest of a heritage
	KindPlan     Kind = "plan"     // shows what a deploy would change, then closes
	KindEndpoint Kind = "endpoint" // creates a load balancer
	KindHeritage Kind = "heritage" // binds an app and environment to a heritage
	KindDistrict Kind = "district" // adopts a network and cluster

	KindEndpointUpdate Kind = "endpoint_update" // changes a load balancer
	KindEndpointDelete Kind = "endpoint_delete" // takes a load balancer away
	KindDistrictCreate Kind = "district_create" // makes a network and cluster
	KindDistrictUpdate Kind = "district_update" // changes what district create made, or renders it anew
	KindDistrictDelete Kind = "district_delete" // takes away what district create made, or forgets what was adopted

	// Operations: each plans a release, and is named as rules name it.
	KindRollback Kind = "rollback" // to an earlier release, whole
	KindRestart  Kind = "restart"  // the same again, with new tasks
	KindPromote  Kind = "promote"  // what another environment runs
	KindScale    Kind = "scale"    // how many tasks of a service
	KindEnv      Kind = "env"      // variables on top of the file
	KindRepair   Kind = "repair"   // the last release again, with what was changed outside put back; rules name it deploy

	KindRun Kind = "run" // one task of the last release's image

	KindSecret Kind = "secret" // writes or removes one parameter of an app
	KindDelete Kind = "delete" // takes a heritage's stacks away, and unbinds its app
	KindUnlock Kind = "unlock" // takes a lock away that is somebody else's

	// Time-boxed access, named as rules name it.
	KindAccess         Kind = "access"          // to a task of its own
	KindAccessLive     Kind = "access:live"     // to a running task
	KindAccessInstance Kind = "access:instance" // to a managed node
	KindAccessPort     Kind = "access:port"     // to a database's port
)

// Releases says that a change of this kind is of a heritage's two stacks, and
// is recorded as a release whatever becomes of it.
func (k Kind) Releases() bool {
	switch k {
	case KindDeploy, KindRollback, KindRestart, KindPromote, KindScale, KindEnv, KindRepair:
		return true
	default:
		return false
	}
}

// Deletes says that the change takes whole stacks away, which cannot be stopped
// once it has begun.
func (k Kind) Deletes() bool {
	return k == KindEndpointDelete || k == KindDistrictDelete || k == KindDelete
}

// ChangeState is where a change stands.
type ChangeState string

// The states of a change.
const (
	ChangeWaitingTurn    ChangeState = "waiting_turn"
	ChangePlanning       ChangeState = "planning"
	ChangePlanned        ChangeState = "planned"
	ChangeWaiting        ChangeState = "waiting"
	ChangeQueued         ChangeState = "queued"
	ChangeApplying       ChangeState = "applying"
	ChangeVerifying      ChangeState = "verifying"
	ChangeCancelling     ChangeState = "cancelling"
	ChangeBlocked        ChangeState = "blocked"
	ChangeSucceeded      ChangeState = "succeeded"
	ChangeFailed         ChangeState = "failed"
	ChangeRolledBack     ChangeState = "rolled_back"
	ChangeRollbackFailed ChangeState = "rollback_failed"
	ChangeCancelled      ChangeState = "cancelled"
	ChangeClosed         ChangeState = "closed"
)

// ChangeEvent is what moves a change from one state to another.
type ChangeEvent string

// The events of a change.
const (
	EventTurn           ChangeEvent = "turn"            // its subject is free: plan it
	EventPlanned        ChangeEvent = "planned"         // the plan is stored
	EventAsk            ChangeEvent = "ask"             // people must approve
	EventQueue          ChangeEvent = "queue"           // approved, or no approval needed
	EventStart          ChangeEvent = "start"           // all checks passed: AWS may be changed
	EventApplied        ChangeEvent = "applied"         // the stacks are complete
	EventSucceed        ChangeEvent = "succeed"         // what runs is what was planned
	EventFail           ChangeEvent = "fail"            // ended without a change to undo
	EventRolledBack     ChangeEvent = "rolled_back"     // CloudFormation undid it
	EventRollbackFailed ChangeEvent = "rollback_failed" // it could not
	EventCancel         ChangeEvent = "cancel"          // a person stops a running change
	EventCancelled      ChangeEvent = "cancelled"       // verified that nothing of it is left
	EventBlock          ChangeEvent = "block"           // AWS cannot say whether an effect happened
	EventReplay         ChangeEvent = "replay"          // a person says: run it again
	EventClose          ChangeEvent = "close"           // ended before anything was changed
)

// changeMoves is the whole state machine of a change (DESIGN.md section 5).
var changeMoves = map[ChangeState]map[ChangeEvent]ChangeState{
	ChangeWaitingTurn: {EventTurn: ChangePlanning, EventClose: ChangeClosed},
	ChangePlanning:    {EventPlanned: ChangePlanned, EventClose: ChangeClosed},
	ChangePlanned:     {EventAsk: ChangeWaiting, EventQueue: ChangeQueued, EventClose: ChangeClosed},
	ChangeWaiting:     {EventQueue: ChangeQueued, EventClose: ChangeClosed},
	ChangeQueued:      {EventStart: ChangeApplying, EventClose: ChangeClosed},
	ChangeApplying: {
		EventApplied: ChangeVerifying, EventFail: ChangeFailed, EventRolledBack: ChangeRolledBack,
		EventRollbackFailed: ChangeRollbackFailed, EventCancel: ChangeCancelling, EventBlock: ChangeBlocked,
	},
	ChangeVerifying: {
		EventSucceed: ChangeSucceeded, EventFail: ChangeFailed, EventRolledBack: ChangeRolledBack,
		EventRollbackFailed: ChangeRollbackFailed,
	},
	ChangeCancelling: {
		EventCancelled: ChangeCancelled, EventRolledBack: ChangeRolledBack,
		EventSucceed: ChangeSucceeded, EventRollbackFailed: ChangeRollbackFailed,
	},
	ChangeBlocked:        {EventReplay: ChangeApplying, EventCancel: ChangeCancelling},
	ChangeSucceeded:      {},
	ChangeFailed:         {},
	ChangeRolledBack:     {},
	ChangeRollbackFailed: {},
	ChangeCancelled:      {},
	ChangeClosed:         {},
}

// Next answers the state that the event leads to, and false where the event
// does not belong to the state.
func (s ChangeState) Next(e ChangeEvent) (ChangeState, bool) {
	next, ok := changeMoves[s][e]
	return next, ok
}

// Ended says that nothing will move the change any more.
func (s ChangeState) Ended() bool { return len(changeMoves[s]) == 0 }

// Busy says that the change holds its subject: no other may be planned.
func (s ChangeState) Busy() bool {
	switch s {
	case ChangeApplying, ChangeVerifying, ChangeCancelling, ChangeBlocked:
		return true
	default:
		return false
	}
}

// BeforeApplying says that the change has changed nothing in AWS that counts:
// it can be closed by discarding its change sets.
func (s ChangeState) BeforeApplying() bool {
	switch s {
	case ChangeWaitingTurn, ChangePlanning, ChangePlanned, ChangeWaiting, ChangeQueued:
		return true
	default:
		return false
	}
}
