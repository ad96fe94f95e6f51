package commands

import (
	"context"
	"errors"
	"fmt"
	"regexp"
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
	// AcceptDrift records that the actor accepts a difference of the app, which
	// its mark names, and answers the resource. deploy.ErrNone: the last look did
	// not find it.
	AcceptDrift(ctx context.Context, o deploy.Origin, actor bcn.Actor, h bcn.Heritage, mark string) (string, error)
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
		r.looking(ctx, a, args)
		report, err = r.drifts.DriftOfDistrict(ctx, g.District)
	} else {
		h, e := r.heritage(ctx, a, g.App, g.Env)
		if e != nil {
			return chat.Message{}, e
		}
		r.looking(ctx, a, args)
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

// looking says at once that the answer takes its time.
func (r *Registry) looking(ctx context.Context, a asked, args text.Args) {
	if r.early != nil {
		r.early(ctx, a.origin, a.actor, say(r.text.Say(a.lang, text.ReplyDriftLooking, args)))
	}
}

func (r *Registry) driftReport(a asked, report deploy.DriftReport, args text.Args) chat.Message {
	var open, accepted []deploy.Drifted
	for _, d := range report.Resources {
		if d.Accepted == nil {
			open = append(open, d)
		} else {
			accepted = append(accepted, d)
		}
	}
	args["Count"], args["stacks"], args["accepted"] = len(open), joined(report.Stacks), len(accepted) > 0
	id := text.ReplyDrift
	switch {
	case len(report.Stacks) == 0:
		return say(r.text.Say(a.lang, text.ReplyDriftNoStacks, args))
	case len(open) == 0:
		id = text.ReplyDriftNone
	}
	m := r.driftList(a, id, open, args)
	if len(report.Unchecked) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftUnchecked, text.Args{"stacks": joined(report.Unchecked)})})
	}
	for i, d := range accepted {
		if i == maxAccepted {
			m = r.more(a, m, len(accepted)-i)
			break
		}
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftAccepted, text.Args{
			"where": d.Stack + "/" + d.ID, "by": chat.Mention(d.Accepted.By), "at": text.When(d.Accepted.At),
		})})
	}
	return m
}

// maxAccepted bounds the accepted differences that are listed.
const maxAccepted = 5

// driftList lists what was changed outside; of an app, with what can be done.
func (r *Registry) driftList(a asked, id text.ID, list []deploy.Drifted, args text.Args) chat.Message {
	title := r.text.Say(a.lang, id, args)
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	app, env := fmt.Sprint(args["app"]), fmt.Sprint(args["env"])
	for _, d := range list[:min(len(list), maxDrifted)] {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.drifted(a.lang, d)})
		if d.Mark != "" {
			m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{{
				Action: chat.ActionTyped, Value: "drift accept " + app + " " + env + " " + d.Mark,
				Label: r.text.Plain(a.lang, text.ButtonDriftAccept, nil),
			}}})
		}
	}
	m = r.more(a, m, len(list)-maxDrifted)
	switch {
	case len(list) == 0:
	case app == "":
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftNote, nil)})
	default:
		m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{{
			Action: chat.ActionTyped, Value: "drift repair " + app + " " + env, Style: chat.Primary,
			Label: r.text.Plain(a.lang, text.ButtonDriftRepair, nil),
		}}}, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftRepair, nil)})
	}
	return m
}

// maxDrifted bounds the resources that are listed.
const maxDrifted = 15

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

// DriftFound is what bcn says by itself to the channel of an app, in the
// channels' language, of what it found changed outside.
func (r *Registry) DriftFound(h bcn.Heritage, fresh []deploy.Drifted) chat.Message {
	args := text.Args{"app": h.App, "env": h.Env, "district": "", "Count": len(fresh)}
	return r.driftList(asked{lang: r.lang}, text.AnnounceDrift, fresh, args)
}

type driftRepairArgs struct {
	App    string `arg:"" live:"app"`
	Env    string `arg:"" live:"env"`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
}

func (r *Registry) driftRepair(ctx context.Context, a asked, g *driftRepairArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindRepair, App: g.App, Env: g.Env, Reason: g.Reason})
}

type driftAcceptArgs struct {
	App  string `arg:"" live:"app"`
	Env  string `arg:"" live:"env"`
	Mark string `arg:"" kind:"drift-mark"`
}

// markForm is a difference's mark, as the store makes it.
var markForm = regexp.MustCompile(`^[0-9a-f]{12}$`)

func (g *driftAcceptArgs) check() error {
	if !markForm.MatchString(g.Mark) {
		return problem{id: text.ProblemDriftMark, word: clip(g.Mark)}
	}
	return nil
}

// driftAccept records that a difference is as it should be.
func (r *Registry) driftAccept(ctx context.Context, a asked, g *driftAcceptArgs) (chat.Message, error) {
	h, err := r.heritage(ctx, a, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	where, err := r.drifts.AcceptDrift(ctx, a.origin, a.actor, h, g.Mark)
	if errors.Is(err, deploy.ErrNone) {
		return chat.Message{}, bcn.E(bcn.CodeDriftGone, "app", g.App, "env", g.Env).Wrap(err)
	}
	if err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyDriftAccept, text.Args{"where": where})), nil
}
