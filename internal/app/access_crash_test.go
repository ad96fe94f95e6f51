package app

import (
	"fmt"
	"testing"
)

// grantKill is where the bot dies, once, on the way of one grant.
type grantKill struct {
	name  string // of the subtest: what has happened, and what has not
	point string // of the victim; empty: it is killed from outside, at the stage
	count int    // at which passing; 0: the first
	at    stage
	done  bool // the holder ends it before its time
	soon  bool // somebody takes over at once: the grant goes on
	// unused: nobody opens it
	unused bool
	// outlasts: the task does not end by itself
	outlasts bool
}

// stage is how far a grant has come when the bot is killed from outside.
type stage string

const (
	inside stage = "inside" // a session is open
	warned stage = "warned" // the holder was told that the end is near
)

// accessKind is one kind of access and the points of its way.
type accessKind struct {
	name    string
	command string // what is typed, without the length and the reason
	points  []grantKill
}

// ownTask is a task of the grant's own: all its steps, from the request on.
var ownTask = accessKind{"a task of its own", "access hello production", []grantKill{
	{name: "before the request is committed", point: "before the commit of the new change"},
	{name: "after the plan is committed", point: "after the commit of the move to planned"},
	{name: "after it is asked for an approval", point: "after the commit of the move to waiting"},
	{name: "after the decision is committed", point: "after the commit of the move to queued"},
	{name: "after the start is committed", point: "after the commit of the move to applying"},
	{name: "after the intent of a task is written", point: "after the commit of a step of applying"},
	{name: "before the task is asked for", point: "before RunTask"},
	{name: "after the task was started and before we know", point: "after RunTask"},
	{name: "after the task was started and before we know, and somebody takes over at once", point: "after RunTask", soon: true},
	{name: "before the task is written", point: "before the commit of a step of applying", count: 2, soon: true},
	{name: "after the task is written", point: "after the commit of a step of applying", count: 2},
	{name: "before its end is armed outside", point: "before CreateSchedule"},
	{name: "after its end was armed outside and before we know", point: "after CreateSchedule"},
	{name: "after its end was armed outside and before we know, and somebody takes over at once", point: "after CreateSchedule", soon: true},
	{name: "after the armed end is written", point: "after the commit of a step of applying", count: 3, soon: true},
	{name: "while the task is waited for", point: "after the commit of a step of applying", count: 4},
	{name: "before the pick-up is written", point: "before the commit of the grant's move to minting"},
	{name: "after the pick-up is written", point: "after the commit of the grant's move to minting"},
	{name: "after the pick-up is written, and somebody takes over at once", point: "after the commit of the grant's move to minting", soon: true},
	{name: "before credentials are made", point: "before AssumeRole of a grant"},
	{name: "after credentials are made", point: "after AssumeRole of a grant"},
	{name: "after credentials are made, and somebody takes over at once", point: "after AssumeRole of a grant", soon: true},
	{name: "before it is written that they are handed over", point: "before the commit of the grant's move to live"},
	{name: "after it is written that they are handed over", point: "after the commit of the grant's move to live"},
	{name: "before the answer is known to have gone out", point: "after running a slash", count: 3},
	{name: "while a session is open", at: inside},
	{name: "while a session is open, and somebody takes over at once", at: inside, soon: true},
	{name: "while a session is open in which root keeps the task from ending", at: inside, outlasts: true},
	{name: "after the holder was told that the end is near", at: warned},
	{name: "before the end is written", point: "before the commit of the grant's move to ending"},
	{name: "after the end is written", point: "after the commit of the grant's move to ending"},
	{name: "after the holder's end is written", point: "after the commit of the grant's move to ending", done: true},
	{name: "before the task is stopped", point: "before StopTask", done: true},
	{name: "after the task is stopped", point: "after StopTask", done: true},
	{name: "before what is armed outside is removed", point: "before DeleteSchedule"},
	{name: "before it is written that nothing is open", point: "before the commit of the grant's move to ended"},
	{name: "after it is written that nothing is open", point: "after the commit of the grant's move to ended"},
	{name: "after a later look is written", point: "after the commit of a step of verifying"},
	{name: "after AWS told what was done", point: "after LookupEvents"},
	{name: "before the report is written", point: "before the commit of the move to succeeded"},
	{name: "after the report is written", point: "after the commit of the move to succeeded"},
}}

// onNode is a session on an instance, which its document caps.
var onNode = accessKind{"an instance", "access --district default --instance i-0a11ce00000000001", []grantKill{
	{name: "after the pick-up is written", point: "after the commit of the grant's move to minting"},
	{name: "before credentials are made", point: "before AssumeRole of a grant"},
	{name: "after credentials are made", point: "after AssumeRole of a grant"},
	{name: "after credentials are made, and somebody takes over at once", point: "after AssumeRole of a grant", soon: true},
	{name: "before it is written that they are handed over", point: "before the commit of the grant's move to live"},
	{name: "after it is written that they are handed over", point: "after the commit of the grant's move to live"},
	{name: "while a session is open", at: inside},
	{name: "while a session is open, and somebody takes over at once", at: inside, soon: true},
	{name: "before the end is written", point: "before the commit of the grant's move to ending"},
	{name: "after the end is written", point: "after the commit of the grant's move to ending"},
	{name: "after the holder's end is written", point: "after the commit of the grant's move to ending", done: true},
	{name: "after the holder's end is written, and somebody takes over at once", point: "after the commit of the grant's move to ending", done: true, soon: true},
	{name: "before the session is terminated", point: "before TerminateSession"},
	{name: "after the session is terminated", point: "after TerminateSession"},
	{name: "before the holder's session is terminated", point: "before TerminateSession", done: true},
	{name: "after it is written that nothing is open", point: "after the commit of the grant's move to ended"},
	{name: "before the report is written", point: "before the commit of the move to succeeded"},
}}

// inService is a running task, whose session bcn opens and whose end is armed
// outside.
var inService = accessKind{"a running task", "access hello production web --live", []grantKill{
	{name: "before its end is armed outside", point: "before CreateSchedule"},
	{name: "after its end was armed outside and before we know", point: "after CreateSchedule"},
	{name: "after its end was armed outside and before we know, and somebody takes over at once", point: "after CreateSchedule", soon: true},
	{name: "after its end was armed outside and before we know, and the holder wants no more of it", point: "after CreateSchedule", soon: true, done: true, unused: true},
	{name: "after the pick-up is written", point: "after the commit of the grant's move to minting"},
	{name: "before the session is opened", point: "before ExecuteCommand"},
	{name: "after the session was opened and before we know", point: "after ExecuteCommand"},
	{name: "after the session was opened and before we know, and somebody takes over at once", point: "after ExecuteCommand", soon: true},
	{name: "before the session is written", point: "before the commit of the grant's move to live"},
	{name: "before the session is written, and somebody takes over at once", point: "before the commit of the grant's move to live", soon: true},
	{name: "after the session is written", point: "after the commit of the grant's move to live"},
	{name: "while the session is open", at: inside},
	{name: "before the end is written", point: "before the commit of the grant's move to ending"},
	{name: "after the end is written", point: "after the commit of the grant's move to ending"},
	{name: "before the session is terminated", point: "before TerminateSession"},
	{name: "after the session is terminated", point: "after TerminateSession"},
	{name: "after it is written that nothing is open", point: "after the commit of the grant's move to ended"},
	{name: "before the report is written", point: "before the commit of the move to succeeded"},
}}

// Promise 6: kill -9 at every step of a grant. With nobody there AWS lets
// nobody in after the end and ends what is open; who comes later sees to the
// rest and tells.
func TestKilledAnywhereAccessEnds(t *testing.T) {
	t.Parallel()
	for _, in := range []struct {
		kind   accessKind
		worlds int // in how many the points are tried beside each other
	}{{ownTask, 3}, {onNode, 1}, {inService, 1}} {
		for n := range in.worlds {
			t.Run(fmt.Sprint(in.kind.name, " world ", n+1), func(t *testing.T) {
				t.Parallel()
				g := newGrantCrash(t)
				for i, p := range in.kind.points {
					if i%in.worlds == n {
						t.Run(p.name, func(t *testing.T) { g.try(t, in.kind, p) })
					}
				}
				if _, err := g.open().VerifyAudit(t.Context()); err != nil {
					t.Errorf("the audit chain: %v", err)
				}
			})
		}
	}
}
