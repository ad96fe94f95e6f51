package commands

import (
	"context"
	"regexp"
	"strconv"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

type rollbackArgs struct {
	App    string `arg:"" live:"app"`
	Env    string `arg:"" live:"env"`
	N      string `arg:"" optional:"" kind:"release"`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
	glassFlag

	number int64
}

// releaseForm is a release's number, with the sign that people put before
// numbers.
var releaseForm = regexp.MustCompile(`^#?[1-9][0-9]{0,17}$`)

func (g *rollbackArgs) check() error {
	if g.N == "" {
		return nil
	}
	if !releaseForm.MatchString(g.N) {
		return problem{id: text.ProblemRelease, word: clip(g.N)}
	}
	digits := g.N
	if digits[0] == '#' {
		digits = digits[1:]
	}
	var err error
	g.number, err = strconv.ParseInt(digits, 10, 64)
	return err
}

func (r *Registry) rollback(ctx context.Context, a asked, g *rollbackArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindRollback, App: g.App, Env: g.Env, Release: g.number, Reason: g.Reason, BreakGlass: g.BreakGlass})
}

// undo is the button of a deploy that has succeeded.
func (r *Registry) undo(ctx context.Context, a asked, value string) (chat.Message, error) {
	id, err := bcn.ParseID(value)
	if err != nil {
		return chat.Message{}, err
	}
	got, err := r.changes.Undo(ctx, a.origin, a.actor, id)
	if err != nil {
		return chat.Message{}, err
	}
	return r.queued(ctx, a, got), nil
}

type restartArgs struct {
	App     string `arg:"" live:"app"`
	Env     string `arg:"" live:"env"`
	Service string `arg:"" optional:"" kind:"restart-service"`
	Reason  string `name:"reason" placeholder:"TEXT" free:""`
	glassFlag
}

func (g *restartArgs) check() error { return checkService(g.Service) }

// checkService refuses what cannot be a service's name; none is fine.
func checkService(s string) error {
	if s != "" && !serviceForm.MatchString(s) {
		return bcn.E(bcn.CodeUnknownName, "what", "service", "name", clip(s))
	}
	return nil
}

func (r *Registry) restart(ctx context.Context, a asked, g *restartArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindRestart, App: g.App, Env: g.Env, Service: g.Service, Reason: g.Reason, BreakGlass: g.BreakGlass})
}

type promoteArgs struct {
	App    string `arg:"" live:"app"`
	From   string `arg:"" live:"env" kind:"promote-from"`
	To     string `arg:"" live:"env" kind:"promote-to"`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
	glassFlag
}

func (g *promoteArgs) check() error {
	if g.From == g.To {
		return problem{id: text.ProblemPromoteSame, word: clip(g.To)}
	}
	return nil
}

func (r *Registry) promote(ctx context.Context, a asked, g *promoteArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindPromote, App: g.App, Env: g.To, From: g.From, Reason: g.Reason, BreakGlass: g.BreakGlass})
}

type scaleArgs struct {
	App    string `arg:"" live:"app"`
	Env    string `arg:"" live:"env"`
	Count  string `arg:"" placeholder:"SERVICE=N"`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
	glassFlag

	service string
	tasks   int
}

var countForm = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_-]{0,254})=(\d{1,6})$`)

func (g *scaleArgs) check() error {
	m := countForm.FindStringSubmatch(g.Count)
	if m == nil {
		return problem{id: text.ProblemCount, word: clip(g.Count)}
	}
	var err error
	g.service = m[1]
	g.tasks, err = strconv.Atoi(m[2])
	return err
}

func (r *Registry) scale(ctx context.Context, a asked, g *scaleArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindScale, App: g.App, Env: g.Env, Service: g.service, Count: g.tasks, Reason: g.Reason, BreakGlass: g.BreakGlass})
}
