package cfn

import (
	"slices"
	"strconv"
	"strings"
)

// difference is one way in which a resource is not what its stack made of it.
type difference struct{ path, expected, actual, kind string }

func byPath(a, b difference) int { return strings.Compare(a.path, b.path) }

// differences compares what a template says with what is. Only what the
// template says counts: a member that it leaves out may be anything (User
// Guide, "Detect drift": explicitly set values). Lists are compared without
// order.
func differences(path string, want, got any) []difference {
	if got == nil && want != nil {
		return []difference{{path, written(want), "null", "REMOVE"}}
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		var out []difference
		for k, v := range w {
			there, ok := g[k]
			if !ok {
				out = append(out, difference{path + "/" + k, written(v), "null", "REMOVE"})
				continue
			}
			out = append(out, differences(path+"/"+k, v, there)...)
		}
		return out
	case []any:
		if g, ok := got.([]any); ok {
			return listDifferences(path, w, g)
		}
	}
	if written(want) == written(got) {
		return nil
	}
	return []difference{{path, written(want), written(got), "NOT_EQUAL"}}
}

// listDifferences pairs what is equal; where one of each is left over, it has
// changed, else they were removed and added.
func listDifferences(path string, want, got []any) []difference {
	type place struct {
		at    int
		value any
	}
	var added []place
	for i, v := range got {
		added = append(added, place{i, v})
	}
	var gone []place
	for i, w := range want {
		j := slices.IndexFunc(added, func(p place) bool { return len(differences("", w, p.value)) == 0 })
		if j < 0 {
			gone = append(gone, place{i, w})
			continue
		}
		added = slices.Delete(added, j, j+1)
	}
	if len(gone) == 1 && len(added) == 1 {
		return differences(path+"/"+strconv.Itoa(gone[0].at), gone[0].value, added[0].value)
	}
	var out []difference
	for _, p := range gone {
		out = append(out, difference{path + "/" + strconv.Itoa(p.at), written(p.value), "null", "REMOVE"})
	}
	for _, p := range added {
		out = append(out, difference{path + "/" + strconv.Itoa(p.at), "null", written(p.value), "ADD"})
	}
	return out
}

// written is a value as a difference shows it: a scalar as it is, anything
// else as JSON.
func written(v any) string {
	if isScalar(v) {
		return scalar(v)
	}
	return canonical(v)
}

// visible is the part of what is that the template speaks of.
func visible(want, got any) any {
	w, ok := want.(map[string]any)
	g, is := got.(map[string]any)
	if !ok || !is {
		return got
	}
	out := map[string]any{}
	for k, v := range w {
		if there, ok := g[k]; ok {
			out[k] = visible(v, there)
		}
	}
	return out
}
