package card

import (
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// glass marks on a card what goes, or went, without approval.
func (p *Presenter) glass(v View) chat.Markup {
	switch {
	case v.FollowUp != nil:
		return p.followUp(v.Change, *v.FollowUp)
	case v.Change.State.Ended():
		return "" // it never started
	case v.Plan == nil && v.Wish.BreakGlass:
		return p.say(text.CardGlassWish, nil)
	case v.Plan != nil && v.Plan.Skips():
		return p.say(text.CardGlassPlan, text.Args{"skipped": approval.Who(v.Plan.BreakGlass.Skipped)})
	default:
		return ""
	}
}

// followUp says who has to look at it, or who has.
func (p *Presenter) followUp(c bcn.Change, f bcn.FollowUp) chat.Markup {
	id := text.CardGlassOpen
	if !f.Open() {
		id = text.CardGlassAcknowledged
	}
	out := p.say(id, p.glassArgs(c, f))
	if len(f.Overrode) > 0 {
		out += "\n" + p.say(text.CardGlassOverrode, text.Args{"what": strings.Join(f.Overrode, "; ")})
	}
	return out
}

// glassArgs are what sentences about a follow-up are filled with.
func (p *Presenter) glassArgs(c bcn.Change, f bcn.FollowUp) text.Args {
	args := text.Args{
		"id": c.ID.String(), "number": c.ID.String()[1:], "what": inShort(c), "requester": chat.Mention(f.Person), "reason": f.Reason,
		"skipped": approval.Who(f.Skipped), "who": strings.Join(f.MayAcknowledge(), ", "),
		"since": text.When(f.At), "due": text.When(f.DueAt), "by": chat.Markup(""), "at": chat.Markup(""), "note": f.Note,
	}
	if !f.Open() {
		args["by"], args["at"] = chat.Mention(f.AcknowledgedBy), text.When(*f.AcknowledgedAt)
	}
	return args
}

// inShort names a change in the words of its command.
func inShort(c bcn.Change) chat.Markup {
	words := []string{string(c.Kind)}
	for _, w := range []string{c.App, c.Env, c.Tag} {
		if w != "" {
			words = append(words, w)
		}
	}
	if c.App == "" {
		words = append(words, subjectName(c))
	}
	return chat.Code(strings.Join(words, " "))
}

// notAsked says why nobody has to approve. What ended before it started skipped
// nobody.
func (p *Presenter) notAsked(c bcn.Change, pl bcn.Plan) chat.Markup {
	switch {
	case pl.Skips():
		return p.say(text.CardGlassField, text.Args{
			"skipped": approval.Who(pl.BreakGlass.Skipped), "never": c.State == bcn.ChangeClosed, "nothing": c.Code == bcn.CodeNoChange,
		})
	case pl.Oncall != nil && pl.Oncall.On:
		return p.say(text.CardOncall, text.Args{"source": pl.Oncall.Source})
	default:
		return p.say(text.CardNobody, nil)
	}
}

// oncallUnknown says that nobody told whether the requester is on call, who
// would else need no approval.
func (p *Presenter) oncallUnknown(v View) []chat.Markup {
	if v.Plan == nil || v.Plan.Oncall == nil || !v.Plan.Oncall.Unknown || v.Change.State.Ended() {
		return nil
	}
	return []chat.Markup{p.say(text.CardOncallUnknown, text.Args{"source": v.Plan.Oncall.Source})}
}

// acknowledge is the button of an open follow-up.
func (p *Presenter) acknowledge(c bcn.Change) chat.Button {
	b := p.button(c, chat.ActionAcknowledge, text.ButtonAcknowledge, chat.Plain)
	b.Confirm = p.confirm(text.ConfirmAcknowledgeTitle, text.ConfirmAcknowledgeText, text.Args{"id": c.ID.String()})
	return b
}

// withAcknowledge adds that button to those of a card.
func (p *Presenter) withAcknowledge(v View, buttons []chat.Button) []chat.Button {
	if v.FollowUp == nil || !v.FollowUp.Open() {
		return buttons
	}
	return append(buttons, p.acknowledge(v.Change))
}

// broken tells that something goes without approval: its thread, the channel
// that must not miss it, and each of those who were skipped.
func (p *Presenter) broken(m deploy.Moment) []deploy.Note {
	f := m.FollowUp
	args := p.glassArgs(m.Change, *f)
	rest := p.followUp(m.Change, *f)
	args["who"] = mention(m.Change.Requester)
	notes := []deploy.Note{{Key: "broken", Role: deploy.RoleThread, Broadcast: true, Body: plain(p.say(text.ThreadGlass, args))}}
	about := []chat.Block{{Section: p.say(text.CardReason, text.Args{"reason": f.Reason})}, {Section: rest}}
	body := func(head chat.Markup, more ...chat.Block) chat.Message {
		blocks := append([]chat.Block{{Section: head}}, about...)
		blocks = append(blocks, more...)
		return chat.Message{Text: head, Blocks: append(blocks, chat.Block{Buttons: []chat.Button{p.acknowledge(m.Change)}})}
	}
	if p.security != "" {
		notes = append(notes, deploy.Note{
			Key: "broken:security", Role: deploy.RoleAnnounce, Channel: p.security,
			Body: body(p.say(text.AnnounceGlass, args), p.notTold(m.More)...),
		})
	}
	for _, user := range f.Told {
		notes = append(notes, deploy.Note{Key: "broken:" + user, Role: deploy.RoleDirect, To: user, Body: body(p.say(text.DirectGlass, args))})
	}
	return notes
}

func (p *Presenter) notTold(n deploy.NotTold) []chat.Block {
	if len(n.Teams) == 0 && n.People == 0 {
		return nil
	}
	return []chat.Block{{Context: p.say(text.AnnounceGlassNotTold, text.Args{"teams": strings.Join(n.Teams, ", "), "people": n.People})}}
}

// acknowledged tells that somebody has looked at it.
func (p *Presenter) acknowledged(m deploy.Moment) []deploy.Note {
	args := p.glassArgs(m.Change, *m.FollowUp)
	notes := []deploy.Note{thread("acknowledged", p.say(text.ThreadGlassAcknowledged, args))}
	if p.security != "" {
		notes = append(notes, deploy.Note{
			Key: "acknowledged:security", Role: deploy.RoleAnnounce, Channel: p.security, Body: plain(p.say(text.AnnounceGlassSettled, args)),
		})
	}
	for _, key := range withButton(*m.FollowUp) {
		notes = append(notes, deploy.Note{Key: key, Ends: true, Body: plain(p.say(text.GlassButtonGone, args))})
	}
	return notes
}

// withButton are the keys of the messages in which a follow-up could be
// acknowledged, besides its card.
func withButton(f bcn.FollowUp) []string {
	keys := []string{"broken:security"}
	for _, user := range f.Told {
		keys = append(keys, "broken:"+user)
	}
	for n := range f.Reminded {
		keys = append(keys, reminderKey(n+1))
	}
	return keys
}

func reminderKey(n int) string { return "follow-up:" + strconv.Itoa(n) }

// FollowUpReminder reminds the channel that must not miss it of what nobody has
// looked at.
func (p *Presenter) FollowUpReminder(f bcn.FollowUp, c bcn.Change) []deploy.Note {
	args := p.glassArgs(c, f)
	args["overdue"] = !f.At.Add(bcn.RemindAfter(f.Reminded - 1)).Before(f.DueAt)
	head := p.say(text.AnnounceGlassReminder, args)
	n := deploy.Note{
		Key: reminderKey(f.Reminded), Role: deploy.RoleAnnounce, Channel: p.security,
		Body: chat.Message{Text: head, Blocks: []chat.Block{{Section: head}, {Buttons: []chat.Button{p.acknowledge(c)}}}},
	}
	if p.security == "" { // bot.yaml had one when it was broken
		n.Role, n.Broadcast = deploy.RoleThread, true
	}
	return []deploy.Note{n}
}

// skippedReport is a report for those who were not asked.
func (p *Presenter) skippedReport(m deploy.Moment, report chat.Message) []deploy.Note {
	if m.FollowUp == nil {
		return nil
	}
	head := p.say(text.DirectGlassReport, p.glassArgs(m.Change, *m.FollowUp))
	body := chat.Message{Text: head, Blocks: append([]chat.Block{{Section: head}}, report.Blocks...)}
	var notes []deploy.Note
	if p.security != "" {
		notes = append(notes, deploy.Note{Key: "report:security", Role: deploy.RoleAnnounce, Channel: p.security, Body: body})
	}
	for _, user := range m.FollowUp.Told {
		notes = append(notes, deploy.Note{Key: "report:" + user, Role: deploy.RoleDirect, To: user, Body: body})
	}
	return notes
}

// glassVerdict adds to a verdict that nobody had approved it.
func (p *Presenter) glassVerdict(c bcn.Change, said chat.Markup) chat.Markup {
	if !c.Glass {
		return said
	}
	return said + " " + p.say(text.GlassVerdict, nil)
}
