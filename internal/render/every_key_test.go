package render_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// schemaNode is what the schema of the file says of a value.
type schemaNode struct {
	Ref                  string                `json:"$ref"`
	Properties           map[string]schemaNode `json:"properties"`
	Items                *schemaNode           `json:"items"`
	OneOf                []schemaNode          `json:"oneOf"`
	AnyOf                []schemaNode          `json:"anyOf"`
	AdditionalProperties json.RawMessage       `json:"additionalProperties"`
	Deprecated           bool                  `json:"deprecated"`
	Defs                 map[string]schemaNode `json:"$defs"`
}

// Every key of the file is in the file of a golden template.
func TestEveryKeyHasAGoldenTemplate(t *testing.T) {
	t.Parallel()
	var schema schemaNode
	if err := json.Unmarshal(manifest.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	featuresOf(func(body string) {
		var file struct {
			Environments map[string]any `yaml:"environments"`
		}
		if err := yaml.Unmarshal([]byte("environments:\n  production:\n"+body), &file); err != nil {
			t.Fatalf("%v:\n%s", err, body)
		}
		for _, env := range file.Environments {
			schema.visit(schemaNode{Ref: "#/$defs/heritage"}, "", env, used)
		}
	})
	var living []string
	for def, d := range schema.Defs {
		living = append(living, keysOf(def+".", d)...)
	}
	slices.Sort(living)
	if len(living) < 80 {
		t.Errorf("the schema has %d keys only", len(living))
	}
	for _, key := range living {
		if !used[key] {
			t.Errorf("%s is in no file of a golden template", key)
		}
	}
}

// keysOf lists the keys of a definition, and of what it holds itself, that are
// not deprecated.
func keysOf(prefix string, d schemaNode) []string {
	var out []string
	for key, p := range d.Properties {
		if !p.Deprecated {
			out = append(append(out, prefix+key), keysOf(prefix+key+".", p)...)
		}
	}
	return out
}

// visit notes the keys that a value has, by the definition that they belong to.
func (s schemaNode) visit(at schemaNode, prefix string, value any, used map[string]bool) {
	if name, ok := strings.CutPrefix(at.Ref, "#/$defs/"); ok {
		s.visit(s.Defs[name], name+".", value, used)
	}
	for _, one := range slices.Concat(at.OneOf, at.AnyOf) {
		s.visit(one, prefix, value, used)
	}
	switch v := value.(type) {
	case map[string]any:
		var rest schemaNode
		_ = json.Unmarshal(at.AdditionalProperties, &rest) // false, or nothing, has no keys
		for key, one := range v {
			if p, ok := at.Properties[key]; ok {
				used[prefix+key] = true
				s.visit(p, prefix+key+".", one, used)
			} else {
				s.visit(rest, prefix, one, used)
			}
		}
	case []any:
		if at.Items != nil {
			for _, one := range v {
				s.visit(*at.Items, prefix, one, used)
			}
		}
	}
}
