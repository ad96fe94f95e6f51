package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

type accessListArgs struct{}

// accessList shows who is where, and for how long. One's own is always shown,
// with buttons.
func (r *Registry) accessList(ctx context.Context, a asked, _ *accessListArgs) (chat.Message, error) {
	list, err := r.grants(ctx, a)
	if err != nil {
		return chat.Message{}, err
	}
	if len(list) == 0 {
		return say(r.text.Say(a.lang, text.ReplyNoAccess, nil)), nil
	}
	title := r.text.Say(a.lang, text.ReplyAccess, text.Args{"Count": len(list)})
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	for _, v := range list[:min(len(list), maxButtons)] {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.grantLine(ctx, a, v)})
		if buttons := r.grantButtons(a, v); len(buttons) > 0 {
			m.Blocks = append(m.Blocks, chat.Block{Buttons: buttons})
		}
	}
	return r.more(a, m, len(list)-maxButtons), nil
}

// grants lists what the actor may see.
func (r *Registry) grants(ctx context.Context, a asked) ([]deploy.GrantView, error) {
	all, err := r.access.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	if len(all) == 0 {
		return nil, r.who.Allow(ctx, a.actor, a.verb.name, "", "", "")
	}
	var out []deploy.GrantView
	var refused error
	for _, v := range all {
		c := v.Change
		switch err := r.who.Allow(ctx, a.actor, a.verb.name, c.App, c.Env, c.District); {
		case err == nil || c.Requester.User == a.actor.User:
			out = append(out, v)
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

func (r *Registry) grantLine(ctx context.Context, a asked, v deploy.GrantView) chat.Markup {
	c, g := v.Change, v.Grant
	args := text.Args{
		"id": r.ref(ctx, c.ID), "by": who(c.Requester), "where": r.where(a.lang, v), "reason": chat.Truncate(c.Reason, 200),
		"state": r.state(a.lang, c.State), "until": "", "left": "", "sessions": "", "extends": "",
	}
	if g.State != "" {
		args["state"] = r.text.Say(a.lang, text.GrantState(g.State), nil)
	}
	if g.EndsAt != nil && g.State.Open() {
		args["until"] = r.until(g)
		args["left"] = optional(a.lang, g.EndsAt.Sub(r.now()))
	}
	if n := openSessions(g); n > 0 {
		args["sessions"] = r.text.Say(a.lang, text.CardSessions, text.Args{"Count": n})
	}
	if p := v.Plan.Access; p != nil && p.Extends != 0 {
		args["extends"] = r.ref(ctx, p.Extends)
	}
	return r.text.Say(a.lang, text.ReplyAccessLine, args)
}

// openSessions counts those of the grant that are not known to be closed.
func openSessions(g bcn.Grant) int {
	n := 0
	for _, s := range g.Sessions {
		if s.Closed == nil && !s.Stranger {
			n++
		}
	}
	return n
}

// where names what a grant opens, as far as it is known.
func (r *Registry) where(lang string, v deploy.GrantView) chat.Markup {
	c, p := v.Change, v.Plan.Access
	if p == nil { // not planned yet
		return r.describe(lang, c)
	}
	task := p.Task[strings.LastIndexByte(p.Task, '/')+1:]
	return r.text.Say(lang, text.Where(c.Kind), text.Args{
		"app": c.App, "env": c.Env, "district": c.District, "service": p.Service, "task": chat.Truncate(task, 8),
		"node": p.Node, "name": p.NodeName, "database": p.Database, "command": chat.Truncate(p.Command, 120),
	})
}

// grantButtons are what the requester can do with a grant.
func (r *Registry) grantButtons(a asked, v deploy.GrantView) []chat.Button {
	c := v.Change
	value := c.ID.String()[1:]
	switch {
	case c.Requester.User != a.actor.User:
		return nil
	case v.Grant.State == "":
		return []chat.Button{r.button(a, chat.ActionCancel, value, text.ButtonCancel, chat.Plain)}
	case v.Grant.State.Open():
		end := r.button(a, chat.ActionAccessEnd, value, text.ButtonAccessEnd, chat.Danger)
		buttons := []chat.Button{end}
		if v.Grant.State != bcn.GrantApproved {
			buttons = append(buttons, r.button(a, chat.ActionAccessExtend, value, text.ButtonAccessExtend, chat.Plain))
		}
		return buttons
	default:
		return nil
	}
}
