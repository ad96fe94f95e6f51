// Package grant asks for, opens and ends time-boxed access. A grant is what a
// change of a kind of access applies: the change is planned, asked for and
// approved like any other (package deploy); the grant's row says what happened
// since. Package access holds the values: policies, names, sealing.
//
//	change            grant
//	applying          approved ─► minting ─► live      what may be opened
//	verifying         ending ─► ended | end_failed     what is being closed
//	succeeded, failed ended, expired, cancelled        nothing is left
//
// Nothing here is trusted to happen: a credential has its end in its policy, a
// task of a grant's own exits by itself, a session on a node is capped by its
// document, and the bot ends and verifies what is open. Each works without the
// others, and the last looks again from the database after a crash.
package grant
