package cfn

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
)

// template is a parsed template; its body is kept as it came.
type template struct {
	body        string
	description string
	parameters  map[string]map[string]any
	mappings    map[string]any
	conditions  map[string]any
	resources   map[string]definition
	outputs     map[string]map[string]any
}

// definition is a resource as the template has it.
type definition struct {
	typ        string
	properties map[string]any
	metadata   any
	dependsOn  []string
	condition  string
	deletion   string // DeletionPolicy
	replace    string // UpdateReplacePolicy
}

var alphanumeric = regexp.MustCompile(`^[a-zA-Z0-9]+$`)

// parseTemplate reads a template body, JSON or YAML, and checks its structure.
func parseTemplate(body string) (*template, error) {
	raw, err := decode(body)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		if name == "Transform" || name == "Rules" || name == "Hooks" {
			return nil, invalid("Template format error: the local AWS does not have the section %s", name)
		}
		if !slices.Contains(sections(), name) {
			return nil, invalid("Invalid template property or properties [%s]", name)
		}
	}
	t := &template{body: body}
	t.description, _ = raw["Description"].(string)
	if v, ok := raw["AWSTemplateFormatVersion"]; ok && v != "2010-09-09" {
		return nil, invalid("Template format error: %v is not a supported value for AWSTemplateFormatVersion.", v)
	}
	t.mappings, err = section(raw, "Mappings")
	if err != nil {
		return nil, err
	}
	if t.conditions, err = section(raw, "Conditions"); err != nil {
		return nil, err
	}
	return t, first(t.readParameters(raw), t.readResources(raw), t.readOutputs(raw))
}

func sections() []string {
	return []string{"AWSTemplateFormatVersion", "Conditions", "Description", "Mappings", "Metadata", "Outputs", "Parameters", "Resources"}
}

func decode(body string) (map[string]any, error) {
	var v any
	if strings.HasPrefix(strings.TrimSpace(body), "{") {
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			line, column := position(body, err)
			return nil, invalid("Template format error: JSON not well-formed. (line %d, column %d)", line, column)
		}
	} else {
		var err error
		if v, err = decodeYAML(body); err != nil {
			return nil, invalid("Template format error: YAML not well-formed.")
		}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, invalid("Template format error: unsupported structure.")
	}
	return m, noStrangers("", m)
}

func position(body string, err error) (line, column int) {
	offset := len(body)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = min(int(syntax.Offset), len(body))
	}
	before := body[:offset]
	return strings.Count(before, "\n") + 1, offset - strings.LastIndexByte(before, '\n')
}

// noStrangers refuses null anywhere, as CloudFormation does, and dynamic
// references, which would otherwise pass as plain text.
func noStrangers(path string, v any) error {
	switch x := v.(type) {
	case string:
		if strings.Contains(x, "{{resolve:") {
			return invalid("[%s] the local AWS does not have dynamic references", path)
		}
	case nil:
		return invalid("[%s] 'null' values are not allowed in templates", path)
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if err := noStrangers(path+"/"+k, x[k]); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range x {
			if err := noStrangers(path, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// most is how many members a section may have (CloudFormation quotas).
func most(section string) int {
	switch section {
	case "Resources":
		return 500
	case "Conditions":
		return math.MaxInt // no quota is published
	default:
		return 200
	}
}

func section(raw map[string]any, name string) (map[string]any, error) {
	v, ok := raw[name]
	if !ok {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, invalid("Template format error: %s must be a map", name)
	}
	if n := len(m); n > most(name) {
		return nil, invalid("Template format error: Number of %s, %d, is greater than maximum allowed, %d", strings.ToLower(name), n, most(name))
	}
	return m, nil
}

func (t *template) readParameters(raw map[string]any) error {
	all, err := section(raw, "Parameters")
	t.parameters = map[string]map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p, ok := all[name].(map[string]any)
		switch {
		case !alphanumeric.MatchString(name):
			return invalid("Template format error: Parameter name %s is non alphanumeric.", name)
		case !ok || text(p, "Type") == "":
			return invalid("Template format error: Every Parameters object must contain a Type member.")
		}
		t.parameters[name] = p
	}
	return err
}

func (t *template) readOutputs(raw map[string]any) error {
	all, err := section(raw, "Outputs")
	t.outputs = map[string]map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o, ok := all[name].(map[string]any)
		switch {
		case !alphanumeric.MatchString(name):
			return invalid("Template format error: Output name %s is non alphanumeric.", name)
		case !ok || o["Value"] == nil:
			return invalid("Template format error: Every Outputs member must contain a Value object")
		}
		t.outputs[name] = o
	}
	return err
}

func (t *template) readResources(raw map[string]any) error {
	all, err := section(raw, "Resources")
	if err != nil || len(all) == 0 {
		return first(err, invalid("Template format error: At least one Resources member must be defined."))
	}
	t.resources = make(map[string]definition, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if t.resources[name], err = readDefinition(name, all[name]); err != nil {
			return err
		}
	}
	return nil
}

func readDefinition(name string, v any) (definition, error) {
	var d definition
	if !alphanumeric.MatchString(name) {
		return d, invalid("Template format error: Resource name %s is non alphanumeric.", name)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return d, invalid("Template format error: Any Resources member must be an object.")
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains([]string{"Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Description", "Metadata", "Properties", "Type", "UpdatePolicy", "UpdateReplacePolicy"}, key) {
			return d, invalid("Invalid template resource property '%s'", key)
		}
	}
	d.typ, d.metadata, d.condition = text(m, "Type"), m["Metadata"], text(m, "Condition")
	d.deletion, d.replace = text(m, "DeletionPolicy"), text(m, "UpdateReplacePolicy")
	if d.typ == "" {
		return d, invalid("Template format error: [/Resources/%s] Every Resources object must contain a Type member.", name)
	}
	if d.properties, ok = m["Properties"].(map[string]any); !ok && m["Properties"] != nil {
		return d, invalid("Template format error: [/Resources/%s/Properties] Properties must be an object.", name)
	}
	switch on := m["DependsOn"].(type) {
	case string:
		d.dependsOn = []string{on}
	case []any:
		for _, o := range on {
			s, _ := o.(string)
			d.dependsOn = append(d.dependsOn, s)
		}
	}
	return d, first(policy(name, "DeletionPolicy", d.deletion), policy(name, "UpdateReplacePolicy", d.replace))
}

func policy(resource, attribute, value string) error {
	if value == "" || slices.Contains([]string{"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}, value) {
		return nil
	}
	return invalid("Template format error: Unrecognized %s %s for resource %s", attribute, value, resource)
}
