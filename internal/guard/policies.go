package guard

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// policiesNarrow finds policies wherever they are (a role's, a bucket's, a
// queue's): what has a Statement is one.
func policiesNarrow(t tree, report deny) {
	for _, r := range t.resources {
		walk(r.id, r.properties, func(where string, v any) {
			m, ok := v.(map[string]any)
			if !ok {
				return
			}
			for key, value := range m {
				if strings.HasSuffix(key, "PolicyDocument") {
					if doc, ok := value.(map[string]any); !ok || doc["Statement"] == nil {
						report(Unresolved, where+"."+key, "what", key)
					}
				}
			}
			if s, there := m["Statement"]; there {
				statements(where+".Statement", s, report)
			}
			if managed, there := m["ManagedPolicyArns"]; there && !emptyList(managed) {
				report(ManagedPolicy, where, "policy", fmt.Sprint(managed))
			}
		})
		if strings.HasPrefix(r.kind, "AWS::IAM::") && r.kind != roleType && !profile(t, r) {
			// Users, groups and policies of their own: bcn makes none, and what
			// they grant is not told by their documents alone.
			report(ManagedPolicy, r.id, "policy", r.kind)
		}
	}
}

// profile says that it is an instance profile, which grants nothing by itself,
// of roles of the same plan alone.
func profile(t tree, r resource) bool {
	roles, ok := r.properties["Roles"].([]any)
	if r.kind != "AWS::IAM::InstanceProfile" || !ok {
		return false
	}
	return !slices.ContainsFunc(roles, func(v any) bool {
		m, _ := v.(map[string]any)
		id, _ := m["Ref"].(string)
		return len(m) != 1 || !slices.ContainsFunc(t.resources, func(other resource) bool { return other.id == id && other.kind == roleType })
	})
}

func statements(where string, v any, report deny) {
	list, ok := v.([]any)
	if one, single := v.(map[string]any); single {
		list, ok = []any{one}, true
	}
	if !ok {
		report(Unresolved, where, "what", "Statement")
		return
	}
	for i, s := range list {
		m, ok := s.(map[string]any)
		if !ok || intrinsic(m) {
			report(Unresolved, fmt.Sprintf("%s[%d]", where, i), "what", "Statement")
			continue
		}
		statement(fmt.Sprintf("%s[%d]", where, i), m, report)
	}
}

func statement(where string, m map[string]any, report deny) {
	switch m["Effect"] {
	case "Deny":
		return
	case "Allow":
	default:
		report(Unresolved, where, "what", "Effect")
		return
	}
	if m["NotAction"] != nil {
		report(WildcardAction, where, "action", "NotAction")
	}
	if m["NotPrincipal"] != nil {
		report(WildcardPerson, where, "principal", "NotPrincipal")
	}
	actions, ok := words(m["Action"])
	if !ok {
		report(Unresolved, where, "what", "Action")
	}
	for _, a := range actions {
		if strings.ContainsAny(a, "*?") {
			report(WildcardAction, where, "action", a)
		}
	}
	principals(where, m["Principal"], report)
}

func principals(where string, v any, report deny) {
	check := func(v any) {
		list, ok := words(v)
		if !ok {
			report(Unresolved, where, "what", "Principal")
		}
		for _, p := range list {
			if strings.ContainsAny(p, "*?") {
				report(WildcardPerson, where, "principal", p)
			}
		}
	}
	switch p := v.(type) {
	case nil:
	case map[string]any:
		for _, key := range sortedKeys(p) {
			check(p[key])
		}
	default:
		check(v)
	}
}

const roleType = "AWS::IAM::Role"

// rolesBounded: whatever a role's policies say, its boundary caps them.
func rolesBounded(t tree, report deny) {
	for _, r := range t.resources {
		if r.kind != roleType {
			continue
		}
		switch b := r.properties["PermissionsBoundary"].(type) {
		case nil:
			report(NoBoundary, r.id)
		case string:
			if !strings.HasPrefix(b, "arn:") || !strings.Contains(b, ":policy/bcn/") {
				report(NoBoundary, r.id, "boundary", b)
			}
		default:
			report(Unresolved, r.id, "what", "PermissionsBoundary")
		}
	}
}

// words answers a string or a list of strings.
func words(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		var out []string
		for _, one := range v {
			s, ok := one.(string)
			if !ok {
				return out, false
			}
			out = append(out, s)
		}
		return out, len(out) > 0
	default:
		return nil, false
	}
}

func emptyList(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) == 0
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
