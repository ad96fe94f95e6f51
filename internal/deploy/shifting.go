package deploy

import (
	"context"
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// Shift lets a deployment that waits before it shifts traffic go on. Whoever may
// ask for the change now may: what it does was approved with it. Errors:
// unknown_id, not_allowed, nothing_waits.
func (s *Service) Shift(ctx context.Context, o Origin, actor bcn.Actor, id bcn.ID) error {
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.Authz.Judge(ctx, actor, asking(c)); err != nil {
		return s.Refuse(ctx, actor, id, "shift", err)
	}
	if c.State != bcn.ChangeApplying {
		return bcn.E(bcn.CodeNothingWaits, "id", id.String())
	}
	hooks, err := s.waitingHooks(ctx, c)
	if err != nil {
		return err
	}
	if len(hooks) == 0 {
		return bcn.E(bcn.CodeNothingWaits, "id", id.String())
	}
	return s.Store.OrderShift(ctx, o, actor.User, id, hooks)
}

// waitingHooks are the pauses that a change's services are in, read now: what
// the card shows may be of a moment ago.
func (s *Service) waitingHooks(ctx context.Context, c bcn.Change) ([]string, error) {
	stored, err := s.Store.Plan(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	p, err := planOf(Claimed{Change: c, Plan: &stored})
	if err != nil || p.Heritage == "" {
		return nil, err
	}
	rollouts, err := s.Fleet.Rollouts(ctx, s.Target(c, p.District), p.Heritage)
	if err != nil {
		return nil, err
	}
	var hooks []string
	for _, r := range rollouts {
		if r.Shift.Waiting() {
			hooks = append(hooks, r.Shift.Hook)
		}
	}
	return hooks, nil
}

// shifts does what was ordered of the services whose traffic is being shifted,
// and says what a person should know. While CloudFormation rolls back nobody is
// waited for: what comes back was approved when it went out.
func (s *Service) shifts(ctx context.Context, r running, rollouts []Rollout) ([]Note, error) {
	if !slices.ContainsFunc(rollouts, func(x Rollout) bool { return x.Shift != nil }) {
		return nil, nil
	}
	orders, err := s.Store.ShiftOrders(ctx, r.Change.ID)
	if err != nil {
		return nil, err
	}
	back := rollingBack(r.follows[r.plan.Heritage].Status)
	for _, x := range rollouts {
		if !x.Shift.Waiting() {
			continue
		}
		t := r.target
		i := slices.IndexFunc(orders, func(o ShiftOrder) bool { return o.Hook == x.Shift.Hook })
		switch {
		case i >= 0:
			t.Identity = identity(bcn.Actor{Kind: bcn.Person, User: orders[i].By})
		case back:
			t.Identity = bcn.SystemIdentity
		default:
			continue
		}
		s.Log.Info("traffic shifted", "change", int64(r.Change.ID), "service", x.Service, "rollback", back)
		if err := s.Traffic.Shift(ctx, t, *x.Shift); err != nil {
			return nil, err
		}
	}
	return s.Speaker.Notes(Moment{Kind: MomentShifting, Change: r.Change, Plan: &r.plan, Rollouts: rollouts, Orders: orders}), nil
}

// stopStack stops the operation on a stack. Where ECS is shifting traffic it is
// ECS that takes it back: the old tasks are still there, and CloudFormation
// fails its update for it. Were CloudFormation to cancel, it would deploy the
// old version as a new one, with its pauses and bake times.
func (s *Service) stopStack(ctx context.Context, r running, sp bcn.StackPlan) error {
	if r.servicesStep() && !sp.Create && s.Traffic != nil {
		rollouts, err := s.Fleet.Rollouts(ctx, r.target, r.plan.Heritage)
		if err != nil {
			return err
		}
		shifting := false
		for _, x := range rollouts {
			if x.Shift == nil || x.Shift.First {
				continue
			}
			shifting = true
			if x.Shift.Back {
				continue
			}
			if err := s.Traffic.TakeBack(ctx, r.target, *x.Shift); err != nil {
				return err
			}
		}
		if shifting {
			return nil
		}
	}
	return s.Stacks.Cancel(ctx, r.target, sp)
}

// shiftsBack goes on with services that are on their way back while a change is
// being cancelled.
func (s *Service) shiftsBack(ctx context.Context, r running, m *Move) error {
	if err := s.mend(ctx, r); err != nil {
		return err
	}
	rollouts, err := s.Fleet.Rollouts(ctx, r.target, r.plan.Heritage)
	if err != nil || !slices.ContainsFunc(rollouts, func(x Rollout) bool { return x.Shift != nil }) {
		return err
	}
	notes, err := s.shifts(ctx, r, rollouts)
	m.Notes, m.Progress, m.Quiet = append(m.Notes, notes...), rollouts, false
	return err
}

// shifts says whether the traffic of any service is shifted, or was.
func (d deployment) shifts() bool {
	for _, h := range []*manifest.Heritage{d.before, d.manifest} {
		if h != nil && slices.ContainsFunc(h.Services, func(m manifest.Service) bool { return !m.Deployment.Rolling() }) {
			return true
		}
	}
	return false
}

// mend undoes what a rollback does to a rule that the change has changed:
// CloudFormation writes the weights of the template of before, and ECS may have
// shifted the traffic since that was written.
func (s *Service) mend(ctx context.Context, r running) error {
	status := r.follows[r.plan.Heritage].Status
	changed := slices.ContainsFunc(r.plan.Findings, func(f bcn.Finding) bool { return f.ID == render.ShiftedRuleChanges })
	if !changed || !rollingBack(status) && outcomeOf(status) != stackUndone {
		return nil
	}
	turned, err := s.Traffic.Mend(ctx, r.target, r.plan.Heritage)
	if len(turned) > 0 {
		s.Log.Warn("weights mended", "change", int64(r.Change.ID), "rules", turned)
	}
	return err
}
