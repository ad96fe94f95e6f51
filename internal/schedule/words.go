package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// macro reads @daily and its like as cron fields.
func macro(w word) (string, error) {
	names := []string{"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"}
	fields := []string{"0 * * * *", "0 0 * * *", "0 0 * * *", "0 0 * * 0", "0 0 1 * *", "0 0 1 1 *", "0 0 1 1 *"}
	if i := slices.Index(names, strings.ToLower(w.text)); i >= 0 {
		return fields[i], nil
	}
	return "", problem(w.at, ProblemUnknownMacro, "text", clip(w.text), "near", nearest(w.text, names))
}

// interval reads "30m", "1h30m", "2 hours", "hour".
func interval(ws []word) (time.Duration, error) {
	text := ""
	for _, w := range ws {
		text += strings.ToLower(w.text)
	}
	bad := problem(ws[0].at, ProblemBadInterval, "text", clip(text))
	if letters(text) { // every hour
		text = "1" + text
	}
	var total time.Duration
	for text != "" {
		number := text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
		text = text[len(number):]
		name := text[:len(text)-len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz"))]
		text = text[len(name):]
		size, known := unit(name)
		if number == "" || !known {
			return 0, bad
		}
		n, err := strconv.Atoi(number)
		if err != nil || n > int(longest/size) {
			return 0, problem(ws[0].at, ProblemTooFar, "text", clip(number+name), "max", "1")
		}
		total += time.Duration(n) * size
	}
	switch {
	case total < time.Minute:
		return 0, problem(ws[0].at, ProblemTooOften, "text", bad.Params["text"])
	case total%time.Minute != 0:
		return 0, problem(ws[0].at, ProblemSeconds, "text", bad.Params["text"])
	case total > longest:
		return 0, problem(ws[0].at, ProblemTooFar, "text", bad.Params["text"], "max", "1")
	}
	return total, nil
}

// longest is the longest interval.
const longest = 366 * day

const day = 24 * time.Hour

func unit(name string) (time.Duration, bool) {
	switch name {
	case "s", "sec", "secs", "second", "seconds":
		return time.Second, true
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute, true
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour, true
	case "d", "day", "days":
		return day, true
	case "w", "week", "weeks":
		return 7 * day, true
	}
	return 0, false
}

// aligned answers the cron fields with the same times as an interval from
// midnight, or "" if there are none.
func aligned(d time.Duration) string {
	minutes, hours := int(d/time.Minute), int(d/time.Hour)
	switch {
	case d < time.Hour && 60%minutes == 0:
		return fmt.Sprintf("*/%d * * * *", minutes)
	case d%time.Hour == 0 && hours <= 24 && 24%hours == 0:
		return fmt.Sprintf("0 */%d * * *", hours)
	}
	return ""
}

// sentence reads "mondays at 10", "every mon, thu at 15:00" and "daily at 9"
// as cron fields. The words before "at" are days.
func sentence(ws []word) (string, error) {
	at := slices.IndexFunc(ws, func(w word) bool { return strings.EqualFold(w.text, "at") })
	if at < 0 {
		at = len(ws)
	}
	var days []string
	for _, w := range ws[:at] {
		for _, name := range w.cut(",") {
			if name.text == "" || strings.EqualFold(name.text, "and") {
				continue
			}
			d, err := weekday(name)
			if err != nil {
				return "", err
			}
			days = append(days, d)
		}
	}
	if len(days) == 0 {
		return "", problem(ws[0].at, ProblemNotUnderstood, "text", clip(ws[0].text))
	}
	if at >= len(ws)-1 {
		last := ws[len(ws)-1]
		return "", problem(last.at+len(last.text), ProblemBadTime, "text", "")
	}
	clock, err := timeOfDay(ws[at+1:])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %d * * %s", clock.Minute, clock.Hour, strings.Join(days, ",")), nil
}

// weekday reads a word for days as the fifth cron field.
func weekday(w word) (string, error) {
	lower := strings.ToLower(w.text)
	switch strings.TrimSuffix(lower, "s") {
	case "day", "daily", "everyday":
		return "*", nil
	case "weekday":
		return "1-5", nil
	case "weekend":
		return "0,6", nil
	}
	names := places()[4].names
	for i, n := range names {
		if lower == n || lower == n+"s" || lower == n[:3] {
			return strconv.Itoa(i), nil
		}
	}
	if near := nearest(lower, names); near != "" && len(lower) > 3 {
		return "", problem(w.at, ProblemUnknownName, "field", "weekday", "text", clip(w.text), "near", near)
	}
	return "", problem(w.at, ProblemNotUnderstood, "text", clip(w.text))
}

// Clock is a time of day, as it is read from a clock with 24 hours.
type Clock struct{ Hour, Minute int }

// timeOfDay reads "9", "9:30", "09:30", "9am", "9:30 pm".
func timeOfDay(ws []word) (Clock, error) {
	text := ""
	for _, w := range ws {
		text += strings.ToLower(w.text)
	}
	bad := problem(ws[0].at, ProblemBadTime, "text", clip(text))
	rest, half := text, ""
	for _, suffix := range []string{"am", "pm"} {
		if strings.HasSuffix(rest, suffix) {
			rest, half = strings.TrimSuffix(rest, suffix), suffix
		}
	}
	hour, minute, colon := strings.Cut(rest, ":")
	if !colon {
		minute = "00"
	}
	if !digits(hour) || len(hour) > 2 || !digits(minute) || len(minute) != 2 {
		return Clock{}, bad
	}
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	if half != "" {
		if h < 1 || h > 12 {
			return Clock{}, bad
		}
		h %= 12
		if half == "pm" {
			h += 12
		}
	}
	if h > 23 || m > 59 {
		return Clock{}, bad
	}
	return Clock{h, m}, nil
}

// date reads "2027-01-05 09:30" as a reading of a clock on the wall.
func date(ws []word) (time.Time, error) {
	parts := make([]string, 0, len(ws))
	for _, w := range ws {
		parts = append(parts, w.text)
	}
	text := strings.Join(parts, " ")
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, problem(ws[0].at, ProblemBadDate, "text", clip(text))
}
