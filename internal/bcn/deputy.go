package bcn

import "time"

// Deputation is that somebody may decide in an absent person's place. It passes
// on what Absent may decide, never what Absent may as a deputy.
type Deputation struct {
	Absent string // Slack user id
	Deputy string // Slack user id
	Since  time.Time
	Until  time.Time
}

// Holds says whether the deputy may decide at that moment.
func (d Deputation) Holds(at time.Time) bool { return !at.Before(d.Since) && at.Before(d.Until) }
