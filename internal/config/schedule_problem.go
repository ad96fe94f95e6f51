package config

import (
	"errors"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/schedule"
)

func problemOf(err error) *schedule.Problem {
	var p *schedule.Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}

// badSchedule points at the place inside a value. Where a value's first
// character is, is known of those that stand on one line.
func (l *loader) badSchedule(path string, n *yaml.Node, err error) {
	p := problemOf(err)
	if p == nil {
		l.fault(n, "%s: %s", path, err.Error())
		return
	}
	at := *n
	if p.Where > 0 && at.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		at.Column += p.Where - 1
		if at.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			at.Column++
		}
	}
	l.fault(&at, "%s: %s", path, sentence(p))
}

// sentence says what is wrong with a time, and what would be right. Chat has
// its own words for these, in two languages; a file is read by its editors.
func sentence(p *schedule.Problem) string {
	s, ok := scheduleProblems()[p.What]
	if !ok {
		return p.Error()
	}
	years := "years"
	if p.Params["max"] == "1" {
		years = "year"
	}
	args := []string{"{years}", years}
	for k, v := range p.Params {
		if k == "field" && v == "day" {
			v = "day of the month"
		}
		if k == "text" || k == "zone" || k == "what" {
			v = quoted(v)
		}
		args = append(args, "{"+k+"}", v)
	}
	s = strings.NewReplacer(args...).Replace(s)
	if near := p.Params["near"]; near != "" {
		s += "; did you mean " + quoted(near) + "?"
	}
	if instead := p.Params["instead"]; instead != "" {
		s += "; write " + quoted(instead)
	}
	return s
}

func scheduleProblems() map[schedule.ProblemID]string {
	return map[schedule.ProblemID]string{
		schedule.ProblemEmpty:           `nothing says when; write "0 2 * * *", "@daily", every 30m or at 2027-01-05 09:30`,
		schedule.ProblemTooLong:         "it is longer than {max} characters",
		schedule.ProblemBadCharacter:    "{text} is nothing that a time holds",
		schedule.ProblemNotUnderstood:   `{text} is not understood; write "0 2 * * *", "@daily", every 30m, mondays at 10 or at 2027-01-05 09:30`,
		schedule.ProblemFieldCount:      "it has {count} fields instead of five: minute, hour, day of the month, month, weekday",
		schedule.ProblemSeconds:         "{text} counts seconds, and the smallest step is a minute",
		schedule.ProblemBadField:        "{text} is no {field}; a field is a number, a range 1-5, a list 1,3,5, a step */15, or *",
		schedule.ProblemOutOfRange:      "{text} is no {field}: it goes from {min} to {max}",
		schedule.ProblemBackwards:       "the range {text} of the {field} goes backwards",
		schedule.ProblemZeroStep:        "the step in {text} of the {field} is zero",
		schedule.ProblemNotSupported:    "{what} in the {field} is not supported",
		schedule.ProblemUnknownName:     "there is no {field} {text}",
		schedule.ProblemUnknownMacro:    "there is no {text}",
		schedule.ProblemNeverFires:      "no such day ever comes, so it would never run",
		schedule.ProblemTooOften:        "that is more often than once a minute",
		schedule.ProblemBadInterval:     "{text} is no length of time; write every 30m, every 2 hours or every 3 days",
		schedule.ProblemTooFar:          "{text} is more than {max} {years} away",
		schedule.ProblemBadDate:         "{text} is no date and time; write at 2027-01-05 09:30",
		schedule.ProblemBadTime:         "{text} is no time of day; write daily at 9, daily at 09:30 or daily at 9:30am",
		schedule.ProblemPast:            "that moment is over",
		schedule.ProblemUnknownZone:     "there is no time zone {zone}",
		schedule.ProblemZoneInText:      "the time zone {zone} does not belong here; write it as tz",
		schedule.ProblemUnknownOnMissed: "{text} is not one of {known}",
	}
}
