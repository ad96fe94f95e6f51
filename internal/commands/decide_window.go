package commands

import (
	"context"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// The inputs of the windows of decisions.
const (
	reasonInput  = "reason"
	commandInput = "command"
)

// Cards shows a change as its card does.
type Cards interface {
	// Shown answers the card of a change without its buttons. Errors: unknown_id.
	Shown(ctx context.Context, id bcn.ID) (chat.Message, error)
}

// decides says whether an action is a window of a decision: its button opens
// it, and sending it decides. Its state is the change's number alone.
func decides(a chat.Action) bool {
	return a == chat.ActionReject || a == chat.ActionReview || a == chat.ActionChange
}

func (r *Registry) decisionWindow(lang string, name chat.Action) chat.Modal {
	title := map[chat.Action]text.ID{
		chat.ActionReject: text.ModalRejectTitle, chat.ActionReview: text.ModalReviewTitle, chat.ActionChange: text.ModalChangeTitle,
	}[name]
	return chat.Modal{Name: name, Title: r.text.Plain(lang, title, nil), Close: r.text.Plain(lang, text.ModalClose, nil)}
}

// decisionOpens answers a window of a change, and the message with the same
// button for where it cannot be opened any more.
func (r *Registry) decisionOpens(ctx context.Context, a asked, name chat.Action, value string) (chat.Message, error) {
	id, err := bcn.ParseID(value)
	if err != nil {
		return chat.Message{}, err
	}
	c, err := r.reads.Change(ctx, id)
	if err != nil {
		return chat.Message{}, err
	}
	m := r.decisionWindow(a.lang, name)
	m.State = id.String()[1:]
	line, label, style := text.ReplyRejectWhy, text.ButtonRejectWhy, chat.Danger
	args := text.Args{"id": r.ref(ctx, id), "number": id.String()[1:], "what": r.describe(a.lang, c), "by": who(c.Requester)}
	switch name {
	case chat.ActionReject:
		if err := waits(c); err != nil {
			return chat.Message{}, err
		}
		m.Body = []chat.Block{{Section: r.text.Say(a.lang, text.ModalRejectBody, args)}}
		m.Inputs = []chat.Input{{
			Name: reasonInput, Label: r.text.Plain(a.lang, text.ModalRejectWhy, nil), Hint: r.text.Plain(a.lang, text.ModalRejectHint, nil),
			Lines: true, Max: maxReason,
		}}
		m.Submit = r.text.Plain(a.lang, text.ButtonReject, nil)
	case chat.ActionReview:
		if err := waits(c); err != nil {
			return chat.Message{}, err
		}
		shown, err := r.cards.Shown(ctx, id)
		if err != nil {
			return chat.Message{}, err
		}
		m.Body, m.Submit = shown.Blocks, r.text.Plain(a.lang, text.ButtonApprove, nil)
		line, label, style = text.ReplyReview, text.ButtonReview, chat.Primary
	default:
		return r.changeWindow(ctx, a, m, c, args)
	}
	return r.decisionMessage(a, m, line, label, style, args), nil
}

func (r *Registry) decisionMessage(a asked, m chat.Modal, line, label text.ID, style chat.Style, args text.Args) chat.Message {
	out := say(r.text.Say(a.lang, line, args))
	out.Modal = &m
	out.Blocks = append(out.Blocks, chat.Block{Buttons: []chat.Button{r.button(a, m.Name, m.State, label, style)}})
	return out
}

// waits refuses a window for what nobody has to decide any more.
func waits(c bcn.Change) error {
	if c.State != bcn.ChangeWaiting {
		return bcn.E(bcn.CodeAlreadyDecided, "id", c.ID.String(), "state", string(c.State), "by", c.Params["by"])
	}
	return nil
}

// changeWindow holds the command that would ask for the same, to be changed.
func (r *Registry) changeWindow(ctx context.Context, a asked, m chat.Modal, c bcn.Change, args text.Args) (chat.Message, error) {
	wish, err := r.changes.Wish(ctx, c.ID)
	if err != nil {
		return chat.Message{}, err
	}
	command, ok := commandOf(wish)
	if !ok {
		return chat.Message{}, bcn.E(bcn.CodeTooLate, "id", c.ID.String())
	}
	m.Body = []chat.Block{{Section: r.text.Say(a.lang, text.ModalChangeBody, args)}}
	m.Inputs = []chat.Input{{Name: commandInput, Label: r.text.Plain(a.lang, text.ModalChangeLabel, nil), Lines: true, Value: command}}
	m.Submit = r.text.Plain(a.lang, text.ModalChangeSubmit, nil)
	return r.decisionMessage(a, m, text.ReplyChange, text.ButtonChange, chat.Primary, args), nil
}

// Fill answers a window as it is stored: with what was filled in where that is
// no secret, as if it had been typed. It is pure.
func (r *Registry) Fill(s chat.Submission) chat.Request {
	switch s.Action {
	case chat.ActionReject:
		s.Text = reasonOf(s)
	case chat.ActionChange:
		s.Text = r.changed(s.Fields[commandInput].Reveal())
		if tidied := r.Tidy(chat.Request{Source: chat.FromSlash, Text: s.Text}); tidied.Wrong != "" {
			s.Text, s.Wrong = tidied.Text, tidied.Wrong
		}
	}
	return s.Request
}

// changed drops the slash command that people may leave in front.
func (r *Registry) changed(line string) string {
	return slackText.Replace(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), r.command+" ")))
}

// reasonOf is what was filled in as the reason: what a window holds is not
// marked up as messages are.
func reasonOf(s chat.Submission) string {
	return prose(slackText.Replace(s.Fields[reasonInput].Reveal()))
}

// checkDecision says what is wrong with what was filled in. It is pure.
func (r *Registry) checkDecision(s chat.Submission, lang string) map[string]string {
	switch s.Action {
	case chat.ActionReject:
		if reasonOf(s) == "" {
			return map[string]string{reasonInput: r.text.Plain(lang, text.ModalRejectEmpty, nil)}
		}
	case chat.ActionChange:
		line := r.changed(s.Fields[commandInput].Reveal())
		if wrong, ok := r.Immediate(chat.Request{Source: chat.FromSlash, Text: line}, lang); ok {
			return map[string]string{commandInput: chat.Clean(string(wrong.Text))}
		}
		if c, err := parse(line, r.command); err != nil || c.verb == nil || !askable(c.verb.name) {
			return map[string]string{commandInput: r.text.Plain(lang, text.ModalChangeOther, nil)}
		}
	}
	return nil
}

// decisionSent runs a window of a decision that was sent.
func (r *Registry) decisionSent(ctx context.Context, req chat.Request, a asked) (chat.Message, bool, error) {
	switch req.Action {
	case chat.ActionReject:
		a.verb = find("reject")
		return r.do(ctx, a, &rejectArgs{ID: req.Value, Reason: req.Text})
	case chat.ActionReview:
		a.verb = find("approve")
		return r.do(ctx, a, &approveArgs{ID: req.Value})
	}
	c, err := parse(req.Text, r.command)
	if err != nil || req.Wrong != "" || c.verb == nil || c.typo != "" || c.help || !askable(c.verb.name) {
		return chat.Message{}, false, bcn.E(bcn.CodeStaleCard)
	}
	a.verb = c.verb
	if m, ok, err := r.correct(ctx, a, c); ok || err != nil {
		return m, ok, err
	}
	return r.do(ctx, a, c.grammar)
}
