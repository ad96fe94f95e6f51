package cfn

import (
	"maps"
	"slices"
	"strings"
)

// evalConditions decides every condition of the template.
func (s *scope) evalConditions(all map[string]any) error {
	s.conditions = make(map[string]bool, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, err := s.condition(all, name, nil); err != nil {
			return err
		}
	}
	return nil
}

// condition decides one; behind are those whose decision asked for it.
func (s *scope) condition(all map[string]any, name string, behind []string) (bool, error) {
	if v, done := s.conditions[name]; done {
		return v, nil
	}
	if slices.Contains(behind, name) {
		return false, invalid("Template error: Circular condition dependency: [%s]", strings.Join(append(behind, name), ", "))
	}
	def, ok := all[name]
	if !ok {
		return false, invalid("Template format error: Unresolved condition dependency %s in the Conditions block of the template", name)
	}
	v, err := s.truth(all, def, append(slices.Clone(behind), name))
	if err == nil {
		s.conditions[name] = v
	}
	return v, err
}

func (s *scope) truth(all map[string]any, v any, behind []string) (bool, error) {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return false, invalid("Template format error: Every Conditions member must be a map with one function")
	}
	for name, arg := range m {
		items, _ := arg.([]any)
		switch name {
		case "Condition":
			other, _ := arg.(string)
			return s.condition(all, other, behind)
		case "Fn::Equals":
			return s.equals(items)
		case "Fn::Not":
			if len(items) != 1 {
				return false, invalid("Template error: every Fn::Not object requires a list of 1 parameter.")
			}
			yes, err := s.truth(all, items[0], behind)
			return !yes, err
		case "Fn::And", "Fn::Or":
			return s.several(all, name, items, behind)
		}
		return false, invalid("Template error: Unsupported function %s in a condition", name)
	}
	return false, nil
}

func (s *scope) equals(items []any) (bool, error) {
	if len(items) != 2 {
		return false, invalid("Template error: every Fn::Equals object requires a list of 2 string parameters.")
	}
	a, err := s.eval(items[0])
	if err != nil {
		return false, err
	}
	b, err := s.eval(items[1])
	if isScalar(a) && isScalar(b) { // 2 and "2" are the same to a condition
		return scalar(a) == scalar(b), err
	}
	return canonical(a) == canonical(b), err
}

func (s *scope) several(all map[string]any, name string, items []any, behind []string) (bool, error) {
	if len(items) < 2 || len(items) > 10 {
		return false, invalid("Template error: every %s object requires a list of at least 2 and at most 10 boolean parameters.", name)
	}
	result := name == "Fn::And"
	for _, item := range items {
		yes, err := s.truth(all, item, behind)
		if err != nil {
			return false, err
		}
		if name == "Fn::And" {
			result = result && yes
		} else {
			result = result || yes
		}
	}
	return result, nil
}
