package config

import (
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/schedule"
)

// longestSpan is the longest of a schedule's times, as in chat.
const longestSpan = 7 * 24 * time.Hour

// Schedule is a command that runs by itself. What a file does not say is empty
// here and has the default that chat has, but for those that are named.
type Schedule struct {
	Name       string
	When       string // as package schedule reads it, with single blanks; empty: After
	Zone       string // IANA name; default UTC
	Run        string // the command, without the slash command
	As         string // Slack user id of the person in whose name it runs
	In         string // channel; default: slack.channels.announce, then approvals
	AskBefore  time.Duration
	Announce   time.Duration
	OnConflict bcn.OnConflict
	OnMissed   schedule.OnMissed
	Retries    int           // 0 to 10
	Timeout    time.Duration // 0: none
	After      string        // the schedule whose success starts it
	Quiet      bool
}

// scheduleNodes are where the parts of a schedule are written.
type scheduleNodes struct {
	path string
	whole, when, tz, after,
	askBefore, announce, onMissed *yaml.Node
}

// schedules reads what runs by itself. Names are checked once all are read.
func (l *loader) schedules(path string, n *yaml.Node) {
	taken := map[string]int{} // line
	l.list(path, n, func(path string, n *yaml.Node) {
		s := Schedule{Zone: "UTC", OnConflict: bcn.ConflictSkip, OnMissed: schedule.RunOnce}
		at := scheduleNodes{path: path, whole: resolve(n)}
		before := len(l.problems)
		if !l.object(path, n, l.scheduleFields(&s, &at)...) {
			return
		}
		if first, ok := taken[s.Name]; ok && s.Name != "" {
			l.fault(at.whole, "%s: the name %s is taken by the schedule of line %d", path, s.Name, first)
		} else {
			taken[s.Name] = at.whole.Line
		}
		if len(l.problems) == before {
			l.scheduleWhole(s, at)
		}
		l.scheduleTimes(&s, at)
		l.c.Schedules, l.scheduleAt = append(l.c.Schedules, s), append(l.scheduleAt, at)
	})
}

func (l *loader) scheduleFields(s *Schedule, at *scheduleNodes) []field {
	// here remembers where a value is written, for what is checked later.
	here := func(to **yaml.Node, read func(string, *yaml.Node)) func(string, *yaml.Node) {
		return func(path string, n *yaml.Node) {
			*to = resolve(n)
			read(path, n)
		}
	}
	var quiet *bool
	return []field{
		{"name", l.checked(&s.Name, isSchedule)},
		{"when", here(&at.when, l.checked(&s.When, anything))},
		{"tz", here(&at.tz, l.checked(&s.Zone, anything))},
		{"run", l.checked(&s.Run, l.isScheduled)},
		{"as", l.checked(&s.As, isUser)},
		{"in", l.checked(&s.In, isChannel)},
		{"ask_before", here(&at.askBefore, l.span(&s.AskBefore, longestSpan, ""))},
		{"announce", here(&at.announce, l.span(&s.Announce, longestSpan, ""))},
		{"on_conflict", l.oneOf((*string)(&s.OnConflict), string(bcn.ConflictSkip), string(bcn.ConflictQueue), string(bcn.ConflictOnce))},
		{"on_missed", here(&at.onMissed, l.oneOf((*string)(&s.OnMissed), string(schedule.RunOnce), string(schedule.Skip), string(schedule.CatchUp)))},
		{"retries", l.number(&s.Retries, 0, 10)},
		{"timeout", l.span(&s.Timeout, longestSpan, "")},
		{"after", here(&at.after, l.checked(&s.After, isSchedule))},
		{"quiet", func(path string, n *yaml.Node) {
			l.boolean(&quiet)(path, n)
			s.Quiet = quiet != nil && *quiet
		}},
	}
}

// oneOf reads one of a few words.
func (r *reader) oneOf(to *string, words ...string) func(string, *yaml.Node) {
	return r.checked(to, func(s string) string {
		for _, w := range words {
			if s == w {
				return ""
			}
		}
		return quoted(s) + " is not " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1] + suggest(s, words)
	})
}

// scheduleWhole says what a schedule lacks.
func (l *loader) scheduleWhole(s Schedule, at scheduleNodes) {
	for _, need := range []struct{ value, key string }{
		{s.Name, "name"},
		{s.Run, "run: the command, such as deploy hello staging latest"},
		{s.As, "as: the Slack user id of the person in whose name it runs"},
	} {
		if need.value == "" {
			l.fault(at.whole, "%s needs %s", at.path, need.key)
		}
	}
	if s.When == "" && s.After == "" {
		l.fault(at.whole, `%s needs when, such as "0 2 * * *", or after: another schedule`, at.path)
	}
}

// scheduleTimes checks when a schedule runs. One that follows another has no
// times of its own: a key that is about them is an error, so that nobody
// relies on it.
func (l *loader) scheduleTimes(s *Schedule, at scheduleNodes) {
	if at.after != nil {
		for _, k := range []struct {
			key string
			at  *yaml.Node
		}{{"when", at.when}, {"tz", at.tz}, {"ask_before", at.askBefore}, {"announce", at.announce}, {"on_missed", at.onMissed}} {
			if k.at != nil {
				l.fault(k.at, "%s.%s means nothing beside after: it runs whenever the other succeeded", at.path, k.key)
			}
		}
		return
	}
	zone, err := schedule.Zone(s.Zone)
	if err != nil {
		if at.tz == nil { // there is no database of time zones
			at.tz = at.whole
		}
		l.badSchedule(at.path+".tz", at.tz, err)
		s.Zone = "UTC"
	} else {
		s.Zone = zone.String()
	}
	if s.When == "" {
		return
	}
	spec, err := schedule.Parse(s.When, s.Zone, reference())
	switch {
	case err == nil:
		s.When = spec.String()
	case !standsThere(s.When, err):
		l.badSchedule(at.path+".when", at.when, err)
	}
}

// reference stands in for the time at which a schedule is added, which is not
// known here: a file means the same whenever it is read.
func reference() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// standsThere says that a single time is only refused for when it is: it stays
// in the file after it has passed, and is compared with the clock when the
// schedule is added.
func standsThere(when string, err error) bool {
	p := problemOf(err)
	return p != nil && strings.EqualFold(strings.Fields(when)[0], "at") && (p.What == schedule.ProblemPast || p.What == schedule.ProblemTooFar)
}

// chains checks what `after` names: a schedule of the file, and never, by way
// of others, itself.
func (l *loader) chains() {
	byName := map[string]Schedule{}
	var names []string
	for _, s := range l.c.Schedules {
		if s.Name != "" {
			byName[s.Name] = s
			names = append(names, s.Name)
		}
	}
	told := map[string]bool{}
	for i, s := range l.c.Schedules {
		at := l.scheduleAt[i]
		if s.After == "" {
			continue
		}
		if _, ok := byName[s.After]; !ok {
			l.fault(at.after, "%s.after: there is no schedule %s%s", at.path, quoted(s.After), suggest(s.After, names))
			continue
		}
		seen := []string{s.Name}
		for next := s.After; next != "" && !told[next] && len(seen) <= len(names); next = byName[next].After {
			seen = append(seen, next)
			if next != s.Name {
				continue
			}
			l.fault(at.after, "%s.after: none of these would ever start: %s", at.path, strings.Join(seen, " after "))
			for _, name := range seen {
				told[name] = true
			}
			break
		}
	}
}

// schedulesReport gives each schedule a channel.
func (l *loader) schedulesReport() {
	for i := range l.c.Schedules {
		s, at := &l.c.Schedules[i], l.scheduleAt[i]
		for _, def := range []string{l.c.Slack.Channels.Announce, l.c.Slack.Channels.Approvals} {
			if s.In == "" {
				s.In = def
			}
		}
		if s.In == "" && !has(at.whole, "in") {
			l.fault(at.whole, "%s needs in: the channel that it reports in, or slack.channels.announce for all", at.path)
		}
	}
}

func isSchedule(s string) string {
	return shape(s, `^[a-z][a-z0-9-]{0,39}$`, "a schedule's name: lower-case letters, digits and -, a letter first, at most 40")
}

// isScheduled checks what can be known of a command without the rules: that
// bcn has it. The rules are asked when the schedule is added and when it runs.
func (l *loader) isScheduled(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
		return "a command is one line"
	}
	verb := strings.ToLower(strings.Fields(s)[0])
	if strings.HasPrefix(verb, "/") {
		return "write the command without " + quoted(verb) + ", such as deploy hello staging latest"
	}
	for _, v := range l.verbs {
		if v == verb {
			return ""
		}
	}
	return quoted(verb) + " is no command that can be scheduled" + suggest(verb, l.verbs)
}
