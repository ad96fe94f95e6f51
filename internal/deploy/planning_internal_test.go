package deploy

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestHowOldAnAnswerAboutPeopleMayBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		kind  bcn.Kind
		state bcn.ChangeState
		want  time.Duration
	}{
		{"planning decides nothing", bcn.KindDeploy, bcn.ChangePlanning, time.Minute},
		{"a start is judged by reads of its own", bcn.KindDeploy, bcn.ChangeQueued, 0},
		{"so is the start of access", bcn.KindAccess, bcn.ChangeQueued, 0},
		{"so are the pick-ups of a live grant", bcn.KindAccess, bcn.ChangeApplying, 0},
		{"a running change is not given an old answer", bcn.KindDeploy, bcn.ChangeApplying, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := mayBeOld(bcn.Change{Kind: c.kind, State: c.state}); got != c.want {
				t.Errorf("%s of %s: %s, want %s", c.state, c.kind, got, c.want)
			}
		})
	}
}
