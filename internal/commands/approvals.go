package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

type approvalsArgs struct{}

// maxButtons bounds lists whose items have buttons: two of Slack's 50 blocks each.
const maxButtons = 15

// approvals lists what waits, with a link to each card: a decision is made
// where the whole plan is shown, and only there does a click count.
func (r *Registry) approvals(ctx context.Context, a asked, _ *approvalsArgs) (chat.Message, error) {
	waiting, err := r.waiting(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	unseen, err := r.followUps(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	if len(waiting) == 0 {
		return behind(say(r.text.Say(a.lang, text.ReplyNothingWaits, nil)), unseen), nil
	}
	title := r.text.Say(a.lang, text.ReplyApprovals, text.Args{"Count": len(waiting)})
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	for _, w := range waiting[:min(len(waiting), maxButtons)] {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.waitingLine(ctx, a, w)})
		if w.request.Requester == a.actor.User {
			m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{
				r.button(a, chat.ActionCancel, w.request.ID.String(), text.ButtonCancel, chat.Plain),
			}})
		}
	}
	return behind(r.more(a, m, len(waiting)-maxButtons), unseen), nil
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
	for _, n := range q.Needs {
		left := n.Count
		for _, d := range q.Decisions {
			if d.Verdict == bcn.Approve && slices.ContainsFunc(d.Teams, func(t string) bool { return slices.Contains(n.Teams, t) }) {
				left--
			}
		}
		if left > 0 {
			out = append(out, string(r.text.Say(lang, text.ReplyNeed, text.Args{
				"Count": left, "teams": strings.Join(n.Teams, ", "),
			})))
		}
	}
	return chat.Markup(strings.Join(out, "; "))
}
