package cfn

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bcn-bot/bcn/internal/local/aws/schema"
)

// change is what a change set would do to one resource.
type change struct {
	action, logical, physical, typ string
	replacement, policy            string
	drift                          string // ResourceDriftStatus, of a drift-aware change set
	scope                          []string
	details                        []detail
	before, after                  map[string]any // properties, nil where there are none
}

// detail is one reason of a change.
type detail struct {
	attribute, name string // Properties and the property's name; or Tags, Metadata, ...
	recreation      schema.Recreation
	source, cause   string // ChangeSource, CausingEntity
	evaluation      string // Static, Dynamic
	before, after   any
	valuesOnly      bool // shown with IncludePropertyValues only
}

// differ finds the changes that a template would make to a stack.
type differ struct {
	stack *stack
	want  *desired
	scope *scope
	fate  map[string]string // per logical id: Add, True, Conditional; absent where it stays
}

// changes answers what would change, in order of the logical ids, and whether
// anything would at all: outputs count, metadata alone does not. The warning
// tells of values that could not be had.
func (e *Engine) changes(s *stack, want *desired) (out []change, some bool, warning string) {
	d := &differ{stack: s, want: want, fate: map[string]string{}}
	d.scope = e.futureScope(s, d)
	for _, logical := range want.active {
		c, err := d.resource(logical)
		if err != nil {
			warning = fmt.Sprintf("[WARN] --include-property-values option can return incomplete ChangeSet data because: ChangeSet creation failed for resource [%s] because: %s", logical, reasonOf(err))
		}
		if c.action == "Add" {
			if name, there := e.adopts(s, want, logical, c.after); there {
				c.action, c.physical = "Import", name
			}
		}
		if c.action != "" {
			out = append(out, c)
		}
	}
	for _, logical := range s.logicalIDs() {
		if !slices.Contains(want.active, logical) {
			out = append(out, removal(s.resources[logical]))
		}
	}
	slices.SortFunc(out, func(a, b change) int {
		if a.logical < b.logical {
			return -1
		}
		return 1
	})
	return out, len(out) > 0 || d.outputsDiffer(), warning
}

// futureScope gives the values that resources keep, and unknown for those that
// are yet to be made.
func (e *Engine) futureScope(s *stack, d *differ) *scope {
	sc := e.liveScope(s, d.want)
	id, attr := sc.resource, sc.attribute
	sc.resource = func(name string) (any, error) {
		if d.fate[name] != "" {
			return unknown, nil
		}
		return id(name)
	}
	sc.attribute = func(name, attribute string) (any, error) {
		if d.fate[name] != "" {
			return unknown, nil
		}
		return attr(name, attribute)
	}
	return sc
}

// resource compares one resource of the template with what the stack has.
func (d *differ) resource(logical string) (change, error) {
	def, old := d.want.template.resources[logical], d.want.standing(d.stack, logical)
	props, err := d.want.resolve(d.scope, logical)
	c := change{action: "Modify", logical: logical, typ: def.typ, after: d.masked(logical, props), drift: d.want.live[logical].status}
	if old == nil {
		d.fate[logical] = "Add"
		c.action = "Add"
		return c, err
	}
	c.physical, c.before = old.id, old.shownProps()
	if err != nil {
		d.fate[logical] = "Conditional"
		c.replacement = "Conditional"
		return c, err
	}
	for _, p := range changedProperties(old.props, props) {
		c.details = append(c.details, d.property(def, old, p, c.before[p], c.after[p])...)
	}
	c.details = append(c.details, d.attributes(def, old, props)...)
	if !slices.ContainsFunc(c.details, func(x detail) bool { return x.attribute != "Metadata" }) {
		if d.want.synced(d.stack, logical, props) {
			c.action = "SyncWithActual"
			return c, nil
		}
		return change{}, nil
	}
	c.conclude(def)
	if c.replacement != "False" {
		d.fate[logical] = c.replacement
	}
	return c, nil
}

// property answers why one property changes: because a parameter or resource
// that it refers to does, or because the template says something else.
func (d *differ) property(def definition, old *resource, name string, before, after any) []detail {
	base := detail{
		attribute: "Properties", name: name, recreation: schema.Requires(def.typ, name), source: "DirectModification",
		evaluation: "Static", before: before, after: after,
	}
	rewritten := canonical(old.def.properties[name]) != canonical(def.properties[name])
	var out []detail
	byParameter := false
	for _, cause := range d.causes(def.properties[name]) {
		one := base
		one.source, one.cause, one.evaluation = cause.source, cause.entity, cause.evaluation
		byParameter = byParameter || cause.source == "ParameterReference"
		out = append(out, one)
	}
	if len(out) > 0 && !rewritten {
		base.evaluation, base.valuesOnly = "Dynamic", !byParameter
	}
	return append(out, base)
}

type cause struct{ source, entity, evaluation string }

// causes are the references in v whose value changes.
func (d *differ) causes(v any) []cause {
	var out []cause
	walk(v, func(logical, attr string) {
		c := cause{source: "ResourceReference", entity: logical, evaluation: "Static"}
		if attr != "" {
			c.source, c.entity = "ResourceAttribute", logical+"."+attr
		}
		switch fate := d.fate[logical]; {
		case d.parameterChanged(logical):
			c.source = "ParameterReference"
		case fate == "Conditional":
			c.evaluation = "Dynamic"
		case fate == "":
			return
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	})
	return out
}

func (d *differ) parameterChanged(name string) bool {
	now, is := d.want.values[name]
	before, was := d.stack.values[name]
	return is && (!was || canonical(now) != canonical(before))
}

// attributes answers what changes beside properties.
func (d *differ) attributes(def definition, old *resource, props map[string]any) []detail {
	var out []detail
	add := func(attribute string, differs bool) {
		if differs {
			out = append(out, detail{attribute: attribute, recreation: schema.Never, source: "DirectModification", evaluation: "Static"})
		}
	}
	now := &resource{logical: old.logical, typ: def.typ, props: props}
	stackTags := !maps.Equal(tagMap(d.stack.tags), tagMap(d.want.tags))
	add("Metadata", canonical(old.def.metadata) != canonical(def.metadata))
	add("Tags", stackTags && !maps.Equal(old.tags, resourceTags(d.stack, d.want.tags, now)))
	add("DeletionPolicy", old.def.deletion != def.deletion)
	add("UpdateReplacePolicy", old.def.replace != def.replace)
	return out
}

// conclude derives replacement, policy and scope from the details.
func (c *change) conclude(def definition) {
	c.replacement = "False"
	for _, x := range c.details {
		switch {
		case x.recreation == schema.Always && x.evaluation == "Static":
			c.replacement = "True"
		case x.recreation != schema.Never && c.replacement == "False" && !x.valuesOnly:
			c.replacement = "Conditional"
		}
		if !slices.Contains(c.scope, x.attribute) {
			c.scope = append(c.scope, x.attribute)
		}
	}
	if c.replacement != "False" {
		c.policy = "ReplaceAndDelete"
		if def.replace == "Retain" {
			c.policy = "ReplaceAndRetain"
		}
	}
}

func removal(r *resource) change {
	c := change{action: "Remove", logical: r.logical, physical: r.id, typ: r.typ, policy: "Delete", before: r.shownProps()}
	if r.def.deletion == "Retain" {
		c.policy = "Retain"
	}
	return c
}

// outputsDiffer compares the outputs as they would be, unknown being different.
func (d *differ) outputsDiffer() bool {
	var next []output
	for _, name := range slices.Sorted(maps.Keys(d.want.template.outputs)) {
		if !d.want.outputHolds(name) {
			continue
		}
		o, err := readOutput(d.scope, name, d.want.template.outputs[name])
		if err != nil {
			return true
		}
		next = append(next, o)
	}
	return !slices.Equal(next, d.stack.outputs)
}

// masked are the properties as they may be shown: the values of NoEcho
// parameters are asterisks.
func (d *differ) masked(logical string, props map[string]any) map[string]any {
	return d.want.masked(d.scope, logical, props)
}

func (d *desired) masked(sc *scope, logical string, props map[string]any) map[string]any {
	veiled := *sc
	veiled.values = maps.Clone(sc.values)
	secret := false
	for name, p := range d.template.parameters {
		if p["NoEcho"] == true || p["NoEcho"] == "true" {
			veiled.values[name], secret = "****", true
		}
	}
	if !secret {
		return props
	}
	out, err := d.resolve(&veiled, logical)
	if err != nil {
		return nil
	}
	return out
}

func (r *resource) shownProps() map[string]any {
	if r.shown != nil {
		return r.shown
	}
	return r.props
}
