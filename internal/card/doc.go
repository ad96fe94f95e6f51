// Package card finds the words for a change: its card, which shows what is
// true now and is rendered when it is sent, and what its thread, the announce
// channel and the people concerned are told. It is pure: what it shows is
// given to it.
package card
