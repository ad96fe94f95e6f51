package cfn

import (
	"maps"
	"slices"
	"strconv"
)

// tree is the change as DescribeChangeSet answers it.
func (c *change) tree(values bool) map[string]any {
	details := []any{}
	for _, d := range c.details {
		switch {
		case !values && d.valuesOnly:
		case values && d.attribute == "Properties":
			for _, l := range leaves("/Properties/"+d.name, d.before, d.after) {
				details = append(details, d.tree(&l))
			}
		default:
			details = append(details, d.tree(nil))
		}
	}
	m := map[string]any{"Action": c.action, "LogicalResourceId": c.logical, "ResourceType": c.typ, "Scope": anys(c.scope), "Details": details}
	put(m, "PhysicalResourceId", c.physical)
	put(m, "Replacement", c.replacement)
	put(m, "PolicyAction", c.policy)
	if values && c.before != nil {
		m["BeforeContext"] = canonical(map[string]any{"Properties": texts(c.before)})
	}
	if values && c.after != nil && c.action != "Remove" {
		m["AfterContext"] = canonical(map[string]any{"Properties": texts(c.after)})
	}
	c.mode(m)
	return map[string]any{"Type": "Resource", "ResourceChange": m}
}

func (d *detail) tree(l *leaf) map[string]any {
	target := map[string]any{"Attribute": d.attribute, "RequiresRecreation": string(d.recreation)}
	put(target, "Name", d.name)
	if l != nil {
		target["Path"], target["AttributeChangeType"] = l.path, l.kind
		if l.kind != "Add" {
			target["BeforeValue"] = shownValue(l.before)
		}
		if l.kind != "Remove" {
			target["AfterValue"] = shownValue(l.after)
		}
	}
	m := map[string]any{"Target": target, "Evaluation": d.evaluation, "ChangeSource": d.source}
	put(m, "CausingEntity", d.cause)
	return m
}

// leaf is one value that differs, however deep.
type leaf struct {
	path, kind    string // kind: Add, Remove, Modify
	before, after any
}

// leaves finds the values that differ below a path.
func leaves(path string, before, after any) []leaf {
	if canonical(before) == canonical(after) {
		return nil
	}
	switch b := before.(type) {
	case nil:
		return []leaf{{path, "Add", nil, after}}
	case map[string]any:
		if a, ok := after.(map[string]any); ok {
			return mapLeaves(path, b, a)
		}
	case []any:
		if a, ok := after.([]any); ok {
			return listLeaves(path, b, a)
		}
	}
	if after == nil {
		return []leaf{{path, "Remove", before, nil}}
	}
	return []leaf{{path, "Modify", before, after}}
}

func mapLeaves(path string, b, a map[string]any) []leaf {
	keys := maps.Clone(b)
	maps.Copy(keys, a)
	var out []leaf
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		out = append(out, leaves(path+"/"+k, b[k], a[k])...)
	}
	return out
}

func listLeaves(path string, b, a []any) []leaf {
	at := func(list []any, i int) any {
		if i < len(list) {
			return list[i]
		}
		return nil
	}
	var out []leaf
	for i := range max(len(a), len(b)) {
		out = append(out, leaves(path+"/"+strconv.Itoa(i), at(b, i), at(a, i))...)
	}
	return out
}

func shownValue(v any) string {
	if isScalar(v) {
		return scalar(v)
	}
	return canonical(v)
}

// texts is a value whose scalars are all texts, as the contexts of changes show
// numbers and booleans (examples of DescribeChangeSet in the user guide).
func texts(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = texts(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = texts(e)
		}
		return out
	}
	if isScalar(v) {
		return scalar(v)
	}
	return v
}
