package commands

import (
	"context"
	"errors"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// Drifts finds out what was changed outside.
type Drifts interface {
	// Drift looks at the stacks of an app. Errors: stack_busy, unavailable.
	Drift(ctx context.Context, h bcn.Heritage) (deploy.DriftReport, error)
	// DriftOfDistrict looks at the district's own stack, where bcn made it, and
	// those of its endpoints. Errors: unknown_name, and as Drift.
	DriftOfDistrict(ctx context.Context, name string) (deploy.DriftReport, error)
}

type driftArgs struct {
	App      string `arg:"" optional:"" live:"app"`
	Env      string `arg:"" optional:"" live:"env"`
	District string `name:"district" placeholder:"D" live:"district" kind:"drift-district"`
}

func (g *driftArgs) check() error {
	switch {
	case g.District == "" && g.App == "":
		return problem{id: text.ProblemDriftTarget}
	case g.District == "" && g.Env == "":
		return problem{id: problemMissing, word: "ENV"}
	case g.District != "" && g.App != "":
		return problem{id: text.ProblemDriftTarget}
	default:
		return nil
	}
}

// maxDrift bounds the properties that are listed of one resource.
const maxDrift = 8

func (r *Registry) drift(ctx context.Context, a asked, g *driftArgs) (chat.Message, error) {
	var report deploy.DriftReport
	var err error
	args := text.Args{"app": g.App, "env": g.Env, "district": g.District}
	if g.District != "" {
		if err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", g.District); err != nil {
			return chat.Message{}, err
		}
		report, err = r.drifts.DriftOfDistrict(ctx, g.District)
	} else {
		h, e := r.heritage(ctx, a, g.App, g.Env)
		if e != nil {
			return chat.Message{}, e
		}
		report, err = r.drifts.Drift(ctx, h)
	}
	if errors.Is(err, deploy.ErrNone) {
		return chat.Message{}, bcn.E(bcn.CodeUnknownName, "what", "district", "name", g.District).Wrap(err)
	}
	if err != nil {
		return chat.Message{}, err
	}
	return r.driftReport(a, report, args), nil
}

func (r *Registry) driftReport(a asked, report deploy.DriftReport, args text.Args) chat.Message {
	args["Count"], args["stacks"] = len(report.Resources), joined(report.Stacks)
	id := text.ReplyDrift
	switch {
	case len(report.Stacks) == 0:
		return say(r.text.Say(a.lang, text.ReplyDriftNoStacks, args))
	case len(report.Resources) == 0:
		id = text.ReplyDriftNone
	}
	title := r.text.Say(a.lang, id, args)
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	for _, d := range report.Resources[:min(len(report.Resources), maxListed/2)] {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.drifted(a.lang, d)})
	}
	m = r.more(a, m, len(report.Resources)-maxListed/2)
	if len(report.Unchecked) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftUnchecked, text.Args{"stacks": joined(report.Unchecked)})})
	}
	if len(report.Resources) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftNote, nil)})
	}
	return m
}

// drifted tells of one resource: what, by whom, and each property.
func (r *Registry) drifted(lang string, d deploy.Drifted) chat.Markup {
	args := text.Args{"where": d.Stack + "/" + d.ID, "type": d.Type, "deleted": d.Deleted, "action": "", "by": "", "at": ""}
	if d.Last != nil {
		args["action"], args["by"], args["at"] = d.Last.Action, d.Last.By, text.When(d.Last.At)
	}
	lines := []string{string(r.text.Say(lang, text.ReplyDriftResource, args))}
	for i, p := range d.Properties {
		if i == maxDrift {
			lines = append(lines, string(r.text.Say(lang, text.ReplyMore, text.Args{"Count": len(d.Properties) - i})))
			break
		}
		lines = append(lines, "• "+string(r.text.Say(lang, text.ReplyDriftProperty, text.Args{
			"path": strings.TrimPrefix(p.Path, "/"), "kind": p.Kind, "expected": p.Expected, "actual": p.Actual, "hidden": p.Hidden,
		})))
	}
	return chat.Markup(strings.Join(lines, "\n"))
}
