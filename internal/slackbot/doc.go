// Package slackbot speaks with Slack: it listens on Socket Mode connections,
// runs what people ask for, answers them, and empties the outbox. It is the
// only importer of slack-go.
//
// # From an envelope to an answer
//
//	socket -> deliver -> project -> Inbox.Put -> acknowledgement -> Handler.Handle -> Reply
//
// The socket's loop does nothing but read. Each envelope is taken off it into
// a goroutine of its own (at most 64 a socket), so that many Puts are under way
// at once and the store can batch them. What is stored is a projection, never
// the payload; the response_url stays in memory. Invariants:
//
//   - An envelope is acknowledged only after its request is durable. Help and
//     parse errors of a slash command ride on the acknowledgement instead and
//     are not stored.
//   - A request is run only after its acknowledgement left this process. Where
//     it could not be written the row is marked (Inbox.Unacked), nobody runs
//     it, and its user is told; mentions and direct messages are delivered
//     again by Slack and run then.
//   - The key is Slack's id of what the person did, not of the envelope, so
//     that what is delivered twice runs once.
//   - Handlers run in a bounded pool. One that panics is answered with the
//     reference under which the log has the details.
//
// # Sockets
//
// A supervisor keeps Options.Sockets slots open. Before a socket's announced
// time is over its slot opens the next one, and the old one is read until
// Slack closes it: only Slack knows when it has sent its last envelope there.
// The second slot begins 10 to 40 minutes after the first, so that one is
// always up. A socket that is dropped at once counts as a failure, after which
// the wait doubles, with jitter; apps.connections.open is limited besides.
// What a person has to mend ends the bot with a FatalError. Too many sockets
// (10 per app) leave this process a worker, which tries again every minute or
// two.
//
// The connection itself is gorilla's, with the envelope types of slack-go's
// socketmode, and not its client: that one hides why Slack disconnects, says
// only that an acknowledgement was queued and not that it was written, and
// carries queued ones over to the next connection.
//
// # Speaking
//
// The sender claims messages from the outbox, posts the ones of a channel in
// order and one a second, and edits within chat.update's 50 a minute, the last
// of which it keeps for decisions and verdicts. A post carries its outbox id
// as metadata; one whose fate is unknown is looked up before it is posted
// again.
//
// # Asking
//
// API.Profile and API.GroupMembers are shared reads (internal/fresh): the
// caller says when the read must not yet have begun, which is the moment at
// which this process took the click up.
package slackbot
