package apply

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/awsx"
)

func TestWeightsThatAreToldAsElements(t *testing.T) {
	t.Parallel()
	const at = "/Actions/0/ForwardConfig/TargetGroups/"
	element := func(i, kind, expected, actual string) awsx.Difference {
		return awsx.Difference{Path: at + i, Kind: kind, Expected: expected, Actual: actual}
	}
	group := func(arn, weight string) string { return `{"TargetGroupArn":"` + arn + `","Weight":` + weight + `}` }
	turned := []awsx.Difference{
		element("0", "REMOVE", group("a", "100"), "null"), element("0", "ADD", "null", group("a", "0")),
		element("1", "REMOVE", group("b", "0"), "null"), element("1", "ADD", "null", group("b", "100")),
	}
	elsewhere := append([]awsx.Difference{}, turned...)
	elsewhere[3] = element("1", "ADD", "null", group("c", "100"))
	for name, c := range map[string]struct {
		kind string
		list []awsx.Difference
		left int
	}{
		"the same groups with other weights are no drift":       {listenerRule, turned, 0},
		"another group among them is":                           {listenerRule, elsewhere, 4},
		"what differs beside them is, alone":                    {listenerRule, append([]awsx.Difference{{Path: "/Priority", Expected: "1", Actual: "2"}}, turned...), 1},
		"a group that is gone is":                               {listenerRule, turned[:3], 3},
		"the same at a listener is, for nobody shifts it there": {"AWS::ElasticLoadBalancingV2::Listener", turned, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, is := drifted("s", awsx.Drifted{Type: c.kind, LogicalID: "R", Differences: c.list})
			if len(d.Properties) != c.left || is != (c.left > 0) {
				t.Errorf("%+v", d)
			}
		})
	}
}
