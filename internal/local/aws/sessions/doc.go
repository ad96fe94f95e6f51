// Package sessions is the part of the local AWS that lets people in and out:
// Session Manager and its documents, ECS Exec's sessions, the data channel that
// the session-manager-plugin speaks, EventBridge Scheduler's one-time schedules
// and CloudTrail's LookupEvents.
//
// # A session
//
//	StartSession, ExecuteCommand ─► Connected (a token for one connection)
//	   ├─► connection lost ─► Disconnected ─► ResumeSession (a new token) ─► Connected
//	   ├─► TerminateSession ─► Terminating ─► Terminated
//	   ├─► its document's maxSessionDuration ─► Terminated
//	   ├─► its shell ends, its task's container stops ─► Terminated
//	   └─► nobody typed for the idle timeout ─► Disconnected for good: listed as
//	       active, cannot be resumed, until somebody terminates it
//
// The last is how AWS describes it: on an idle timeout the channel is closed
// and TerminateSession is not called (Systems Manager User Guide, "End a
// session"). Durations are counted by the account's clock, from the start.
//
// # The data channel
//
//	plugin                            service
//	  │ GET /v1/data-channel/ID, upgrade, perhaps signed
//	  │ {"TokenValue": ...} as text ──►│ one use, for a minute
//	  │◄────────── start_publication ──│
//	  │◄─ output 0: HandshakeRequest ──│
//	  │── input 0: HandshakeResponse ─►│
//	  │◄─ output 1: HandshakeComplete ─│ the shell starts
//	  │── input n: keys, sizes ───────►│
//	  │◄─ output n: what it writes ────│
//	  │◄──────────── channel_closed ───│
//
// Every numbered message is acknowledged, and sent again until it is; numbers
// go on when a session is resumed. Messages have the form of the plugin's
// src/message (frame.go).
//
// A document of type Port has no shell: the same messages carry the frames of
// smux, version 1, one stream for each connection (tunnel.go), as agents since
// 3.0.196 do it. Loopback is reached, and what PutHost names; nothing else.
//
// # The record
//
// What a session writes goes to the log group of its document, if that streams,
// or to that of the container's awslogs, if the task's role may write there; to
// a stream of the session's id. A group that is not there gets nothing.
//
// # The shell
//
// A real one, on a terminal of its own, in an empty directory and with an
// environment that holds nothing of this process's. Where this process is root,
// the shell is nobody. It is no jail: who can type into the local AWS can run
// programs on the machine, which is why it listens on loopback only.
package sessions
