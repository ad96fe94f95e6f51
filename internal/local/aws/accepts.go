package aws

import (
	"context"
	"slices"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// accepts refuses parameters that the handler does not look at: AWS would have
// done something with them, so that silence would be a lie.
func accepts(h wire.Handler, names ...string) wire.Handler {
	return func(ctx context.Context, c *wire.Call) (any, error) {
		for _, k := range sortedKeys(c.Params) {
			if !slices.Contains(names, k) {
				return nil, wire.Errorf("UnsupportedParameter", "the local AWS takes no %s for %s of service %s", k, c.Action, c.Service)
			}
		}
		return h(ctx, c)
	}
}
