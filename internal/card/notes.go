package card

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

var _ deploy.Speaker = (*Presenter)(nil)

// Notes finds the words for a moment; see deploy.Speaker.
func (p *Presenter) Notes(m deploy.Moment) []deploy.Note {
	switch m.Kind {
	case deploy.MomentAsked:
		return p.asked(m)
	case deploy.MomentPlanned:
		return p.planned(m)
	case deploy.MomentDecided:
		return p.decided(m)
	case deploy.MomentStarted:
		return []deploy.Note{thread("started", p.say(text.ThreadStarted, nil))}
	case deploy.MomentEvents:
		return p.events(m)
	case deploy.MomentFailing:
		return p.failing(m)
	case deploy.MomentEnded, deploy.MomentSuperseded:
		return p.ended(m)
	case deploy.MomentScheduled:
		return p.scheduledFailed(m)
	case deploy.MomentUnhealthy:
		return p.unhealthy(m)
	case deploy.MomentShifting:
		return p.shifting(m)
	case deploy.MomentGivenUp:
		return []deploy.Note{thread("given_up", p.say(text.ThreadGivenUp, text.Args{"service": m.Failed.LogicalID, "why": m.Failed.Reason}))}
	case deploy.MomentBroken:
		return p.broken(m)
	case deploy.MomentAcknowledged:
		return p.acknowledged(m)
	case deploy.MomentOneoff:
		return p.oneoffNotes(m)
	case deploy.MomentParked:
		return p.parked(m)
	case deploy.MomentDeputyNamed, deploy.MomentDeputyRemoved:
		return p.deputies(m)
	case deploy.MomentHeld, deploy.MomentOverrode, deploy.MomentHoldSet, deploy.MomentHoldChanged, deploy.MomentHoldLifted, deploy.MomentHoldOver, deploy.MomentHoldReminder:
		return p.holdNotes(m)
	case deploy.MomentGranted, deploy.MomentHanded, deploy.MomentNear, deploy.MomentOver, deploy.MomentStuck, deploy.MomentUnstuck, deploy.MomentReport:
		return p.accessNotes(m)
	default:
		return nil
	}
}

func plain(m chat.Markup) chat.Message {
	return chat.Message{Text: m, Blocks: []chat.Block{{Section: m}}}
}

func thread(key string, m chat.Markup) deploy.Note {
	return deploy.Note{Key: key, Role: deploy.RoleThread, Body: plain(m)}
}

// asked posts the card; where cards have a channel of their own, the channel
// of the command gets one line.
func (p *Presenter) asked(m deploy.Moment) []deploy.Note {
	c := m.Change
	channel := c.Channel
	if p.approvals != "" && c.Kind != bcn.KindPlan {
		channel = p.approvals
	}
	notes := []deploy.Note{{Key: "card", Role: deploy.RoleCard, Channel: channel}}
	if channel != c.Channel {
		line := p.say(text.LinkCard, text.Args{"what": p.first(c, m.Wish), "channel": chat.Channel(channel)})
		notes = append(notes, deploy.Note{Key: "link", Role: deploy.RoleLink, Channel: c.Channel, Body: plain(line)})
	}
	return notes
}

// planned puts the whole plan into the thread.
func (p *Presenter) planned(m deploy.Moment) []deploy.Note {
	head := p.say(text.ThreadPlan, text.Args{"hash": short(m.Hash), "source": m.Plan.Source, "commit": short(strings.TrimPrefix(m.Plan.Commit, "sha256:"))})
	var notes []deploy.Note
	if !m.Plan.Empty() {
		notes = append(notes, deploy.Note{
			Key: "plan", Role: deploy.RoleThread,
			Body: chat.Message{Text: head, Blocks: []chat.Block{{Section: head}, {Code: Resources(*m.Plan)}}},
		})
	}
	if from := m.Plan.From; from != nil && from.Diff != "" {
		notes = append(notes, coded("promotes", p.say(text.ThreadPromotes, text.Args{"env": m.Plan.Env, "from": from.Env}), from.Diff))
	}
	if m.Plan.Diff != "" {
		notes = append(notes, coded("diff", p.say(text.ThreadDiff, nil), m.Plan.Diff))
	}
	if c := m.Plan.Commits; c != nil {
		notes = append(notes, coded("commits", p.commits(c), listed(c)))
	}
	if m.Moved != "" {
		notes = append(notes, coded("moved", p.say(text.ThreadMoved, nil), m.Moved))
	}
	return append(notes, p.unlockAsked(m)...)
}

func coded(key string, head chat.Markup, code string) deploy.Note {
	return deploy.Note{Key: key, Role: deploy.RoleThread, Body: chat.Message{Text: head, Blocks: []chat.Block{{Section: head}, {Code: code}}}}
}

func (p *Presenter) decided(m deploy.Moment) []deploy.Note {
	d := m.Decision
	args := text.Args{"who": p.decider(*d), "hash": short(m.Request.Hash), "reason": d.Reason, "asker": mention(m.Change.Requester)}
	id := text.ThreadApproved
	if d.Verdict == bcn.Reject {
		id = text.ThreadRejected
	}
	notes := []deploy.Note{thread("decision:"+d.Person, p.say(id, args))}
	if d.Verdict == bcn.Reject {
		notes = append(notes, p.ended(deploy.Moment{Kind: deploy.MomentEnded, Change: closed(m.Change, d), Code: bcn.CodeRejected})...)
	}
	return notes
}

func closed(c bcn.Change, d *bcn.Decision) bcn.Change {
	c.State, c.Code, c.Params = bcn.ChangeClosed, bcn.CodeRejected, map[string]string{"by": d.Person, "reason": d.Reason}
	return c
}

// milestones are the resources whose life is told; the rest is in the console.
var milestones = map[string]bool{
	"AWS::ECS::Service": true, "AWS::ElasticLoadBalancingV2::LoadBalancer": true, "AWS::CloudFormation::Stack": true,
}

// events tells the milestones among what CloudFormation did, each once.
func (p *Presenter) events(m deploy.Moment) []deploy.Note {
	var notes []deploy.Note
	back := false // CloudFormation undoes what it did
	for _, e := range m.Events {
		what, mark := milestone(e.Status)
		key := "event:" + e.LogicalID + ":" + e.Status
		if stack := e.Type == "AWS::CloudFormation::Stack"; stack && strings.Contains(e.Status, "ROLLBACK") {
			back = true
		} else if back && !stack {
			if what != text.ThreadWhatDone {
				continue
			}
			what, mark, key = text.ThreadWhatRolledBack, "↩️", key+":back"
		}
		if what == "" || !milestones[e.Type] || strings.HasSuffix(e.Status, "CLEANUP_IN_PROGRESS") {
			continue
		}
		name := e.LogicalID
		if e.Type == "AWS::CloudFormation::Stack" {
			name = p.text.Plain(p.lang, text.CardLinkStack, text.Args{"stack": name})
		}
		// CloudFormation tells the beginning of a creation twice, so that the
		// status, and not the event, makes the line unique.
		notes = append(notes, thread(key, p.say(text.ThreadResource,
			text.Args{"mark": chat.Markup(mark), "id": name, "what": p.say(what, nil)})))
	}
	return notes
}

func milestone(status string) (what text.ID, mark string) {
	switch {
	case strings.Contains(status, "ROLLBACK") && strings.HasSuffix(status, "_IN_PROGRESS"):
		return text.ThreadWhatRollback, "↩️"
	case strings.Contains(status, "ROLLBACK") && strings.HasSuffix(status, "_COMPLETE"):
		return text.ThreadWhatRolledBack, "↩️"
	case status == "CREATE_IN_PROGRESS":
		return text.ThreadWhatCreating, "…"
	case status == "UPDATE_IN_PROGRESS":
		return text.ThreadWhatUpdating, "…"
	case status == "DELETE_IN_PROGRESS":
		return text.ThreadWhatDeleting, "…"
	case status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE":
		return text.ThreadWhatDone, "✓"
	default:
		return "", ""
	}
}

// failing reports the resource that failed, and why its tasks stopped. It is
// also shown in the channel.
func (p *Presenter) failing(m deploy.Moment) []deploy.Note {
	head := p.say(text.ThreadFailing, text.Args{"resource": m.Failed.LogicalID, "type": m.Failed.Type, "why": plainReason(m.Failed.Reason)})
	blocks := []chat.Block{{Section: head}}
	told := ""
	for _, t := range m.Stopped {
		blocks = append(blocks, chat.Block{Section: p.stopped(t)})
		logs := logText(t.Logs)
		switch logs {
		case "":
		case told:
			blocks = append(blocks, chat.Block{Context: p.say(text.ThreadSameLogs, nil)})
		default:
			blocks = append(blocks, chat.Block{Context: p.say(text.ThreadLogs, nil)}, chat.Block{Code: logs})
		}
		told = logs
	}
	if len(m.Stopped) == 0 && m.Failed.Type == "AWS::ECS::Service" {
		blocks = append(blocks, chat.Block{Context: p.say(text.ThreadNoTasks, nil)})
	}
	return []deploy.Note{{Key: "failing", Role: deploy.RoleThread, Broadcast: true, Body: chat.Message{Text: head, Blocks: blocks}}}
}

// parked tells the channel of the card, and the administrators in the channel
// for what must not be missed.
func (p *Presenter) parked(m deploy.Moment) []deploy.Note {
	body := plain(p.say(text.ThreadParked, text.Args{"id": m.Change.ID.String()}))
	key := "parked:" + strconv.FormatInt(m.Change.Fence, 10)
	notes := []deploy.Note{{Key: key, Role: deploy.RoleThread, Broadcast: true, Body: body}}
	if p.security != "" {
		notes = append(notes, deploy.Note{Key: key + ":security", Role: deploy.RoleAnnounce, Channel: p.security, Body: body})
	}
	return notes
}

func (p *Presenter) stopped(t deploy.Stopped) chat.Markup {
	why := t.Reason
	if t.Detail != "" && !strings.Contains(why, t.Detail) {
		why += " (" + t.Detail + ")"
	}
	exit := ""
	if t.ExitCode != nil {
		exit = fmt.Sprint(*t.ExitCode)
	}
	return p.say(text.ThreadStopped, text.Args{"task": short(t.Task), "service": t.Service, "exit": exit, "why": why})
}

// handlerWords is how CloudFormation wraps what went wrong: the sentence inside
// is for people, the wrapping and the request's token help nobody in a thread.
var handlerWords = regexp.MustCompile(`^Resource handler returned message: "(.*?)\.?" \(RequestToken: [^)]*\)$`)

func plainReason(why string) string { return handlerWords.ReplaceAllString(why, "$1") }
