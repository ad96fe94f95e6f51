package bcn

import (
	"slices"
	"time"
)

// awayStatuses are the emoji of statuses that say that somebody is not there:
// Slack's own suggestions for vacation and illness (slack.com/help, "Set your
// Slack status and availability"), and what people commonly use.
var awayStatuses = []string{
	"palm_tree", "face_with_thermometer", "airplane", "desert_island", "beach_with_umbrella", "mask", "ooo", "away", "baby",
}

// Away says whether the person's status says that they are not there. A status
// without an end holds until it is changed.
func (p Profile) Away(now time.Time) bool {
	return slices.Contains(awayStatuses, p.Status) && (p.StatusUntil.IsZero() || now.Before(p.StatusUntil))
}
