package commands

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/text"
)

// minLength is the shortest access there is.
const minLength = time.Minute

// units are how people write lengths of time.
func units() map[string]time.Duration {
	return map[string]time.Duration{
		"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
		"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
		"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
	}
}

var (
	onlyDigits = regexp.MustCompile(`^\d{1,6}$`)
	lengthForm = regexp.MustCompile(`^(?:\d{1,6}[a-z]+)+$`)
	lengthPart = regexp.MustCompile(`(\d+)([a-z]+)`)
)

// length reads a length of time such as 10m, 1h30m or 10minutes; nothing is 0.
// Errors: a problem, too_short.
func length(s string) (time.Duration, error) {
	s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
	if s == "" {
		return 0, nil
	}
	if onlyDigits.MatchString(s) {
		return 0, problem{id: text.ProblemNoUnit, word: s, suggestion: s + "m"}
	}
	wrong := problem{id: problemForm, word: "for " + clip(s), suggestion: "for 10m"}
	if !lengthForm.MatchString(s) || len(s) > 40 {
		return 0, wrong
	}
	var total time.Duration
	for _, m := range lengthPart.FindAllStringSubmatch(s, -1) {
		unit, ok := units()[m[2]]
		if !ok {
			return 0, wrong
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return 0, wrong
		}
		total += time.Duration(n * int64(unit)) // at most six digits, each: no overflow
	}
	if total < minLength {
		return 0, bcn.E(bcn.CodeTooShort, "least", minLength.String())
	}
	return total, nil
}

// limitFor finds "for 10m" and "for 10 minutes", which are rewritten to the
// flag that the grammar knows.
var limitFor = regexp.MustCompile(`(?i)(^|\s)for\s+((?:\d+\s*(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b\s*)+|\d\S*)(\s|$)`)

func rewriteFor(s string) string {
	head, tail, cut := strings.Cut(s, " -- ")
	head = limitFor.ReplaceAllStringFunc(head, func(m string) string {
		parts := limitFor.FindStringSubmatch(m)
		return parts[1] + "--for=" + strings.ReplaceAll(parts[2], " ", "") + " "
	})
	if cut {
		return strings.TrimRight(head, " ") + " -- " + tail
	}
	return strings.TrimRight(head, " ")
}
