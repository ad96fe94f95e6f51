package commands

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/schedule"
	"github.com/bcn-bot/bcn/internal/text"
)

// FileTasks answers the scheduled tasks of barcelona.yml.
type FileTasks interface {
	// FileTasks answers those of all last releases, by heritage and name.
	FileTasks(ctx context.Context) ([]deploy.FileTask, error)
}

// fileTaskForm is how one is named in chat: HERITAGE/TASK.
var fileTaskForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,119}/[a-z][a-z0-9-]{0,59}$`)

// visibleTasks lists the scheduled tasks of files that the actor may see.
func (r *Registry) visibleTasks(ctx context.Context, a asked) ([]deploy.FileTask, error) {
	all, err := r.fileTasks.FileTasks(ctx)
	if err != nil {
		return nil, fmt.Errorf("read scheduled tasks: %w", err)
	}
	var out []deploy.FileTask
	for _, f := range all {
		switch err := r.who.Allow(ctx, a.actor, a.verb.name, f.Heritage.App, f.Heritage.Env, f.Heritage.District); {
		case err == nil:
			out = append(out, f)
		case !notAllowed(err):
			return nil, err
		}
	}
	return out, nil
}

// fileTaskBlocks shows scheduled tasks of files below the other schedules.
func (r *Registry) fileTaskBlocks(a asked, list []deploy.FileTask) []chat.Block {
	if len(list) == 0 {
		return nil
	}
	lines := []string{"*" + string(r.text.Say(a.lang, text.ReplyFileTasks, text.Args{"Count": len(list)})) + "*"}
	for i, f := range list {
		if i == maxButtons {
			lines = append(lines, string(r.text.Say(a.lang, text.ReplyMore, text.Args{"Count": len(list) - i})))
			break
		}
		lines = append(lines, "• "+string(r.fileTask(a, f)))
	}
	return []chat.Block{{Divider: true}, {Section: chat.Markup(strings.Join(lines, "\n"))}, {Context: r.text.Say(a.lang, text.ReplyFileTasksHint, nil)}}
}

// fileTask is one scheduled task: when, what, next, last.
func (r *Registry) fileTask(a asked, f deploy.FileTask) chat.Markup {
	args := text.Args{
		"name": f.Heritage.Name + "/" + f.Task.Name, "schedule": f.Task.Schedule, "zone": f.Task.Timezone, "off": !f.Task.Enabled,
		"command": chat.Truncate(strings.Join(f.Task.Command, " "), 120), "next": chat.Markup(""), "last": chat.Markup(""), "exit": "", "failed": false,
	}
	if at, ok := schedule.NextOfEventBridge(f.Task.Schedule, f.Task.Timezone, r.now()); ok && f.Task.Enabled {
		args["next"] = text.When(at)
	}
	if f.Last != nil {
		args["last"], args["failed"] = text.When(f.Last.EndedAt), f.Last.Failed()
		if f.Last.ExitCode != nil {
			args["exit"] = strconv.Itoa(*f.Last.ExitCode)
		}
	}
	return r.text.Say(a.lang, text.ReplyFileTask, args)
}

// runFileTask starts a scheduled task of a file now; its card speaks.
func (r *Registry) runFileTask(ctx context.Context, a asked, name string) (chat.Message, error) {
	list, err := r.visibleTasks(ctx, asked{verb: find("schedule list"), actor: a.actor})
	if err != nil {
		return chat.Message{}, err
	}
	var known []string
	for _, f := range list {
		known = append(known, f.Heritage.Name+"/"+f.Task.Name)
		if known[len(known)-1] == name {
			return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindRun, App: f.Heritage.App, Env: f.Heritage.Env, Run: &deploy.RunWish{
				Task: f.Task.Name, Text: strings.Join(f.Task.Command, " "),
			}})
		}
	}
	return chat.Message{}, bcn.E(bcn.CodeUnknownName, "what", "schedule", "name", name, "suggestion", nearest(name, known))
}

// orFileTask adds to an unknown schedule the scheduled task of a file that is
// called so: its heritage is missing.
func (r *Registry) orFileTask(ctx context.Context, a asked, name string, unknown error) error {
	list, err := r.visibleTasks(ctx, asked{verb: find("schedule list"), actor: a.actor})
	if err != nil {
		return unknown
	}
	for _, f := range list {
		if f.Task.Name == name {
			return bcn.E(bcn.CodeUnknownName, "what", "schedule", "name", name, "suggestion", f.Heritage.Name+"/"+name).Wrap(unknown)
		}
	}
	return unknown
}
