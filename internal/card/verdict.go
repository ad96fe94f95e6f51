package card

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// quietEnds are ends that the card alone shows: nobody needs to be called.
var quietEnds = map[bcn.Code]bool{bcn.CodePlanOnly: true, bcn.CodeNoChange: true}

// ended tells the verdict: the requester is mentioned in the thread, and the
// announce channel gets one line about what became of a deploy.
func (p *Presenter) ended(m deploy.Moment) []deploy.Note {
	c := m.Change
	if c.State == bcn.ChangeClosed && quietEnds[c.Code] {
		return nil
	}
	args := text.Args{
		"who": mention(c.Requester), "id": c.ID.String(), "app": c.App, "env": c.Env, "tag": c.Tag,
		"why": p.explainEnd(c), "release": 0, "by": p.by(c.Params["by"]), "duration": p.took(m),
	}
	p.ofOperation(m, args)
	if m.Release != nil {
		args["release"] = m.Release.Number
	}
	notes := []deploy.Note{thread("ended", p.glassVerdict(c, p.say(endID(c), args)))}
	if len(m.Left) > 0 {
		notes = append(notes, thread("left", p.say(text.ThreadLeft, text.Args{"stacks": strings.Join(m.Left, ", ")})))
	}
	// Only what is announced is looked up: what closes a change is said inside a
	// transaction, which must not wait for another connection.
	if id := announceID(c); id != "" {
		if channel := p.announceChannel(c); channel != "" {
			notes = append(notes, deploy.Note{Key: "announce", Role: deploy.RoleAnnounce, Channel: channel, Body: plain(p.glassVerdict(c, p.say(id, args)))})
		}
	}
	return append(notes, p.holdEnded(m)...)
}

func (p *Presenter) explainEnd(c bcn.Change) chat.Markup {
	if c.Code == "" {
		return ""
	}
	return p.explain(c.Code, c.Params)
}

func (p *Presenter) took(m deploy.Moment) string {
	if m.Release == nil {
		return ""
	}
	return text.Duration(p.lang, m.Release.EndedAt.Sub(m.Release.StartedAt))
}

func endID(c bcn.Change) text.ID {
	switch c.State {
	case bcn.ChangeSucceeded:
		if c.Kind == bcn.KindDeploy {
			return text.ThreadEndedSucceeded
		}
		if c.Kind.Releases() {
			return text.ThreadEndedOperation
		}
		return text.ThreadEndedDone
	case bcn.ChangeRolledBack:
		return text.ThreadEndedRolledBack
	case bcn.ChangeRollbackFailed:
		return text.ThreadEndedRollbackFailed
	case bcn.ChangeCancelled:
		return text.ThreadEndedCancelled
	case bcn.ChangeClosed:
		return text.ThreadEndedClosed
	default:
		return text.ThreadEndedFailed
	}
}

func announceID(c bcn.Change) text.ID {
	if c.Kind != bcn.KindDeploy {
		return announceOperation(c)
	}
	switch c.State {
	case bcn.ChangeSucceeded:
		return text.AnnounceSucceeded
	case bcn.ChangeRolledBack:
		return text.AnnounceRolledBack
	case bcn.ChangeFailed, bcn.ChangeRollbackFailed:
		return text.AnnounceFailed
	default:
		return ""
	}
}

// announceOperation is about rollbacks, restarts and their like.
func announceOperation(c bcn.Change) text.ID {
	switch {
	case !c.Kind.Releases():
		return ""
	case c.State == bcn.ChangeSucceeded:
		return text.AnnounceOperation
	case c.State == bcn.ChangeRolledBack:
		return text.AnnounceOperationUndone
	case c.State == bcn.ChangeFailed || c.State == bcn.ChangeRollbackFailed:
		return text.AnnounceOperationFailed
	default:
		return ""
	}
}

// announceChannel is the heritage's own, or the one for all.
func (p *Presenter) announceChannel(c bcn.Change) string {
	if p.channelOf != nil {
		if own := p.channelOf(c.App, c.Env); own != "" {
			return own
		}
	}
	return p.announce
}
