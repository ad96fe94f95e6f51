package cfn

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// unknown stands for a value that only the making of a resource can tell, in
// the words of a change set.
const unknown = "{{changeSet:KNOWN_AFTER_APPLY}}"

// noValue is what AWS::NoValue becomes; maps and lists drop it.
type noValue struct{}

// scope is where the values of Ref, Fn::GetAtt and the like come from.
type scope struct {
	values     map[string]any // parameters and pseudo parameters
	mappings   map[string]any
	conditions map[string]bool
	zones      []any
	resource   func(logical string) (any, error)
	attribute  func(logical, name string) (any, error)
	imported   func(export string) (any, error)
}

// eval answers v with its functions applied.
func (s *scope) eval(v any) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		if name, arg, ok := function(x); ok {
			return s.apply(name, arg)
		}
		return s.evalMap(x)
	case []any:
		return s.evalList(x)
	default:
		return v, nil
	}
}

// function tells an intrinsic function from a plain map.
func function(m map[string]any) (name string, arg any, ok bool) {
	if len(m) != 1 {
		return "", nil, false
	}
	for k, v := range m {
		if k == "Ref" || strings.HasPrefix(k, "Fn::") {
			return k, v, true
		}
	}
	return "", nil, false
}

func (s *scope) evalMap(m map[string]any) (any, error) {
	out := make(map[string]any, len(m))
	for k, e := range m {
		v, err := s.eval(e)
		if err != nil {
			return nil, err
		}
		if _, none := v.(noValue); !none {
			out[k] = v
		}
	}
	return out, nil
}

func (s *scope) evalList(list []any) (any, error) {
	out := make([]any, 0, len(list))
	for _, e := range list {
		v, err := s.eval(e)
		if err != nil {
			return nil, err
		}
		if _, none := v.(noValue); !none {
			out = append(out, v)
		}
	}
	return out, nil
}

func (s *scope) apply(name string, arg any) (any, error) {
	switch name {
	case "Ref":
		return s.ref(arg)
	case "Fn::GetAtt":
		return s.getAtt(arg)
	case "Fn::Sub":
		return s.sub(arg)
	case "Fn::Join":
		return s.join(arg)
	case "Fn::Select":
		return s.choose(arg)
	case "Fn::Split":
		return s.split(arg)
	case "Fn::If":
		return s.branch(arg)
	case "Fn::GetAZs":
		return s.getAZs(arg)
	case "Fn::FindInMap":
		return s.findInMap(arg)
	case "Fn::Base64":
		v, err := s.eval(arg)
		if err != nil || isUnknown(v) {
			return v, err
		}
		return base64.StdEncoding.EncodeToString([]byte(scalar(v))), nil
	case "Fn::ImportValue":
		return s.importValue(arg)
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not":
		return nil, invalid("Template error: %s cannot be partially collapsed", name)
	default:
		return nil, invalid("Template error: the local AWS does not have the function %s", name)
	}
}

func (s *scope) ref(arg any) (any, error) {
	name, ok := arg.(string)
	if !ok {
		return nil, invalid("Template format error: Every Ref object must have a single String value.")
	}
	if v, found := s.values[name]; found {
		return v, nil
	}
	return s.resource(name)
}

// attributeOf reads both spellings of Fn::GetAtt's argument.
func attributeOf(arg any) (logical, name string, ok bool) {
	switch a := arg.(type) {
	case string:
		logical, name, _ = strings.Cut(a, ".")
	case []any:
		if len(a) == 2 {
			logical, _ = a[0].(string)
			name, _ = a[1].(string)
		}
	}
	return logical, name, logical != "" && name != ""
}

func (s *scope) getAtt(arg any) (any, error) {
	if logical, name, ok := attributeOf(arg); ok {
		return s.attribute(logical, name)
	}
	return nil, invalid("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
}

func (s *scope) join(arg any) (any, error) {
	wrong := invalid("Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.")
	pair, ok := arg.([]any)
	if !ok || len(pair) != 2 {
		return nil, wrong
	}
	delimiter, ok := pair[0].(string)
	v, err := s.eval(pair[1])
	if err != nil || isUnknown(v) {
		return v, err
	}
	items, isList := v.([]any)
	if !ok || !isList {
		return nil, wrong
	}
	parts := make([]string, len(items))
	for i, item := range items {
		if hasUnknown(item) {
			return unknown, nil
		}
		if !isScalar(item) {
			return nil, wrong
		}
		parts[i] = scalar(item)
	}
	return strings.Join(parts, delimiter), nil
}

func (s *scope) choose(arg any) (any, error) {
	wrong := invalid("Template error: Fn::Select requires a list argument with two elements: an integer index and a list")
	pair, ok := arg.([]any)
	if !ok || len(pair) != 2 {
		return nil, wrong
	}
	at, err := s.eval(pair[0])
	if err != nil {
		return nil, err
	}
	i, err := strconv.Atoi(scalar(at))
	if err != nil {
		return nil, wrong
	}
	v, err := s.eval(pair[1])
	if err != nil || isUnknown(v) {
		return v, err
	}
	items, ok := v.([]any)
	switch {
	case !ok:
		return nil, wrong
	case i < 0 || i >= len(items):
		return nil, invalid("Template error: Fn::Select cannot select nonexistent value at index %d", i)
	}
	return items[i], nil
}

func (s *scope) split(arg any) (any, error) {
	wrong := invalid("Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.")
	pair, ok := arg.([]any)
	if !ok || len(pair) != 2 {
		return nil, wrong
	}
	delimiter, ok := pair[0].(string)
	v, err := s.eval(pair[1])
	if err != nil || isUnknown(v) {
		return v, err
	}
	whole, isText := v.(string)
	if !ok || !isText || delimiter == "" {
		return nil, wrong
	}
	var out []any
	for _, part := range strings.Split(whole, delimiter) {
		out = append(out, part)
	}
	return out, nil
}

func (s *scope) branch(arg any) (any, error) {
	triple, ok := arg.([]any)
	if !ok || len(triple) != 3 {
		return nil, invalid("Template error: Fn::If requires a list argument with three elements")
	}
	name, _ := triple[0].(string)
	yes, known := s.conditions[name]
	switch {
	case !known:
		return nil, invalid("Template error: unresolved condition dependency %s in Fn::If", name)
	case yes:
		return s.eval(triple[1])
	default:
		return s.eval(triple[2])
	}
}

func (s *scope) getAZs(arg any) (any, error) {
	if _, err := s.eval(arg); err != nil {
		return nil, err
	}
	return append([]any(nil), s.zones...), nil
}

func (s *scope) findInMap(arg any) (any, error) {
	keys, ok := arg.([]any)
	if !ok || len(keys) != 3 {
		return nil, invalid("Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value")
	}
	var names [3]string
	for i, k := range keys {
		v, err := s.eval(k)
		if err != nil {
			return nil, err
		}
		names[i] = scalar(v)
	}
	first, _ := s.mappings[names[0]].(map[string]any)
	second, _ := first[names[1]].(map[string]any)
	v, ok := second[names[2]]
	if !ok {
		return nil, invalid("Template error: Unable to get mapping for %s::%s::%s", names[0], names[1], names[2])
	}
	return v, nil
}

func (s *scope) importValue(arg any) (any, error) {
	v, err := s.eval(arg)
	if err != nil {
		return nil, err
	}
	if isUnknown(v) {
		return nil, invalid("Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs")
	}
	return s.imported(scalar(v))
}

// isUnknown reports a value that is known only after the resources are made.
func isUnknown(v any) bool {
	text, ok := v.(string)
	return ok && strings.Contains(text, unknown)
}

// hasUnknown looks for one at any depth.
func hasUnknown(v any) bool {
	switch x := v.(type) {
	case map[string]any:
		for _, e := range x {
			if hasUnknown(e) {
				return true
			}
		}
	case []any:
		for _, e := range x {
			if hasUnknown(e) {
				return true
			}
		}
	}
	return isUnknown(v)
}

func isScalar(v any) bool {
	switch v.(type) {
	case string, bool, float64, int:
		return true
	}
	return false
}

// scalar is a value as text, numbers without exponent.
func scalar(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}
