package apply

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// values are paths, each with what is there before and after.
func values(triples ...string) []awsx.Value {
	var out []awsx.Value
	for v := range slices.Chunk(triples, 3) {
		out = append(out, awsx.Value{Path: v[0], Before: v[1], After: v[2]})
	}
	return out
}

func TestValuesThatAreShown(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2*maxShown)
	for _, c := range []struct {
		name string
		in   []awsx.Value
		want []bcn.Value
	}{
		{"a number", values("/Properties/Cpu", "256", "512"), []bcn.Value{{Path: "/Properties/Cpu", Before: "256", After: "512"}}},
		{"what is new has no value before", values("/Properties/Cpu", "", "512"), []bcn.Value{{Path: "/Properties/Cpu", After: "512"}}},
		{
			"in the order of their paths, each once", values("/B", "1", "2", "/A", "1", "2", "/B", "1", "2"),
			[]bcn.Value{{Path: "/A", Before: "1", After: "2"}, {Path: "/B", Before: "1", After: "2"}},
		},
		{"a long one is cut", values("/A", long, "b"), []bcn.Value{{Path: "/A", Before: long[:maxShown] + "…", After: "b"}}},
		{"never a variable of an app", values("/Properties/ContainerDefinitions/0/Environment/1/Value", "a", "b"), nil},
		{"never where a secret is", values("/Properties/ContainerDefinitions/0/Secrets/1/ValueFrom", "a", "b"), nil},
		{"never what a machine is started with", values("/Properties/LaunchTemplateData/UserData", "a", "b"), nil},
		{"never a list, which may hold one", values("/Properties/ContainerDefinitions", `[{"Environment":[]}]`, "b"), nil},
		{"never an object", values("/Properties/X", "a", `{"Environment":[]}`), nil},
		{"not what is known only afterwards", values("/Properties/TaskDefinition", "a:1", awsx.KnownAfter), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, shown(c.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
