package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

type parkedListArgs struct{}

func (r *Registry) parkedList(ctx context.Context, a asked, _ *parkedListArgs) (chat.Message, error) {
	parked, err := r.parked(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	if len(parked) == 0 {
		return say(r.text.Say(a.lang, text.ReplyNothingParked, nil)), nil
	}
	title := r.text.Say(a.lang, text.ReplyParked, text.Args{"Count": len(parked)})
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	for _, p := range parked[:min(len(parked), maxButtons)] {
		m.Blocks = append(m.Blocks, r.parkedBlocks(ctx, a, p)...)
	}
	return r.more(a, m, len(parked)-maxButtons), nil
}

type parkedShowArgs struct {
	ID string `arg:""`
}

func (g *parkedShowArgs) check() error { return checkID(g.ID) }

func (r *Registry) parkedShow(ctx context.Context, a asked, g *parkedShowArgs) (chat.Message, error) {
	id, err := bcn.ParseID(g.ID)
	if err != nil {
		return chat.Message{}, err
	}
	parked, err := r.parked(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	i := slices.IndexFunc(parked, func(p deploy.Parked) bool { return p.Change.ID == id })
	if i < 0 {
		return chat.Message{}, r.notParked(ctx, id)
	}
	p := parked[i]
	blocks := r.parkedBlocks(ctx, a, p)
	blocks = slices.Insert(blocks, 1, chat.Block{Fields: []chat.Markup{
		r.labelled(a.lang, text.LabelState, r.state(a.lang, p.Change.State)),
		r.labelled(a.lang, text.LabelRequester, who(p.Change.Requester)),
		r.labelled(a.lang, text.LabelCreated, text.When(p.Change.CreatedAt)),
		r.labelled(a.lang, text.LabelReason, dash(chat.Escape(p.Change.Reason))),
	}})
	return chat.Message{Text: blocks[0].Section, Blocks: blocks}, nil
}

// notParked says whether the number is unknown or only not parked.
func (r *Registry) notParked(ctx context.Context, id bcn.ID) error {
	if _, err := r.reads.Change(ctx, id); err != nil {
		return err
	}
	return bcn.E(bcn.CodeUnknownID, "id", id.String())
}

type parkedReplayArgs struct {
	ID string `arg:""`
}

func (g *parkedReplayArgs) check() error { return checkID(g.ID) }

func (r *Registry) parkedReplay(ctx context.Context, a asked, g *parkedReplayArgs) (chat.Message, error) {
	id, err := bcn.ParseID(g.ID)
	if err != nil {
		return chat.Message{}, err
	}
	if err := r.changes.Replay(ctx, a.origin, a.actor, id); err != nil {
		return chat.Message{}, err
	}
	// Also after a click: the button may be on a list, not on the card.
	return say(r.text.Say(a.lang, text.ReplyReplaying, text.Args{"id": r.ref(ctx, id)})), nil
}

func (r *Registry) parked(ctx context.Context, a asked) ([]deploy.Parked, error) {
	if err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", ""); err != nil {
		return nil, err
	}
	parked, err := r.reads.Parked(ctx)
	if err != nil {
		return nil, fmt.Errorf("read parked: %w", err)
	}
	return parked, nil
}

func (r *Registry) parkedBlocks(ctx context.Context, a asked, p deploy.Parked) []chat.Block {
	why := r.text.Code(a.lang, p.Code, p.Params, "")
	if p.Change.ID == 0 { // a command of the inbox: it has no change yet
		return []chat.Block{{Section: r.text.Say(a.lang, text.ReplyParkedCommand, text.Args{"why": why})}}
	}
	value := p.Change.ID.String()
	return []chat.Block{
		{Section: r.text.Say(a.lang, text.ReplyParkedLine, text.Args{
			"id": r.ref(ctx, p.Change.ID), "what": r.describe(a.lang, p.Change),
			"by": who(p.Change.Requester), "why": why,
		})},
		{Buttons: []chat.Button{
			r.button(a, chat.ActionReplay, value, text.ButtonReplay, chat.Primary),
			r.button(a, chat.ActionCancel, value, text.ButtonCancel, chat.Danger),
		}},
	}
}

type haltArgs struct {
	Reason string `name:"reason" placeholder:"TEXT" free:""`
}

func (r *Registry) halt(ctx context.Context, a asked, g *haltArgs) (chat.Message, error) {
	if err := r.changes.SetHalt(ctx, a.origin, a.actor, true, g.Reason); err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyHaltedNow, nil)), nil
}

type resumeArgs struct {
	Reason string `name:"reason" placeholder:"TEXT" free:""`
}

func (r *Registry) resume(ctx context.Context, a asked, g *resumeArgs) (chat.Message, error) {
	if err := r.changes.SetHalt(ctx, a.origin, a.actor, false, g.Reason); err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyResumed, nil)), nil
}

// halted says that changes are halted, by whom and why.
func (r *Registry) halted(lang string, h deploy.Halt) chat.Markup {
	by := chat.Escape(h.By)
	if strings.HasPrefix(h.By, "U") || strings.HasPrefix(h.By, "W") { // else the command line
		by = chat.Mention(h.By)
	}
	return r.text.Say(lang, text.ReplyHalted, text.Args{"by": by, "reason": h.Reason})
}
