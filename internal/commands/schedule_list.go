package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

type scheduleListArgs struct{}

func (r *Registry) scheduleList(ctx context.Context, a asked, _ *scheduleListArgs) (chat.Message, error) {
	all, err := r.schedules.List(ctx)
	if err != nil {
		return chat.Message{}, fmt.Errorf("read schedules: %w", err)
	}
	tasks, err := r.visibleTasks(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	if len(all) == 0 && len(tasks) == 0 {
		if err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", ""); err != nil {
			return chat.Message{}, err
		}
		return say(r.text.Say(a.lang, text.ReplyNoSchedules, nil)), nil
	}
	see, err := r.seen(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	list, err := keep(all, func(v ScheduleView) error { return see(v.Schedule) })
	if err != nil && (len(tasks) == 0 || !notAllowed(err)) {
		return chat.Message{}, err
	}
	title := r.text.Say(a.lang, text.ReplySchedules, text.Args{"Count": len(list)})
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	for _, v := range list[:min(len(list), maxButtons)] {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.scheduleLine(ctx, a, v)}, chat.Block{Buttons: r.scheduleButtons(a, v.Schedule)})
	}
	m = r.more(a, m, len(list)-maxButtons)
	m.Blocks = append(m.Blocks, r.fileTaskBlocks(a, tasks)...)
	return m, nil
}

// keep answers what see lets through. Where it lets nothing through, it fails
// as see did.
func keep[T any](all []T, see func(T) error) ([]T, error) {
	var out []T
	var refused error
	for _, x := range all {
		switch err := see(x); {
		case err == nil:
			out = append(out, x)
		case notAllowed(err):
			refused = err
		default:
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, refused
	}
	return out, nil
}

// seen answers whether the actor may look at a schedule: at one's own, and at
// those whose command is about something that a rule lets one see.
func (r *Registry) seen(ctx context.Context, a asked) (func(bcn.Schedule) error, error) {
	heritages, err := r.reads.Heritages(ctx)
	if err != nil {
		return nil, fmt.Errorf("read heritages: %w", err)
	}
	return func(s bcn.Schedule) error {
		if s.Owner.User == a.actor.User && s.Owner.User != "" {
			return nil
		}
		app, env, district := about(s.Command, heritages)
		return r.who.Allow(ctx, a.actor, a.verb.name, app, env, district)
	}, nil
}

// about says what a command is about, as far as it can be read.
func about(command string, heritages []bcn.Heritage) (app, env, district string) {
	c, err := readScheduled(command)
	if err != nil {
		return "", "", ""
	}
	for _, f := range fields(c.grammar) {
		switch f.live {
		case "app":
			app = f.value.String()
		case "env":
			env = f.value.String()
		case "district":
			district = f.value.String()
		}
	}
	for _, h := range heritages {
		if h.App == app && h.Env == env {
			district = h.District
		}
	}
	return app, env, district
}

// scheduleLine is one schedule in a list: what, when, next, last, whose.
func (r *Registry) scheduleLine(ctx context.Context, a asked, v ScheduleView) chat.Markup {
	s := v.Schedule
	args := text.Args{
		"name": s.Name, "when": r.when(a.lang, v), "command": chat.Truncate(s.Command, 200), "owner": who(s.Owner),
		"channel": chat.Channel(s.Channel), "next": chat.Markup(""), "last": chat.Markup(""), "state": chat.Markup(""),
	}
	if s.Channel == "" { // one of bcn's own
		args["channel"] = chat.Markup("")
	}
	if s.State != bcn.ScheduleActive {
		args["state"] = r.text.Say(a.lang, text.ScheduleState(s.State), nil)
	}
	var next []string
	for _, t := range v.Next {
		next = append(next, string(r.nextTime(a.lang, s, t)))
	}
	args["next"] = chat.Markup(strings.Join(next, ", "))
	if v.Last != nil {
		args["last"] = r.tickLine(ctx, a, TickView{Tick: *v.Last})
	}
	return r.text.Say(a.lang, text.ReplyScheduleLine, args)
}

// nextTime is a time at which a schedule runs, struck out where it is skipped.
func (r *Registry) nextTime(lang string, s bcn.Schedule, t time.Time) chat.Markup {
	if s.SkipAt != nil && t.Equal(*s.SkipAt) {
		return r.text.Say(lang, text.ReplySkippedTime, text.Args{"at": t})
	}
	return text.When(t)
}

// scheduleButtons are what can be done with a schedule now.
func (r *Registry) scheduleButtons(a asked, s bcn.Schedule) []chat.Button {
	value := number(s.ID)
	run := r.button(a, chat.ActionScheduleRun, value, text.ButtonScheduleRun, chat.Plain)
	switch s.State {
	case bcn.ScheduleDone:
		return []chat.Button{run}
	case bcn.SchedulePaused:
		return []chat.Button{run, r.button(a, chat.ActionScheduleResume, value, text.ButtonScheduleResume, chat.Plain)}
	}
	return []chat.Button{
		run, r.button(a, chat.ActionScheduleSkip, value, text.ButtonScheduleSkip, chat.Plain),
		r.button(a, chat.ActionSchedulePause, value, text.ButtonSchedulePause, chat.Plain),
	}
}

// tickLine is one run: when, how it went and why, how long, and its change.
func (r *Registry) tickLine(ctx context.Context, a asked, v TickView) chat.Markup {
	k := v.Tick
	args := text.Args{
		"at": k.At, "state": r.text.Say(a.lang, text.TickState(k.State), nil), "took": chat.Markup(""), "ref": chat.Markup(""),
		"why": chat.Markup(""), "by": chat.Markup(""),
	}
	if k.StartedAt != nil && k.EndedAt != nil && k.State != bcn.TickSkipped {
		args["took"] = optional(a.lang, k.EndedAt.Sub(*k.StartedAt))
	}
	if k.Change != 0 {
		args["ref"] = r.ref(ctx, k.Change)
	}
	if k.Code != "" && k.State != bcn.TickSucceeded {
		args["why"] = r.text.Code(a.lang, k.Code, k.Params, "")
	}
	if k.By != "" && k.State != bcn.TickSkipped {
		args["by"] = chat.Mention(k.By)
	}
	return r.text.Say(a.lang, text.ReplyTickLine, args)
}

func (r *Registry) scheduleShow(ctx context.Context, a asked, g *scheduleNameArgs) (chat.Message, error) {
	v, err := r.schedules.Show(ctx, g.Schedule)
	if err != nil {
		return chat.Message{}, err
	}
	see, err := r.seen(ctx, a)
	if err == nil {
		err = see(v.Schedule)
	}
	if err != nil {
		return chat.Message{}, err
	}
	m := r.echo(a, text.ReplyScheduleTitle, v, r.schedules.Zone(ctx, a.actor.User))
	if s := v.Schedule; s.State != bcn.ScheduleActive {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.standsStill(a.lang, s)})
	}
	history := r.text.Say(a.lang, text.ReplyNeverRan, nil)
	for i, t := range v.History[:min(len(v.History), maxReleases)] {
		if i == 0 {
			history = "*" + r.text.Say(a.lang, text.LabelHistory, nil) + "*"
		}
		history += "\n• " + r.tickLine(ctx, a, t)
	}
	m.Blocks = append(m.Blocks, chat.Block{Section: history}, chat.Block{Buttons: r.scheduleButtons(a, v.Schedule)})
	if v.Schedule.File {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyScheduleFile, nil)})
	}
	return m, nil
}

// standsStill says that a schedule does not run, by whom or why.
func (r *Registry) standsStill(lang string, s bcn.Schedule) chat.Markup {
	args := text.Args{"state": r.text.Say(lang, text.ScheduleState(s.State), nil), "by": mention(s.By), "why": chat.Markup("")}
	if s.Why != "" {
		args["why"] = r.text.Code(lang, s.Why, map[string]string{"name": s.Name, "who": s.Owner.User}, "")
	}
	return r.text.Say(lang, text.ReplyScheduleStill, args)
}
