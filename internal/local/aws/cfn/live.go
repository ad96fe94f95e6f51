package cfn

import (
	"maps"
	"slices"

	"github.com/bcn-bot/bcn/internal/local/aws/schema"
)

// liveScope gives the values that resources have now.
func (e *Engine) liveScope(s *stack, d *desired) *scope {
	sc := e.scopeOf(s, d)
	sc.resource = func(name string) (any, error) {
		if r := s.resources[name]; r != nil && r.id != "" {
			return r.id, nil
		}
		return nil, invalid("Unresolved resource dependencies [%s] in the Resources block of the template", name)
	}
	sc.attribute = func(name, attr string) (any, error) {
		r := s.resources[name]
		if r == nil {
			return nil, invalid("Unresolved resource dependencies [%s] in the Resources block of the template", name)
		}
		if v, ok := r.attrs[attr]; ok {
			return v, nil
		}
		return nil, invalid("Resource type %s does not support attribute {%s}.", r.typ, attr)
	}
	sc.imported = func(name string) (any, error) { return s.region.export(name) }
	return sc
}

// export is the value that a live stack exports under the name.
func (r *region) export(name string) (any, error) {
	for _, s := range r.order {
		for _, o := range s.outputs {
			if o.export == name && s.deleted.IsZero() {
				return o.value, nil
			}
		}
	}
	return nil, invalid("No export named %s found.", name)
}

// outputsOf evaluates the outputs and finds the exports that the template uses.
func (e *Engine) outputsOf(s *stack, d *desired) (outputs []output, imports []string, err error) {
	sc := e.liveScope(s, d)
	if imports, err = d.importsOf(e, s); err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(d.template.outputs)) {
		if !d.outputHolds(name) {
			continue
		}
		o, err := readOutput(sc, name, d.template.outputs[name])
		if err != nil {
			return nil, nil, err
		}
		outputs = append(outputs, o)
	}
	return outputs, imports, s.checkExports(outputs)
}

func readOutput(sc *scope, name string, def map[string]any) (output, error) {
	o := output{key: name, description: text(def, "Description")}
	v, err := sc.eval(def["Value"])
	if err != nil {
		return o, err
	}
	if !isScalar(v) {
		return o, invalid("Template format error: Output %s is malformed. The Value field of every Outputs member must evaluate to a String.", name)
	}
	o.value = scalar(v)
	if export, ok := def["Export"].(map[string]any); ok {
		n, err := sc.eval(export["Name"])
		if err != nil {
			return o, err
		}
		o.export = scalar(n)
	}
	return o, nil
}

// importsOf are the export names that the branches that hold use.
func (d *desired) importsOf(e *Engine, s *stack) ([]string, error) {
	sc := e.scopeOf(s, d)
	seen := map[string]bool{}
	sc.imported = func(name string) (any, error) {
		seen[name] = true
		return unknown, nil
	}
	for _, logical := range d.active {
		if _, err := sc.eval(d.template.resources[logical].properties); err != nil {
			return nil, err
		}
	}
	for name, o := range d.template.outputs {
		if _, err := sc.eval(o["Value"]); err != nil && d.outputHolds(name) {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// checkExports refuses a name that another stack exports, and to drop or
// change an export that another stack uses.
func (s *stack) checkExports(next []output) error {
	now := map[string]string{}
	for _, o := range next {
		now[o.export] = o.value
	}
	for _, other := range s.region.live {
		if other == s {
			continue
		}
		for _, o := range other.outputs {
			if _, taken := now[o.export]; taken && o.export != "" {
				return invalid("Export with name %s is already exported by stack %s. Rollback requested by user.", o.export, other.name)
			}
		}
	}
	for _, o := range s.outputs {
		if users := s.region.importers(o.export); len(users) > 0 {
			switch v, kept := now[o.export]; {
			case !kept:
				return invalid("Cannot delete export %s as it is in use by %s.", o.export, users[0])
			case v != o.value:
				return invalid("Cannot update export %s as it is in use by %s.", o.export, users[0])
			}
		}
	}
	return nil
}

// importers are the stacks that use an export.
func (r *region) importers(export string) []string {
	var out []string
	for _, s := range r.order {
		if export != "" && s.deleted.IsZero() && slices.Contains(s.imports, export) {
			out = append(out, s.name)
		}
	}
	return out
}

// resourceTags are the tags of a resource: the stack's, its own over them, and
// those that CloudFormation adds. A type without tags has none.
func resourceTags(s *stack, stackTags []tag, r *resource) map[string]string {
	property := schema.TagsProperty(r.typ)
	if property == "" {
		return nil
	}
	out := tagMap(stackTags)
	switch own := r.props[property].(type) {
	case map[string]any:
		for k, v := range own {
			out[k] = scalar(v)
		}
	case []any:
		for _, t := range own {
			if m, ok := t.(map[string]any); ok {
				out[text(m, "Key")] = scalar(m["Value"])
			}
		}
	}
	out["aws:cloudformation:stack-name"] = s.name
	out["aws:cloudformation:stack-id"] = s.id
	out["aws:cloudformation:logical-id"] = r.logical
	return out
}
