package card

import (
	"fmt"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// scheduledFailed tells the heritage's channel that a scheduled task of its
// file failed, with the task's last log lines, or that it did not begin.
func (p *Presenter) scheduledFailed(m deploy.Moment) []deploy.Note {
	channel := p.announceChannel(m.Change)
	if m.Run == nil || channel == "" {
		return nil
	}
	exit := ""
	if m.Run.ExitCode != nil {
		exit = fmt.Sprint(*m.Run.ExitCode)
	}
	said := text.AnnounceScheduled
	if m.Run.Missing() {
		said = text.AnnounceMissing
	}
	body := plain(p.say(said, text.Args{
		"name": m.Run.Name, "heritage": m.Run.Heritage, "app": m.Change.App, "env": m.Change.Env, "exit": exit, "why": m.Run.Reason,
		"at": text.When(m.Run.EndedAt),
	}))
	if lines := logText(m.Lines); lines != "" {
		body.Blocks = append(body.Blocks, chat.Block{Context: p.say(text.ThreadLogs, nil)}, chat.Block{Code: lines})
	}
	return []deploy.Note{{Key: "scheduled:" + runKey(*m.Run), Role: deploy.RoleAnnounce, Channel: channel, Body: body}}
}

// runKey is what a run is told by, once.
func runKey(r bcn.ScheduledRun) string {
	if r.Missing() {
		return r.Task
	}
	return taskID(r.Task)
}
