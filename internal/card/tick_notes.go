package card

import (
	"strconv"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/text"
)

var _ scheduler.Speaker = (*Presenter)(nil)

// TickNotes finds the words for a moment of a scheduled run; see
// scheduler.Speaker. A quiet schedule shows a run only once it was announced or
// went wrong.
func (p *Presenter) TickNotes(m scheduler.Moment) []deploy.Note {
	if m.Schedule.Channel == "" {
		return nil // bcn's own, which has no message of its own
	}
	card := deploy.Note{Key: "card", Role: deploy.RoleCard, Channel: m.Schedule.Channel}
	switch m.Kind {
	case scheduler.MomentAnnounced:
		return []deploy.Note{card}
	case scheduler.MomentStarted:
		if m.Schedule.Options.Quiet {
			return nil
		}
		return []deploy.Note{card}
	case scheduler.MomentAnswered:
		return p.answered(m)
	case scheduler.MomentEnded:
		return p.tickEnded(m, card)
	case scheduler.MomentPaused:
		return p.tickPaused(m)
	case scheduler.MomentParked:
		args := p.tickArgs(m.Schedule, m.Tick)
		args["id"] = m.Tick.ID.String()
		return []deploy.Note{{Key: "parked", Role: deploy.RoleAnnounce, Channel: m.Schedule.Channel, Body: plain(p.say(text.AnnounceTickParked, args))}}
	default:
		return nil
	}
}

// answered says in the channel what the command answered.
func (p *Presenter) answered(m scheduler.Moment) []deploy.Note {
	if m.Reply == nil || m.Reply.Text == "" {
		return nil
	}
	return []deploy.Note{{
		Key: "answer:" + strconv.Itoa(m.Tick.Tries), Role: deploy.RoleAnnounce, Channel: m.Schedule.Channel, Body: *m.Reply,
	}}
}

// decidedByPeople are the ends that somebody chose, who needs no telling.
var decidedByPeople = map[bcn.Code]bool{bcn.CodeSkippedBy: true, bcn.CodePaused: true, bcn.CodeRejected: true, bcn.CodeCancelled: true}

// tickEnded lets the card tell the end. What went wrong has a card in any case,
// and is told in its thread and to the owner.
func (p *Presenter) tickEnded(m scheduler.Moment, card deploy.Note) []deploy.Note {
	k, owner := m.Tick, m.Schedule.Owner
	if k.State == bcn.TickSucceeded || k.State == bcn.TickSkipped && decidedByPeople[k.Code] {
		return nil
	}
	notes := []deploy.Note{card}
	if k.State == bcn.TickSkipped && k.Code == bcn.CodeOverlap {
		return notes // the one before has its own card
	}
	args := p.tickArgs(m.Schedule, k)
	args["why"] = p.tickWhy(m.Schedule, k)
	if k.State == bcn.TickFailed {
		notes = append(notes, thread("failed", p.say(text.ThreadTickFailed, args)))
	}
	if owner.Kind == bcn.Person && owner.User != "" && k.Code != bcn.CodeOwnerGone {
		id := text.DirectTickFailed
		if k.State == bcn.TickSkipped {
			id = text.DirectTickSkipped
		}
		notes = append(notes, deploy.Note{Key: "failed:direct", Role: deploy.RoleDirect, To: owner.User, Body: plain(p.say(id, args))})
	}
	return notes
}

// tickPaused tells the channel that a schedule stands still because its owner
// is gone, and the owner, unless their account is no more.
func (p *Presenter) tickPaused(m scheduler.Moment) []deploy.Note {
	args := p.tickArgs(m.Schedule, m.Tick)
	args["why"] = p.explain(m.Tick.Code, m.Tick.Params)
	body := plain(p.say(text.AnnounceSchedulePaused, args))
	body.Blocks = append(body.Blocks, chat.Block{Buttons: []chat.Button{{
		Action: chat.ActionScheduleResume, Value: m.Schedule.ID.String()[1:], Label: p.text.Plain(p.lang, text.ButtonScheduleResume, nil),
	}}})
	notes := []deploy.Note{{Key: "paused", Role: deploy.RoleAnnounce, Channel: m.Schedule.Channel, Body: body}}
	if owner := m.Schedule.Owner; owner.Kind == bcn.Person && owner.User != "" && m.Tick.Params["why"] != "deactivated" {
		notes = append(notes, deploy.Note{Key: "paused:direct", Role: deploy.RoleDirect, To: owner.User, Body: plain(p.say(text.AnnounceSchedulePaused, args))})
	}
	return notes
}
