// Package bench measures what DESIGN.md promises of speed, as ratios in one
// run; `make bench` runs it and docs/performance.md says what was seen.
//
// It holds the two things to compare with: Bare, the least program that stores
// a command before it acknowledges it (slack-go and pgx, one row, one commit),
// and Slack, a Socket Mode server so small that what is measured is the
// program on its other side. This is the one package outside of the
// technologies' own that imports both libraries.
package bench
