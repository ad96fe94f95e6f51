package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// canonical writes JSON with sorted keys and no white space: what
// encoding/json makes of the value once it went through maps, in one pass.
func canonical(v any) ([]byte, error) {
	e := encoder{fields: map[reflect.Type][]field{}}
	if err := e.value(reflect.ValueOf(v)); err != nil {
		return nil, fmt.Errorf("write template: %w", err)
	}
	return e.out, nil
}

type encoder struct {
	out    []byte
	fields map[reflect.Type][]field // of the structs met so far, sorted by name
}

// field is an exported field of a struct.
type field struct {
	index     int
	name      string
	omitEmpty bool
}

func (e *encoder) value(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Invalid:
		e.out = append(e.out, "null"...)
	case reflect.Interface, reflect.Pointer:
		return e.value(v.Elem()) // of nil it is invalid
	case reflect.Bool:
		e.out = strconv.AppendBool(e.out, v.Bool())
	case reflect.Int:
		e.out = strconv.AppendInt(e.out, v.Int(), 10)
	case reflect.String:
		return e.text(v.String())
	case reflect.Slice:
		return e.list(v)
	case reflect.Map:
		return e.mapping(v)
	case reflect.Struct:
		return e.object(v)
	default: // numbers with a fraction
		return e.foreign(v.Interface())
	}
	return nil
}

func (e *encoder) list(v reflect.Value) error {
	if v.IsNil() {
		e.out = append(e.out, "null"...)
		return nil
	}
	e.out = append(e.out, '[')
	for i := range v.Len() {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if err := e.value(v.Index(i)); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

func (e *encoder) mapping(v reflect.Value) error {
	if v.IsNil() {
		e.out = append(e.out, "null"...)
		return nil
	}
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	e.out = append(e.out, '{')
	for i, k := range keys {
		if err := e.entry(i == 0, k.String(), v.MapIndex(k)); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	return nil
}

func (e *encoder) object(v reflect.Value) error {
	e.out = append(e.out, '{')
	first := true
	for _, f := range e.of(v.Type()) {
		value := v.Field(f.index)
		if f.omitEmpty && empty(value) {
			continue
		}
		if err := e.entry(first, f.name, value); err != nil {
			return err
		}
		first = false
	}
	e.out = append(e.out, '}')
	return nil
}

func (e *encoder) entry(first bool, name string, value reflect.Value) error {
	if !first {
		e.out = append(e.out, ',')
	}
	if err := e.text(name); err != nil {
		return err
	}
	e.out = append(e.out, ':')
	return e.value(value)
}

// text writes a string; what needs escapes is left to encoding/json.
func (e *encoder) text(s string) error {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return e.foreign(s)
		}
	}
	e.out = append(e.out, '"')
	e.out = append(e.out, s...)
	e.out = append(e.out, '"')
	return nil
}

func (e *encoder) foreign(v any) error {
	body, err := encode(v)
	e.out = append(e.out, body...)
	return err
}

func (e *encoder) of(t reflect.Type) []field {
	if list, known := e.fields[t]; known {
		return list
	}
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		list = append(list, field{i, name, options == "omitempty"})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	e.fields[t] = list
	return list
}

// empty is what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	default:
		return v.IsZero()
	}
}

// encode writes JSON as encoding/json has it, without escapes for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("write template: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
