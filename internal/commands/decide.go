package commands

import (
	"context"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

type approveArgs struct {
	ID string `arg:""`
}

func (g *approveArgs) check() error { return checkID(g.ID) }

func (r *Registry) approve(ctx context.Context, a asked, g *approveArgs) (chat.Message, error) {
	return r.decide(ctx, a, g.ID, bcn.Approve, "")
}

type rejectArgs struct {
	ID     string `arg:""`
	Reason string `arg:"" optional:"" name:"reason" free:""`
}

func (g *rejectArgs) check() error { return checkID(g.ID) }

// reject records a rejection. Who asked is told why, so that one without a reason
// opens the window that asks for it, as the button does.
func (r *Registry) reject(ctx context.Context, a asked, g *rejectArgs) (chat.Message, error) {
	if prose(g.Reason) != "" {
		return r.decide(ctx, a, g.ID, bcn.Reject, g.Reason)
	}
	id, err := bcn.ParseID(g.ID)
	if err != nil {
		return chat.Message{}, err
	}
	if err := r.changes.MayDecide(ctx, a.actor, id, bcn.Reject); err != nil {
		return chat.Message{}, err
	}
	return r.decisionOpens(ctx, a, chat.ActionReject, g.ID)
}

// decide records a verdict. The card shows it; whoever typed elsewhere is told
// too, and so is anybody whose approval does not suffice yet.
func (r *Registry) decide(ctx context.Context, a asked, value string, v bcn.Verdict, reason string) (chat.Message, error) {
	id, err := bcn.ParseID(value)
	if err != nil {
		return chat.Message{}, err
	}
	got, err := r.changes.Decide(ctx, a.origin, a.actor, id, v, reason)
	if err != nil {
		return chat.Message{}, err
	}
	switch {
	case v == bcn.Reject:
		return r.acknowledge(ctx, a, text.ReplyRejected, id), nil
	case got.Complete:
		return r.acknowledge(ctx, a, text.ReplyApproved, id), nil
	default:
		return say(r.text.Say(a.lang, text.ReplyApprovedPart, text.Args{
			"id": r.ref(ctx, id), "needs": r.needs(a.lang, got.Request),
		})), nil
	}
}
