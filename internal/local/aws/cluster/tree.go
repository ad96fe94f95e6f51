package cluster

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// tree is a request or an answer: API member names to values.
type tree map[string]any

// node is the tree below a key, empty where there is none.
func (t tree) node(key string) tree { return asTree(t[key]) }

func asTree(v any) tree {
	switch m := v.(type) {
	case map[string]any:
		return m
	case tree:
		return m
	}
	return nil
}

func (t tree) has(key string) bool { v, ok := t[key]; return ok && v != nil }

// str is a leaf as text; CloudFormation passes numbers and booleans in either shape.
func (t tree) str(key string) string { return asText(t[key]) }

func asText(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case int:
		return strconv.Itoa(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case json.Number:
		return x.String()
	}
	return ""
}

// num is a leaf as a number, or otherwise where there is none.
func (t tree) num(key string, otherwise int) int {
	f, err := strconv.ParseFloat(asText(t[key]), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > math.MaxInt32*1e6 {
		return otherwise
	}
	return int(f)
}

func (t tree) flag(key string, otherwise bool) bool {
	b, err := strconv.ParseBool(asText(t[key]))
	if err != nil {
		return otherwise
	}
	return b
}

// items are the trees in the list below a key.
func (t tree) items(key string) []tree {
	l, _ := t[key].([]any)
	out := make([]tree, 0, len(l))
	for _, v := range l {
		out = append(out, asTree(v))
	}
	return out
}

// strs are the texts in the list below a key.
func (t tree) strs(key string) []string {
	switch l := t[key].(type) {
	case []string:
		return l
	case []any:
		out := make([]string, 0, len(l))
		for _, v := range l {
			out = append(out, asText(v))
		}
		return out
	}
	return nil
}

// put sets a value unless it is empty.
func (t tree) put(key string, v any) tree {
	switch x := v.(type) {
	case nil:
		return t
	case string:
		if x == "" {
			return t
		}
	}
	t[key] = v
	return t
}

func anys[T any](l []T) []any {
	out := make([]any, len(l))
	for i, v := range l {
		out[i] = plain(v)
	}
	return out
}

// snapshot copies an answer, since what it was made of changes once the lock
// is released, and gives it the types that the border promises.
func snapshot(v any) any {
	switch x := v.(type) {
	case tree:
		return snapshot(map[string]any(x))
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = snapshot(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = snapshot(e)
		}
		return out
	case []string:
		return anys(x)
	}
	return v
}

// plain gives an answer the types that the border promises.
func plain(v any) any {
	if t, ok := v.(tree); ok {
		return map[string]any(t)
	}
	return v
}

// freeMaps are the maps of the ECS API whose keys are a user's own words.
var freeMaps = map[string]bool{"options": true, "dockerLabels": true, "labels": true, "driverOpts": true}

// lowerKeys turns CloudFormation's member names into the ECS API's, which
// start with a small letter.
func lowerKeys(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			k = strings.ToLower(k[:min(1, len(k))]) + k[min(1, len(k)):]
			if freeMaps[k] {
				out[k] = e
			} else {
				out[k] = lowerKeys(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = lowerKeys(e)
		}
		return out
	}
	return v
}
