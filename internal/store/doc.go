// Package store keeps bcn's state in PostgreSQL: all SQL and River's wiring.
//
// An exported method is one transaction. Every state move is an UPDATE that
// carries the state it leaves and, for a change, the fence of the claim; where
// no row moves, the answer is ErrConflict and the caller stops quietly. The
// move's audit entries, messages and jobs are written in the same transaction,
// the audit head being locked last, so that no other lock is ever waited for
// while it is held.
//
//	claim ──> fence+1, lease 15 s ──> one step ──> Apply(Move) ──> lease freed
//	             │                                     │
//	             └── process dies: lease runs out ─────┴── fence too old: 0 rows
//
// River only kicks: a job says "look at change 1042 now". It is at-least-once
// and not fenced; the rows are the truth. A reconciler inserts a job again for
// every unfinished row that has none.
package store
