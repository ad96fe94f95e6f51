package schedule

import (
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// star marks a field that is not restricted, as in robfig/cron.
const star = uint64(1) << 63

// field is one of the five places of a cron expression.
type field struct {
	id       string
	min, max int
	names    []string // of min, min+1, ...; three letters or the whole word
}

// places are the five fields in their order. 7 is Sunday in the last.
func places() []field {
	return []field{
		{"minute", 0, 59, nil},
		{"hour", 0, 23, nil},
		{"day", 1, 31, nil},
		{"month", 1, 12, []string{
			"january", "february", "march", "april", "may", "june", "july",
			"august", "september", "october", "november", "december",
		}},
		{"weekday", 0, 7, []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}},
	}
}

// word is a part of the text and the column at which it begins.
type word struct {
	text string
	at   int
}

// words splits at blanks.
func words(text string, at int) []word {
	var out []word
	start := -1
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] != ' ' && text[i] != '\t' {
			if start < 0 {
				start = i
			}
		} else if start >= 0 {
			out = append(out, word{text[start:i], at + start})
			start = -1
		}
	}
	return out
}

// cut splits a word, keeping the columns.
func (w word) cut(sep string) []word {
	var out []word
	at := w.at
	for _, part := range strings.Split(w.text, sep) {
		out = append(out, word{part, at})
		at += len(part) + len(sep)
	}
	return out
}

// parseFields reads five cron fields.
func parseFields(ws []word) (*cron.SpecSchedule, error) {
	if len(ws) == 6 {
		return nil, problem(ws[0].at, ProblemSeconds, "text", ws[0].text)
	}
	if len(ws) != 5 {
		return nil, problem(ws[len(ws)-1].at, ProblemFieldCount, "count", strconv.Itoa(len(ws)))
	}
	bits := make([]uint64, 5)
	for i, f := range places() {
		for _, item := range ws[i].cut(",") {
			b, err := f.item(item)
			if err != nil {
				return nil, err
			}
			bits[i] |= b
		}
	}
	const sunday = uint64(1) << 7
	if bits[4]&sunday != 0 {
		bits[4] = bits[4]&^sunday | 1
	}
	return &cron.SpecSchedule{
		Second: 1, Minute: bits[0], Hour: bits[1], Dom: bits[2], Month: bits[3], Dow: bits[4],
		Location: time.UTC,
	}, nil
}

// item reads one item of a list: *, N, N-M, each with or without /STEP.
func (f field) item(w word) (uint64, error) {
	if err := f.unsupported(w); err != nil {
		return 0, err
	}
	parts := w.cut("/")
	if len(parts) > 2 || w.text == "" {
		return 0, f.bad(w)
	}
	low, high, single, err := f.span(parts[0])
	if err != nil {
		return 0, err
	}
	step := 1
	if len(parts) == 2 {
		if step, err = f.step(parts[1], w); err != nil {
			return 0, err
		}
		if single { // N/STEP goes on to the end
			high = max(low, f.top())
		}
	}
	var bits uint64
	for v := low; v <= high; v += step {
		bits |= 1 << v
	}
	if parts[0].text == "*" && step == 1 {
		bits |= star
	}
	return bits, nil
}

// top is the last value of a star.
func (f field) top() int {
	if f.id == "weekday" {
		return 6
	}
	return f.max
}

// span reads what stands before the slash.
func (f field) span(w word) (low, high int, single bool, err error) {
	if w.text == "*" {
		return f.min, f.top(), false, nil
	}
	ends := w.cut("-")
	if len(ends) > 2 {
		return 0, 0, false, f.bad(w)
	}
	if low, err = f.value(ends[0], w); err != nil {
		return 0, 0, false, err
	}
	if len(ends) == 1 {
		return low, low, true, nil
	}
	if high, err = f.value(ends[1], w); err != nil {
		return 0, 0, false, err
	}
	if f.id == "weekday" && high == 0 && low > 0 {
		high = 7 // fri-sun
	}
	if low > high {
		return 0, 0, false, problem(w.at, ProblemBackwards, "field", f.id, "text", clip(w.text), "instead",
			f.half(ends[0].text, low, f.top())+","+f.half(ends[1].text, high, f.min))
	}
	return low, high, false, nil
}

// half writes one half of a range that was written backwards: from one of its
// ends to the border of the field.
func (f field) half(end string, value, border int) string {
	edge := strconv.Itoa(border)
	if !digits(end) {
		edge = f.names[border-f.min][:3]
	}
	switch {
	case value == border:
		return end
	case value < border:
		return end + "-" + edge
	default:
		return edge + "-" + end
	}
}

// value reads a number or a name.
func (f field) value(w, whole word) (int, error) {
	if w.text == "" {
		return 0, f.bad(whole)
	}
	if w.text[0] < '0' || w.text[0] > '9' {
		return f.name(w, whole)
	}
	if !digits(w.text) {
		return 0, f.bad(w)
	}
	n, err := strconv.Atoi(w.text)
	if err != nil || n < f.min || n > f.max {
		return 0, problem(w.at, ProblemOutOfRange, "field", f.id, "text", clip(w.text),
			"min", strconv.Itoa(f.min), "max", strconv.Itoa(f.top()))
	}
	return n, nil
}

// name reads mon, monday, jan, january in any case.
func (f field) name(w, whole word) (int, error) {
	lower := strings.ToLower(w.text)
	for i, n := range f.names {
		if lower == n || lower == n[:3] {
			return f.min + i, nil
		}
	}
	if f.names == nil || !letters(lower) {
		return 0, f.bad(whole)
	}
	return 0, problem(w.at, ProblemUnknownName, "field", f.id, "text", clip(w.text), "near", nearest(lower, f.names))
}

// step reads what stands behind the slash.
func (f field) step(w, whole word) (int, error) {
	if !digits(w.text) {
		return 0, f.bad(whole)
	}
	n, err := strconv.Atoi(w.text)
	if size := f.top() - f.min + 1; err != nil || n > size { // */90 minutes would be once an hour
		return 0, problem(w.at, ProblemOutOfRange, "field", f.id, "text", clip(w.text), "min", "1", "max", strconv.Itoa(size))
	}
	if n == 0 {
		return 0, problem(w.at, ProblemZeroStep, "field", f.id, "text", clip(whole.text))
	}
	return n, nil
}

// unsupported finds what other schedulers know: ? and L W # of Quartz, H of
// Jenkins. robfig/cron takes ? for *, and none of the others.
func (f field) unsupported(w word) error {
	upper := strings.ToUpper(w.text)
	head, _, _ := strings.Cut(upper, "/")
	var what, instead string
	switch {
	case strings.Contains(upper, "?"):
		what, instead = "?", "*"
	case strings.Contains(upper, "#"):
		what = "#"
	case head == "H" || strings.HasPrefix(upper, "H("):
		what = "H"
	case head == "L" || strings.HasPrefix(upper, "L-") || digits(strings.TrimSuffix(head, "L")) && !digits(head):
		what = "L"
	case head == "W" || head == "LW" || digits(strings.TrimSuffix(head, "W")) && !digits(head):
		what = "W"
	default:
		return nil
	}
	return problem(w.at, ProblemNotSupported, "field", f.id, "text", clip(w.text), "what", what, "instead", instead)
}

func (f field) bad(w word) *Problem {
	return problem(w.at, ProblemBadField, "field", f.id, "text", clip(w.text))
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func letters(s string) bool { return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == "" }

// clip bounds what is repeated to a person.
func clip(s string) string {
	const limit = 40
	if len(s) > limit {
		return s[:limit] + "..."
	}
	return s
}
