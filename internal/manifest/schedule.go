package manifest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// scheduleProblem answers what is wrong with a schedule expression, and how to
// mend it, or "". It holds what the EventBridge Scheduler User Guide says in
// "Schedule types".
func scheduleProblem(expression string) (message, hint string) {
	kind, rest, ok := strings.Cut(expression, "(")
	body, closed := strings.CutSuffix(rest, ")")
	if !ok || !closed || kind != "cron" && kind != "rate" && kind != "at" {
		return "schedule cannot be " + quote(expression), "cron(0 9 ? * MON-FRI *), rate(5 minutes) or at(2027-01-31T09:00:00)"
	}
	switch kind {
	case "cron":
		return cronProblem(strings.Fields(body))
	case "rate":
		return rateProblem(body)
	default:
		at, err := time.Parse("2006-01-02T15:04:05", body)
		switch {
		case err != nil:
			return "at cannot be " + quote(body), "such as at(2027-01-31T09:00:00)"
		case at.Year() < earliest:
			return "at(" + body + ") is over and never comes", "such as at(2027-01-31T09:00:00)"
		}
		return "", ""
	}
}

// earliest is the first year that a schedule may name. What is over never comes;
// what is over today is not known here, because a file that was read must read
// the same for ever.
const earliest = 2020

// rateProblem checks a positive number and its unit, singular for one.
func rateProblem(body string) (message, hint string) {
	number, unit, _ := strings.Cut(body, " ")
	n, err := strconv.ParseUint(number, 10, 31)
	if err != nil || n == 0 || number[0] == '0' || number[0] == '+' {
		return "rate cannot be " + quote(body), "a whole number and a unit, such as rate(5 minutes)"
	}
	singular := strings.TrimSuffix(unit, "s")
	if singular != "minute" && singular != "hour" && singular != "day" {
		return "rate cannot be of " + quote(unit), "minutes, hours or days"
	}
	want := singular
	if n > 1 {
		want += "s"
	}
	if unit != want {
		return "rate cannot be " + quote(body), fmt.Sprintf("write rate(%d %s)", n, want)
	}
	return "", ""
}

// cronField is one field of a cron expression.
type cronField struct {
	name      string
	low, high int
	words     string // names of the values from low on, three letters each
	marks     string // which of / ? L W # it takes besides , - and *
}

func cronFields() []cronField {
	return []cronField{
		{name: "minutes", high: 59, marks: "/"},
		{name: "hours", high: 23, marks: "/"},
		{name: "day-of-month", low: 1, high: 31, marks: "/?LW"},
		{name: "month", low: 1, high: 12, marks: "/", words: "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
		{name: "day-of-week", low: 1, high: 7, marks: "?L#", words: "SUNMONTUEWEDTHUFRISAT"},
		{name: "year", low: earliest, high: 2199, marks: "/"},
	}
}

func cronProblem(fields []string) (message, hint string) {
	known := cronFields()
	if len(fields) != len(known) {
		hint := "minutes hours day-of-month month day-of-week year"
		if len(fields) == len(known)-1 {
			hint += "; is the year missing?"
		}
		return fmt.Sprintf("cron has six fields, not %d", len(fields)), hint
	}
	for i, f := range known {
		for _, item := range strings.Split(fields[i], ",") {
			if !f.takes(item) || item == "?" && fields[i] != "?" {
				return f.name + " cannot be " + quote(fields[i]), f.bounds()
			}
		}
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return "one of day-of-month and day-of-week must be ?, and the other not", "such as cron(0 9 ? * MON-FRI *)"
	}
	if !comes(fields[2], fields[3], fields[5]) {
		return "no such day ever comes: " + quote(fields[2]) + " of the month " + quote(fields[3]), "day-of-month and month must meet"
	}
	return "", ""
}

// comes says whether there is a day as the fields of a cron expression name it:
// the least of the days is in one of the months, in one of the years.
func comes(day, month, year string) bool {
	known := cronFields()
	least := 31
	for _, item := range strings.Split(day, ",") {
		least = min(least, max(known[2].first(strings.TrimSuffix(item, "W")), 1))
	}
	for m := 1; m <= 12; m++ {
		if !known[3].has(month, m) {
			continue
		}
		days := time.Date(2023, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
		for y := earliest; m == 2 && y <= 2199; y++ {
			if known[5].has(year, y) {
				days = max(days, time.Date(y, 3, 0, 0, 0, 0, 0, time.UTC).Day())
			}
		}
		if least <= days {
			return true
		}
	}
	return false
}

// first answers the least value of an item, or -1 where it names none.
func (f cronField) first(item string) int {
	span, _, _ := strings.Cut(item, "/")
	from, _, _ := strings.Cut(span, "-")
	return f.value(from)
}

// has says whether a value is among those that a field names.
func (f cronField) has(field string, v int) bool {
	for _, item := range strings.Split(field, ",") {
		span, step, stepped := strings.Cut(item, "/")
		from, to, ranged := strings.Cut(span, "-")
		low, high, by := f.low, f.high, 1
		if span != "*" {
			low = f.value(from)
			switch {
			case ranged:
				high = f.value(to)
			case !stepped:
				high = low
			}
		}
		if n, err := strconv.Atoi(step); stepped && err == nil && n > 0 {
			by = n
		}
		if v >= low && v <= high && (v-low)%by == 0 {
			return true
		}
	}
	return false
}

// bounds says which values the field has.
func (f cronField) bounds() string {
	text := fmt.Sprintf("%d to %d", f.low, f.high)
	if f.words != "" {
		text += fmt.Sprintf(" or %s to %s", f.words[:3], f.words[len(f.words)-3:])
	}
	return text
}

// takes says whether one item of a comma separated list is understood.
func (f cronField) takes(item string) bool {
	switch {
	case item == "*":
		return true
	case item == "?" || item == "L":
		return strings.Contains(f.marks, item)
	case strings.Contains(f.marks, "W") && strings.HasSuffix(item, "W"):
		return f.value(strings.TrimSuffix(item, "W")) >= 0
	case strings.Contains(f.marks, "#") && strings.HasSuffix(item, "L"):
		return f.value(strings.TrimSuffix(item, "L")) >= 0
	case strings.Contains(f.marks, "#") && strings.Contains(item, "#"):
		day, nth, _ := strings.Cut(item, "#")
		return f.value(day) >= 0 && len(nth) == 1 && nth >= "1" && nth <= "5"
	}
	span, step, stepped := strings.Cut(item, "/")
	if stepped && !f.steps(step) {
		return false
	}
	return stepped && span == "*" || f.spans(span)
}

// steps says whether the field can be gone through by n.
func (f cronField) steps(n string) bool {
	step, err := strconv.ParseUint(n, 10, 16)
	return err == nil && step > 0 && int(step) <= f.high && strings.Contains(f.marks, "/")
}

// spans says whether s is a value, or a range of values.
func (f cronField) spans(s string) bool {
	from, to, ranged := strings.Cut(s, "-")
	low := f.value(from)
	return low >= 0 && (!ranged || f.value(to) >= low)
}

// value answers a number or a name of the field, or -1.
func (f cronField) value(s string) int {
	if i := strings.Index(f.words, strings.ToUpper(s)); len(s) == 3 && i >= 0 && i%3 == 0 {
		return f.low + i/3
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || int(n) < f.low || int(n) > f.high {
		return -1
	}
	return int(n)
}
