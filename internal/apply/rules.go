package apply

import (
	"context"
	"errors"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// ForeignRules implements deploy.Rules: one read for each listener, and one of
// the stack where there is any rule.
func (a *Apply) ForeignRules(ctx context.Context, t bcn.Target, stack string, listeners []string) ([]deploy.Rule, error) {
	s := a.aws.For(t)
	var all []deploy.Rule
	for _, listener := range unique(listeners) {
		rules, err := s.ListenerRules(ctx, listener)
		if err != nil && !errors.Is(err, awsx.ErrNotFound) {
			return nil, err
		}
		for _, r := range rules {
			all = append(all, deploy.Rule{
				ARN: r.ARN, Listener: listener, Priority: r.Priority,
				What: strings.Join(r.Conditions, ", ") + " → " + strings.Join(r.Does, ", "),
			})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	resources, err := s.Resources(ctx, stack)
	if err != nil && !gone(err) {
		return nil, err
	}
	own := map[string]bool{}
	for _, r := range resources {
		own[r.PhysicalID] = true
	}
	var foreign []deploy.Rule
	for _, r := range all {
		if !own[r.ARN] {
			foreign = append(foreign, r)
		}
	}
	return foreign, nil
}
