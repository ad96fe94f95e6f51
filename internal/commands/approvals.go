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

type approvalsArgs struct{}

// maxButtons bounds lists whose items have buttons: two of Slack's 50 blocks each.
const maxButtons = 15

// Deciders finds what waits for whom.
type Deciders interface {
	// Decides answers on which of the requests the actor's word would count now,
	// their own or as a deputy. It reads what is a minute old at most: a list, and
	// no decision. Errors: refused_person, could_not_check.
	Decides(ctx context.Context, actor bcn.Actor, pending []bcn.Request) (map[bcn.ID]bool, error)
}

// approvals is a person's own list: what waits for them, what they asked for,
// what went without approval, and what else they may see. A decision is made on
// the card, or in a window that shows what the card does.
func (r *Registry) approvals(ctx context.Context, a asked, _ *approvalsArgs) (chat.Message, error) {
	all, err := r.waiting(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	unseen, err := r.followUps(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	var pending []bcn.Request
	for _, w := range all {
		pending = append(pending, w.request)
	}
	mine, err := r.deciders.Decides(ctx, a.actor, pending)
	if err != nil {
		return chat.Message{}, err
	}
	var waits, asked, rest []waiting
	for _, w := range all {
		switch {
		case mine[w.request.ID]:
			waits = append(waits, w)
		case w.request.Requester == a.actor.User:
			asked = append(asked, w)
		default:
			rest = append(rest, w)
		}
	}
	if len(all) == 0 {
		return behind(say(r.text.Say(a.lang, text.ReplyNothingWaits, nil)), unseen), nil
	}
	title := r.text.Say(a.lang, text.ReplyWaitsForYou, text.Args{"Count": len(waits)})
	if len(waits) == 0 {
		title = r.text.Say(a.lang, text.ReplyNoneForYou, nil)
	}
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	m = r.listed(ctx, a, m, waits, chat.ActionReview, chat.ActionReject)
	if len(asked) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.text.Say(a.lang, text.ReplyYouAsked, text.Args{"Count": len(asked)})})
		m = r.listed(ctx, a, m, asked, chat.ActionCancel)
	}
	m = behind(m, unseen)
	if len(rest) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.text.Say(a.lang, text.ReplyWaitsForOthers, text.Args{"Count": len(rest)})})
		m = r.listed(ctx, a, m, rest)
	}
	return m, nil
}

// maxWaiting bounds each part of a list: two blocks for one, of Slack's 50.
const maxWaiting = 7

// listed adds requests to a list, each with what can be done about it here.
func (r *Registry) listed(ctx context.Context, a asked, m chat.Message, list []waiting, actions ...chat.Action) chat.Message {
	labels := map[chat.Action]text.ID{
		chat.ActionReview: text.ButtonReview, chat.ActionReject: text.ButtonRejectWhy, chat.ActionCancel: text.ButtonCancel,
	}
	styles := map[chat.Action]chat.Style{chat.ActionReview: chat.Primary, chat.ActionReject: chat.Danger}
	for _, w := range list[:min(len(list), maxWaiting)] {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.waitingLine(ctx, a, w)})
		var buttons []chat.Button
		for _, x := range actions {
			buttons = append(buttons, r.button(a, x, w.request.ID.String(), labels[x], styles[x]))
		}
		if len(buttons) > 0 {
			m.Blocks = append(m.Blocks, chat.Block{Buttons: buttons})
		}
	}
	return r.more(a, m, len(list)-maxWaiting)
}

// waiting is a request and the change that it is about.
type waiting struct {
	request bcn.Request
	change  bcn.Change
}

func (r *Registry) waiting(ctx context.Context, a asked) ([]waiting, error) {
	pending, err := r.reads.Pending(ctx)
	if err != nil {
		return nil, fmt.Errorf("read pending requests: %w", err)
	}
	if len(pending) == 0 {
		return nil, r.who.Allow(ctx, a.actor, a.verb.name, "", "", "")
	}
	open, err := r.reads.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("read open changes: %w", err)
	}
	var out []waiting
	var refused error
	for _, p := range pending {
		i := slices.IndexFunc(open, func(c bcn.Change) bool { return c.ID == p.ID })
		if i < 0 { // it ended between the two reads
			continue
		}
		c := open[i]
		switch err := r.who.Allow(ctx, a.actor, a.verb.name, c.App, c.Env, c.District); {
		case err == nil || p.Requester == a.actor.User:
			out = append(out, waiting{p, c})
		case notAllowed(err):
			refused = err
		default:
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, refused
	}
	return out, nil
}

func (r *Registry) waitingLine(ctx context.Context, a asked, w waiting) chat.Markup {
	return r.text.Say(a.lang, text.ReplyWaiting, text.Args{
		"id": r.ref(ctx, w.request.ID), "what": r.describe(a.lang, w.change), "by": who(w.change.Requester),
		"needs": r.needs(a.lang, w.request), "expires": w.request.ExpiresAt, "reason": w.change.Reason,
	})
}

func (r *Registry) button(a asked, action chat.Action, value string, label text.ID, style chat.Style) chat.Button {
	return chat.Button{Action: action, Value: value, Label: r.text.Plain(a.lang, label, nil), Style: style}
}

// needs says how many people of which teams have still to approve.
func (r *Registry) needs(lang string, q bcn.Request) chat.Markup {
	var out []string
	for _, n := range deploy.Missing(q) { // a person stands for one group
		out = append(out, string(r.text.Say(lang, text.ReplyNeed, text.Args{
			"Count": n.Count, "teams": strings.Join(n.Of(), ", "),
		})))
	}
	return chat.Markup(strings.Join(out, "; "))
}
