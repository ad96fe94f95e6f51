package deploy

import (
	"context"
	"regexp"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// ReapEvery is how often change sets without a live change are looked for.
const ReapEvery = 10 * time.Minute

// ours is the name of a change set of bcn: its change's number is in it.
var ours = regexp.MustCompile(`^bcn-([0-9]+)-`)

// ChangeSets lists the names of a stack's change sets; none where the stack is
// not there.
type ChangeSets interface {
	ChangeSets(ctx context.Context, t bcn.Target, stack string) ([]string, error)
}

// Reap discards change sets of ours whose change has ended: a planner that was
// overtaken may have made one after its change was closed and cleaned up.
func (s *Service) Reap(ctx context.Context, list ChangeSets) (time.Duration, error) {
	districts, err := s.Store.Districts(ctx)
	if err != nil {
		return 0, err
	}
	waiting, err := s.Store.WaitingSecrets(ctx)
	if err != nil {
		return 0, err
	}
	for _, d := range districts {
		if err := s.reapSecrets(ctx, d, waiting); err != nil {
			s.Log.Warn("reap secrets", "district", d.Name, "error", err)
		}
		stacks, err := s.knownStacks(ctx, d)
		if err != nil {
			return 0, err
		}
		for _, stack := range stacks {
			if err := s.reapStack(ctx, list, d, stack); err != nil {
				s.Log.Warn("reap", "stack", stack, "error", err)
			}
		}
	}
	return ReapEvery, nil
}

// knownStacks are the stacks of a district's heritages and endpoints.
func (s *Service) knownStacks(ctx context.Context, d bcn.District) ([]string, error) {
	var out []string
	heritages, err := s.Store.Heritages(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range heritages {
		if h.District == d.Name {
			out = append(out, h.BaseStack(), h.ServicesStack())
		}
	}
	endpoints, err := s.Store.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range endpoints {
		if e.District == d.Name {
			out = append(out, render.EndpointStack(e.Name))
		}
	}
	return out, nil
}

func (s *Service) reapStack(ctx context.Context, list ChangeSets, d bcn.District, stack string) error {
	t := s.SystemTarget(d)
	names, err := list.ChangeSets(ctx, t, stack)
	if err != nil {
		return err
	}
	for _, name := range names {
		m := ours.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		id, err := bcn.ParseID(m[1])
		if err != nil {
			continue
		}
		c, err := s.Store.Change(ctx, id)
		if err != nil || !c.State.Ended() {
			continue // a number that we never gave is not ours, whatever its name
		}
		s.Log.Info("change set reaped", "stack", stack, "change_set", name)
		if err := s.Stacks.Discard(ctx, t, bcn.StackPlan{Name: stack, ChangeSet: name}, Discarding{Owner: s.Installation, KeepStack: true}); err != nil {
			return err
		}
	}
	return nil
}
