package card

import (
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// oneoff shows the one-off task of a change: what is run where, and, once it is
// asked for, how far it is.
func (p *Presenter) oneoff(v View) []chat.Block {
	if v.Plan == nil || v.Plan.Oneoff == nil {
		return nil
	}
	o, pl := v.Plan.Oneoff, v.Plan
	args := text.Args{
		"command": chat.Truncate(o.Line(), 200), "memory": o.Memory, "cpu": o.CPU, "timeout": text.Duration(p.lang, o.Timeout),
		"release": pl.BaseRelease, "tag": pl.Tag, "digest": short(pl.Digest), "task": o.Task,
		"account": pl.District.Account, "region": pl.District.Region, "district": pl.District.Name, "cluster": pl.District.Cluster,
	}
	var blocks []chat.Block
	if v.Change.Kind == bcn.KindRun {
		blocks = append(blocks, chat.Block{Section: p.say(text.CardCommand, nil)}, chat.Block{Code: o.Line()},
			chat.Block{Section: p.say(text.CardRunWhere, args) + "\n" + p.say(text.CardPlace, args)})
	} else {
		blocks = append(blocks, chat.Block{Section: p.say(text.CardBeforeDeploy, args)}, chat.Block{Code: o.Line()})
	}
	if v.Oneoff != nil {
		blocks = append(blocks, chat.Block{Section: p.oneoffState(*v.Oneoff)})
	}
	return blocks
}

// logLine is how long a line of a log may be in a thread, in bytes.
const logLine = 400

// logText joins a log's lines, fit to be read.
func logText(lines []string) string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = chat.LogLine(l, logLine)
	}
	return strings.Join(out, "\n")
}

// oneoffState says how far a one-off task is.
func (p *Presenter) oneoffState(o bcn.Oneoff) chat.Markup {
	args := p.oneoffArgs(o)
	switch {
	case o.Unknown:
		return p.say(text.CardOneoffUnknown, args)
	case o.Passed():
		return p.say(text.CardOneoffPassed, args)
	case o.Ended():
		return p.say(text.CardOneoffFailed, args)
	case o.StartedAt != nil:
		return p.say(text.CardOneoffRunning, args)
	default:
		return p.say(text.CardOneoffStarting, args)
	}
}

func (p *Presenter) oneoffArgs(o bcn.Oneoff) text.Args {
	args := text.Args{"task": taskID(o.Task), "exit": "", "why": o.Reason, "since": "", "duration": "", "stopped": string(o.Why)}
	if o.ExitCode != nil {
		args["exit"] = fmt.Sprint(*o.ExitCode)
	}
	if o.StartedAt != nil {
		args["since"] = text.When(*o.StartedAt)
	}
	if o.EndedAt != nil {
		from := o.AskedAt
		if o.StartedAt != nil {
			from = *o.StartedAt
		}
		args["duration"] = text.Duration(p.lang, max(o.EndedAt.Sub(from), 0))
	}
	return args
}

// oneoffNotes tell that a one-off task was started, and how it ended, with its
// last log lines. What keeps a deploy from going on is shown in the channel too.
func (p *Presenter) oneoffNotes(m deploy.Moment) []deploy.Note {
	if m.Oneoff == nil || m.Plan == nil || m.Plan.Oneoff == nil {
		return nil
	}
	o := *m.Oneoff
	args := p.oneoffArgs(o)
	args["gate"] = m.Change.Kind != bcn.KindRun
	args["command"] = chat.Truncate(m.Plan.Oneoff.Line(), 200)
	key := fmt.Sprint("oneoff:", o.Try)
	if !o.Ended() {
		return []deploy.Note{thread(key+":started", p.say(text.ThreadOneoffStarted, args))}
	}
	id := text.ThreadOneoffFailed
	if o.Passed() {
		id = text.ThreadOneoffPassed
	}
	head := p.say(id, args)
	body := plain(head)
	switch lines := logText(m.Lines); {
	case lines != "":
		body.Blocks = append(body.Blocks, chat.Block{Context: p.say(text.ThreadLogs, nil)}, chat.Block{Code: lines})
	case o.Task != "":
		body.Blocks = append(body.Blocks, chat.Block{Context: p.say(text.ThreadOneoffSilent, nil)})
	}
	broadcast := !o.Passed() && m.Change.Kind != bcn.KindRun && o.Why != bcn.CodeCancelled
	return []deploy.Note{{Key: key + ":ended", Role: deploy.RoleThread, Broadcast: broadcast, Body: body}}
}
