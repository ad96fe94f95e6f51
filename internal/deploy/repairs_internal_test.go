package deploy

import (
	"context"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// fleet is what runs: each service with its live count.
type fleet map[string]int

func (f fleet) Rollouts(context.Context, bcn.Target, string) ([]Rollout, error) {
	var out []Rollout
	for service, count := range f {
		out = append(out, Rollout{Service: service, Desired: count})
	}
	return out, nil
}

func (fleet) StoppedTasks(context.Context, bcn.Target, string, string, time.Time, int) ([]Stopped, error) {
	return nil, nil
}

func TestACountThatWasChangedOutsideIsPutBack(t *testing.T) {
	t.Parallel()
	recorded := bcn.Overlay{Counts: map[string]int{"worker": 1}}
	for name, c := range map[string]struct {
		kind    bcn.Kind
		service string
		count   int
		runs    fleet
		want    bool
	}{
		"the recorded count, and none runs":         {bcn.KindScale, "worker", 1, fleet{"worker": 0, "web": 2}, true},
		"the file's count, and none runs":           {bcn.KindScale, "web", 2, fleet{"worker": 1, "web": 0}, true},
		"the recorded count runs":                   {bcn.KindScale, "worker", 1, fleet{"worker": 1, "web": 0}, false},
		"another count is a change without repairs": {bcn.KindScale, "worker", 3, fleet{"worker": 0}, false},
		"a repair puts back in any case":            {bcn.KindRepair, "", 0, nil, true},
		"a deploy puts nothing back":                {bcn.KindDeploy, "", 0, fleet{"web": 0}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := standingOf(recorded)
			d.overlay = recorded
			if c.kind == bcn.KindScale {
				var err error
				if d.overlay, err = scaled(d, c.service, c.count); err != nil {
					t.Fatal(err)
				}
			}
			s := New(Options{Fleet: c.runs})
			claimed := Claimed{Change: bcn.Change{Kind: c.kind}, Wish: Wish{Kind: c.kind, Service: c.service, Count: c.count}}
			if got, err := s.repairs(t.Context(), claimed, bcn.Target{}, d); err != nil || got != c.want {
				t.Errorf("%v %v", got, err)
			}
		})
	}
}
