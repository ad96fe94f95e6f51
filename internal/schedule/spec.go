package schedule

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/robfig/cron/v3"
)

// Bounds of what is accepted.
const (
	// MaxText is the longest text of a schedule, in characters.
	MaxText = 200
	// MaxYears is how far ahead a single time may be.
	MaxYears = 5
)

// Spec is a parsed schedule: text, zone and the time it was added determine
// its ticks. The zero Spec has none.
type Spec struct {
	text  string
	zone  *time.Location
	added time.Time

	// One of these says when.
	cron  *cron.SpecSchedule // fields of readings
	every time.Duration      // from the minute of added on
	once  time.Time          // a reading
}

// Parse reads a schedule's text in the zone of that name. Added is the time at
// which it was added: intervals may count from it, and a single time before it
// is refused. An error is a *Problem.
func Parse(text, zone string, added time.Time) (Spec, error) {
	ws, err := split(text)
	if err != nil {
		return Spec{}, err
	}
	for _, prefix := range []string{"TZ=", "CRON_TZ="} {
		if strings.HasPrefix(strings.ToUpper(ws[0].text), prefix) {
			return Spec{}, problem(ws[0].at, ProblemZoneInText, "zone", clip(ws[0].text[len(prefix):]))
		}
	}
	loc, err := Zone(zone)
	if err != nil {
		return Spec{}, err
	}
	s := Spec{text: join(ws), zone: loc, added: wholeMinute(added)}
	if err := s.read(ws, added); err != nil {
		return Spec{}, err
	}
	return s, nil
}

// split checks the characters of the text, and splits it at blanks.
func split(text string) ([]word, error) {
	if utf8.RuneCountInString(text) > MaxText {
		return nil, problem(MaxText+1, ProblemTooLong, "max", strconv.Itoa(MaxText))
	}
	column := 0
	for _, r := range text {
		column++
		if r != '\t' && (r < ' ' || r > '~') {
			return nil, problem(column, ProblemBadCharacter, "text", strings.ToValidUTF8(string(r), "?"))
		}
	}
	ws := words(text, 1)
	if len(ws) == 0 {
		return nil, problem(1, ProblemEmpty)
	}
	return ws, nil
}

func join(ws []word) string {
	parts := make([]string, len(ws))
	for i, w := range ws {
		parts[i] = w.text
	}
	return strings.Join(parts, " ")
}

// read decides by the first word what kind of text it is.
func (s *Spec) read(ws []word, added time.Time) error {
	first, rest := strings.ToLower(ws[0].text), ws[1:]
	switch {
	case first == "at":
		return s.readOnce(ws, added)
	case first == "@every" || first == "every" && isInterval(rest):
		return s.readEvery(ws)
	case first == "every":
		return s.compile(sentence(rest))
	case first[0] == '@' && len(rest) == 0:
		return s.compile(macro(ws[0]))
	case first[0] == '@':
		return problem(rest[0].at, ProblemNotUnderstood, "text", clip(rest[0].text))
	case len(ws) != 5 && letters(strings.Trim(first, ",")) || len(ws) > 1 && strings.EqualFold(ws[len(ws)-2].text, "at"):
		return s.compile(sentence(ws))
	}
	fields, err := parseFields(ws)
	if err != nil {
		return err
	}
	return s.set(fields, ws)
}

// compile sets the cron fields that other words stand for.
func (s *Spec) compile(text string, err error) error {
	if err != nil {
		return err
	}
	fields, err := parseFields(words(text, 1))
	if err != nil {
		return err
	}
	s.cron = fields
	return nil
}

// set refuses fields that never fire, such as 30 February.
func (s *Spec) set(fields *cron.SpecSchedule, ws []word) error {
	s.cron = fields
	if _, ok := s.following(time.Unix(0, 0).UTC()); !ok {
		return problem(ws[2].at, ProblemNeverFires, "text", clip(s.text))
	}
	return nil
}

// isInterval tells "every 30m" and "every hour" from "every monday at 10".
func isInterval(ws []word) bool {
	if len(ws) == 0 {
		return true // of which the interval is missing
	}
	_, alone := unit(strings.ToLower(ws[0].text))
	return alone && len(ws) == 1 || ws[0].text[0] >= '0' && ws[0].text[0] <= '9'
}

func (s *Spec) readEvery(ws []word) error {
	if len(ws) == 1 {
		return problem(ws[0].at, ProblemBadInterval, "text", "")
	}
	d, err := interval(ws[1:])
	if err != nil {
		return err
	}
	if text := aligned(d); text != "" {
		return s.compile(text, nil)
	}
	s.every = d
	return nil
}

func (s *Spec) readOnce(ws []word, added time.Time) error {
	if len(ws) == 1 {
		return problem(ws[0].at, ProblemBadDate, "text", "")
	}
	wall, err := date(ws[1:])
	if err != nil {
		return err
	}
	at := reach(wall, s.zone)
	if !at.After(added) {
		return problem(ws[1].at, ProblemPast, "text", clip(join(ws[1:])))
	}
	if at.After(added.AddDate(MaxYears, 0, 0)) {
		return problem(ws[1].at, ProblemTooFar, "text", clip(join(ws[1:])), "max", strconv.Itoa(MaxYears))
	}
	s.once = wall
	return nil
}

// String is the text as it was written, with single blanks: what is stored.
func (s Spec) String() string { return s.text }

// Zone is the zone in which the text is meant.
func (s Spec) Zone() *time.Location { return s.zone }

// Once says whether there is at most one tick.
func (s Spec) Once() bool { return !s.once.IsZero() }
