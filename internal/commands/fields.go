package commands

import (
	"reflect"
	"slices"
	"strings"

	"github.com/kballard/go-shellquote"
)

// A grammar is a struct that kong reads (arg, optional, name, placeholder,
// required) with tags of our own:
//
//	live:"app"   the value names something that exists: app, env, district, endpoint, frozen (an environment, or all)
//	free:""      text that people write freely, up to the end or the next flag
//	rest:""      what follows " -- ", as it is; kong:"-" hides it from kong.
//	             rest:"chat": it is a command of ours, in which channels are ids
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
	rest     bool   // behind --
	tag      string // of rest
	kind     string
	value    reflect.Value
}

func fields(grammar any) []field {
	return fieldsOf(reflect.ValueOf(grammar).Elem())
}

func fieldsOf(v reflect.Value) []field {
	var out []field
	for i := range v.NumField() {
		t := v.Type().Field(i)
		if t.Anonymous { // flags that several verbs share
			out = append(out, fieldsOf(v.Field(i))...)
			continue
		}
		if !t.IsExported() {
			continue
		}
		_, arg := t.Tag.Lookup("arg")
		_, optional := t.Tag.Lookup("optional")
		_, required := t.Tag.Lookup("required")
		_, free := t.Tag.Lookup("free")
		_, rest := t.Tag.Lookup("rest")
		f := field{
			name: t.Tag.Get("name"), holder: t.Tag.Get("placeholder"), arg: arg, free: free, rest: rest, tag: t.Tag.Get("rest"),
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
	case f.rest:
		return "-- " + f.holder
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

// former is a grammar that is used in several ways, or whose line reads better
// than its fields alone would: forms answers them, without the verb.
type former interface{ forms() []string }

// usages are the lines that DESIGN.md section 9 gives for the verb.
func usages(verb string, grammar any) []string {
	f, ok := grammar.(former)
	if !ok {
		return []string{line(verb, grammar)}
	}
	var out []string
	for _, s := range f.forms() {
		out = append(out, verb+" "+s)
	}
	return out
}

// usage shows each form as it is typed.
func (r *Registry) usage(v *verb) string {
	return r.command + " " + strings.Join(usages(v.name, v.grammar()), "\n"+r.command+" ")
}

// line is a usage line made from the fields.
func line(verb string, grammar any) string {
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

// shorter is a grammar with a shorter line for lists.
type shorter interface{ short() string }

// brief is the first form without flags.
func brief(verb string, grammar any) string {
	if s, ok := grammar.(shorter); ok {
		return verb + " " + s.short()
	}
	if f, ok := grammar.(former); ok {
		first, _, _ := strings.Cut(f.forms()[0], " [for ")
		return verb + " " + first
	}
	return usageArgs(verb, grammar)
}

// usageArgs is the usage line of the fields without flags.
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
	var last, rest string // free text goes to the end, unquoted
	for _, f := range fields(grammar) {
		switch v := f.value.Interface().(type) {
		case bool:
			if v {
				parts = append(parts, "--"+f.name)
			}
		case []string:
			if len(v) > 0 && f.arg {
				for _, word := range v {
					parts = append(parts, sayable(grammar, word))
				}
			} else if len(v) > 0 {
				parts = append(parts, "--"+f.name, shellquote.Join(strings.Join(v, ",")))
			}
		case string:
			switch {
			case v == "":
			case f.rest:
				rest = "-- " + v
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
	for _, s := range []string{last, rest} {
		if s != "" {
			parts = append(parts, s)
		}
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
