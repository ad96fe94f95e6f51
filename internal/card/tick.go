package card

import (
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/text"
)

// tickMarks show at a glance where one run of a schedule stands.
var tickMarks = map[bcn.TickState]string{
	bcn.TickPlanned: "🕒", bcn.TickAnnounced: "🕒", bcn.TickDue: "⏳", bcn.TickRunning: "🔵",
	bcn.TickSucceeded: "✅", bcn.TickFailed: "❌", bcn.TickSkipped: "⏭️",
}

// Tick shows one run of a schedule as it is: one message from its announcement
// to its end. What a change does is told by the change's own card.
func (p *Presenter) Tick(v scheduler.View) chat.Message {
	first := p.firstTick(v.Schedule, v.Tick)
	m := chat.Message{Text: first, Blocks: []chat.Block{{Section: first}}}
	if why := p.tickWhy(v.Schedule, v.Tick); why != "" {
		m.Blocks = append(m.Blocks, chat.Block{Section: why})
	}
	if v.Change != nil {
		m.Blocks = append(m.Blocks, chat.Block{Section: p.changeOf(v)})
	}
	if small := p.tickSmall(v); small != "" {
		m.Blocks = append(m.Blocks, chat.Block{Context: small})
	}
	if buttons := p.tickButtons(v); len(buttons) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Buttons: buttons})
	}
	return m
}

// firstTick says in plain words what runs, when, and as whom.
func (p *Presenter) firstTick(s bcn.Schedule, k bcn.Tick) chat.Markup {
	return chat.Markup(tickMarks[k.State]) + " " + p.say(text.TickFirst(k.State), p.tickArgs(s, k))
}

func (p *Presenter) tickArgs(s bcn.Schedule, k bcn.Tick) text.Args {
	args := text.Args{
		"name": s.Name, "command": chat.Truncate(s.Command, 300), "at": k.At, "owner": mention(s.Owner), "took": "", "again": "",
		"number": s.ID.String()[1:],
	}
	if k.StartedAt != nil && k.EndedAt != nil {
		args["took"] = text.Duration(p.lang, k.EndedAt.Sub(*k.StartedAt))
	}
	if k.Tries > 1 {
		args["again"] = strconv.Itoa(k.Tries)
	}
	return args
}

// tickWhy explains why a run failed, or did not come to be, or what it waits
// behind.
// What the owner may not do is not said to the reader as theirs.
func (p *Presenter) tickWhy(s bcn.Schedule, k bcn.Tick) chat.Markup {
	waits := k.State == bcn.TickDue && (k.Code == bcn.CodeLocked || k.Code == bcn.CodeFrozen)
	if k.Code == "" || !waits && k.State != bcn.TickFailed && k.State != bcn.TickSkipped {
		return ""
	}
	if k.Code == bcn.CodeNotAllowed {
		return p.say(text.TickNotAllowed, text.Args{"owner": mention(s.Owner), "who": k.Params["who"], "name": s.Name})
	}
	return p.explain(k.Code, k.Params)
}

// changeOf says where the change stands that the run asked for, with a link to
// its card.
func (p *Presenter) changeOf(v scheduler.View) chat.Markup {
	c := *v.Change
	ref := chat.Markup("*" + c.ID.String() + "*")
	if v.CardURL != "" {
		ref = chat.Link(v.CardURL, c.ID.String())
	}
	return p.say(text.TickChange, text.Args{
		"mark": chat.Markup(marks[c.State]), "ref": ref, "state": p.say(text.State(c.State), text.Args{"behind": c.Behind.String(), "later": c.NotBefore != nil}),
	})
}

// tickSmall is the small print: the time it was planned for where the first
// line does not say it, and who ran it by hand.
func (p *Presenter) tickSmall(v scheduler.View) chat.Markup {
	var out []string
	switch v.Tick.State {
	case bcn.TickPlanned, bcn.TickAnnounced:
	default:
		out = append(out, string(p.say(text.TickPlannedFor, text.Args{"at": v.Tick.At})))
	}
	if by := v.Tick.By; by != "" && v.Tick.State != bcn.TickSkipped {
		out = append(out, string(p.say(text.TickRunBy, text.Args{"who": p.by(by)})))
	}
	return chat.Markup(strings.Join(out, " · "))
}

// tickButtons are what can be done now. The run's number is the value of its
// own buttons, the schedule's that of running it again.
func (p *Presenter) tickButtons(v scheduler.View) []chat.Button {
	button := func(a chat.Action, id bcn.ID, label text.ID) chat.Button {
		return chat.Button{Action: a, Value: id.String()[1:], Label: p.text.Plain(p.lang, label, nil)}
	}
	skip := button(chat.ActionTickSkip, v.Tick.ID, text.ButtonTickSkip)
	pause := button(chat.ActionTickPause, v.Tick.ID, text.ButtonSchedulePause)
	switch v.Tick.State {
	case bcn.TickPlanned, bcn.TickAnnounced:
		return []chat.Button{skip, button(chat.ActionTickRun, v.Tick.ID, text.ButtonScheduleRun), pause}
	case bcn.TickDue:
		return []chat.Button{skip, pause}
	case bcn.TickFailed, bcn.TickSkipped:
		if v.Schedule.State == bcn.ScheduleRemoved {
			return nil
		}
		return []chat.Button{button(chat.ActionScheduleRun, v.Schedule.ID, text.ButtonScheduleRun)}
	default:
		return nil
	}
}
