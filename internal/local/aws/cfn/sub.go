package cfn

import (
	"maps"
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`\$\{(![^}]*|[^}]*)\}`)

// sub applies Fn::Sub: ${Name}, ${Name.Attribute} and ${!Literal}; the second
// form of its argument brings names of its own.
func (s *scope) sub(arg any) (any, error) {
	pattern, own, err := s.subParts(arg)
	if err != nil {
		return nil, err
	}
	var failed error
	var blind bool
	out := placeholder.ReplaceAllStringFunc(pattern, func(m string) string {
		name := strings.TrimSpace(m[2 : len(m)-1])
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		v, err := s.subValue(name, own)
		switch {
		case failed != nil:
		case err != nil:
			failed = err
		case isUnknown(v):
			blind = true
		case !isScalar(v):
			failed = invalid("Template error: Fn::Sub expression does not resolve to a string")
		}
		return scalar(v)
	})
	switch {
	case failed != nil:
		return nil, failed
	case blind:
		return unknown, nil
	}
	return out, nil
}

func (s *scope) subParts(arg any) (pattern string, own map[string]any, err error) {
	wrong := invalid("Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string")
	switch a := arg.(type) {
	case string:
		return a, nil, nil
	case []any:
		if len(a) != 2 {
			return "", nil, wrong
		}
		pattern, isText := a[0].(string)
		given, isMap := a[1].(map[string]any)
		if !isText || !isMap {
			return "", nil, wrong
		}
		own = maps.Clone(given)
		for k, v := range given {
			if own[k], err = s.eval(v); err != nil {
				return "", nil, err
			}
		}
		return pattern, own, nil
	}
	return "", nil, wrong
}

func (s *scope) subValue(name string, own map[string]any) (any, error) {
	if v, ok := own[name]; ok {
		return v, nil
	}
	if logical, attr, ok := strings.Cut(name, "."); ok {
		return s.attribute(logical, attr)
	}
	return s.ref(name)
}
