package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/schedule"
	"github.com/bcn-bot/bcn/internal/text"
)

// What a calendar shows at most.
const (
	maxTimesOfDay = 4  // of one schedule on one day; more are counted
	maxDayLines   = 20 // schedules on one day
	maxOverlaps   = 10
)

type scheduleCalendarArgs struct {
	App string `arg:"" optional:"" live:"app"`
}

// scheduleCalendar shows the coming week by the reader's days, and what will
// meet what.
func (r *Registry) scheduleCalendar(ctx context.Context, a asked, g *scheduleCalendarArgs) (chat.Message, error) {
	v, err := r.schedules.Calendar(ctx, g.App)
	if err != nil {
		return chat.Message{}, err
	}
	see, err := r.seen(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	shown, refused := map[int]bool{}, error(nil)
	for i, s := range v.Of {
		switch err := see(s); {
		case err == nil:
			shown[i] = true
		case notAllowed(err):
			refused = err
		default:
			return chat.Message{}, err
		}
	}
	if len(v.Of) == 0 {
		refused = r.who.Allow(ctx, a.actor, a.verb.name, g.App, "", "")
	}
	if len(shown) == 0 && refused != nil {
		return chat.Message{}, refused
	}
	return r.week(a, g.App, v, shown, r.schedules.Zone(ctx, a.actor.User)), nil
}

// week writes the days, each a section, and the meetings below them.
func (r *Registry) week(a asked, app string, v CalendarView, shown map[int]bool, zone *time.Location) chat.Message {
	var days []day
	for _, o := range v.Agenda.Occurrences {
		if !shown[o.Entry] {
			continue
		}
		at := o.At.In(zone)
		if n := len(days); n == 0 || days[n-1].date != at.Format(time.DateOnly) {
			days = append(days, day{date: at.Format(time.DateOnly), first: at, times: map[int][]string{}})
		}
		days[len(days)-1].add(o.Entry, at.Format("15:04"))
	}
	if len(days) == 0 {
		m := say(r.text.Say(a.lang, text.ReplyCalendarEmpty, text.Args{"app": app}))
		m.Blocks = append(m.Blocks, r.heldTimes(a.lang, v, shown)...)
		return m
	}
	title := r.text.Say(a.lang, text.ReplyCalendar, text.Args{"app": app, "zone": zone.String()})
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	for _, d := range days {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.day(a.lang, d, v.Of)})
	}
	m.Blocks = append(m.Blocks, r.heldTimes(a.lang, v, shown)...)
	if meets := r.overlaps(a.lang, v, shown); meets != "" {
		m.Blocks = append(m.Blocks, chat.Block{Section: meets})
	}
	for i, c := range v.Agenda.Cuts {
		if shown[c.Entry] && i < maxOverlaps {
			m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyCalendarCut, text.Args{"name": v.Of[c.Entry].Name, "from": c.From})})
		}
	}
	return m
}

// heldTimes are the freezes, and the locks that what is shown will meet.
func (r *Registry) heldTimes(lang string, v CalendarView, shown map[int]bool) []chat.Block {
	var out []chat.Block
	for _, x := range v.Held {
		var meets []string
		for _, entry := range x.Meets {
			if shown[entry] {
				meets = append(meets, string(r.scheduleName(lang, v.Of[entry])))
			}
		}
		if len(meets) == 0 && !frozen(x.Hold) {
			continue
		}
		out = append(out, chat.Block{Section: r.text.Say(lang, text.ReplyCalendarIce, text.Args{
			"line": r.text.Hold(lang, x.Hold), "frozen": frozen(x.Hold), "meets": chat.Markup(strings.Join(meets, ", ")),
		})})
	}
	return out[:min(len(out), maxOverlaps)]
}

// day is what runs on one date.
type day struct {
	date  string
	first time.Time
	order []int // entries, by their first time
	times map[int][]string
}

func (d *day) add(entry int, at string) {
	if d.times[entry] == nil {
		d.order = append(d.order, entry)
	}
	d.times[entry] = append(d.times[entry], at)
}

func (r *Registry) day(lang string, d day, of []bcn.Schedule) chat.Markup {
	weekday := r.text.Say(lang, text.Weekday(d.first.Weekday()), nil)
	line := r.text.Say(lang, text.ReplyCalendarDay, text.Args{"weekday": weekday, "date": d.date})
	for i, entry := range d.order {
		if i == maxDayLines {
			return line + "\n" + r.text.Say(lang, text.ReplyMore, text.Args{"Count": len(d.order) - i})
		}
		times, s := d.times[entry], of[entry]
		said := chat.Markup(strings.Join(times, ", "))
		if n := len(times); n > maxTimesOfDay {
			said = r.text.Say(lang, text.ReplyCalendarOften, text.Args{"Count": n, "from": times[0], "to": times[n-1]})
		}
		line += "\n• " + r.text.Say(lang, text.ReplyCalendarLine, text.Args{
			"times": said, "name": r.scheduleName(lang, s), "command": chat.Truncate(s.Command, 60), "own": ownSchedule(s),
		})
	}
	return line
}

// ownSchedule says that a schedule is bcn's own: its command is none that people
// type.
func ownSchedule(s bcn.Schedule) bool { return s.Owner.Kind == bcn.System }

// scheduleName is what people call a schedule; one of bcn's own is called after
// what it does.
func (r *Registry) scheduleName(lang string, s bcn.Schedule) chat.Markup {
	if id := text.OwnSchedule(s.Command); ownSchedule(s) && r.text.Has(id) {
		channel := chat.Markup("")
		if s.Channel != "" {
			channel = chat.Channel(s.Channel)
		}
		return r.text.Say(lang, id, text.Args{"channel": channel})
	}
	return chat.Escape(s.Name)
}

// overlaps names the runs that will meet: those of the same app at the same
// time. Two schedules that meet every day are said once.
func (r *Registry) overlaps(lang string, v CalendarView, shown map[int]bool) chat.Markup {
	type pair struct{ one, two int }
	var order []pair
	first, count := map[pair]schedule.Overlap{}, map[pair]int{}
	for _, o := range v.Agenda.Overlaps {
		p := pair{v.Agenda.Occurrences[o.First].Entry, v.Agenda.Occurrences[o.Second].Entry}
		if !shown[p.one] || !shown[p.two] {
			continue
		}
		if count[p] == 0 {
			first[p], order = o, append(order, p)
		}
		count[p]++
	}
	if len(order) == 0 {
		return ""
	}
	out := "*" + r.text.Say(lang, text.ReplyMeet, nil) + "*"
	for i, p := range order {
		if i == maxOverlaps {
			return out + "\n" + r.text.Say(lang, text.ReplyMore, text.Args{"Count": len(order) - i})
		}
		more := ""
		if count[p] > 1 {
			more = fmt.Sprint(count[p] - 1)
		}
		out += "\n• " + r.text.Say(lang, text.ReplyMeets, text.Args{
			"one": r.scheduleName(lang, v.Of[p.one]), "two": r.scheduleName(lang, v.Of[p.two]), "at": first[p].From, "more": more,
		})
	}
	return out
}
