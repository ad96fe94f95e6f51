package manifest

import (
	"fmt"
	"sort"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// checkTop warns of keys of the top level that nothing reads. Those that hold
// anchors, or are marked as extensions, are there on purpose.
func (p *parser) checkTop() {
	for _, key := range p.root.keys {
		child := p.root.fields[key]
		if _, known := p.schema.Properties[key]; known || child.anchor || strings.HasPrefix(key, "x-") {
			continue
		}
		p.warn(child, key, "nothing reads the key "+quote(key), didYouMean(key, []string{"environments"}))
	}
}

// walk goes through the tree beside the schema. It warns of what Barcelona's
// client accepts and nobody reads, the properties that the schema marks as
// deprecated, and reports keys that are no names. The schema library reports
// those too, with a place that is overwritten before it is read.
func (p *parser) walk(s *jsonschema.Schema, n *node, path []string) {
	for s != nil && s.Ref != nil {
		s = s.Ref
	}
	if s == nil || n == nil {
		return
	}
	for _, form := range s.OneOf {
		p.walk(form, n, path)
	}
	for i, item := range n.items {
		p.walk(s.Items2020, item, append(clip(path), fmt.Sprint(i)))
	}
	for _, key := range n.keys {
		child, here := n.fields[key], append(clip(path), key)
		if s.PropertyNames != nil && s.PropertyNames.Validate(key) != nil {
			p.atKey(child, p.root.pathOf(here), badKey(key), "letters, digits, hyphens and underscores, starting with a letter")
		}
		property := s.Properties[key]
		if property == nil {
			property, _ = s.AdditionalProperties.(*jsonschema.Schema)
		}
		if property != nil && property.Deprecated {
			p.warn(child, p.root.pathOf(here), "nothing reads the key "+quote(key), strings.TrimSuffix(property.Description, "."))
		}
		p.walk(property, child, here)
	}
}

func badKey(key string) string { return quote(key) + " cannot be a name here" }

// known answers the keys that the schema has at a path, dead ones left out.
func (p *parser) known(path []string) []string {
	s, n := p.schema, p.root
	for _, step := range path {
		next := n.lookup([]string{step})
		for s != nil && s.Ref != nil {
			s = s.Ref
		}
		s = stepInto(s, step, n)
		n = next
	}
	for s != nil && s.Ref != nil {
		s = s.Ref
	}
	var out []string
	if s != nil {
		for k, v := range s.Properties {
			if !v.Deprecated {
				out = append(out, k)
			}
		}
	}
	sort.Strings(out)
	return out
}

func stepInto(s *jsonschema.Schema, step string, n *node) *jsonschema.Schema {
	if s == nil {
		return nil
	}
	candidates := append([]*jsonschema.Schema{s}, s.OneOf...)
	for _, c := range candidates {
		if n.kind == yaml.SequenceNode && c.Items2020 != nil {
			return c.Items2020
		}
		if n.kind != yaml.MappingNode {
			continue
		}
		if property := c.Properties[step]; property != nil {
			return property
		}
		if all, ok := c.AdditionalProperties.(*jsonschema.Schema); ok {
			return all
		}
	}
	return nil
}

// checkRules applies what a schema cannot say. It reads the tree, so that it
// also runs where the schema found something.
func (p *parser) checkRules() {
	envs := p.root.get("environments")
	if envs == nil || envs.kind != yaml.MappingNode {
		return
	}
	owners := map[string]string{}
	for _, env := range envs.keys {
		h, path := envs.fields[env], "environments."+env
		if GrammarWord(env) {
			p.add(Problem{
				Line: h.keyAt.Line, Column: h.keyAt.Column, Path: path,
				Message: "the environment's name " + quote(env) + " is a word of the chat grammar", Hint: "choose another",
			})
		}
		if name := h.get("name"); name.str() != "" {
			if why := NameProblem(name.str()); why != "" {
				p.at(name, path+".name", "the name "+quote(name.str())+" "+why, "choose another")
			}
			if other, taken := owners[strings.ToLower(name.str())]; taken {
				p.at(name, path+".name", "the environments "+other+" and "+env+" have the same name", "each is a heritage of its own")
			}
			owners[strings.ToLower(name.str())] = env
		}
		p.checkServices(h, path)
		p.checkVariables(h.get("environment"), path+".environment")
		p.checkBeforeDeploy(h.get("before_deploy"), path+".before_deploy")
		p.checkTasks(h.get("scheduled_tasks"), path+".scheduled_tasks")
		p.checkParts(h, path)
		p.checkRunEnv(h, path)
		p.checkRights(h, path)
		p.checkDynamic(h, path)
	}
}

// checkDynamic refuses CloudFormation's dynamic references: written into a
// template they would be resolved with CloudFormation's rights, which reach
// further than the heritage's.
func (p *parser) checkDynamic(n *node, path string) {
	if bcn.Dynamic(n.text) {
		p.at(n, path, "a value must not hold {{resolve:", "use ssm_path or value_from")
	}
	for i, item := range n.items {
		p.checkDynamic(item, fmt.Sprintf("%s[%d]", path, i))
	}
	for _, k := range n.keys {
		p.checkDynamic(n.fields[k], path+"."+k)
	}
}
