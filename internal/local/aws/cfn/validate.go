package cfn

import (
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/schema"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// checkTypes refuses resource types that AWS does not have as far as the
// schemas know, and those that the local AWS does not make.
func (e *Engine) checkTypes(t *template) error {
	var strange []string
	for _, logical := range slices.Sorted(maps.Keys(t.resources)) {
		typ := t.resources[logical].typ
		if _, made := e.opt.Providers[typ]; made {
			continue
		}
		if schema.Known(typ) {
			return invalid("Template format error: resource type %s exists, but the local AWS does not make it", typ)
		}
		if !slices.Contains(strange, typ) {
			strange = append(strange, typ)
		}
	}
	if len(strange) > 0 {
		return invalid("Template format error: Unrecognized resource types: [%s]", strings.Join(strange, ", "))
	}
	return nil
}

// checkCapabilities requires what the caller must acknowledge for IAM
// resources. Source: "Acknowledging IAM resources in CloudFormation
// templates" in the user guide.
func checkCapabilities(set settings) error {
	if slices.Contains(set.capabilities, "CAPABILITY_NAMED_IAM") {
		return nil
	}
	need := ""
	for _, def := range set.template.resources {
		name, acknowledged := iamName(def.typ)
		switch {
		case !acknowledged:
		case name != "" && def.properties[name] != nil:
			need = "CAPABILITY_NAMED_IAM"
		case need == "" && !slices.Contains(set.capabilities, "CAPABILITY_IAM"):
			need = "CAPABILITY_IAM"
		}
	}
	if need == "" {
		return nil
	}
	return wire.Errorf("InsufficientCapabilitiesException", "Requires capabilities : [%s]", need)
}

// iamName answers whether a type needs acknowledging, and the property that
// gives it a custom name.
func iamName(typ string) (property string, acknowledged bool) {
	property, acknowledged = map[string]string{
		"AWS::IAM::AccessKey": "", "AWS::IAM::Policy": "", "AWS::IAM::UserToGroupAddition": "",
		"AWS::IAM::Group": "GroupName", "AWS::IAM::InstanceProfile": "InstanceProfileName",
		"AWS::IAM::ManagedPolicy": "ManagedPolicyName", "AWS::IAM::Role": "RoleName", "AWS::IAM::User": "UserName",
	}[typ]
	return property, acknowledged
}

// checkNames finds references to what the template does not have, also in
// branches that do not hold.
func (d *desired) checkNames() error {
	t := d.template
	for _, logical := range slices.Sorted(maps.Keys(t.resources)) {
		def := t.resources[logical]
		if def.condition != "" {
			if _, ok := t.conditions[def.condition]; !ok {
				return invalid("Template format error: Unresolved condition dependency %s in the Resources block of the template", def.condition)
			}
		}
		missing := d.unresolved(def.properties)
		for _, on := range def.dependsOn {
			if _, ok := t.resources[on]; !ok {
				missing = append(missing, on)
			}
		}
		if len(missing) > 0 {
			return invalid("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", strings.Join(missing, ", "))
		}
		if err := d.checkAttributes(def.properties); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.outputs)) {
		if missing := d.unresolved(t.outputs[name]["Value"]); len(missing) > 0 {
			return invalid("Template format error: Unresolved resource dependencies [%s] in the Outputs block of the template", strings.Join(missing, ", "))
		}
		if err := d.checkAttributes(t.outputs[name]["Value"]); err != nil {
			return err
		}
	}
	return nil
}

// unresolved are the names that v refers to and the template lacks.
func (d *desired) unresolved(v any) []string {
	var out []string
	walk(v, func(logical, _ string) {
		_, isResource := d.template.resources[logical]
		_, isParameter := d.template.parameters[logical]
		if !isResource && !isParameter && !strings.HasPrefix(logical, "AWS::") && !slices.Contains(out, logical) {
			out = append(out, logical)
		}
	})
	slices.Sort(out)
	return out
}

func (d *desired) checkAttributes(v any) (err error) {
	walk(v, func(logical, attr string) {
		def, ok := d.template.resources[logical]
		if err != nil || attr == "" || !ok || !schema.Known(def.typ) {
			return
		}
		if !slices.Contains(schema.Attributes(def.typ), attr) {
			err = invalid("Template error: resource %s does not support attribute type %s in Fn::GetAtt", logical, attr)
		}
	})
	return err
}

// checkOutputs refuses outputs that refer to resources whose condition does
// not hold.
func (d *desired) checkOutputs(e *Engine, s *stack) error {
	for _, name := range slices.Sorted(maps.Keys(d.template.outputs)) {
		if !d.outputHolds(name) {
			continue
		}
		seen, err := d.references(e, s, d.template.outputs[name]["Value"])
		if err != nil {
			return err
		}
		for _, logical := range slices.Sorted(maps.Keys(seen)) {
			if !slices.Contains(d.active, logical) {
				return invalid("Unresolved resource dependencies [%s] in the Outputs block of the template", logical)
			}
		}
	}
	return nil
}

func (d *desired) outputHolds(name string) bool {
	condition := text(d.template.outputs[name], "Condition")
	return condition == "" || d.conditions[condition]
}

// walk calls f for every reference in v: Ref and ${Name} without, Fn::GetAtt
// and ${Name.Attribute} with an attribute.
func walk(v any, f func(logical, attr string)) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			walk(e, f)
		}
	case map[string]any:
		name, arg, ok := function(x)
		if !ok {
			for _, k := range slices.Sorted(maps.Keys(x)) {
				walk(x[k], f)
			}
			return
		}
		walkFunction(name, arg, f)
	}
}

func walkFunction(name string, arg any, f func(logical, attr string)) {
	switch name {
	case "Ref":
		if s, ok := arg.(string); ok {
			f(s, "")
		}
	case "Fn::GetAtt":
		if logical, attr, ok := attributeOf(arg); ok {
			f(logical, attr)
		}
	case "Fn::Sub":
		walkSub(arg, f)
	default:
		walk(arg, f)
	}
}

func walkSub(arg any, f func(logical, attr string)) {
	var own map[string]any
	pattern, _ := arg.(string)
	if pair, ok := arg.([]any); ok && len(pair) == 2 {
		pattern, _ = pair[0].(string)
		own, _ = pair[1].(map[string]any)
		for _, v := range own {
			walk(v, f)
		}
	}
	for _, m := range placeholder.FindAllStringSubmatch(pattern, -1) {
		name := strings.TrimSpace(m[1])
		if _, mine := own[name]; mine || strings.HasPrefix(name, "!") {
			continue
		}
		logical, attr, _ := strings.Cut(name, ".")
		f(logical, attr)
	}
}
