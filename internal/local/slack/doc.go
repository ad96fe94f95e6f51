// Package slack is a local Slack workspace: the Web API methods that a bot
// calls, Socket Mode, and a web page to type and click in. It exists so that
// anyone can try bcn without an account, and so that tests speak with a real
// client over a real WebSocket to something that refuses what Slack refuses:
// tokens, scopes, membership, Block Kit's schema and lengths, rate limits.
//
// # How a command travels
//
//	page or test ── Slash ──▶ envelope ──▶ one open socket ──▶ the bot
//	                             │ 3 s                            │
//	     ephemeral, or           ◀───────── acknowledgement ──────┘
//	     operation_timeout
//
// An envelope goes to any one of at most ten sockets. Commands, clicks and
// submitted views are delivered once and never again; without an
// acknowledgement within three seconds the person sees an error. Events
// (mentions, direct messages) are delivered again at once, after one minute
// and after five, each time in an envelope with a new id and with the same
// event id; so are those that found no socket open.
//
// # Invariants
//
//   - The state is behind one mutex; nothing waits or writes to a socket while
//     holding it. Every change wakes the waiters (Wait, the page's stream).
//   - Time comes from Options.Clock alone, except the pings of a socket.
//   - What one person may not see (another's ephemeral messages, a channel they
//     are not in) never reaches their page.
//   - All ids but tokens, triggers and tickets are predictable; those are random.
package slack
