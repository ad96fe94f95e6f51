package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

type releasesArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
}

// maxReleases are shown; who needs older ones looks into the audit log.
const maxReleases = 10

func (r *Registry) releases(ctx context.Context, a asked, g *releasesArgs) (chat.Message, error) {
	h, err := r.heritage(ctx, a, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	list, err := r.reads.Releases(ctx, h.Name, maxReleases+1)
	if err != nil {
		return chat.Message{}, fmt.Errorf("read releases of %s: %w", h.Name, err)
	}
	args := text.Args{"app": h.App, "env": h.Env}
	if len(list) == 0 {
		return say(r.text.Say(a.lang, text.ReplyNoReleases, args)), nil
	}
	title := r.text.Say(a.lang, text.ReplyReleases, args)
	body := title
	for _, x := range list[:min(len(list), maxReleases)] {
		body += "\n• " + r.release(ctx, a.lang, x)
	}
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: body}}}
	if len(list) > maxReleases {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyOlder, nil)})
	}
	return m, nil
}

// release writes one line: what, how it ended, who, when, how long it took, and
// the change that it was.
func (r *Registry) release(ctx context.Context, lang string, x bcn.Release) chat.Markup {
	args := text.Args{
		"kind": r.text.Say(lang, text.ReplyReleaseKind, text.Args{"kind": string(x.Kind), "restores": x.Restores}), "ref": r.ref(ctx, x.Change),
		"number": x.Number, "tag": x.Tag, "digest": shortDigest(x.Digest), "outcome": r.state(lang, x.Outcome),
		"by": mention(x.By), "approvers": mentions(x.Approvers), "at": x.StartedAt,
	}
	if x.EndedAt.After(x.StartedAt) {
		args["took"] = x.EndedAt.Sub(x.StartedAt)
	}
	line := r.text.Say(lang, text.ReplyRelease, args)
	if x.Glass {
		line += ". " + r.text.Say(lang, text.GlassVerdict, nil)
	}
	return line
}

func mentions(users []string) chat.Markup {
	var out []string
	for _, u := range users {
		out = append(out, string(chat.Mention(u)))
	}
	return chat.Markup(strings.Join(out, ", "))
}

type showArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
}

func (r *Registry) show(ctx context.Context, a asked, g *showArgs) (chat.Message, error) {
	h, err := r.heritage(ctx, a, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	standings, err := r.standings(ctx, []bcn.Heritage{h})
	if err != nil {
		return chat.Message{}, err
	}
	channel := r.text.Say(a.lang, text.ReplyNoChannel, nil)
	if h.Channel != "" {
		channel = chat.Channel(h.Channel)
	}
	paragraph := r.standing(ctx, a, standings[0])
	title, _, _ := strings.Cut(string(paragraph), "\n")
	return chat.Message{Text: chat.Markup(title), Blocks: []chat.Block{
		{Section: paragraph},
		{Fields: []chat.Markup{
			r.labelled(a.lang, text.LabelHeritage, chat.Code(h.Name)),
			r.labelled(a.lang, text.LabelDistrict, chat.Code(h.District)),
			r.labelled(a.lang, text.LabelSource, chat.Code(chat.Truncate(h.Source, 300))),
			r.labelled(a.lang, text.LabelChannel, channel),
			r.labelled(a.lang, text.LabelStacks, chat.Code(h.BaseStack())+" "+chat.Code(h.ServicesStack())),
			r.labelled(a.lang, text.LabelCreated, text.When(h.CreatedAt)),
		}},
	}}, nil
}
