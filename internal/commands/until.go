package commands

import (
	"strings"
	"time"
)

// untilWhen reads until when something holds, in the zone of now: friday, fri
// 18:00, tomorrow, today 17:00, 2026-12-01, 2026-12-01 12:00. A day without a
// time is meant whole. A day of the week is the next one, today included where
// its time is still to come.
func untilWhen(s string, now time.Time) (time.Time, bool) {
	words := strings.Fields(strings.ToLower(s))
	if len(words) == 0 || len(words) > 2 {
		return time.Time{}, false
	}
	hour, minute, whole := 0, 0, true
	if len(words) == 2 {
		at, err := time.Parse("15:04", words[1])
		if err != nil {
			return time.Time{}, false
		}
		hour, minute, whole = at.Hour(), at.Minute(), false
	}
	on := func(year int, month time.Month, day int) time.Time {
		if whole {
			return time.Date(year, month, day+1, 0, 0, 0, 0, now.Location())
		}
		return time.Date(year, month, day, hour, minute, 0, 0, now.Location())
	}
	if d, err := time.Parse(time.DateOnly, words[0]); err == nil {
		return on(d.Year(), d.Month(), d.Day()), true
	}
	ahead, ok := daysAhead(words[0], now.Weekday())
	if !ok {
		return time.Time{}, false
	}
	at := on(now.Year(), now.Month(), now.Day()+ahead)
	if _, named := weekdayOf(words[0]); named && !at.After(now) {
		at = on(now.Year(), now.Month(), now.Day()+ahead+7)
	}
	return at, true
}

// daysAhead is how many days it is to a day that is named.
func daysAhead(word string, today time.Weekday) (int, bool) {
	switch word {
	case "today":
		return 0, true
	case "tomorrow":
		return 1, true
	}
	day, ok := weekdayOf(word)
	return (int(day-today) + 7) % 7, ok
}

func weekdayOf(word string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := strings.ToLower(d.String()); word == name || len(word) >= 3 && len(word) <= 4 && strings.HasPrefix(name, word) {
			return d, true
		}
	}
	return 0, false
}
