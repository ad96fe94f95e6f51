package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Removal implements deploy.Stacks.
func (a *Apply) Removal(ctx context.Context, t bcn.Target, name, owner string) (bcn.StackPlan, error) {
	s := a.aws.For(t)
	stack, err := a.leaving(ctx, s, name)
	switch {
	case gone(err), err == nil && (stack.Status == "DELETE_COMPLETE" || stack.Status == "REVIEW_IN_PROGRESS"):
		return bcn.StackPlan{Name: name, Delete: true}, nil // nothing was ever made of it
	case err != nil:
		return bcn.StackPlan{}, err
	}
	if err := ours(stack, owner); err != nil {
		return bcn.StackPlan{}, err
	}
	if modeOf(stack.Status) == busy {
		return bcn.StackPlan{}, refusal(stack, s.Region())
	}
	return a.removal(ctx, s, stack)
}

func (a *Apply) removal(ctx context.Context, s *awsx.Session, stack awsx.Stack) (bcn.StackPlan, error) {
	body, err := s.StackTemplate(ctx, stack.ID)
	if err != nil {
		return bcn.StackPlan{}, err
	}
	stays, err := retained(body)
	if err != nil {
		return bcn.StackPlan{}, err
	}
	resources, err := s.Resources(ctx, stack.ID)
	if err != nil {
		return bcn.StackPlan{}, err
	}
	plan := bcn.StackPlan{
		Name: stack.Name, StackID: stack.ID, Delete: true, Template: body, TemplateSHA256: sum(body),
		Tags: sortedTags(stack.Tags), LastUpdate: stamp(stack.Updated),
	}
	for _, r := range resources {
		if !stays[r.LogicalID] && r.Status != "DELETE_COMPLETE" {
			plan.Changes = append(plan.Changes, bcn.ResourceDelta{Action: "Remove", LogicalID: r.LogicalID, PhysicalID: r.PhysicalID, Type: r.Type})
		}
	}
	slices.SortFunc(plan.Changes, func(x, y bcn.ResourceDelta) int { return strings.Compare(x.LogicalID, y.LogicalID) })
	return plan, nil
}

// retained answers the resources that outlive a complete stack, as bcn's own
// template says: a policy of Retain, or of RetainExceptOnCreate.
func retained(template []byte) (map[string]bool, error) {
	var t struct {
		Resources map[string]struct{ DeletionPolicy string }
	}
	if err := json.Unmarshal(template, &t); err != nil {
		return nil, bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("read the stack's template: %w", err))
	}
	out := map[string]bool{}
	for id, r := range t.Resources {
		out[id] = strings.HasPrefix(r.DeletionPolicy, "Retain")
	}
	return out, nil
}

// rereadRemoval answers what deleting the stack would remove now.
func (a *Apply) rereadRemoval(ctx context.Context, t bcn.Target, p bcn.StackPlan) (bcn.StackPlan, error) {
	if p.StackID == "" {
		return p, nil
	}
	s := a.aws.For(t)
	stack, err := s.Stack(ctx, p.StackID)
	switch {
	case gone(err), err == nil && (stack.Status == "DELETE_COMPLETE" || stack.Status == "DELETE_IN_PROGRESS"):
		return bcn.StackPlan{}, moved(p.Name + ": DELETE_COMPLETE")
	case err != nil:
		return bcn.StackPlan{}, err
	case modeOf(stack.Status) == busy:
		return bcn.StackPlan{}, moved(p.Name + ": " + stack.Status)
	}
	return a.removal(ctx, s, stack)
}

// Delete implements deploy.Stacks.
func (a *Apply) Delete(ctx context.Context, t bcn.Target, p bcn.StackPlan, token string) error {
	if p.StackID == "" {
		return nil
	}
	s := a.aws.For(t)
	stack, err := s.Stack(ctx, p.StackID)
	switch {
	case gone(err), err == nil && (stack.Status == "DELETE_COMPLETE" || stack.Status == "DELETE_IN_PROGRESS"):
		return nil
	case err != nil:
		return err
	case modeOf(stack.Status) == busy:
		return refusal(stack, s.Region())
	}
	return s.DeleteStackAs(ctx, p.StackID, t.District.CFNRole, token)
}
