package access

import "time"

// Right is the text id of one thing that a grant's policy allows or denies.
type Right string

// The rights, by their sentences' ids.
const (
	MayExec         Right = "access.may.exec"          // cluster, task, container
	MayStartSession Right = "access.may.start_session" // node, document
	MayForwardPort  Right = "access.may.forward_port"  // node, database
	MayOwnSessions  Right = "access.may.own_sessions"

	NeverOtherTargets   Right = "access.never.other_targets"
	NeverOtherDocuments Right = "access.never.other_documents"
	NeverPastExec       Right = "access.never.past_exec"
	NeverAfterEnd       Right = "access.never.after_end" // until
)

// Log says where what is typed in a session is kept.
type Log string

// The logs.
const (
	LogDocument Log = "document" // by the session document, to the district's log group
	LogCluster  Log = "cluster"  // as the cluster is configured, which bcn does not decide
	LogNone     Log = "none"     // the content of a port cannot be logged
)

// Words are what a card says of a policy before anybody approves it.
type Words struct {
	Target   Target
	Document string // empty: ECS Exec
	Until    time.Time
	// Cap is how long AWS lets one session last; 0: nothing caps it.
	Cap   time.Duration
	Root  bool // ECS Exec runs as root, whatever the container's user is
	Log   Log
	May   []Right
	Never []Right
}

// Describe says in words what Policy writes.
func Describe(t Target, end time.Time) Words {
	w := Words{Target: t, Document: t.Document(), Until: end.UTC().Truncate(time.Second)}
	switch t.Kind {
	case Instance:
		w.Cap, _ = Class(t.Session)
		w.Log, w.May = LogDocument, []Right{MayStartSession, MayOwnSessions}
		w.Never = []Right{NeverOtherTargets, NeverOtherDocuments, NeverAfterEnd}
	case Port:
		w.Log, w.May = LogNone, []Right{MayForwardPort, MayOwnSessions}
		w.Never = []Right{NeverOtherTargets, NeverOtherDocuments, NeverAfterEnd}
	default:
		w.Root, w.Log, w.May = true, LogCluster, []Right{MayExec}
		w.Never = []Right{NeverOtherTargets, NeverPastExec, NeverAfterEnd}
	}
	return w
}
