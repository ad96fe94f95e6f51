package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/render"
)

var _ deploy.Traffic = (*Apply)(nil)

const listenerRule = "AWS::ElasticLoadBalancingV2::ListenerRule"

// Shifted implements deploy.Traffic: the stack's template, its resources, and
// one read for each of its rules.
func (a *Apply) Shifted(ctx context.Context, t bcn.Target, stack string) (map[string]render.Traffic, error) {
	s := a.aws.For(t)
	resources, err := s.Resources(ctx, stack)
	if gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rules, groups := map[string]string{}, map[string]string{}
	for _, r := range resources {
		groups[r.PhysicalID] = r.LogicalID
		if r.Type == listenerRule && r.PhysicalID != "" {
			rules[r.PhysicalID] = r.LogicalID
		}
	}
	if len(rules) == 0 {
		return nil, nil
	}
	body, err := s.StackTemplate(ctx, stack)
	if err != nil {
		return nil, err
	}
	var written struct {
		Resources map[string]struct{ Properties json.RawMessage }
	}
	if err := json.Unmarshal(body, &written); err != nil {
		return nil, bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("read the template of %s: %w", stack, err))
	}
	weights, err := s.RuleWeights(ctx, slices.Sorted(maps.Keys(rules)))
	if err != nil {
		return nil, err
	}
	out := map[string]render.Traffic{}
	for arn, id := range rules {
		live := map[string]int{}
		for group, weight := range weights[arn] {
			live[groups[group]] = weight
		}
		out[id] = render.Traffic{Template: written.Resources[id].Properties, Weights: live}
	}
	return out, nil
}

// Shift implements deploy.Traffic.
func (a *Apply) Shift(ctx context.Context, t bcn.Target, d deploy.Shift) error {
	return over(a.aws.For(t).ContinueDeployment(ctx, d.Deployment, d.Hook, false))
}

// TakeBack implements deploy.Traffic. A pause is ended by its own call.
func (a *Apply) TakeBack(ctx context.Context, t bcn.Target, d deploy.Shift) error {
	s := a.aws.For(t)
	if d.Hook != "" {
		if err := s.ContinueDeployment(ctx, d.Deployment, d.Hook, true); !errors.Is(err, awsx.ErrNotFound) {
			return err
		}
	}
	return over(s.StopDeployment(ctx, d.Deployment))
}

// Mend implements deploy.Traffic.
func (a *Apply) Mend(ctx context.Context, t bcn.Target, stack string) ([]string, error) {
	s := a.aws.For(t)
	resources, err := s.Resources(ctx, stack)
	if err != nil {
		return nil, over(err)
	}
	rules := map[string]string{}
	for _, r := range resources {
		if r.Type == listenerRule && r.PhysicalID != "" {
			rules[r.PhysicalID] = r.LogicalID
		}
	}
	weights, err := s.RuleWeights(ctx, slices.Sorted(maps.Keys(rules)))
	if err != nil {
		return nil, err
	}
	var turned []string
	for _, arn := range slices.Sorted(maps.Keys(weights)) {
		to, err := misled(ctx, s, weights[arn])
		if err != nil {
			return turned, err
		}
		if to == nil {
			continue
		}
		if err := s.TurnRule(ctx, arn, to); err != nil {
			return turned, err
		}
		turned = append(turned, rules[arn])
	}
	return turned, nil
}

// misled answers the weights that a rule should have, where it sends people to
// groups of which none has targets and one that it leaves out has; else nil.
func misled(ctx context.Context, s *awsx.Session, weights map[string]int) (map[string]int, error) {
	if len(weights) < 2 {
		return nil, nil
	}
	to, reached, filled := map[string]int{}, false, false
	for _, group := range slices.Sorted(maps.Keys(weights)) {
		targets, err := s.Targets(ctx, group)
		if err != nil && !gone(err) {
			return nil, err
		}
		alive := slices.ContainsFunc(targets, func(x awsx.Target) bool { return x.State != "draining" })
		to[group] = 0
		switch {
		case alive && weights[group] > 0:
			reached = true
		case alive && !filled:
			to[group], filled = 100, true
		}
	}
	if reached || !filled {
		return nil, nil
	}
	return to, nil
}

// over takes what has moved on for done.
func over(err error) error {
	if errors.Is(err, awsx.ErrNotFound) {
		return nil
	}
	return err
}

// shifting adds to rollouts where ECS stands with the traffic of those that
// have it shifted, in one call for twenty of them.
func (a *Apply) shifting(ctx context.Context, s *awsx.Session, list []awsx.Service, out []deploy.Rollout) error {
	var arns []string
	byARN := map[string]int{}
	for i, v := range list {
		if v.Rollout != "" && v.Strategy != "" && v.Strategy != "ROLLING" {
			arns, byARN[v.Rollout] = append(arns, v.Rollout), i
		}
	}
	deployments, err := s.ServiceDeployments(ctx, arns)
	if err != nil {
		return err
	}
	for _, d := range deployments {
		out[byARN[d.ARN]].Shift = shiftOf(d)
	}
	return nil
}

// shiftOf is nil for a deployment that is over (ECS API reference,
// ServiceDeployment, status).
func shiftOf(d awsx.ServiceDeployment) *deploy.Shift {
	out := &deploy.Shift{Deployment: d.ARN, Stage: d.Stage, Percent: d.Percent, First: d.First, Hook: d.Hook, Why: d.Reason}
	switch d.Status {
	case "PENDING", "IN_PROGRESS":
	case "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS":
		out.Back, out.Hook = true, ""
	default:
		return nil
	}
	if out.Hook != "" && !d.Expires.IsZero() {
		until := d.Expires.UTC().Truncate(time.Second)
		out.Until = &until
	}
	return out
}

// alarmed adds the alarms of services. A role that may not read them, as one
// from before they were shown, hides nothing else.
func (a *Apply) alarmed(ctx context.Context, s *awsx.Session, list []awsx.Service, out []deploy.Rollout) error {
	var names []string
	for _, v := range list {
		names = append(names, v.Alarms...)
	}
	if len(names) == 0 {
		return nil
	}
	states, err := s.Alarms(ctx, unique(names))
	if err != nil && bcn.CodeOf(err) != bcn.CodeAccessDenied {
		return err
	}
	for i, v := range list {
		for _, name := range v.Alarms {
			out[i].Alarms = append(out[i].Alarms, deploy.Alarm{Name: name, State: states[name]})
		}
	}
	return nil
}
