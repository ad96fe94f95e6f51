// Package ci lets machines deploy: tokens that are bound to one heritage and
// act as the person who issued them, and the progress of what they asked for.
//
// A token gives nobody more than its issuer has: the rules are asked about the
// issuer each time, their account is read afresh, what needs approval waits for
// it, and they cannot approve what their token asked for.
package ci
