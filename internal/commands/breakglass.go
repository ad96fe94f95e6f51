package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// glassFlag is of the verbs that an approval may be skipped of.
type glassFlag struct {
	BreakGlass bool `name:"break-glass" kind:"break-glass"`
}

// breaks says that a command is to go without approval.
func (g glassFlag) breaks() bool { return g.BreakGlass }

// breaker is a grammar with that flag.
type breaker interface{ breaks() bool }

func breaksGlass(grammar any) bool {
	g, ok := grammar.(breaker)
	return ok && g.breaks()
}

type acknowledgeArgs struct {
	ID   string `arg:"" kind:"follow-up"`
	Note string `arg:"" optional:"" name:"note" free:"" kind:"follow-up-note"`
}

func (g *acknowledgeArgs) check() error { return checkID(g.ID) }

// acknowledge says that somebody has looked at what went without approval. The
// card shows it; whoever did it elsewhere is told.
func (r *Registry) acknowledgeGlass(ctx context.Context, a asked, g *acknowledgeArgs) (chat.Message, error) {
	id, err := bcn.ParseID(g.ID)
	if err != nil {
		return chat.Message{}, err
	}
	if err := r.changes.Acknowledge(ctx, a.origin, a.actor, id, g.Note); err != nil {
		return chat.Message{}, err
	}
	return r.acknowledge(ctx, a, text.ReplyAcknowledged, id), nil
}

// followUps lists what went without approval and nobody has looked at, for those
// who may see the app.
func (r *Registry) followUps(ctx context.Context, a asked) ([]chat.Block, error) {
	open, err := r.reads.OpenFollowUps(ctx)
	if err != nil {
		return nil, fmt.Errorf("read open follow-ups: %w", err)
	}
	var blocks []chat.Block
	for _, f := range open {
		c, err := r.reads.Change(ctx, f.ID)
		if err != nil {
			return nil, err
		}
		err = r.who.Allow(ctx, a.actor, a.verb.name, c.App, c.Env, c.District)
		switch {
		case err != nil && notAllowed(err):
			continue
		case err != nil:
			return nil, err
		}
		blocks = append(blocks, chat.Block{Section: r.followUp(ctx, a, f, c)})
		if f.Person != a.actor.User {
			blocks = append(blocks, chat.Block{Buttons: []chat.Button{
				r.button(a, chat.ActionAcknowledge, f.ID.String(), text.ButtonAcknowledge, chat.Plain),
			}})
		}
		if len(blocks) >= 2*maxFollowUps {
			break
		}
	}
	if len(blocks) == 0 {
		return nil, nil
	}
	title := r.text.Say(a.lang, text.ReplyFollowUps, text.Args{"Count": len(open)})
	return append([]chat.Block{{Section: title}}, blocks...), nil
}

// maxFollowUps bounds what is listed beside the requests that wait.
const maxFollowUps = 6

func (r *Registry) followUp(ctx context.Context, a asked, f bcn.FollowUp, c bcn.Change) chat.Markup {
	return r.text.Say(a.lang, text.ReplyFollowUp, text.Args{
		"id": r.ref(ctx, f.ID), "what": r.describe(a.lang, c), "by": chat.Mention(f.Person), "reason": f.Reason,
		"overdue": r.now().After(f.DueAt), "due": text.When(f.DueAt), "who": strings.Join(f.MayAcknowledge(), ", "),
	})
}

// behind adds blocks to a message.
func behind(m chat.Message, more []chat.Block) chat.Message {
	m.Blocks = append(m.Blocks, more...)
	return m
}
