package manifest_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/manifest"
)

var update = flag.Bool("update", false, "write the tables of docs/barcelona-yml.md anew")

const docs = "../../docs/barcelona-yml.md"

// table matches a table of the docs and names what of the schema it is of.
var table = regexp.MustCompile(`(?s)<!-- (keys|dead) (\S+) -->\n.*?<!-- end -->`)

// TestDocs holds that the tables of the docs are those of the schema, and that
// no key is missing there: with -update it writes them.
func TestDocs(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	s := loadSchema(t)
	shown := map[string]bool{}
	got := table.ReplaceAllStringFunc(string(data), func(block string) string {
		m := table.FindStringSubmatch(block)
		shown[m[1]+" "+m[2]] = true
		head := "<!-- " + m[1] + " " + m[2] + " -->\n\n"
		if m[1] == "dead" {
			return head + s.deadTable(m[2]) + "\n<!-- end -->"
		}
		return head + s.keyTable(m[2]) + "\n<!-- end -->"
	})
	for _, d := range s.definitions() {
		living, gone := s.split(d)
		if len(living) > 0 && !shown["keys "+d] {
			t.Errorf("the docs have no table of %s", d)
		}
		if len(gone) > 0 && !shown["dead "+d] {
			t.Errorf("the docs have no table of what nothing reads of %s", d)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(#([a-z-]+)\)`).FindAllStringSubmatch(got, -1) {
		heading := regexp.MustCompile(`(?mi)^#+ ` + strings.ReplaceAll(m[1], "-", " ") + `$`)
		if !heading.MatchString(got) {
			t.Errorf("there is no heading for #%s", m[1])
		}
	}
	if *update {
		if err := os.WriteFile(docs, []byte(got), 0o600); err != nil { //nolint:gosec // the path is a constant
			t.Fatal(err)
		}
	} else if got != string(data) {
		t.Error("docs/barcelona-yml.md is stale: make docs")
	}
}

func TestTheFileInTheDocsIsValid(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	_, sample, found := strings.Cut(string(data), "```yaml\nenvironments:\n")
	sample, _, closed := strings.Cut(sample, "```")
	if !found || !closed {
		t.Fatal("the docs show no file")
	}
	if file, problems := manifest.Parse("docs", []byte("environments:\n"+sample)); len(problems) > 0 || file.Environments["production"].BeforeDeploy == nil {
		t.Errorf("%v", problems)
	}
}

// schemaDocs is the schema with its keys in the order of the file, which
// encoding/json loses.
type schemaDocs struct{ root *yaml.Node }

func loadSchema(t *testing.T) schemaDocs {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(manifest.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	return schemaDocs{doc.Content[0]}
}

// field answers a mapping's value, or nil.
func field(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func text(n *yaml.Node, key string) string {
	if v := field(n, key); v != nil {
		return v.Value
	}
	return ""
}

// definitions names what has properties: the root, those of $defs, and
// mappings within.
func (s schemaDocs) definitions() []string {
	out := []string{"file"}
	defs := field(s.root, "$defs")
	for i := 0; i < len(defs.Content); i += 2 {
		name := defs.Content[i].Value
		if field(defs.Content[i+1], "properties") == nil {
			continue
		}
		out = append(out, name)
		properties := field(defs.Content[i+1], "properties")
		for j := 0; j < len(properties.Content); j += 2 {
			if p := properties.Content[j+1]; field(p, "properties") != nil && text(p, "deprecated") == "" {
				out = append(out, name+"."+properties.Content[j].Value)
			}
		}
	}
	return out
}

func (s schemaDocs) definition(name string) *yaml.Node {
	if name == "file" {
		return s.root
	}
	def, inner, nested := strings.Cut(name, ".")
	d := field(field(s.root, "$defs"), def)
	if nested {
		return field(field(d, "properties"), inner)
	}
	return d
}

// split lists a definition's keys, and those that nothing reads.
func (s schemaDocs) split(name string) (living, dead []string) {
	properties := field(s.definition(name), "properties")
	for i := 0; properties != nil && i < len(properties.Content); i += 2 {
		key := properties.Content[i].Value
		if text(properties.Content[i+1], "deprecated") != "" {
			dead = append(dead, key)
		} else {
			living = append(living, key)
		}
	}
	return living, dead
}

func (s schemaDocs) deadTable(name string) string {
	_, dead := s.split(name)
	out := "| key | why nothing reads it |\n|---|---|\n"
	for _, key := range dead {
		p := field(field(s.definition(name), "properties"), key)
		out += fmt.Sprintf("| `%s` | %s |\n", key, text(p, "description"))
		for inner := field(field(p, "items"), "properties"); inner != nil; inner = nil {
			out += fmt.Sprintf("| `%s` of `%s` | %s |\n", inner.Content[0].Value, key, text(inner.Content[1], "description"))
		}
	}
	return out
}

func (s schemaDocs) keyTable(name string) string {
	d := s.definition(name)
	living, _ := s.split(name)
	required := map[string]bool{}
	if list := field(d, "required"); list != nil {
		for _, r := range list.Content {
			required[r.Value] = true
		}
	}
	out := "| key | type | default | meaning |\n|---|---|---|---|\n"
	for _, key := range living {
		p := field(field(d, "properties"), key)
		kind, meaning := s.kind(p), s.meaning(p)
		if required[key] {
			kind += ", required"
		}
		def := text(s.resolve(p), "default")
		if def != "" {
			def = "`" + def + "`"
		}
		out += strings.Join(strings.Fields(fmt.Sprintf("| `%s` | %s | %s | %s |", key, kind, def, strings.ReplaceAll(meaning, "|", `\|`))), " ") + "\n"
	}
	return out
}

// resolve follows references within the file.
func (s schemaDocs) resolve(n *yaml.Node) *yaml.Node {
	for n != nil && text(n, "$ref") != "" {
		at := s.root
		for _, step := range strings.Split(strings.TrimPrefix(text(n, "$ref"), "#/"), "/") {
			at = field(at, step)
		}
		n = at
	}
	return n
}

func (s schemaDocs) meaning(p *yaml.Node) string {
	own := text(p, "description")
	if own == "" {
		own = text(s.resolve(p), "description")
	}
	return own
}

// kind says in words what may be written.
func (s schemaDocs) kind(p *yaml.Node) string {
	ref := text(p, "$ref")
	p = s.resolve(p)
	switch {
	case field(p, "enum") != nil:
		return words(field(p, "enum"), "`")
	case field(p, "oneOf") != nil:
		return "list or mapping"
	case strings.HasPrefix(ref, "#/$defs/") && text(p, "type") == "object":
		return s.link(ref, "mapping")
	case text(p, "type") == "array":
		return s.list(p)
	case field(p, "type") != nil && field(p, "type").Kind == yaml.SequenceNode:
		return words(field(p, "type"), "")
	case text(p, "minimum") != "" && text(p, "maximum") != "":
		return text(p, "minimum") + " to " + text(p, "maximum")
	case text(p, "type") == "boolean":
		return "true or false"
	case text(p, "type") == "object":
		return "mapping"
	}
	return text(p, "type")
}

func (s schemaDocs) list(p *yaml.Node) string {
	of := "list"
	if ref := text(field(p, "items"), "$ref"); ref != "" {
		of = s.link(ref, "list")
	}
	least, most := text(p, "minItems"), text(p, "maxItems")
	if least != "" {
		return of + " of " + least + " to " + most
	}
	return of + " of at most " + most
}

// link leads to the section of a definition.
func (s schemaDocs) link(ref, word string) string {
	name := strings.TrimPrefix(ref, "#/$defs/")
	anchor := "a-" + strings.ReplaceAll(name, "_", "-")
	switch name {
	case "auto_scaling":
		anchor = "auto-scaling"
	case "efs":
		anchor = "a-file-system"
	case "repository":
		anchor = "a-private-registry"
	}
	return "[" + word + "](#" + anchor + ")"
}

// words lists what a sequence holds, as people do.
func words(n *yaml.Node, quote string) string {
	var out []string
	for _, w := range n.Content {
		word := w.Value
		switch word {
		case "null":
			continue
		case "object":
			word = "mapping"
		case "array":
			word = "list"
		case "integer":
			word = "seconds"
		}
		out = append(out, quote+word+quote)
	}
	if n := len(out); n > 2 {
		out = []string{strings.Join(out[:n-1], ", "), out[n-1]}
	}
	return strings.Join(out, " or ")
}
