package apply

import (
	"context"
	"errors"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// States describes stacks by name, in their order; one that is not there is
// left out. For following many of them there is Statuses.
func (a *Apply) States(ctx context.Context, t bcn.Target, stacks []string) ([]deploy.StackStatus, error) {
	s := a.aws.For(t)
	var out []deploy.StackStatus
	for _, name := range stacks {
		v, err := s.Stack(ctx, name)
		if errors.Is(err, awsx.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, deploy.StackStatus{Stack: v.Name, StackID: v.ID, Status: v.Status, Reason: v.Reason, Updated: v.Updated})
	}
	return out, nil
}
