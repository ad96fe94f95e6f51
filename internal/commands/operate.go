package commands

import (
	"context"
	"fmt"
	"regexp"
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

func (g *parkedShowArgs) check() error { return checkParked(g.ID) }

// parkedMark is how a stored command is named.
var parkedMark = regexp.MustCompile(`^command-[0-9a-f]{8}$`)

func checkParked(id string) error {
	if parkedMark.MatchString(id) {
		return nil
	}
	return checkID(id)
}

func (r *Registry) parkedShow(ctx context.Context, a asked, g *parkedShowArgs) (chat.Message, error) {
	parked, err := r.parked(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	id, said := bcn.ParseID(g.ID) // 0 of a command
	i := slices.IndexFunc(parked, func(p deploy.Parked) bool { return p.ID() == g.ID || said == nil && p.ID() == id.String() })
	switch {
	case i < 0 && said != nil:
		return chat.Message{}, bcn.E(bcn.CodeUnknownName, "what", "command", "name", g.ID)
	case i < 0:
		return chat.Message{}, r.notParked(ctx, id)
	}
	p := parked[i]
	blocks := r.parkedBlocks(ctx, a, p)
	if p.Tick != nil || p.Command != nil {
		return chat.Message{Text: blocks[0].Section, Blocks: blocks}, nil
	}
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

func (g *parkedReplayArgs) check() error { return checkParked(g.ID) }

func (r *Registry) parkedReplay(ctx context.Context, a asked, g *parkedReplayArgs) (chat.Message, error) {
	if parkedMark.MatchString(g.ID) {
		if err := r.changes.ReplayCommand(ctx, a.origin, a.actor, g.ID); err != nil {
			return chat.Message{}, err
		}
		return say(r.text.Say(a.lang, text.ReplyReplayingCommand, nil)), nil
	}
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
	value := p.ID()
	replay := []chat.Button{r.button(a, chat.ActionReplay, value, text.ButtonReplay, chat.Primary)}
	switch {
	case p.Command != nil:
		blocks := []chat.Block{{Section: r.text.Say(a.lang, text.ReplyParkedCommand, text.Args{
			"mark": p.Command.Mark, "verb": verbOf(p.Command.Request.Text, r.command), "by": chat.Mention(p.Command.Request.User),
			"at": text.When(p.Command.At), "forgotten": p.Command.Forgotten,
		})}}
		if p.Command.Forgotten {
			return blocks
		}
		return append(blocks, chat.Block{Buttons: replay})
	case p.Tick != nil:
		return []chat.Block{{Section: r.text.Say(a.lang, text.ReplyParkedTick, text.Args{
			"id": value, "name": p.Tick.Schedule, "at": text.When(p.Tick.At), "why": why,
		})}, {Buttons: replay}}
	}
	return []chat.Block{
		{Section: r.text.Say(a.lang, text.ReplyParkedLine, text.Args{
			"id": r.ref(ctx, p.Change.ID), "what": r.describe(a.lang, p.Change),
			"by": who(p.Change.Requester), "why": why,
		})},
		{Buttons: append(replay, r.button(a, chat.ActionCancel, value, text.ButtonCancel, chat.Danger))},
	}
}

// verbOf tells of a stored command no more than its verb: the rest is its
// author's.
func verbOf(said, slash string) string {
	if c, err := parse(said, slash); err == nil && c.verb != nil && said != "" {
		return c.verb.name
	}
	return ""
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
