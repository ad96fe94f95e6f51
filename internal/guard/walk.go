package guard

import (
	"fmt"
	"strings"
)

// walk calls f for every value, with its path, in the order of sorted keys.
func walk(where string, v any, f func(where string, v any)) {
	f(where, v)
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			walk(where+"."+k, v[k], f)
		}
	case []any:
		for i, one := range v {
			walk(fmt.Sprintf("%s[%d]", where, i), one, f)
		}
	}
}

// intrinsic says that the mapping is a function of CloudFormation, or holds
// one beside other keys, so that what it says is known only when it runs.
func intrinsic(m map[string]any) bool {
	for k := range m {
		if k == "Ref" || strings.HasPrefix(k, "Fn::") || k == "Condition" && len(m) == 1 {
			return true
		}
	}
	return false
}

// noDynamicReferences: CloudFormation reads {{resolve:ssm:...}} and
// {{resolve:secretsmanager:...}} in any string with its own role, which may
// read more than the heritage. Macros can write anything.
func noDynamicReferences(t tree, report deny) {
	walk("", t.root, func(where string, v any) {
		where = strings.TrimPrefix(strings.TrimPrefix(where, "."), "Resources.")
		switch v := v.(type) {
		case string:
			if strings.Contains(strings.Join(strings.Fields(strings.ToLower(v)), ""), "{{resolve:") {
				report(DynamicReference, where)
			}
		case map[string]any:
			for _, macro := range []string{"Fn::Transform", "Fn::ForEach"} {
				if _, there := v[macro]; there {
					report(Unresolved, where, "what", macro)
				}
			}
		}
	})
}
