package bcn

import "time"

// AuditEntry is one entry of the audit log, as it is read.
type AuditEntry struct {
	Seq   int64
	At    time.Time
	Kind  string // such as change.start
	Actor string // Slack user id, SystemIdentity, or "command line"
	ID    ID     // of the change, schedule or tick; 0: none
	Body  string // a JSON object
	// Broken: it is not as bcn wrote it, or stands elsewhere than it was written.
	Broken bool
}

// AuditFilter says which entries are wanted. What is empty matches all.
type AuditFilter struct {
	Who   string        // an actor
	What  string        // a kind, or what stands before its dot
	Since time.Duration // how long ago at most
	App   string
	Env   string // with App; empty: all of its environments
	ID    ID
	// Before and After are the numbers of entries between which a page lies: the
	// newest before the one, or the oldest after the other. 0: from the end.
	Before, After int64
	Limit         int
}
