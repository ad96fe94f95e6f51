package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Window is a time of the week in a time zone, by the clock on the wall there:
// from From up to To, begun on one of Days. Where To is not after From it ends
// on the next day. The zero time of Days is none.
type Window struct {
	Days     [7]bool // by time.Weekday, of the day on which it begins
	From, To int     // minutes since midnight, 0 to 1440
	Zone     *time.Location
}

const day = 24 * 60 // minutes

// Open says whether the window is open at a time.
func (w Window) Open(at time.Time) bool {
	at = at.In(w.Zone)
	minute, today := at.Hour()*60+at.Minute(), at.Weekday()
	if w.From < w.To {
		return w.Days[today] && w.From <= minute && minute < w.To
	}
	return w.Days[today] && minute >= w.From || w.Days[(today+6)%7] && minute < w.To
}

// Next answers when the window opens next after a time at which it is closed,
// and false where it does not within two weeks. Where clocks are put forward
// over its beginning, it opens as they are.
func (w Window) Next(after time.Time) (time.Time, bool) {
	var best time.Time
	consider := func(t time.Time) {
		if t.After(after) && w.Open(t) && (best.IsZero() || t.Before(best)) {
			best = t
		}
	}
	here := after.In(w.Zone)
	for i := range 15 {
		// The same time on the wall may come twice, or not at all: both offsets
		// of that day are tried.
		wall := time.Date(here.Year(), here.Month(), here.Day()+i, w.From/60, w.From%60, 0, 0, time.UTC)
		for _, near := range []time.Time{wall.Add(-36 * time.Hour), wall.Add(36 * time.Hour)} {
			_, offset := near.In(w.Zone).Zone()
			consider(wall.Add(-time.Duration(offset) * time.Second).In(w.Zone))
		}
	}
	if _, change := here.ZoneBounds(); !change.IsZero() && change.Sub(after) < 15*24*time.Hour {
		consider(change)
	}
	return best, !best.IsZero()
}

// String writes the window as it may be written in bot.yaml.
func (w Window) String() string {
	var days []string
	for i := range 7 {
		if d := (i + 1) % 7; w.Days[d] {
			days = append(days, dayNames()[d])
		}
	}
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d %s", strings.Join(days, ","), w.From/60, w.From%60, w.To/60, w.To%60, w.Zone)
}

// OpenWindow answers whether one of the windows is open, and where none is,
// when the first of them opens: the zero time where none will. No windows are
// always open.
func OpenWindow(windows []Window, at time.Time) (bool, time.Time) {
	var next time.Time
	for _, w := range windows {
		if w.Open(at) {
			return true, time.Time{}
		}
		if t, ok := w.Next(at); ok && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return len(windows) == 0, next
}

// dayNames are the days as bot.yaml has them, by time.Weekday.
func dayNames() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

func (l *loader) windows(path string, n *yaml.Node, to *[]Window) {
	if resolve(n).Kind == yaml.SequenceNode && len(resolve(n).Content) == 0 {
		l.fault(resolve(n), "%s must name at least one time", path)
	}
	l.list(path, n, func(path string, n *yaml.Node) {
		w := Window{Days: [7]bool{true, true, true, true, true, true, true}, To: day}
		before := len(l.problems)
		var days, hours, zone string
		ok := l.object(path, n,
			field{"days", l.checked(&days, func(s string) string { return readDays(s, &w.Days) })},
			field{"hours", l.checked(&hours, func(s string) string { return readHours(s, &w) })},
			field{"zone", l.checked(&zone, func(s string) string { return readZone(s, &w.Zone) })},
		)
		switch {
		case !ok || len(l.problems) > before:
		case zone == "":
			l.fault(resolve(n), "%s needs zone, such as Asia/Tokyo or UTC: the clock by which it is judged", path)
		case days == "" && hours == "":
			l.fault(resolve(n), "%s needs days or hours", path)
		default:
			*to = append(*to, w)
		}
	})
}

// readDays reads days such as "mon-fri" or "mon, wed, sat-sun".
func readDays(s string, to *[7]bool) string {
	var days [7]bool
	for part := range strings.SplitSeq(strings.ToLower(s), ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from := slices.Index(dayNames(), strings.TrimSpace(first))
		until := from
		if isRange {
			until = slices.Index(dayNames(), strings.TrimSpace(last))
		}
		if from < 0 || until < 0 {
			return quoted(s) + " are not days such as mon-fri or mon,wed,sat"
		}
		for d := from; ; d = (d + 1) % 7 {
			days[d] = true
			if d == until {
				break
			}
		}
	}
	*to = days
	return ""
}

// readHours reads hours such as 09:00-17:00, or 22:00-06:00 over midnight.
func readHours(s string, w *Window) string {
	var h1, m1, h2, m2 int
	wrong := shape(s, `^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`, "hours such as 09:00-17:00")
	if wrong != "" {
		return wrong
	}
	if _, err := fmt.Sscanf(s, "%d:%d-%d:%d", &h1, &m1, &h2, &m2); err != nil {
		return quoted(s) + " is not hours such as 09:00-17:00"
	}
	w.From, w.To = h1*60+m1, h2*60+m2
	if w.From == w.To {
		return quoted(s) + " is no time at all; leave hours out for the whole day"
	}
	return ""
}

// readZone reads an IANA time zone. Local is refused: it would be another on
// another machine.
func readZone(s string, to **time.Location) string {
	zone, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		return quoted(s) + " is not a time zone such as Asia/Tokyo"
	}
	*to = zone
	return ""
}
