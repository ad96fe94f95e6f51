// Package apply turns proposals into change sets, executes them, and reads
// what became of them: CloudFormation's stacks and events, ECS's rollouts, and
// the tasks that stopped on the way.
//
//	Propose ─► change set, AVAILABLE ─► Reread ─► Execute ─► Statuses, Events
//	   │                                   │                     │
//	   └ unchanged: deleted                └ gone, other: moved  └ Rollouts, StoppedTasks
//
// It keeps no state of its own: whatever it is asked, it asks AWS. A repeated
// call is harmless, since the bot may die between any two of them: names and
// tokens come from the caller and are the same at each try.
//
// A stack without the installation's tag is somebody else's. It is answered as
// stack_foreign and never touched.
package apply
