package card

import (
	"fmt"

	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// scheduledFailed tells the heritage's channel that a scheduled task of its
// file failed, with the task's last log lines.
func (p *Presenter) scheduledFailed(m deploy.Moment) []deploy.Note {
	channel := p.announceChannel(m.Change)
	if m.Run == nil || channel == "" {
		return nil
	}
	exit := ""
	if m.Run.ExitCode != nil {
		exit = fmt.Sprint(*m.Run.ExitCode)
	}
	body := plain(p.say(text.AnnounceScheduled, text.Args{
		"name": m.Run.Name, "heritage": m.Run.Heritage, "app": m.Change.App, "env": m.Change.Env, "exit": exit, "why": m.Run.Reason,
		"at": text.When(m.Run.EndedAt),
	}))
	if lines := logText(m.Lines); lines != "" {
		body.Blocks = append(body.Blocks, chat.Block{Context: p.say(text.ThreadLogs, nil)}, chat.Block{Code: lines})
	}
	return []deploy.Note{{Key: "scheduled:" + taskID(m.Run.Task), Role: deploy.RoleAnnounce, Channel: channel, Body: body}}
}
