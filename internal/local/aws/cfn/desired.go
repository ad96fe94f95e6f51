package cfn

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/schema"
)

// desired is what a template with its parameters asks a stack to be.
type desired struct {
	settings
	conditions map[string]bool
	active     []string            // resources whose condition holds, each after what it needs
	deps       map[string][]string // what each of them needs
	imports    bool                // ImportExistingResources
	live       map[string]live     // what was found, of a drift-aware change set; nil of any other
}

// plan decides conditions and order. It finds every fault that CloudFormation
// tells in its answer to the call, before anything runs.
func (e *Engine) plan(s *stack, set settings) (*desired, error) {
	values, err := typed(set.template, set.parameters)
	if err != nil {
		return nil, err
	}
	set.values = values
	d := &desired{settings: set, deps: map[string][]string{}}
	sc := e.scopeOf(s, d)
	if err := sc.evalConditions(set.template.conditions); err != nil {
		return nil, err
	}
	d.conditions = sc.conditions
	if err := first(e.checkTypes(set.template), checkCapabilities(set), d.checkNames()); err != nil {
		return nil, err
	}
	for _, logical := range slices.Sorted(maps.Keys(set.template.resources)) {
		if def := set.template.resources[logical]; def.condition == "" || d.conditions[def.condition] {
			d.active = append(d.active, logical)
		}
	}
	for _, logical := range d.active {
		if d.deps[logical], err = d.needs(e, s, logical); err != nil {
			return nil, err
		}
	}
	if err := d.sort(); err != nil {
		return nil, err
	}
	if err := d.checkOutputs(e, s); err != nil {
		return nil, err
	}
	return d, nil
}

// scopeOf is the scope of a template whose resources are all unknown.
func (e *Engine) scopeOf(s *stack, d *desired) *scope {
	values := maps.Clone(d.values)
	if values == nil {
		values = map[string]any{}
	}
	maps.Copy(values, s.pseudo(d.notify))
	return &scope{
		values: values, mappings: d.template.mappings, conditions: d.conditions,
		zones:     anys(e.opt.Zones(s.place.region)),
		resource:  func(string) (any, error) { return unknown, nil },
		attribute: func(string, string) (any, error) { return unknown, nil },
		imported:  func(string) (any, error) { return unknown, nil },
	}
}

// pseudo are the pseudo parameters.
func (s *stack) pseudo(notify []string) map[string]any {
	arns := make([]any, len(notify))
	for i, n := range notify {
		arns[i] = n
	}
	return map[string]any{
		"AWS::AccountId": s.account, "AWS::Region": s.place.region, "AWS::Partition": "aws",
		"AWS::StackId": s.id, "AWS::StackName": s.name, "AWS::URLSuffix": "amazonaws.com",
		"AWS::NotificationARNs": arns, "AWS::NoValue": noValue{},
	}
}

// needs are the resources that one refers to, in the branches that hold, and
// those it names in DependsOn.
func (d *desired) needs(e *Engine, s *stack, logical string) ([]string, error) {
	def := d.template.resources[logical]
	seen, err := d.references(e, s, def.properties)
	if err != nil {
		return nil, err
	}
	for name := range seen {
		if !slices.Contains(d.active, name) {
			return nil, invalid("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", name)
		}
	}
	for _, on := range def.dependsOn {
		if slices.Contains(d.active, on) { // one whose condition does not hold is no obstacle
			seen[on] = true
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// references evaluates v only to learn which resources it refers to.
func (d *desired) references(e *Engine, s *stack, v any) (map[string]bool, error) {
	seen := map[string]bool{}
	sc := e.scopeOf(s, d)
	sc.resource = func(name string) (any, error) {
		seen[name] = true
		return unknown, nil
	}
	sc.attribute = func(name, _ string) (any, error) {
		seen[name] = true
		return unknown, nil
	}
	_, err := sc.eval(v)
	return seen, err
}

// sort puts every resource after what it needs, by name among equals.
func (d *desired) sort() error {
	var order []string
	done := map[string]bool{}
	for len(order) < len(d.active) {
		before := len(order)
		for _, logical := range d.active {
			if !done[logical] && !slices.ContainsFunc(d.deps[logical], func(n string) bool { return !done[n] }) {
				order, done[logical] = append(order, logical), true
			}
		}
		if len(order) == before {
			left := slices.DeleteFunc(slices.Clone(d.active), func(n string) bool { return done[n] })
			return invalid("Circular dependency between resources: [%s]", strings.Join(left, ", "))
		}
	}
	d.active = order
	return nil
}

// resolve answers a resource's properties with every function applied and the
// scalars in their schema's types.
func (d *desired) resolve(sc *scope, logical string) (map[string]any, error) {
	def := d.template.resources[logical]
	v, err := sc.evalMap(def.properties)
	if err != nil {
		return nil, err
	}
	props, _ := v.(map[string]any)
	return schema.Coerce(def.typ, props), nil
}

// canonical is a value as JSON with sorted keys: equal values, equal text.
func canonical(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
