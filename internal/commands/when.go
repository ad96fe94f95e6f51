package commands

import (
	"fmt"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/schedule"
	"github.com/bcn-bot/bcn/internal/text"
)

// when says in words when a schedule runs, and in which time zone.
func (r *Registry) when(lang string, v ScheduleView) chat.Markup {
	s, u := v.Schedule, v.Means
	if s.Options.After != "" {
		return r.text.Say(lang, text.ScheduleAfter, text.Args{"after": s.Options.After})
	}
	if u.Kind == "" {
		spec, err := schedule.Parse(s.Spec, s.Zone, s.AddedAt)
		if err != nil { // it was accepted once, so this is not expected
			return chat.Code(s.Spec)
		}
		u = schedule.Describe(spec)
	}
	return r.text.Say(lang, text.ScheduleZoned, text.Args{"when": r.means(lang, u), "zone": u.Zone})
}

// means says what was understood, without the zone.
func (r *Registry) means(lang string, u schedule.Understanding) chat.Markup {
	w := wording{r.text, lang}
	args := text.Args{"every": chat.Markup(""), "since": chat.Markup(""), "date": "", "either": u.Either}
	if u.Every > 0 {
		args["every"] = text.Duration(lang, u.Every)
	}
	if !u.Since.IsZero() {
		args["since"] = u.Since.Format("2006-01-02 15:04")
	}
	times := u.Times
	if !u.At.IsZero() {
		args["date"] = u.At.Format(time.DateOnly)
		times = []schedule.Clock{{Hour: u.At.Hour(), Minute: u.At.Minute()}}
	}
	args["times"] = w.list(times, func(c schedule.Clock) chat.Markup {
		return chat.Markup(fmt.Sprintf("%02d:%02d", c.Hour, c.Minute))
	})
	args["minutes"] = w.ranges(u.Minutes, func(n int) chat.Markup { return chat.Markup(fmt.Sprintf(":%02d", n)) })
	args["hours"] = w.ranges(u.Hours, func(n int) chat.Markup { return chat.Markup(fmt.Sprint(n)) })
	args["days"] = w.ranges(u.Days, func(n int) chat.Markup { return w.say(text.ScheduleNth, text.Args{"n": n}) })
	args["months"] = w.ranges(ints(u.Months), func(n int) chat.Markup { return w.say(text.Month(time.Month(n)), nil) })
	args["weekdays"] = w.weekdays(u.Weekdays)
	return w.say(text.ScheduleWhen(string(u.Kind)), args)
}

// wording joins words in one language.
type wording struct {
	text *text.Catalogue
	lang string
}

func (w wording) say(id text.ID, args text.Args) chat.Markup { return w.text.Say(w.lang, id, args) }

// join writes "a, b and c".
func (w wording) join(parts []chat.Markup) chat.Markup {
	switch n := len(parts); n {
	case 0:
		return ""
	case 1:
		return parts[0]
	default:
		list := parts[0]
		for _, p := range parts[1 : n-1] {
			list += w.say(text.ScheduleComma, nil) + p
		}
		return w.say(text.ScheduleAnd, text.Args{"list": list, "last": parts[n-1]})
	}
}

func (w wording) list(times []schedule.Clock, one func(schedule.Clock) chat.Markup) chat.Markup {
	var parts []chat.Markup
	for _, t := range times {
		parts = append(parts, one(t))
	}
	return w.join(parts)
}

// ranges lists numbers, three and more in a row by their ends.
func (w wording) ranges(all []int, one func(int) chat.Markup) chat.Markup {
	var parts []chat.Markup
	for _, run := range runs(all) {
		switch from, to := run[0], run[1]; {
		case to-from < 2:
			for n := from; n <= to; n++ {
				parts = append(parts, one(n))
			}
		default:
			parts = append(parts, w.say(text.ScheduleRange, text.Args{"from": one(from), "to": one(to)}))
		}
	}
	return w.join(parts)
}

// weekdays lists days of the week from Monday on, as people count them.
func (w wording) weekdays(days []time.Weekday) chat.Markup {
	var order []int
	for _, d := range days {
		order = append(order, (int(d)+6)%7)
	}
	slices.Sort(order)
	day := func(n int) time.Weekday { return time.Weekday((n + 1) % 7) }
	one := func(n int) chat.Markup { return w.say(text.Weekdays(day(n)), nil) }
	if all := runs(order); len(all) == 1 && len(order) > 2 { // Monday to Friday, not Mondays to Fridays
		one = func(n int) chat.Markup { return w.say(text.Weekday(day(n)), nil) }
	}
	return w.ranges(order, one)
}

// runs are the stretches of numbers that follow each other, by their ends.
func runs(all []int) [][2]int {
	var out [][2]int
	for _, n := range all {
		if last := len(out) - 1; last >= 0 && out[last][1] == n-1 {
			out[last][1] = n
			continue
		}
		out = append(out, [2]int{n, n})
	}
	return out
}

func ints[T ~int](list []T) []int {
	var out []int
	for _, x := range list {
		out = append(out, int(x))
	}
	return out
}
