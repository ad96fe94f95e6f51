package commands

import (
	"context"
	"errors"
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/text"
)

// Guardrails are what no plan may do.
type Guardrails interface {
	ListGuardrails() []guard.Guardrail
	// TryGuardrails answers what they find in the last successful release.
	// Errors: unknown_app, unknown_env; deploy.ErrNone where there is none.
	TryGuardrails(ctx context.Context, app, env string) (deploy.Tried, error)
}

type guardrailsListArgs struct{}

func (r *Registry) guardrailsList(ctx context.Context, a asked, _ *guardrailsListArgs) (chat.Message, error) {
	if err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", ""); err != nil {
		return chat.Message{}, err
	}
	built := r.text.Say(a.lang, text.ReplyGuardrails, nil)
	own := r.text.Say(a.lang, text.ReplyGuardrailsOwn, nil)
	var written int
	for _, g := range r.guardrails.ListGuardrails() {
		if c := g.Custom; c == nil {
			built += "\n• " + r.text.Say(a.lang, text.ReplyGuardrailLine, text.Args{
				"id": g.ID, "level": r.level(a.lang, g.Level), "what": r.text.Say(a.lang, text.GuardrailID(g.ID), text.Args{"values": joined(g.Values)}),
			})
			continue
		}
		written++
		if written <= maxListed {
			own += "\n• " + r.text.Say(a.lang, text.ReplyGuardrailOwnLine, text.Args{
				"id": g.ID, "level": r.level(a.lang, g.Level), "line": g.Custom.Line, "on": joined(g.Custom.On),
				"message": g.Custom.Message, "remedy": g.Custom.Remedy,
			})
		}
	}
	if written == 0 {
		own = r.text.Say(a.lang, text.ReplyGuardrailsNoOwn, nil)
	}
	m := chat.Message{Text: r.text.Say(a.lang, text.ReplyGuardrails, nil), Blocks: []chat.Block{{Section: built}, {Section: own}}}
	return r.more(a, m, written-maxListed), nil
}

type guardrailsTestArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
}

func (r *Registry) guardrailsTest(ctx context.Context, a asked, g *guardrailsTestArgs) (chat.Message, error) {
	h, err := r.heritage(ctx, a, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	tried, err := r.guardrails.TryGuardrails(ctx, h.App, h.Env)
	if errors.Is(err, deploy.ErrNone) {
		return say(r.text.Say(a.lang, text.ReplyNoReleases, text.Args{"app": h.App, "env": h.Env})), nil
	}
	if err != nil {
		return chat.Message{}, err
	}
	title := r.text.Say(a.lang, text.ReplyTried, text.Args{"app": h.App, "env": h.Env, "number": tried.Release.Number, "tag": tried.Release.Tag})
	body := title
	for _, f := range tried.Findings[:min(len(tried.Findings), maxListed)] {
		body += "\n• " + r.text.Say(a.lang, text.ReplyTriedLine, text.Args{"level": r.level(a.lang, f.Level), "finding": r.text.Finding(a.lang, f)})
	}
	quiet := r.quiet(tried.Findings)
	if len(tried.Findings) == 0 {
		body += "\n" + r.text.Say(a.lang, text.ReplyTriedNothing, text.Args{"Count": len(quiet)})
	}
	m := r.more(a, chat.Message{Text: title, Blocks: []chat.Block{{Section: body}}}, len(tried.Findings)-maxListed)
	if len(tried.Findings) > 0 && len(quiet) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyTriedQuiet, text.Args{"list": joined(quiet)})})
	}
	m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyTriedNote, nil)})
	return m, nil
}

// quiet are the guardrails in force that found nothing.
func (r *Registry) quiet(findings []bcn.Finding) []string {
	var out []string
	for _, g := range r.guardrails.ListGuardrails() {
		if !g.Idle && !slices.ContainsFunc(findings, func(f bcn.Finding) bool { return f.ID == g.ID || f.Params["rule"] == g.ID }) {
			out = append(out, g.ID)
		}
	}
	return out
}

// level says in a word what a guardrail does.
func (r *Registry) level(lang string, l bcn.Level) chat.Markup {
	id := text.LevelDeny
	switch l {
	case bcn.AskFirst:
		id = text.LevelApprove
	case bcn.Warn:
		id = text.LevelWarn
	}
	return r.text.Say(lang, id, nil)
}
