package config

import (
	"time"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/schedule"
)

// Off is the word for no watch.
const Off = "off"

// Drift says when it is looked for what was changed outside.
type Drift struct {
	Watch string // as package schedule reads it, in UTC, or Off; default 0 3 * * *
}

func (l *loader) drift(path string, n *yaml.Node) {
	l.object(path, n, field{"watch", l.checked(&l.c.Drift.Watch, isWatch)})
}

// isWatch takes what comes again and again.
func isWatch(s string) string {
	if s == Off {
		return ""
	}
	spec, err := schedule.Parse(s, "UTC", time.Now())
	if err != nil || spec.Once() {
		return quoted(s) + " is neither off nor a schedule that repeats, such as 0 3 * * *"
	}
	return ""
}
