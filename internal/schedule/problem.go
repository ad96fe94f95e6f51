package schedule

import (
	"fmt"
	"sort"
	"strings"
)

// ProblemID names what is wrong with a schedule's text or zone. The ids are
// stable; the chat edge turns each into a sentence.
type ProblemID string

// What can be wrong. Each comment lists the params of the problem; "text" is
// what was written there, "field" one of minute, hour, day, month, weekday.
const (
	ProblemEmpty           ProblemID = "empty"                 // nothing was written
	ProblemTooLong         ProblemID = "too_long"              // max: characters
	ProblemBadCharacter    ProblemID = "bad_character"         // text: one that is not printable ASCII
	ProblemNotUnderstood   ProblemID = "not_understood"        // text
	ProblemFieldCount      ProblemID = "field_count"           // count: fields found instead of five
	ProblemSeconds         ProblemID = "seconds_not_supported" // text: six fields, or an interval with seconds
	ProblemBadField        ProblemID = "bad_field"             // field, text
	ProblemOutOfRange      ProblemID = "out_of_range"          // field, text, min, max
	ProblemBackwards       ProblemID = "backwards"             // field, text, instead: the same as two ranges
	ProblemZeroStep        ProblemID = "zero_step"             // field, text
	ProblemNotSupported    ProblemID = "not_supported"         // field, text, what: one of ? L W # H, instead: may be empty
	ProblemUnknownName     ProblemID = "unknown_name"          // field, text, near: may be empty
	ProblemUnknownMacro    ProblemID = "unknown_macro"         // text, near: may be empty
	ProblemNeverFires      ProblemID = "never_fires"           // text
	ProblemTooOften        ProblemID = "too_often"             // text: less than a minute between ticks
	ProblemBadInterval     ProblemID = "bad_interval"          // text
	ProblemTooFar          ProblemID = "too_far"               // text, max: years
	ProblemBadDate         ProblemID = "bad_date"              // text: not a date and time YYYY-MM-DD HH:MM
	ProblemBadTime         ProblemID = "bad_time"              // text: not a time of day
	ProblemPast            ProblemID = "past"                  // text
	ProblemUnknownZone     ProblemID = "unknown_zone"          // zone, near: may be empty
	ProblemZoneInText      ProblemID = "zone_in_text"          // zone: what should be said by --tz
	ProblemUnknownOnMissed ProblemID = "unknown_on_missed"     // text, known
)

// ProblemIDs are all ids, for the test that demands a sentence for each.
func ProblemIDs() []ProblemID {
	return []ProblemID{
		ProblemEmpty, ProblemTooLong, ProblemBadCharacter, ProblemNotUnderstood, ProblemFieldCount,
		ProblemSeconds, ProblemBadField, ProblemOutOfRange, ProblemBackwards, ProblemZeroStep,
		ProblemNotSupported, ProblemUnknownName, ProblemUnknownMacro, ProblemNeverFires, ProblemTooOften,
		ProblemBadInterval, ProblemTooFar, ProblemBadDate, ProblemBadTime, ProblemPast, ProblemUnknownZone,
		ProblemZoneInText, ProblemUnknownOnMissed,
	}
}

// Problem is what is wrong and where. Where is the column of the text at which
// it begins, counted in characters from 1, or 0 if it is about no place in the
// text. Params hold what a person wrote, unescaped and bounded.
type Problem struct {
	Where  int
	What   ProblemID
	Params map[string]string
}

// Error writes the problem for logs and tests only.
func (p *Problem) Error() string {
	keys := make([]string, 0, len(p.Params))
	for k := range p.Params {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var b strings.Builder
	fmt.Fprintf(&b, "column %d: %s", p.Where, p.What)
	for _, k := range keys {
		fmt.Fprintf(&b, " %s=%q", k, p.Params[k])
	}
	return b.String()
}

// problem makes a Problem; params are key, value, key, value.
func problem(where int, what ProblemID, params ...string) *Problem {
	p := &Problem{Where: where, What: what, Params: map[string]string{}}
	for i := 0; i+1 < len(params); i += 2 {
		p.Params[params[i]] = params[i+1]
	}
	return p
}
