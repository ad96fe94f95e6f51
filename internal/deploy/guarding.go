package deploy

import (
	"context"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/render"
)

// guardTime is how long the operators' guardrails may take over one plan.
const guardTime = 5 * time.Second

// guarded applies the guardrails to what a plan would execute, after
// everything else that has a say in it, and adds what they found. What the
// matched rule may still let pass is settled by judge.
func (s *Service) guarded(ctx context.Context, c bcn.Change, p *bcn.Plan) error {
	found, err := s.guardrails(ctx, c, *p)
	if err != nil {
		return err
	}
	p.Findings = append(p.Findings, found...)
	return denied(guard.Settle(p.Findings, true))
}

// guardrails answers what the guardrails in force find in a plan.
func (s *Service) guardrails(ctx context.Context, c bcn.Change, p bcn.Plan) ([]bcn.Finding, error) {
	within, cancel := context.WithTimeout(ctx, guardTime)
	defer cancel()
	found := s.Guardrails.Check(within, guard.Input{
		Plan:   guard.Plan{App: c.App, Env: c.Env, Heritage: p.Heritage, District: p.District.Name, Kind: string(c.Kind)},
		Stacks: p.Stacks, Oneoff: sized(p.Oneoff), Removes: c.Kind.Deletes(),
	})
	return found, ctx.Err() // a process that stops denies nothing
}

// sized is a one-off task with the size that Fargate gives it: the least that
// has what was asked for.
func sized(o *bcn.OneoffPlan) *bcn.OneoffPlan {
	if o == nil {
		return nil
	}
	out := *o
	if cpu, memory, ok := render.TaskSize(o.CPU, o.Memory); ok {
		out.CPU, out.Memory = cpu, memory
	}
	return &out
}

// settled answers what the findings do under a verdict. A plan that is only
// shown loses nothing.
func settled(c bcn.Change, findings []bcn.Finding, v authz.Verdict) []bcn.Finding {
	return guard.Settle(findings, v.Destructive || c.Kind == bcn.KindPlan)
}

// stillGuarded applies the guardrails again, before anything runs: bot.yaml may
// say other than when the plan was made. What would now be refused, or want an
// approval that it did not want then, does not run.
func (s *Service) stillGuarded(ctx context.Context, c bcn.Change, p bcn.Plan, now authz.Verdict) error {
	found, err := s.guardrails(ctx, c, p)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, f := range p.Findings {
		known[fmt.Sprint(f)] = true
	}
	for _, f := range settled(c, found, now) {
		if f.Level != bcn.Warn && !known[fmt.Sprint(f)] {
			return bcn.E(bcn.CodePlanMoved, "moved", "guardrails")
		}
	}
	return nil
}
