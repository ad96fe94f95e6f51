package commands

import (
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/text"
)

// span is a flag that holds a length of time, and between what it has to be.
type span struct {
	flag, example string
	least, most   time.Duration // a zero is always taken, unless least is more than that
}

// read reads 10m, 4h, 1h30m or 7d; "0" is none. Errors: a problem.
func (x span) read(s string) (time.Duration, error) {
	s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
	word := "--" + x.flag + " " + clip(s)
	if s == "" || s == "0" && x.least == 0 {
		return 0, nil
	}
	if onlyDigits.MatchString(s) {
		return 0, problem{id: problemForm, word: word, suggestion: "--" + x.flag + " " + s + "m"}
	}
	wrong := problem{id: problemForm, word: word, suggestion: "--" + x.flag + " " + x.example}
	if !lengthForm.MatchString(s) || len(s) > 40 {
		return 0, wrong
	}
	var total time.Duration
	for _, m := range lengthPart.FindAllStringSubmatch(s, -1) {
		unit, ok := units()[m[2]]
		if days := map[string]bool{"d": true, "day": true, "days": true}; days[m[2]] {
			unit, ok = 24*time.Hour, true
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if !ok || err != nil {
			return 0, wrong
		}
		total += time.Duration(min(n, int64(x.most/unit)+1) * int64(unit)) // whatever is more is too much
	}
	if total < max(x.least, time.Minute) || total > x.most {
		return 0, problem{id: text.ProblemSpan, word: word, suggestion: x.bounds()}
	}
	return total, nil
}

// bounds writes between what a length has to be, as it is typed.
func (x span) bounds() string {
	return Short(max(x.least, time.Minute)) + " – " + Short(x.most)
}

// Short writes a length as it is typed: 90m, 4h, 7d.
func Short(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d%(24*time.Hour) == 0:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	default:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
}
