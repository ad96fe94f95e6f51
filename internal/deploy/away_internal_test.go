package deploy

import (
	"errors"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// A registry that does not answer is asked some times; anything else outside is
// waited for.
func TestARegistryThatStaysAway(t *testing.T) {
	t.Parallel()
	registry := bcn.E(bcn.CodeUnavailable, "what", "public.ecr.aws", "image", "public.ecr.aws/datadog/agent").Wrap(errors.New("no such host"))
	for _, c := range []struct {
		name     string
		state    bcn.ChangeState
		failures int
		cause    error
		want     bcn.Code
	}{
		{"at first it is asked again", bcn.ChangePlanning, 0, registry, ""},
		{"the last time but one, too", bcn.ChangePlanning, askRegistry - 2, registry, ""},
		{"then the plan is given up", bcn.ChangePlanning, askRegistry - 1, registry, bcn.CodeRegistryAway},
		{"what was asked for long ago as well", bcn.ChangePlanning, 100, registry, bcn.CodeRegistryAway},
		{"a change that runs is never left", bcn.ChangeApplying, 100, registry, ""},
		{"AWS is waited for", bcn.ChangePlanning, 100, bcn.E(bcn.CodeUnavailable, "what", "AWS STS"), ""},
		{"what bcn did wrong is not the registry's fault", bcn.ChangePlanning, 100, errors.New("nil map"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var claimed Claimed
			claimed.Change.State, claimed.Failures = c.state, c.failures
			err := registryAway(claimed, c.cause)
			if c.want == "" && err != nil || c.want != "" && bcn.CodeOf(err) != c.want {
				t.Errorf("%v", err)
			}
			if c.want != "" && !errors.Is(err, c.cause) {
				t.Error("the cause is lost")
			}
		})
	}
}
