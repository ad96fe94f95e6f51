package schema

// Coerce answers a copy of the properties with every scalar in the type that
// the schema gives it, as CloudFormation hands them to a resource's handler:
// the Number parameter behind Cpu becomes a string, "2" behind DesiredCount a
// number. What does not fit is left as it is; Shape tells of it.
func Coerce(resourceType string, properties map[string]any) map[string]any {
	s := load()
	return s.coerceObject(s.Types[resourceType].Props, properties)
}

func (s *spec) coerceObject(props map[string]property, value map[string]any) map[string]any {
	out := make(map[string]any, len(value))
	for name, v := range value {
		if p, ok := props[name]; ok {
			v = s.coerce(p.valueType, v)
		}
		out[name] = v
	}
	return out
}

func (s *spec) coerce(t valueType, v any) any {
	switch t.Kind {
	case kindArray:
		if list, ok := v.([]any); ok {
			out := make([]any, len(list))
			for i, e := range list {
				out[i] = s.coerce(*t.Of, e)
			}
			return out
		}
	case kindMap:
		if m, ok := v.(map[string]any); ok {
			out := make(map[string]any, len(m))
			for k, e := range m {
				out[k] = s.coerce(*t.Of, e)
			}
			return out
		}
	case kindShape:
		if m, ok := v.(map[string]any); ok {
			return s.coerceObject(s.Shapes[t.Ref].Props, m)
		}
	case kindTag:
		if m, ok := v.(map[string]any); ok {
			return s.coerceObject(tagProps(), m)
		}
	case kindUnion, kindJSON:
		return v
	default:
		if got, ok := convert(t.Kind, v); ok {
			return got
		}
	}
	return v
}
