package commands

import (
	"reflect"
	"slices"
	"strings"

	"github.com/kballard/go-shellquote"
)

// A grammar is a struct that kong reads (arg, optional, name, placeholder,
// required) with three tags of our own:
//
//	live:"app"   the value names something that exists: app, env, district, endpoint
//	free:""      text that people write freely, up to the end or the next flag
//	kind:"..."   which sentence of the help explains it, where the name does not say
//
// fields reads it once more, for usage lines, help and corrections.

// field is one argument or flag of a grammar.
type field struct {
	name     string // reason
	holder   string // TEXT; empty for a switch
	arg      bool   // positional
	optional bool
	list     bool
	live     string
	free     bool
	kind     string
	value    reflect.Value
}

func fields(grammar any) []field {
	v := reflect.ValueOf(grammar).Elem()
	var out []field
	for i := range v.NumField() {
		t := v.Type().Field(i)
		if !t.IsExported() {
			continue
		}
		_, arg := t.Tag.Lookup("arg")
		_, optional := t.Tag.Lookup("optional")
		_, required := t.Tag.Lookup("required")
		_, free := t.Tag.Lookup("free")
		f := field{
			name: t.Tag.Get("name"), holder: t.Tag.Get("placeholder"), arg: arg, free: free,
			optional: optional || !arg && !required, list: t.Type.Kind() == reflect.Slice,
			live: t.Tag.Get("live"), kind: t.Tag.Get("kind"), value: v.Field(i),
		}
		if f.name == "" {
			f.name = strings.ToLower(t.Name)
		}
		if arg && f.holder == "" {
			f.holder = strings.ToUpper(f.name)
		}
		if f.kind == "" {
			f.kind = f.name
		}
		out = append(out, f)
	}
	return out
}

// spelled is how the field stands in a usage line: APP, --reason TEXT.
func (f field) spelled() string {
	switch {
	case f.arg:
		return f.holder
	case f.holder == "":
		return "--" + f.name
	default:
		return "--" + f.name + " " + f.holder
	}
}

// empty says that a value is there in name only: "" typed for an argument, or
// a list with nothing between two commas.
func (f field) empty() bool {
	switch v := f.value.Interface().(type) {
	case string:
		return v == "" && !f.optional
	case []string:
		return slices.Contains(v, "") || len(v) == 0 && !f.optional
	default:
		return false
	}
}

// usage is the line that DESIGN.md section 9 gives for the verb.
func usage(verb string, grammar any) string {
	line := usageArgs(verb, grammar)
	for _, f := range fields(grammar) {
		switch {
		case f.arg:
		case f.optional:
			line += " [" + f.spelled() + "]"
		default:
			line += " " + f.spelled()
		}
	}
	return line
}

// usageArgs is the usage line without flags.
func usageArgs(verb string, grammar any) string {
	line, open := verb, 0 // optional arguments nest: [APP [ENV]]
	for _, f := range fields(grammar) {
		switch {
		case !f.arg:
		case f.optional:
			line += " [" + f.spelled()
			open++
		default:
			line += " " + f.spelled()
		}
	}
	return line + strings.Repeat("]", open)
}

// typed writes the command that a filled grammar stands for.
func typed(verb string, grammar any) string {
	parts := []string{verb}
	var last string // free text goes to the end, unquoted
	for _, f := range fields(grammar) {
		switch v := f.value.Interface().(type) {
		case bool:
			if v {
				parts = append(parts, "--"+f.name)
			}
		case []string:
			if len(v) > 0 && f.arg {
				parts = append(parts, v...)
			} else if len(v) > 0 {
				parts = append(parts, "--"+f.name, shellquote.Join(strings.Join(v, ",")))
			}
		case string:
			switch {
			case v == "":
			case f.free && f.arg:
				last = v
			case f.free:
				last = "--" + f.name + " " + v
			case f.arg:
				parts = append(parts, bare(v))
			default:
				parts = append(parts, "--"+f.name, bare(v))
			}
		}
	}
	if last != "" {
		parts = append(parts, last)
	}
	return strings.Join(parts, " ")
}

// bare quotes a word only where it has to be.
func bare(s string) string {
	if strings.HasPrefix(s, "#") && len(s) > 1 {
		return s
	}
	return shellquote.Join(s)
}
