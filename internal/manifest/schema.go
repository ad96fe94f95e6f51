package manifest

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed barcelona.schema.json
var schemaJSON []byte

// Schema answers barcelona.schema.json, for editors.
func Schema() []byte { return bytes.Clone(schemaJSON) }

const schemaURL = "https://github.com/bcn-bot/bcn/internal/manifest/barcelona.schema.json"

// compiled is the schema, a constant that is only costly to make: many times
// what a file takes.
var compiled = sync.OnceValues(compileSchema)

func compileSchema() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaJSON))
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, fmt.Errorf("add schema: %w", err)
	}
	s, err := c.Compile(schemaURL)
	if err != nil {
		return nil, fmt.Errorf("compile schema: %w", err)
	}
	return s, nil
}

// checkSchema reports what the schema refuses.
func (p *parser) checkSchema(schema *jsonschema.Schema) {
	err := schema.Validate(p.root.plain())
	if failed, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		p.explain(failed)
	} else if err != nil {
		p.report(p.root.at, "the file cannot be checked: %v", err)
	}
}

// explain reports the leaves of an error: what holds them together says no
// more than that something below is wrong.
func (p *parser) explain(e *jsonschema.ValidationError) {
	switch k := e.ErrorKind.(type) {
	case *kind.OneOf: // environment, which is a list or a mapping
		p.explainForms(e)
	case *kind.AnyOf: // a variable, which has a name, or ssm_prefix in its place
		p.explain(e.Causes[0])
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			p.unknownKey(e, name)
		}
	case *kind.PropertyNames:
		p.badKey(k.Property)
	case *kind.Required:
		for _, name := range k.Missing {
			p.missingKey(e, name)
		}
	default:
		if len(e.Causes) == 0 {
			n := p.root.lookup(e.InstanceLocation)
			p.add(Problem{
				Line: n.at.Line, Column: n.at.Column, Path: p.root.pathOf(e.InstanceLocation),
				Message: lastOf(e.InstanceLocation) + sentence(n, k), Hint: patternHint(k, e.InstanceLocation),
			})
			return
		}
		for _, c := range e.Causes {
			p.explain(c)
		}
	}
}

// explainForms follows the form that was meant: a cause that complains of the
// value's own type belongs to the other form.
func (p *parser) explainForms(e *jsonschema.ValidationError) {
	n := p.root.lookup(e.InstanceLocation)
	if n.items == nil && n.fields == nil {
		p.add(Problem{
			Line: n.at.Line, Column: n.at.Column, Path: p.root.pathOf(e.InstanceLocation),
			Message: lastOf(e.InstanceLocation) + "must be a list or a mapping", Hint: "leave the key out if there are none",
		})
		return
	}
	for _, c := range e.Causes {
		if t, ok := c.ErrorKind.(*kind.Type); ok && len(c.InstanceLocation) == len(e.InstanceLocation) && len(t.Want) == 1 {
			continue
		}
		p.explain(c)
	}
}

func (p *parser) unknownKey(e *jsonschema.ValidationError, name string) {
	at := p.keyAt(e.InstanceLocation, name)
	hint := didYouMean(name, p.known(e.InstanceLocation))
	if name == "ssm_prefix" {
		hint = "it is of the list form: - ssm_prefix: hello/"
	}
	p.add(Problem{
		Line: at.Line, Column: at.Column, Path: p.root.pathOf(append(clip(e.InstanceLocation), name)),
		Message: "unknown key " + quote(name), Hint: hint,
	})
}

// badKey reports a key where walk has not.
func (p *parser) badKey(name string) {
	for _, known := range p.problems {
		if known.Message == badKey(name) {
			return
		}
	}
	p.report(p.root.at, "%s", badKey(name))
}

func (p *parser) missingKey(e *jsonschema.ValidationError, name string) {
	n := p.root.lookup(e.InstanceLocation)
	problem := Problem{
		Line: n.at.Line, Column: n.at.Column, Path: p.root.pathOf(e.InstanceLocation),
		Message: "the key " + name + " is missing",
	}
	var unknown []string
	known := p.known(e.InstanceLocation)
	for _, k := range n.keys {
		if !contains(known, k) {
			unknown = append(unknown, k)
		}
	}
	if typo := nearest(name, unknown); typo != "" {
		at := n.fields[typo].keyAt
		problem.Line, problem.Column, problem.Hint = at.Line, at.Column, "is "+quote(typo)+" meant to be it?"
	}
	p.add(problem)
}

func (p *parser) keyAt(path []string, name string) Position {
	if child := p.root.lookup(path).get(name); child != nil {
		return child.keyAt
	}
	return p.root.at
}

// patternHint says what may be written, where that is not plain from the
// refusal.
func patternHint(k jsonschema.ErrorKind, path []string) string {
	if _, ok := k.(*kind.Pattern); !ok {
		return ""
	}
	switch lastKey(path) {
	case "actions":
		return "the full name of one action, such as s3:GetObject"
	case "resources":
		return "an ARN, such as arn:aws:s3:::bucket/*"
	case "kms_key":
		return "the ARN of a key, or alias/NAME"
	case "credentials":
		return "the ARN of a Secrets Manager secret"
	case "timeout":
		return "such as 90m, 1h30m, or a number of seconds"
	case "ssm_prefix":
		return "a path that ends with a slash"
	case "path":
		return "a directory below /"
	case "file_system":
		return "an id such as fs-0123456789abcdef0"
	case "access_point":
		return "an id such as fsap-0123456789abcdef0"
	}
	return ""
}

// sentence says what is wrong in words of ours where the library's are about
// patterns and types.
func sentence(n *node, k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		s := "must be " + typeWords(k.Want) + ", not " + typeWords([]string{k.Got})
		if n.kind == 0 || n.value == nil && len(n.items)+len(n.fields) == 0 && k.Got == "null" {
			s = "is empty, it must be " + typeWords(k.Want)
		}
		return s
	case *kind.Pattern:
		return "cannot be " + quote(k.Got)
	case *kind.Enum:
		var words []string
		for _, w := range k.Want {
			words = append(words, fmt.Sprint(w))
		}
		return fmt.Sprintf("must be %s, not %s", orList(words), quote(fmt.Sprint(k.Got)))
	case *kind.MinItems:
		return "must not be empty"
	case *kind.MinProperties:
		return "must not be empty"
	case *kind.MinLength:
		return "must not be empty"
	case *kind.MaxLength:
		return fmt.Sprintf("is too long: %d characters, at most %d", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("has too many items: %d, at most %d", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("has too many keys: %d, at most %d", k.Got, k.Want)
	case *kind.Minimum:
		return "must be at least " + decimal(k.Want)
	case *kind.Maximum:
		return "must be at most " + decimal(k.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + decimal(k.Want)
	default:
		return k.LocalizedString(message.NewPrinter(language.English))
	}
}

// typeWords names JSON's types as people do, always in one order.
func typeWords(types []string) string {
	var words []string
	for _, t := range [][2]string{
		{"string", "text"},
		{"integer", "a whole number"},
		{"number", "a number"},
		{"boolean", "true or false"},
		{"array", "a list"},
		{"object", "a mapping"},
		{"null", "nothing"},
	} {
		if contains(types, t[0]) && (t[0] != "null" || len(types) == 1) {
			words = append(words, t[1])
		}
	}
	return strings.Join(words, " or ")
}

// orList writes a, b or c.
func orList(words []string) string {
	if n := len(words); n > 2 {
		words = []string{strings.Join(words[:n-1], ", "), words[n-1]}
	}
	return strings.Join(words, " or ")
}

// decimal writes a limit of the schema, which has one decimal at most.
func decimal(r *big.Rat) string { return strings.TrimSuffix(r.FloatString(1), ".0") }

// lastOf names the value: the last key of its path.
func lastOf(path []string) string {
	key := lastKey(path)
	switch {
	case key == "":
		return "the file "
	case key != path[len(path)-1]:
		return "an item of " + key + " "
	}
	return key + " "
}

// lastKey answers the last step of a path that is no index, or "".
func lastKey(path []string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] != "" && (path[i][0] < '0' || path[i][0] > '9') {
			return path[i]
		}
	}
	return ""
}

func clip(path []string) []string { return path[:len(path):len(path)] }

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
