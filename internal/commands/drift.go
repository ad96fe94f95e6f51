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
	// AcceptDriftOfDistrict is the same of a district and its endpoints.
	AcceptDriftOfDistrict(ctx context.Context, o deploy.Origin, actor bcn.Actor, name, mark string) (string, error)
}

type driftArgs struct {
	App      string `arg:"" optional:"" live:"app"`
	Env      string `arg:"" optional:"" live:"env"`
	District string `name:"district" placeholder:"D" live:"district" kind:"drift-district"`
}

func (g *driftArgs) check() error {
	return oneTarget(g.App, g.Env, g.District)
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
		m := say(r.text.Say(a.lang, text.ReplyDriftNoStacks, args))
		if report.Adopted {
			m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftAdopted, args)})
		}
		return m
	case len(open) == 0:
		id = text.ReplyDriftNone
	}
	m := r.driftList(a, id, open, args)
	if len(report.Unchecked) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftUnchecked, text.Args{"stacks": joined(report.Unchecked)})})
	}
	if report.Adopted {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftAdopted, args)})
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
	app, env, district := fmt.Sprint(args["app"]), fmt.Sprint(args["env"]), fmt.Sprint(args["district"])
	for _, d := range list[:min(len(list), maxDrifted)] {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.drifted(a.lang, d)})
		if d.Mark != "" {
			m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{{
				Action: chat.ActionTyped, Value: acceptLine(app, env, district, d.Mark),
				Label: r.text.Plain(a.lang, text.ButtonDriftAccept, nil),
			}}})
		}
	}
	m = r.more(a, m, len(list)-maxDrifted)
	switch {
	case len(list) == 0:
	case app == "":
		m.Blocks = append(m.Blocks, chat.Block{Buttons: r.placeRepairs(a, district, list)}, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftNote, nil)})
	default:
		m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{{
			Action: chat.ActionTyped, Value: "drift repair " + app + " " + env, Style: chat.Primary,
			Label: r.text.Plain(a.lang, text.ButtonDriftRepair, nil),
		}}}, chat.Block{Context: r.text.Say(a.lang, text.ReplyDriftRepair, nil)})
	}
	return m
}

// acceptLine is what the button below a difference types.
func acceptLine(app, env, district, mark string) string {
	if app == "" {
		return "drift accept --district " + district + " --mark " + mark
	}
	return "drift accept " + app + " " + env + " " + mark
}

// maxRepairs is how many buttons a row has (Slack: actions block).
const maxRepairs = 5

// placeRepairs are a button for each drifted stack of a district.
func (r *Registry) placeRepairs(a asked, district string, list []deploy.Drifted) []chat.Button {
	var out []chat.Button
	seen := map[string]bool{}
	for _, d := range list {
		if seen[d.Stack] || len(out) == maxRepairs {
			continue
		}
		seen[d.Stack] = true
		value, of := "drift repair --district "+district, district
		if d.Endpoint != "" {
			value, of = "drift repair --endpoint "+d.Endpoint, d.Endpoint
		}
		out = append(out, chat.Button{
			Action: chat.ActionTyped, Value: value, Style: chat.Primary,
			Label: r.text.Plain(a.lang, text.ButtonDriftRepairOf, text.Args{"name": of}),
		})
	}
	return out
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

// DistrictDriftFound is DriftFound of a district and its endpoints.
func (r *Registry) DistrictDriftFound(district string, fresh []deploy.Drifted) chat.Message {
	args := text.Args{"app": "", "env": "", "district": district, "Count": len(fresh)}
	return r.driftList(asked{lang: r.lang}, text.AnnounceDrift, fresh, args)
}

type driftRepairArgs struct {
	App      string `arg:"" optional:"" live:"app"`
	Env      string `arg:"" optional:"" live:"env"`
	District string `name:"district" placeholder:"D" live:"district" kind:"repair-district"`
	Endpoint string `name:"endpoint" placeholder:"E" live:"endpoint" kind:"repair-endpoint"`
	Reason   string `name:"reason" placeholder:"TEXT" free:""`
}

func (g *driftRepairArgs) check() error {
	return oneTarget(g.App, g.Env, g.District, g.Endpoint)
}

// oneTarget wants an app with its environment, or one of the others.
func oneTarget(app, env string, others ...string) error {
	named := 0
	for _, o := range append(others, app) {
		if o != "" {
			named++
		}
	}
	switch {
	case named != 1:
		return problem{id: text.ProblemDriftTarget}
	case app != "" && env == "":
		return problem{id: problemMissing, word: "ENV"}
	default:
		return nil
	}
}

// driftRepair asks for what was changed outside to be put back: of an app by a
// release, of a district or an endpoint by its stack as bcn renders it.
func (r *Registry) driftRepair(ctx context.Context, a asked, g *driftRepairArgs) (chat.Message, error) {
	switch {
	case g.District != "":
		return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDistrictUpdate, Reason: g.Reason, Edit: &deploy.Edit{Name: g.District, Repair: true}})
	case g.Endpoint != "":
		return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindEndpointUpdate, Reason: g.Reason, Edit: &deploy.Edit{Name: g.Endpoint, Repair: true}})
	default:
		return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindRepair, App: g.App, Env: g.Env, Reason: g.Reason})
	}
}

type driftAcceptArgs struct {
	App      string `arg:"" optional:"" live:"app"`
	Env      string `arg:"" optional:"" live:"env"`
	Mark     string `arg:"" optional:"" kind:"drift-mark"`
	District string `name:"district" placeholder:"D" live:"district" kind:"drift-district"`
	Its      string `name:"mark" placeholder:"MARK" kind:"drift-district-mark"`
}

// markForm is a difference's mark, as the store makes it.
var markForm = regexp.MustCompile(`^[0-9a-f]{12}$`)

func (g *driftAcceptArgs) check() error {
	if err := oneTarget(g.App, g.Env, g.District); err != nil {
		return err
	}
	mark := g.Mark
	if g.District != "" {
		mark = g.Its
	} else if g.Its != "" {
		return problem{id: text.ProblemDriftTarget}
	}
	switch {
	case mark == "":
		return problem{id: problemMissing, word: "MARK"}
	case !markForm.MatchString(mark):
		return problem{id: text.ProblemDriftMark, word: clip(mark)}
	default:
		return nil
	}
}

// driftAccept records that a difference is as it should be.
func (r *Registry) driftAccept(ctx context.Context, a asked, g *driftAcceptArgs) (chat.Message, error) {
	where, err := r.accepted(ctx, a, g)
	if errors.Is(err, deploy.ErrNone) {
		return chat.Message{}, bcn.E(bcn.CodeDriftGone, "app", g.App, "env", g.Env, "district", g.District).Wrap(err)
	}
	if err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyDriftAccept, text.Args{"where": where})), nil
}

func (r *Registry) accepted(ctx context.Context, a asked, g *driftAcceptArgs) (string, error) {
	if g.District == "" {
		h, err := r.heritage(ctx, a, g.App, g.Env)
		if err != nil {
			return "", err
		}
		return r.drifts.AcceptDrift(ctx, a.origin, a.actor, h, g.Mark)
	}
	if err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", g.District); err != nil {
		return "", err
	}
	return r.drifts.AcceptDriftOfDistrict(ctx, a.origin, a.actor, g.District, g.Its)
}
