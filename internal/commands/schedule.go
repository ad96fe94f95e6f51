package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/schedule"
	"github.com/bcn-bot/bcn/internal/text"
)

// scheduleAdd shows what was understood, before anything is saved. With --yes
// it is saved at once.
func (r *Registry) scheduleAdd(ctx context.Context, a asked, g *scheduleAddArgs) (chat.Message, error) {
	zone := r.schedules.Zone(ctx, a.actor.User)
	s := bcn.Schedule{Spec: g.spec, Zone: zone.String(), Command: bareCommand(g.Command), Channel: a.origin.Channel}
	g.apply(&s)
	if s.Name == "" {
		name, err := r.freeName(ctx, s.Command)
		if err != nil {
			return chat.Message{}, err
		}
		s.Name = name
	}
	view, err := r.schedules.Draft(ctx, a.actor, s)
	if err != nil {
		return chat.Message{}, err
	}
	switch {
	case g.DryRun:
		return r.echo(a, text.ReplyScheduleDry, view, zone), nil
	case !g.Yes:
		m := r.echo(a, text.ReplyScheduleDraft, view, zone)
		value := number(view.Schedule.ID)
		m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{
			r.button(a, chat.ActionScheduleSave, value, text.ButtonSave, chat.Primary),
			r.button(a, chat.ActionScheduleDrop, value, text.ButtonDrop, chat.Plain),
		}})
		return m, nil
	}
	saved, err := r.schedules.Save(ctx, a.origin, a.actor, view.Schedule.ID)
	if err != nil {
		return chat.Message{}, err
	}
	saved.Gated = view.Gated
	return r.echo(a, text.ReplyScheduleSaved, saved, zone), nil
}

// freeName makes a name of what the command does, that no schedule has.
func (r *Registry) freeName(ctx context.Context, said string) (string, error) {
	c, err := readScheduled(said)
	if err != nil {
		return "", err
	}
	base := strings.ReplaceAll(c.verb.name, " ", "-")
	for _, f := range fields(c.grammar) {
		if f.live != "" && name.MatchString(f.value.String()) {
			base += "-" + f.value.String()
		}
	}
	base = strings.TrimRight(base[:min(len(base), maxName-4)], "-")
	all, err := r.schedules.List(ctx)
	if err != nil {
		return "", fmt.Errorf("read schedules: %w", err)
	}
	for n := 1; ; n++ {
		free := base
		if n > 1 || slices.Contains(firstWords(), base) { // no name is one of our words
			free += "-" + strconv.Itoa(n)
		}
		if !slices.ContainsFunc(all, func(v ScheduleView) bool { return v.Schedule.Name == free }) {
			return free, nil
		}
	}
}

// number is a button's value, and how an id is typed.
func number(id bcn.ID) string { return strings.TrimPrefix(id.String(), "#") }

// scheduleSave saves the draft that the actor was shown.
func (r *Registry) scheduleSave(ctx context.Context, a asked, draft bcn.ID) (chat.Message, error) {
	saved, err := r.schedules.Save(ctx, a.origin, a.actor, draft)
	if err != nil {
		return chat.Message{}, err
	}
	return r.echo(a, text.ReplyScheduleSaved, saved, r.schedules.Zone(ctx, a.actor.User)), nil
}

// scheduleDrop forgets a draft.
func (r *Registry) scheduleDrop(ctx context.Context, a asked, id bcn.ID) (chat.Message, error) {
	if err := r.schedules.Drop(ctx, a.origin, a.actor, id); err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyScheduleDropped, nil)), nil
}

func (r *Registry) scheduleEdit(ctx context.Context, a asked, g *scheduleEditArgs) (chat.Message, error) {
	view, err := r.schedules.Edit(ctx, a.origin, a.actor, g.Schedule, g.apply)
	if err != nil {
		return chat.Message{}, err
	}
	return r.echo(a, text.ReplyScheduleEdited, view, r.schedules.Zone(ctx, a.actor.User)), nil
}

// scheduleNameArgs names one schedule.
type scheduleNameArgs struct {
	Schedule string `arg:"" name:"schedule" placeholder:"NAME"`
}

func (g *scheduleNameArgs) check() error {
	if fileTaskForm.MatchString(g.Schedule) { // of barcelona.yml
		return nil
	}
	return checkSchedule(g.Schedule)
}

func (r *Registry) scheduleRun(ctx context.Context, a asked, g *scheduleNameArgs) (chat.Message, error) {
	if fileTaskForm.MatchString(g.Schedule) {
		return r.runFileTask(ctx, a, g.Schedule)
	}
	view, err := r.schedules.Show(ctx, g.Schedule)
	if bcn.CodeOf(err) == bcn.CodeUnknownName {
		err = r.orFileTask(ctx, a, g.Schedule, err)
	}
	if err != nil {
		return chat.Message{}, err
	}
	if _, err := r.schedules.Run(ctx, a.origin, a.actor, g.Schedule); err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyScheduleRuns, text.Args{
		"name": view.Schedule.Name, "command": view.Schedule.Command, "channel": chat.Channel(view.Schedule.Channel),
	})), nil
}

func (r *Registry) scheduleSkip(ctx context.Context, a asked, g *scheduleNameArgs) (chat.Message, error) {
	tick, err := r.schedules.Skip(ctx, a.origin, a.actor, g.Schedule)
	if err != nil {
		return chat.Message{}, err
	}
	view, err := r.schedules.Show(ctx, g.Schedule)
	if err != nil {
		return chat.Message{}, err
	}
	args := text.Args{"name": view.Schedule.Name, "at": tick.At, "next": chat.Markup("")}
	if i := slices.IndexFunc(view.Next, tick.At.Before); i >= 0 {
		args["next"] = text.When(view.Next[i])
	}
	return say(r.text.Say(a.lang, text.ReplyScheduleSkipped, args)), nil
}

func (r *Registry) schedulePause(ctx context.Context, a asked, g *scheduleNameArgs) (chat.Message, error) {
	view, err := r.schedules.Pause(ctx, a.origin, a.actor, g.Schedule)
	if err != nil {
		return chat.Message{}, err
	}
	return r.paused(a, view), nil
}

func (r *Registry) paused(a asked, view ScheduleView) chat.Message {
	m := say(r.text.Say(a.lang, text.ReplySchedulePaused, text.Args{"name": view.Schedule.Name}))
	m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{
		r.button(a, chat.ActionScheduleResume, number(view.Schedule.ID), text.ButtonScheduleResume, chat.Plain),
	}})
	return m
}

func (r *Registry) scheduleResume(ctx context.Context, a asked, g *scheduleNameArgs) (chat.Message, error) {
	view, err := r.schedules.Resume(ctx, a.origin, a.actor, g.Schedule)
	if err != nil {
		return chat.Message{}, err
	}
	args := text.Args{"name": view.Schedule.Name, "owner": who(view.Schedule.Owner), "next": chat.Markup("")}
	if len(view.Next) > 0 {
		args["next"] = text.When(view.Next[0])
	}
	return say(r.text.Say(a.lang, text.ReplyScheduleResumed, args)), nil
}

func (r *Registry) scheduleRemove(ctx context.Context, a asked, g *scheduleNameArgs) (chat.Message, error) {
	view, err := r.schedules.Remove(ctx, a.origin, a.actor, g.Schedule)
	if err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyScheduleRemoved, text.Args{"name": view.Schedule.Name, "command": view.Schedule.Command})), nil
}

// tickSkip, tickRun and tickPause are pressed on the message of one run, which
// shows what they did. Only that the schedule is paused is not seen there.
func (r *Registry) tickSkip(ctx context.Context, a asked, id bcn.ID) (chat.Message, error) {
	_, err := r.schedules.SkipTick(ctx, a.origin, a.actor, id)
	return chat.Message{}, err
}

func (r *Registry) tickRun(ctx context.Context, a asked, id bcn.ID) (chat.Message, error) {
	_, err := r.schedules.RunTick(ctx, a.origin, a.actor, id)
	return chat.Message{}, err
}

func (r *Registry) tickPause(ctx context.Context, a asked, id bcn.ID) (chat.Message, error) {
	view, err := r.schedules.PauseTick(ctx, a.origin, a.actor, id)
	if err != nil {
		return chat.Message{}, err
	}
	return r.paused(a, view), nil
}

// echo says what was understood: when, what, as whom, who approves, where it is
// told, and the next times by both clocks.
func (r *Registry) echo(a asked, head text.ID, v ScheduleView, reader *time.Location) chat.Message {
	s := v.Schedule
	title := r.text.Say(a.lang, head, text.Args{"name": s.Name})
	fields := []chat.Markup{
		r.labelled(a.lang, text.LabelWhen, r.when(a.lang, v)),
		r.labelled(a.lang, text.LabelNext, dash(r.upcoming(a.lang, v, reader))),
		r.labelled(a.lang, text.LabelRunsAs, who(s.Owner)),
		r.labelled(a.lang, text.LabelApproval, r.approval(a.lang, v)),
		r.labelled(a.lang, text.LabelTold, r.told(a.lang, s)),
		r.labelled(a.lang, text.LabelRuns, r.manners(a.lang, s.Options)),
	}
	return chat.Message{Text: title, Blocks: []chat.Block{{Section: title}, {Code: r.command + " " + s.Command}, {Fields: fields}}}
}

// upcoming lists the next times by the reader's clock, and by the schedule's
// where that shows another time.
func (r *Registry) upcoming(lang string, v ScheduleView, reader *time.Location) chat.Markup {
	const clock = "2006-01-02 15:04"
	zone, err := schedule.Zone(v.Schedule.Zone)
	if err != nil {
		zone = reader
	}
	var lines []string
	for _, t := range v.Next {
		line := string(r.nextTime(lang, v.Schedule, t))
		if local := t.In(zone).Format(clock); local != t.In(reader).Format(clock) {
			line += " (" + local + " " + string(chat.Escape(zone.String())) + ")"
		}
		lines = append(lines, line)
	}
	return chat.Markup(strings.Join(lines, "\n"))
}

// approval says who must approve, and when they are asked.
func (r *Registry) approval(lang string, v ScheduleView) chat.Markup {
	return r.text.Say(lang, text.ReplyScheduleApproval, text.Args{
		"teams": strings.Join(v.Gated, ", "), "before": optional(lang, v.Schedule.Options.AskBefore),
	})
}

// told says where a schedule speaks, and how much.
func (r *Registry) told(lang string, s bcn.Schedule) chat.Markup {
	channel := chat.Markup("")
	if s.Channel != "" {
		channel = chat.Channel(s.Channel)
	}
	return r.text.Say(lang, text.ReplyScheduleTold, text.Args{
		"channel": channel, "before": optional(lang, s.Options.Announce), "quiet": s.Options.Quiet,
	})
}

// manners says how the runs of a schedule behave.
func (r *Registry) manners(lang string, o bcn.ScheduleOptions) chat.Markup {
	lines := []chat.Markup{
		r.text.Say(lang, text.ReplyOnConflict, text.Args{"how": string(o.OnConflict)}),
		r.text.Say(lang, text.ReplyOnMissed, text.Args{"how": o.OnMissed}),
	}
	if o.Retries > 0 {
		lines = append(lines, r.text.Say(lang, text.ReplyRetries, text.Args{"Count": o.Retries}))
	}
	if o.Timeout > 0 {
		lines = append(lines, r.text.Say(lang, text.ReplyTimeout, text.Args{"after": o.Timeout}))
	}
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(string(l))
	}
	return chat.Markup(b.String())
}
