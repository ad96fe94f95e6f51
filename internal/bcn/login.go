package bcn

import "time"

// LoginCode is what a person enters at GitHub to show which account is theirs.
type LoginCode struct {
	Code   string
	URL    string // where it is entered
	Within time.Duration
}
