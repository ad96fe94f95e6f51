package apply

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
)

// weighed says that of the target groups of a listener rule only the weights
// differ, by which ECS shifts traffic. Elements of a list that differ are told
// as removed and added again.
func weighed(kind string, differences []awsx.Difference) bool {
	if kind != listenerRule {
		return false
	}
	var was, is []string
	for _, d := range differences {
		if !groupElement(d.Path) {
			continue
		}
		for _, side := range []struct {
			value string
			to    *[]string
		}{{d.Expected, &was}, {d.Actual, &is}} {
			var g struct{ TargetGroupArn string }
			if json.Unmarshal([]byte(side.value), &g) == nil && g.TargetGroupArn != "" {
				*side.to = append(*side.to, g.TargetGroupArn)
			}
		}
	}
	slices.Sort(was)
	slices.Sort(is)
	return len(was) > 0 && slices.Equal(was, is)
}

// groupElement says that a property is one of a rule's target groups, as
// /Actions/0/ForwardConfig/TargetGroups/1.
func groupElement(path string) bool {
	_, index, ok := strings.Cut(path, "/ForwardConfig/TargetGroups/")
	return ok && !strings.Contains(index, "/")
}
