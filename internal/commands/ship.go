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

type deployArgs struct {
	App    string `arg:"" live:"app"`
	Env    string `arg:"" live:"env"`
	Tag    string `arg:""`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
	glassFlag
}

func (r *Registry) deploy(ctx context.Context, a asked, g *deployArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDeploy, App: g.App, Env: g.Env, Tag: g.Tag, Reason: g.Reason, BreakGlass: g.BreakGlass})
}

type planArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
	Tag string `arg:"" optional:"" kind:"tag-or-current"`
}

func (r *Registry) plan(ctx context.Context, a asked, g *planArgs) (chat.Message, error) {
	if g.Tag == "" {
		tag, err := r.current(ctx, a, g.App, g.Env)
		if err != nil {
			return chat.Message{}, err
		}
		if tag == "" { // nothing runs yet, so it has to be said
			return r.misused(a, a.verb, problem{id: problemMissing, word: "TAG"}), nil
		}
		g.Tag = tag
	}
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindPlan, App: g.App, Env: g.Env, Tag: g.Tag})
}

// current answers the tag of the last successful release, or "".
func (r *Registry) current(ctx context.Context, a asked, app, env string) (string, error) {
	h, err := r.heritage(ctx, a, app, env)
	if err != nil {
		return "", err
	}
	releases, err := r.reads.Releases(ctx, h.Name, 50)
	if err != nil {
		return "", fmt.Errorf("read releases of %s: %w", h.Name, err)
	}
	for _, x := range releases {
		if x.Outcome == bcn.ChangeSucceeded {
			return x.Tag, nil
		}
	}
	return "", nil
}

type cancelArgs struct {
	ID string `arg:""`
}

func (g *cancelArgs) check() error { return checkID(g.ID) }

func (r *Registry) cancel(ctx context.Context, a asked, g *cancelArgs) (chat.Message, error) {
	id, err := bcn.ParseID(g.ID)
	if err != nil {
		return chat.Message{}, err
	}
	if err := r.changes.Cancel(ctx, a.origin, a.actor, id); err != nil {
		return chat.Message{}, err
	}
	return r.acknowledge(ctx, a, text.ReplyCancelling, id), nil
}

func (r *Registry) planAgain(ctx context.Context, a asked, value string) (chat.Message, error) {
	id, err := bcn.ParseID(value)
	if err != nil {
		return chat.Message{}, err
	}
	got, err := r.changes.PlanAgain(ctx, a.origin, a.actor, id)
	if err != nil {
		return chat.Message{}, err
	}
	return r.queued(ctx, a, got), nil
}

// ask stores a wish. Its card speaks in the channel, unless it has to wait for
// another change first: that is said to the asker at once.
func (r *Registry) ask(ctx context.Context, a asked, w deploy.Wish) (chat.Message, error) {
	got, err := r.changes.Ask(ctx, a.origin, a.actor, w)
	if err != nil {
		return chat.Message{}, suggested(err)
	}
	return r.queued(ctx, a, got), nil
}

func (r *Registry) queued(ctx context.Context, a asked, got deploy.Asked) chat.Message {
	if got.Held != nil {
		return say(r.text.Say(a.lang, text.ReplyHeld, text.Args{"ref": r.ref(ctx, got.ID), "why": r.text.Error(a.lang, got.Held)}))
	}
	if got.Instead != "" && got.Behind == 0 { // one that waits is told of that, and its card says the other
		return say(r.text.Say(a.lang, text.ReplyInstead, text.Args{
			"id": r.ref(ctx, got.ID), "empty": got.Empty, "instead": got.Instead, "several": strings.Contains(got.Instead, ","),
		}))
	}
	if got.Behind == 0 {
		return chat.Message{}
	}
	return say(r.text.Say(a.lang, text.ReplyBehind, text.Args{"id": r.ref(ctx, got.ID), "behind": r.ref(ctx, got.Behind)}))
}

// acknowledge tells somebody that it was done, unless they pressed a button of
// the card itself: that shows it.
func (r *Registry) acknowledge(ctx context.Context, a asked, id text.ID, change bcn.ID) chat.Message {
	if a.click && r.onCard(ctx, a.origin, change) {
		return chat.Message{}
	}
	return say(r.text.Say(a.lang, id, text.Args{"id": r.ref(ctx, change)}))
}

// onCard says that the message whose button was pressed is the change's card
// and not a list. A link to a message ends in its ts without the dot (Slack:
// chat.getPermalink).
func (r *Registry) onCard(ctx context.Context, o deploy.Origin, id bcn.ID) bool {
	url, ok := r.links.Card(ctx, id)
	url, _, _ = strings.Cut(url, "?")
	return ok && o.Message != "" && strings.HasSuffix(url, "/p"+strings.ReplaceAll(o.Message, ".", ""))
}

// ref shows a change's number, as a link to its card where it has one.
func (r *Registry) ref(ctx context.Context, id bcn.ID) chat.Markup {
	if url, ok := r.links.Card(ctx, id); ok {
		return chat.Link(url, id.String())
	}
	return chat.Markup(id.String())
}

func checkID(s string) error {
	_, err := bcn.ParseID(clip(s))
	return err
}
