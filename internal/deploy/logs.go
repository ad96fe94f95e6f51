package deploy

import "time"

// LogQuery says which lines of an app's log are wanted.
type LogQuery struct {
	Service string        // empty: all, one-off tasks too
	Since   time.Duration // how long ago at most
	Grep    string        // what a line contains; empty: anything
	Limit   int           // lines
}

// LogTail is the end of a log.
type LogTail struct {
	Lines    []LogLine // oldest first
	More     bool      // older ones were left out
	Wrote    bool      // there is a log at all
	Services []string  // that have one, by name
}

// LogLine is one line.
type LogLine struct {
	At     time.Time
	Source string // the container and the beginning of its task's id: web/0a1b2c3d
	Text   string
}
