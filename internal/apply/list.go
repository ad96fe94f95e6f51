package apply

import (
	"context"
	"errors"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

var _ deploy.ChangeSets = (*Apply)(nil)

// ChangeSets lists the names of a stack's change sets; none where the stack is
// not there.
func (a *Apply) ChangeSets(ctx context.Context, t bcn.Target, stack string) ([]string, error) {
	names, err := a.aws.For(t).ChangeSets(ctx, stack)
	if errors.Is(err, awsx.ErrNotFound) {
		return nil, nil
	}
	return names, err
}
