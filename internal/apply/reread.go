package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Reread implements deploy.Stacks. For a stack that was planned as unchanged
// it answers the stack's last update, by which a change in between is seen.
func (a *Apply) Reread(ctx context.Context, t bcn.Target, p bcn.StackPlan) (bcn.StackPlan, error) {
	s := a.aws.For(t)
	if p.Delete {
		return a.rereadRemoval(ctx, t, p)
	}
	if p.ChangeSet != "" {
		return a.read(ctx, s, p)
	}
	stack, err := s.Stack(ctx, p.StackID)
	if err != nil {
		if gone(err) {
			return bcn.StackPlan{}, moved(p.Name + ": DELETE_COMPLETE")
		}
		return bcn.StackPlan{}, err
	}
	p.LastUpdate = stamp(stack.Updated)
	return p, nil
}

// read answers what the change set of a plan holds now. Of the plan it takes
// only the name, the change set and whether the stack is to be created.
func (a *Apply) read(ctx context.Context, s *awsx.Session, p bcn.StackPlan) (bcn.StackPlan, error) {
	set, err := s.ChangeSet(ctx, p.Name, p.ChangeSet)
	if gone(err) {
		return bcn.StackPlan{}, moved(p.Name + ": the change set is gone")
	}
	if err != nil {
		return bcn.StackPlan{}, err
	}
	if set.Status != "CREATE_COMPLETE" || set.Execution != "AVAILABLE" {
		return bcn.StackPlan{}, moved(p.Name + ": the change set is " + set.Status + ", " + set.Execution)
	}
	body, err := s.Template(ctx, p.Name, set.ID)
	if gone(err) {
		return bcn.StackPlan{}, moved(p.Name + ": the change set is gone")
	}
	if err != nil {
		return bcn.StackPlan{}, err
	}
	out := bcn.StackPlan{
		Name: set.Stack, StackID: set.StackID, Create: p.Create, ChangeSet: set.ID, Previous: p.Previous,
		Template: body, TemplateSHA256: sum(body), Capabilities: set.Capabilities, Tags: sortedTags(set.Tags),
		Changes: deltas(set.Changes), Repair: set.Repair,
	}
	if p.Create {
		return out, nil // a stack in review has no update yet that could move
	}
	stack, err := s.Stack(ctx, set.StackID)
	if gone(err) {
		return bcn.StackPlan{}, moved(p.Name + ": DELETE_COMPLETE")
	}
	if err != nil {
		return bcn.StackPlan{}, err
	}
	out.LastUpdate = stamp(stack.Updated)
	return out, nil
}

func moved(what string) error { return bcn.E(bcn.CodePlanMoved, "moved", what) }

// deltas keeps of each change what a plan shows and compares: all paths, and
// the values that may be shown. CloudFormation does not promise an order, so there is one here.
func deltas(in []awsx.Change) []bcn.ResourceDelta {
	out := make([]bcn.ResourceDelta, 0, len(in))
	for _, c := range in {
		paths := slices.Clone(c.Properties)
		slices.Sort(paths)
		out = append(out, bcn.ResourceDelta{
			Action: c.Action, LogicalID: c.LogicalID, PhysicalID: c.PhysicalID, Type: c.Type,
			Replacement: c.Replacement, Properties: slices.Compact(paths), Values: shown(c.Values),
		})
	}
	slices.SortStableFunc(out, func(x, y bcn.ResourceDelta) int {
		if n := strings.Compare(x.LogicalID, y.LogicalID); n != 0 {
			return n
		}
		return strings.Compare(x.Action, y.Action)
	})
	return out
}

func sortedTags(in []bcn.Tag) []bcn.Tag {
	out := slices.Clone(in)
	slices.SortFunc(out, func(x, y bcn.Tag) int { return strings.Compare(x.Key, y.Key) })
	return out
}
