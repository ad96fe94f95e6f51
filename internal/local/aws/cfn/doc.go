// Package cfn is the CloudFormation of the local AWS: templates, change sets,
// stacks and the operations that move them, over resource types that others
// provide.
//
// A call is answered under one lock. What takes time is an operation: a list
// of tasks, one per resource, that a timer of the engine's clock steps through.
// A step asks the providers of running tasks whether their resources are
// stable, starts the tasks whose turn has come, and when all have ended moves
// the operation to its next phase:
//
//	create  forward ──────────────────────────────────► CREATE_COMPLETE
//	           └ failed ► removing ► ROLLBACK_COMPLETE, or DELETE_COMPLETE with OnStackFailure
//	update  forward ► cleaning ───────────────────────► UPDATE_COMPLETE
//	           └ failed, cancelled ► undoing ► undoCleaning ► UPDATE_ROLLBACK_COMPLETE
//	                                     └ failed ► UPDATE_ROLLBACK_FAILED
//	delete  removing ─────────────────────────────────► DELETE_COMPLETE, DELETE_FAILED
//
// Invariants. A stack has at most one unfinished operation, its last. A change
// never alters the resource that was there, it makes a new value beside it, so
// that undoing finds what it restores. The template, parameters, tags and
// outputs become the stack's own only when the forward phase has ended well.
// Nothing is deleted before that, save what the failed operation itself made.
//
// Sentences and shapes are those of the real service, as its API reference
// gives them and as public recordings of its answers show them.
package cfn
