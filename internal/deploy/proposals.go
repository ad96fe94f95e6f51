package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// changeSetName names the n-th change set of a change, counted from 1; the
// reaper knows ours by it.
func changeSetName(id bcn.ID, n int) string { return fmt.Sprint(changeSetPrefix(id), n) }

// restoreName names the change set that brings the base back.
func restoreName(id bcn.ID) string { return changeSetPrefix(id) + "restore" }

// changeSetPrefix begins the names of a change's change sets, which are also
// the tokens with which they are executed.
func changeSetPrefix(id bcn.ID) string { return fmt.Sprintf("bcn-%d-", int64(id)) }

// stacksOf answers the stacks that a change may have proposed change sets for,
// by name, and the district they are in. There are none for what changes only
// our own rows.
func (s *Service) stacksOf(ctx context.Context, c Claimed) ([]bcn.StackPlan, bcn.District, error) {
	var names []string
	switch c.Change.Kind {
	case bcn.KindDeploy, bcn.KindPlan, bcn.KindRollback, bcn.KindRestart, bcn.KindPromote, bcn.KindScale, bcn.KindEnv, bcn.KindRepair:
		h := bcn.Heritage{Name: c.Change.Heritage}
		names = []string{h.BaseStack(), h.ServicesStack()}
	case bcn.KindEndpoint:
		names = []string{render.EndpointStack(c.Wish.Endpoint.Name)}
	case bcn.KindEndpointUpdate:
		names = []string{render.EndpointStack(c.Wish.Edit.Name)}
	case bcn.KindDistrictCreate, bcn.KindDistrictUpdate:
		names = []string{render.DistrictStack(c.Change.District)}
	default:
		return nil, bcn.District{}, nil
	}
	d, err := s.Store.District(ctx, c.Change.District)
	if c.Change.Kind == bcn.KindDistrictCreate && errors.Is(err, ErrNone) {
		d, err = *c.Wish.District, nil // it has no row before it is made
	}
	if err != nil {
		return nil, d, err
	}
	var out []bcn.StackPlan
	for i, name := range names {
		out = append(out, bcn.StackPlan{Name: name, ChangeSet: changeSetName(c.Change.ID, i+1)})
	}
	return out, d, nil
}

// propose makes a change set for each rendered stack, in order.
func (s *Service) propose(ctx context.Context, c Claimed, d bcn.District, proposals []bcn.Proposal) ([]bcn.StackPlan, error) {
	ctx, cancel := context.WithTimeout(ctx, s.ReviewTime)
	defer cancel()
	t := s.Target(c.Change, d)
	var out []bcn.StackPlan
	for i, p := range proposals {
		name := changeSetName(c.Change.ID, i+1)
		if c.Change.Fence > 1 { // an earlier attempt may have left one of another file
			if err := s.Stacks.Discard(ctx, t, bcn.StackPlan{Name: p.Name, ChangeSet: name},
				Discarding{Owner: s.Installation, KeepStack: true}); bcn.CodeOf(err) == bcn.CodeStackBusy {
				// The process that made it is gone, CloudFormation still works on it.
				return nil, bcn.E(bcn.CodeUnavailable, "what", "CloudFormation").Wrap(err)
			} else if err != nil {
				return nil, err
			}
		}
		sp, err := s.Stacks.Propose(ctx, t, name, p, s.Installation)
		if err != nil {
			return nil, err
		}
		out = append(out, sp)
	}
	return out, nil
}

// planOf reads a claimed change's plan.
func planOf(c Claimed) (bcn.Plan, error) {
	var p bcn.Plan
	if c.Plan == nil {
		return p, fmt.Errorf("change %s has no plan", c.Change.ID)
	}
	if err := json.Unmarshal(c.Plan.Bytes, &p); err != nil {
		return p, fmt.Errorf("read the plan of %s: %w", c.Change.ID, err)
	}
	return p, nil
}
