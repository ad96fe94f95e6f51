package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Problem is one fault of a resource's properties.
type Problem struct {
	Path    string // JSON pointer below Properties: /ContainerDefinitions/0/Image; empty for the whole
	Message string // in AWS's words: Encountered unsupported property Imge
}

// Check answers all faults of the properties: those that the type's schema
// knows, then those of the rules across properties. An unknown resource type
// is a fault too. Values are those of encoding/json; scalars that
// CloudFormation converts ("512" for 512) pass.
func Check(resourceType string, properties map[string]any) []Problem {
	if !Known(resourceType) {
		return []Problem{{Message: fmt.Sprintf("Unrecognized resource types: [%s]", resourceType)}}
	}
	return append(Shape(resourceType, properties), Rules(resourceType, properties)...)
}

// Shape answers the faults that the type's schema knows: unsupported and
// missing properties, wrong types, values outside an enumeration.
func Shape(resourceType string, properties map[string]any) []Problem {
	c := checker{spec: load()}
	c.object("", c.spec.Types[resourceType].Props, properties)
	return c.found
}

type checker struct {
	spec  *spec
	found []Problem
}

func (c *checker) add(path, format string, args ...any) {
	c.found = append(c.found, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// object checks a map against named properties; names in order, so that the
// same fault always reads the same.
func (c *checker) object(path string, props map[string]property, value map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(value)) {
		p, ok := props[name]
		if !ok {
			c.add(path, "Encountered unsupported property %s", name)
			continue
		}
		c.value(path+"/"+name, p.valueType, value[name])
	}
	for _, name := range slices.Sorted(maps.Keys(props)) {
		if _, ok := value[name]; !ok && props[name].Required {
			c.add(path, "Required property [%s] not found", name)
		}
	}
}

func (c *checker) value(path string, t valueType, v any) {
	if branches, ok := intrinsic(v); ok {
		for _, b := range branches {
			c.value(path, t, b)
		}
		return
	}
	switch t.Kind {
	case kindArray:
		c.array(path, t, v)
	case kindMap:
		c.each(path, t, v)
	case kindShape:
		if m, ok := v.(map[string]any); ok {
			c.object(path, c.spec.Shapes[t.Ref].Props, m)
			return
		}
		c.wrong(path, t, v)
	case kindTag:
		if m, ok := v.(map[string]any); ok {
			c.object(path, tagProps(), m)
			return
		}
		c.wrong(path, t, v)
	case kindUnion:
		c.union(path, t, v)
	default:
		c.scalar(path, t, v)
	}
}

func (c *checker) array(path string, t valueType, v any) {
	list, ok := v.([]any)
	if !ok {
		c.wrong(path, t, v)
		return
	}
	for i, e := range list {
		c.value(path+"/"+strconv.Itoa(i), *t.Of, e)
	}
}

func (c *checker) each(path string, t valueType, v any) {
	m, ok := v.(map[string]any)
	if !ok {
		c.wrong(path, t, v)
		return
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		c.value(path+"/"+k, *t.Of, m[k])
	}
}

// union passes where one of the types does, and otherwise tells the first's
// faults.
func (c *checker) union(path string, t valueType, v any) {
	var first []Problem
	for i, u := range t.Any {
		try := checker{spec: c.spec}
		try.value(path, u, v)
		if len(try.found) == 0 {
			return
		}
		if i == 0 {
			first = try.found
		}
	}
	c.found = append(c.found, first...)
}

func (c *checker) scalar(path string, t valueType, v any) {
	got, ok := convert(t.Kind, v)
	if !ok {
		c.wrong(path, t, v)
		return
	}
	if len(t.Enum) > 0 && !slices.Contains(t.Enum, text(got)) {
		c.add(path, "%s is not a valid enum value", text(got))
	}
}

func (c *checker) wrong(path string, t valueType, v any) {
	c.add(path, "expected type: %s, found: %s", expected(t.Kind), found(v))
}

// intrinsic reports whether v is an intrinsic function, and the values that it
// may become where they can be seen.
func intrinsic(v any) (branches []any, ok bool) {
	m, isMap := v.(map[string]any)
	if !isMap || len(m) != 1 {
		return nil, false
	}
	for name, arg := range m {
		if name == "Fn::If" {
			if list, isList := arg.([]any); isList && len(list) == 3 {
				return list[1:], true
			}
		}
		return nil, name == "Ref" || strings.HasPrefix(name, "Fn::")
	}
	return nil, false
}

// convert answers v as CloudFormation would hand it to a property of the kind.
func convert(k kind, v any) (any, bool) {
	switch k {
	case kindString, kindTime:
		switch v.(type) {
		case string, bool, float64, int:
			return text(v), true
		}
		return nil, false
	case kindInteger, kindNumber:
		f, ok := number(v)
		if !ok || (k == kindInteger && f != math.Trunc(f)) {
			return nil, false
		}
		return f, true
	case kindBoolean:
		if s, ok := v.(string); ok && (s == "true" || s == "false") {
			return s == "true", true
		}
		_, ok := v.(bool)
		return v, ok
	case kindJSON:
		if s, ok := v.(string); ok {
			return v, json.Valid([]byte(s))
		}
		_, isMap := v.(map[string]any)
		_, isList := v.([]any)
		return v, isMap || isList
	default:
		return v, true
	}
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case string:
		f, err := strconv.ParseFloat(n, 64)
		return f, err == nil
	}
	return 0, false
}

// text is a scalar in the spelling that enumerations and strings use.
func text(v any) string {
	switch s := v.(type) {
	case string:
		return s
	case float64:
		return strconv.FormatFloat(s, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

func expected(k kind) string {
	switch k {
	case kindString, kindTime:
		return "String"
	case kindInteger:
		return "Integer"
	case kindNumber:
		return "Number"
	case kindBoolean:
		return "Boolean"
	case kindArray:
		return "JSONArray"
	default:
		return "JSONObject"
	}
}

func found(v any) string {
	switch v.(type) {
	case string:
		return "String"
	case bool:
		return "Boolean"
	case float64, int:
		return "Number"
	case []any:
		return "JSONArray"
	case map[string]any:
		return "JSONObject"
	default:
		return "Null"
	}
}

func tagProps() map[string]property {
	s := property{valueType: valueType{Kind: kindString}, Required: true}
	return map[string]property{"Key": s, "Value": s}
}
